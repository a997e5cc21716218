"""Programs that run beside a command: started, awaited, and stopped with it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from .cache import CHECKOUT, claimed
from .process import SECONDS_TO_STOP, run_dir, tail
from .steps import SetupError

SECONDS_TO_START = 60


class Server:
    """A running program and the file that holds its output."""

    def __init__(self, title: str, process: subprocess.Popen, log: Path) -> None:
        self.title = title
        self.process = process
        self.log = log
        self._deadline = time.monotonic() + SECONDS_TO_START

    def check(self) -> None:
        """Raise a :class:`SetupError` when the program has ended."""
        if (code := self.process.poll()) is not None:
            raise SetupError(
                f"{self.title} ended with code {code}."
                f" {self.log} ends with:\n{tail(self.log)}"
            )

    def wait_for_line(self, start: str) -> str:
        """Return what follows ``start`` on the first line that begins with it."""
        while True:
            for line in self.log.read_text(errors="replace").splitlines():
                if line.startswith(start):
                    return line.removeprefix(start).strip()
            self._pause(f"the line '{start} …'")

    def wait_for_page(self, url: str) -> None:
        """Wait until a page answers with success."""
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                self._pause(url)

    def _pause(self, awaited: str) -> None:
        self.check()
        if time.monotonic() > self._deadline:
            raise SetupError(
                f"{self.title} did not show {awaited} within {SECONDS_TO_START} s",
                f"see {self.log}",
            )
        time.sleep(0.1)


@contextmanager
def started(
    title: str, command: Sequence[str | Path], variables: Mapping[str, str]
) -> Iterator[Server]:
    """Run a program while inside; end it, and what it started, afterwards."""
    log = run_dir() / f"{title.lower().replace(' ', '-')}.log"
    with log.open("wb") as output:
        # In a session of its own: Ctrl-C reaches the command alone, which then stops
        # its programs in order.
        process = subprocess.Popen(
            [*_ends_with_us(), *(str(part) for part in command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            env=dict(variables),
            start_new_session=True,
        )
    try:
        yield Server(title, process, log)
    finally:
        _stop(process)


def _ends_with_us() -> list[str]:
    """Return what makes the kernel stop a program whose command was killed."""
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []


def _stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def port_claimed(port: int) -> Iterator[bool]:
    """Tell whether a port is free, and keep it from other commands while inside."""
    with claimed(f"port-{port}") as ours, closing(socket.socket()) as probe:
        # As servers do: a connection that has just ended is no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            ours = False
        probe.close()
        yield ours
