"""A whole Odoo server whose scheduled jobs send the documents."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile

from ereceipt_shop import Shop

START_SECONDS = 60
_NUDGE = 0.5


@dataclass(frozen=True)
class Engine:
    """What carries the jobs of a server out.

    :ivar arguments: of Odoo's command line
    :ivar variables: of its process environment
    :ivar serves: whether it needs a port
    """

    arguments: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    serves: bool = False


CRONS = Engine()
"""Odoo's own scheduler."""

QUEUE_JOB = Engine(
    ("--load=base,rpc,web,queue_job",),
    {"ODOO_QUEUE_JOB_CHANNELS": "root:4,root.ereceipt:2"},
    serves=True,
)
"""OCA's queue_job, which runs jobs by calls of its server."""


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
        server = cls.started(shop, port)
        try:
            yield server
        finally:
            server.kill()

    @classmethod
    def started(cls, shop: Shop, port: int = 0, engine: Engine = CRONS) -> OdooServer:
        """Start one; who calls this kills it.

        :param port: where it answers calls of this machine; 0: nowhere
        :param engine: what carries its jobs out
        """
        command = [sys.executable, "-m", "odoo", "-d", shop.db.name]
        serving = ["--http-interface=127.0.0.1", f"--http-port={port}"]
        command += serving if port else ["--no-http"]
        addons_path = os.environ.get("ERECEIPT_TEST_ADDONS_PATH")
        if addons_path:
            command.append(f"--addons-path={addons_path}")
        with TemporaryFile() as log:
            process = subprocess.Popen(
                [*command, "--max-cron-threads=1", *engine.arguments],
                env={**os.environ, **engine.variables},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(shop, process)

    def kill(self) -> None:
        """End it at once, as the machine's failure would."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def is_ready(self) -> bool:
        """Whether it listens for work: Odoo's job threads do that on a connection to
        the database ``postgres``, under a name with the number of their process."""
        assert self.process.poll() is None, "A server has ended by itself."
        with closing(self.shop.db.place.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = 'postgres' "
                "AND application_name = %s",
                [f"odoo-{self.process.pid}"],
            )
            return bool(cursor.fetchone())

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
            nudge(self.shop)
            time.sleep(_NUDGE)
        return False


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def nudge(shop: Shop) -> None:
    """Wake the jobs of every server; a runner of queue_job looks for the jobs of one
    that is gone only when something wakes it, or each minute."""
    shop.db.rows("SELECT pg_notify('queue_job', '')")
    with closing(shop.db.place.connect()) as connection:
        connection.cursor().execute(
            "SELECT pg_notify('cron_trigger', %s)", [shop.db.name]
        )


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
