"""Which state here goes with which status there."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from .. import lifecycle as our
from ..contract import Status
from .kinds import Kind


class Agreement(Enum):
    """How two states go together when they do not contradict each other."""

    EQUAL = "equal"
    MOVING = "moving"


ABSENT = Status.ABSENT
"""Stands for what the authority does not list."""

_PENDING, _VALID, _INVALID = Status.PENDING, Status.VALID, Status.INVALID
_CANCELLING, _CANCELLED = Status.CANCELLING, Status.CANCELLED
_REJECTED = Status.REJECTED

_ARRIVED = dict.fromkeys((_PENDING, _VALID, _CANCELLING), Kind.ARRIVED)
_UNDONE = {
    _INVALID: Kind.INVALID_THERE,
    _CANCELLED: Kind.CANCELLED_THERE,
    _REJECTED: Kind.REJECTED_THERE,
}
_STANDS = (_PENDING, _VALID, _CANCELLING)

_DIFFERENCES: Mapping[str, Mapping[Status, Kind]] = {
    our.WAITING: _ARRIVED | _UNDONE,
    our.TO_SIGN: {ABSENT: Kind.NOT_SENT, **_ARRIVED, **_UNDONE},
    our.QUEUED: {ABSENT: Kind.NOT_SENT, **_ARRIVED, **_UNDONE},
    our.SENDING: {ABSENT: Kind.LOST, **_ARRIVED, **_UNDONE},
    our.UNKNOWN: {ABSENT: Kind.LOST, **_ARRIVED, **_UNDONE},
    our.LATE: {ABSENT: Kind.LATE, **_ARRIVED, **_UNDONE},
    our.FAILED: {ABSENT: Kind.GIVEN_UP, **_ARRIVED, **_UNDONE},
    our.SUBMITTED: {
        ABSENT: Kind.MISSING_THERE,
        _VALID: Kind.DECIDED,
        _CANCELLING: Kind.DECIDED,
        **_UNDONE,
    },
    our.VALID: {
        ABSENT: Kind.MISSING_THERE,
        _PENDING: Kind.UNDECIDED_THERE,
        _CANCELLING: Kind.CANCELLING_THERE,
        **_UNDONE,
    },
    # its cancellation may take the buyer days: valid there is what is to be expected
    our.CANCELLING: {
        ABSENT: Kind.MISSING_THERE,
        _PENDING: Kind.UNDECIDED_THERE,
        **_UNDONE,
    },
    our.CANCELLED: {
        ABSENT: Kind.MISSING_THERE,
        _INVALID: Kind.INVALID_THERE,
        **dict.fromkeys(_STANDS, Kind.NOT_CANCELLED),
    },
    our.REJECTED: {
        ABSENT: Kind.MISSING_THERE,
        _INVALID: Kind.INVALID_THERE,
        _CANCELLED: Kind.CANCELLED_THERE,
        **dict.fromkeys(_STANDS, Kind.NOT_REJECTED),
    },
    our.INVALID: {
        _PENDING: Kind.UNDECIDED_THERE,
        _VALID: Kind.VALID_THERE,
        _CANCELLING: Kind.VALID_THERE,
        _CANCELLED: Kind.CANCELLED_THERE,
        _REJECTED: Kind.REJECTED_THERE,
    },
    our.SUPERSEDED: dict.fromkeys(_STANDS, Kind.REPLACED_STANDS),
    our.WITHDRAWN: dict.fromkeys(_STANDS, Kind.WITHDRAWN_STANDS),
}
"""By our state and the authority's status; what is not named goes together. A document
that is cancelled here and rejected there stands on neither side, which is the same. An
authority need not list what it refused, nor what never got to it."""

_READ_AS: Mapping[Status, Status] = {Status.ACCEPTED: Status.PENDING}
_UNREADABLE: Mapping[Status, Kind] = {
    Status.DEFERRED: Kind.UNANSWERED,
    Status.UNKNOWN: Kind.UNCLEAR_THERE,
    Status.DUPLICATE: Kind.UNCLEAR_THERE,
}

_STILL = frozenset({our.LATE, our.FAILED, our.INVALID, our.SUPERSEDED, our.WITHDRAWN})
"""States that nothing changes by itself, so that there is nothing to be patient for."""


def judge(state: str, status: Status, young: bool) -> Kind | Agreement:
    """Return how a document's state here goes with its status there.

    :param status: ``Status.ABSENT`` for what the authority does not list
    :param young: something happened to it so recently that either side may not know
    """
    if status in _UNREADABLE:
        return _UNREADABLE[status]
    status = _READ_AS.get(status, status)
    kind = _DIFFERENCES[state].get(status)
    if kind is None:
        return Agreement.EQUAL
    if young and state not in _STILL:
        return Agreement.MOVING
    return kind


def stands(status: Status) -> bool:
    """Whether a document with this status stands there, or may come to stand."""
    return _READ_AS.get(status, status) in _STANDS
