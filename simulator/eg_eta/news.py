"""What taxpayers are told of: verdicts, requests, states, packages."""

from typing import Any

from .callbacks import DOCUMENTS, PACKAGES, RECEIPTS, Callbacks
from .invoices.packages import Package
from .invoices.states import receiver_of
from .invoices.store import CANCELLED, VALID, Document
from .store import Receipt


class News:
    """Turns what happens into messages."""

    def __init__(self, callbacks: Callbacks) -> None:
        self.callbacks = callbacks

    def receipt(self, receipt: Receipt) -> None:
        """A receipt has its verdict, or was cancelled on the portal."""
        kind = "cancelled" if receipt.status == CANCELLED else "validated"
        message = {
            "type": f"receipt-{kind}",
            "uuid": receipt.uuid,
            "submissionUUID": receipt.submission.id,
            "longId": receipt.long_id,
            "receiptNumber": receipt.number,
            "status": receipt.status,
        }
        self.callbacks.tell(receipt.rin, RECEIPTS, message)

    def decided(self, taken: Document) -> None:
        """A document has its verdict: the issuer hears it, and when it is valid
        the receiver hears of the document.
        """
        self._tell(taken.rin, taken, "document-validated")
        receiver = receiver_of(taken)
        if receiver and taken.status == VALID:
            self._tell(receiver, taken, "document-received")

    def asked(self, taken: Document, by_issuer: bool) -> None:
        """One side asked to cancel or to reject; the other hears it."""
        if by_issuer:
            self._tell(receiver_of(taken) or "", taken, "document-cancelled")
        else:
            self._tell(taken.rin, taken, "document-rejected")

    def final(self, taken: Document) -> None:
        """A request took effect; both sides hear it."""
        cancelled = taken.status == CANCELLED
        kind = "document-cancelled" if cancelled else "document-rejected"
        for rin in (taken.rin, receiver_of(taken) or ""):
            self._tell(rin, taken, kind)

    def package(self, package: Package) -> None:
        """A package can be downloaded."""
        message = {"type": "document-package-ready", "packageId": package.id}
        self.callbacks.tell(package.rin, PACKAGES, message)

    def _tell(self, rin: str, taken: Document, kind: str) -> None:
        message: dict[str, Any] = {
            "type": kind,
            "uuid": taken.uuid,
            "submissionUUID": taken.submission.id,
            "longId": taken.long_id,
            "internalId": taken.internal_id,
            "status": taken.status,
        }
        self.callbacks.tell(rin, DOCUMENTS, message)
