"""Worker processes: forked children that start together and may end at any moment."""

from __future__ import annotations

import json
import mmap
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

_POLL = 0.01
_MOST_SAID = 64 * 1024


class WorkerError(AssertionError):
    """A worker ended by an exception; the text is its traceback."""


class Worker:
    """A forked child that carries out ``work`` and never returns into the caller."""

    def __init__(self, work: Callable[[], object]) -> None:
        # shared with the child, since it is anonymous
        self._said = mmap.mmap(-1, _MOST_SAID)
        self._status: int | None = None
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if not self.pid:
            self._live(work)

    def _live(self, work: Callable[[], object]) -> NoReturn:
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            try:
                said = json.dumps(work(), default=str)
                code = 0
            except Exception:  # noqa: BLE001 - the parent raises it
                said = traceback.format_exc()[-_MOST_SAID // 2 :]
            self._said.write(said.encode())
        finally:
            # whatever happened, and without cleaning up what belongs to the parent:
            # databases, servers, output
            os._exit(code)

    def poll(self) -> bool:
        """Return whether it has ended."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = status
        return self._status is not None

    def kill(self) -> None:
        """End it at once, as the machine's failure would."""
        if not self.poll():
            os.kill(self.pid, signal.SIGKILL)
            self.wait(10)

    def stop(self) -> None:
        """Let it stand still, as on a machine that sleeps."""
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on where it stood."""
        os.kill(self.pid, signal.SIGCONT)

    def wait(self, seconds: float = 60) -> bool:
        """Wait for its end.

        :return: whether it was killed
        :raise WorkerError: it ended by an exception, or did not end in time
        """
        end = time.monotonic() + seconds
        while not self.poll():
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                _pid, self._status = os.waitpid(self.pid, 0)
                raise WorkerError(f"The worker did not end within {seconds} s.")
            time.sleep(_POLL)
        if os.WIFSIGNALED(self._status):
            return os.WTERMSIG(self._status) == signal.SIGKILL
        if os.WEXITSTATUS(self._status):
            raise WorkerError(self._read())
        return False

    @property
    def result(self) -> Any:
        """What ``work`` returned, as JSON keeps it, once it has ended by itself."""
        return json.loads(self._read())

    def _read(self) -> str:
        return self._said[:].rstrip(b"\0").decode()


@contextmanager
def workers(*works: Callable[[], object]) -> Iterator[list[Worker]]:
    """Children that carry out these works at the same time; none survives the block."""
    started: list[Worker] = []
    try:
        for work in works:
            started.append(Worker(work))
        yield started
    finally:
        for worker in started:
            worker.kill()


class Gate:
    """A place where workers wait for each other and for the parent."""

    def __init__(self) -> None:
        self._arrived, self._arriving = os.pipe()
        self._leaving, self._left = os.pipe()

    def pass_through(self) -> None:
        """Wait, in a worker, until the gate is opened."""
        os.write(self._arriving, b".")
        os.read(self._leaving, 1)

    def wait_for(self, count: int) -> None:
        """Wait, in the parent, until so many workers stand at the gate."""
        for _number in range(count):
            os.read(self._arrived, 1)

    def open(self, count: int) -> None:
        """Let so many workers through, at the same moment."""
        os.write(self._left, b"." * count)


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until ``condition`` holds.

    :raise AssertionError: it does not within ``seconds``
    """
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"Waited {seconds} s in vain."
        time.sleep(_POLL)
