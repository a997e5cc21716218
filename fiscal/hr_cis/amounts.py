"""A receipt's amounts as CIS wants them: summed up by tax and rate, in EUR, signed.

Which member of the message a line goes into is told by its taxes' types (table
``tax_type``). VAT, exempt, margin scheme and out of scope take the line's net; so does
a fee of rate 0, whose line is the fee. A fee without rate is an amount on top of a
line. The base of consumption tax is the net, too, and counts in the VAT base as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ..contract import Line, Receipt, TaxAmount, TaxTotal
from ..tying_out import NO_CODE

VAT, CONSUMPTION, OTHER = "Pdv", "Pnp", "OstaliPor"
EXEMPT, MARGIN, OUTSIDE = "IznosOslobPdv", "IznosMarza", "IznosNePodlOpor"
FEE = "Naknade"

LARGEST = Decimal(10) ** 13
"""No amount reaches it (IznosType has 15 digits before the point; sums have more)."""

_CENT = Decimal("0.01")
_NEGATIVE_KINDS = ("return", "credit")


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One rate of a tax; ``name`` only where the tax has no member of its own."""

    rate: Decimal
    base: Decimal
    amount: Decimal
    name: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """All amounts of a message, negative where it takes something back.

    :ivar plain: the totals of :data:`EXEMPT`, :data:`MARGIN` and :data:`OUTSIDE` that
        the receipt has
    :ivar fees: by name
    """

    vat: tuple[TaxRow, ...]
    consumption: tuple[TaxRow, ...]
    other: tuple[TaxRow, ...]
    plain: dict[str, Decimal]
    fees: dict[str, Decimal]
    total: Decimal

    def explained(self, with_margin: bool) -> Decimal:
        """Return the sum of what makes up the total (spec croatia 8.3, 166)."""
        parts = [
            *(row.base + row.amount for row in self.vat),
            *(row.amount for row in self.consumption),
            self.plain.get(EXEMPT, Decimal(0)),
            self.plain.get(OUTSIDE, Decimal(0)),
            *self.fees.values(),
        ]
        if with_margin:
            parts.append(self.plain.get(MARGIN, Decimal(0)))
        return sum(parts, Decimal(0))


def is_amount(value: object) -> bool:
    """Tell whether a value is an amount of whole cents that can be sent."""
    return (
        isinstance(value, Decimal)
        and value.is_finite()
        and abs(value) < LARGEST
        and value == value.quantize(_CENT)
    )


def is_rate(value: object) -> bool:
    """Tell whether a value is a rate that can be sent: percent with two decimals."""
    return is_amount(value) and abs(value) < 1000  # type: ignore[operator]


def amount_text(value: Decimal) -> str:
    """Return an amount or a rate as in a message: a point and two decimals."""
    return f"{value + 0:.2f}" if value else "0.00"


def takes_net(tax: TaxAmount) -> bool:
    """Tell whether a tax decides where its line's net goes."""
    if tax.type == FEE:
        return tax.rate is not None
    return tax.type in (VAT, EXEMPT, MARGIN, OUTSIDE)


def base_of(line: Line) -> Decimal:
    """Return what a line's taxes are taken of: its net, or ``data["tax_base"]`` where
    that is something else."""
    given = line.data.get("tax_base")
    return line.net if given is None else Decimal(given)


def sign_of(receipt: Receipt) -> int:
    """Return -1 for a receipt that takes something back, whose amounts are sent
    negative, else 1."""
    return -1 if receipt.kind in _NEGATIVE_KINDS else 1


def figures(receipt: Receipt) -> Figures:
    """Return a receipt's amounts, all of which can be sent (:func:`is_amount`)."""
    sign = sign_of(receipt)
    rows: dict[tuple[str, str, Decimal], list[Decimal]] = {}
    plain: dict[str, Decimal] = {}
    fees: dict[str, Decimal] = {}
    for line in receipt.lines:
        for tax in line.taxes:
            if tax.type in (VAT, CONSUMPTION, OTHER):
                name = tax.name if tax.type == OTHER else ""
                row = rows.setdefault(
                    (tax.type, name, tax.rate or Decimal(0)), [Decimal(0), Decimal(0)]
                )
                row[0] += base_of(line) * sign
                row[1] += tax.amount * sign
            elif tax.type == FEE:
                worth = tax.amount if tax.rate is None else base_of(line)
                fees[tax.name] = fees.get(tax.name, Decimal(0)) + worth * sign
            elif tax.type in (EXEMPT, MARGIN, OUTSIDE):
                plain[tax.type] = plain.get(tax.type, Decimal(0)) + base_of(line) * sign
    return Figures(
        *(_rows(rows, kind) for kind in (VAT, CONSUMPTION, OTHER)),
        plain={kind: amount for kind, amount in plain.items() if amount},
        fees=fees,
        total=receipt.total * sign,
    )


def tax_rows(line: Line) -> tuple[TaxTotal, ...]:
    """Return under which members of the message a line counts.

    What a fee comes to is its tax, whether it is a line of its own or on top of one.
    """
    if not line.taxes:
        return (TaxTotal("", "", None, line.net, Decimal(0)),)
    base = base_of(line)
    rows = []
    for tax in line.taxes:
        if tax.type == FEE:
            worth = tax.amount if tax.rate is None else base
            rows.append(TaxTotal(FEE, "", None, Decimal(0), worth))
        elif tax.type in (EXEMPT, MARGIN, OUTSIDE):
            rows.append(TaxTotal(tax.type, "", None, base, tax.amount))
        else:
            rows.append(
                TaxTotal(
                    tax.type or NO_CODE, "", tax.rate or Decimal(0), base, tax.amount
                )
            )
    return tuple(rows)


def _rows(
    rows: dict[tuple[str, str, Decimal], list[Decimal]], kind: str
) -> tuple[TaxRow, ...]:
    return tuple(
        TaxRow(rate, base, amount, name)
        for (of, name, rate), (base, amount) in sorted(
            rows.items(), key=lambda item: (item[0][1], -item[0][2])
        )
        if of == kind
    )
