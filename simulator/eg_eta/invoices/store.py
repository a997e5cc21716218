"""Documents that were taken, in memory, under the lock of the receipts' store.

As there, verdicts are reached lazily, in the order in which they are due; a
submission whose signatures are still being checked waits for them.
"""

import base64
import json
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from ..agenda import Agenda
from ..findings import Finding
from ..store import NEVER, Store, make_id
from .signatures import Verdict

SUBMITTED, VALID, INVALID = "Submitted", "Valid", "Invalid"
REJECTED, CANCELLED = "Rejected", "Cancelled"
STATUSES = (SUBMITTED, VALID, INVALID, REJECTED, CANCELLED)
# Time after which a verdict that had to wait for signatures is tried again.
_AGAIN = 0.02


def make_long_id() -> str:
    """The form of ETA's long ids."""
    return make_id() + base64.b32hexencode(secrets.token_bytes(10)).decode()


@dataclass(slots=True)
class Request:
    """A request to cancel or to reject, and what became of it."""

    made: datetime
    final: datetime  # when it takes effect unless it is declined
    reason: str
    declined: datetime | None = None


@dataclass(slots=True, eq=False)
class Document:
    """One document that was taken. ``raw`` is its text as it was sent.

    ``Submitted`` until the verdict, then ``Valid`` or ``Invalid``. A valid one
    becomes ``Cancelled`` or ``Rejected`` when a request takes effect.
    """

    uuid: str
    long_id: str
    hash_key: str
    raw: bytes
    submission: "DocumentSubmission"
    rin: str  # the issuer's
    internal_id: str
    kind: str  # upper case
    version: str
    issued: str
    receiver_type: str
    receiver_id: str
    receiver_name: str
    total: Decimal
    references: tuple[str, ...]
    received: datetime
    sequence: int = 0  # in which order documents were taken
    status: str = SUBMITTED
    findings: list[Finding] = field(default_factory=list)
    signed_by: list[str] = field(default_factory=list)
    decided: datetime | None = None
    late_request: str = ""  # number of the request that let it in late
    cancellation: Request | None = None
    rejection: Request | None = None
    reason: str = ""
    forced: Finding | None = None  # verdict ordered by a fault rule
    # the check of its signatures; None where there is nothing to check
    signatures: "Future[list[Verdict]] | None" = None

    @property
    def document(self) -> dict[str, Any]:
        """The parsed document."""
        return json.loads(self.raw, parse_float=Decimal, parse_int=Decimal)

    @property
    def final(self) -> bool:
        """Valid, or was valid until it was cancelled or rejected."""
        return self.status in (VALID, CANCELLED, REJECTED)


@dataclass(slots=True, eq=False)
class DocumentSubmission:
    """One accepted submission; times in ``due`` are monotonic seconds."""

    id: str
    rin: str
    channel: int
    submitter: str
    received: datetime
    due: float  # NEVER for one that is stuck
    documents: list[Document] = field(default_factory=list)
    error: Finding | None = None  # it failed as a whole

    @property
    def status(self) -> str:
        """ETA's ``overallStatus``."""
        states = {document.status for document in self.documents}
        if SUBMITTED in states:
            return "in progress"
        if states == {INVALID}:
            return "invalid"
        return "partially valid" if INVALID in states else "valid"


class DocumentStore:
    """Documents, submissions and their indexes. Callers hold the lock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        # decides one document: fills its findings and all that follows
        self.judge: Callable[[Document], None] = lambda document: None
        # called with each document after its verdict
        self.decided: Callable[[Document], None] = lambda document: None
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.documents: dict[str, Document] = {}
        self.order: list[Document] = []
        self.submissions: dict[str, DocumentSubmission] = {}
        # (issuer, type, internal id) -> documents
        self.numbers: dict[tuple[str, str, str], list[Document]] = {}
        # UUID -> notes that refer to it
        self.notes: dict[str, list[Document]] = {}
        self.rejections: list[dict[str, Any]] = []
        self.asked: list[Document] = []  # to be cancelled or rejected
        self._due: Agenda[DocumentSubmission] = Agenda()

    def touch(self) -> None:
        """Tell whoever keeps a copy that something changed."""
        self.store.changes += 1

    def add(self, submission: DocumentSubmission) -> None:
        """Take a submission with its documents."""
        self.touch()
        self.submissions[submission.id] = submission
        for document in submission.documents:
            document.sequence = len(self.order)
            self.documents[document.uuid] = document
            self.order.append(document)
            if document.cancellation or document.rejection:
                self.asked.append(document)
            self.numbers.setdefault(number_of(document), []).append(document)
            for reference in document.references:
                self.notes.setdefault(reference, []).append(document)
        if submission.status == "in progress" and submission.due != NEVER:
            self._due.add(submission.due, submission)

    def settle(self) -> None:
        """Reach the verdicts that are due and whose signatures were checked."""
        now = time.monotonic()
        for _due, submission in self._due.ripe(now):
            checks = [row.signatures for row in submission.documents]
            if all(check is None or check.done() for check in checks):
                self._decide(submission)
            else:
                self._due.add(now + _AGAIN, submission)

    def settle_all(self) -> None:
        """Reach every verdict that is pending, except stuck ones."""
        for _due, submission in self._due.ripe(NEVER):
            self._decide(submission)

    def _decide(self, submission: DocumentSubmission) -> None:
        self.touch()
        for document in submission.documents:
            ordered = submission.error or document.forced
            if ordered:
                document.findings = [ordered]
            else:
                self.judge(document)
            document.status = INVALID if document.findings else VALID
            self.decided(document)

    def standing(self, document: Document) -> Document | None:
        """An earlier document with the same number that stands: being
        validated, or valid.
        """
        for other in self.numbers.get(number_of(document), ()):
            if other is document:
                return None
            if other.status in (SUBMITTED, VALID):
                return other
        return None

    def newest(self) -> Iterator[Document]:
        """Documents, the latest taken first."""
        return reversed(self.order)


def number_of(document: Document) -> tuple[str, str, str]:
    """By what a document is known to be the same again."""
    return document.rin, document.kind, document.internal_id
