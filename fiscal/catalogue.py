"""What the catalogues of authorities' error codes have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol, TypeVar

from .contract import Problem

Who = Literal["accountant", "administrator", "authority"]
"""Who can mend what a code tells."""


class Entry(Protocol):
    """A known code of an authority: what it means, what to do, and who can do it."""

    @property
    def code(self) -> str:
        """The code as the authority writes it."""
        ...

    @property
    def who(self) -> Who:
        """Who can mend it."""
        ...

    @property
    def message(self) -> str:
        """Why it comes and what to do, a whole sentence or two."""
        ...


Kind = TypeVar("Kind", bound=Entry)


def catalogue(*entries: Kind) -> Mapping[str, Kind]:
    """Return known codes by themselves."""
    return {entry.code: entry for entry in entries}


def cure_of(entry: Entry | None) -> Problem | None:
    """Return what a known code means and how to cure it, ``None`` for another one;
    ``values["who"]`` tells who can."""
    if entry is None:
        return None
    return Problem(entry.code, entry.message, values={"who": entry.who})
