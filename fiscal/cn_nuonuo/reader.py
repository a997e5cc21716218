"""Reads a kept fapiao back into the contract's receipt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from ..contract import (
    Address,
    Device,
    Discount,
    Line,
    Original,
    Party,
    Receipt,
    TaxAmount,
)
from .amounts import VAT, plain
from .code_tables import ITEM_SCHEME
from .fapiao import DISCOUNT, DISCOUNTED, Fapiao, FapiaoLine, Holder, thaw


def read_receipt(content: bytes) -> Receipt:
    """Return what a kept fapiao says; building it again gives the same bytes.

    :raise ValueError: it is no fapiao of ours
    """
    return receipt_of(thaw(content))


def receipt_of(fapiao: Fapiao) -> Receipt:
    """Return a fapiao as a receipt, amounts positive.

    :raise ValueError: its lines make no sense
    """
    red = fapiao.red
    return Receipt(
        kind="return" if red else "sale",
        number=fapiao.number,
        issued_at=fapiao.issued_at,
        currency="CNY",
        seller=_party(fapiao.seller, "business"),
        buyer=_party(fapiao.buyer, "person" if fapiao.natural_person else "business"),
        device=Device("", data=_device(fapiao)),
        lines=tuple(_lines(fapiao)),
        total=abs(fapiao.total),
        document_type=fapiao.kind,
        company_currency="CNY",
        original=Original(red.blue_number) if red else None,
        reason=red.reason if red else "",
        data=_data(fapiao),
    )


def _party(holder: Holder, kind: Any) -> Party:
    address = Address(additional=holder.address)
    return Party(kind, holder.tax_number, holder.name, address, holder.phone)


def _device(fapiao: Fapiao) -> dict[str, Any]:
    given = {
        "clerk": fapiao.clerk,
        "checker": fapiao.checker,
        "payee": fapiao.payee,
        "seller_account": fapiao.seller.account,
        "extension": fapiao.routing.extension,
        "department": fapiao.routing.department,
        "clerk_id": fapiao.routing.clerk,
    }
    return {name: value for name, value in given.items() if value}


def _data(fapiao: Fapiao) -> dict[str, Any]:
    given = {
        "remark": fapiao.remark,
        "special": fapiao.special,
        "special_data": fapiao.special_data,
        "differential": fapiao.differential,
        "survey": fapiao.survey,
        "agent": fapiao.agent,
        "additional": fapiao.additional,
        "buyer_account": fapiao.buyer.account,
        "email": fapiao.delivery.email,
        "phone": fapiao.delivery.phone,
        "scope": fapiao.red.scope if fapiao.red else "",
        "parts": tuple(asdict(part) for part in fapiao.red.parts) if fapiao.red else (),
    }
    told = {name: value for name, value in given.items() if value}
    return {**told, "natural_person": fapiao.natural_person}


def _lines(fapiao: Fapiao) -> Iterator[Line]:
    waiting: FapiaoLine | None = None
    for line in fapiao.lines:
        if line.nature == DISCOUNT:
            if waiting is None:
                raise ValueError("A discount stands without its line")
            yield _line(waiting, line)
            waiting = None
            continue
        if waiting is not None:
            raise ValueError("A discounted line stands without its discount")
        if line.nature == DISCOUNTED:
            waiting = line
        else:
            yield _line(line, None)
    if waiting is not None:
        raise ValueError("A discounted line stands without its discount")


def _line(line: FapiaoLine, discount: FapiaoLine | None) -> Line:
    net, tax = line.net, line.tax
    if discount is not None:
        net, tax = net + discount.net, tax + discount.tax
    data: dict[str, Any] = {"tax_included": line.tax_included}
    if line.spec:
        data["spec"] = line.spec
    if line.blue_line:
        data["blue_line"] = line.blue_line
    if line.invoice:
        data["invoice"] = line.invoice
    if line.part:
        data["part"] = line.part
    if line.quantity is None:
        data["amount_only"] = True
    return Line(
        description=line.name,
        quantity=Decimal(1) if line.quantity is None else abs(line.quantity),
        gross=abs(line.net),
        net=abs(net),
        internal_code=line.own_code,
        item_scheme=ITEM_SCHEME if line.code else "",
        item_code=line.code,
        unit=line.unit,
        discounts=(Discount(-discount.net, ""),) if discount is not None else (),
        taxes=(TaxAmount(VAT, line.policy, plain(line.rate * 100), abs(tax)),),
        data=data,
    )
