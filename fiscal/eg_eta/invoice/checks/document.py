"""The document itself: number, type, time, currency, orders, payment, delivery."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ....findings import CLOCK_SLACK
from ....messages import _
from ...amounts import HOME, decimal_of, round5
from ...checks.currency import check_currency
from ...checks.findings import check_text, is_amount, utc
from ...checks.words import in_words
from ...code_tables import codes
from ...jsontext import clean
from ..document_types import DOCUMENT_TYPES
from ..members import DELIVERY, ORDERS, PAYMENT
from .findings import InvoiceFindings, has_rate

_MOST_TEXT = 500
_LENGTHS = {"proformaInvoiceNumber": 50}
_RATE_ERROR = Decimal("0.0001")
"""How far the rounding of the exchange rate may change amounts, as a share of them."""


def check_document(found: InvoiceFindings) -> None:
    """Check everything but the parties, the lines, and what a note refers to."""
    receipt = found.receipt
    if not clean(receipt.number):
        found.add(
            "number_missing",
            _("The invoice has no number. Give the document a number."),
            "internalID",
            receipt.record,
        )
    check_text(found, receipt.number, "internalID", 50, "document", receipt.record)
    _check_type(found)
    _check_time(found)
    check_currency(found)
    _check_rate(found)
    _check_texts(found, receipt.data, ORDERS, "")
    _check_service_date(found)
    for key, members in (("payment", PAYMENT), ("delivery", DELIVERY)):
        part = receipt.data.get(key)
        if isinstance(part, Mapping):
            _check_texts(found, part, members, f"{key}.")
    _check_delivery(found)


def _check_type(found: InvoiceFindings) -> None:
    if found.type is not None:
        return
    receipt = found.receipt
    if (receipt.document_type or "I").upper() in DOCUMENT_TYPES:
        message = _(
            "“%(type)s” is not the type of this document. Choose I, or EI for an"
            " export; the type of a credit or debit note follows from it."
        )
    else:
        message = _(
            "“%(type)s” is no type of invoice of the authority. Choose I, or EI for an"
            " export."
        )
    found.add(
        "document_type_unknown",
        message,
        "documentType",
        receipt.record,
        type=receipt.document_type,
    )


def _check_time(found: InvoiceFindings) -> None:
    moment, record = found.issued_at, found.receipt.record
    if moment is None or moment.year < 1000:
        found.issued_at = None
        found.add(
            "time_unusable",
            _("The time of issue is unknown or has no time zone. Issue it anew."),
            "dateTimeIssued",
            record,
        )
    elif moment > found.now + CLOCK_SLACK:
        found.add(
            "time_in_future",
            _(
                "The invoice's time of issue, %(time)s UTC, lies in the future. Set"
                " the clock of this server right and issue it anew."
            ),
            "dateTimeIssued",
            record,
            time=f"{moment:%Y-%m-%d %H:%M:%S}",
        )


def _check_rate(found: InvoiceFindings) -> None:
    """Check that five decimals are enough for the exchange rate."""
    receipt = found.receipt
    if receipt.currency == HOME or not has_rate(receipt):
        return
    rate = receipt.currency_rate
    rounded = round5(rate)
    found.price_step = Decimal("0.00001") / rounded
    if abs(rounded - rate) > rate * _RATE_ERROR:
        found.add(
            "exchange_rate_imprecise",
            _(
                "The exchange rate of %(currency)s to EGP is %(rate)s; the authority"
                " takes five decimals, %(rounded)s, which makes other amounts of it."
                " Enter a rate with five decimals, or issue the document in EGP."
            ),
            found.form.rate,
            receipt.record,
            currency=receipt.currency,
            rate=rate,
            rounded=rounded,
        )


def _check_texts(
    found: InvoiceFindings,
    values: Mapping[str, Any],
    members: Mapping[str, str],
    path: str,
) -> None:
    record = found.receipt.record
    for key, member in members.items():
        text = values.get(key)
        if text is None:
            continue
        if isinstance(text, str):
            limit = _LENGTHS.get(member, _MOST_TEXT)
            check_text(found, text, path + member, limit, "document", record)
        else:
            _unusable(found, path + member, text)


def _unusable(found: InvoiceFindings, path: str, value: Any) -> None:
    found.add(
        "value_unusable",
        _(
            "%(field)s is %(value)s, which the authority cannot take. Correct it on the"
            " document."
        ),
        path,
        found.receipt.record,
        field=in_words(path),
        value=value,
    )


def _check_service_date(found: InvoiceFindings) -> None:
    day = found.receipt.data.get("service_delivery_date")
    path = "serviceDeliveryDate"
    if day is None:
        if found.type is not None and found.type.export:
            found.add(
                "service_delivery_date_missing",
                _(
                    "An export needs the day on which goods or services were"
                    " delivered. Enter it on the document."
                ),
                path,
                found.receipt.record,
            )
    elif not isinstance(day, date) or isinstance(day, datetime) or day.year < 1000:
        _unusable(found, path, day)


def _check_delivery(found: InvoiceFindings) -> None:
    delivery = found.receipt.data.get("delivery")
    if not isinstance(delivery, Mapping):
        return
    until = delivery.get("date_validity")
    if until is not None and not _is_moment(until):
        _unusable(found, "delivery.dateValidity", until)
    country = delivery.get("country_of_origin")
    if isinstance(country, str) and country and country not in codes("country"):
        found.add(
            "country_unknown",
            _(
                "The authority does not know the country “%(country)s”. Choose"
                " another one."
            ),
            "delivery.countryOfOrigin",
            found.receipt.record,
            country=country,
        )
    for key, member in (("gross_weight", "grossWeight"), ("net_weight", "netWeight")):
        weight = delivery.get(key)
        if weight is not None and not is_amount(decimal_of(weight)):
            _unusable(found, f"delivery.{member}", weight)


def _is_moment(value: Any) -> bool:
    moment = utc(value) if isinstance(value, datetime) else None
    return moment is not None and moment.year >= 1000
