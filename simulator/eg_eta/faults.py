"""Misbehaviour of ETA's own kind, on top of :mod:`simulator.faults`.

==================  ===========================================================
``lost``            202, but the submission never becomes visible (the same
                    body is still a duplicate for ten minutes)
``stuck``           in progress for ever
``late_verdict``    the verdict takes ``seconds``
``reject_all``      every receipt of the call into ``rejectedDocuments``
``reject``          single receipts into ``rejectedDocuments``
``invalid``         single receipts get the verdict Invalid
``submission_error`` the submission as a whole becomes Invalid, without receipts
==================  ===========================================================

The same for documents, on the endpoint ``document_submit``.

``code``, ``message`` and ``path`` say what is reported. ``match`` picks single
receipts: ``{"receiptNumber": "^S-00", "uuid": ..., "previousUUID": ...,
"receiptType": ..., "itemCode": ..., "total": ...}``, each a regular expression;
single documents by ``internalID``, ``documentType``, ``receiverId``,
``receiverName``, ``itemCode``, ``total``. ``times`` and ``after`` then count
receipts or documents.
"""

from collections.abc import Callable
from typing import Any

from ..faults import Call, FaultBook, Rule
from .findings import SIMPLE, Finding
from .receiving import Order
from .tokens import Caller

WHOLE = ("lost", "stuck", "late_verdict", "reject_all", "submission_error")
SINGLE = ("reject", "invalid")
KINDS = WHOLE + SINGLE
_UNNAMED = "InternalServerError"


def order(book: FaultBook, caller: Caller) -> Order:
    """What the rules make of this submission of receipts."""
    call = Call("submit", caller.serial, caller.client_id)
    return _order(book, call, _receipt)


def document_order(book: FaultBook, caller: Caller) -> Order:
    """What the rules make of this submission of documents."""
    call = Call("document_submit", caller.serial, caller.client_id)
    return _order(book, call, _document)


def _order(
    book: FaultBook, call: Call, values: Callable[[dict], dict[str, Any]]
) -> Order:
    struck = {rule.kind: rule for rule in book.strike(call, WHOLE)}
    made = Order(lost="lost" in struck, stuck="stuck" in struck)
    if "late_verdict" in struck:
        made.delay = struck["late_verdict"].seconds
    if "submission_error" in struck:
        made.error = _finding(struck["submission_error"])
    whole = struck.get("reject_all")

    def single(kind: str, document: dict) -> Rule | None:
        return book.strike_document(call, kind, values(document))

    def reject(document: dict) -> tuple[str, str] | None:
        rule = whole or single("reject", document)
        return (_code(rule), rule.message) if rule else None

    def invalidate(document: dict) -> Finding | None:
        rule = single("invalid", document)
        return _finding(rule) if rule else None

    made.reject, made.invalidate = reject, invalidate
    return made


def _receipt(document: dict) -> dict[str, Any]:
    header = document["header"]
    return {
        "receiptNumber": header["receiptNumber"],
        "uuid": header["uuid"],
        "previousUUID": header["previousUUID"],
        "receiptType": document["documentType"]["receiptType"],
        "itemCode": " ".join(line["itemCode"] for line in document["itemData"]),
        "total": document["totalAmount"],
    }


def _document(document: dict) -> dict[str, Any]:
    receiver = document["receiver"]
    return {
        "internalID": document["internalID"],
        "documentType": document["documentType"],
        "receiverId": receiver.get("id", ""),
        "receiverName": receiver.get("name", ""),
        "itemCode": " ".join(line["itemCode"] for line in document["invoiceLines"]),
        "total": document["totalAmount"],
    }


def _finding(rule: Rule) -> Finding:
    return Finding(SIMPLE, _code(rule), rule.path, rule.message)


def _code(rule: Rule) -> str:
    return "SIM-ORDERED" if rule.code == _UNNAMED else rule.code
