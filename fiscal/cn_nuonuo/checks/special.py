"""Special businesses: each has a node of its own with its own rules (spec china 1.1).

Construction and lease are told in the bureau's words; the rarer ones by the members of
the provider's field tables, which are checked one by one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ...messages import _
from ..builder import (
    CONSTRUCTION,
    FREIGHT,
    LEASE,
    SALE,
    TRAVEL,
    special_of,
    takes_back,
)
from ..code_tables import table
from ..text import clean, length
from .document import MOST_LINES
from .findings import Findings

SUPPORTED = ("01", CONSTRUCTION, FREIGHT, SALE, LEASE, TRAVEL)
"""What the provider issues as a 数电发票; fuel has no node."""

_STREET = re.compile("[街路村乡镇道]")
_ONE_LINE = (CONSTRUCTION, SALE, LEASE)
_MOST_ADDRESS = 120
_UNITS = tuple(table("area_unit"))
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CARDS = tuple(table("card_type"))


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a node: whether it is needed, its length, its choices."""

    name: str
    needed: bool = False
    most: int = 0
    choices: Sequence[str] = ()
    kind: str = "text"


_CONSTRUCTION = (
    Member("place", True),
    Member("address"),
    Member("land_vat_number", most=16),
    Member("project_name", True, 80),
)
_LEASE = (
    Member("place", True),
    Member("address", True, _MOST_ADDRESS),
    Member("start", True, kind="date"),
    Member("end", True, kind="date"),
    Member("certificate", most=40),
    Member("unit", True, choices=_UNITS),
)
_SALE = (
    Member("realPropertyContractNumber", most=28),
    Member("realPropertyAddress", True),
    Member("detailAddress", True, _MOST_ADDRESS),
    Member("crossCityFlag", True, choices=("0", "1")),
    Member("incrementTaxNumber", most=18),
    Member("price", most=20, kind="amount"),
    Member("taxAmount", most=20, kind="amount"),
    Member("realPropertyCertificate", most=40),
    Member("unit", True, choices=tuple("1234567")),
)
_FREIGHT = (
    Member("transportTool", True, choices=tuple("12345")),
    Member("transportToolNum", True, 40),
    Member("origin", True, 80),
    Member("destination", True, 80),
    Member("goodsName", True, 80),
)
_TRAVEL = (
    Member("traveller", True, 20),
    Member("travelDate", True, kind="date"),
    Member("travellerCardType", True, choices=_CARDS),
    Member("travellerCardNo", True, 20),
    Member("travelPlace", True, 80),
    Member("arrivePlace", True, 80),
    Member("vehicleType", True, choices=tuple("12345679")),
    Member("vehicleLevel", most=20),
)
_LEVELS = {
    "1": ("公务舱", "头等舱", "经济舱"),
    "2": ("一等座", "二等座", "软席（软座、软卧）", "硬席（硬座、硬卧）"),
    "7": ("一等舱", "二等舱", "三等舱"),
}
_VOUCHER = (
    Member("voucherType", True, choices=tuple(f"0{n}" for n in range(1, 10))),
    Member("allElectronicInvoiceNumber", most=20),
    Member("invoiceCode", most=12),
    Member("invoiceNumber", most=8),
    Member("voucherNumber", most=20),
    Member("invoiceTime", kind="date"),
    Member("taxtotal", True, 18, kind="amount"),
    Member("differenceTaxtotal", True, 18, kind="amount"),
    Member("remark", most=100),
    Member("voucherSource", True, choices=tuple("123")),
)
_VOUCHER_NEEDS = {
    "01": ("allElectronicInvoiceNumber", "invoiceTime"),
    "02": ("invoiceCode", "invoiceNumber", "invoiceTime"),
    "03": ("invoiceCode", "invoiceNumber", "invoiceTime"),
    "04": ("invoiceCode", "invoiceNumber", "invoiceTime"),
    "08": ("remark",),
    "09": ("remark",),
}
_ELEMENT = (
    Member("elementName", True, 200),
    Member("elementType", True, 20),
    Member("elementValue", True, 200),
)


def check_special(found: Findings) -> None:
    """Check the special element and its node, vouchers and additional elements."""
    receipt = found.receipt
    if takes_back(receipt):
        return
    special, node = special_of(receipt), receipt.data.get("special_data")
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
    if special in _ONE_LINE and len(receipt.lines) != 1:
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
    if special == CONSTRUCTION:
        _check_construction(found, _object(found, node, _CONSTRUCTION))
    elif special == LEASE:
        _check_lease(found, _object(found, node, _LEASE))
    elif special == SALE:
        _check_sale(found, _object(found, node, _SALE))
    elif special == FREIGHT:
        _rows(found, node, _FREIGHT, "special_data", least=1)
    elif special == TRAVEL:
        for row in _rows(found, node, _TRAVEL, "special_data", least=0):
            _check_level(found, row)
    _check_vouchers(found)
    _check_additional(found)


def _object(found: Findings, node: Any, members: Sequence[Member]) -> Mapping[str, Any]:
    given: Mapping[str, Any] = node if isinstance(node, Mapping) else {}
    _check_members(found, given, members, "special_data")
    return given


def _rows(
    found: Findings, node: Any, members: Sequence[Member], path: str, least: int
) -> list[Mapping[str, Any]]:
    given = list(node) if isinstance(node, list | tuple) else []
    rows = [row for row in given if isinstance(row, Mapping)]
    if not least <= len(rows) <= MOST_LINES or len(rows) != len(given):
        found.add(
            "special_rows",
            _(
                "The particulars of this business need %(least)s to %(most)s rows."
                " Correct them on the document."
            ),
            path,
            found.receipt.record,
            least=least,
            most=MOST_LINES,
        )
    for index, row in enumerate(rows):
        _check_members(found, row, members, f"{path}[{index}]")
    return rows


def _check_members(
    found: Findings, node: Mapping[str, Any], members: Sequence[Member], path: str
) -> None:
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
            name=member.name,
            value=text[:60],
        )


def _fits(found: Findings, member: Member, text: str) -> bool:
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


def _check_construction(found: Findings, node: Mapping[str, Any]) -> None:
    _check_address(found, node, street=False)


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
    if size > _MOST_ADDRESS:
        found.add(
            "address_long",
            _(
                "Place and address have a length of %(size)s together; at most %(most)s"
                " fit. Shorten the address."
            ),
            "special_data",
            found.receipt.record,
            size=size,
            most=_MOST_ADDRESS,
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


def _check_level(found: Findings, row: Mapping[str, Any]) -> None:
    vehicle, level = (clean(row.get(n)) for n in ("vehicleType", "vehicleLevel"))
    levels = _LEVELS.get(vehicle, ())
    if levels and level not in levels:
        found.add(
            "vehicle_level",
            _(
                "“%(level)s” is no class of this means of transport: %(levels)s."
                " Correct it on the document."
            ),
            "special_data",
            found.receipt.record,
            level=level or "?",
            levels=", ".join(levels),
        )


def _check_vouchers(found: Findings) -> None:
    given = found.receipt.data.get("differential")
    if not given:
        return
    for row in _rows(found, given, _VOUCHER, "differential", least=1):
        kind = clean(row.get("voucherType"))
        members = [Member(name, True) for name in _VOUCHER_NEEDS.get(kind, ())]
        _check_members(found, row, members, "differential")
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
    _rows(found, elements or (), _ELEMENT, "additional", least=0)
