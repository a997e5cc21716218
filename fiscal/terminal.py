"""What commands for people share (``python -m fiscal.…``)."""

from __future__ import annotations

import sys
from io import TextIOWrapper


def forgiving() -> None:
    """Let every sentence come out, whatever the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """Return a text that somebody else wrote without what could steer a terminal, or
    turn what is read around."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def fail(sentence: str, status: int = 2) -> int:
    """Say what went wrong, and return the exit status."""
    sys.stderr.write(f"{sentence}\n")
    return status
