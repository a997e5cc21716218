"""The taxes of each line: their codes, and ETA's formulas against what was booked."""

from __future__ import annotations

from ...contract import Line, TaxAmount
from ...findings import whether
from ...messages import _
from ..amounts import (
    FIXED_ONLY,
    WITHHELD,
    Figures,
    LineFigures,
    expected_tax,
    smallest_unit,
)
from ..code_tables import codes, table
from .findings import Findings, fits_decimals


def check_taxes(found: Findings, figures: Figures) -> None:
    """Check the taxes of all lines."""
    for index, line in enumerate(found.receipt.lines):
        path = f"{found.form.lines}[{index}].taxableItems"
        before = len(found.problems)
        for tax in line.taxes:
            _check_tax(found, tax, path)
        _check_types_once(found, line, path)
        if len(found.problems) == before:
            _check_formulas(found, line, figures.lines[index], path)


def _check_tax(found: Findings, tax: TaxAmount, path: str) -> None:
    _check_codes(found, tax, path)
    _check_sign(found, tax, path)
    if not fits_decimals(tax.amount) or not fits_decimals(tax.rate or tax.amount):
        found.add(
            "tax_decimals",
            _(
                "The tax “%(tax)s” has more than the 5 decimals that the authority"
                " takes. Correct the tax."
            ),
            path,
            tax.record,
            tax=tax.name,
        )
    if tax.type in FIXED_ONLY and tax.rate:
        found.add(
            "tax_fixed_with_rate",
            _(
                "The tax “%(tax)s” has a rate, but the authority's type %(type)s is a"
                " fixed amount. Choose another type for the tax."
            ),
            path,
            tax.record,
            tax=tax.name,
            type=tax.type,
        )


def _check_codes(found: Findings, tax: TaxAmount, path: str) -> None:
    if tax.type not in codes("tax_type") or tax.subtype not in codes("tax_subtype"):
        found.add(
            "tax_code_missing",
            whether(
                tax.type,
                _(
                    "The tax “%(tax)s” has no code that the authority knows (type"
                    " “%(type)s”, subtype “%(subtype)s”). Choose type and subtype for"
                    " the tax."
                ),
                _(
                    "The tax “%(tax)s” has no code of the authority. Choose type and"
                    " subtype for the tax; what is exempt has them as well."
                ),
            ),
            path,
            tax.record,
            tax=tax.name,
            type=tax.type,
            subtype=tax.subtype,
        )
    elif table("tax_subtype")[tax.subtype].parent != tax.type:
        found.add(
            "tax_subtype_of_other_type",
            _(
                "The subtype %(subtype)s of the tax “%(tax)s” belongs to type"
                " %(parent)s, not to %(type)s. Correct the tax's codes."
            ),
            path,
            tax.record,
            tax=tax.name,
            type=tax.type,
            subtype=tax.subtype,
            parent=table("tax_subtype")[tax.subtype].parent,
        )


def _check_sign(found: Findings, tax: TaxAmount, path: str) -> None:
    """A withheld tax is taken off what the buyer pays, every other one is added."""
    withheld = tax.type == WITHHELD
    rate = tax.rate or 0
    if (tax.amount > 0 or rate > 0) if withheld else (tax.amount < 0 or rate < 0):
        found.add(
            "tax_sign",
            _(
                "The withholding tax “%(tax)s” adds to the total. Give it a negative"
                " rate, or another type of the authority."
            )
            if withheld
            else _(
                "The tax “%(tax)s” reduces the total, which the authority allows for"
                " withholding tax (T4) only. Choose that type for the tax or correct"
                " its rate."
            ),
            path,
            tax.record,
            tax=tax.name,
        )


def _check_types_once(found: Findings, line: Line, path: str) -> None:
    kinds: dict[str, TaxAmount] = {}
    for tax in line.taxes:
        first = kinds.setdefault(tax.type, tax)
        if first.subtype != tax.subtype:
            message = _(
                "“%(product)s” has two taxes of type %(type)s with different subtypes,"
                " “%(first)s” and “%(tax)s”; the authority takes each type once per"
                " line. Remove one of them from the line."
            )
        elif (first.rate is None) is not (tax.rate is None):
            message = _(
                "“%(product)s” has two taxes of type %(type)s, “%(first)s” and"
                " “%(tax)s”, one with a rate and one with a fixed amount; the authority"
                " takes each type once per line. Remove one of them from the line."
            )
        else:
            continue
        found.add(
            "tax_type_twice",
            message,
            path,
            tax.record or line.record,
            product=line.description,
            type=tax.type,
            first=first.name,
            tax=tax.name,
        )


def _check_formulas(
    found: Findings, line: Line, figures: LineFigures, path: str
) -> None:
    unit = smallest_unit(found.receipt.currency)
    tolerance = max(found.settings.tax_tolerance, unit / 2)
    for tax in figures.taxes:
        expected = expected_tax(tax, figures)
        if expected is None or abs(tax.amount - expected) <= tolerance:
            continue
        booked = next(t for t in line.taxes if t.type == tax.type)
        found.add(
            "tax_formula",
            _(
                "“%(product)s”: the tax “%(tax)s” is booked with %(amount)s, but by the"
                " authority's formula for %(type)s it is %(expected)s. Check the tax's"
                " rate, its codes, and what it is computed on."
            ),
            path,
            booked.record or line.record,
            product=line.description,
            tax=booked.name,
            type=tax.type,
            amount=found.money(tax.amount),
            expected=found.money(expected),
        )
