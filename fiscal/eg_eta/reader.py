"""Reads a receipt in ETA's form, ours or anybody's, back into a ``Receipt``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from ..contract import (
    Address,
    Device,
    Discount,
    Line,
    Original,
    Party,
    Payment,
    Receipt,
    TaxAmount,
)
from .amounts import CONTEXT, FIXED_ONLY, HOME, RATE_ONLY, WITHHELD
from .canonical import json_text
from .receipt_types import RECEIPT_TYPES
from .wire import ADDRESS, parse_moment

_BUYER_KINDS = {"B": "business", "P": "person", "F": "foreigner"}
_MOST_DIGITS = 60


class Node:
    """An object of the document with typed access to its members; every mismatch is a
    ``ValueError`` that says where."""

    __slots__ = ("members", "path")

    def __init__(self, members: Any, path: str = "") -> None:
        if not isinstance(members, dict):
            raise _mismatch(path or "The document", "a JSON object")
        self.members = members
        self.path = path

    def text(self, name: str) -> str:
        """Return a member's text, "" when it is missing."""
        value = self.members.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise _mismatch(f"{self.path}.{name}", "a text")
        return value

    def number(self, name: str) -> Decimal | None:
        """Return a member's number, ``None`` when it is missing."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, Decimal):
            raise _mismatch(f"{self.path}.{name}", "a number")
        return value

    def amount(self, name: str) -> Decimal:
        """Return a member's number, 0 when it is missing."""
        return self.number(name) or Decimal(0)

    def node(self, name: str) -> Node:
        """Return a member that must be an object."""
        return Node(self.members.get(name), f"{self.path}.{name}".lstrip("."))

    def nodes(self, name: str) -> Iterator[Node]:
        """Yield the objects of a member that is an array, none when it is missing."""
        array = self.members.get(name)
        if array is None:
            return
        if not isinstance(array, list):
            raise _mismatch(f"{self.path}.{name}", "an array")
        for index, members in enumerate(array):
            yield Node(members, f"{self.path}.{name}[{index}]".lstrip("."))


def _mismatch(path: str, wanted: str) -> ValueError:
    return ValueError(f"{path.lstrip('.')} is not {wanted}")


def parse_document(content: bytes | str) -> Node:
    """Return the members of a document, its numbers exact.

    :raise ValueError: it is not a JSON object, or names a member twice
    """
    return Node(
        json.loads(
            json_text(content),
            parse_int=_number,
            parse_float=_number,
            object_pairs_hook=_members,
        )
    )


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if len(text) > _MOST_DIGITS or abs(value.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{text[:20]} is no amount")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("The document names a member twice")
    return members


def read_receipt(content: bytes | str) -> Receipt:
    """Return what a receipt says.

    The gross of a line is its quantity times its price, not rounded; building what was
    read from our own receipt gives the same bytes again.

    :raise ValueError: it is not a receipt
    """
    root = parse_document(content)
    header, seller = root.node("header"), root.node("seller")
    type_code = root.node("documentType").text("receiptType")
    kind = RECEIPT_TYPES.get(type_code.upper())
    reference = header.text("referenceUUID")
    is_return = kind.is_return if kind else bool(reference)
    currency = header.text("currency")
    rate = header.number("exchangeRate")
    return Receipt(
        kind="return" if is_return else "sale",
        number=header.text("receiptNumber"),
        issued_at=parse_moment(header.text("dateTimeIssued")),
        currency=currency,
        seller=Party("business", seller.text("rin"), seller.text("companyTradeName")),
        buyer=_buyer(root.node("buyer")),
        device=_device(seller),
        lines=tuple([_line(item) for item in root.nodes("itemData")]),
        total=root.amount("totalAmount"),
        document_type=type_code,
        currency_rate=Decimal(1) if currency == HOME or rate is None else rate,
        payments=_payments(root),
        discounts=tuple(_discounts(root.nodes("extraReceiptDiscountData"))),
        previous_uid=header.text("previousUUID"),
        replaces_uid=header.text("referenceOldUUID"),
        original=_original(header, reference) if is_return else None,
        reason=header.text("documentUseReason"),
        data=_data(root, header),
    )


def buyer_kind(buyer: Node) -> Any:
    """Return what kind of buyer a document names.

    :raise ValueError: none that is known
    """
    code = buyer.text("type").upper()
    if code not in _BUYER_KINDS:
        raise ValueError(f"{buyer.path}.type is {code!r}, not B, P or F")
    return _BUYER_KINDS[code]


def _buyer(buyer: Node) -> Party:
    return Party(
        buyer_kind(buyer),
        buyer.text("id"),
        buyer.text("name"),
        mobile=buyer.text("mobileNumber"),
        payment_number=buyer.text("paymentNumber"),
    )


def _device(seller: Node) -> Device:
    license_number = seller.text("syndicateLicenseNumber")
    return Device(
        seller.text("deviceSerialNumber"),
        seller.text("branchCode"),
        seller.text("activityCode"),
        read_address(seller.node("branchAddress")),
        {"syndicate_license": license_number} if license_number else {},
    )


def read_address(address: Node) -> Address:
    """Return an address in ETA's words."""
    parts = {name: address.text(member) for name, member in ADDRESS.items()}
    return Address(country=address.text("country"), **parts)


def _line(item: Node) -> Line:
    quantity = item.amount("quantity")
    commercial = [*_discounts(item.nodes("commercialDiscountData"))]
    after_tax = [*_discounts(item.nodes("itemDiscountData"))]
    for name, discounts in (
        ("additionalCommercialDiscount", commercial),
        ("additionalItemDiscount", after_tax),
    ):
        if item.members.get(name) is not None:
            discounts.extend(_discounts(iter([item.node(name)])))
    data: dict[str, Any] = {}
    if after_tax:
        data["item_discounts"] = tuple(after_tax)
    if item.amount("valueDifference"):
        data["value_difference"] = item.amount("valueDifference")
    return Line(
        item.text("description"),
        quantity,
        CONTEXT.multiply(quantity, item.amount("unitPrice")),
        item.amount("netSale"),
        item.text("internalCode"),
        item.text("itemType"),
        item.text("itemCode"),
        item.text("unitType"),
        discounts=tuple(commercial),
        taxes=tuple([read_tax(tax) for tax in item.nodes("taxableItems")]),
        data=data,
    )


def _discounts(nodes: Iterator[Node]) -> Iterator[Discount]:
    for node in nodes:
        yield Discount(
            node.amount("amount"), node.text("description"), node.number("rate")
        )


def read_tax(tax: Node) -> TaxAmount:
    """Return a tax of a line in ETA's words."""
    code, amount = tax.text("taxType"), tax.amount("amount")
    rate = tax.number("rate")
    if not rate and (code in FIXED_ONLY or (amount and code not in RATE_ONLY)):
        rate = None
    if code == WITHHELD:
        amount, rate = -amount, None if rate is None else -rate
    return TaxAmount(code, tax.text("subType"), rate, amount, name=code)


def _payments(root: Node) -> tuple[Payment, ...]:
    method = root.text("paymentMethod")
    return (Payment(method, root.amount("totalAmount")),) if method else ()


def _original(header: Node, reference: str) -> Original:
    sold = header.text("salesIssuedDateTime")
    return Original(reference, issued_at=parse_moment(sold) if sold else None)


def _data(root: Node, header: Node) -> Mapping[str, Any]:
    data: dict[str, Any] = {
        "order_name_code": header.text("sOrderNameCode") or None,
        "order_delivery_mode": header.text("orderdeliveryMode") or None,
        "gross_weight": header.number("grossWeight"),
        "net_weight": header.number("netWeight"),
    }
    for name in ("contractor", "beneficiary"):
        if root.members.get(name) is not None:
            payer = root.node(name)
            data[name] = {
                "name": payer.text("name") or None,
                "amount": payer.number("amount"),
                "rate": payer.number("rate"),
            }
    return {key: value for key, value in data.items() if value is not None}
