"""A red letter: what it takes back, and whether that can be taken back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from decimal import Decimal
from typing import Any

from ...contract import NOTHING, Line, Returnable
from ...messages import _
from ..builder import buyer_of, reason_of, scope_of
from ..code_tables import table
from ..fapiao import FULL, PARTIAL
from ..text import clean
from .findings import Findings, yuan

_NUMBER = re.compile(r"[0-9]{20}")
_SLACK = Decimal("0.05")


def check_red(found: Findings) -> None:
    """Check reference, reason, scope, buyer, and what is left to be taken back."""
    receipt = found.receipt
    original = receipt.original
    uid = clean(original.uid) if original else ""
    if not uid:
        found.add(
            "reference_missing",
            _(
                "A red letter needs the number of the fapiao that it takes back. Wait"
                " until that one is issued, or choose the invoice."
            ),
            "red.blue_number",
            receipt.record,
        )
    elif not _NUMBER.fullmatch(uid):
        found.add(
            "reference_number",
            _(
                "“%(number)s” is no number of a fapiao (20 digits), so it cannot be"
                " taken back this way. Take it back at the bureau."
            ),
            "red.blue_number",
            receipt.record,
            number=uid,
        )
    if reason_of(receipt) not in table("return_reason"):
        found.add(
            "reason",
            _(
                "A red letter needs a reason: 01 issued wrongly, 02 returned, 03"
                " service stopped, 04 allowance. Choose one."
            ),
            "red.reason",
            receipt.record,
        )
    over: set[tuple[str, str]] = set()
    if original and original.returnable is not None:
        over = _check_returnable(found, original.returnable)
    _check_scope(found, over)
    _check_standing(found)
    _check_buyer(found)


def _check_scope(found: Findings, over: Set[tuple[str, str]]) -> None:
    """Check that it is known what is taken back.

    :param over: items of which more is taken back than is left: their lines fit none of
        the fapiao for that reason, which was told
    """
    receipt, scope = found.receipt, scope_of(found.receipt)
    if scope not in (FULL, PARTIAL):
        found.add(
            "scope",
            _(
                "It is not known whether the red letter takes back the whole fapiao or"
                " which of its lines. Tell which line each one takes back, or that all"
                " is taken back."
            ),
            "red.scope",
            receipt.record,
        )
    seen: set[tuple[Any, int]] = set()
    for index, line in enumerate(receipt.lines if scope == PARTIAL else ()):
        place, part = line.data.get("blue_line"), line.data.get("part")
        if type(place) is int and place > 0 and (part, place) not in seen:
            seen.add((part, place))
            continue
        if _item_of(line) in over:
            continue
        found.add(
            "blue_line",
            _(
                "“%(line)s” fits no line of the fapiao that is left to be taken back."
                " Its name, item code and tax have to be as on the invoice, and one"
                " line cannot take back two, nor two lines one."
            ),
            f"lines[{index}]",
            line.record,
            line=clean(line.description)[:60],
        )


def _check_standing(found: Findings) -> None:
    """Check that what was taken back already is still on the document."""
    missing = clean(found.receipt.data.get("missing"))
    if missing:
        found.add(
            "red_standing",
            _(
                "The fapiao %(blues)s was taken back with this document before, and"
                " stays so. Put its lines back as they were."
            ),
            "lines",
            found.receipt.record,
            blues=missing,
        )


def _check_buyer(found: Findings) -> None:
    receipt = found.receipt
    former = receipt.original.buyer if receipt.original else None
    if former is None:
        return
    now, then = buyer_of(receipt).tax_number, clean(former.id).upper()
    if now != then:
        found.add(
            "E9113",
            _(
                "The buyer's tax number is %(now)s, and on the fapiao that is taken"
                " back it is %(then)s. It must be the same buyer."
            ),
            "buyer.tax_number",
            receipt.buyer.record,
            now=now or "-",
            then=then or "-",
        )


def _item_of(line: Line) -> tuple[str, str]:
    """Return by what it is known how much of an item is left."""
    return line.internal_code, line.item_code


def _check_returnable(
    found: Findings, left: Mapping[tuple[str, str], Returnable]
) -> set[tuple[str, str]]:
    """Check that no more is taken back than is left of each item, and all of it where
    the whole is taken back. Amounts that cannot be used are told elsewhere.

    :return: the items of which too much is taken back
    """
    taken: dict[tuple[str, str], list[Any]] = {}
    over: set[tuple[str, str]] = set()
    for line in found.receipt.lines:
        if not (line.net.is_finite() and line.quantity.is_finite()):
            return over
        row = taken.setdefault(_item_of(line), [Decimal(0), Decimal(0), line])
        row[0] += line.quantity
        row[1] += line.net
    for key, (quantity, amount, line) in taken.items():
        rest = left.get(key) or Returnable(Decimal(0), Decimal(0))
        # an amount alone, as of construction, has no quantity to be used up
        enough = quantity <= rest.quantity or line.data.get("amount_only")
        if enough and amount <= rest.amount + _SLACK:
            continue
        over.add(key)
        found.add(
            "over_red",
            _(
                "Of “%(line)s” %(quantity)s (%(amount)s) are taken back, and"
                " %(rest)s (%(most)s) are left of the fapiao. Take back no more."
            ),
            "lines",
            line.record,
            line=clean(line.description)[:60],
            quantity=quantity,
            amount=yuan(amount),
            rest=rest.quantity,
            most=yuan(rest.amount),
        )
    _check_whole(found, left, sum((row[1] for row in taken.values()), Decimal(0)))
    return over


def _check_whole(
    found: Findings, left: Mapping[tuple[str, str], Returnable], taken: Decimal
) -> None:
    rest = sum((one.amount for one in (left or NOTHING).values()), Decimal(0))
    if scope_of(found.receipt) == FULL and taken < rest - _SLACK:
        found.add(
            "red_not_whole",
            _(
                "The red letter is to take back the whole fapiao, and its lines come to"
                " %(taken)s of %(rest)s. Take all lines back, or tell which."
            ),
            "lines",
            found.receipt.record,
            taken=yuan(taken),
            rest=yuan(rest),
        )
