"""Documents in the shapes ETA answers with, in ETA's own spelling.

Names as captured from production: ``dateTimeRecevied`` and ``maxPercision`` are
written like this.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ...clock import to_text
from .. import codes
from ..findings import shape_steps
from ..registry import Registry
from ..settings import Settings
from .store import (
    CANCELLED,
    INVALID,
    REJECTED,
    SUBMITTED,
    VALID,
    Document,
    DocumentSubmission,
    Request,
)
from .validation import steps_of

_STATUS_IDS = {SUBMITTED: 1, VALID: 2, INVALID: 3, REJECTED: 4, CANCELLED: 5}
_PARTY_TYPES = {"B": 0, "P": 1, "F": 2}
_PRECISION = 5
_ZERO = Decimal(0)
_PLAIN = (
    "purchaseOrderReference",
    "purchaseOrderDescription",
    "salesOrderReference",
    "salesOrderDescription",
    "proformaInvoiceNumber",
    "serviceDeliveryDate",
    "payment",
    "delivery",
    "references",
    "taxTotals",
    "netAmount",
    "totalAmount",
    "totalItemsDiscountAmount",
    "extraDiscountAmount",
    "taxpayerActivityCode",
    "dateTimeIssued",
)


class DocumentShapes:
    """Builds answers. Callers hold the store's lock.

    :param root: address of this service, with a slash at its end
    """

    def __init__(self, registry: Registry, settings: Settings, root: str) -> None:
        self.registry = registry
        self.settings = settings
        self.root = root

    def public_url(self, taken: Document) -> str:
        """The link that needs no token."""
        return f"{self.root}documents/{taken.uuid}/share/{taken.long_id}"

    def submission(self, submission: DocumentSubmission) -> dict[str, Any]:
        """The head of a submission."""
        return {
            "uuid": submission.id,
            "documentCount": len(submission.documents),
            "dateTimeReceived": to_text(submission.received),
            "overallStatus": submission.status,
        }

    def summary(self, taken: Document) -> dict[str, Any]:
        """One document in a submission, in recent and in search."""
        document = taken.document
        names = codes.DOCUMENT_TYPES.get(taken.kind, (taken.kind, taken.kind))
        return {
            "publicUrl": self.public_url(taken),
            "uuid": taken.uuid,
            "submissionUUID": taken.submission.id,
            "longId": taken.long_id,
            "internalId": taken.internal_id,
            "typeName": taken.kind.lower(),
            "documentTypeNamePrimaryLang": names[0],
            "documentTypeNameSecondaryLang": names[1],
            "typeVersionName": taken.version,
            "issuerId": taken.rin,
            "issuerName": document["issuer"]["name"],
            "issuerType": _party_type(document["issuer"]),
            "receiverId": taken.receiver_id,
            "receiverName": taken.receiver_name,
            "receiverType": _party_type(document["receiver"]),
            "dateTimeIssued": taken.issued,
            "dateTimeReceived": to_text(taken.received),
            "totalSales": document["totalSalesAmount"],
            "totalDiscount": document["totalDiscountAmount"],
            "netAmount": document["netAmount"],
            "total": document["totalAmount"],
            "maxPercision": _PRECISION,
            "invoiceLineItemCodes": None,
            "status": taken.status,
            "createdByUserId": taken.submission.submitter,
            **self._state(taken),
        }

    def raw(self, taken: Document) -> dict[str, Any]:
        """The document as it was sent, with what became of it."""
        return {
            **self.summary(taken),
            "document": taken.raw.decode(),
            "transformationStatus": "original",
            "validationResults": self.validation(taken),
            "invoiceLineItemCodes": [
                {"codeTypeName": line["itemType"], "itemCode": line["itemCode"]}
                for line in taken.document["invoiceLines"]
            ],
        }

    def validation(self, taken: Document) -> dict[str, Any]:
        """The steps with their statuses."""
        undecided = taken.status == SUBMITTED
        rest = "InProgress" if undecided else VALID
        status = INVALID if taken.status == INVALID else rest
        steps = shape_steps(steps_of(taken), taken.findings, rest)
        return {"status": status, "validationSteps": steps}

    def details(self, taken: Document) -> dict[str, Any]:
        """Everything about a document, with the names of its codes."""
        document = taken.document
        names = codes.DOCUMENT_TYPES.get(taken.kind, (taken.kind, taken.kind))
        lines = document["invoiceLines"]
        shape: dict[str, Any] = {
            "submissionUUID": taken.submission.id,
            "dateTimeRecevied": to_text(taken.received),
            "validationResults": self.validation(taken),
            "transformationStatus": "original",
            "statusId": _STATUS_IDS[taken.status],
            "status": taken.status,
            **self._state(taken),
            "submissionChannel": taken.submission.channel,
            "uuid": taken.uuid,
            "longId": taken.long_id,
            "publicUrl": self.public_url(taken),
            "internalID": taken.internal_id,
            "documentType": taken.kind.lower(),
            "documentTypeVersion": taken.version,
            "documentTypeNamePrimaryLang": names[0],
            "documentTypeNameSecondaryLang": names[1],
            "issuer": _party(document["issuer"]),
            "receiver": _party(document["receiver"]),
            "totalSales": document["totalSalesAmount"],
            "totalDiscount": document["totalDiscountAmount"],
            "maxPercision": _PRECISION,
            "documentLinesTotalCount": len(lines),
            "invoiceLines": [_line(line) for line in lines],
            "currenciesSold": _currencies(lines),
            "currencySegments": _segments(document),
            "signatures": _signatures(document, taken.signed_by),
            "additionalMetadata": [],
            "alertDetails": None,
        }
        shape.update({name: document.get(name) for name in _PLAIN})
        return shape

    def _state(self, taken: Document) -> dict[str, Any]:
        cancel, reject = taken.cancellation, taken.rejection
        return {
            "documentStatusReason": taken.reason,
            "cancelRequestDate": _made(cancel),
            "rejectRequestDate": _made(reject),
            "cancelRequestDelayedDate": _final(cancel),
            "rejectRequestDelayedDate": _final(reject),
            "declineCancelRequestDate": _declined(cancel),
            "declineRejectRequestDate": _declined(reject),
            "canbeCancelledUntil": self._until(taken, "cancel_hours"),
            "canbeRejectedUntil": self._until(taken, "reject_hours"),
            "freezeStatus": {
                "frozen": False,
                "type": None,
                "scope": None,
                "actionDate": None,
                "auCode": None,
                "auName": None,
            },
            "lateSubmissionRequestNumber": taken.late_request or None,
        }

    def _until(self, taken: Document, name: str) -> str | None:
        return to_text(until(taken, self.settings, name)) if taken.final else None


def until(taken: Document, settings: Settings, name: str) -> datetime:
    """When one of the windows of a document ends."""
    return taken.received + timedelta(hours=settings.window(taken.kind, name))


def _party_type(party: dict) -> int:
    return _PARTY_TYPES[party["type"]]


def _party(party: dict) -> dict[str, Any]:
    return {
        "type": _party_type(party),
        "id": party.get("id", ""),
        "name": party.get("name", ""),
        "address": party.get("address"),
    }


def _line(line: dict) -> dict[str, Any]:
    shape = dict(line)
    unit = codes.UNITS.get(line["unitType"])
    items = shape.pop("taxableItems", ())
    shape.update(
        {
            "itemPrimaryName": line["description"],
            "itemPrimaryDescription": line["description"],
            "itemSecondaryName": line["description"],
            "itemSecondaryDescription": line["description"],
            "unitTypePrimaryName": unit,
            "unitTypePrimaryDescription": unit,
            "unitTypeSecondaryName": unit,
            "unitTypeSecondaryDescription": unit,
            "taxableItems": None,
            "lineTaxableItems": [
                {
                    **item,
                    "taxTypePrimaryName": codes.TAX_TYPES.get(item["taxType"]),
                    "taxTypeSecondaryName": codes.TAX_TYPES_AR.get(item["taxType"]),
                }
                for item in items
            ],
        }
    )
    return shape


def _currencies(lines: Iterable[dict]) -> str:
    sold = {line["unitValue"]["currencySold"] for line in lines}
    return "EGP" if sold == {"EGP"} else "Foreign"


def _segments(document: dict) -> list[dict[str, Any]]:
    """The document's sums per currency and rate, in that currency."""
    by_currency: dict[tuple[str, Decimal], list[dict]] = {}
    for line in document["invoiceLines"]:
        value = line["unitValue"]
        rate = value.get("currencyExchangeRate") or Decimal(1)
        by_currency.setdefault((value["currencySold"], rate), []).append(line)
    return [
        {
            "currency": currency,
            "currencyExchangeRate": rate if currency != "EGP" else _ZERO,
            "totalSales": _in_currency(lines, "salesTotal", rate),
            "netAmount": _in_currency(lines, "netTotal", rate),
            "totalAmount": _in_currency(lines, "total", rate),
            "totalItemsDiscountAmount": _in_currency(lines, "itemsDiscount", rate),
            "totalTaxableFees": _in_currency(lines, "totalTaxableFees", rate),
        }
        for (currency, rate), lines in by_currency.items()
    ]


def _in_currency(lines: list[dict], name: str, rate: Decimal) -> Decimal:
    total = sum((line[name] for line in lines), _ZERO) / rate
    return round(total, _PRECISION)


def _signatures(document: dict, signed_by: list[str]) -> list[dict[str, Any]]:
    rows = document.get("signatures", [])
    names = signed_by or [""] * len(rows)
    return [
        {"signatureType": row["signatureType"], "signedBy": name, "value": row["value"]}
        for row, name in zip(rows, names, strict=False)
    ]


def _made(request: Request | None) -> str | None:
    return to_text(request.made) if request else None


def _final(request: Request | None) -> str | None:
    return to_text(request.final) if request else None


def _declined(request: Request | None) -> str | None:
    return to_text(request.declined) if request and request.declined else None
