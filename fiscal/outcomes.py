"""What is sent to an authority and what comes back. Part of the border
(:mod:`.contract`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum

from .values import Problem, nothing


@dataclass(frozen=True, slots=True)
class Document:
    """A frozen document as the engine hands it over to be sent or asked about.

    :ivar key: the engine's id, returned in every outcome
    :ivar authority_ids: what the authority called it so far (its submission, ...)
    :ivar sent_at: start of the first attempt to send it, ``None`` before
    :ivar signature: as in :class:`.values.Built`: kept beside the content, whose bytes
        stay what was signed
    :ivar former_uids: what the authority called it before it was sent again, because
        the authority did not know it; it may show up under one of these all the same
    :ivar handed_over_at: when the customer got it before the authority had it, ``None``
        while he has not; authorities that ask call it late from then on
    """

    key: int
    uid: str
    number: str
    content: bytes
    issued_at: datetime
    authority_ids: Mapping[str, str] = field(default_factory=nothing)
    sent_at: datetime | None = None
    attempt: int = 1
    late_reference: str = ""
    signature: str = ""
    former_uids: tuple[str, ...] = ()
    handed_over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What travels: one message with one or more frozen documents in it."""

    content: bytes
    media_type: str
    documents: tuple[Document, ...]
    message_id: str = ""


class Status(str, Enum):
    """What the authority says of a document.

    ``ACCEPTED`` it was received, the verdict is still to come. ``PENDING`` asked, and
    still being validated. ``CANCELLING`` it is valid, and somebody asked to have it
    cancelled, which is not decided. ``DUPLICATE`` it says that it has it already.
    ``ABSENT`` asked, and it does not know it. ``UNKNOWN`` it may or may not have it.
    ``DEFERRED`` it was not sent at all (time ran out), nothing is known to be wrong.
    """

    ACCEPTED = "accepted"
    PENDING = "pending"
    VALID = "valid"
    INVALID = "invalid"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"
    ABSENT = "absent"
    UNKNOWN = "unknown"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one document in one call.

    :ivar windows: until when something may still be done to the document, as far as
        the authority tells: ``cancel`` (by us), ``reject`` (by the buyer), ``decline``
        (by us, of the buyer's rejection)
    :ivar warnings: what a person should look at although the status stands: the answer
        itself could not be verified
    """

    key: int
    status: Status
    uid: str = ""
    authority_ids: Mapping[str, str] = field(default_factory=nothing)
    errors: tuple[Problem, ...] = ()
    retry_after: float | None = None
    windows: Mapping[str, datetime] = field(default_factory=nothing)
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """One document in the authority's own list (for reconciliation)."""

    uid: str
    number: str
    status: Status
    issued_at: datetime | None = None
    received_at: datetime | None = None
    total: Decimal | None = None
    buyer_id: str = ""
    device_serial: str = ""
    authority_ids: Mapping[str, str] = field(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class Code:
    """One row of an authority's code table; names by language code."""

    kind: str
    code: str
    names: Mapping[str, str]
    parent: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
