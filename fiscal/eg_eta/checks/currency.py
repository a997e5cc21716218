"""The currency of a document and its exchange rate."""

from __future__ import annotations

from ...messages import _
from ..amounts import HOME, round5
from ..code_tables import codes
from .findings import Findings, is_number


def check_currency(found: Findings) -> None:
    """Check the currency, and that another one than EGP can be converted."""
    receipt = found.receipt
    if receipt.currency not in codes("currency"):
        found.add(
            "currency_unknown",
            _(
                "The authority does not know the currency “%(currency)s”. Use another"
                " currency on the document."
            ),
            found.form.currency,
            receipt.record,
            currency=receipt.currency,
        )
    elif receipt.currency != HOME:
        _check_rate(found)


def _check_rate(found: Findings) -> None:
    receipt = found.receipt
    rate = receipt.currency_rate
    if receipt.company_currency not in ("", HOME):
        found.add(
            "company_currency_not_egp",
            _(
                "The authority wants the exchange rate to EGP, but the company keeps"
                " its books in %(currency)s. Issue the document in EGP."
            ),
            found.form.rate,
            receipt.record,
            currency=receipt.company_currency,
        )
    elif is_number(rate) and rate == 0:
        found.add(
            "exchange_rate_unknown",
            _(
                "The books know no exchange rate of %(currency)s to EGP for the day of"
                " the document. Enter the currency's rate of that day or before, then"
                " have the draft take it by the round arrow beside its rate."
            ),
            found.form.rate,
            receipt.currency_record or receipt.record,
            currency=receipt.currency,
        )
    elif not is_number(rate) or round5(rate) <= 0:
        found.add(
            "exchange_rate_missing",
            _(
                "The exchange rate of %(currency)s to EGP is missing or too small for"
                " the authority's five decimals. Set the currency's rate."
            ),
            found.form.rate,
            receipt.record,
            currency=receipt.currency,
        )
