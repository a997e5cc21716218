"""Asking ETA what became of receipts (ETA SDK, /ereceiptapi/06-get-receipt-submission/
and its neighbours).

A submission's details tell everything; a receipt alone is only found once it is valid
or cancelled. So whatever is known or can be found of a receipt's submission is used,
and ``ABSENT`` is said only when neither way knows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from ..contract import AuthorityError, Document, Status
from .asking import (
    PAGE_SIZE,
    Question,
    moment_or_none,
    pages_of,
    reasons,
    rows_of,
    status_of,
    texts,
)
from .client import EtaClient
from .wire import parse_moment

RECENT = "/api/v1/receipts/recent"
_FEW = 5
"""Up to that many receipts are asked for one by one."""
_MOST_SCANNED = 10
"""So many pages of recent receipts are read: what is further back is asked for one by
one, or a question would always end before its first answer."""
_MARGIN = timedelta(minutes=10)
"""How far the authority's clock may be behind ours."""

_IDS = {"long_id": "longId"}


class Enquiry(Question):
    """One question about some receipts, bounded in time.

    :param serial: the device they were issued on
    """

    def __init__(
        self, client: EtaClient, serial: str, seconds: float, pause: float
    ) -> None:
        super().__init__(client, seconds, pause)
        self._serial = serial

    def _ask(self, documents: Sequence[Document]) -> None:
        self._by_submission(
            (d.authority_ids.get("submission", ""), d) for d in documents
        )
        open_ = self._still_open(documents)
        scanned = len(open_) > _FEW and self._by_recent(open_)
        for document in self._still_open(documents):
            self._singly(document, scanned)

    # -- by submission ----------------------------------------------------------------

    def _by_submission(self, pairs: Iterable[tuple[str, Document]]) -> None:
        groups: dict[str, list[Document]] = {}
        for submission, document in pairs:
            if submission:
                groups.setdefault(submission, []).append(document)
        for submission, documents in groups.items():
            self._details(submission, documents)

    def _details(self, submission: str, documents: Sequence[Document]) -> None:
        wanted = {document.uid.lower(): document for document in documents}
        keys = tuple(document.key for document in documents)
        page = 1
        while True:
            body = self._get(
                f"/api/v1/receiptsubmissions/{quote(submission, safe='')}/details",
                {"PageNo": str(page), "PageSize": str(PAGE_SIZE)},
                keys,
            )
            if body is None:
                return
            whole = status_of(body.get("status"))
            rows = rows_of(body, "receipts")
            for row in rows:
                document = wanted.get(str(row.get("uuid", "")).lower())
                if document is not None:
                    self._verdict(document, submission, row, whole)
            if whole in (Status.PENDING, Status.INVALID):
                self._rest_of(documents, submission, body, whole, bool(rows))
            if not self._still_open(documents) or page >= pages_of(
                body.get("metadata"), rows
            ):
                return
            page += 1

    def _verdict(
        self,
        document: Document,
        submission: str,
        row: Mapping[str, Any],
        whole: Status | None,
    ) -> None:
        status = status_of(row.get("status")) or whole
        if status is None or whole is Status.PENDING:
            status = Status.PENDING
        ids = {"submission": submission, **texts(row, _IDS)}
        self._set(document, status, ids, reasons(row.get("errors"), status))

    def _rest_of(
        self,
        documents: Sequence[Document],
        submission: str,
        body: Mapping[str, Any],
        whole: Status,
        has_rows: bool,
    ) -> None:
        """Settle what a submission says of receipts that it does not list: nothing
        yet while it is in progress, refused if it failed as a whole."""
        if whole is Status.INVALID and has_rows:
            return
        errors = reasons(body.get("submissionErrors"), whole)
        for document in self._still_open(documents):
            self._set(document, whole, {"submission": submission}, errors)

    # -- without a submission ---------------------------------------------------------

    def _by_recent(self, documents: Sequence[Document]) -> bool:
        """Look the receipts up in the list of recent ones, newest first, and ask for
        their submissions. Tells whether the list reached back far enough."""
        wanted = {document.uid.lower(): document for document in documents}
        earliest = min(d.sent_at or d.issued_at for d in documents) - _MARGIN
        found: list[tuple[str, Document]] = []
        complete = False
        for page in range(1, _MOST_SCANNED + 1):
            body = self._recent({"PageNo": str(page), "PageSize": str(PAGE_SIZE)})
            if body is None:
                break
            rows = rows_of(body, "receipts")
            for row in rows:
                document = wanted.pop(str(row.get("uuid", "")).lower(), None)
                if document is not None:
                    found.append((str(row.get("submissionUuid") or ""), document))
            complete = (
                page >= pages_of(body.get("metadata"), rows) or _oldest(rows) < earliest
            )
            if complete or not wanted:
                break
        self._by_submission(found)
        return complete

    def _recent(
        self, parameters: Mapping[str, str], keys: tuple[int, ...] = ()
    ) -> Mapping[str, Any] | None:
        """Return a page of the list of recent receipts, ``None`` if ETA does not let
        us have it: it is a help, and will be limited further."""
        newest_first = {"SortBy": "DateTimeReceived", "SortDir": "Desc"}
        device = {"PosSerialNumber": self._serial} if self._serial else {}
        try:
            return self._get(RECENT, {**device, **newest_first, **parameters}, keys)
        except AuthorityError:
            return None

    def _singly(self, document: Document, scanned: bool) -> None:
        keys = (document.key,)
        absent = Status.ABSENT
        try:
            body = self._get(f"/api/v1/receipts/{document.uid}/details", {}, keys)
        except AuthorityError:
            # says nothing of this receipt, and is no reason not to ask about others
            body, absent = None, Status.UNKNOWN
        if body is not None:
            inner = body.get("receipt")
            row = inner if isinstance(inner, Mapping) else body
            if str(row.get("uuid", "")).lower() == document.uid.lower():
                self._single_verdict(document, body, row)
                return
        if not scanned:
            listed = self._recent(
                {"Uuid": document.uid, "PageNo": "1", "PageSize": "1"}, keys
            )
            for row in rows_of(listed or {}, "receipts"):
                if str(row.get("uuid", "")).lower() == document.uid.lower():
                    self._by_submission(
                        [(str(row.get("submissionUuid") or ""), document)]
                    )
        if document.key not in self._outcomes:
            self._set(document, absent)

    def _single_verdict(
        self, document: Document, body: Mapping[str, Any], row: Mapping[str, Any]
    ) -> None:
        status = status_of(row.get("status")) or Status.PENDING
        ids = texts(row, _IDS)
        submission = body.get("submissionUUID") or body.get("submissionUuid")
        if isinstance(submission, str) and submission:
            ids["submission"] = submission
        self._set(document, status, ids, reasons(row.get("errors"), status))


def _oldest(rows: Iterable[Mapping[str, Any]]) -> datetime:
    times = [moment_or_none(row.get("dateTimeReceived")) for row in rows]
    known = [moment for moment in times if moment is not None]
    return min(known) if known else _LATEST


_LATEST = parse_moment("9999-12-31T00:00Z")
