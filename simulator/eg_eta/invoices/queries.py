"""Reading documents: submission, raw, details, recent, search."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from ...clock import Clock
from ..errors import ApiError
from ..paging import Query, bad_argument, inside
from ..profile import utc
from ..queries import not_found
from ..settings import Settings
from .shapes import DocumentShapes
from .store import Document, DocumentStore

_FILTERS: dict[str, Callable[[Document], str]] = {
    "status": lambda document: document.status,
    "documenttype": lambda document: document.kind,
    "receivertype": lambda document: document.receiver_type,
    "receiverid": lambda document: document.receiver_id,
    "issuertype": lambda document: "B",
    "issuerid": lambda document: document.rin,
}
_COMMON = (
    "submissionDateFrom",
    "submissionDateTo",
    "issueDateFrom",
    "issueDateTo",
    "direction",
    "status",
    "documentType",
    "receiverType",
    "receiverId",
    "issuerType",
    "issuerId",
    "pageSize",
)
_RECENT = (*_COMMON, "pageNo")
_SEARCH = (*_COMMON, "continuationToken")
_DIRECTIONS = ("any", "Sent", "Received")
_END = "EndofResultSet"


class DocumentQueries:
    """Answers reading calls. Callers hold the store's lock.

    Every method raises :class:`ApiError` for what is not there or not asked
    in the right way.
    """

    def __init__(self, books: DocumentStore, settings: Settings, clock: Clock) -> None:
        self.books = books
        self.settings = settings
        self.clock = clock

    def submission(
        self,
        identity: str,
        arguments: Mapping[str, str],
        rin: str,
        shapes: DocumentShapes,
    ) -> dict[str, Any]:
        """A submission with a page of its documents, for who submitted it."""
        query = self._query(arguments, ("pageNo", "pageSize"))
        submission = self.books.submissions.get(identity)
        if submission is None or submission.rin != rin:
            raise not_found("submission", identity)
        page, metadata = query.paged(submission.documents)
        answer = shapes.submission(submission)
        answer["documentSummary"] = [shapes.summary(row) for row in page]
        answer["documentSummaryMetadata"] = _metadata(metadata)
        return answer

    def document(self, uuid: str, rin: str) -> Document:
        """A document of the caller: issued, or received and not invalid."""
        document = self.books.documents.get(uuid)
        if document is None or not (document.rin == rin or _received(document, rin)):
            raise not_found("document", uuid)
        return document

    def printable(self, uuid: str, rin: str) -> Document:
        """As :meth:`document`, of one that was valid."""
        document = self.document(uuid, rin)
        if not document.final:
            raise not_found("document", uuid)
        return document

    def shared(self, uuid: str, long_id: str) -> Document:
        """The document behind a public link."""
        document = self.books.documents.get(uuid)
        if document is None or not document.final or document.long_id != long_id:
            raise not_found("document", uuid)
        return document

    def recent(
        self, arguments: Mapping[str, str], rin: str, shapes: DocumentShapes
    ) -> dict[str, Any]:
        """Documents of the last days, the latest received first."""
        query = self._query(arguments, _RECENT)
        since = self.clock.now() - timedelta(days=self.settings.recent_days)
        rows = [row for row in self._rows(query, rin) if row.received >= since]
        page, metadata = query.paged(rows)
        return {
            "result": [shapes.summary(row) for row in page],
            "metadata": _metadata(metadata),
        }

    def search(
        self, arguments: Mapping[str, str], rin: str, shapes: DocumentShapes
    ) -> dict[str, Any]:
        """Documents of a period by pages that follow each other."""
        query = self._query(arguments, _SEARCH)
        longest = timedelta(days=self.settings.document_search_days)
        now = self.clock.now()
        periods = [
            query.period(name, longest, now) for name in ("submissiondate", "issuedate")
        ]
        if not any(periods):
            message = "submissionDateFrom or issueDateFrom is needed."
            raise bad_argument("submissionDateFrom", message)
        token = _Token.of(query, rin)
        rows = self._rows(query, rin)
        rows = [row for row in rows if token.follows(self.books, row)]
        page = rows[: query.size]
        following = token.after(page[-1]) if len(rows) > len(page) else _END
        return {
            "result": [shapes.summary(row) for row in page],
            "metadata": {"continuationToken": following},
        }

    def _query(
        self, arguments: Mapping[str, str], known: Iterable[str]
    ) -> "Query[Document]":
        return Query(arguments, known, self.settings, _FILTERS)

    def _rows(self, query: "Query[Document]", rin: str) -> list[Document]:
        direction = query.choice("direction", _DIRECTIONS)
        longest = timedelta(days=36500)
        now = self.clock.now()
        taken = query.period("submissiondate", longest, now)
        issued = query.period("issuedate", longest, now)
        rows = []
        for row in self.books.newest():
            sent, received = row.rin == rin, _received(row, rin)
            if not (sent or received) or (direction == "sent" and not sent):
                continue
            if direction == "received" and not received:
                continue
            if (taken and not inside(row.received, taken)) or not query.matches(row):
                continue
            if issued and not inside(utc(row.issued), issued):
                continue
            rows.append(row)
        return rows


class _Token:
    """Where the next page begins. It knows its question, and refuses another."""

    def __init__(self, digest: str, last: str = "") -> None:
        self.digest = digest
        self.last = last

    @classmethod
    def of(cls, query: "Query[Document]", rin: str) -> "_Token":
        """The token of a call, or a new one.

        :raises ApiError: when the filters changed while paging
        """
        values = {**query.values, "": rin}
        text = values.pop("continuationtoken", None)
        question = json.dumps(values, sort_keys=True)
        digest = hashlib.sha256(question.encode()).hexdigest()[:16]
        if text is None:
            return cls(digest)
        try:
            given, _colon, last = base64.b64decode(text, validate=True).partition(b":")
        except (binascii.Error, ValueError):
            raise _bad_token("it is none of ours") from None
        if given.decode(errors="replace") != digest:
            raise _bad_token("the filters changed while paging")
        return cls(digest, last.decode(errors="replace"))

    def follows(self, books: DocumentStore, row: Document) -> bool:
        """Whether a document comes after the page before."""
        last = books.documents.get(self.last)
        return last is None or row.sequence < last.sequence

    def after(self, row: Document) -> str:
        """The token of the page that follows ``row``."""
        return base64.b64encode(f"{self.digest}:{row.uuid}".encode()).decode()


def _bad_token(why: str) -> ApiError:
    return bad_argument("continuationToken", f"The continuationToken: {why}.")


def _received(document: Document, rin: str) -> bool:
    """Whether a taxpayer sees it as receiver: when it is, or was, valid."""
    is_receiver = document.receiver_type == "B" and document.receiver_id == rin
    return is_receiver and document.final


def _metadata(metadata: dict[str, int]) -> dict[str, Any]:
    return {
        "totalPages": metadata["totalPages"],
        "totalCount": metadata["totalCount"],
    }
