"""The lines of a red letter, against those of its blue invoice (5.2 points 11, 13).

Its amounts, taxes and quantities are negative, its prices positive. ``blue`` is the
index of the blue line, and ``detail[]`` of a partial one names it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import amounts, fields
from .lines import DISCOUNT, NORMAL
from .shapes import Findings, check, join, text
from .store import Bill, Invoice

_SUMS = ("excl", "tax", "num")


def merged(blue: Invoice) -> list[dict[str, Any]]:
    """The blue lines with their discounts taken off: a red letter has normal lines."""
    rows: list[dict[str, Any]] = []
    for line in blue.lines:
        if line["property"] != DISCOUNT:
            rows.append({**line, "property": NORMAL})
            continue
        main = rows[-1]
        for name in ("excl", "tax", "incl"):
            main[name] = str(Decimal(main[name]) + Decimal(line[name]))
        if main["num"]:
            shown = main["incl"] if main["with_tax"] else main["excl"]
            price = Decimal(shown) / Decimal(main["num"])
            main["price"] = f"{price.quantize(Decimal('1e-8')).normalize():f}"
    return rows


def remaining(
    blue: Invoice, bills: list[Bill], merging: bool
) -> dict[int, dict[str, Any]]:
    """What confirmations have left of a blue invoice, by the index of its lines."""
    lines = merged(blue) if merging else blue.lines
    left = {line["index"]: dict(line) for line in lines}
    for bill in bills:
        for row in bill.lines:
            line = left[row["blue"]]
            for name in _SUMS:
                if line[name]:
                    value = Decimal(line[name]) + Decimal(row[name] or 0)
                    line[name] = f"{value:f}"
    return left


def full(left: dict[int, dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a red letter over all that is left."""
    rows = [line for line in left.values() if Decimal(line["excl"])]
    return [
        _negated(line, position, Decimal(line["num"] or 0))
        for position, line in enumerate(rows, start=1)
    ]


def _negated(line: dict[str, Any], position: int, num: Decimal) -> dict[str, Any]:
    excl, tax = -Decimal(line["excl"]), -Decimal(line["tax"])
    price = ""
    if num:
        exact = abs(excl / num).quantize(Decimal("1e-8")).normalize()
        price = f"{exact:f}" if line["with_tax"] else line["price"]
    return {
        **line,
        "num": f"{-num.normalize():f}" if num else "",
        "price": price,
        "excl": str(excl),
        "tax": str(tax),
        "incl": str(excl + tax),
        "with_tax": False,
        "property": NORMAL,
        "own": {},
        "index": position,
        "blue": line["index"],
    }


def partial(
    found: Findings, details: object, left: dict[int, dict[str, Any]]
) -> list[dict[str, Any]]:
    """The lines that ``detail`` asks for; notes what is wrong with them."""
    if not isinstance(details, list) or not details:
        found.add("detail", "has no lines")
        return []
    made = []
    for position, row in enumerate(details):
        path = f"detail[{position}]"
        if not check(found, row, path, fields.RED_LINE):
            continue
        index = text(row, "blueDetailIndex")
        line = left.get(int(index)) if index.isdecimal() else None
        if line is None:
            found.add(join(path, "blueDetailIndex"), "is no line of the blue invoice")
        elif any(int(index) == other["blue"] for other in made):
            found.add(join(path, "blueDetailIndex"), "occurs twice")
        else:
            _compare(found, row, path, line)
            made.append(_partial_line(found, row, path, line, position + 1))
    return made


def _compare(
    found: Findings, row: dict[str, Any], path: str, line: dict[str, Any]
) -> None:
    """What a red line has in common with its blue one."""
    pairs = {"goodsName": "name", "unit": "unit", "specType": "spec"}
    for name, kept in pairs.items():
        if text(row, name) != line[kept]:
            found.add(join(path, name), "is not the blue line's")
    if text(row, "goodsCode") not in ("", line["code"]):
        found.add(join(path, "goodsCode"), "is not the blue line's")
    if amounts.parse(text(row, "taxRate")) != amounts.parse(line["rate"]):
        found.add(join(path, "taxRate"), "is not the blue line's")


def _partial_line(
    found: Findings,
    row: dict[str, Any],
    path: str,
    line: dict[str, Any],
    position: int,
) -> dict[str, Any]:
    excl = amounts.amount(found, row, path, "taxExcludedAmount") or Decimal(0)
    tax = amounts.amount(found, row, path, "taxAmount") or Decimal(0)
    num = amounts.quantity(found, row, path, "num")
    price = amounts.quantity(found, row, path, "taxExcludedPrice")
    if excl >= 0 or tax > 0:
        found.add(path, "amount and tax of a red line are negative")
    if (num is None) != (price is None):
        found.add(join(path, "num"), "num and price come together or not at all")
    if num is not None and num >= 0:
        code = found.settings.quantity_sign_code
        found.add(join(path, "num"), "is not negative", code)
    if price is not None and price <= 0:
        found.add(join(path, "taxExcludedPrice"), "is not positive")
    if num is not None and price is not None:
        off = abs(num * price - excl)
        if off > found.settings.price_tolerance:
            where = join(path, "taxExcludedPrice")
            found.odd(found.settings.price_check, where, f"num x price is {off} off")
    rate = amounts.parse(line["rate"]) or Decimal(0)
    off = amounts.tax_difference(excl, rate, tax)
    if off > found.settings.tax_tolerance:
        found.add(join(path, "taxAmount"), f"is {off} off", "E9131")
    _check_left(found, path, line, {"excl": excl, "tax": tax, "num": num})
    return {
        **_negated(line, position, Decimal(0)),
        "num": text(row, "num"),
        "price": text(row, "taxExcludedPrice"),
        "excl": str(excl),
        "tax": str(tax),
        "incl": str(excl + tax),
    }


def _check_left(
    found: Findings, path: str, line: dict[str, Any], taken: dict[str, Decimal | None]
) -> None:
    """No more than the blue line has left."""
    for name, value in taken.items():
        if value is None:
            continue
        limit = Decimal(line[name] or 0)
        if -value > limit:
            found.add(path, f"takes {-value} of {limit} that is left ({name})")
