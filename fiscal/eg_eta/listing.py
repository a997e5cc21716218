"""ETA's own list of a device's receipts, for reconciliation and for its chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ..contract import Listed, Status
from .asking import PAGE_SIZE, moment_or_none, pages_of, rows_of, status_of, texts
from .client import EtaClient, Reader
from .enquiry import RECENT
from .wire import amount_or_none, moment_text

_LONGEST = timedelta(days=1)
_SHORTEST = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_IDS = {
    "submission": "submissionUuid",
    "long_id": "longId",
    "reference": "referenceUuid",
}
_MOST_RESULTS = 3000
"""ETA finds no more in one search, so a busier period is asked for in halves."""


class Listing:
    """Reads ETA's lists for one device ("" for all of the taxpayer's).

    :param pause: seconds between two calls
    """

    def __init__(self, client: EtaClient, serial: str, pause: float) -> None:
        self._reader = Reader(client, "list", pause)
        self._serial = serial

    def last_uid(self) -> str:
        """Return the UUID of the receipt that ETA received last, "" if there is none.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        body = self._page(
            RECENT,
            {"SortBy": "DateTimeReceived", "SortDir": "Desc"},
            page=1,
            size=1,
        )
        for row in rows_of(body, "receipts"):
            if self._is_ours(row):
                return str(row.get("uuid") or "")
        return ""

    def issued_between(self, start: datetime, end: datetime) -> Iterator[Listed]:
        """Yield the receipts issued from ``start`` until before ``end``, each once,
        by day and in no particular order.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        start, end = (m.astimezone(timezone.utc) for m in (start, end))
        while start < end:
            until = min(start + _LONGEST, end)
            seen: set[str] = set()
            yield from self._period(start, until, seen)
            start = until

    def _period(
        self, start: datetime, end: datetime, seen: set[str]
    ) -> Iterator[Listed]:
        """Page through a period. Newly received receipts come first: while we read,
        rows move to later pages and are met twice, but none is missed."""
        filters = {
            "DateTimeIssuedFrom": moment_text(start),
            "DateTimeIssuedTo": moment_text(end - _SECOND),
            "SortBy": "DateTimeReceived",
            "SortDir": "Desc",
        }
        page = 1
        while True:
            body = self._page("/api/v1/receipts/search", filters, page, PAGE_SIZE)
            if _count(body) >= _MOST_RESULTS and end - start > _SHORTEST:
                middle = (start + (end - start) / 2).replace(microsecond=0)
                yield from self._period(start, middle, seen)
                yield from self._period(middle, end, seen)
                return
            rows = rows_of(body, "receipts")
            for row in rows:
                if self._is_fresh(row, seen):
                    seen.add(str(row["uuid"]))
                    yield _listed(row)
            if page >= pages_of(body.get("metadata"), rows):
                return
            page += 1

    def _is_fresh(self, row: Mapping[str, Any], seen: set[str]) -> bool:
        uuid = row.get("uuid")
        return isinstance(uuid, str) and uuid not in seen and self._is_ours(row)

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        serial = _serial_of(row)
        return not self._serial or not serial or serial == self._serial

    def _page(
        self, path: str, filters: Mapping[str, str], page: int, size: int
    ) -> Mapping[str, Any]:
        parameters = {**filters, "PageNo": str(page), "PageSize": str(size)}
        if self._serial:
            parameters["PosSerialNumber"] = self._serial
        return self._reader.get(path, parameters) or {}


def _serial_of(row: Mapping[str, Any]) -> str:
    return str(row.get("posSerialNumber") or row.get("deviceSerialNumber") or "")


def _count(body: Mapping[str, Any]) -> int:
    metadata = body.get("metadata")
    count = metadata.get("totalCount") if isinstance(metadata, Mapping) else None
    return count if isinstance(count, int) else 0


def _listed(row: Mapping[str, Any]) -> Listed:
    return Listed(
        uid=str(row["uuid"]),
        number=str(row.get("receiptNumber") or ""),
        status=status_of(row.get("status")) or Status.UNKNOWN,
        issued_at=moment_or_none(row.get("dateTimeIssued")),
        received_at=moment_or_none(row.get("dateTimeReceived")),
        total=amount_or_none(row.get("totalAmount")),
        buyer_id=str(row.get("receiverId") or row.get("buyerId") or ""),
        device_serial=_serial_of(row),
        authority_ids=texts(row, _IDS),
    )
