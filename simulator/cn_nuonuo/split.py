"""An order beyond the limit of one invoice becomes several (spec china 1.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from .amounts import cents
from .lines import DISCOUNT

_EIGHT = Decimal("0.00000001")


def split(lines: list[dict[str, Any]], limit: Decimal) -> list[list[dict[str, Any]]]:
    """The lines of each invoice, none of which is beyond ``limit`` (tax-exclusive).

    A discount stays with its line. What is beyond the limit by itself is divided, its
    quantity with it; the sums over all invoices stay what they were.
    """
    groups: list[list[dict[str, Any]]] = [[]]
    room = limit
    for block in _blocks(lines):
        for piece in _pieces(block, limit):
            net = _net(piece)
            if net > room and groups[-1]:
                groups.append([])
                room = limit
            groups[-1] += piece
            room -= net
    return [
        [{**line, "index": index} for index, line in enumerate(group, start=1)]
        for group in groups
    ]


def _blocks(lines: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    blocks: list[list[dict[str, Any]]] = []
    for line in lines:
        if line["property"] == DISCOUNT:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _net(block: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(line["excl"]) for line in block), Decimal(0))


def _pieces(block: list[dict[str, Any]], limit: Decimal) -> list[list[dict[str, Any]]]:
    pieces = []
    rest = block
    while _net(rest) > limit:
        piece = _taken(block, limit / _net(block))
        # the first line bears what rounding makes of the limit
        off = limit - _net(piece)
        piece[0] = _with_amounts(
            piece[0], Decimal(piece[0]["excl"]) + off, Decimal(piece[0]["tax"])
        )
        pieces.append(piece)
        rest = [_less(line, part) for line, part in zip(rest, piece, strict=True)]
    return [*pieces, rest]


def _taken(block: list[dict[str, Any]], share: Decimal) -> list[dict[str, Any]]:
    """A share of each line."""
    return [
        {
            **_with_amounts(
                line,
                cents(Decimal(line["excl"]) * share),
                cents(Decimal(line["tax"]) * share),
            ),
            "num": _number((Decimal(line["num"]) * share).quantize(_EIGHT))
            if line["num"]
            else "",
        }
        for line in block
    ]


def _less(line: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """What is left of a line."""
    excl = Decimal(line["excl"]) - Decimal(part["excl"])
    made = _with_amounts(line, excl, Decimal(line["tax"]) - Decimal(part["tax"]))
    if line["num"]:
        made["num"] = _number(Decimal(line["num"]) - Decimal(part["num"]))
    return made


def _with_amounts(line: dict[str, Any], excl: Decimal, tax: Decimal) -> dict[str, Any]:
    return {**line, "excl": str(excl), "tax": str(tax), "incl": str(excl + tax)}


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"
