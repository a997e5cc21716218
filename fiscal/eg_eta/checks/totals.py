"""The sums of a receipt against what the books say."""

from __future__ import annotations

from ...messages import _
from ..amounts import Figures
from .findings import Findings


def check_totals(found: Findings, figures: Figures) -> None:
    """Check that the total is the booked one, exactly, and not below 0."""
    receipt = found.receipt
    if figures.total_amount != receipt.total:
        found.add(
            "total_differs",
            _(
                "The lines and their taxes come to %(sum)s, but the document's total is"
                " %(total)s. What makes the difference has no place on the receipt:"
                " make it a line or a discount."
            ),
            found.form.total,
            None,
            sum=found.money(figures.total_amount),
            total=found.money(receipt.total),
        )
    if figures.total_amount < 0:
        found.add(
            "total_negative",
            _(
                "The receipt's total is %(total)s, below 0. Issue a return receipt for"
                " what is given back."
            ),
            found.form.total,
            None,
            total=found.money(figures.total_amount),
        )
    check_discounts(found, figures)


def check_discounts(found: Findings, figures: Figures) -> None:
    """Check that the discounts are not more than what they are taken off."""
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
