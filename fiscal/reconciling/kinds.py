"""The kinds of difference between our books and an authority's, and what each allows.

"Here" is what this database holds, "there" what the authority lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Kind(str, Enum):
    """One way in which a document here and there differ.

    Not there at all:

    ``MISSING_THERE`` the authority had it, by what we know, and does not list it.
    ``NOT_SENT`` issued, and still to be signed or sent. ``LATE`` its window closed
    before it got there. ``GIVEN_UP`` sending was given up. ``LOST`` sent, the answer
    was never seen, and it is not there.

    Not here at all:

    ``MISSING_HERE`` it stands there. ``FOREIGN_DEVICE`` alike, issued on a device that
    is none of ours. ``GONE_THERE`` cancelled or rejected there, so nothing stands.
    ``REFUSED_THERE`` refused there: an attempt that came to nothing.

    Which document it is:

    ``UID`` the number is the same, the identifier is another. ``FORMER`` it is known
    there by an identifier that we took for dead. ``NUMBER`` the identifier is the
    same, the number is another. ``TWICE_THERE`` the authority has another document
    with the number of one of ours. ``TWICE_HERE`` two of ours claim one identifier.

    What it says:

    ``AMOUNT`` another total. ``DAY`` another day, so perhaps another tax period.
    ``TIME`` the same day, another time. ``PARTY`` another buyer. ``DEVICE`` another
    device.

    What became of it:

    ``ARRIVED`` it is there, and we do not know. ``DECIDED`` decided there, still open
    here. ``CANCELLED_THERE``, ``CANCELLING_THERE`` (asked for, not decided),
    ``REJECTED_THERE`` (by the buyer), ``INVALID_THERE``: so there, and not so here.
    ``VALID_THERE`` refused here, stands there. ``NOT_CANCELLED`` cancelled here,
    stands there. ``NOT_REJECTED`` rejected here, stands there. ``UNDECIDED_THERE``
    decided here, not there. ``REPLACED_STANDS`` another took its place here, and it
    stands there. ``WITHDRAWN_STANDS`` taken back here, and it stands there.
    ``UNCLEAR_THERE`` the authority's word for its state is not known.
    ``UNANSWERED`` the authority was asked about it and did not answer.
    """

    MISSING_THERE = "missing_there"
    NOT_SENT = "not_sent"
    LATE = "late"
    GIVEN_UP = "given_up"
    LOST = "lost"
    MISSING_HERE = "missing_here"
    FOREIGN_DEVICE = "foreign_device"
    GONE_THERE = "gone_there"
    REFUSED_THERE = "refused_there"
    UID = "uid"
    FORMER = "former"
    NUMBER = "number"
    TWICE_THERE = "twice_there"
    TWICE_HERE = "twice_here"
    AMOUNT = "amount"
    DAY = "day"
    TIME = "time"
    PARTY = "party"
    DEVICE = "device"
    ARRIVED = "arrived"
    DECIDED = "decided"
    CANCELLED_THERE = "cancelled_there"
    CANCELLING_THERE = "cancelling_there"
    REJECTED_THERE = "rejected_there"
    INVALID_THERE = "invalid_there"
    VALID_THERE = "valid_there"
    NOT_CANCELLED = "not_cancelled"
    NOT_REJECTED = "not_rejected"
    UNDECIDED_THERE = "undecided_there"
    REPLACED_STANDS = "replaced_stands"
    WITHDRAWN_STANDS = "withdrawn_stands"
    UNCLEAR_THERE = "unclear_there"
    UNANSWERED = "unanswered"


class Remedy(str, Enum):
    """What can be done about a difference besides explaining it.

    ``ASK`` ask the authority about this one document. ``RESEND`` let it be sent
    (again). ``TAKE`` write down here what the authority says of its state. ``ADOPT``
    make an entry here of the authority's document.
    """

    ASK = "ask"
    RESEND = "resend"
    TAKE = "take"
    ADOPT = "adopt"


_ASK, _RESEND, _TAKE = Remedy.ASK, Remedy.RESEND, Remedy.TAKE

REMEDIES: Mapping[Kind, tuple[Remedy, ...]] = MappingProxyType(
    {
        **dict.fromkeys(Kind, ()),
        Kind.MISSING_THERE: (_ASK,),
        Kind.NOT_SENT: (_RESEND,),
        Kind.GIVEN_UP: (_RESEND,),
        Kind.LOST: (_ASK,),
        Kind.MISSING_HERE: (Remedy.ADOPT,),
        Kind.FOREIGN_DEVICE: (Remedy.ADOPT,),
        Kind.ARRIVED: (_TAKE, _ASK),
        Kind.DECIDED: (_TAKE, _ASK),
        Kind.CANCELLED_THERE: (_TAKE, _ASK),
        Kind.CANCELLING_THERE: (_TAKE, _ASK),
        Kind.REJECTED_THERE: (_TAKE, _ASK),
        Kind.INVALID_THERE: (_TAKE, _ASK),
        Kind.VALID_THERE: (_TAKE,),
        Kind.NOT_CANCELLED: (_TAKE,),
        Kind.NOT_REJECTED: (_TAKE, _ASK),
        Kind.UNDECIDED_THERE: (_ASK,),
        Kind.UNCLEAR_THERE: (_ASK,),
        Kind.UNANSWERED: (_ASK,),
    }
)
"""What each kind allows, the best first. Where there is nothing a person looks into it
and says why it stays as it is."""

WHATEVER_STATE = frozenset(
    {
        Kind.UID,
        Kind.FORMER,
        Kind.NUMBER,
        Kind.TWICE_THERE,
        Kind.TWICE_HERE,
        Kind.AMOUNT,
        Kind.DAY,
        Kind.TIME,
        Kind.PARTY,
        Kind.DEVICE,
    }
)
"""Kinds that stay the same difference when a document goes to another state."""

NOT_HERE = frozenset(
    {Kind.MISSING_HERE, Kind.FOREIGN_DEVICE, Kind.GONE_THERE, Kind.REFUSED_THERE}
)
"""Kinds of what the authority has and nobody here knows."""

NOT_THERE = frozenset(
    {Kind.MISSING_THERE, Kind.NOT_SENT, Kind.LATE, Kind.GIVEN_UP, Kind.LOST}
)
"""Kinds of what we have and the authority does not list."""
