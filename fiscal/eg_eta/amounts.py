"""A receipt's amounts as ETA wants them, from the amounts as they were booked.

Net amounts and taxes stay what the books say. ETA's unit price, a number with five
decimals, is derived from them and rounded up, so that quantity times price is never
less than the net and its discounts; what it is more goes into a discount. So every
sum holds exactly, and only the taxes, which the books round to the currency, differ
from rate times base (ETA SDK, /main-calculations/).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from ..contract import Discount, Line, Receipt, TaxAmount

DECIMALS = Decimal("0.00001")
ZERO = Decimal(0)
HUNDRED = Decimal(100)
_HUNDREDTH = Decimal("0.01")

CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)

HOME = "EGP"
WITHHELD = "T4"
_FEES = frozenset(f"T{n}" for n in range(5, 13))
_BASE_OF_T2 = _FEES | {"T3"}
_BASE_OF_T1 = _BASE_OF_T2 | {"T2"}
FIXED_ONLY = frozenset({"T3", "T6"})
RATE_ONLY = frozenset({"T1", "T2", "T4", "T5", "T13"})


@dataclass(frozen=True, slots=True)
class TaxFigure:
    """A tax of one line with a positive amount, withheld ones too."""

    type: str
    subtype: str
    amount: Decimal
    rate: Decimal | None


@dataclass(frozen=True, slots=True)
class LineFigures:
    """The amounts of one item, in ETA's words."""

    quantity: Decimal
    unit_price: Decimal
    total_sale: Decimal
    net_sale: Decimal
    total: Decimal
    commercial_discounts: tuple[Discount, ...]
    item_discounts: tuple[Discount, ...]
    value_difference: Decimal
    taxes: tuple[TaxFigure, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """The amounts of a receipt, in ETA's words."""

    lines: tuple[LineFigures, ...]
    discounts: tuple[Discount, ...]
    total_sales: Decimal
    total_commercial_discount: Decimal
    total_items_discount: Decimal
    net_amount: Decimal
    total_amount: Decimal
    tax_totals: Mapping[str, Decimal] = field(default_factory=dict)


def round5(value: Decimal) -> Decimal:
    """Return the value rounded half up to ETA's five decimals."""
    return value.quantize(DECIMALS, ROUND_HALF_UP, CONTEXT)


def figures(receipt: Receipt, rounding_text: str) -> Figures:
    """Return the amounts of a receipt whose numbers are finite and whose quantities
    are positive.

    :param rounding_text: the description of a discount that only takes up rounding
    """
    with localcontext(CONTEXT):
        lines = tuple([_line_figures(line, rounding_text) for line in receipt.lines])
        discounts = _rounded(receipt.discounts)
        tax_totals: dict[str, Decimal] = {}
        for line in lines:
            for tax in line.taxes:
                tax_totals[tax.type] = tax_totals.get(tax.type, ZERO) + tax.amount
        return Figures(
            lines,
            discounts,
            sum([line.total_sale for line in lines], ZERO),
            sum([_sum(line.commercial_discounts) for line in lines], ZERO),
            sum([_sum(line.item_discounts) for line in lines], ZERO),
            sum([line.net_sale for line in lines], ZERO),
            sum([line.total for line in lines], ZERO) - _sum(discounts),
            tax_totals,
        )


def _sum(discounts: tuple[Discount, ...]) -> Decimal:
    return sum([discount.amount for discount in discounts], ZERO)


def _rounded(discounts: Iterable[Discount]) -> tuple[Discount, ...]:
    """Return the discounts with five decimals, without those that are nothing."""
    kept = []
    for discount in discounts:
        amount = round5(discount.amount)
        if amount:
            kept.append(replace(discount, amount=amount))
    return tuple(kept)


def _line_figures(line: Line, rounding_text: str) -> LineFigures:
    discounts = list(_rounded(line.discounts))
    wanted = line.net + sum([d.amount for d in discounts], ZERO)
    unit_price, total_sale = _price(line.quantity, line.gross)
    if total_sale < wanted:
        unit_price, total_sale = _price(line.quantity, wanted)
    residue = total_sale - wanted
    if residue:
        _absorb(residue, discounts, rounding_text)
    item_discounts = _rounded(line.data.get("item_discounts", ()))
    taxes = merged_taxes(line.taxes)
    total = line.net - _sum(item_discounts)
    for tax in taxes:
        total += -tax.amount if tax.type == WITHHELD else tax.amount
    return LineFigures(
        line.quantity,
        unit_price,
        total_sale,
        line.net,
        total,
        tuple(discounts),
        item_discounts,
        decimal_of(line.data.get("value_difference")) or ZERO,
        taxes,
    )


def _price(quantity: Decimal, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Return the unit price, rounded up, and quantity times price for an amount."""
    price = (amount / quantity).quantize(DECIMALS, ROUND_CEILING, CONTEXT)
    return price, round5(quantity * price)


def _absorb(residue: Decimal, discounts: list[Discount], text: str) -> None:
    if not discounts:
        discounts.append(Discount(residue, text))
        return
    largest = max(range(len(discounts)), key=lambda i: discounts[i].amount)
    discount = discounts[largest]
    discounts[largest] = replace(discount, amount=discount.amount + residue)


def merged_taxes(taxes: tuple[TaxAmount, ...]) -> tuple[TaxFigure, ...]:
    """Return a line's taxes with positive amounts, those of one type and subtype
    summed: ETA takes a type once per line."""
    merged: dict[tuple[str, str], TaxFigure] = {}
    for tax in taxes:
        key = (tax.type, tax.subtype)
        amount = -tax.amount if tax.type == WITHHELD else tax.amount
        rate = tax.rate if tax.rate is None else abs(tax.rate)
        former = merged.get(key)
        if former is not None:
            amount += former.amount
            if former.rate is not None:
                rate = former.rate + (rate or ZERO)
        merged[key] = TaxFigure(tax.type, tax.subtype, amount, rate)
    return tuple(merged.values())


def expected_tax(tax: TaxFigure, line: LineFigures) -> Decimal | None:
    """Return what ETA's formula makes of a tax, ``None`` for a fixed amount."""
    if tax.type in FIXED_ONLY or (not tax.rate and tax.type not in RATE_ONLY):
        return None
    with localcontext(CONTEXT):
        return (tax.rate or ZERO) * _base(tax.type, line) / HUNDRED


def _base(tax_type: str, line: LineFigures) -> Decimal:
    if tax_type == WITHHELD:
        return line.net_sale - _sum(line.item_discounts)
    if tax_type not in ("T1", "T2"):
        return line.net_sale
    base = line.net_sale + line.value_difference
    counted = _BASE_OF_T1 if tax_type == "T1" else _BASE_OF_T2
    for tax in line.taxes:
        if tax.type in counted:
            base += tax.amount
    return base


_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_UNITS = {
    **dict.fromkeys(_WHOLE.split(" "), Decimal(1)),
    **dict.fromkeys(_THOUSANDTHS.split(" "), Decimal("0.001")),
}


def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount of a currency that can be booked (ISO 4217)."""
    return _UNITS.get(currency, _HUNDREDTH)


def decimal_of(value: Any) -> Decimal | None:
    """Return a value of ``data`` as a decimal, ``None`` if it is not one."""
    if isinstance(value, Decimal):
        return value
    return Decimal(value) if type(value) is int else None
