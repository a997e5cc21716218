"""The receipt's header: number, time, type, currency, chain, payment, extras."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...findings import CLOCK_SLACK, whether
from ...messages import _
from ..amounts import decimal_of
from ..choices import delivery_mode, payment_method
from ..code_tables import codes
from ..jsontext import clean
from .currency import check_currency
from .findings import HEX64, Findings, check_text, is_amount
from .receipt_findings import ReceiptFindings
from .words import in_words


def check_document(found: ReceiptFindings) -> None:
    """Check the header, the payment method and the members that only some types
    have."""
    receipt = found.receipt
    if not clean(receipt.number):
        found.add(
            "number_missing",
            _("The receipt has no number. Give the document a number."),
            "header.receiptNumber",
            receipt.record,
        )
    check_text(
        found, receipt.number, "header.receiptNumber", 50, "document", receipt.record
    )
    _check_type(found)
    _check_time(found)
    check_currency(found)
    _check_chain(found)
    _check_payment(found)
    if found.type is not None:
        _check_extras(found)


def _check_type(found: ReceiptFindings) -> None:
    receipt = found.receipt
    if receipt.kind not in ("sale", "return"):
        found.add(
            "kind_unsupported",
            _(
                "The authority has receipts for sales and for returns; a %(kind)s note"
                " has no place among them. Issue a return receipt or an invoice."
            ),
            "documentType.receiptType",
            receipt.record,
            kind=receipt.kind,
        )
    elif found.type is None:
        found.add(
            "receipt_type_unknown",
            _(
                "“%(type)s” is no receipt type of the authority. Choose one of its"
                " types on the device."
            ),
            "documentType.receiptType",
            receipt.device.record,
            type=receipt.document_type,
        )
    elif found.type.is_return is not (receipt.kind == "return"):
        found.add(
            "receipt_type_is_return",
            _(
                "“%(type)s” is the type of a return, but this is a sale. Choose a"
                " sale's type on the device."
            ),
            "documentType.receiptType",
            receipt.device.record,
            type=found.type.code,
        )


def _check_time(found: ReceiptFindings) -> None:
    receipt = found.receipt
    path = "header.dateTimeIssued"
    moment = found.issued_at
    if moment is None or moment.year < 1000:
        found.add(
            "time_unusable",
            _("The time of issue is unknown or has no time zone. Issue it anew."),
            path,
            receipt.record,
        )
        found.issued_at = None
    elif moment > found.now + CLOCK_SLACK:
        found.add(
            "time_in_future",
            _(
                "The receipt's time of issue, %(time)s, lies in the future. Set"
                " the clock of this server right and issue it anew."
            ),
            path,
            receipt.record,
            time=moment,
        )
    elif not receipt.replaces_uid and _is_late(found):
        found.add(
            "window_closed",
            _(
                "The receipt was issued at %(time)s, and the authority takes"
                " receipts for %(hours)s hours only. Issue it anew, or ask for a late"
                " submission on the authority's portal."
            ),
            path,
            receipt.record,
            time=moment,
            hours=found.settings.submission_hours,
        )


def _is_late(found: ReceiptFindings) -> bool:
    assert found.issued_at is not None
    seconds = (found.now - found.issued_at).total_seconds()
    return seconds > float(found.settings.submission_hours) * 3600


def _check_chain(found: Findings) -> None:
    receipt = found.receipt
    for path, uid in (
        ("header.previousUUID", receipt.previous_uid),
        ("header.referenceOldUUID", receipt.replaces_uid),
    ):
        if uid and not HEX64.fullmatch(uid):
            found.add(
                "uuid_malformed",
                _(
                    "“%(uuid)s” is no UUID of a receipt: that has 64 digits, 0 to 9"
                    " and a to f. Mend it on the device or the document it comes from."
                ),
                path,
                receipt.record,
                uuid=uid,
            )


def _check_payment(found: ReceiptFindings) -> None:
    receipt = found.receipt
    method = payment_method(receipt, found.settings)
    record = receipt.payments[0].record if receipt.payments else receipt.record
    if not method:
        found.add(
            "payment_method_missing",
            _(
                "The receipt has no payment method of the authority. Set one for the"
                " payment or a default one for the device."
            ),
            "paymentMethod",
            record,
        )
    elif method not in codes("payment_method"):
        found.add(
            "payment_method_unknown",
            _(
                "“%(method)s” is no payment method of the authority. Choose one of its"
                " methods for the payment."
            ),
            "paymentMethod",
            record,
            method=method,
        )


def _check_extras(found: ReceiptFindings) -> None:
    receipt, kind = found.receipt, found.type
    assert kind is not None
    mode = delivery_mode(receipt, kind, found.settings)
    wanted = bool(mode) or kind.delivery_mode == "required"
    if wanted and mode not in codes("order_delivery_mode"):
        found.add(
            "delivery_mode_unknown",
            whether(
                mode,
                _(
                    "“%(mode)s” is no order delivery mode of the authority. Choose FC,"
                    " TO or TC on the document or the device."
                ),
                _(
                    "The receipt has no order delivery mode. Choose FC, TO or TC on the"
                    " document or the device."
                ),
            ),
            "header.orderdeliveryMode",
            receipt.record,
            mode=mode,
        )
    if kind.order_name:
        name = receipt.data.get("order_name_code") or ""
        check_text(
            found, name, "header.sOrderNameCode", 200, "document", receipt.record
        )
    if kind.weights:
        for key, member in (
            ("gross_weight", "header.grossWeight"),
            ("net_weight", "header.netWeight"),
        ):
            _check_amount(found, receipt.data.get(key), member)
    if kind.payers:
        for key in ("contractor", "beneficiary"):
            _check_payer(found, key)


def _check_payer(found: Findings, key: str) -> None:
    payer = found.receipt.data.get(key)
    if not isinstance(payer, Mapping):
        return
    check_text(
        found,
        payer.get("name") or "",
        f"{key}.name",
        100,
        "document",
        found.receipt.record,
    )
    for member in ("amount", "rate"):
        _check_amount(found, payer.get(member), f"{key}.{member}")


def _check_amount(found: Findings, value: Any, path: str) -> None:
    if value is None:
        return
    if not is_amount(decimal_of(value)):
        found.add(
            "number_unusable",
            _(
                "%(field)s is %(value)s; the authority takes a number of at least 0"
                " with at most 5 decimals. Correct it on the document."
            ),
            path,
            found.receipt.record,
            field=in_words(path),
            value=value,
        )
