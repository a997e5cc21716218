"""Numbered steps on the terminal, and the one error that stops them."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class SetupError(Exception):
    """A step could not be done.

    :param message: what is wrong, as a sentence for the person at the terminal
    :param cure: what that person can do about it
    """

    def __init__(self, message: str, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


class Steps:
    """Prints ``[3/7] PostgreSQL … done in 0.8 s`` around the work of each step."""

    def __init__(self, total: int, done: int = 0) -> None:
        self.total = total
        self.done = done
        self._line_is_open = False

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Number one step and time it; an exception is shown as its failure."""
        self.done += 1
        print(f"[{self.done}/{self.total}] {title} …", end="", flush=True)
        self._line_is_open = True
        started = time.monotonic()
        try:
            yield
        except BaseException:
            self._finish("failed", started)
            raise
        self._finish("done", started)

    def say(self, text: str) -> None:
        """Print a remark that belongs to the running step."""
        if self._line_is_open:
            print()
            self._line_is_open = False
        print(f"      {text}", flush=True)

    def _finish(self, how: str, started: float) -> None:
        prefix = " " if self._line_is_open else "      "
        print(f"{prefix}{how} in {time.monotonic() - started:.1f} s", flush=True)
        self._line_is_open = False


def report(error: SetupError) -> None:
    """Print an error and its cure where a person looks for it."""
    print(f"\nError: {error.message}", file=sys.stderr)
    if error.cure:
        print(f"What to do: {error.cure}", file=sys.stderr)
