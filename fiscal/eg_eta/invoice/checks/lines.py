"""The lines of an invoice."""

from __future__ import annotations

from ....contract import Line
from ....messages import _
from ...amounts import decimal_of
from ...checks.findings import is_amount
from ...checks.lines import check_line, check_price
from ...code_tables import codes
from .findings import InvoiceFindings


def check_lines(found: InvoiceFindings) -> None:
    """Check that there are lines, and each one's texts, codes, price and weight."""
    lines, record = found.receipt.lines, found.receipt.record
    if not lines:
        found.add(
            "line_count",
            _("The invoice has no lines. Add what was sold."),
            found.form.lines,
            record,
        )
    elif not any(line.taxes for line in lines):
        found.add(
            "taxes_missing",
            _(
                "No line has a tax, and the authority wants the sums of the taxes. What"
                " is exempt or not taxable has a tax of zero percent with a subtype"
                " that says so (T1 with V001 to V008): choose one on the lines."
            ),
            found.form.lines,
            record,
        )
    for index, line in enumerate(lines):
        path = f"{found.form.lines}[{index}]."
        check_line(found, line, path)
        if found.figures is not None:
            check_price(found, line, found.figures.lines[index], path)
        if found.type is not None and found.type.export:
            _check_weight(found, line, path)


def _check_weight(found: InvoiceFindings, line: Line, path: str) -> None:
    unit, quantity = line.data.get("weight_unit"), line.data.get("weight_quantity")
    if not unit and quantity is None:
        return
    known = isinstance(unit, str) and unit in codes("weight_unit")
    if known and is_amount(decimal_of(quantity)):
        return
    found.add(
        "weight_unusable",
        _(
            "The weight of “%(product)s” is %(quantity)s %(unit)s; the authority wants"
            " a number of at least 0 and one of its units of weight (KGM, TNE, …)."
            " Correct both on the line."
        ),
        path + "weightQuantity",
        line.record,
        product=line.description,
        quantity=quantity,
        unit=unit,
    )
