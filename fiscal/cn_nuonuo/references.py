"""Which lines of a fapiao a red letter takes back (spec china 1.1, blueDetailIndex).

The books know what is taken back, the kept fapiao knows its lines. Nothing is guessed:
a line that fits none, or of which more is taken than is left, stays without, and the
checks say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol, TypeVar

from ..contract import Line, Receipt
from .amounts import cents, rate_of, vat_of
from .builder import takes_back
from .fapiao import DISCOUNT, FULL, PARTIAL, Fapiao, FapiaoLine, thaw
from .text import clean


class _Placed(Protocol):
    """Something that is left of a line of the blue fapiao."""

    line: FapiaoLine


_Place = TypeVar("_Place", bound=_Placed)


@dataclass(slots=True)
class _Left:
    """A line of the blue fapiao, its discount taken off, and what is left of it."""

    index: int
    line: FapiaoLine
    quantity: Decimal | None
    net: Decimal
    tax: Decimal

    def fits(self, line: Line) -> bool:
        """Tell whether a line takes back (a part of) this one."""
        blue, tax = self.line, vat_of(line)
        same = (
            blue.name == clean(line.description)
            and blue.code in ("", clean(line.item_code))
            and tax is not None
            and blue.rate == rate_of(tax)
            and blue.policy == clean(tax.subtype)
        )
        enough = cents(line.net) <= self.net and (
            self.quantity is None or line.quantity <= self.quantity
        )
        return same and enough

    def is_whole(self, line: Line) -> bool:
        """Tell whether a line takes back all that is left."""
        tax = vat_of(line)
        return (
            cents(line.net) == self.net
            and tax is not None
            and cents(tax.amount) == self.tax
            and self.quantity in (None, line.quantity)
        )


def refer(receipt: Receipt, blue: bytes, taken: Iterable[bytes] = ()) -> Receipt:
    """Return a red letter's receipt with ``scope``, and for a part ``blue_line`` of
    each line; what is told already stays.

    :param blue: the kept fapiao that it takes back
    :param taken: the kept red letters that took back parts of it before
    :raise ValueError: one of them is no fapiao of ours
    """
    if not takes_back(receipt) or receipt.data.get("scope"):
        return receipt
    left = _left(thaw(blue), [thaw(one) for one in taken])
    first = all(one.net == one.line.net for one in left)
    places = _places(receipt.lines, own_of(receipt, left))
    whole = [
        place is not None and place.is_whole(line)
        for line, place in zip(receipt.lines, places, strict=True)
    ]
    if first and all(whole) and len(places) == len(left):
        lines = tuple(
            _counted(line, place)
            for line, place in zip(receipt.lines, places, strict=True)
        )
        return replace(receipt, lines=lines, data={**receipt.data, "scope": FULL})
    lines = tuple(
        _named(line, place) for line, place in zip(receipt.lines, places, strict=True)
    )
    return replace(receipt, lines=lines, data={**receipt.data, "scope": PARTIAL})


def _left(blue: Fapiao, reds: Sequence[Fapiao]) -> list[_Left]:
    left: list[_Left] = []
    for index, line in enumerate(blue.lines, 1):
        if line.nature == DISCOUNT:
            main = left[-1]
            main.net, main.tax = main.net + line.net, main.tax + line.tax
            main.line = replace(main.line, net=main.net, tax=main.tax)
        else:
            left.append(_Left(index, line, line.quantity, line.net, line.tax))
    by_index = {one.index: one for one in left}
    for red in reds:
        if red.red is None or red.red.scope == FULL:
            return []
        for line in red.lines:
            if line.blue_line in by_index:
                _take(by_index[line.blue_line], line)
    return [one for one in left if one.net or one.tax]


def own_of(receipt: Receipt, left: Sequence[_Place]) -> Sequence[_Place]:
    """Return the lines of the invoice that is taken back, where several stand on the
    fapiao and it is told which."""
    number = clean(receipt.original.number) if receipt.original else ""
    if not number or not any(one.line.invoice for one in left):
        return left
    return [one for one in left if one.line.invoice == number]


def _take(left: _Left, red: FapiaoLine) -> None:
    """Take off what a red line, whose figures are negative, took back."""
    left.net, left.tax = left.net + red.net, left.tax + red.tax
    if left.quantity is not None and red.quantity is not None:
        left.quantity += red.quantity


def _places(lines: Sequence[Line], left: Sequence[_Left]) -> list[_Left | None]:
    """Return for each line the one that it takes back: one that it takes back wholly
    before others, each at most once."""
    free = list(left)
    places: list[_Left | None] = [None] * len(lines)
    for wholly in (True, False):
        for number, line in enumerate(lines):
            if places[number] is not None:
                continue
            fitting = (
                one
                for one in free
                if one.fits(line) and (one.is_whole(line) or not wholly)
            )
            place = next(fitting, None)
            if place is not None:
                free.remove(place)
                places[number] = place
    return places


def _counted(line: Line, place: _Left | None) -> Line:
    """Return a line of a whole one, which has no quantity where the sold one has
    none."""
    if place is None or place.line.quantity is not None:
        return line
    return replace(line, data={**line.data, "amount_only": True})


def _named(line: Line, place: _Left | None) -> Line:
    """Return a line with the place of the one that it takes back, whose unit and
    specification it has to have."""
    if place is None or line.data.get("blue_line"):
        return line
    blue = place.line
    data = {**line.data, "blue_line": place.index, "spec": blue.spec}
    if blue.quantity is None:
        data["amount_only"] = True
    return replace(
        line,
        unit=blue.unit,
        unit_name=blue.unit,
        item_code=blue.code or line.item_code,
        data=data,
    )
