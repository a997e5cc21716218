"""What ETA tells by calling us (ETA SDK, /api/08-erp-ping/ and the pages of
notifications): that something happened to documents.

A call-back is a hint and never a verdict: whoever receives one asks ETA. So nothing is
taken from it but what to ask about, and what cannot be understood is still a hint that
something happened. Whether the caller may call, and whether a delivery was seen before,
is for whoever serves the address.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..jsonobject import read_object

MOST_BYTES = 512 * 1024
"""The largest body that is read."""
MOST_DOCUMENTS = 2_000
_MOST_TEXT = 200
_WHAT = "call-back"

Topic = Literal["documents", "receipts", "documentpackages", "receiptpackages", "pos"]

TOPICS: Mapping[str, Topic] = {
    "/notifications/documents": "documents",
    "/notifications/receipts": "receipts",
    "/notifications/documentpackages": "documentpackages",
    "/notifications/receiptpackages": "receiptpackages",
    "/notifications": "pos",
}
"""What is told at which address, by the path after the registered one."""


@dataclass(frozen=True, slots=True)
class Told:
    """One document, package or device that something happened to, as far as it is
    named: all may be "".

    :ivar what: ETA's word for what happened, in lower case
    :ivar status: ETA's word for the state; a hint as all else
    """

    what: str = ""
    uid: str = ""
    submission: str = ""
    long_id: str = ""
    number: str = ""
    status: str = ""
    package: str = ""
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Hint:
    """What a call-back says.

    :ivar delivery_id: tells repeated deliveries, "" if ETA gave none
    :ivar what: ETA's word for what happened, in lower case
    :ivar told: whom it happened to, each once
    :ivar complete: all that the body names is in ``told``
    """

    topic: Topic
    delivery_id: str
    what: str
    told: tuple[Told, ...]
    complete: bool

    @property
    def uids(self) -> frozenset[str]:
        """The documents that are named by UUID."""
        return frozenset(one.uid for one in self.told if one.uid)

    @property
    def submissions(self) -> frozenset[str]:
        """The submissions that are named."""
        return frozenset(one.submission for one in self.told if one.submission)


def topic_of(path: str) -> Topic | None:
    """Return what is told at an address, ``None`` for one that ETA does not call.

    :param path: what follows the registered address, with its slash
    """
    return TOPICS.get(path.rstrip("/").lower())


def read_hint(topic: Topic, body: bytes) -> Hint:
    """Read a call-back.

    :raise ValueError: it is too large, or not a JSON object
    """
    root = read_object(body, MOST_BYTES, _WHAT)
    rows = list(_rows(root))
    told = dict.fromkeys(filter(None, map(_told, rows[:MOST_DOCUMENTS])))
    return Hint(
        topic=topic,
        delivery_id=_text(root, "deliveryId"),
        what=_text(root, "type").lower(),
        told=tuple(told),
        complete=len(rows) <= MOST_DOCUMENTS,
    )


def pong(body: bytes, rin: str) -> bytes:
    """Return the answer to a ping, which echoes our RIN.

    :raise ValueError: it is too large, not a JSON object, or asks for another taxpayer
    """
    if _text(read_object(body, MOST_BYTES, _WHAT), "rin") != rin:
        raise ValueError("The ping is for another taxpayer")
    return json.dumps({"rin": rin}).encode()


def _rows(root: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield what is told of: a list, one thing, or the body itself."""
    message = next((root[n] for n in ("message", "messages") if root.get(n)), None)
    if isinstance(message, list):
        yield from (row for row in message if isinstance(row, Mapping))
    elif isinstance(message, Mapping):
        yield message
    else:
        yield root


def _told(row: Mapping[str, Any]) -> Told | None:
    told = Told(
        what=_text(row, "type").lower(),
        uid=_text(row, "uuid"),
        submission=_text(row, "submissionUUID", "submissionUuid", "submissionId"),
        long_id=_text(row, "longId"),
        number=_text(row, "internalId", "internalID", "receiptNumber"),
        status=_text(row, "status"),
        package=_text(row, "packageId"),
        serial=_text(row, "Id", "posSerial", "deviceSerialNumber"),
    )
    named = told.uid or told.submission or told.number or told.package or told.serial
    return told if named else None


def _text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first member that is a text of a size that a name can have."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and 0 < len(value) <= _MOST_TEXT:
            return value
    return ""
