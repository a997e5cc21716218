"""The sums of a document against what the books say."""

from __future__ import annotations

from ...messages import _
from ..amounts import Figures
from .findings import Findings

_DIFFERS = _(
    "The lines and their taxes come to %(sum)s, but the document's total is %(total)s."
    " What makes the difference has no place on the receipt: make it a line or a"
    " discount."
)
_NEGATIVE = _(
    "The receipt's total is %(total)s, below 0. Issue a return receipt for what is"
    " given back."
)


def check_totals(found: Findings, figures: Figures) -> None:
    """Check a receipt's sums."""
    check_sums(found, figures, _DIFFERS, _NEGATIVE)


def check_sums(found: Findings, figures: Figures, differs: str, negative: str) -> None:
    """Check that the total is the booked one, exactly, and not below 0, and that the
    discounts are not more than what they are taken off.

    :param differs: what to say of another total (``sum``, ``total``)
    :param negative: what to say of one below 0 (``total``)
    """
    receipt, path = found.receipt, found.form.total
    sum_, total = found.money(figures.total_amount), found.money(receipt.total)
    if figures.total_amount != receipt.total:
        found.add("total_differs", differs, path, None, sum=sum_, total=total)
    if figures.total_amount < 0:
        found.add("total_negative", negative, path, None, total=sum_)
    if figures.total_commercial_discount > figures.total_sales:
        found.add(
            "discounts_exceed_sales",
            _(
                "The discounts, %(discounts)s, are more than the sales, %(sales)s."
                " Correct the discounts."
            ),
            found.form.total_discounts,
            None,
            discounts=found.money(figures.total_commercial_discount),
            sales=found.money(figures.total_sales),
        )
