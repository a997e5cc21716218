"""CIS' code tables as shipped (``codes/*.csv``, source in ``codes/README.md``)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from ..tables import shipped

KINDS = ("tax_type", "payment_method", "vat_rate")

_FOLDER = Path(__file__).parent / "codes"

table = shipped(_FOLDER, KINDS)


def vat_rates(day: date) -> list[Decimal]:
    """Return the legal VAT rates of a day, in percent."""
    return [
        Decimal(code.code)
        for code in table("vat_rate").values()
        if code.valid_from is not None and code.valid_from <= day
    ]
