"""Egypt: a shop in Cairo that issues ETA e-receipts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .demonstration import Demonstration, Row

AUTHORITY = "eg_eta"
SIMULATOR_CONFIG: dict[str, Any] = {}


def run(demonstration: Demonstration) -> list[Row]:
    """Set the shop up and issue its receipts; return what became of each."""
    raise NotImplementedError("the Egyptian demonstration is not written yet")
