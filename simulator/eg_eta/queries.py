"""Reading: submission details, receipts, search, recent, the shared view."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..clock import Clock
from .errors import ApiError
from .paging import Query, bad_argument, inside
from .profile import utc
from .settings import Settings
from .shapes import Shapes
from .store import CANCELLED, IN_PROGRESS, VALID, Receipt, Store

_PAGING = ("SortBy", "SortDir", "PageNo", "PageSize")
_DETAILS = (
    "DocumentId",
    "ReceiptNumber",
    "DocumentTypeCode",
    "DocumentTypeName",
    "DocumentTypeVersionNumber",
    "ReceiverId",
    "ReceiverName",
    "Status",
    *_PAGING,
)
_RECENT = (
    "Uuid",
    "SubmissionUuid",
    "ReceiptNumber",
    "DocumentTypeCode",
    "DocumentTypeVersion",
    "ReceiverName",
    "ReceiverRegisterationNumber",
    "PosSerialNumber",
    "DeviceSerialNumber",
    "PaymentMethod",
    "SubmissionChannel",
    "Status",
    "Direction",
    *_PAGING,
)
_SEARCH = (
    "FreeText",
    "Direction",
    "DateTimeIssuedFrom",
    "DateTimeIssuedTo",
    "DateTimeReceivedFrom",
    "DateTimeReceivedTo",
    "DocumentTypeCode",
    "DocumentTypeVersion",
    "ReceiverName",
    "ReceiverRegisterationNumber",
    "PosSerialNumber",
    "SubmissionChannel",
    "Status",
    *_PAGING,
)
_FREE_TEXT = 5


class Queries:
    """Answers reading calls. Callers hold the store's lock.

    Every method raises :class:`ApiError` for what is not there or not asked
    in the right way.
    """

    def __init__(
        self, store: Store, shapes: Shapes, settings: Settings, clock: Clock
    ) -> None:
        self.store = store
        self.shapes = shapes
        self.settings = settings
        self.clock = clock

    def details(
        self, submission_id: str, arguments: Mapping[str, str], rin: str
    ) -> dict[str, Any]:
        """The verdict on a submission; no receipts while it is in progress."""
        query = Query(arguments, _DETAILS, self.settings)
        submission = self.store.submissions.get(submission_id)
        if submission is None or submission.rin != rin:
            raise not_found("submission", submission_id)
        answer = self.shapes.submission(submission)
        if submission.status == IN_PROGRESS or submission.error:
            return answer
        rows = [row for row in submission.receipts if query.matches(row)]
        page, metadata = query.paged(query.sorted(rows))
        answer["receipts"] = [self.shapes.verdict(row) for row in page]
        answer["metadata"] = metadata
        return answer

    def receipt(self, uuid: str, rin: str) -> dict[str, Any]:
        """A valid or cancelled receipt, for its issuer."""
        return {"receipt": self.shapes.receipt(self._final(uuid, rin))}

    def raw(self, uuid: str, rin: str) -> dict[str, Any]:
        """A valid or cancelled receipt as it was sent, for its issuer."""
        return self.shapes.envelope(self._final(uuid, rin))

    def shared(self, uuid: str, issued: str | None) -> Receipt:
        """The receipt behind a QR code: needs its exact time of issue."""
        receipt = self.store.receipts.get(uuid)
        if receipt is None or not receipt.final or not self._is_time(receipt, issued):
            raise not_found("receipt", uuid)
        return receipt

    def recent(self, arguments: Mapping[str, str], rin: str) -> dict[str, Any]:
        """Receipts of the last days, the latest received first."""
        query = Query(arguments, _RECENT, self.settings)
        since = self.clock.now() - timedelta(days=self.settings.recent_days)
        rows = [
            row
            for row in self._rows(query, rin)
            if row.status != IN_PROGRESS and row.received >= since
        ]
        return self._page(query, rows)

    def search(self, arguments: Mapping[str, str], rin: str) -> dict[str, Any]:
        """Valid and cancelled receipts of a period, newest first."""
        query = Query(arguments, _SEARCH, self.settings)
        issued = self._period(query, "datetimeissued")
        received = self._period(query, "datetimereceived")
        if issued is None and received is None:
            now = self.clock.now()
            received = (now - timedelta(days=self.settings.search_days), now)
        rows = []
        for row in self._rows(query, rin):
            if not row.final or (received and not inside(row.received, received)):
                continue
            if issued and not inside(utc(row.issued), issued):
                continue
            if _has_text(row, query):
                rows.append(row)
        return self._page(query, rows[: self.settings.search_results])

    def _rows(self, query: Query, rin: str) -> list[Receipt]:
        received = query.choice("direction", ("Submitted", "Received")) == "received"
        sides = _is_buyer if received else _is_issuer
        return [
            row
            for row in self._candidates(query)
            if sides(row, rin) and query.matches(row)
        ]

    def _candidates(self, query: Query) -> Iterable[Receipt]:
        """Few enough to look at, newest first."""
        uuid = query.values.get("uuid")
        if uuid:
            row = self.store.receipts.get(uuid)
            return [row] if row else []
        submission = query.values.get("submissionuuid")
        if submission:
            found = self.store.submissions.get(submission)
            return reversed(found.receipts) if found else []
        return self.store.newest()

    def _page(self, query: Query, rows: list[Receipt]) -> dict[str, Any]:
        page, metadata = query.paged(query.sorted(rows))
        direction = query.choice("direction", ("Submitted", "Received"))
        shaped = [
            {**self.shapes.row(row), "direction": direction.capitalize()}
            for row in page
        ]
        return {"receipts": shaped, "metadata": metadata}

    def _period(self, query: Query, name: str) -> tuple[datetime, datetime] | None:
        longest = timedelta(days=self.settings.search_days)
        return query.period(name, longest, self.clock.now())

    def _final(self, uuid: str, rin: str) -> Receipt:
        receipt = self.store.receipts.get(uuid)
        if receipt is None or receipt.rin != rin or not receipt.final:
            raise not_found("receipt", uuid)
        return receipt

    def _is_time(self, receipt: Receipt, issued: str | None) -> bool:
        precision = self.settings.share_precision
        full, minute = receipt.issued, receipt.issued[:16] + "Z"
        allowed = {"full": (full,), "minute": (minute,), "both": (full, minute)}
        return issued in allowed[precision]


def cancel(store: Store, uuid: str, reason: str) -> Receipt:
    """What a person does on the portal: cancel a valid receipt."""
    receipt = known(store, uuid)
    if receipt.status != VALID:
        message = f"Only a valid receipt can be cancelled, this is {receipt.status}."
        raise ApiError(400, "BadRequest", message)
    receipt.status, receipt.reason = CANCELLED, reason
    return receipt


def known(store: Store, uuid: str) -> Receipt:
    """A receipt that was taken, in whatever state."""
    receipt = store.receipts.get(uuid)
    if receipt is None:
        raise not_found("receipt", uuid)
    return receipt


def _is_issuer(receipt: Receipt, rin: str) -> bool:
    return receipt.rin == rin


def _is_buyer(receipt: Receipt, rin: str) -> bool:
    return receipt.buyer_type == "B" and receipt.buyer_id == rin and receipt.final


def _has_text(receipt: Receipt, query: Query) -> bool:
    text = query.values.get("freetext")
    if text is None:
        return True
    if len(text) < _FREE_TEXT:
        message = f"FreeText needs {_FREE_TEXT} characters."
        raise bad_argument("FreeText", message)
    heap = (receipt.uuid, receipt.number, receipt.buyer_id, receipt.buyer_name)
    return any(text.lower() in item.lower() for item in heap)


def not_found(what: str, identity: str) -> ApiError:
    """404 for something that is not there, or not the caller's."""
    message = f"There is no {what} {identity[:80]!r}."
    return ApiError(404, "NotFound", message, target=what)
