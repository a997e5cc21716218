"""A whole Odoo server whose scheduled jobs send the documents."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from tempfile import TemporaryFile

from ereceipt_shop import Shop

START_SECONDS = 60
_NUDGE = 0.5


class OdooServer:
    """Odoo with one thread for scheduled jobs, on one database."""

    def __init__(self, shop: Shop, process: subprocess.Popen) -> None:
        self.shop = shop
        self.process = process

    @classmethod
    @contextmanager
    def running(cls, shop: Shop, port: int = 0) -> Iterator[OdooServer]:
        """Start one; it is killed with the block, if not before.

        :param port: where it answers calls of this machine; 0: nowhere
        """
        command = [sys.executable, "-m", "odoo", "-d", shop.db.name]
        serving = ["--http-interface=127.0.0.1", f"--http-port={port}"]
        command += serving if port else ["--no-http"]
        addons_path = os.environ.get("ERECEIPT_TEST_ADDONS_PATH")
        if addons_path:
            command.append(f"--addons-path={addons_path}")
        with TemporaryFile() as log:
            process = subprocess.Popen(
                [*command, "--max-cron-threads=1"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                yield cls(shop, process)
            finally:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def nudge_until(self, condition: Callable[[], object], seconds: float) -> bool:
        """Wake the jobs until ``condition`` holds; return whether it did in time.

        A server sleeps up to a minute unless it is notified, over the database
        ``postgres``, of the database that has work (Odoo's ``ir.cron``).
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            if self.process.poll() is not None:
                return False
            with closing(self.shop.db.place.connect()) as connection:
                connection.cursor().execute(
                    "SELECT pg_notify('cron_trigger', %s)", [self.shop.db.name]
                )
            time.sleep(_NUDGE)
        return False


def killed_server(shop: Shop) -> None:
    """Kill a server while its job is at work on documents.

    :raise AssertionError: its job did not begin
    """
    control = shop.simulator.control
    rule = control.fault(shop.submit_endpoint, "slow", seconds=3)
    with OdooServer.running(shop) as server:
        begun = server.nudge_until(lambda: "sending" in shop.states(), START_SECONDS)
        assert begun, f"The server's job did not begin: {shop.states()}"
    control.clear_faults(rule)


def served(shop: Shop) -> bool:
    """Return whether a server's job brings every document to its end."""

    def done() -> bool:
        shop.simulator.settle()
        return set(shop.states()) <= {"valid"}

    with OdooServer.running(shop) as server:
        return server.nudge_until(done, START_SECONDS)
