"""Reads the code tables that are shipped beside an authority's package."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from .contract import Code


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
