"""Of what the fapiao of an order consist that the provider split (spec china 1.1), so
that a red letter can tell which of them a line is taken back from.

The provider tells the lines of each fapiao; here they are found among those of the
document that was kept. What does not come out to the cent is not believed at all.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from .answers import Item, Row
from .fapiao import DISCOUNT, Fapiao, FapiaoLine

SPLIT = "_split"
"""Among ``authority_ids`` of a document: what :func:`split_text` made."""

_NEAR = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PartLine:
    """One line of one of the fapiao, its discount taken off.

    :ivar source: the line of the document that it is (a part of), from 1
    :ivar index: its place on the fapiao, from 1, discounts counted
    """

    source: int
    index: int
    quantity: Decimal | None
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Part:
    """One of the fapiao of an order."""

    number: str
    lines: tuple[PartLine, ...]


def whole(fapiao: Fapiao, number: str) -> Part:
    """Return the one part of an order that was not split."""
    lines = [
        PartLine(index, index, line.quantity, line.net, line.tax)
        for index, line in merged(fapiao.lines)
    ]
    return Part(number, tuple(lines))


def merged(lines: Sequence[FapiaoLine]) -> list[tuple[int, FapiaoLine]]:
    """Return lines with their places from 1, each discount taken off its line."""
    found: list[tuple[int, FapiaoLine]] = []
    for index, line in enumerate(lines, 1):
        if line.nature == DISCOUNT:
            place, main = found[-1]
            net, tax = main.net + line.net, main.tax + line.tax
            found[-1] = place, replace(main, net=net, tax=tax)
        else:
            found.append((index, line))
    return found


# ----------------------------------------------------------------------------------
# From the answer
# ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Rest:
    """A line of the document, and what of it was not found on a fapiao yet."""

    index: int
    line: FapiaoLine
    net: Decimal
    tax: Decimal


def split_text(fapiao: Fapiao, rows: Sequence[Row]) -> str:
    """Return, to be kept, of what the fapiao of an order consist; "" where what the
    provider tells of their lines does not make up the document."""
    rest = [_Rest(i, line, line.net, line.tax) for i, line in merged(fapiao.lines)]
    told = []
    for row in sorted(rows, key=lambda row: row.number):
        lines = _lines(row.items, rest)
        if not (row.issued and lines):
            return ""
        told.append([row.number, lines])
    if any(one.net or one.tax for one in rest):
        return ""
    return json.dumps(told, separators=(",", ":"))


def _lines(items: Sequence[Item], rest: Sequence[_Rest]) -> list[list[str]]:
    """Return the lines of one fapiao; nothing if one of them is none of the
    document's."""
    lines = []
    for index, item in _merged_items(items):
        source = _source(item, rest)
        if source is None:
            return []
        source.net, source.tax = source.net - item.net, source.tax - item.tax
        quantity = "" if item.quantity is None else f"{item.quantity:f}"
        figures = [quantity, f"{item.net:f}", f"{item.tax:f}"]
        lines.append([str(source.index), str(index), *figures])
    return lines


def _merged_items(items: Sequence[Item]) -> list[tuple[int, Item]]:
    found: list[tuple[int, Item]] = []
    for index, item in enumerate(items, 1):
        if item.nature == DISCOUNT and found:
            place, main = found[-1]
            net, tax = main.net + item.net, main.tax + item.tax
            found[-1] = place, replace(main, net=net, tax=tax)
        else:
            found.append((index, item))
    return found


def _source(item: Item, rest: Sequence[_Rest]) -> _Rest | None:
    """Return the line of the document that one on a fapiao is a part of: of the same
    price before others."""
    fitting = [one for one in rest if _is_same(item, one.line) and item.net <= one.net]
    near = (one for one in fitting if _same_price(item, one.line))
    return next(near, fitting[0] if fitting else None)


def _is_same(item: Item, line: FapiaoLine) -> bool:
    # the bureau puts the short name of the code before the name
    name = item.name == line.name or item.name.endswith(f"*{line.name}")
    code = "" in (item.code, line.code) or item.code == line.code
    return name and code and item.rate == line.rate


def _same_price(item: Item, line: FapiaoLine) -> bool:
    if not (item.quantity and line.quantity):
        return item.quantity == line.quantity
    return abs(item.net - line.net / line.quantity * item.quantity) <= _NEAR


# ----------------------------------------------------------------------------------
# From what was kept
# ----------------------------------------------------------------------------------


def parts_of(ids: Mapping[str, str], fapiao: Fapiao) -> tuple[Part, ...]:
    """Return the parts of a document by its ``authority_ids``: one if it was not split,
    nothing where it is not known of what they consist."""
    if "," not in ids.get("numbers", ""):
        number = ids.get("number", "")
        return (whole(fapiao, number),) if number else ()
    try:
        told = json.loads(ids.get(SPLIT) or "[]")
        return tuple(Part(number, tuple(_kept(lines))) for number, lines in told)
    except (ValueError, TypeError, InvalidOperation):
        return ()


def _kept(lines: Iterable[Sequence[str]]) -> Iterable[PartLine]:
    for source, index, quantity, net, tax in lines:
        known = Decimal(quantity) if quantity else None
        yield PartLine(int(source), int(index), known, Decimal(net), Decimal(tax))
