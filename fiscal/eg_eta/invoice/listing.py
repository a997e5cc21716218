"""ETA's own list of a taxpayer's documents, for reconciliation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from ...contract import AuthorityError, Listed, Status
from ...messages import Sentence, _
from ..asking import moment_or_none, texts
from ..client import EtaClient, Reader
from ..wire import amount_or_none
from . import lists
from .verdicts import verdict_of

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_MORE = {
    "submission": "submissionUUID",
    "long_id": "longId",
    "document_type": "typeName",
    "receiver_name": "receiverName",
    "issuer_id": "issuerId",
    "issuer_name": "issuerName",
}


class InvoiceListing:
    """Reads ETA's list for a taxpayer.

    :param pause: seconds between two searches
    """

    def __init__(self, client: EtaClient, pause: float) -> None:
        self._reader = Reader(client, "list", pause)

    def issued_between(
        self, start: datetime, end: datetime, direction: str = "Sent"
    ) -> Iterator[Listed]:
        """Yield the documents issued from ``start`` until before ``end``, each once, by
        day and in no particular order.

        :param direction: ``Sent`` by the taxpayer, or ``Received``
        :raise TransientError, AuthenticationError, AuthorityError:
        """
        start, end = (m.astimezone(timezone.utc) for m in (start, end))
        while start < end:
            until = min(start + _DAY, end)
            filters = lists.issued_in(start, until - _SECOND)
            filters["direction"] = direction
            seen: set[str] = set()
            try:
                for row in lists.searched(self._reader.get, filters):
                    uid = row.get("uuid")
                    if isinstance(uid, str) and uid and uid not in seen:
                        seen.add(uid)
                        yield _listed(uid, row)
            except lists.NoList:
                raise AuthorityError(
                    "no_list",
                    Sentence(_("The authority does not give its list of documents.")),
                ) from None
            start = until


def _listed(uid: str, row: Mapping[str, Any]) -> Listed:
    verdict = verdict_of(row)
    total = amount_or_none(row.get("total"))
    return Listed(
        uid=uid,
        number=str(row.get("internalId") or ""),
        status=verdict.status if verdict else Status.UNKNOWN,
        issued_at=moment_or_none(row.get("dateTimeIssued")),
        received_at=moment_or_none(row.get("dateTimeReceived")),
        total=total if total is not None else amount_or_none(row.get("totalAmount")),
        buyer_id=str(row.get("receiverId") or ""),
        authority_ids=texts(row, _MORE),
    )
