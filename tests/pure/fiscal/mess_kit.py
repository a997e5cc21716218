"""Two sides in disorder, made by a script that knows what is wrong with them.

Each *mishap* makes one document on one or both sides and says which findings there
must be. Documents without a mishap agree, in all the ways in which two sides may. The
same seed makes the same mess.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

from fiscal import lifecycle as our
from fiscal.contract import Listed, Status
from fiscal.reconciling import Held, Kind

START = datetime(2026, 3, 1, tzinfo=timezone.utc)
NOW = START + timedelta(days=90)
DEVICES = ("POS-1", "POS-2", "POS-3")
BUYERS = ("", "313717919", "29001011234567")

Truth = Counter[tuple[Kind, int | None, str | None]]
"""How often each finding has to be there: its kind, our key, their identifier."""


@dataclass(slots=True)
class Mess:
    """What both sides hold, and what is wrong with it.

    :ivar here: our documents by the day on which we date them, from 0 on
    :ivar there: the authority's by its own
    :ivar mishaps: how many documents have which
    """

    here: dict[int, list[Held]] = field(default_factory=dict)
    there: dict[int, list[Listed]] = field(default_factory=dict)
    truth: Truth = field(default_factory=Counter)
    mishaps: Counter[str] = field(default_factory=Counter)
    days: int = 1

    def __iter__(self) -> Iterator[tuple[list[Held], list[Listed]]]:
        for day in range(self.days):
            yield self.here.get(day, []), self.there.get(day, [])

    def everything_here(self) -> Iterator[Held]:
        """Yield our documents."""
        for held in self.here.values():
            yield from held

    def put(self, held: Held | None, *listed: Listed) -> None:
        """Put documents where their dates say."""
        if held is not None:
            assert held.issued_at is not None
            self.here.setdefault(day_of(held.issued_at), []).append(held)
        for one in listed:
            assert one.issued_at is not None
            self.there.setdefault(day_of(one.issued_at), []).append(one)

    def expect(self, held: Held | None, listed: Listed | None, *kinds: Kind) -> None:
        """Note which findings there have to be of two documents."""
        for kind in kinds:
            key, uid = held.key if held else None, listed.uid if listed else None
            self.truth[kind, key, uid] += 1


def day_of(moment: datetime) -> int:
    """Return the number of the day of a moment, in UTC."""
    return (moment.date() - date(START.year, START.month, START.day)).days


def make(count: int, seed: int = 0, days: int = 20, share: float = 0.3) -> Mess:
    """Return a mess.

    :param count: documents, on either side or both
    :param share: of them that have a mishap; each kind has its turn
    """
    chance = random.Random(seed)
    mess = Mess(days=days)
    names = sorted(MISHAPS)
    wrong = round(count * share)
    for key in range(1, count + 1):
        held, listed = _pair(chance, key, days)
        if key <= wrong:
            name = names[key % len(names)]
            MISHAPS[name](mess, held, listed, chance)
            mess.mishaps[name] += 1
        else:
            _agreeing(mess, held, listed, chance)
    for side in (mess.here, mess.there):
        for rows in side.values():
            chance.shuffle(rows)
    return mess


def _pair(chance: random.Random, key: int, days: int) -> tuple[Held, Listed]:
    """Return a valid document as both sides have it; never within an hour of another
    day, so that a mishap of a moment stays on its day."""
    moment = START + timedelta(
        days=chance.randrange(1, days - 1), seconds=chance.randrange(3600, 82800)
    )
    uid, number = f"{chance.getrandbits(128):032x}", f"INV/2026/{key:06}"
    total = Decimal(chance.randrange(100, 10_000_000)) / 100
    buyer, device = chance.choice(BUYERS), chance.choice(DEVICES)
    held = Held(
        key,
        uid,
        number,
        our.VALID,
        moment,
        moment + timedelta(minutes=5),
        total,
        buyer_id=buyer,
        device_serial=device,
    )
    listed = Listed(
        uid,
        number,
        Status.VALID,
        moment,
        moment + timedelta(minutes=1),
        total,
        buyer,
        device,
    )
    return held, listed


# ----------------------------------------------------------------------------------
# Nothing wrong
# ----------------------------------------------------------------------------------


def _agreeing(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """Put a document that both sides have in a way that is no difference."""
    just_now = {"moved_at": NOW - timedelta(minutes=5)}
    ways: tuple[tuple[Held, Listed | None], ...] = (
        (held, listed),
        (held, replace(listed, uid=listed.uid.upper())),
        (held, replace(listed, buyer_id="", device_serial="", total=None)),
        (held, replace(listed, total=held.total + Decimal("0.00499"))),
        (replace(held, state=our.CANCELLED), replace(listed, status=Status.CANCELLED)),
        (replace(held, state=our.CANCELLED), replace(listed, status=Status.REJECTED)),
        (replace(held, state=our.CANCELLING), listed),
        (replace(held, state=our.REJECTED), replace(listed, status=Status.REJECTED)),
        (replace(held, state=our.INVALID), replace(listed, status=Status.INVALID)),
        (replace(held, state=our.INVALID), None),
        (replace(held, state=our.SUPERSEDED), replace(listed, status=Status.INVALID)),
        (replace(held, state=our.SUPERSEDED), None),
        (replace(held, state=our.WITHDRAWN), None),
        (replace(held, state=our.SUBMITTED), replace(listed, status=Status.PENDING)),
        # on their way
        (replace(held, state=our.QUEUED, **just_now), None),
        (replace(held, state=our.SENDING, uid="", **just_now), None),
        (replace(held, state=our.UNKNOWN, **just_now), None),
        (replace(held, state=our.UNKNOWN, uid="", **just_now), listed),
        (replace(held, state=our.SUBMITTED, **just_now), listed),
        (replace(held, **just_now), None),
        (replace(held, **just_now), replace(listed, status=Status.PENDING)),
    )
    # mostly plain ones, as in life
    ours, theirs = ways[0] if chance.random() < 0.8 else chance.choice(ways)
    mess.put(ours, *([theirs] if theirs else []))


# ----------------------------------------------------------------------------------
# Mishaps
# ----------------------------------------------------------------------------------

Mishap = Callable[[Mess, Held, Listed, random.Random], None]
MISHAPS: dict[str, Mishap] = {}


def mishap(function: Mishap) -> Mishap:
    """Enter a mishap under its name."""
    MISHAPS[function.__name__] = function
    return function


def _states(state: str, status: Status | None, kind: Kind) -> Mishap:
    """Return the mishap of a document in a state here and with a status there."""

    def happen(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
        held = replace(held, state=state)
        theirs = replace(listed, status=status) if status else None
        mess.put(held, *([theirs] if theirs else []))
        mess.expect(held, theirs, kind)

    return happen


_CONTRADICTIONS = (
    (our.VALID, None, Kind.MISSING_THERE),
    (our.SUBMITTED, None, Kind.MISSING_THERE),
    (our.CANCELLED, None, Kind.MISSING_THERE),
    (our.QUEUED, None, Kind.NOT_SENT),
    (our.TO_SIGN, None, Kind.NOT_SENT),
    (our.LATE, None, Kind.LATE),
    (our.FAILED, None, Kind.GIVEN_UP),
    (our.UNKNOWN, None, Kind.LOST),
    (our.QUEUED, Status.VALID, Kind.ARRIVED),
    (our.UNKNOWN, Status.PENDING, Kind.ARRIVED),
    (our.LATE, Status.VALID, Kind.ARRIVED),
    (our.FAILED, Status.VALID, Kind.ARRIVED),
    (our.SUBMITTED, Status.VALID, Kind.DECIDED),
    (our.SUBMITTED, Status.INVALID, Kind.INVALID_THERE),
    (our.VALID, Status.CANCELLED, Kind.CANCELLED_THERE),
    (our.CANCELLING, Status.CANCELLED, Kind.CANCELLED_THERE),
    (our.VALID, Status.CANCELLING, Kind.CANCELLING_THERE),
    (our.VALID, Status.REJECTED, Kind.REJECTED_THERE),
    (our.VALID, Status.INVALID, Kind.INVALID_THERE),
    (our.INVALID, Status.VALID, Kind.VALID_THERE),
    (our.CANCELLED, Status.VALID, Kind.NOT_CANCELLED),
    (our.REJECTED, Status.VALID, Kind.NOT_REJECTED),
    (our.VALID, Status.PENDING, Kind.UNDECIDED_THERE),
    (our.SUPERSEDED, Status.VALID, Kind.REPLACED_STANDS),
    (our.WITHDRAWN, Status.VALID, Kind.WITHDRAWN_STANDS),
    (our.VALID, Status.UNKNOWN, Kind.UNCLEAR_THERE),
    (our.VALID, Status.DEFERRED, Kind.UNANSWERED),
)
for _state, _status, _kind in _CONTRADICTIONS:
    _name = f"{_state}_{_status.value if _status else 'absent'}"
    MISHAPS[_name] = _states(_state, _status, _kind)


@mishap
def only_there(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """Somebody issued it with another program."""
    mess.put(None, listed)
    mess.expect(None, listed, Kind.MISSING_HERE)


@mishap
def foreign_device(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """It was issued on a till that is none of ours."""
    listed = replace(listed, device_serial="OLD-TILL")
    mess.put(None, listed)
    mess.expect(None, listed, Kind.FOREIGN_DEVICE)


@mishap
def gone_there(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """It was issued elsewhere and taken back again."""
    status = chance.choice((Status.CANCELLED, Status.REJECTED))
    listed = replace(listed, status=status)
    mess.put(None, listed)
    mess.expect(None, listed, Kind.GONE_THERE)


@mishap
def refused_there(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """An attempt of another program was refused, with the number of one of ours."""
    refused = replace(listed, uid=listed.uid[::-1] + "r", status=Status.INVALID)
    mess.put(held, listed, refused)
    mess.expect(None, refused, Kind.REFUSED_THERE)


@mishap
def another_uid(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """The same number, another identifier."""
    listed = replace(listed, uid=listed.uid[::-1] + "u")
    mess.put(held, listed)
    mess.expect(held, listed, Kind.UID)


@mishap
def uid_known_before(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """The authority knows the identifier again that it had forgotten."""
    held = replace(held, uid=held.uid[::-1] + "f", former_uids=(listed.uid,))
    mess.put(held, listed)
    mess.expect(held, listed, Kind.FORMER)


@mishap
def another_number(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """The same identifier, another number."""
    listed = replace(listed, number=listed.number + "-X")
    mess.put(held, listed)
    mess.expect(held, listed, Kind.NUMBER)


@mishap
def sent_twice(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """The authority took the same number a second time, perhaps on another day."""
    moment = listed.issued_at + timedelta(days=chance.choice((0, 0, 1)))
    second = replace(listed, uid=listed.uid[::-1] + "t", issued_at=moment)
    mess.put(held, listed, second)
    mess.expect(held, second, Kind.TWICE_THERE)


@mishap
def twice_here(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """Two of our documents claim one identifier."""
    second = replace(held, key=held.key + 10_000_000)
    # whichever is read first has it, so both are in the same place of the truth
    mess.put(held, listed)
    mess.put(second)
    mess.expect(None, listed, Kind.TWICE_HERE)


@mishap
def another_total(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """A cent is enough."""
    off = chance.choice((Decimal("0.01"), Decimal("-0.01"), Decimal(1000)))
    listed = replace(listed, total=held.total + off)
    mess.put(held, listed)
    mess.expect(held, listed, Kind.AMOUNT)


@mishap
def another_day(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """One side dates it a day earlier or later."""
    off = timedelta(days=chance.choice((-1, 1)))
    listed = replace(listed, issued_at=listed.issued_at + off)
    mess.put(held, listed)
    mess.expect(held, listed, Kind.DAY)


@mishap
def another_time(mess: Mess, held: Held, listed: Listed, chance: random.Random) -> None:
    """The same day, another time."""
    off = timedelta(seconds=chance.choice((-1, 1, 1800)))
    listed = replace(listed, issued_at=listed.issued_at + off)
    mess.put(held, listed)
    mess.expect(held, listed, Kind.TIME)


@mishap
def another_buyer(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """Another buyer, or one where we have none."""
    listed = replace(listed, buyer_id="999999990")
    mess.put(held, listed)
    mess.expect(held, listed, Kind.PARTY)


@mishap
def another_device(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """It is another till's there."""
    others = [serial for serial in DEVICES if serial != held.device_serial]
    listed = replace(listed, device_serial=chance.choice(others))
    mess.put(held, listed)
    mess.expect(held, listed, Kind.DEVICE)


@mishap
def several_things(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """Total, buyer and day differ, and it was cancelled on the portal."""
    listed = replace(
        listed,
        total=held.total + 1,
        buyer_id="999999990",
        issued_at=listed.issued_at + timedelta(days=1),
        status=Status.CANCELLED,
    )
    mess.put(held, listed)
    kinds = (Kind.AMOUNT, Kind.PARTY, Kind.DAY, Kind.CANCELLED_THERE)
    mess.expect(held, listed, *kinds)


@mishap
def arrived_unnamed(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """Its answer was lost with the identifier in it."""
    held = replace(held, uid="", state=our.UNKNOWN)
    mess.put(held, listed)
    mess.expect(held, listed, Kind.ARRIVED)


@mishap
def refused_unnamed(
    mess: Mess, held: Held, listed: Listed, chance: random.Random
) -> None:
    """Alike, and it was refused."""
    held = replace(held, uid="", state=our.UNKNOWN)
    listed = replace(listed, status=Status.INVALID)
    mess.put(held, listed)
    mess.expect(held, listed, Kind.INVALID_THERE)
