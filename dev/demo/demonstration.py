"""What a country's demonstration is given and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType

from . import china, croatia, egypt
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


COUNTRIES: dict[str, ModuleType] = {
    "eg": egypt,
    "cn": china,
    "hr": croatia,
}
"""Of each country a module: ``NAME``, ``AUTHORITY`` (the simulator's name), ``UID``
(what the authority's identifier is called), ``SIMULATOR_CONFIG`` (who is registered
there), and ``run(demonstration)``, which returns the rows of the table. Egypt comes
first: it takes the company that a new database has, the others one of their own.
"""


def of_countries(asked: str) -> list[ModuleType]:
    """Return the modules of a country, or of ``all``."""
    return list(COUNTRIES.values()) if asked == "all" else [COUNTRIES[asked]]


def table(rows: Sequence[Row], uid: str) -> str:
    """Return the rows as text in aligned columns.

    :param uid: the title of the authority's identifier
    """
    lines = [("Number", uid, "State", "Time")]
    lines += [(row.number, row.uid, row.state, f"{row.seconds:.1f} s") for row in rows]
    widths = [max(len(cells[i]) for cells in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        for cells in lines
    )


def all_valid(rows: Sequence[Row]) -> bool:
    """Tell whether the authority accepted every document; no document is a failure."""
    return bool(rows) and all(row.state == VALID for row in rows)
