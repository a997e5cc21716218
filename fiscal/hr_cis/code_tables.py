"""CIS' code tables as shipped (``codes/*.csv``, source in ``codes/README.md``)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

from ..contract import Code
from ..tables import read_table

KINDS = ("tax_type", "payment_method", "vat_rate")

_FOLDER = Path(__file__).parent / "codes"


@cache
def table(kind: str) -> dict[str, Code]:
    """Return a code table by code, in the order of its source.

    :raise KeyError: there is no such table
    """
    if kind not in KINDS:
        raise KeyError(kind)
    return read_table(_FOLDER, kind)


def vat_rates(day: date) -> list[Decimal]:
    """Return the legal VAT rates of a day, in percent."""
    return [
        Decimal(code.code)
        for code in table("vat_rate").values()
        if code.valid_from is not None and code.valid_from <= day
    ]
