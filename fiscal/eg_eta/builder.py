"""Gives a checked receipt ETA's form: the JSON of the receipt, version 1.2.

Members stand in the order of ETA's own samples; what a receipt does not have is left
out, never ``null`` (ETA SDK, /documents/receipt-v1-2/ and its sisters).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Address, Discount, Line, Receipt
from .amounts import HOME, ZERO, Figures, LineFigures, TaxFigure, decimal_of, round5
from .canonical import uuid_of_text
from .choices import delivery_mode, payment_method, trade_name
from .jsontext import clean, dumps
from .receipt_types import VERSION, WITHOUT_REFERENCE, ReceiptType
from .settings import Settings
from .wire import ADDRESS, moment_text

BUYER_TYPES = {"business": "B", "person": "P", "foreigner": "F"}
_EMPTY_UUID = '"uuid":""'


def build_receipt(
    receipt: Receipt, figures: Figures, kind: ReceiptType, settings: Settings
) -> tuple[bytes, str]:
    """Return the receipt's bytes and its UUID.

    The UUID is that of the bytes: it is computed from the finished text with an empty
    ``uuid``, and put into that text.

    :raise ValueError: the UUID stands elsewhere in the receipt too, where ETA's own
        library would blank it and compute another one
    """
    text = dumps(document(receipt, figures, kind, settings))
    uuid = uuid_of_text(text)
    # No quote stands unescaped inside a value, so the first place is the header's.
    before, _empty, after = text.partition(_EMPTY_UUID)
    if uuid in before or uuid in after:
        raise ValueError("The receipt contains its own UUID; change its number.")
    return f'{before}"uuid":"{uuid}"{after}'.encode(), uuid


def document(
    receipt: Receipt, figures: Figures, kind: ReceiptType, settings: Settings
) -> dict[str, Any]:
    """Return the receipt as ETA's members in their order, its ``uuid`` empty."""
    return {
        "header": _header(receipt, kind, settings),
        "documentType": {
            "receiptType": _cased(kind.code, settings),
            "typeVersion": VERSION,
        },
        "seller": _seller(receipt, kind),
        "buyer": _buyer(receipt),
        "itemData": [
            _item(line, amounts)
            for line, amounts in zip(receipt.lines, figures.lines, strict=True)
        ],
        "totalSales": figures.total_sales,
        "totalCommercialDiscount": figures.total_commercial_discount,
        "totalItemsDiscount": figures.total_items_discount,
        "extraReceiptDiscountData": _discounts(figures.discounts),
        "netAmount": figures.net_amount,
        "feesAmount": 0,
        "totalAmount": figures.total_amount,
        "taxTotals": tax_totals(figures),
        "paymentMethod": payment_method(receipt, settings),
        "adjustment": 0,
        "contractor": _payer(receipt.data.get("contractor")) if kind.payers else None,
        "beneficiary": _payer(receipt.data.get("beneficiary")) if kind.payers else None,
    }


def tax_totals(figures: Figures) -> list[dict[str, Any]]:
    """Return the sums of the taxes by their types."""
    return [
        {"taxType": type_, "amount": amount}
        for type_, amount in figures.tax_totals.items()
    ]


def _cased(code: str, settings: Settings) -> str:
    return code.lower() if settings.receipt_type_case == "lower" else code


def _header(receipt: Receipt, kind: ReceiptType, settings: Settings) -> dict[str, Any]:
    original, data = receipt.original, receipt.data
    has_reference = kind.is_return and kind.code != WITHOUT_REFERENCE
    home = receipt.currency == HOME
    mode = delivery_mode(receipt, kind, settings)
    header: dict[str, Any] = {
        "dateTimeIssued": moment_text(receipt.issued_at),
        "receiptNumber": clean(receipt.number),
        "uuid": "",
        "previousUUID": receipt.previous_uid,
        "referenceOldUUID": receipt.replaces_uid,
        "referenceUUID": original.uid if original and has_reference else None,
        "currency": receipt.currency,
        "exchangeRate": 0 if home else round5(receipt.currency_rate),
    }
    if kind.order_name:
        header["sOrderNameCode"] = some(data.get("order_name_code"))
    if mode or kind.delivery_mode == "empty":
        header["orderdeliveryMode"] = mode
    if kind.weights:
        header["grossWeight"] = decimal_of(data.get("gross_weight"))
        header["netWeight"] = decimal_of(data.get("net_weight"))
    if kind.code == WITHOUT_REFERENCE and original and original.issued_at:
        header["documentUseReason"] = receipt.reason
        header["salesIssuedDateTime"] = moment_text(original.issued_at)
    return header


def some(text: Any) -> str | None:
    """Return a cleaned text, ``None`` when nothing is left: it is not written then."""
    return clean(text or "") or None


def _seller(receipt: Receipt, kind: ReceiptType) -> dict[str, Any]:
    device = receipt.device
    return {
        "rin": receipt.seller.id,
        "companyTradeName": clean(trade_name(receipt)),
        "branchCode": clean(device.branch_code),
        "branchAddress": address_members(device.address),
        "deviceSerialNumber": clean(device.serial),
        "syndicateLicenseNumber": (
            some(device.data.get("syndicate_license")) if kind.syndicate else None
        ),
        "activityCode": device.activity_code,
    }


def address_members(address: Address) -> dict[str, Any]:
    """Return an address in ETA's words, without what it does not have."""
    parts = {member: some(getattr(address, name)) for name, member in ADDRESS.items()}
    return {"country": address.country, **parts}


def _buyer(receipt: Receipt) -> dict[str, Any]:
    buyer = receipt.buyer
    return {
        "type": BUYER_TYPES[buyer.kind],
        "id": some(buyer.id),
        "name": some(buyer.name),
        "mobileNumber": some(buyer.mobile),
        "paymentNumber": some(buyer.payment_number),
    }


def _item(line: Line, amounts: LineFigures) -> dict[str, Any]:
    return {
        "internalCode": clean(line.internal_code),
        "description": clean(line.description),
        "itemType": line.item_scheme,
        "itemCode": clean(line.item_code),
        "unitType": line.unit,
        "quantity": amounts.quantity,
        "unitPrice": amounts.unit_price,
        "netSale": amounts.net_sale,
        "totalSale": amounts.total_sale,
        "total": amounts.total,
        "commercialDiscountData": _discounts(amounts.commercial_discounts),
        "itemDiscountData": _discounts(amounts.item_discounts),
        "valueDifference": amounts.value_difference or None,
        "taxableItems": [tax_members(tax) for tax in amounts.taxes],
    }


def tax_members(tax: TaxFigure) -> dict[str, Any]:
    """Return a tax of a line in ETA's words."""
    return {
        "taxType": tax.type,
        "amount": tax.amount,
        "subType": tax.subtype,
        "rate": tax.rate or ZERO,
    }


def _discounts(discounts: Sequence[Discount]) -> list[dict[str, Any]]:
    return [
        {
            "amount": discount.amount,
            "description": clean(discount.description),
            "rate": discount.rate,
        }
        for discount in discounts
    ]


def _payer(payer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not payer:
        return None
    members = {
        "name": some(payer.get("name")),
        "amount": decimal_of(payer.get("amount")),
        "rate": decimal_of(payer.get("rate")),
    }
    return {name: value for name, value in members.items() if value is not None}
