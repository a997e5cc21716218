"""Reads an invoice in ETA's form, ours or anybody's, back into a ``Receipt``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, localcontext
from typing import Any

from ...contract import Device, Discount, Line, Original, Party, Receipt, TaxAmount
from ..amounts import CONTEXT, HOME, ZERO, round5, smallest_unit
from ..reader import Node, buyer_kind, parse_document, read_address, read_tax
from ..wire import parse_moment
from .document_types import DOCUMENT_TYPES
from .members import DELIVERY, ORDERS, PAYMENT

_DISCOUNT = "Discount"


@dataclass(frozen=True, slots=True)
class Exchange:
    """From EGP back to the document's currency.

    :ivar rate: EGP per one of it, ``None`` for a document in EGP
    """

    currency: str
    rate: Decimal | None = None

    @property
    def foreign(self) -> bool:
        """Whether anything is to be converted."""
        return self.rate is not None

    def exact(self, amount: Decimal) -> Decimal:
        """Return an amount as it was before it was converted, not rounded."""
        return amount if self.rate is None else CONTEXT.divide(amount, self.rate)

    def booked(self, amount: Decimal) -> Decimal:
        """Return the amount in whole units of the currency that comes nearest."""
        if self.rate is None:
            return amount
        return self.exact(amount).quantize(smallest_unit(self.currency), None, CONTEXT)

    def money(self, amount: Decimal) -> Decimal:
        """Return what was booked in whole units, or else an amount that is converted
        to the same again."""
        booked = self.booked(amount)
        if self.rate is None or round5(CONTEXT.multiply(booked, self.rate)) == amount:
            return booked
        return self.exact(amount)


def read_invoice(content: bytes | str, *, in_pounds: bool = False) -> Receipt:
    """Return what a document says.

    The amounts of one in another currency are converted back to it: the net amounts of
    ours are those that were booked, its taxes those of ETA's formula, which may be a
    unit of the currency beside the booked ones. Building what was read from our own
    document gives the same bytes again. ``data["total_egp"]`` is the document's total
    as it stands there.

    :param in_pounds: leave all amounts in EGP, as they stand there
    :raise ValueError: it is not such a document
    """
    root = parse_document(content)
    kind = DOCUMENT_TYPES.get(root.text("documentType").upper())
    if kind is None:
        raise ValueError(f"documentType is {root.text('documentType')!r}")
    lines = list(root.nodes("invoiceLines"))
    exchange = Exchange(HOME) if in_pounds else _exchange(lines)
    issuer = root.node("issuer")
    with localcontext(CONTEXT):
        sold = tuple([_line(line, exchange) for line in lines])
        extra = root.amount("extraDiscountAmount")
        discounts = (Discount(exchange.money(extra), _DISCOUNT),) if extra else ()
        total = root.amount("totalAmount")
        if exchange.foreign:
            # summed up, since the total was not converted but is a sum itself
            total = sum([line.total - _after(line) for line in sold], ZERO)
            total -= sum([discount.amount for discount in discounts], ZERO)
    references = _references(root)
    return Receipt(
        kind=kind.kind,
        number=root.text("internalID"),
        issued_at=parse_moment(root.text("dateTimeIssued")),
        currency=exchange.currency,
        seller=Party("business", issuer.text("id"), issuer.text("name")),
        buyer=_receiver(root.node("receiver")),
        device=Device(
            "",
            issuer.node("address").text("branchID"),
            root.text("taxpayerActivityCode"),
            read_address(issuer.node("address")),
        ),
        lines=sold,
        total=total,
        document_type=kind.code,
        currency_rate=exchange.rate or Decimal(1),
        discounts=discounts,
        original=Original(references[0]) if references else None,
        data=_data(root, references[1:]),
    )


def _exchange(lines: list[Node]) -> Exchange:
    """Return the currency of the lines and its rate.

    :raise ValueError: they have several, or no rate
    """
    found = {
        (value.text("currencySold"), value.number("currencyExchangeRate"))
        for value in (line.node("unitValue") for line in lines)
    }
    if len(found) > 1:
        raise ValueError("The lines have several currencies or exchange rates")
    for currency, rate in found:
        if currency == HOME:
            break
        if not rate or rate <= 0:
            raise ValueError("unitValue.currencyExchangeRate is not a rate")
        return Exchange(currency, rate)
    return Exchange(HOME)


def _receiver(receiver: Node) -> Party:
    has_address = receiver.members.get("address") is not None
    more = {"address": read_address(receiver.node("address"))} if has_address else {}
    return Party(
        buyer_kind(receiver), receiver.text("id"), receiver.text("name"), **more
    )


def _after(line: Line) -> Decimal:
    """Return what goes off a line after its taxes."""
    discounts = line.data.get("item_discounts", ())
    return sum([discount.amount for discount in discounts], ZERO)


def _line(line: Node, exchange: Exchange) -> Line:
    quantity, value = line.amount("quantity"), line.node("unitValue")
    price = value.amount("amountSold" if exchange.foreign else "amountEGP")
    return Line(
        line.text("description"),
        quantity,
        CONTEXT.multiply(quantity, price),
        exchange.money(line.amount("netTotal")),
        line.text("internalCode"),
        line.text("itemType"),
        line.text("itemCode"),
        line.text("unitType"),
        discounts=_discounts(line, exchange),
        taxes=tuple([_tax(tax, exchange) for tax in line.nodes("taxableItems")]),
        data=_line_data(line, exchange),
    )


def _discounts(line: Node, exchange: Exchange) -> tuple[Discount, ...]:
    if line.members.get("discount") is None:
        return ()
    discount = line.node("discount")
    amount, percent = discount.amount("amount"), discount.amount("rate")
    if not amount and not percent:
        return ()
    # never rounded: what rounding added to it must come out again
    return (Discount(exchange.exact(amount), _DISCOUNT, percent or None),)


def _tax(tax: Node, exchange: Exchange) -> TaxAmount:
    found = read_tax(tax)
    # a tax with a rate was computed on the converted amounts, not converted
    convert = exchange.money if found.rate is None else exchange.booked
    return replace(found, amount=convert(found.amount))


def _line_data(line: Node, exchange: Exchange) -> Mapping[str, Any]:
    data: dict[str, Any] = {}
    if line.amount("itemsDiscount"):
        amount = exchange.money(line.amount("itemsDiscount"))
        data["item_discounts"] = (Discount(amount, _DISCOUNT),)
    if line.amount("valueDifference"):
        data["value_difference"] = exchange.money(line.amount("valueDifference"))
    if line.text("weightUnitType"):
        data["weight_unit"] = line.text("weightUnitType")
        data["weight_quantity"] = line.amount("weightQuantity")
    return data


def _references(root: Node) -> list[str]:
    references = root.members.get("references") or []
    if not isinstance(references, list):
        raise ValueError("references is not an array")
    if not all(isinstance(reference, str) for reference in references):
        raise ValueError("references holds something else than texts")
    return references


def _data(root: Node, references: list[str]) -> Mapping[str, Any]:
    data: dict[str, Any] = _texts(root, ORDERS)
    day = root.text("serviceDeliveryDate")
    if day:
        data["service_delivery_date"] = date.fromisoformat(day)
    if root.members.get("payment") is not None:
        data["payment"] = _texts(root.node("payment"), PAYMENT)
    if root.members.get("delivery") is not None:
        data["delivery"] = _delivery(root.node("delivery"))
    if references:
        data["references"] = tuple(references)
    data["total_egp"] = root.amount("totalAmount")
    return data


def _texts(node: Node, members: Mapping[str, str]) -> dict[str, Any]:
    found = {key: node.text(member) for key, member in members.items()}
    return {key: text for key, text in found.items() if text}


def _delivery(node: Node) -> dict[str, Any]:
    data = _texts(node, DELIVERY)
    if node.text("dateValidity"):
        data["date_validity"] = parse_moment(node.text("dateValidity"))
    for key, member in (("gross_weight", "grossWeight"), ("net_weight", "netWeight")):
        if node.number(member) is not None:
            data[key] = node.number(member)
    return data
