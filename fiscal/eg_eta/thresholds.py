"""From which amount on a private buyer must be named, by date.

ETA asks for the national id and the name of a person from a total on. The amount is
set by decree, so it has dates, and a registration may override it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

Thresholds = tuple[tuple[date, Decimal], ...]

RECEIPT_BUYER_ID: Thresholds = ((date.min, Decimal(150_000)),)
"""In EGP, by the first day that it holds. Receipts are issued at the present moment,
so amounts of former versions of the receipt need no row."""

INVOICE_BUYER_ID: Thresholds = ((date.min, Decimal(150_000)),)
"""The same for invoices to persons, which the authority may set otherwise."""


def threshold_on(day: date, thresholds: Thresholds) -> Decimal | None:
    """Return the amount in EGP that holds on a day, ``None`` before the first row."""
    held = [row for row in thresholds if row[0] <= day]
    return max(held)[1] if held else None


def parse_thresholds(rows: Any) -> Thresholds:
    """Read thresholds from settings: a mapping or pairs of an ISO date and an amount.

    :raise ValueError: a row is neither
    """
    pairs: Iterable[Any] = rows.items() if isinstance(rows, Mapping) else rows
    try:
        parsed = [(date.fromisoformat(str(d)), Decimal(str(a))) for d, a in pairs]
    except (TypeError, InvalidOperation) as exc:
        raise ValueError(f"Thresholds need dates and amounts, not {rows!r}") from exc
    if not all(amount.is_finite() for _day, amount in parsed):
        raise ValueError(f"Thresholds need finite amounts, not {rows!r}")
    return tuple(parsed)
