"""The states of a document and every legal way from one to another.

waiting      posted, not issued: something is missing, unpaid, or a person decides
to_sign      frozen, the signing key is away
queued       frozen, to be sent when due
sending      claimed by a worker that is calling the authority
unknown      sent, answer not seen: to be asked (or repeated where that is harmless)
submitted    received by the authority, which has not decided
valid        the authority holds it as valid
invalid      the authority refused it
rejected     the buyer refused it at the authority
cancelling   cancellation asked, not decided
cancelled    cancelled at the authority
late         the authority's window closed before it got there; a person chooses
failed       given up after the policy's attempts; a person chooses
superseded   replaced by another document of ours
withdrawn    taken back before anybody outside saw it
"""

from __future__ import annotations

from .contract import Status

WAITING = "waiting"
TO_SIGN = "to_sign"
QUEUED = "queued"
SENDING = "sending"
UNKNOWN = "unknown"
SUBMITTED = "submitted"
VALID = "valid"
INVALID = "invalid"
REJECTED = "rejected"
CANCELLING = "cancelling"
CANCELLED = "cancelled"
LATE = "late"
FAILED = "failed"
SUPERSEDED = "superseded"
WITHDRAWN = "withdrawn"

TRANSITIONS: dict[str, frozenset[str]] = {
    WAITING: frozenset({TO_SIGN, QUEUED, WITHDRAWN}),
    TO_SIGN: frozenset({QUEUED, LATE, FAILED, SUPERSEDED, WITHDRAWN}),
    QUEUED: frozenset({SENDING, LATE, FAILED, SUPERSEDED, WITHDRAWN}),
    # back to queued: certainly not sent
    SENDING: frozenset(
        {
            QUEUED,
            SUBMITTED,
            VALID,
            INVALID,
            UNKNOWN,
            REJECTED,
            CANCELLED,
            LATE,
            FAILED,
        }
    ),
    # back to queued: the authority, asked twice, does not have it
    UNKNOWN: frozenset(
        {
            QUEUED,
            SENDING,
            SUBMITTED,
            VALID,
            INVALID,
            REJECTED,
            CANCELLED,
            LATE,
            FAILED,
        }
    ),
    # back to queued: the authority lost what it had confirmed
    SUBMITTED: frozenset({VALID, INVALID, REJECTED, CANCELLED, QUEUED, LATE, FAILED}),
    # an authority may come to another verdict, and a buyer's rejection may be declined
    VALID: frozenset({CANCELLING, CANCELLED, REJECTED, INVALID}),
    INVALID: frozenset({SUPERSEDED}),
    REJECTED: frozenset({SUPERSEDED, VALID, CANCELLED, INVALID}),
    # whatever the authority holds it as by now, that is its verdict
    CANCELLING: frozenset({CANCELLED, VALID, INVALID, REJECTED}),
    CANCELLED: frozenset({SUPERSEDED}),
    LATE: frozenset({QUEUED, SUPERSEDED}),
    FAILED: frozenset({QUEUED, UNKNOWN, LATE, SUPERSEDED}),
    SUPERSEDED: frozenset(),
    WITHDRAWN: frozenset(),
}
"""From each state to the states that may follow it; anything else is a defect."""

VERDICTS = frozenset({VALID, INVALID, CANCELLED, REJECTED})
"""What the authority, or the buyer there, has decided."""

CORRECTIONS: dict[str, frozenset[str]] = {
    TO_SIGN: VERDICTS,
    QUEUED: VERDICTS | {SUBMITTED},
    LATE: VERDICTS | {SUBMITTED},
    FAILED: VERDICTS | {SUBMITTED},
    INVALID: frozenset({VALID, CANCELLED, REJECTED}),
    CANCELLED: frozenset({VALID, INVALID}),
}
"""What may follow besides when a person takes what an authority's list says, which
contradicts what was known here (:mod:`.reconciling`): a database that was restored from
a copy has forgotten that it sent a document. No way leads back to sending."""

STATES = tuple(TRANSITIONS)

SETTLED = frozenset({VALID, INVALID, REJECTED, CANCELLED, SUPERSEDED, WITHDRAWN})
"""Nothing is going to happen by itself any more."""

OPEN = frozenset({QUEUED, SENDING, UNKNOWN, SUBMITTED, CANCELLING})
"""The jobs are at work on it."""

ASKED = frozenset({UNKNOWN, SUBMITTED, CANCELLING})
"""The authority is asked about it."""

FOLLOWED = frozenset({VALID, REJECTED})
"""Decided, and asked about now and then while the authority's windows are open."""

STANDING = frozenset(
    {TO_SIGN, QUEUED, SENDING, UNKNOWN, SUBMITTED, VALID, CANCELLING, LATE, FAILED}
)
"""Issued and neither refused, replaced nor taken back: it stands for its invoice."""

LOCKING = frozenset({SENDING, UNKNOWN, SUBMITTED, VALID, CANCELLING, LATE, FAILED})
"""The invoice may not change any more, whatever the authority's kind."""

REFUSED = frozenset({INVALID, REJECTED})
"""The authority or the buyer does not take it: it can be corrected."""

NEEDS_PERSON = frozenset({TO_SIGN, INVALID, REJECTED, LATE, FAILED})
"""A person has to do something."""

UNDONE = frozenset({WAITING}) | OPEN | NEEDS_PERSON
"""Something is still to happen, by the jobs or by a person."""

READ_AS: dict[tuple[str, Status], Status] = {
    # what was just sent is not absent because the answer does not know it yet
    (SENDING, Status.ABSENT): Status.UNKNOWN,
    # asked, and it has it: whatever it calls that, no verdict yet
    (UNKNOWN, Status.ACCEPTED): Status.PENDING,
    (UNKNOWN, Status.DUPLICATE): Status.PENDING,
    (SUBMITTED, Status.ACCEPTED): Status.PENDING,
    (SUBMITTED, Status.DUPLICATE): Status.PENDING,
    # it is valid until that is decided, and once it is valid it is asked about again
    (SENDING, Status.CANCELLING): Status.VALID,
    (UNKNOWN, Status.CANCELLING): Status.VALID,
    (SUBMITTED, Status.CANCELLING): Status.VALID,
    (REJECTED, Status.CANCELLING): Status.VALID,
    # it was valid, so the authority has it; only the cancellation is open
    (CANCELLING, Status.ACCEPTED): Status.PENDING,
    (CANCELLING, Status.DUPLICATE): Status.PENDING,
    (CANCELLING, Status.ABSENT): Status.UNKNOWN,
    # it was decided once: only another verdict changes that
    (VALID, Status.ACCEPTED): Status.PENDING,
    (VALID, Status.DUPLICATE): Status.PENDING,
    (VALID, Status.ABSENT): Status.UNKNOWN,
    (REJECTED, Status.ACCEPTED): Status.PENDING,
    (REJECTED, Status.DUPLICATE): Status.PENDING,
    (REJECTED, Status.ABSENT): Status.UNKNOWN,
}
"""Answers that do not fit a state, and what they are taken for there."""


def read_as(state: str, status: Status) -> Status:
    """Return what an answer means for a document in one of the states in which calls
    are made for it (:data:`ASKED`, :data:`FOLLOWED`, and sending)."""
    return READ_AS.get((state, status), status)


class IllegalTransition(Exception):
    """A state was to follow one that it cannot follow: a defect, never bad input."""


def check_transition(before: str, after: str, *, listed: bool = False) -> None:
    """Raise unless ``after`` may follow ``before``.

    :param listed: what an authority's list says is taken
    :raise IllegalTransition: it may not
    """
    if listed and after in CORRECTIONS.get(before, ()):
        return
    if after not in TRANSITIONS[before]:
        raise IllegalTransition(f"A document cannot go from {before} to {after}.")
