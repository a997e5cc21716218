"""``/_control/``: what tests and demonstrations order and ask. JSON.

==================================  ===========================================
``POST /_control/registry``         taxpayers, devices, erp_clients, item_codes,
                                    trusted_cas, signers, callbacks (a known
                                    serial: change it)
``POST /_control/late``             ``{"serial", "days"}``; 0 takes it back
``POST /_control/cancel``           ``{"uuid", "reason"}``: on the portal
``POST /_control/alter``            ``{"uuid", ...}``: show number, total, issued,
                                    buyer_id or serial of a receipt otherwise
``POST /_control/forget``           ``{"uuid"}``: lose a receipt
``POST /_control/tokens/revoke``    refuse all tokens given so far
``GET  /_control/tokens``           tokens given
``POST /_control/settle``           reach all pending verdicts now
``GET  /_control/receipts``         ``?serial=&status=&uuid=&raw=1``
``GET  /_control/submissions``
``GET  /_control/rejections``       receipts refused at once
==================================  ===========================================

With those of :mod:`simulator.control`, and those about documents:
:mod:`.invoices.control`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from ..clock import to_text
from ..control import ControlBase, needed, urls
from . import queries
from .errors import ApiError, json_response
from .invoices import control as invoices
from .registry import RegistryError
from .store import Receipt, Submission

if TYPE_CHECKING:
    from .app import EtaApp


class Control(ControlBase):
    """Answers control calls for one :class:`.app.EtaApp`."""

    NAME = "eg_eta"
    URLS = urls(
        ("/late", "late", "POST"),
        ("/cancel", "cancel", "POST"),
        ("/alter", "alter", "POST"),
        ("/forget", "forget", "POST"),
        ("/tokens", "tokens"),
        ("/tokens/revoke", "revoke", "POST"),
        ("/settle", "settle", "POST"),
        ("/receipts", "receipts"),
        ("/submissions", "submissions"),
        ("/rejections", "rejections"),
        *invoices.ROWS,
    )
    MISTAKES = (RegistryError,)

    def __init__(self, app: EtaApp) -> None:
        super().__init__(app)
        self.app = app
        self.documents = invoices.DocumentControl(app)

    def answer(self, request: Request) -> Response:
        """Answer a call; mistakes in it are 400 with a sentence."""
        try:
            return super().answer(request)
        except ApiError as error:
            return error.response()

    def call(
        self, endpoint: str, request: Request, body: object, values: Mapping[str, Any]
    ) -> object:
        """Carry an order out after verdicts that are due; tell clients of it."""
        own = getattr(self, f"_{endpoint}", None)
        method = own or getattr(self.documents, endpoint)
        if endpoint in invoices.UNLOCKED:
            return method(request, body)
        with self.app.lock:
            self.app.settle()
            answer = method(request, body, **values)
            self.app.callbacks.flush()
        return answer

    def shown(self, body: object, status: int = 200) -> Response:
        """An answer in JSON; decimals as they are."""
        return json_response(body, status)

    def counts(self) -> dict[str, Any]:
        """How much was taken."""
        store, books = self.app.store, self.app.invoices.books
        return {
            "receipts": len(store.order),
            "statuses": Counter(receipt.status for receipt in store.order),
            "submissions": len(store.submissions),
            "documents": len(books.order),
            "document_statuses": Counter(taken.status for taken in books.order),
        }

    def _registry(self, request: Request, body: dict) -> dict[str, Any]:
        shown = super()._registry(request, body)
        self.app.callbacks.start()
        return shown

    def registered(self) -> dict[str, Any]:
        """The registry without secrets."""
        dump = super().registered()
        for row in dump["devices"]:
            row["secrets"] = len(row["secrets"])
            row["presharedkey"] = row["presharedkey"] is not None
        for row in dump["erp_clients"]:
            del row["secret"]
        for row in dump["callbacks"]:
            del row["api_key"]
        return dump

    def _late(self, request: Request, body: dict) -> dict:
        self.app.registry.grant_late(needed(body, "serial"), needed(body, "days"))
        return dict(self.app.registry.late_grants)

    def _cancel(self, request: Request, body: dict) -> dict:
        uuid = needed(body, "uuid")
        reason = str(body.get("reason", ""))
        receipt = queries.cancel(self.app.store, uuid, reason)
        self.app.news.receipt(receipt)
        return _receipt(receipt)

    def _alter(self, request: Request, body: dict) -> dict:
        receipt = queries.known(self.app.store, needed(body, "uuid"))
        for name in ("number", "issued", "buyer_id", "serial"):
            if name in body:
                setattr(receipt, name, str(body[name]))
        if "total" in body:
            receipt.total = Decimal(str(body["total"]))
        self.app.store.changes += 1
        return _receipt(receipt)

    def _forget(self, request: Request, body: dict) -> dict:
        store = self.app.store
        receipt = queries.known(store, needed(body, "uuid"))
        del store.receipts[receipt.uuid]
        store.order.remove(receipt)
        receipt.submission.receipts.remove(receipt)
        store.changes += 1
        return {}

    def _tokens(self, request: Request, body: dict) -> list:
        return list(self.app.tokens.issued)

    def _revoke(self, request: Request, body: dict) -> dict:
        self.app.tokens.revoke_all()
        return {}

    def _settle(self, request: Request, body: dict) -> dict:
        self.app.store.settle_all()
        self.app.invoices.settle_all()
        return {}

    def _receipts(self, request: Request, body: dict) -> list:
        arguments = request.args
        raw = arguments.get("raw") == "1"
        rows = []
        for receipt in self.app.store.order:
            if arguments.get("uuid", receipt.uuid) != receipt.uuid:
                continue
            if arguments.get("serial", receipt.serial) != receipt.serial:
                continue
            if arguments.get("status", receipt.status) != receipt.status:
                continue
            rows.append(_receipt(receipt, raw))
        return rows

    def _submissions(self, request: Request, body: dict) -> list:
        return [_submission(row) for row in self.app.store.submissions.values()]

    def _rejections(self, request: Request, body: dict) -> list:
        return list(self.app.store.rejections)


def _receipt(receipt: Receipt, raw: bool = False) -> dict[str, Any]:
    row = {
        "uuid": receipt.uuid,
        "receiptNumber": receipt.number,
        "posSerial": receipt.serial,
        "receiptType": receipt.kind,
        "previousUUID": receipt.previous,
        "referenceOldUUID": receipt.old,
        "referenceUUID": receipt.reference,
        "dateTimeIssued": receipt.issued,
        "dateTimeReceived": to_text(receipt.received),
        "totalAmount": str(receipt.total),
        "currency": receipt.currency,
        "status": receipt.status,
        "errors": [finding.plain() for finding in receipt.findings],
        "warnings": [finding.plain() for finding in receipt.warnings],
        "submission": receipt.submission.id,
        "accepted": receipt.accepted,
        "longId": receipt.long_id,
    }
    if raw:
        row["raw"] = receipt.raw.decode()
    return row


def _submission(submission: Submission) -> dict[str, Any]:
    return {
        "id": submission.id,
        "posSerial": submission.serial,
        "channel": submission.channel,
        "status": submission.status,
        "dateTimeReceived": to_text(submission.received),
        "receipts": [receipt.uuid for receipt in submission.receipts],
        "invalid": submission.invalid_count,
    }
