"""What commands for people share (``python -m fiscal.…``)."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Iterable, Sequence
from io import TextIOWrapper
from typing import Any

from .contract import FiscalError, Problem

Command = Callable[[argparse.Namespace], int]
"""What carries a command out; returns the exit status."""


class Commands:
    """A program of several commands, each with a name of its own.

    :param program: how it is called
    """

    def __init__(self, program: str, description: str) -> None:
        self._parser = argparse.ArgumentParser(prog=program, description=description)
        self._commands = self._parser.add_subparsers(dest="command", required=True)

    def add(self, name: str, carry_out: Command, text: str) -> argparse.ArgumentParser:
        """Add a command, and return what its arguments are added to."""
        made: Any = self._commands.add_parser(name, help=text, description=text)
        made.set_defaults(carry_out=carry_out)
        return made

    def run(self, arguments: Sequence[str] | None = None) -> int:
        """Carry out what is named, and return the exit status: 2, with a sentence,
        where what was given could not be used."""
        options = self._parser.parse_args(arguments)
        forgiving()
        try:
            carry_out: Command = options.carry_out
            return carry_out(options)
        except OSError as exc:
            return fail(f"{exc.filename} cannot be read: {exc.strerror or exc}.")
        except ValueError as exc:
            return fail(f"What was given is of no use here: {printable(str(exc))}.")
        except FiscalError as exc:
            return fail(printable(str(exc)))


def forgiving() -> None:
    """Let every sentence come out, whatever the terminal can show."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def printable(text: str) -> str:
    """Return a text that somebody else wrote without what could steer a terminal, or
    turn what is read around."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def say(text: str) -> int:
    """Print a line, and return the exit status that all is well."""
    sys.stdout.write(f"{text}\n")
    return 0


def report(problems: Iterable[Problem]) -> int:
    """Print problems, or that there are none; return the exit status."""
    found = list(problems)
    for problem in found:
        say(printable(f"{problem.code} {problem.path}: {problem.text}"))
    if not found:
        say("No problems found.")
    return 1 if found else 0


def ask_secret(name: str) -> str:
    """Return a secret that is typed unseen, or the first line of what is piped in."""
    if sys.stdin.isatty():
        return getpass.getpass(f"{name}: ")
    return sys.stdin.readline().rstrip("\r\n")


def fail(sentence: str, status: int = 2) -> int:
    """Say what went wrong, and return the exit status."""
    sys.stderr.write(f"{sentence}\n")
    return status
