"""Gives a checked invoice ETA's form: the JSON of the document, version 1.0.

Members stand in the order of ETA's own samples; what a document does not have is left
out, never ``null`` (ETA SDK, /documents/invoice-v1-0/ and its sisters). Signatures are
not in it: they stand beside what they sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from ...contract import Line, Party, Receipt
from ..amounts import HOME, Figures, LineFigures, decimal_of
from ..builder import BUYER_TYPES, address_members, some, tax_members, tax_totals
from ..checks.parties import REQUIRED
from ..jsontext import clean, dumps
from ..wire import moment_text
from .amounts import discount_rate, exchange_rate, sum_of, taxable_fees
from .document_types import DocumentType
from .members import DELIVERY, ORDERS, PAYMENT
from .references import references_of
from .settings import InvoiceSettings


def build_invoice(
    receipt: Receipt, figures: Figures, kind: DocumentType, settings: InvoiceSettings
) -> bytes:
    """Return the document's bytes."""
    return dumps(document(receipt, figures, kind, settings)).encode()


def document(
    receipt: Receipt, figures: Figures, kind: DocumentType, settings: InvoiceSettings
) -> dict[str, Any]:
    """Return the document as ETA's members in their order.

    :param figures: its amounts in EGP
    """
    lower = settings.document_type_case == "lower"
    return {
        "issuer": _issuer(receipt),
        "receiver": _receiver(receipt.buyer),
        "documentType": kind.code.lower() if lower else kind.code,
        "documentTypeVersion": settings.document_version,
        "dateTimeIssued": moment_text(receipt.issued_at),
        "taxpayerActivityCode": receipt.device.activity_code,
        "serviceDeliveryDate": _day(receipt.data.get("service_delivery_date")),
        "internalID": clean(receipt.number),
        **_texts(receipt.data, ORDERS),
        "references": references_of(receipt, kind),
        "payment": _part(receipt, "payment", PAYMENT),
        "delivery": _delivery(receipt),
        "invoiceLines": [
            _line(receipt, line, amounts, kind)
            for line, amounts in zip(receipt.lines, figures.lines, strict=True)
        ],
        "totalDiscountAmount": figures.total_commercial_discount,
        "totalSalesAmount": figures.total_sales,
        "netAmount": figures.net_amount,
        "taxTotals": tax_totals(figures),
        "totalAmount": figures.total_amount,
        "extraDiscountAmount": sum_of(figures.discounts),
        "totalItemsDiscountAmount": figures.total_items_discount,
    }


def _issuer(receipt: Receipt) -> dict[str, Any]:
    device = receipt.device
    return {
        "address": {
            "branchID": clean(device.branch_code),
            **address_members(device.address),
        },
        "type": "B",
        "id": receipt.seller.id,
        "name": clean(receipt.seller.name),
    }


def _receiver(buyer: Party) -> dict[str, Any]:
    return {
        "address": address_members(buyer.address) if has_address(buyer) else None,
        "type": BUYER_TYPES[buyer.kind],
        "id": some(buyer.id),
        "name": some(buyer.name),
    }


def has_address(buyer: Party) -> bool:
    """Tell whether a buyer's address is complete: half of one is not sent."""
    address = buyer.address
    parts = [getattr(address, name) for name in REQUIRED]
    return bool(address.country) and all(clean(part) for part in parts)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _texts(
    values: Mapping[str, Any], members: Mapping[str, str]
) -> dict[str, str | None]:
    return {member: some(values.get(key)) for key, member in members.items()}


def _part(
    receipt: Receipt, key: str, members: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the texts of a part, ``None`` where it says nothing."""
    values = receipt.data.get(key)
    texts = _texts(values, members) if isinstance(values, Mapping) else {}
    return texts if any(texts.values()) else None


def _delivery(receipt: Receipt) -> dict[str, Any] | None:
    values = receipt.data.get("delivery")
    if not isinstance(values, Mapping):
        return None
    texts = _texts(values, DELIVERY)
    until = values.get("date_validity")
    members = {
        "approach": texts["approach"],
        "packaging": texts["packaging"],
        "dateValidity": moment_text(until) if isinstance(until, datetime) else None,
        "exportPort": texts["exportPort"],
        "countryOfOrigin": texts["countryOfOrigin"],
        "grossWeight": decimal_of(values.get("gross_weight")),
        "netWeight": decimal_of(values.get("net_weight")),
        "terms": texts["terms"],
    }
    return members if any(value is not None for value in members.values()) else None


def _line(
    receipt: Receipt, line: Line, amounts: LineFigures, kind: DocumentType
) -> dict[str, Any]:
    weighed = kind.export and line.data.get("weight_unit")
    discount = sum_of(amounts.commercial_discounts)
    return {
        "description": clean(line.description),
        "itemType": line.item_scheme,
        "itemCode": clean(line.item_code),
        "unitType": line.unit,
        "quantity": amounts.quantity,
        "weightUnitType": line.data["weight_unit"] if weighed else None,
        "weightQuantity": (
            decimal_of(line.data.get("weight_quantity")) if weighed else None
        ),
        "internalCode": some(line.internal_code),
        "salesTotal": amounts.total_sale,
        "total": amounts.total,
        "valueDifference": amounts.value_difference,
        "totalTaxableFees": taxable_fees(amounts),
        "netTotal": amounts.net_sale,
        "itemsDiscount": sum_of(amounts.item_discounts),
        "unitValue": _unit_value(receipt, amounts),
        "discount": {
            "rate": discount_rate(amounts, line.discounts),
            "amount": discount,
        },
        "taxableItems": [tax_members(tax) for tax in amounts.taxes],
    }


def _unit_value(receipt: Receipt, amounts: LineFigures) -> dict[str, Any]:
    value = {"currencySold": receipt.currency, "amountEGP": amounts.unit_price}
    if receipt.currency == HOME:
        return value
    return {
        **value,
        "amountSold": amounts.sold_price,
        "currencyExchangeRate": exchange_rate(receipt),
    }
