"""The sums of an invoice, against the books and as they are issued."""

from __future__ import annotations

from ....messages import _
from ...amounts import Figures
from ...checks.findings import LARGEST
from ...checks.totals import check_sums
from .findings import InvoiceFindings

_DIFFERS = _(
    "The lines and their taxes come to %(sum)s, but the document's total is %(total)s."
    " What makes the difference has no place on the invoice: make it a line or a"
    " discount."
)
_NEGATIVE = _(
    "The invoice's total is %(total)s, below 0. Issue a credit note for what is given"
    " back."
)


def check_totals(found: InvoiceFindings, booked: Figures) -> None:
    """Check that the total is the booked one in the document's currency, and that
    everything that is issued in EGP is neither below 0 nor too large.

    :param booked: the amounts in the document's currency
    """
    check_sums(found, booked, _DIFFERS, _NEGATIVE)
    if found.pounds is not None and not found.problems:
        _check_pounds(found, found.pounds)


def _check_pounds(found: InvoiceFindings, pounds: Figures) -> None:
    """Check what only the conversion can bring about."""
    amounts = [pounds.total_sales, pounds.total_amount]
    for line in pounds.lines:
        amounts += [line.unit_price, line.sold_price, line.total]
    if min(amounts) < 0 or max(amounts) >= LARGEST:
        found.add(
            "amount_out_of_range",
            _(
                "An amount of the invoice in EGP is below 0 or larger than the"
                " authority takes. Check its prices, quantities and exchange rate."
            ),
            found.form.total,
            None,
        )
