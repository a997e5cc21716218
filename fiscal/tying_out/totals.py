"""Sums by tax: of a line, and of a document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

from ..values import Line, Receipt, TaxTotal

NO_TAX, NO_CODE, UNREADABLE = "", "-", "?"
"""Types of what bears no tax, of a tax that the authority has no code for, and of what
a document says that cannot be read."""

_CENT = Decimal("0.01")
_ZERO = Decimal(0)
_TAKES_BACK = ("return", "credit")
_PRECISION = 60


class TaxKey(NamedTuple):
    """By what sums are told apart; ``rate`` is a text, "" for a fixed amount."""

    type: str
    subtype: str
    rate: str

    def __str__(self) -> str:
        return "|".join(self)

    @classmethod
    def parse(cls, text: str) -> TaxKey:
        """Return the key of which ``text`` is the text."""
        type_, subtype, rate = text.split("|")
        return cls(type_, subtype, rate)


def key_of(total: TaxTotal) -> TaxKey:
    """Return the key of a total. Rates are percentages of two decimals, as authorities
    write them."""
    rate = ""
    if total.rate is not None:
        rate = f"{total.rate.quantize(_CENT, ROUND_HALF_UP) + 0:f}"
        rate = rate.rstrip("0").rstrip(".")
    return TaxKey(total.type, total.subtype, rate)


def rows_of(line: Line) -> tuple[TaxTotal, ...]:
    """Return under which taxes a line counts: its whole net under each of its taxes.

    Two of its taxes that are the same to the authority count once.
    """
    if not line.taxes:
        return (TaxTotal(NO_TAX, "", None, line.net, _ZERO),)
    amounts: dict[tuple[str, str, Decimal | None], Decimal] = {}
    for tax in line.taxes:
        key = (tax.type or NO_CODE, tax.subtype, tax.rate)
        amounts[key] = amounts.get(key, _ZERO) + tax.amount
    return tuple(TaxTotal(*key, line.net, amount) for key, amount in amounts.items())


def totals_of(
    receipt: Receipt, rows: Callable[[Line], Iterable[TaxTotal]] = rows_of
) -> tuple[TaxTotal, ...]:
    """Return a document's totals by tax, in the currency of the books, to the cent;
    negative where it takes a sale back. At least one, were it of nothing.

    A discount of the whole, which belongs to no line, lowers what bears no tax.
    """
    sums: dict[TaxKey, list[Decimal]] = {}
    first: dict[TaxKey, TaxTotal] = {}
    sign = -1 if receipt.kind in _TAKES_BACK else 1
    with localcontext() as context:
        context.prec = _PRECISION
        factor = receipt.currency_rate * sign
        for row in _all_rows(receipt, rows):
            key = key_of(row)
            first.setdefault(key, row)
            known = sums.setdefault(key, [_ZERO, _ZERO])
            known[0] += row.net
            known[1] += row.tax
        return tuple(
            TaxTotal(
                first[key].type,
                first[key].subtype,
                first[key].rate,
                _cents(net * factor),
                _cents(tax * factor),
            )
            for key, (net, tax) in sorted(sums.items())
        ) or (TaxTotal(NO_TAX, "", None, _ZERO, _ZERO),)


def _all_rows(
    receipt: Receipt, rows: Callable[[Line], Iterable[TaxTotal]]
) -> Iterable[TaxTotal]:
    for line in receipt.lines:
        yield from rows(line)
    for discount in receipt.discounts:
        yield TaxTotal(NO_TAX, "", None, -discount.amount, _ZERO)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP) + 0
