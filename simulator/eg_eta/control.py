"""``/_control/``: what tests and demonstrations order and ask. JSON.

==================================  ===========================================
``GET  /_control/``                 settings, registry without secrets, counts
``POST /_control/reset``            back to the start
``GET|POST /_control/settings``     read; change some
``POST /_control/registry``         add taxpayers, devices, erp_clients,
                                    item_codes, trusted_cas, signers,
                                    callbacks (a known serial: change it)
``POST /_control/late``             ``{"serial", "days"}``; 0 takes it back
``POST /_control/cancel``           ``{"uuid", "reason"}``: on the portal
``GET|POST|DELETE /_control/faults``  rules: list, add, clear (or ``/<id>``)
``POST /_control/tokens/revoke``    refuse all tokens given so far
``GET  /_control/tokens``           tokens given
``POST /_control/settle``           reach all pending verdicts now
``GET  /_control/receipts``         ``?serial=&status=&uuid=&raw=1``
``GET  /_control/submissions``
``GET  /_control/rejections``       receipts refused at once
``GET  /_control/requests``         counts, most at once, ``?last=100`` calls
==================================  ===========================================

Those about documents: :mod:`.invoices.control`.
"""

from __future__ import annotations

import ipaddress
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from ..clock import to_text
from ..faults import FaultError
from . import queries
from .errors import ApiError, json_response
from .invoices import control as invoices
from .invoices.control import needed
from .registry import RegistryError
from .settings import SettingError
from .store import Receipt, Submission

if TYPE_CHECKING:
    from .app import EtaApp

_PREFIX = "/_control"


def _rule(path: str, endpoint: str, *methods: str) -> Rule:
    return Rule(_PREFIX + path, endpoint=endpoint, methods=methods or ["GET"])


_URLS = Map(
    [
        _rule("/", "overview"),
        _rule("/reset", "reset", "POST"),
        _rule("/settings", "settings", "GET", "POST"),
        _rule("/registry", "registry", "GET", "POST"),
        _rule("/late", "late", "POST"),
        _rule("/cancel", "cancel", "POST"),
        _rule("/faults", "faults", "GET", "POST", "DELETE"),
        _rule("/faults/<int:identity>", "fault", "DELETE"),
        _rule("/tokens", "tokens"),
        _rule("/tokens/revoke", "revoke", "POST"),
        _rule("/settle", "settle", "POST"),
        _rule("/receipts", "receipts"),
        _rule("/submissions", "submissions"),
        _rule("/rejections", "rejections"),
        _rule("/requests", "requests"),
        *(_rule(*row) for row in invoices.ROWS),
    ],
    strict_slashes=False,
)


class Control:
    """Answers control calls for one :class:`.app.EtaApp`."""

    def __init__(self, app: EtaApp) -> None:
        self.app = app
        self.documents = invoices.DocumentControl(app)

    def answer(self, request: Request) -> Response:
        """Answer a call; mistakes in it are 400 with a sentence."""
        if not ipaddress.ip_address(request.remote_addr or "127.0.0.1").is_loopback:
            return json_response({"error": "loopback only"}, 403)
        try:
            endpoint, values = _URLS.bind_to_environ(request.environ).match()
            body = _body(request)
            own = getattr(self, f"_{endpoint}", None)
            method = own or getattr(self.documents, endpoint)
            if endpoint in invoices.UNLOCKED:
                return json_response(method(request, body))
            with self.app.store.lock:
                self.app.settle()
                answer = method(request, body, **values)
                self.app.callbacks.flush()
            return json_response(answer)
        except (RegistryError, SettingError, FaultError) as error:
            return json_response({"error": str(error)}, 400)
        except ApiError as error:
            return error.response()
        except HTTPException as error:
            return json_response({"error": error.description}, error.code or 500)

    def _overview(self, request: Request, body: dict) -> dict:
        store, books = self.app.store, self.app.invoices.books
        return {
            "simulator": "eg_eta",
            "time": to_text(self.app.clock.now()),
            "receipts": len(store.order),
            "statuses": Counter(receipt.status for receipt in store.order),
            "submissions": len(store.submissions),
            "documents": len(books.order),
            "document_statuses": Counter(taken.status for taken in books.order),
            "settings": self.app.settings.as_dict(),
            "registry": self._registry(request, {}),
        }

    def _reset(self, request: Request, body: dict) -> dict:
        self.app.reset()
        return {}

    def _settings(self, request: Request, body: dict) -> dict:
        if request.method == "POST":
            self.app.change_settings(body)
        return self.app.settings.as_dict()

    def _registry(self, request: Request, body: dict) -> dict:
        if request.method == "POST":
            self.app.registry.load(body)
            self.app.callbacks.start()
        dump = self.app.registry.dump()
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

    def _faults(self, request: Request, body: Any) -> object:
        book = self.app.faults
        if request.method == "POST":
            return {"ids": book.add(body if isinstance(body, list) else [body])}
        if request.method == "DELETE":
            book.clear(seed=request.args.get("seed", 0, type=int))
        return book.rows()

    def _fault(self, request: Request, body: dict, identity: int) -> dict:
        self.app.faults.clear(identity)
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

    def _requests(self, request: Request, body: dict) -> dict:
        summary = self.app.traffic.summary()
        last = request.args.get("last", 100, type=int)
        return {**summary, "rows": self.app.traffic.rows(last)}


def _body(request: Request) -> object:
    data = request.get_data()
    if not data:
        return {}
    try:
        return json.loads(data)
    except ValueError as error:
        raise ApiError(400, "BadRequest", f"no JSON: {error}") from error


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
