"""What a country's demonstration is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from . import croatia, egypt
from .client import OdooClient
from .row import Row

VALID = "valid"


@dataclass(frozen=True)
class Demonstration:
    """Where a demonstration plays.

    :param odoo: a running Odoo with the add-on, logged in as its administrator
    :param simulator_url: the authority's simulator
    :param say: prints a remark for the person who watches
    """

    odoo: OdooClient
    simulator_url: str
    say: Callable[[str], None]


def of_country(code: str) -> ModuleType:
    """Return the module of a country: ``AUTHORITY`` (the simulator's name),
    ``SIMULATOR_CONFIG`` (who is registered there) and ``run(demonstration)``, which
    returns the rows of the table.
    """
    return {"eg": egypt, "hr": croatia}[code]


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text in aligned columns."""
    lines = [("Number", "Authority's UID", "State", "Time")]
    lines += [(row.number, row.uid, row.state, f"{row.seconds:.1f} s") for row in rows]
    widths = [max(len(cells[i]) for cells in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        for cells in lines
    )


def all_valid(rows: Sequence[Row]) -> bool:
    """Tell whether the authority accepted every document; no document is a failure."""
    return bool(rows) and all(row.state == VALID for row in rows)
