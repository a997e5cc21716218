"""A document's amounts as ETA wants them, from the amounts as they were booked.

Net amounts and taxes stay what the books say. ETA's unit price, a number with five
decimals, is derived from them and rounded up, so that quantity times price is never
less than the net and its discounts; what it is more goes into a discount. So every
sum holds exactly, and only the taxes, which the books round to the currency, differ
from rate times base (ETA SDK, /main-calculations/). Receipts and invoices share the
formulas and differ in names; the figures bear the receipts'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal, localcontext
from typing import Any

from ..contract import Discount, Line, Receipt, TaxAmount, TaxTotal
from ..tying_out import NO_CODE, NO_TAX

DECIMALS = Decimal("0.00001")
ZERO = Decimal(0)
HUNDRED = Decimal(100)
_HUNDREDTH = Decimal("0.01")

CONTEXT = Context(prec=60, rounding=ROUND_HALF_UP)

HOME = "EGP"
WITHHELD = "T4"
FEES = frozenset(f"T{n}" for n in range(5, 13))
_BASE_OF_T2 = FEES | {"T3"}
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
    """The amounts of one item, in ETA's words.

    :ivar sold_price: the unit price in the currency of the sale, from which
        ``unit_price`` is converted; the same where nothing is converted
    """

    quantity: Decimal
    unit_price: Decimal
    total_sale: Decimal
    net_sale: Decimal
    total: Decimal
    commercial_discounts: tuple[Discount, ...]
    item_discounts: tuple[Discount, ...]
    value_difference: Decimal
    taxes: tuple[TaxFigure, ...]
    sold_price: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Figures:
    """The amounts of a document, in ETA's words."""

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


def figures(
    receipt: Receipt, rounding_text: str, rate: Decimal | None = None
) -> Figures:
    """Return the amounts of a document whose numbers are finite and whose quantities
    are positive.

    :param rounding_text: the description of a discount that only takes up rounding
    :param rate: what all amounts are multiplied with, where the document is in another
        currency than ETA wants its amounts in
    """
    with localcontext(CONTEXT):
        lines = tuple(
            [_line_figures(line, rounding_text, rate) for line in receipt.lines]
        )
        discounts = _rounded(receipt.discounts, rate)
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


def _rounded(
    discounts: Iterable[Discount], rate: Decimal | None
) -> tuple[Discount, ...]:
    """Return the discounts with five decimals, without those that are nothing."""
    kept = []
    for discount in discounts:
        amount = _converted(discount.amount, rate)
        if amount:
            kept.append(replace(discount, amount=amount))
    return tuple(kept)


def _converted(amount: Decimal, rate: Decimal | None) -> Decimal:
    return round5(amount if rate is None else amount * rate)


def _line_figures(line: Line, rounding_text: str, rate: Decimal | None) -> LineFigures:
    net = line.net if rate is None else _converted(line.net, rate)
    discounts = list(_rounded(line.discounts, rate))
    wanted = net + sum([d.amount for d in discounts], ZERO)
    sold_price, unit_price, total_sale = _price(line, wanted, rate)
    residue = total_sale - wanted
    if residue:
        _absorb(residue, discounts, rounding_text)
    item_discounts = _rounded(line.data.get("item_discounts", ()), rate)
    difference = decimal_of(line.data.get("value_difference")) or ZERO
    if rate is not None:
        difference = _converted(difference, rate)
    taxes = merged_taxes(line.taxes)
    if rate is not None:
        taxes = _taxes_in_pounds(taxes, rate, net, item_discounts, difference)
    total = net - _sum(item_discounts)
    for tax in taxes:
        total += -tax.amount if tax.type == WITHHELD else tax.amount
    return LineFigures(
        line.quantity,
        unit_price,
        total_sale,
        net,
        total,
        tuple(discounts),
        item_discounts,
        difference,
        taxes,
        sold_price,
    )


def _price(
    line: Line, wanted: Decimal, rate: Decimal | None
) -> tuple[Decimal, Decimal, Decimal]:
    """Return the unit price in the currency of the sale and in ETA's, and quantity
    times price, which is not below ``wanted``: net and discounts.

    The price is that of the line's gross. It is higher where the books have more than
    the gross, and where the conversion would round it down too far.
    """
    price, total = ZERO, ZERO
    for amount in (line.gross, wanted if rate is None else wanted / rate):
        price = (amount / line.quantity).quantize(DECIMALS, ROUND_CEILING, CONTEXT)
        for converted in (price,) if rate is None else _conversions(price, rate):
            total = round5(line.quantity * converted)
            if total >= wanted:
                return price, converted, total
    raise AssertionError("A price that is rounded up is not below what is wanted")


def _conversions(price: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Return a price times a rate, rounded half up and rounded up."""
    exact = price * rate
    return round5(exact), exact.quantize(DECIMALS, ROUND_CEILING, CONTEXT)


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


def tax_rows(line: Line) -> tuple[TaxTotal, ...]:
    """Return under which taxes a line counts, as ETA has them: a type once, a rate
    where the type has one, what is withheld negative."""
    rows = []
    for tax in merged_taxes(line.taxes):
        sign = -1 if tax.type == WITHHELD else 1
        rate = tax.rate if tax.rate is None else tax.rate * sign
        if tax.type in RATE_ONLY:
            rate = rate or ZERO
        elif tax.type in FIXED_ONLY or (tax.type and not rate):
            # a document cannot tell no rate from one of 0
            rate = None
        row = (tax.type or NO_CODE, tax.subtype, rate)
        rows.append(TaxTotal(*row, line.net, tax.amount * sign))
    return tuple(rows) or (TaxTotal(NO_TAX, "", None, line.net, ZERO),)


def expected_tax(tax: TaxFigure, line: LineFigures) -> Decimal | None:
    """Return what ETA's formula makes of a tax, ``None`` for a fixed amount."""
    return _by_formula(
        tax, line.net_sale, line.item_discounts, line.value_difference, line.taxes
    )


def _by_formula(
    tax: TaxFigure,
    net: Decimal,
    item_discounts: tuple[Discount, ...],
    difference: Decimal,
    taxes: Iterable[TaxFigure],
) -> Decimal | None:
    if tax.type in FIXED_ONLY or (not tax.rate and tax.type not in RATE_ONLY):
        return None
    with localcontext(CONTEXT):
        base = net
        if tax.type == WITHHELD:
            base -= _sum(item_discounts)
        elif tax.type in ("T1", "T2"):
            counted = _BASE_OF_T1 if tax.type == "T1" else _BASE_OF_T2
            base += difference
            base += sum([t.amount for t in taxes if t.type in counted], ZERO)
        return (tax.rate or ZERO) * base / HUNDRED


def _taxes_in_pounds(
    taxes: tuple[TaxFigure, ...],
    rate: Decimal,
    net: Decimal,
    item_discounts: tuple[Discount, ...],
    difference: Decimal,
) -> tuple[TaxFigure, ...]:
    """Return a line's taxes converted: those with a rate by ETA's formula on the
    converted amounts, others by the exchange rate.

    What the books rounded to a cent of the other currency may be half a pound, which
    is as far as ETA lets a tax be from its formula.
    """
    found = {tax.type: tax for tax in taxes}
    # a tax is computed after those that are part of its base
    for tax in sorted(taxes, key=lambda t: (t.type in ("T1", "T2"), t.type == "T1")):
        amount = _by_formula(tax, net, item_discounts, difference, found.values())
        if amount is None:
            amount = tax.amount * rate
        found[tax.type] = replace(tax, amount=round5(amount))
    return tuple(found.values())


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
