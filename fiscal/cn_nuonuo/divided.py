"""From which of several fapiao a red letter takes its lines back.

A sale that the provider split stands on several fapiao (:mod:`.split`), and each is
taken back by a request of its own. The books know what is taken back, not from where:
of a line that stands on several, whole parts are taken before others, so that as few
fapiao as may be are touched. Nothing is guessed: what fits nowhere stays without a
place, and the checks say so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from ..contract import Line, Receipt
from .amounts import cents, rate_of, vat_of
from .builder import takes_back
from .fapiao import FULL, PARTIAL, Fapiao, FapiaoLine, RedPart, red_parts, thaw
from .references import own_of
from .split import Part, PartLine, merged, parts_of
from .text import clean

_NOTHING = Decimal(0)


@dataclass(slots=True)
class _Left:
    """A line of one of the fapiao, and what is left of it."""

    part: Part
    place: PartLine
    line: FapiaoLine
    net: Decimal
    tax: Decimal
    quantity: Decimal | None
    free: bool = True

    @property
    def untouched(self) -> bool:
        """Nothing of it was taken back."""
        return (self.net, self.tax) == (self.place.net, self.place.tax)


@dataclass(slots=True)
class _Wanted:
    """A line of the credit note, and what of it has no place yet."""

    line: Line
    net: Decimal
    tax: Decimal
    quantity: Decimal
    taken: list[_Taken] = field(default_factory=list)

    def fits(self, left: _Left) -> bool:
        """Whether it is about what stands there."""
        return left.free and _is_same(self.line, left.line)

    def covers(self, left: _Left) -> bool:
        """Whether it takes back all that is left there."""
        enough = left.quantity is None or left.quantity <= self.quantity
        return left.net <= self.net and left.tax <= self.tax and enough

    def is_whole(self, left: _Left) -> bool:
        """Whether it takes back just what is left there."""
        quantity = left.quantity in (None, self.quantity)
        return (left.net, left.tax) == (self.net, self.tax) and quantity

    def is_part(self, left: _Left) -> bool:
        """Whether there is enough left for it."""
        enough = left.quantity is None or self.quantity <= left.quantity
        return self.net <= left.net and self.tax <= left.tax and enough


@dataclass(slots=True)
class _Taken:
    """What a line takes back at one place.

    :ivar left: where; ``None`` of what was taken before, as ``former`` has it
    """

    left: _Left | None
    net: Decimal
    tax: Decimal
    quantity: Decimal | None
    former: FapiaoLine | None = None

    @property
    def blue(self) -> tuple[FapiaoLine, int]:
        """The line that it is about, and its place on its fapiao."""
        if self.former is not None:
            return self.former, self.former.blue_line
        assert self.left is not None
        return self.left.line, self.left.place.index


def divide(
    receipt: Receipt,
    blue: bytes,
    taken: Iterable[bytes] = (),
    *,
    ids: Mapping[str, str],
    former: bytes = b"",
    begun: Mapping[str, str],
) -> Receipt:
    """Return a red letter's receipt with ``parts``, and ``part`` and ``blue_line`` of
    each line, which is divided where it stands on several fapiao.

    What stands of the document in whose place this one comes stays as it is: its lines
    have to be on the receipt (else ``missing`` names its red letters), and are not
    taken back once more.

    :param blue: the kept fapiao that it takes back
    :param taken: what stands of other red letters on it
    :param ids: what is known of the fapiao
    :param former: what stands of the document in whose place this one comes
    :param begun: the buyer's request that this one books, and nothing else
    :raise ValueError: one of them is no fapiao of ours
    """
    if not takes_back(receipt) or receipt.data.get("scope"):
        return receipt
    sale = thaw(blue)
    parts = parts_of(ids, sale)
    if begun:
        parts = tuple(one for one in parts if one.number == begun["blue_number"])
    left = _left(parts, sale, [thaw(one) for one in taken])
    wanted = [_wanted(line) for line in receipt.lines]
    kept = thaw(former) if former else None
    missing = _keep_former(wanted, kept, left) if kept else []
    untouched = {id(one) for one in left if one.untouched}
    # a buyer asks for lines of the fapiao, whichever of our invoices they are of
    own = left if begun else own_of(receipt, left)
    for pick in (_whole, _together, _within, _greedy):
        for one in wanted:
            pick(one, own)
    places = _places(wanted, left, untouched, kept, begun)
    lines = tuple(line for one in wanted for line in _lines(one, places))
    data = {**receipt.data, "scope": PARTIAL, "parts": tuple(places.parts)}
    if missing:
        data["missing"] = ", ".join(missing)
    return replace(receipt, lines=lines, data=data)


def _left(parts: Sequence[Part], sale: Fapiao, reds: Sequence[Fapiao]) -> list[_Left]:
    sources = dict(merged(sale.lines))
    left = [
        _Left(part, one, sources[one.source], one.net, one.tax, one.quantity)
        for part in parts
        for one in part.lines
    ]
    by_place = {(one.part.number, one.place.index): one for one in left}
    for red in reds:
        for place, line in _of_parts(red):
            found = by_place.get((place.blue_number, line.blue_line))
            if found is not None:
                _take(found, -line.net, -line.tax, _plus(line.quantity))
    return left


def _of_parts(red: Fapiao) -> Iterator[tuple[RedPart, FapiaoLine]]:
    """Yield the lines of a red letter with the part that each belongs to."""
    parts = red_parts(red)
    for line in red.lines:
        if parts:
            yield parts[max(line.part, 1) - 1], line


def _plus(quantity: Decimal | None) -> Decimal | None:
    return None if quantity is None else -quantity


def _take(left: _Left, net: Decimal, tax: Decimal, quantity: Decimal | None) -> None:
    left.net, left.tax = left.net - net, left.tax - tax
    if left.quantity is not None and quantity is not None:
        left.quantity -= quantity
    if not (left.net or left.tax):
        left.free = False


def _wanted(line: Line) -> _Wanted:
    tax = vat_of(line)
    amount = cents(tax.amount) if tax is not None else _NOTHING
    return _Wanted(line, cents(line.net), amount, line.quantity)


def _is_same(line: Line, blue: FapiaoLine) -> bool:
    tax = vat_of(line)
    return (
        blue.name == clean(line.description)
        and blue.code in ("", clean(line.item_code))
        and tax is not None
        and blue.rate == rate_of(tax)
        and blue.policy == clean(tax.subtype)
    )


def _keep_former(
    wanted: Sequence[_Wanted], kept: Fapiao, left: Sequence[_Left]
) -> list[str]:
    """Give what stands already its place, and return the fapiao of which something is
    not on the receipt any more."""
    by_place = {(one.part.number, one.place.index): one for one in left}
    missing = []
    for part, line in _of_parts(kept):
        net, tax, quantity = -line.net, -line.tax, _plus(line.quantity)
        fitting = (
            one
            for one in wanted
            if _is_same(one.line, line) and net <= one.net and tax <= one.tax
        )
        found = next(fitting, None)
        if found is None:
            missing.append(part.blue_number)
            continue
        _note(found, _Taken(None, net, tax, quantity, line))
        place = by_place.get((part.blue_number, line.blue_line))
        if place is not None:
            _take(place, net, tax, quantity)
    return list(dict.fromkeys(missing))


def _note(wanted: _Wanted, taken: _Taken) -> None:
    wanted.taken.append(taken)
    wanted.net, wanted.tax = wanted.net - taken.net, wanted.tax - taken.tax
    if taken.quantity is not None:
        wanted.quantity -= taken.quantity


# ----------------------------------------------------------------------------------
# Where each line is taken back, the most certain first
# ----------------------------------------------------------------------------------


def _all_of(wanted: _Wanted, left: _Left) -> None:
    _note(wanted, _Taken(left, left.net, left.tax, left.quantity))
    left.free = False


def _rest_of(wanted: _Wanted, left: _Left) -> None:
    quantity = None if left.quantity is None else wanted.quantity
    _note(wanted, _Taken(left, wanted.net, wanted.tax, quantity))
    left.free = False


def _whole(wanted: _Wanted, left: Sequence[_Left]) -> None:
    """It is just what is left at one place."""
    found = (one for one in left if wanted.fits(one) and wanted.is_whole(one))
    place = next(found, None)
    if wanted.net and place is not None:
        _all_of(wanted, place)


def _together(wanted: _Wanted, left: Sequence[_Left]) -> None:
    """It is just what is left at all places together."""
    fitting = [one for one in left if wanted.fits(one)]
    net = sum((one.net for one in fitting), _NOTHING)
    tax = sum((one.tax for one in fitting), _NOTHING)
    if wanted.net and (net, tax) == (wanted.net, wanted.tax):
        for one in fitting:
            _all_of(wanted, one)


def _within(wanted: _Wanted, left: Sequence[_Left]) -> None:
    """There is enough for it at one place."""
    found = (one for one in left if wanted.fits(one) and wanted.is_part(one))
    place = next(found, None)
    if wanted.net and place is not None:
        _rest_of(wanted, place)


def _greedy(wanted: _Wanted, left: Sequence[_Left]) -> None:
    """It stands at several: whole ones, the largest first, and the rest at one more."""
    for one in sorted(left, key=lambda one: -one.net):
        if wanted.net and wanted.fits(one) and wanted.covers(one):
            _all_of(wanted, one)
    _within(wanted, left)


# ----------------------------------------------------------------------------------
# Parts and lines
# ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Places:
    """The parts of the red letter, in their order."""

    parts: list[dict[str, Any]] = field(default_factory=list)
    by_number: dict[str, int] = field(default_factory=dict)
    former: dict[int, int] = field(default_factory=dict)

    def index_of(self, taken: _Taken) -> int:
        """Return the part that belongs to what is taken back, from 1."""
        if taken.former is not None:
            return self.former[max(taken.former.part, 1)]
        assert taken.left is not None
        return self.by_number[taken.left.part.number]


def _places(
    wanted: Sequence[_Wanted],
    left: Sequence[_Left],
    untouched: Collection[int],
    kept: Fapiao | None,
    begun: Mapping[str, str],
) -> _Places:
    places = _Places()
    for number, part in enumerate(red_parts(kept) if kept else (), 1):
        places.parts.append(_told(replace(part, asked=True)))
        places.former[number] = len(places.parts)
    used = {
        taken.left.part.number: taken.left.part
        for one in wanted
        for taken in one.taken
        if taken.left is not None
    }
    order = {one.part.number: place for place, one in enumerate(left)}
    for number in sorted(used, key=order.__getitem__):
        own = [one for one in left if one.part.number == number]
        full = _is_all(own, wanted, untouched)
        part = RedPart(number, FULL if full else PARTIAL)
        if begun:
            part = replace(
                part,
                bill_uuid=begun.get("bill_uuid", ""),
                order_no=begun.get("order_no", ""),
                asked=True,
            )
        places.parts.append(_told(part))
        places.by_number[number] = len(places.parts)
    return places


def _told(part: RedPart) -> dict[str, Any]:
    return {name: getattr(part, name) for name in RedPart.__slots__}


def _is_all(
    own: Sequence[_Left], wanted: Sequence[_Wanted], untouched: Collection[int]
) -> bool:
    """Whether all of a fapiao is taken back, of which nothing was before."""
    taken = {
        id(one.left): one.net
        for each in wanted
        for one in each.taken
        if one.left is not None
    }
    return all(id(one) in untouched and taken.get(id(one)) == one.net for one in own)


def _lines(wanted: _Wanted, places: _Places) -> Iterator[Line]:
    """Yield a line once for each place at which it is taken back, with unit and
    specification of what stands there; what has no place stays without."""
    line, tax = wanted.line, vat_of(wanted.line)
    for taken in wanted.taken:
        assert tax is not None
        blue, place = taken.blue
        part = places.index_of(taken)
        data = {**line.data, "blue_line": place, "part": part, "spec": blue.spec}
        if taken.quantity is None:
            data["amount_only"] = True
        yield replace(
            line,
            quantity=line.quantity if taken.quantity is None else taken.quantity,
            gross=taken.net,
            net=taken.net,
            discounts=(),
            taxes=(replace(tax, amount=taken.tax),),
            unit=blue.unit,
            unit_name=blue.unit,
            item_code=blue.code or line.item_code,
            data=data,
        )
    if not wanted.taken or wanted.net or wanted.tax:
        rest = replace(tax, amount=wanted.tax) if tax is not None else None
        yield replace(
            line,
            quantity=wanted.quantity if wanted.taken else line.quantity,
            gross=wanted.net,
            net=wanted.net,
            discounts=(),
            taxes=(rest,) if rest is not None else line.taxes,
        )
