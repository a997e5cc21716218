"""The sums, by the authority's own rules (spec croatia 8.3)."""

from __future__ import annotations

from decimal import Decimal

from ...messages import Sentence, _
from ..amounts import FEE, Figures, TaxRow, sign_of
from ..code_tables import vat_rates
from ..moments import local_day
from .findings import Findings, euros

_TAX_TOLERANCE = Decimal("0.10")
_TOTAL_TOLERANCE = Decimal("0.01")
_MOST_FEE = Decimal("135.00")
_HIGHEST_CONSUMPTION_TAX = Decimal(3)
# what they are about is in no sum, and said already
_EXPLAINED_BY = ("line_taxes", "125")
_MOST = {
    "G": ("168", Decimal(10_000)),
    "K": ("168", Decimal(10_000)),
    "T": ("167", Decimal(150_000)),
    "O": ("167", Decimal(150_000)),
}


def check_totals(found: Findings) -> None:
    """Check rates, taxes, fees, the total and its limits."""
    figures = found.facts.figures
    assert figures is not None
    if found.settings.in_vat:
        _check_vat(found, figures)
    else:
        _check_outside_vat(found, figures)
    _check_consumption(found, figures)
    if any(row.amount or row.base for row in figures.other):
        found.add(
            "125",
            _(
                "The receipt has another tax than VAT and consumption tax, and the"
                " authority knows none at present. Take it off."
            ),
            "OstaliPor",
            found.receipt.record,
        )
    for name, amount in figures.fees.items():
        if abs(amount) > _MOST_FEE:
            found.add(
                "164" if amount > 0 else "165",
                _(
                    "The fee “%(name)s” comes to %(amount)s; the authority takes at"
                    " most %(most)s. Correct the fee."
                ),
                FEE,
                found.receipt.record,
                name=name,
                amount=euros(amount),
                most=euros(_MOST_FEE),
            )
    _check_total(found, figures)
    _check_limits(found, figures.total)


def _check_vat(found: Findings, figures: Figures) -> None:
    moment = found.facts.issued_at or found.now
    legal = vat_rates(local_day(moment))
    for row in figures.vat:
        if row.rate not in legal:
            found.add(
                "110",
                _(
                    "%(rate)s %% is no VAT rate of Croatia; those are %(legal)s."
                    " Correct the tax."
                ),
                "Pdv",
                found.receipt.record,
                rate=row.rate,
                legal=", ".join(f"{rate} %" for rate in legal),
            )
        _check_tax(found, row, "Pdv", ("160", "161"), Sentence(_("VAT")))


def _check_consumption(found: Findings, figures: Figures) -> None:
    for row in figures.consumption:
        if not 0 <= row.rate <= _HIGHEST_CONSUMPTION_TAX:
            found.add(
                "117" if row.rate < 0 else "118",
                _(
                    "The consumption tax has a rate of %(rate)s %%; it is at least 0"
                    " and at most %(most)s %%. Correct the tax."
                ),
                "Pnp",
                found.receipt.record,
                rate=row.rate,
                most=_HIGHEST_CONSUMPTION_TAX,
            )
        _check_tax(found, row, "Pnp", ("162", "163"), Sentence(_("consumption tax")))


def _check_tax(
    found: Findings, row: TaxRow, path: str, codes: tuple[str, str], name: Sentence
) -> None:
    computed = row.base * row.rate / 100
    if abs(row.amount - computed) > _TAX_TOLERANCE:
        found.add(
            codes[0] if row.amount < computed else codes[1],
            _(
                "The %(name)s at %(rate)s %% of %(base)s is %(amount)s, but it comes to"
                " %(computed)s. Correct the taxes of the lines."
            ),
            path,
            found.receipt.record,
            name=name,
            rate=row.rate,
            base=euros(row.base),
            amount=euros(row.amount),
            computed=euros(computed),
        )


def _check_outside_vat(found: Findings, figures: Figures) -> None:
    members = ["Pdv"] if figures.vat else []
    members += list(figures.plain)
    if members:
        found.add(
            "142",
            _(
                "The company is not in the VAT system, but the receipt has amounts of"
                " VAT or about it (%(members)s). Take these taxes off the lines, or"
                " correct the registration."
            ),
            members[0],
            found.receipt.record,
            members=", ".join(members),
        )


def _check_total(found: Findings, figures: Figures) -> None:
    settings = found.settings
    if any(one.code in _EXPLAINED_BY for one in found.problems):
        return
    if settings.in_vat:
        explained = figures.explained(settings.margin_in_total)
    else:
        lines = sum((line.total for line in found.receipt.lines), Decimal(0))
        explained = lines * sign_of(found.receipt)
    if abs(figures.total - explained) > _TOTAL_TOLERANCE:
        found.add(
            "166",
            _(
                "The receipt comes to %(total)s, but its lines, taxes and fees to"
                " %(sum)s. Correct the lines."
            ),
            "IznosUkupno",
            found.receipt.record,
            total=euros(figures.total),
            sum=euros(explained),
        )


def _check_limits(found: Findings, total: Decimal) -> None:
    means, settings = found.facts.means, found.settings
    code, most = _MOST.get(means, ("", total.copy_abs()))
    if abs(total) > most:
        found.add(
            code,
            _(
                "The receipt comes to %(total)s; with the payment means %(means)s the"
                " authority takes at most %(most)s. Choose the means with which it is"
                " paid, or split it."
            ),
            "IznosUkupno",
            found.receipt.record,
            total=euros(total),
            means=means,
            most=euros(most),
        )
    limit = settings.company_cash_limit
    if found.facts.recipient and means == "G" and limit and total > limit:
        found.add(
            "company_cash",
            _(
                "A company pays %(total)s in cash; between companies at most %(most)s"
                " may be paid so. Choose another payment means."
            ),
            "NacinPlac",
            found.receipt.record,
            total=euros(total),
            most=euros(limit),
        )
