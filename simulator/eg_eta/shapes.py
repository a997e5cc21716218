"""Stored receipts in the shapes ETA answers with."""

from decimal import Decimal
from typing import Any

from ..clock import to_text
from . import codes
from .findings import shape_errors
from .receipt_types import TYPES
from .registry import Registry
from .store import VALID, Receipt, Store, Submission

_COMMON = (
    "totalSales",
    "totalCommercialDiscount",
    "totalItemsDiscount",
    "netAmount",
    "feesAmount",
    "totalAmount",
    "paymentMethod",
    "adjustment",
    "extraReceiptDiscountData",
    "taxTotals",
    "contractor",
    "beneficiary",
)


class Shapes:
    """Builds answers. Callers hold the store's lock."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self.store = store
        self.registry = registry

    def returned(self, receipt: Receipt) -> list[Receipt]:
        """Valid returns of this sale."""
        rows = self.store.returns.get(receipt.uuid, ())
        return [row for row in rows if row.status == VALID]

    def submission(self, submission: Submission) -> dict[str, Any]:
        """The head of submission details."""
        errors = [submission.error.shape()] if submission.error else []
        for error in errors:
            error["metadata"] = None
        return {
            "submissionUuid": submission.id,
            "sellerId": submission.rin,
            "submitterName": submission.submitter,
            "deviceSerialNumber": submission.serial,
            "submissionChannel": submission.channel,
            "dateTimeReceived": to_text(submission.received),
            "receiptsCount": len(submission.receipts),
            "invalidReceiptsCount": submission.invalid_count,
            "status": submission.status,
            "submissionErrors": errors,
        }

    def verdict(self, receipt: Receipt) -> dict[str, Any]:
        """One receipt in submission details."""
        kind = TYPES.get(receipt.kind)
        name = kind.name if kind else receipt.kind
        header = receipt.document["header"]
        return {
            "uuid": receipt.uuid,
            "receiptNumber": receipt.number,
            "dateTimeIssued": receipt.issued,
            "dateTimeReceived": to_text(receipt.received),
            "documentType": receipt.kind,
            "documentTypeNamePrimaryLang": name,
            "documentTypeNameSecondaryLang": name,
            "documentTypeVersion": "1.2",
            "currency": receipt.currency,
            "currencyNamePrimaryLang": codes.CURRENCIES.get(receipt.currency),
            "currencyNameSecondaryLang": codes.CURRENCIES.get(receipt.currency),
            "exchangeRate": header.get("exchangeRate", Decimal(0)),
            "totalAmount": receipt.total,
            "sellerID": receipt.rin,
            "sellerName": self.registry.taxpayers[receipt.rin].name,
            "buyerId": receipt.buyer_id or None,
            "buyerName": receipt.buyer_name or None,
            "buyerType": receipt.buyer_type,
            "status": receipt.status,
            "longId": receipt.long_id,
            "deviceSerialNumber": receipt.serial,
            "hasReturnReceipts": bool(self.returned(receipt)),
            "errors": shape_errors(receipt.findings),
        }

    def row(self, receipt: Receipt) -> dict[str, Any]:
        """One receipt in search and recent."""
        kind = TYPES.get(receipt.kind)
        return {
            "submissionUuid": receipt.submission.id,
            "uuid": receipt.uuid,
            "longId": receipt.long_id,
            "previousUuid": receipt.previous,
            "referenceUuid": receipt.reference or None,
            "referenceOldUuid": receipt.old or None,
            "direction": "Submitted",
            "receiptNumber": receipt.number,
            "dateTimeIssued": receipt.issued,
            "dateTimeReceived": to_text(receipt.received),
            "posSerialNumber": receipt.serial,
            "paymentMethod": receipt.payment,
            "submitterName": receipt.submission.submitter,
            "submissionChannel": receipt.submission.channel,
            "status": receipt.status,
            "issuerId": receipt.rin,
            "issuerName": self.registry.taxpayers[receipt.rin].name,
            "receiverId": receipt.buyer_id or None,
            "receiverName": receipt.buyer_name or None,
            "receiverType": receipt.buyer_type,
            "typeName": receipt.kind,
            "documentTypeNamePrimaryLang": kind.name if kind else receipt.kind,
            "documentTypeVersion": "1.2",
            "currency": receipt.currency,
            "totalAmount": receipt.total,
        }

    def envelope(self, receipt: Receipt) -> dict[str, Any]:
        """Answer of the call ``raw``."""
        return {
            "rawDocument": receipt.raw.decode(),
            "submissionUUID": receipt.submission.id,
            "dateTimeReceived": to_text(receipt.received),
            "dateTimeIssued": receipt.issued,
            "submissionChannel": receipt.submission.channel,
            "maxPrecision": 5,
            "receipt": self.receipt(receipt),
        }

    def receipt(self, receipt: Receipt) -> dict[str, Any]:
        """The whole receipt with the names of its codes."""
        document = receipt.document
        header = document["header"]
        shape: dict[str, Any] = {
            "uuid": receipt.uuid,
            "longId": receipt.long_id,
            "previousUUID": receipt.previous,
            "referenceOldUUID": receipt.old,
            "referenceUUID": receipt.reference,
            "dateTimeIssued": receipt.issued,
            "dateTimeReceived": to_text(receipt.received),
            "receiptNumber": receipt.number,
            "currency": receipt.currency,
            "exchangeRate": header.get("exchangeRate", Decimal(0)),
            "sOrderNameCode": header.get("sOrderNameCode"),
            "orderDeliveryMode": header.get("orderdeliveryMode"),
            "grossWeight": header.get("grossWeight"),
            "netWeight": header.get("netWeight"),
            "documentType": _document_type(receipt, document),
        }
        shape.update({name: document.get(name) for name in _COMMON})
        shape["seller"] = self._seller(receipt, document)
        buyer = document["buyer"]
        shape["buyer"] = {
            "buyerId": buyer.get("id"),
            "buyerName": buyer.get("name"),
            "type": buyer["type"],
            "mobileNumber": buyer.get("mobileNumber"),
            "paymentNumber": buyer.get("paymentNumber"),
        }
        shape["itemData"] = [_line(line) for line in document["itemData"]]
        shape.update(self._state(receipt))
        return shape

    def _seller(self, receipt: Receipt, document: dict) -> dict[str, Any]:
        seller = document["seller"]
        taxpayer = self.registry.taxpayers[receipt.rin]
        branch = taxpayer.branches.get(seller["branchCode"])
        address = dict(seller["branchAddress"])
        country = codes.COUNTRIES.get(address["country"])
        address.update({"countryName": country, "countryNameAR": country})
        return {
            "sellerId": receipt.rin,
            "sellerName": taxpayer.name,
            "branchCode": seller["branchCode"],
            "branchName": branch,
            "branchNameAr": branch,
            "branchAddress": address,
            "deviceSerialNumber": receipt.serial,
            "syndicateLicenseNumber": seller.get("syndicateLicenseNumber"),
            "activityCode": seller["activityCode"],
        }

    def _state(self, receipt: Receipt) -> dict[str, Any]:
        returned = self.returned(receipt)
        event = {
            "date": to_text(receipt.received),
            "status": receipt.status,
            "reason": receipt.reason,
            "submissionUuid": receipt.submission.id,
            "canceledBy": receipt.rin if receipt.status == "Cancelled" else None,
        }
        return {
            "status": receipt.status,
            "statusReason": receipt.reason,
            "hasReturnReceipts": bool(returned),
            "returnReceipts": [
                {
                    "uuid": row.uuid,
                    "receiptNumber": row.number,
                    "dateTimeIssued": row.issued,
                    "totalAmount": row.total,
                }
                for row in returned
            ],
            "history": [event],
        }


def _document_type(receipt: Receipt, document: dict) -> dict[str, Any]:
    kind = TYPES.get(receipt.kind)
    name = kind.name if kind else receipt.kind
    return {
        "receiptTypeCategory": kind.sector if kind else None,
        "receiptTypeBase": "R" if kind and kind.is_return else "S",
        "receiptType": receipt.kind,
        "receiptTypeName": name,
        "receiptTypeNameAr": name,
        "typeVersion": document["documentType"]["typeVersion"],
    }


def _line(line: dict) -> dict[str, Any]:
    shape = dict(line)
    unit = codes.UNITS.get(line["unitType"])
    shape.update(
        {
            "itemCodeName": line["description"],
            "itemCodeNameAr": line["description"],
            "unitTypeName": unit,
            "unitTypeNameAr": unit,
            "taxableItems": [
                {
                    **item,
                    "sign": -1 if item["taxType"] == "T4" else 1,
                    "exchangeRate": 1,
                    "taxTypeName": codes.TAX_TYPES.get(item["taxType"]),
                    "taxTypeNameAr": codes.TAX_TYPES_AR.get(item["taxType"]),
                }
                for item in line.get("taxableItems", ())
            ],
        }
    )
    return shape
