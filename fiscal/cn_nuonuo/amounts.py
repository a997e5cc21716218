"""A line's amounts as the bureau wants them: cents, a price that gives the amount, a
discount as a line of its own (spec china 2.6)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from ..contract import Line, TaxAmount
from .fapiao import FapiaoLine

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12
"""No amount reaches it: at most twelve digits before the point."""
VAT = "VAT"

_MOST_PLACES = 8
_LONGEST = 16


def cents(value: Decimal) -> Decimal:
    """Round to whole cents, half away from zero."""
    return value.quantize(CENT, ROUND_HALF_UP)


def is_amount(value: object) -> bool:
    """Tell whether a value is an amount of whole cents that can be sent."""
    return (
        isinstance(value, Decimal)
        and value.is_finite()
        and abs(value) < LARGEST
        and value == value.quantize(CENT)
    )


def is_quantity(value: object) -> bool:
    """Tell whether a value is a quantity that can be sent: positive, at most eight
    decimals and sixteen characters."""
    if not isinstance(value, Decimal) or not value.is_finite() or value <= 0:
        return False
    text = number_text(value)
    return len(text) <= _LONGEST and len(text.partition(".")[2]) <= _MOST_PLACES


def number_text(value: Decimal) -> str:
    """Return a plain decimal: no exponent, no idle zeros."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-", "-0") else text


def plain(value: Decimal) -> Decimal:
    """Return a figure without exponent and idle zeros."""
    return Decimal(number_text(value))


def vat_of(line: Line) -> TaxAmount | None:
    """Return the one tax of a line, ``None`` if it has none or several."""
    return line.taxes[0] if len(line.taxes) == 1 else None


def rate_of(tax: TaxAmount) -> Decimal:
    """Return a tax's rate as a fraction."""
    return plain((tax.rate or Decimal(0)) / 100)


def price_of(amount: Decimal, quantity: Decimal) -> Decimal:
    """Return the price of one as exactly as it can be sent."""
    price = amount / quantity
    whole = len(f"{abs(price):.0f}")
    places = min(_MOST_PLACES, max(_LONGEST - 1 - whole, 0))
    return plain(price.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def price_gap(line: FapiaoLine) -> Decimal:
    """Return how far quantity times price is from a line's amount; 0 without them."""
    if line.quantity is None or line.price is None:
        return Decimal(0)
    amount = line.total if line.tax_included else line.net
    return abs(amount - line.quantity * line.price)


def tax_gap(line: FapiaoLine, deducted: Decimal = Decimal(0)) -> Decimal:
    """Return how far a line's tax is from what its rate makes of its net.

    :param deducted: what the tax is not reckoned of (differential taxation)
    """
    return abs((line.net - deducted) * line.rate - line.tax)


def before_discounts(line: Line, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Return net and tax that a discounted line has before its discounts. Whatever was
    rounded on the way is part of the discount."""
    net = cents(line.gross)
    return net, cents(net * rate)
