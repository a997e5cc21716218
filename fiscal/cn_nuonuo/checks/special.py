"""Special businesses: each has a node of its own with its own rules (spec china 1.1).

Construction and lease are told in the bureau's words; the rarer ones by the members of
the provider's field tables, which are checked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ...messages import Sentence, _
from ..builder import CONSTRUCTION, LEASE, SALE, TRAVEL, special_of, takes_back
from ..code_tables import table
from ..nodes import (
    ELEMENT,
    MOST_ADDRESS,
    OBJECTS,
    ONE_LINE,
    ROWS,
    SUPPORTED,
    VOUCHER,
    Member,
    unreadable,
)
from ..text import clean, length
from .document import MOST_LINES
from .findings import Findings

_STREET = re.compile("[街路村乡镇道]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_FLAGS = ("", "0", "1", "True", "False", "true", "false")
_LEVELS = {
    "1": ("公务舱", "头等舱", "经济舱"),
    "2": ("一等座", "二等座", "软席（软座、软卧）", "硬席（硬座、硬卧）"),
    "7": ("一等舱", "二等舱", "三等舱"),
}
_VOUCHER_NEEDS = {
    "01": ("allElectronicInvoiceNumber", "invoiceTime"),
    "02": ("invoiceCode", "invoiceNumber", "invoiceTime"),
    "03": ("invoiceCode", "invoiceNumber", "invoiceTime"),
    "04": ("invoiceCode", "invoiceNumber", "invoiceTime"),
    "08": ("remark",),
    "09": ("remark",),
}


def check_special(found: Findings) -> None:
    """Check the special element and its node, vouchers and additional elements."""
    receipt = found.receipt
    if takes_back(receipt):
        return
    special = special_of(receipt)
    if special and special not in SUPPORTED:
        known = table("special").get(special)
        found.add(
            "special",
            _(
                "The provider issues no fapiao with the special element %(special)s."
                " Choose another one, or issue it at the bureau."
            ),
            "special",
            receipt.record,
            special=known.names["en"] if known else special,
        )
    if special in ONE_LINE and len(receipt.lines) != 1:
        found.add(
            "special_lines",
            _(
                "A fapiao of this kind of business (%(special)s) has exactly one line,"
                " and the document has %(count)s. Split it."
            ),
            "lines",
            receipt.record,
            special=table("special")[special].names["en"],
            count=len(receipt.lines),
        )
    _check_node(found, special, receipt.data.get("special_data"))
    _check_vouchers(found)
    _check_additional(found)


def _check_node(found: Findings, special: str, node: Any) -> None:
    if special in (*OBJECTS, *ROWS) and isinstance(node, str):
        _add_unreadable(found, node, "special_data")
    elif special in OBJECTS:
        given: Mapping[str, Any] = node if isinstance(node, Mapping) else {}
        _check_members(found, given, OBJECTS[special], "special_data")
        if special == CONSTRUCTION:
            _check_address(found, given, street=False)
        elif special == LEASE:
            _check_lease(found, given)
        elif special == SALE:
            _check_sale(found, given)
    elif special in ROWS:
        members, least = ROWS[special]
        rows = _rows(found, node, members, "special_data", least)
        for number, row in enumerate(rows if special == TRAVEL else (), 1):
            _check_level(found, row, number)


def _add_unreadable(found: Findings, text: str, path: str) -> None:
    row, column = unreadable(text)
    found.add(
        "special_json",
        _(
            "The particulars of this business cannot be read from line %(row)s, column"
            " %(column)s on: they are JSON, an object of texts or a list of them."
            " Correct them on the document."
        ),
        path,
        found.receipt.record,
        row=row,
        column=column,
    )


def _rows(
    found: Findings, node: Any, members: Sequence[Member], path: str, least: int
) -> list[Mapping[str, Any]]:
    given = list(node) if isinstance(node, list | tuple) else []
    rows = [row for row in given if isinstance(row, Mapping)]
    strange = isinstance(node, Mapping | str) and bool(node)
    if strange or not least <= len(rows) <= MOST_LINES or len(rows) != len(given):
        found.add(
            "special_rows",
            _(
                "The particulars of this business are a list of %(least)s to %(most)s"
                " rows. Correct them on the document."
            ),
            path,
            found.receipt.record,
            least=least,
            most=MOST_LINES,
        )
    for index, row in enumerate(rows):
        _check_members(found, row, members, f"{path}[{index}]", index + 1)
    return rows


def _check_members(
    found: Findings,
    node: Mapping[str, Any],
    members: Sequence[Member],
    path: str,
    row: int = 0,
) -> None:
    """Check the members of an object.

    :param row: its number where it is one of several, 0 where it is the only one
    """
    for member in members:
        text = clean(node.get(member.name))
        if _fits(found, member, text):
            continue
        found.add(
            "special_member",
            _(
                "“%(value)s” cannot be used as “%(name)s” of this business. Correct it"
                " on the document."
            )
            if text
            else _(
                "“%(name)s” is missing, which this business needs. Enter it on the"
                " document."
            ),
            f"{path}.{member.name}",
            found.receipt.record,
            name=_named(member, row),
            value=text[:60],
        )
    _check_unknown(found, node, members, path, row)


def _named(member: Member, row: int) -> str:
    """Return what a sentence calls a member."""
    name = Sentence(member.label) if member.label else member.name
    return Sentence(_("%(name)s (row %(row)s)"), name=name, row=row) if row else name


def _check_unknown(
    found: Findings,
    node: Mapping[str, Any],
    members: Sequence[Member],
    path: str,
    row: int,
) -> None:
    """Check that a node says nothing that the provider does not know."""
    known = [member.name for member in members]
    for name in node:
        if name in known:
            continue
        found.add(
            "special_unknown",
            _(
                "This business has no “%(name)s”; it has %(names)s. Correct it on the"
                " document."
            ),
            f"{path}.{clean(name)[:40]}",
            found.receipt.record,
            name=_named(Member(clean(name)[:40]), row),
            names=", ".join(known),
        )


def _fits(found: Findings, member: Member, text: str) -> bool:
    if member.kind == "flag":
        return text in _FLAGS
    if not text:
        return not member.needed
    if member.most and length(text, found.settings.length_unit) > member.most:
        return False
    if member.choices:
        return text in member.choices
    if member.kind == "date":
        return _day(text) is not None
    return member.kind != "amount" or _amount(text) is not None


def _day(text: str) -> date | None:
    if not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def _check_lease(found: Findings, node: Mapping[str, Any]) -> None:
    _check_address(found, node, street=True)
    start, end = (_day(clean(node.get(name))) for name in ("start", "end"))
    if start and end and start > end:
        found.add(
            "lease_period",
            _(
                "The lease begins on %(start)s, after its end on %(end)s. Correct the"
                " period."
            ),
            "special_data.start",
            found.receipt.record,
            start=start,
            end=end,
        )


def _check_sale(found: Findings, node: Mapping[str, Any]) -> None:
    place, detail = "realPropertyAddress", "detailAddress"
    _check_address(found, node, street=True, names=(place, detail))
    if clean(node.get("price")) and not clean(node.get("taxAmount")):
        _check_members(found, {}, (Member("taxAmount", True),), "special_data")


def _check_address(
    found: Findings,
    node: Mapping[str, Any],
    *,
    street: bool,
    names: tuple[str, str] = ("place", "address"),
) -> None:
    place, address = (clean(node.get(name)) for name in names)
    size = length(place + address, found.settings.length_unit)
    if size > MOST_ADDRESS:
        found.add(
            "address_long",
            _(
                "Place and address have a length of %(size)s together; at most %(most)s"
                " fit. Shorten the address."
            ),
            "special_data",
            found.receipt.record,
            size=size,
            most=MOST_ADDRESS,
        )
    if street and address and not _STREET.search(address):
        found.add(
            "address_street",
            _(
                "The address “%(address)s” names no street or village: it must contain"
                " one of 街 路 村 乡 镇 道. Correct it."
            ),
            "special_data",
            found.receipt.record,
            address=address[:60],
        )


def _check_level(found: Findings, row: Mapping[str, Any], number: int) -> None:
    vehicle, level = (clean(row.get(n)) for n in ("vehicleType", "vehicleLevel"))
    levels = _LEVELS.get(vehicle, ())
    if levels and level not in levels:
        found.add(
            "vehicle_level",
            _(
                "“%(level)s” (row %(row)s) is no class of this means of transport:"
                " %(levels)s. Correct it on the document."
            ),
            "special_data",
            found.receipt.record,
            row=number,
            level=level,
            levels=", ".join(levels),
        )


def _check_voucher_needs(found: Findings, row: Mapping[str, Any], number: int) -> None:
    """Check that a voucher has what its kind needs."""
    kind = clean(row.get("voucherType"))
    members = [Member(name, True) for name in _VOUCHER_NEEDS.get(kind, ())]
    needed = {member.name: row.get(member.name) for member in members}
    _check_members(found, needed, members, "differential", number)


def _check_vouchers(found: Findings) -> None:
    given = found.receipt.data.get("differential")
    if not given:
        return
    if isinstance(given, str):
        _add_unreadable(found, given, "differential")
        return
    rows = _rows(found, given, VOUCHER, "differential", least=1)
    for number, row in enumerate(rows, 1):
        _check_voucher_needs(found, row, number)
        whole, part = (
            _amount(clean(row.get(n))) for n in ("taxtotal", "differenceTaxtotal")
        )
        if whole is not None and part is not None and part > whole:
            found.add(
                "voucher_amount",
                _(
                    "Of a voucher of %(whole)s %(part)s are deducted, which is more."
                    " Correct the amount."
                ),
                "differential",
                found.receipt.record,
                whole=whole,
                part=part,
            )
    if any(line.discounts for line in found.receipt.lines):
        found.add(
            "differential_discount",
            _(
                "A fapiao on a margin has no discounts. Enter the price after discount"
                " instead."
            ),
            "lines",
            found.receipt.record,
        )


def _check_additional(found: Findings) -> None:
    given = found.receipt.data.get("additional")
    if not given:
        return
    named = isinstance(given, Mapping) and clean(given.get("name"))
    elements = given.get("elements") if isinstance(given, Mapping) else None
    if not named or not elements or len(elements) > 10:
        found.add(
            "additional",
            _(
                "Additional elements need the name of a template at the bureau and one"
                " to ten elements. Correct them on the document."
            ),
            "additional",
            found.receipt.record,
        )
    _rows(found, elements or (), ELEMENT, "additional", least=0)
