"""What a fapiao's file says, read from its XML (spec china 2.3) or its OFD (2.4).

Real files differ: figures with two or six decimals, days with or without a time, empty
labels. So little is demanded, and what a file does not tell is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ..xmltext import parse
from .answers import amount_or_none
from .code_tables import ORDINARY, SPECIAL_VAT
from .moments import read_day
from .text import clean

MOST_XML_BYTES = 8 * 1024 * 1024
"""Two thousand lines have some two megabytes."""
MOST_LINES = 4000

_ROOT = "EInvoice"
_KINDS = {"01": SPECIAL_VAT, "02": ORDINARY}


@dataclass(frozen=True, slots=True)
class VoucherLine:
    """One line of a file; ``name`` with the short name of its code before it."""

    name: str
    net: Decimal | None
    tax: Decimal | None
    rate: Decimal | None
    code: str = ""
    unit: str = ""
    quantity: Decimal | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a file says; "" and ``None`` where it tells nothing.

    :ivar kind: ``81`` or ``82``
    :ivar red: ``None`` if it does not say whether it is a red letter
    :ivar blue_number: of the fapiao that a red one takes back
    """

    number: str
    day: date | None
    seller_id: str
    buyer_id: str
    net: Decimal | None
    tax: Decimal | None
    total: Decimal | None
    seller_name: str = ""
    buyer_name: str = ""
    kind: str = ""
    red: bool | None = None
    blue_number: str = ""
    remark: str = ""
    lines: tuple[VoucherLine, ...] = ()


def read_xml(content: bytes) -> Voucher:
    """Read a fapiao's XML.

    :raise ValueError: it is none
    :raise AuthenticationError: lxml is missing
    """
    root = parse(content, MOST_XML_BYTES)
    if _name(root) != _ROOT:
        raise ValueError(f"It is {_name(root)!r} and no fapiao")
    data = _child(root, "EInvoiceData")
    labels = _child(_child(root, "Header"), "InherentLabel")
    if data is None:
        raise ValueError("The fapiao has no data")
    basic = _children(_child(data, "BasicInformation"))
    seller = _children(_child(data, "SellerInformation"))
    buyer = _children(_child(data, "BuyerInformation"))
    supervision = _children(_child(root, "TaxSupervisionInfo"))
    red = _child(_child(data, "SpecificInformation"), "RedEInvoice")
    blue = _label(labels, "InIssuType")
    return Voucher(
        number=supervision.get("InvoiceNumber", "")
        or _children(_child(root, "Header")).get("EIid", ""),
        day=read_day(supervision.get("IssueTime", "") or basic.get("RequestTime", "")),
        seller_id=seller.get("SellerIdNum", ""),
        seller_name=seller.get("SellerName", ""),
        buyer_id=buyer.get("BuyerIdNum", ""),
        buyer_name=buyer.get("BuyerName", ""),
        net=amount_or_none(basic.get("TotalAmWithoutTax", "")),
        tax=amount_or_none(basic.get("TotalTaxAm", "")),
        total=amount_or_none(basic.get("TotalTax-includedAmount", "")),
        kind=_KINDS.get(_label(labels, "GeneralOrSpecialVAT"), ""),
        red={"Y": False, "N": True}.get(blue),
        blue_number=_children(red).get("OriginalInvoiceCode", ""),
        remark=_children(_child(data, "AdditionalInformation")).get("Remark", ""),
        lines=tuple(_lines(data)),
    )


def _lines(data: Any) -> Iterator[VoucherLine]:
    count = 0
    for element in data:
        if _name(element) != "IssuItemInformation":
            continue
        count += 1
        if count > MOST_LINES:
            raise ValueError("The fapiao has too many lines")
        one = _children(element)
        yield VoucherLine(
            one.get("ItemName", ""),
            amount_or_none(one.get("Amount", "")),
            amount_or_none(one.get("ComTaxAm", "")),
            amount_or_none(one.get("TaxRate", "")),
            one.get("TaxClassificationCode", ""),
            one.get("MeaUnits", ""),
            amount_or_none(one.get("Quantity", "")),
            amount_or_none(one.get("UnPrice", "")),
        )


def _label(labels: Any, name: str) -> str:
    return _children(_child(labels, name)).get("LabelCode", "").upper()


def _name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _child(parent: Any, name: str) -> Any:
    if parent is None:
        return None
    return next((one for one in parent if _name(one) == name), None)


def _children(parent: Any) -> Mapping[str, str]:
    """Return the texts of an element's children by their names, the first of each."""
    found: dict[str, str] = {}
    for one in () if parent is None else parent:
        found.setdefault(_name(one), clean(one.text))
    return found
