"""``/_control/`` for the e-Invoice system.

=====================================  ========================================
``GET  /_control/documents``           ``?rin=&internalID=&status=&uuid=&raw=1``:
                                       everything taken; a document taken twice
                                       stands there twice
``GET  /_control/document_submissions``
``GET  /_control/document_rejections``  documents refused at once
``POST /_control/document_state``      ``{"uuid", "action", "reason"}``: as the
                                       party that may do it; ``action`` is
                                       ``cancel``, ``reject``,
                                       ``decline_cancelation`` or
                                       ``decline_rejection``
``POST /_control/received``            another taxpayer issues a document, see
                                       :mod:`.foreign`
``POST /_control/document_late``       ``{"rin", "days"}``: grant a late-submission
                                       request; its number
``GET  /_control/code_requests``
``POST /_control/code_requests/<id>``  ``{"status": "Approved" | "Rejected",
                                       "reason"}``
``GET  /_control/callbacks``           notifications, with each attempt
``POST /_control/callbacks/ping``      ``{"rin"}``: ping now; what was answered
``POST /_control/callbacks/send``      ``{"rin", "path", "body", "api_key"}``: any
                                       call, now; what was answered
=====================================  ========================================
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from ...clock import to_text
from ...control import needed
from ..callbacks import Notice
from ..errors import ApiError
from . import foreign
from .states import receiver_of
from .store import Document, DocumentSubmission
from .store import Request as StateRequest

if TYPE_CHECKING:
    from ..app import EtaApp

ROWS = (
    ("/documents", "documents", "GET"),
    ("/document_submissions", "document_submissions", "GET"),
    ("/document_rejections", "document_rejections", "GET"),
    ("/document_state", "document_state", "POST"),
    ("/received", "received", "POST"),
    ("/document_late", "document_late", "POST"),
    ("/code_requests", "code_requests", "GET"),
    ("/code_requests/<int:identity>", "code_request", "POST"),
    ("/callbacks", "callbacks", "GET"),
    ("/callbacks/ping", "ping", "POST"),
    ("/callbacks/send", "send", "POST"),
)
# Orders that call a client, which may call back before it answers.
UNLOCKED = ("ping", "send")


class DocumentControl:
    """Orders and questions about documents. Callers hold the lock, but not for
    those that are :data:`UNLOCKED`.
    """

    def __init__(self, app: EtaApp) -> None:
        self.app = app

    def documents(self, request: Request, body: dict) -> list[dict[str, Any]]:
        """Everything taken, in the order it was taken."""
        wanted = request.args
        return [
            _document(taken, wanted.get("raw") == "1")
            for taken in self.app.invoices.books.order
            if wanted.get("rin", taken.rin) == taken.rin
            and wanted.get("internalID", taken.internal_id) == taken.internal_id
            and wanted.get("status", taken.status) == taken.status
            and wanted.get("uuid", taken.uuid) == taken.uuid
        ]

    def document_submissions(self, request: Request, body: dict) -> list:
        """Everything accepted, per call."""
        submissions = self.app.invoices.books.submissions.values()
        return [_submission(submission) for submission in submissions]

    def document_rejections(self, request: Request, body: dict) -> list:
        """Documents refused at once."""
        return list(self.app.invoices.books.rejections)

    def document_state(self, request: Request, body: dict) -> dict[str, Any]:
        """Cancel, reject or decline, as the party that may.

        :raises ApiError: as the authority would
        """
        uuid, action = needed(body, "uuid"), needed(body, "action")
        taken = self.app.invoices.books.documents.get(uuid)
        if taken is None:
            raise ApiError(400, "BadRequest", f"There is no document {uuid!r}.")
        issuer, receiver = taken.rin, receiver_of(taken) or ""
        states, reason = self.app.invoices.states, body.get("reason", "Ordered")
        if action == "cancel":
            states.change(uuid, issuer, "cancelled", reason)
        elif action == "reject":
            states.change(uuid, receiver, "rejected", reason)
        elif action == "decline_cancelation":
            states.decline(uuid, receiver, "cancelation")
        elif action == "decline_rejection":
            states.decline(uuid, issuer, "rejection")
        else:
            raise ApiError(400, "BadRequest", f"There is no action {action!r}.")
        self.app.settle()
        return _document(taken)

    def received(self, request: Request, body: dict) -> dict[str, Any]:
        """Let another taxpayer issue a document.

        :raises ApiError: when the document has not the right structure
        """
        invoices = self.app.invoices
        taken = foreign.issue(body, invoices.books, self.app.clock)
        invoices.books.decided(taken)
        return _document(taken)

    def document_late(self, request: Request, body: dict) -> dict[str, str]:
        """Grant a late-submission request for documents."""
        rin, days = needed(body, "rin"), needed(body, "days")
        requests = self.app.registry.late_requests
        count = sum(row.rin == rin for row in requests)
        number = f"{rin}-{self.app.clock.now():%y}-{count + 1}"
        self.app.registry.add_late_request(rin=rin, number=number, days=days)
        return {"number": number}

    def code_requests(self, request: Request, body: dict) -> list[dict[str, Any]]:
        """Requests for item codes, with their states."""
        return [asdict(row) for row in self.app.registry.code_requests.values()]

    def code_request(
        self, request: Request, body: dict, identity: int
    ) -> dict[str, Any]:
        """Approve or reject a request.

        :raises ApiError: when there is none, or it was decided
        """
        row = self.app.registry.code_requests.get(identity)
        if row is None:
            raise ApiError(400, "BadRequest", f"There is no code request {identity}.")
        reason = str(body.get("reason", ""))
        self.app.invoices.codes.decide(row, needed(body, "status"), reason)
        return asdict(row)

    def callbacks(self, request: Request, body: dict) -> list[dict[str, Any]]:
        """Notifications in the order in which they were made."""
        return [_notice(notice) for notice in self.app.callbacks.notices]

    def ping(self, request: Request, body: dict) -> dict[str, Any]:
        """Ping a taxpayer's client.

        :raises ApiError: when it has registered no address
        """
        return self.app.callbacks.ping(self._called(body))

    def send(self, request: Request, body: dict) -> dict[str, Any]:
        """Call a taxpayer's client with any body.

        :raises ApiError: when it has registered no address
        """
        rin, path = self._called(body), needed(body, "path")
        content, key = needed(body, "body"), body.get("api_key")
        return self.app.callbacks.send(rin, path, content, key)

    def _called(self, body: dict) -> str:
        rin = needed(body, "rin")
        if rin not in self.app.registry.callbacks:
            raise ApiError(400, "BadRequest", f"{rin!r} has registered no address.")
        return rin


def _document(taken: Document, raw: bool = False) -> dict[str, Any]:
    row = {
        "uuid": taken.uuid,
        "longId": taken.long_id,
        "internalID": taken.internal_id,
        "issuer": taken.rin,
        "receiver": taken.receiver_id,
        "receiverName": taken.receiver_name,
        "documentType": taken.kind,
        "documentTypeVersion": taken.version,
        "references": list(taken.references),
        "dateTimeIssued": taken.issued,
        "dateTimeReceived": to_text(taken.received),
        "totalAmount": str(taken.total),
        "status": taken.status,
        "reason": taken.reason,
        "errors": [finding.plain() for finding in taken.findings],
        "signedBy": taken.signed_by,
        "submission": taken.submission.id,
        "lateSubmissionRequestNumber": taken.late_request,
        "cancellation": _request(taken.cancellation),
        "rejection": _request(taken.rejection),
    }
    if raw:
        row["raw"] = taken.raw.decode()
    return row


def _request(request: StateRequest | None) -> dict[str, Any] | None:
    if request is None:
        return None
    return {
        "made": to_text(request.made),
        "final": to_text(request.final),
        "declined": to_text(request.declined) if request.declined else None,
        "reason": request.reason,
    }


def _submission(submission: DocumentSubmission) -> dict[str, Any]:
    return {
        "id": submission.id,
        "rin": submission.rin,
        "status": submission.status,
        "dateTimeReceived": to_text(submission.received),
        "documents": [taken.uuid for taken in submission.documents],
        "internalIDs": [taken.internal_id for taken in submission.documents],
    }


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "deliveryId": notice.id,
        "rin": notice.rin,
        "path": notice.path,
        "type": notice.kind,
        "body": notice.body,
        "status": notice.status,
        "channel": notice.channel,
        "attempts": [
            {"time": to_text(row.time), "status": row.status, "details": row.details}
            for row in notice.attempts
        ],
    }
