"""Finds the counterpart of each document, day by day, and says how they differ.

Memory holds one day of both sides and no more. What has no counterpart on its own day
is a finding that is ``left``: the caller keeps those (they are few, or the differences
are the matter), and brings them back at the end (:meth:`Matcher.close`), when a
document that one side dates on another day finds its counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from decimal import Decimal
from itertools import islice
from typing import TypeVar

from .. import lifecycle
from ..contract import Listed, Status
from .kinds import Kind
from .states import ABSENT, Agreement, judge, stands

BATCH = 500
"""So many that are left are brought to the caller's books at once."""

_NOT_STANDING = frozenset(
    {
        lifecycle.INVALID,
        lifecycle.SUPERSEDED,
        lifecycle.WITHDRAWN,
        lifecycle.CANCELLED,
    }
)


@dataclass(frozen=True, slots=True)
class Held:
    """A document that our books hold, as far as it is compared.

    :ivar key: the caller's own, unique
    :ivar uid: "" while the authority has not given it one
    :ivar state: of :mod:`fiscal.lifecycle`
    :ivar moved_at: when something last happened to it
    :ivar total: as the authority's list would state it
    :ivar cent: the smallest unit that makes a difference of totals
    """

    key: int
    uid: str
    number: str
    state: str
    issued_at: datetime | None = None
    moved_at: datetime | None = None
    total: Decimal | None = None
    cent: Decimal = Decimal("0.01")
    buyer_id: str = ""
    device_serial: str = ""
    former_uids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """How strictly two sides are compared.

    :ivar now: when the authority's list was asked for
    :ivar patience: what happened more recently may not be known to either side
    :ivar zone: where a day begins
    :ivar precision: times that differ by less are the same
    :ivar devices: serials of our devices; empty where documents name none
    """

    now: datetime
    patience: timedelta = timedelta(hours=1)
    zone: tzinfo = timezone.utc
    precision: timedelta = timedelta(seconds=1)
    devices: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One difference.

    :ivar left: a counterpart on another day would settle it
    """

    kind: Kind
    ours: Held | None = None
    theirs: Listed | None = None
    left: bool = False


@dataclass(slots=True)
class Counts:
    """What was compared.

    :ivar here: documents here, each of which is one of those below or has a difference
    :ivar there: documents there
    :ivar matched: that agree
    :ivar void: refused, replaced or taken back here, and not there: nothing to compare
    :ivar moving: on their way
    """

    here: int = 0
    there: int = 0
    matched: int = 0
    void: int = 0
    moving: int = 0


class Matcher:
    """Compares the books of one device, or of a registration, with the authority's.

    :ivar counts: of the days so far
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.counts = Counts()

    # -- one day ----------------------------------------------------------------------

    def day(self, ours: Iterable[Held], theirs: Iterable[Listed]) -> Iterator[Finding]:
        """Yield the differences of one day.

        :param ours: read once, in any order
        :param theirs: what the authority lists, before it ours are read: a document is
            here before it is there
        """
        day = _Day(theirs)
        self.counts.there += len(day.by_uid)
        left: list[Held] = []
        for held in ours:
            self.counts.here += 1
            uid = day.known_uid(held)
            if uid is None:
                left.append(held)
            elif uid in day.taken:
                yield from self._second(held, day, uid)
            else:
                yield from self._pair(held, day.take(uid, held), uid)
        yield from self._by_number(left, day)
        yield from self._left_there(day)

    def alone(self, ours: Iterable[Held]) -> Iterator[Finding]:
        """Yield what our own states tell where the authority can neither list nor be
        asked: what never got there. What it confirmed is believed, however recently:
        there is nobody who may not know it yet."""
        for held in ours:
            self.counts.here += 1
            verdict = judge(held.state, ABSENT, young=False)
            if verdict is Agreement.EQUAL:
                self.counts.void += 1
            elif verdict is Kind.MISSING_THERE:
                self.counts.matched += 1
            elif judge(held.state, ABSENT, self._young(held)) is Agreement.MOVING:
                self.counts.moving += 1
            else:
                yield Finding(verdict, held)

    def _by_number(self, left: list[Held], day: _Day) -> Iterator[Finding]:
        """Pair what is left on both sides by its number: the standing ones first, so
        that a refused attempt does not take its successor's counterpart."""
        left.sort(key=lambda held: held.state in _NOT_STANDING)
        for held in left:
            listed = day.by_number(held)
            if listed is None:
                yield from self._absent(held)
            else:
                day.take(_key(listed.uid), held)
                yield from self._pair(held, listed, _key(listed.uid))

    def _left_there(self, day: _Day) -> Iterator[Finding]:
        for listed in day.open.values():
            twin = day.numbers.get(listed.number)
            if twin is not None and stands(listed.status) and _same_place(twin, listed):
                yield Finding(Kind.TWICE_THERE, twin, listed, left=True)
            else:
                yield Finding(self._unknown_here(listed), None, listed, left=True)

    def _unknown_here(self, listed: Listed) -> Kind:
        if listed.status is Status.INVALID:
            return Kind.REFUSED_THERE
        if listed.status in (Status.CANCELLED, Status.REJECTED):
            return Kind.GONE_THERE
        devices = self.terms.devices
        if devices and listed.device_serial and listed.device_serial not in devices:
            return Kind.FOREIGN_DEVICE
        return Kind.MISSING_HERE

    def _second(self, held: Held, day: _Day, uid: str) -> Iterator[Finding]:
        """Two of ours have one identifier: fine where one of them stands for nothing
        any more."""
        if held.state in _NOT_STANDING:
            self.counts.void += 1
        elif day.taken[uid].state in _NOT_STANDING:
            day.taken[uid] = held
            yield from self._pair(held, day.by_uid[uid], uid)
        else:
            yield Finding(Kind.TWICE_HERE, held, day.by_uid[uid])

    def _absent(self, held: Held) -> Iterator[Finding]:
        verdict = judge(held.state, ABSENT, self._young(held))
        if verdict is Agreement.EQUAL:
            self.counts.void += 1
        elif verdict is Agreement.MOVING:
            self.counts.moving += 1
        else:
            yield Finding(verdict, held, left=True)

    # -- two that belong together -----------------------------------------------------

    def _pair(self, held: Held, listed: Listed, uid: str) -> Iterator[Finding]:
        """Yield how two documents differ that are the same one."""
        kinds = list(self._differences(held, listed, uid))
        for kind in kinds:
            yield Finding(kind, held, listed)
        if not kinds:
            verdict = judge(held.state, listed.status, self._young(held))
            if verdict is Agreement.MOVING:
                self.counts.moving += 1
            else:
                self.counts.matched += 1

    def _differences(self, held: Held, listed: Listed, uid: str) -> Iterator[Kind]:
        if held.uid and uid != _key(held.uid):
            former = uid in map(_key, held.former_uids)
            yield Kind.FORMER if former else Kind.UID
        if _differ(held.number, listed.number):
            yield Kind.NUMBER
        if (
            held.total is not None
            and listed.total is not None
            and abs(held.total - listed.total) * 2 >= held.cent
        ):
            yield Kind.AMOUNT
        yield from self._moments(held.issued_at, listed.issued_at)
        if listed.buyer_id and _plain(held.buyer_id) != _plain(listed.buyer_id):
            yield Kind.PARTY
        if _differ(held.device_serial, listed.device_serial):
            yield Kind.DEVICE
        verdict = judge(held.state, listed.status, self._young(held))
        if isinstance(verdict, Kind):
            yield verdict

    def _moments(self, here: datetime | None, there: datetime | None) -> Iterator[Kind]:
        if here is None or there is None or abs(here - there) < self.terms.precision:
            return
        zone = self.terms.zone
        same_day = here.astimezone(zone).date() == there.astimezone(zone).date()
        yield Kind.TIME if same_day else Kind.DAY

    def _young(self, held: Held) -> bool:
        moved = held.moved_at or held.issued_at
        return moved is not None and self.terms.now - moved < self.terms.patience

    # -- over the days ----------------------------------------------------------------

    def close(
        self,
        left: Iterable[Listed],
        find: Callable[[Sequence[Listed]], Iterable[Held]],
        is_left: Callable[[int], bool],
    ) -> Iterator[Resolved]:
        """Look again for those of the authority's documents that are left.

        :param left: what findings that are left name
        :param find: return ours that have the identifier (also a former one) or the
            number of one of these, of whatever day
        :param is_left: whether that one of ours has no counterpart either
        """
        for batch in _batches(left, BATCH):
            uids: dict[str, Held] = {}
            numbers: dict[str, list[Held]] = {}
            for held in find(batch):
                for uid in _uids(held):
                    uids.setdefault(uid, held)
                numbers.setdefault(held.number, []).append(held)
            for listed in batch:
                resolved = self._late_pair(listed, uids, numbers, is_left)
                if resolved is not None:
                    yield resolved

    def _late_pair(
        self,
        listed: Listed,
        uids: dict[str, Held],
        numbers: dict[str, list[Held]],
        is_left: Callable[[int], bool],
    ) -> Resolved | None:
        uid = _key(listed.uid)
        held = uids.get(uid)
        if held is None:
            alike = [h for h in numbers.get(listed.number, ()) if _fits(h, listed)]
            alike.sort(key=lambda h: h.state in _NOT_STANDING)
            held = next((h for h in alike if is_left(h.key)), None)
            if held is None:
                standing = [h for h in alike if h.state not in _NOT_STANDING]
                if not standing or not stands(listed.status):
                    return None
                twin = standing[0]
                return Resolved(
                    listed, None, (Finding(Kind.TWICE_THERE, twin, listed),)
                )
        return Resolved(listed, held, tuple(self._pair(held, listed, uid)))


@dataclass(frozen=True, slots=True)
class Resolved:
    """One of the authority's documents that was left and is not any more.

    :ivar ours: its counterpart, which is not left any more either; ``None`` where it
        has the number of one of ours that has another counterpart
    :ivar findings: what there is to say instead
    """

    theirs: Listed
    ours: Held | None
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Day:
    """What the authority lists for one day.

    :ivar by_uid: all of it
    :ivar open: what has no counterpart yet
    :ivar taken: our documents that have one, by its identifier
    :ivar numbers: our documents that have a counterpart, by their numbers
    """

    theirs: Iterable[Listed]
    by_uid: dict[str, Listed] = field(default_factory=dict)
    open: dict[str, Listed] = field(default_factory=dict)
    taken: dict[str, Held] = field(default_factory=dict)
    numbers: dict[str, Held] = field(default_factory=dict)
    _by_number: dict[str, list[str]] | None = None

    def __post_init__(self) -> None:
        # a list that grows while it is read names some twice
        self.by_uid = {_key(listed.uid): listed for listed in self.theirs}
        self.theirs = ()
        self.open = dict(self.by_uid)

    def known_uid(self, held: Held) -> str | None:
        """Return the identifier by which the authority has the document: its present
        one before a former one."""
        return next((uid for uid in _uids(held) if uid in self.by_uid), None)

    def take(self, uid: str, held: Held) -> Listed:
        """Give the authority's document a counterpart."""
        self.taken[uid] = held
        standing = self.numbers.get(held.number)
        if standing is None or standing.state in _NOT_STANDING:
            self.numbers[held.number] = held
        return self.open.pop(uid)

    def by_number(self, held: Held) -> Listed | None:
        """Return a document without counterpart that has the number of ours."""
        if self._by_number is None:
            self._by_number = {}
            for uid, listed in self.open.items():
                if listed.number:
                    self._by_number.setdefault(listed.number, []).append(uid)
        uids = self._by_number.get(held.number, ())
        alike = [self.open[uid] for uid in uids if uid in self.open]
        fitting = [listed for listed in alike if _fits(held, listed)]
        return min(fitting, key=lambda one: not stands(one.status), default=None)


def _fits(held: Held, listed: Listed) -> bool:
    """Whether two with the same number can be the same one. Of attempts that were
    refused there may be many: theirs is ours only while ours has no identifier."""
    if not held.number or not _same_place(held, listed):
        return False
    return not (held.uid and listed.status is Status.INVALID)


def _same_place(held: Held, listed: Listed) -> bool:
    return not _differ(held.device_serial, listed.device_serial)


def _uids(held: Held) -> Iterator[str]:
    if held.uid:
        yield _key(held.uid)
    yield from map(_key, held.former_uids)


def _key(uid: str) -> str:
    return uid.casefold()


def _differ(here: str, there: str) -> bool:
    return bool(here and there) and here.strip() != there.strip()


def _plain(identity: str) -> str:
    """Return an identity number without what people and authorities put into it."""
    return "".join(filter(str.isalnum, identity)).casefold()


_T = TypeVar("_T")


def _batches(items: Iterable[_T], size: int) -> Iterator[list[_T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
