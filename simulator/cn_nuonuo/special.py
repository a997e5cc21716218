"""Invoices of special business: their nodes and what they ask of the lines.

Spec china 1.1 ("special-business nodes"); 5.2 point 7.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from . import amounts, fields
from .shapes import Findings, check, is_moment, join, measure, text

BUILDING, FREIGHT, SALE, RENT, TRAVEL = "3", "4", "5", "6", "9"
_KNOWN = ("0", "1", BUILDING, FREIGHT, SALE, RENT, TRAVEL, "16", "34", "35")
_MOST_ROWS = 2000
_ADDRESS = 120
_KEYWORDS = "街路村乡镇道"
_CARDS = ("103", "201", "208", "210", "213", "215", "219", "220", "221", "233", "299")
CARD_TYPES = (
    *("101", "102", "103", "199", "201", "202", "203", "204", "205", "206", "207"),
    *("208", "210", "212", "213", "214", "215", "216", "299"),
)
# Means of transport whose class is chosen from a list.
_LEVELS = {
    "1": ("公务舱", "头等舱", "经济舱"),
    "2": ("一等座", "二等座", "软席（软座、软卧）", "硬席（硬座、硬卧）"),
    "7": ("一等舱", "二等舱", "三等舱"),
}
# Vouchers of a deduction, and the fields that each kind must have.
_VOUCHERS = {
    "01": ("allElectronicInvoiceNumber", "invoiceTime"),
    **dict.fromkeys(
        ("02", "03", "04"), ("invoiceCode", "invoiceNumber", "invoiceTime")
    ),
    **dict.fromkeys(("05", "06", "07"), ()),
    **dict.fromkeys(("08", "09"), ("remark",)),
}
_NODES = {
    BUILDING: "invoiceBuildingInfo",
    FREIGHT: "invoiceGoodsTransports",
    SALE: "realPropertySellInfo",
    RENT: "realPropertyRentInfo",
    TRAVEL: "invoiceTravellerTransportInfoList",
}
NODES = tuple(_NODES.values())


def check_special(
    found: Findings, order: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    """Note what is wrong with an order's special business."""
    factor = text(order, "specificFactor") or "0"
    if factor not in _KNOWN:
        found.add("specificFactor", f"{factor!r} is not for this kind of invoice")
    for name in (*NODES, *fields.STRANGE_NODES):
        if order.get(name) and name != _NODES.get(factor):
            detail = "is for another specificFactor"
            found.odd(found.settings.stray_nodes, name, detail)
    checks: dict[str, Callable[..., None]] = {
        BUILDING: _check_building,
        FREIGHT: _check_freight,
        SALE: _check_sale,
        RENT: _check_rent,
        TRAVEL: _check_travel,
    }
    if factor in checks:
        node = _NODES[factor]
        checks[factor](found, order.get(node), node, lines)
    if factor == "16":
        if not text(order, "certificateType"):
            found.add("certificateType", "is missing")
        found.choice(order, "", "certificateType", *_CARDS)
    _check_difference(found, order, lines)


def _one_line(
    found: Findings, lines: list[dict[str, Any]], *empty: tuple[str, str]
) -> None:
    if len(lines) != 1:
        found.add("invoiceDetail", "such an invoice has exactly one line")
    for line in lines:
        for kept, name in empty:
            if line[kept]:
                path = f"invoiceDetail[{line['index'] - 1}].{name}"
                found.add(path, "has to be empty in such an invoice")


_SPEC_UNIT = (("spec", "specType"), ("unit", "unit"))


def _check_building(
    found: Findings, given: object, path: str, lines: list[dict[str, Any]]
) -> None:
    _one_line(found, lines, *_SPEC_UNIT, ("num", "num"), ("price", "price"))
    node = check(found, given or None, path, fields.BUILDING)
    if node is None:
        return
    found.choice(node, path, "crossCityFlag", "0", "1")
    whole = text(node, "buildingAddress") + text(node, "detailedAddress")
    if measure(found.settings, whole) > _ADDRESS:
        found.add(path, "both addresses together are longer than 120")


def _check_property(found: Findings, node: dict[str, Any], path: str) -> None:
    found.choice(node, path, "crossCityFlag", "0", "1")
    found.choice(node, path, "unit", *"1234567")
    whole = text(node, "realPropertyAddress") + text(node, "detailAddress")
    if measure(found.settings, whole) > _ADDRESS:
        found.add(path, "both addresses together are longer than 120")
    if not set(_KEYWORDS) & set(text(node, "detailAddress")):
        found.add(join(path, "detailAddress"), f"has none of {_KEYWORDS}")


def _check_rent(
    found: Findings, given: object, path: str, lines: list[dict[str, Any]]
) -> None:
    _one_line(found, lines, *_SPEC_UNIT)
    node = check(found, given or None, path, fields.RENT)
    if node is None:
        return
    _check_property(found, node, path)
    dates = ("rentStartDate", "rentEndDate")
    wrong = [name for name in dates if not is_moment(text(node, name), "%Y-%m-%d")]
    for name in wrong:
        found.add(join(path, name), "is no date yyyy-MM-dd")
    if not wrong and text(node, dates[0]) > text(node, dates[1]):
        found.add(join(path, dates[0]), "is after rentEndDate")


def _check_sale(
    found: Findings, given: object, path: str, lines: list[dict[str, Any]]
) -> None:
    _one_line(found, lines, *_SPEC_UNIT)
    node = check(found, given or None, path, fields.SALE)
    if node is None:
        return
    _check_property(found, node, path)
    for name in ("price", "taxAmount"):
        value = text(node, name)
        if value and amounts.parse(value) is None:
            found.add(join(path, name), f"{value!r} is no number")
    if text(node, "price") and not text(node, "taxAmount"):
        found.add(join(path, "taxAmount"), "is missing beside price")


def _check_freight(
    found: Findings, node: object, path: str, lines: list[dict[str, Any]]
) -> None:
    codes = found.settings.freight_codes
    if not isinstance(node, list) or not 1 <= len(node) <= _MOST_ROWS:
        found.add(path, "has to have 1 to 2000 rows", codes[""])
        return
    for position, row in enumerate(node):
        where = f"{path}[{position}]"
        before = len(found.problems)
        if check(found, row, where, fields.TRANSPORT):
            found.choice(row, where, "transportTool", *"12345")
        for index in range(before, len(found.problems)):
            problem = found.problems[index]
            name = problem.path.rpartition(".")[2]
            code = codes.get(name, problem.code)
            found.problems[index] = problem._replace(code=code)


def _check_travel(
    found: Findings, node: object, path: str, lines: list[dict[str, Any]]
) -> None:
    if not node:
        return  # the list may be empty
    if not isinstance(node, list) or len(node) > _MOST_ROWS:
        found.add(path, "has up to 2000 rows")
        return
    for position, row in enumerate(node):
        where = f"{path}[{position}]"
        if not check(found, row, where, fields.TRAVELLER):
            continue
        found.choice(row, where, "travellerCardType", *CARD_TYPES)
        found.choice(row, where, "vehicleType", *"12345679")
        if not is_moment(text(row, "travelDate"), "%Y-%m-%d"):
            found.add(join(where, "travelDate"), "is no date yyyy-MM-dd")
        levels = _LEVELS.get(text(row, "vehicleType"))
        if levels and text(row, "vehicleLevel") not in levels:
            found.add(join(where, "vehicleLevel"), f"is none of {', '.join(levels)}")


def _check_difference(
    found: Findings, order: dict[str, Any], lines: list[dict[str, Any]]
) -> None:
    kind = text(order, "invoiceDifferenceType")
    path = "differenceVoucherInfoList"
    rows = order.get(path)
    if kind == "01":
        found.add("invoiceDifferenceType", "01 is not supported yet")
    found.choice(order, "", "invoiceDifferenceType", "01", "02")
    if kind != "02":
        if rows:
            found.odd(found.settings.stray_nodes, path, "is for differential invoices")
        return
    if not isinstance(rows, list) or not rows:
        found.add(path, "a differential invoice has vouchers")
        return
    deducted = Decimal(0)
    for position, row in enumerate(rows):
        deducted += _voucher(found, row, f"{path}[{position}]", position)
    sources = {text(row, "voucherSource") for row in rows if isinstance(row, dict)}
    if len(sources) > 1:
        found.add(path, "voucherSource is not the same in all of them")
    _check_deduction(found, lines, deducted)


def deducted(order: dict[str, Any]) -> Decimal | None:
    """What the vouchers of a differential invoice deduct, as far as it is written as
    numbers; None for another invoice."""
    if text(order, "invoiceDifferenceType") != "02":
        return None
    rows = order.get("differenceVoucherInfoList")
    given = [
        amounts.parse(text(row, "differenceTaxtotal"))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, dict)
    ]
    return sum((value for value in given if value is not None), Decimal(0))


def _voucher(found: Findings, given: object, path: str, position: int) -> Decimal:
    """Note what is wrong with a voucher; what it deducts."""
    row = check(found, given, path, fields.VOUCHER)
    if row is None:
        return Decimal(0)
    if text(row, "detailIndex") != str(position + 1):
        found.add(join(path, "detailIndex"), f"has to be {position + 1}")
    found.choice(row, path, "voucherType", *_VOUCHERS)
    found.choice(row, path, "voucherSource", *"123")
    for name in _VOUCHERS.get(text(row, "voucherType"), ()):
        if not text(row, name):
            found.add(join(path, name), "is missing for such a voucher")
    when = text(row, "invoiceTime")
    if when and not is_moment(when, "%Y-%m-%d"):
        found.add(join(path, "invoiceTime"), "is no date yyyy-MM-dd")
    number = text(row, "allElectronicInvoiceNumber")
    if number and not re.fullmatch("[0-9]{20}", number):
        found.add(join(path, "allElectronicInvoiceNumber"), "is not 20 digits")
    total = amounts.amount(found, row, path, "taxtotal")
    taken = amounts.amount(found, row, path, "differenceTaxtotal")
    if total is not None and taken is not None and taken > total:
        found.add(join(path, "differenceTaxtotal"), "is more than taxtotal")
    return taken or Decimal(0)


def _check_deduction(
    found: Findings, lines: list[dict[str, Any]], deducted: Decimal
) -> None:
    """A differential invoice is taxed on what the deduction leaves."""
    settings = found.settings
    if any(line["property"] != "0" for line in lines):
        found.add("invoiceDetail", "a differential invoice has normal lines only")
    if len(lines) != 1:
        if settings.differential_single_line:
            found.add("invoiceDetail", "a differential invoice has exactly one line")
        return
    if settings.differential_tax == "ignored":
        return
    (line,) = lines
    rate = amounts.parse(line["rate"]) or Decimal(0)
    wanted = (Decimal(line["excl"]) - deducted) * rate
    difference = abs(wanted - Decimal(line["tax"]))
    if difference > settings.tax_tolerance:
        found.add("invoiceDetail[0].tax", f"is {difference} off", "E9131")
