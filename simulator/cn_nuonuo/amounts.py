"""Numbers in requests: forms, rounding, tolerances (spec china 2.6)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .shapes import Findings, join, text

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
AMOUNTS = {"taxExcludedAmount": "excl", "tax": "tax", "taxIncludedAmount": "incl"}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_INTEGER_DIGITS = 12


def cents(value: Decimal) -> Decimal:
    """Rounded to two decimals, halves away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def parse(value: str) -> Decimal | None:
    """A number as it is written in requests; no exponent, no sign but minus."""
    return Decimal(value) if _NUMBER.fullmatch(value) else None


def decimals(value: Decimal) -> int:
    """How many decimals a number was written with."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def amount(
    found: Findings, node: dict[str, Any], path: str, name: str
) -> Decimal | None:
    """An amount of a line, where it is well-formed."""
    value = text(node, name)
    if not value:
        return None
    too_long, no_number = found.settings.amount_codes.get(name, ["", ""])
    number = parse(value)
    if number is None:
        found.add(join(path, name), f"{value!r} is no number", no_number)
        return None
    if decimals(number) > 2:
        found.add(join(path, name), "has more than two decimals", too_long)
        return None
    if len(str(abs(int(number)))) > _INTEGER_DIGITS:
        found.add(join(path, name), "has more than 12 digits", too_long)
        return None
    return cents(number)


def quantity(
    found: Findings, node: dict[str, Any], path: str, name: str
) -> Decimal | None:
    """A quantity or price, where it is well-formed: up to eight decimals."""
    value = text(node, name)
    if not value:
        return None
    number = parse(value)
    if number is None:
        found.add(join(path, name), f"{value!r} is no number")
    elif decimals(number) > 8:
        found.add(join(path, name), "has more than eight decimals")
    else:
        return number
    return None


def rate(found: Findings, node: dict[str, Any], path: str) -> Decimal | None:
    """``taxRate``, where it is one of those known."""
    value = text(node, "taxRate")
    number = parse(value)
    if value and number is None:
        found.add(join(path, "taxRate"), f"{value!r} is no number")
    elif number is not None:
        if number in {Decimal(known) for known in found.settings.rates}:
            return number
        found.add(join(path, "taxRate"), f"there is no rate {value}")
    return None


def tax_difference(excl: Decimal, rate_: Decimal, tax: Decimal) -> Decimal:
    """How far a tax is from what its amount gives."""
    return abs(excl * rate_ - tax)
