"""An invoice's amounts: all of them in EGP, whatever its currency.

The exchange rate that the document bears has five decimals, and everything is
converted with that rate and rounded to five decimals once: the net of a line, what goes
off, fixed taxes. The unit price in EGP is the price in the currency of the sale times
the rate; what that makes more of a line than its net goes into the line's discount, as
with receipts. So all sums hold exactly in EGP; what they come to in the document's
currency is compared with the books before (:mod:`.checks`).
"""

from __future__ import annotations

from decimal import Decimal

from ...contract import Discount, Receipt
from ..amounts import (
    FEES,
    HOME,
    HUNDRED,
    ZERO,
    Figures,
    LineFigures,
    figures,
    round5,
)

_CENT = Decimal("0.01")


def exchange_rate(receipt: Receipt) -> Decimal | None:
    """Return the rate that the document bears, ``None`` for one in EGP."""
    return None if receipt.currency == HOME else round5(receipt.currency_rate)


def figures_in_pounds(receipt: Receipt, rounding_text: str) -> Figures:
    """Return the amounts in EGP of a document whose numbers are finite, whose
    quantities are positive, and which has an exchange rate where it needs one."""
    return figures(receipt, rounding_text, exchange_rate(receipt))


def taxable_fees(line: LineFigures) -> Decimal:
    """Return the sum of the taxes of a line that are fees (T5 to T12)."""
    return sum([tax.amount for tax in line.taxes if tax.type in FEES], ZERO)


def sum_of(discounts: tuple[Discount, ...]) -> Decimal:
    """Return what several discounts come to."""
    return sum([discount.amount for discount in discounts], ZERO)


def discount_rate(line: LineFigures, agreed: tuple[Discount, ...]) -> Decimal:
    """Return the percentage of a line's discount, 0 where it was not agreed as one.

    A percentage that the amount does not bear out, since the books rounded it, is not
    told either: amount and percentage stand side by side in the document.
    """
    if len(agreed) != 1 or agreed[0].rate is None:
        return ZERO
    rate = agreed[0].rate
    by_rate = line.total_sale * rate / HUNDRED
    fits = abs(by_rate - sum_of(line.commercial_discounts)) <= _CENT
    return rate if fits and rate <= HUNDRED else ZERO
