"""The code tables that are shipped beside an authority's package."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import ClassVar

from .contract import Code

Tables = Callable[[str], Mapping[str, Code]]
"""Returns a table by its kind, its rows by code in the order of their source; raises
``KeyError`` for a kind that there is not."""


class ShippedCodes:
    """Part of an authority: the code tables of its package.

    :cvar tables: their kinds, as far as they are this authority's
    :cvar table: reads one, see :func:`shipped`; a static method
    """

    tables: ClassVar[Sequence[str]]
    table: ClassVar[Tables]

    def codes(self, kind: str) -> Iterable[Code]:
        """Return a code table.

        :raise KeyError: there is no such kind
        """
        if kind not in self.tables:
            raise KeyError(kind)
        return self.table(kind).values()

    def code_kinds(self) -> Sequence[str]:
        """Return the kinds of code tables."""
        return self.tables


def shipped(folder: Path, kinds: Collection[str]) -> Tables:
    """Return what reads the tables of a folder, each file once."""

    @cache
    def table(kind: str) -> Mapping[str, Code]:
        if kind not in kinds:
            raise KeyError(kind)
        return read_table(folder, kind)

    return table


def read_table(folder: Path, kind: str) -> dict[str, Code]:
    """Return the rows of ``<kind>.csv`` by code, in their order.

    Columns: ``code``, ``name_<language>`` for any languages, and optionally ``parent``,
    ``valid_from`` and ``valid_to`` (ISO dates).
    """
    with open(folder / f"{kind}.csv", encoding="utf-8", newline="") as file:
        rows = [_code(kind, row) for row in csv.DictReader(file)]
    return {row.code: row for row in rows}


def _code(kind: str, row: dict[str, str]) -> Code:
    names = {
        column.removeprefix("name_"): value
        for column, value in row.items()
        if column.startswith("name_") and value
    }
    return Code(
        kind,
        row["code"],
        names,
        row.get("parent") or "",
        _date(row.get("valid_from")),
        _date(row.get("valid_to")),
    )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
