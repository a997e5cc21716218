"""Asking ETA what became of invoices (ETA SDK, /einvoicingapi/09-get-submission and its
neighbours).

Whose UUID is known is asked about by its submission, which answers for many at once,
or by itself, which tells everything. The answer to a submission may have been lost:
then nothing but our own number is known, and the document is looked for in the list of
those issued at its time. ``ABSENT`` is said only after that list was read to its end.

A document that ETA did not know was sent again and has another UUID since. Should ETA
refuse that one, the first may have been there all the time: it is asked about before
the refusal is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from ...contract import AuthorityError, Document, Status
from ..asking import (
    PAGE_SIZE,
    Question,
    TimeIsOver,
    moment_or_none,
    pages_of,
    rows_of,
    status_of,
)
from ..client import EtaClient
from ..jsontext import clean
from . import lists
from .identity import Identity, identity_of
from .verdicts import Verdict, verdict_of

_DETAILS = "/api/v1.0/documents/{}/details"
_MARGIN = timedelta(minutes=1)
"""What is looked for before and after the times of issue."""
_TOGETHER = timedelta(days=1)
"""Documents issued in so much time are looked for in one list."""


class InvoiceEnquiry(Question):
    """One question about some invoices, bounded in time.

    :param seller_id: the taxpayer who issued them
    :param search_pause: seconds between two searches
    :param ask_windows: ask for each valid document until when it may be cancelled
    """

    def __init__(
        self,
        client: EtaClient,
        seller_id: str,
        seconds: float,
        pause: float,
        search_pause: float,
        ask_windows: bool,
    ) -> None:
        super().__init__(client, seconds, pause)
        self._seller_id = seller_id
        self._search_pause = search_pause
        self._ask_windows = ask_windows

    def _ask(self, documents: Sequence[Document]) -> None:
        groups: dict[str, list[Document]] = {}
        for document in documents:
            submission = document.authority_ids.get("submission", "")
            if submission:
                groups.setdefault(submission, []).append(document)
        unclear: list[Document] = []
        for submission, members in groups.items():
            if len(members) > 1 or not members[0].uid:
                unclear += self._by_submission(submission, members)
        for document in self._still_open(documents):
            if document.uid:
                self._by_uid(document)
        self._look_for([d for d in self._still_open(documents) if not d.uid])
        self._complete(unclear)
        for document in documents:
            if document.former_uids:
                self._by_former(document)

    def _settle(self, document: Document, verdict: Verdict) -> None:
        self._set(
            document,
            verdict.status,
            verdict.ids,
            verdict.errors,
            uid=verdict.uid,
            windows=verdict.windows,
        )

    # -- by what is known of them -----------------------------------------------------

    def _by_submission(
        self, submission: str, documents: Sequence[Document]
    ) -> list[Document]:
        """Settle what a submission tells, and return the documents of which their
        details would tell more."""
        unclear = []
        by_uid = {document.uid: document for document in documents if document.uid}
        by_number = {clean(d.number): d for d in documents if not d.uid}
        keys = tuple(document.key for document in documents)
        page = 1
        while True:
            path = f"/api/v1.0/documentsubmissions/{quote(submission, safe='')}"
            parameters = {"pageNo": str(page), "pageSize": str(PAGE_SIZE)}
            body = self._get(path, parameters, keys)
            if body is None:
                return unclear
            whole = status_of(body.get("overallStatus"))
            rows = rows_of(body, "documentSummary")
            for row in rows:
                document = _of(row, by_uid, by_number)
                verdict = verdict_of(row, whole)
                if document is None or verdict is None:
                    continue
                self._settle(document, verdict)
                if not verdict.complete:
                    unclear.append(document)
            metadata = body.get("documentSummaryMetadata") or body.get("metadata")
            if not self._still_open(documents) or page >= pages_of(metadata, rows):
                break
            page += 1
        if whole is Status.PENDING:
            for document in self._still_open(documents):
                self._set(document, whole, {"submission": submission})
        return unclear

    def _by_uid(self, document: Document) -> None:
        absent = Status.ABSENT
        try:
            verdict = self._details(document.uid, document.key)
        except AuthorityError:
            # says nothing of this document, and is no reason not to ask about others
            verdict, absent = None, Status.UNKNOWN
        submission = document.authority_ids.get("submission", "")
        if verdict is not None:
            self._settle(document, verdict)
        elif submission:
            self._by_submission(submission, [document])
        if self._still_open([document]):
            self._set(document, absent)

    def _details(self, uid: str, key: int) -> Verdict | None:
        body = self._get(_DETAILS.format(quote(uid, safe="")), {}, (key,))
        if body is None or str(body.get("uuid", uid)) != uid:
            return None
        return verdict_of({**body, "uuid": uid})

    def _by_former(self, document: Document) -> None:
        """Take a document that does not stand for the one of its earlier UUIDs that
        does. Where that cannot be asked, nothing is known of it."""
        if self._outcomes[document.key].status not in (Status.INVALID, Status.ABSENT):
            return
        try:
            for uid in document.former_uids:
                verdict = self._details(uid, document.key)
                if verdict is not None and verdict.status in _RANKS:
                    self._settle(document, verdict)
                    return
        except (TimeIsOver, AuthorityError):
            self._set(document, Status.UNKNOWN)

    def _complete(self, documents: Iterable[Document]) -> None:
        """Ask for details: first why documents are invalid, then until when the valid
        ones may be cancelled. What there is no time for is known all the same."""
        ordered = sorted(
            documents, key=lambda d: self._outcomes[d.key].status is Status.VALID
        )
        for document in ordered:
            outcome = self._outcomes[document.key]
            if outcome.status is Status.VALID and not self._ask_windows:
                return
            try:
                verdict = self._details(outcome.uid, document.key)
            except TimeIsOver:
                return
            except AuthorityError:
                continue
            if verdict is not None:
                self._settle(document, verdict)

    # -- by number and time -----------------------------------------------------------

    def _look_for(self, documents: Sequence[Document]) -> None:
        """Look documents up whose answer was lost."""
        for group in _by_time(documents):
            try:
                self._look_for_group(group)
            except (lists.NoList, AuthorityError):
                for document in self._still_open(group):
                    self._set(document, Status.UNKNOWN)

    def _look_for_group(self, group: Sequence[Document]) -> None:
        wanted = {document.key: identity_of(document) for document in group}
        filters = lists.issued_in(
            min(d.issued_at for d in group) - _MARGIN,
            max(d.issued_at for d in group) + _MARGIN,
        )
        found: dict[int, list[Mapping[str, Any]]] = {}
        rows, searched = self._rows(filters, tuple(wanted))
        for row in rows:
            for document in group:
                if self._may_be(row, document, wanted[document.key]):
                    found.setdefault(document.key, []).append(row)
        since = self._client.http.now() - lists.RECENT_REACH
        for document in group:
            # what was issued before the list begins may be there all the same
            absent = searched or document.issued_at > since
            rows = found.get(document.key, [])
            self._choose(document, rows, wanted[document.key], absent)

    def _rows(
        self, filters: Mapping[str, str], keys: tuple[int, ...]
    ) -> tuple[list[Mapping[str, Any]], bool]:
        """Return everything that was issued in a period, and whether that is from the
        search: where ETA does not let us search, it is from the list of recent
        documents."""

        def get(path: str, parameters: Mapping[str, str]) -> Mapping[str, Any] | None:
            return self._get(path, parameters, keys, self._search_pause)

        try:
            return list(lists.searched(get, filters)), True
        except (lists.NoList, AuthorityError):
            return list(lists.recent(get, filters)), False

    def _may_be(
        self, row: Mapping[str, Any], document: Document, wanted: Identity
    ) -> bool:
        """Tell whether a row may be a document: another one with the same number was
        issued at another time."""
        issuer = row.get("issuerId")
        return (
            clean(str(row.get("internalId") or "")) == wanted.number
            and (not issuer or not self._seller_id or str(issuer) == self._seller_id)
            and moment_or_none(row.get("dateTimeIssued")) == document.issued_at
        )

    def _choose(
        self,
        document: Document,
        rows: Sequence[Mapping[str, Any]],
        wanted: Identity,
        absent: bool,
    ) -> None:
        """Settle a document by the rows that may be it: by the one that stands, where
        it was sent twice. Each is compared with what was sent, where ETA shows that.

        :param absent: without a row it is not there
        """
        doubtful = not absent
        best: Verdict | None = None
        for row in rows:
            verdict = verdict_of(row)
            if verdict is None or not verdict.uid:
                continue
            same = self._is_same(verdict.uid, document.key, wanted)
            if same is None:
                same = wanted.fits_row(row)
                doubtful = doubtful or not same
            if same and (best is None or _rank(verdict) < _rank(best)):
                best = verdict
        if best is None:
            self._set(document, Status.UNKNOWN if doubtful else Status.ABSENT)
            return
        self._settle(document, best)
        if not best.complete:
            self._complete([document])

    def _is_same(self, uid: str, key: int, wanted: Identity) -> bool | None:
        """Tell whether ETA's copy of a document is ours, ``None`` if it shows none."""
        path = f"/api/v1.0/documents/{quote(uid, safe='')}/raw"
        try:
            body = self._get(path, {}, (key,))
        except AuthorityError:
            return None
        return None if body is None else wanted.fits_raw(body.get("document"))


_RANKS = (
    Status.VALID,
    Status.CANCELLING,
    Status.PENDING,
    Status.REJECTED,
    Status.CANCELLED,
)


def _rank(verdict: Verdict) -> int:
    """Return how much a document stands, the most first."""
    status = verdict.status
    return _RANKS.index(status) if status in _RANKS else len(_RANKS)


def _of(
    row: Mapping[str, Any],
    by_uid: Mapping[str, Document],
    by_number: Mapping[str, Document],
) -> Document | None:
    document = by_uid.get(str(row.get("uuid") or ""))
    if document is None:
        document = by_number.get(clean(str(row.get("internalId") or "")))
    return document


def _by_time(documents: Sequence[Document]) -> list[list[Document]]:
    """Return documents in groups that were issued within a day."""
    groups: list[list[Document]] = []
    for document in sorted(documents, key=lambda d: d.issued_at):
        if groups and document.issued_at - groups[-1][0].issued_at <= _TOGETHER:
            groups[-1].append(document)
        else:
            groups.append([document])
    return groups
