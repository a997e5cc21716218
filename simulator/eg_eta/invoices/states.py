"""Cancelling, rejecting, and declining that.

The issuer asks to cancel, the receiver to reject, each inside the window of
the document's type. The other side may decline once, until the request takes
effect (setting ``finality``). Until then the document is valid.
"""

from collections.abc import Callable
from datetime import timedelta

from ...clock import Clock
from ..errors import ApiError
from ..queries import not_found
from ..settings import Settings
from .shapes import until
from .store import CANCELLED, REJECTED, VALID, Document, DocumentStore, Request

_REASON = 500


class States:
    """Changes states. Callers hold the lock.

    Every method raises :class:`ApiError` when the change is not to be made.
    """

    def __init__(self, books: DocumentStore, settings: Settings, clock: Clock) -> None:
        self.books = books
        self.settings = settings
        self.clock = clock
        # called with a document and whether its issuer asked
        self.asked: Callable[[Document, bool], None] = lambda document, issuer: None

    def settle(self) -> list[Document]:
        """Let requests take effect whose time has come; the documents changed."""
        now = self.clock.now()
        changed = []
        for document in self.books.asked:
            if document.status != VALID:
                continue
            for request, status in (
                (document.cancellation, CANCELLED),
                (document.rejection, REJECTED),
            ):
                if request and not request.declined and request.final <= now:
                    document.status, document.reason = status, request.reason
                    changed.append(document)
                    self.books.touch()
                    break
        return changed

    def change(self, uuid: str, rin: str, status: object, reason: object) -> Document:
        """What ``PUT .../state`` asks: ``cancelled`` or ``rejected``."""
        if status not in ("cancelled", "rejected"):
            raise ApiError(400, "BadArgument", "status: cancelled or rejected.")
        if type(reason) is not str or not reason.strip() or len(reason) > _REASON:
            message = f"reason: a text of 1 to {_REASON} characters."
            raise ApiError(400, "BadArgument", message)
        document = self._document(uuid)
        cancels = status == "cancelled"
        if rin != (document.rin if cancels else receiver_of(document)):
            side = "issuer" if cancels else "receiver"
            raise ApiError(403, "Forbidden", f"Only the {side} can do that.")
        name = "cancel_hours" if cancels else "reject_hours"
        asked = document.cancellation, document.rejection
        open_requests = [row for row in asked if row and not row.declined]
        own = asked[0] if cancels else asked[1]
        late = self.clock.now() > until(document, self.settings, name)
        if document.status != VALID or open_requests or own or late:
            raise _invalid_status()
        self._ask(document, cancels, reason)
        return document

    def decline(self, uuid: str, rin: str, what: str) -> Document:
        """What ``PUT .../decline/...`` asks: ``cancelation`` or ``rejection``."""
        document = self._document(uuid)
        cancels = what == "cancelation"
        request = document.cancellation if cancels else document.rejection
        if rin != (receiver_of(document) if cancels else document.rin):
            side = "receiver" if cancels else "issuer"
            raise ApiError(403, "Forbidden", f"Only the {side} can do that.")
        if document.status != VALID or request is None or request.declined:
            raise _invalid_status()
        request.declined = self.clock.now()
        document.reason = ""
        self.books.touch()
        return document

    def _ask(self, document: Document, cancels: bool, reason: str) -> None:
        now = self.clock.now()
        hours = 0.0
        if self.settings.finality == "delayed":
            hours = self.settings.window(document.kind, "finality_hours")
        request = Request(now, now + timedelta(hours=hours), reason)
        document.reason = reason
        self.books.asked.append(document)
        if cancels:
            document.cancellation = request
        else:
            document.rejection = request
        self.asked(document, cancels)
        self.books.touch()

    def _document(self, uuid: str) -> Document:
        document = self.books.documents.get(uuid)
        if document is None:
            raise not_found("document", uuid)
        return document


def receiver_of(document: Document) -> str | None:
    """The taxpayer who may reject; persons and foreigners have no access."""
    return document.receiver_id if document.receiver_type == "B" else None


def _invalid_status() -> ApiError:
    message = "Provided Status is invalid, based on the current document status."
    return ApiError(
        400,
        "ValidationError",
        "Validation Error",
        target="Update Document Status",
        details=[
            {
                "code": "ValidationError",
                "message": message,
                "target": "Document.UUID",
                "propertyPath": None,
            }
        ],
    )
