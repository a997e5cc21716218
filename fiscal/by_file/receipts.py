"""Documents as values of the catalogue's fields, a row for each line."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ..contract import Line, Receipt
from ..values import Address


def rows_of(receipt: Receipt, uid: str = "") -> list[dict[str, Any]]:
    """Return the rows of a document, amounts positive as in the receipt: what is of the
    whole stands in each, so that the first is enough where there is one row for a
    document. A document without lines has one row.

    :param uid: what the authority calls it, "" while it is not known
    """
    whole = _whole(receipt, uid)
    lines = [
        {**whole, **_of_line(number, line)}
        for number, line in enumerate(receipt.lines, 1)
    ]
    return lines or [whole]


def _whole(receipt: Receipt, uid: str) -> dict[str, Any]:
    buyer, seller, original = receipt.buyer, receipt.seller, receipt.original
    data: Mapping[str, Any] = receipt.data
    own: Mapping[str, Any] = receipt.device.data
    totals = totals_of(receipt)
    return {
        "order": receipt.number,
        "number": receipt.number,
        "uid": uid,
        "kind": receipt.kind,
        "document_type": receipt.document_type,
        "issued_at": receipt.issued_at,
        "document_date": receipt.document_date,
        "currency": receipt.currency,
        **totals,
        "reason": receipt.reason,
        "original_uid": original.uid if original else "",
        "original_number": original.number if original else "",
        "remark": _told(data, "remark"),
        "seller_id": seller.id,
        "seller_name": seller.name,
        "seller_account": _told(own, "seller_account"),
        "clerk": _told(data, "clerk") or _told(own, "clerk"),
        "checker": _told(data, "checker") or _told(own, "checker"),
        "payee": _told(data, "payee") or _told(own, "payee"),
        "branch": receipt.device.branch_code,
        "device": receipt.device.serial,
        "buyer_kind": buyer.kind,
        "buyer_id": buyer.id,
        "buyer_name": buyer.name,
        "buyer_address": address_text(buyer.address),
        "buyer_phone": buyer.mobile,
        "buyer_account": _told(data, "buyer_account"),
        "buyer_email": _told(data, "email"),
        "payment": ", ".join(payment.method for payment in receipt.payments),
    }


def totals_of(receipt: Receipt) -> dict[str, Decimal]:
    """Return ``net``, ``tax`` and ``total`` of a document as it is frozen. Discounts on
    the whole are in its total alone, so that net and tax are told of its lines."""
    net = sum((line.net for line in receipt.lines), Decimal(0))
    taxes = [tax.amount for line in receipt.lines for tax in line.taxes]
    return {"net": net, "tax": sum(taxes, Decimal(0)), "total": receipt.total}


def _of_line(number: int, line: Line) -> dict[str, Any]:
    tax = sum((one.amount for one in line.taxes), Decimal(0))
    first = line.taxes[0] if line.taxes else None
    return {
        "line_number": Decimal(number),
        "item_scheme": line.item_scheme,
        "item_code": line.item_code,
        "internal_code": line.internal_code,
        "description": line.description,
        "spec": _told(line.data, "spec"),
        "unit": line.unit_name or line.unit,
        "quantity": line.quantity,
        "price": _price(line),
        "tax_included": bool(line.data.get("tax_included")),
        "line_net": line.net,
        "line_tax": tax,
        "line_total": line.net + tax,
        "line_discount": sum((one.amount for one in line.discounts), Decimal(0)),
        "tax_type": first.type if first else "",
        "tax_subtype": first.subtype if first else "",
        "tax_rate": first.rate if first else None,
    }


def _price(line: Line) -> Decimal | None:
    """Return the price of one before discounts and taxes, to eight decimals."""
    if not line.quantity:
        return None
    return (line.gross / line.quantity).quantize(Decimal("0.00000001"))


def address_text(address: Address) -> str:
    """Return an address as one text, as far as it is told, the smallest part last."""
    parts = (
        address.governorate,
        address.city,
        address.street,
        address.building,
        address.additional,
    )
    return " ".join(filter(None, parts))


def _told(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
