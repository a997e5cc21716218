"""The receipt's header: kind, currency, number, time, who issues, where it is sent."""

from __future__ import annotations

from datetime import datetime

from ...findings import CLOCK_SLACK
from ...messages import _
from ..builder import kind_of
from ..code_tables import table
from ..text import clean
from .findings import Findings

MOST_LINES = 2000
"""With discounts, which are lines of their own (spec china 1.8)."""


def check_document(found: Findings) -> bool:
    """Check everything that is neither a person nor an amount.

    :return: whether the time of issue can be used
    """
    receipt = found.receipt
    _check_kind(found)
    if receipt.currency != "CNY":
        found.add(
            "currency",
            _(
                "The document is in %(currency)s; a fapiao is in yuan only. Issue it in"
                " CNY."
            ),
            "lines",
            receipt.record,
            currency=receipt.currency,
        )
    if not clean(receipt.number):
        found.add(
            "number",
            _("The document has no number. Give it one."),
            "number",
            receipt.record,
        )
    _check_clerk(found)
    _check_delivery(found)
    _check_survey(found)
    if receipt.discounts:
        found.add(
            "document_discount",
            _(
                "The document has a discount on the whole, which has no place in a"
                " fapiao. Divide it among the lines."
            ),
            "lines",
            receipt.record,
        )
    return _check_time(found)


def _check_kind(found: Findings) -> None:
    receipt = found.receipt
    if kind_of(receipt) not in table("document_type"):
        found.add(
            "kind",
            _("“%(kind)s” is no kind of fapiao. Choose 81 (special) or 82 (ordinary)."),
            "kind",
            receipt.record,
            kind=receipt.document_type,
        )


def _check_time(found: Findings) -> bool:
    receipt = found.receipt
    moment = receipt.issued_at
    if not isinstance(moment, datetime) or moment.utcoffset() is None:
        found.add(
            "time_unusable",
            _("The time of issue is unknown or has no time zone. Issue it anew."),
            "issued_at",
            receipt.record,
        )
        return False
    if moment > found.now + CLOCK_SLACK:
        found.add(
            "time_future",
            _(
                "The time of issue, %(time)s, lies in the future. Set the clock of this"
                " server right and issue it anew."
            ),
            "issued_at",
            receipt.record,
            time=moment,
        )
    return True


def _check_clerk(found: Findings) -> None:
    receipt = found.receipt
    if not clean(receipt.data.get("clerk") or receipt.device.data.get("clerk")):
        found.add(
            "clerk_missing",
            _(
                "Nobody is named who issues the fapiao. Enter on the device the name of"
                " the person who is logged in at the tax bureau."
            ),
            "clerk",
            receipt.device.record,
        )
    extension = clean(receipt.device.data.get("extension"))
    if extension and not (extension.isdecimal() and len(extension) <= 5):
        found.add(
            "extension",
            _(
                "“%(extension)s” is no extension of the provider: at most five digits."
                " Correct it on the device."
            ),
            "routing.extension",
            receipt.device.record,
            extension=extension,
        )


def _check_delivery(found: Findings) -> None:
    mode, receipt = found.settings.push_mode, found.receipt
    if mode in ("0", "2") and not clean(receipt.data.get("email")):
        found.add(
            "email_missing",
            _(
                "The provider is to mail the fapiao, and the buyer has no mail address."
                " Enter one, or let the provider send nothing."
            ),
            "delivery.email",
            receipt.buyer.record,
        )
    phone = clean(receipt.data.get("phone") or receipt.buyer.mobile)
    if mode in ("1", "2") and not phone:
        found.add(
            "phone_missing",
            _(
                "The provider is to send the fapiao by text message, and the buyer has"
                " no mobile number. Enter one, or let the provider send nothing."
            ),
            "delivery.phone",
            receipt.buyer.record,
        )


def _check_survey(found: Findings) -> None:
    survey = clean(found.receipt.data.get("survey"))
    if survey and survey not in ("1", "2", "3"):
        found.add(
            "survey",
            _(
                "“%(survey)s” is no reason for a rate of 3 or 1 percent. Choose 1"
                " (before April 2022), 2 (a correction at the former rate) or 3"
                " (exemption waived)."
            ),
            "survey",
            found.receipt.record,
            survey=survey,
        )
