"""The document, versions 1.0 and 0.9 (ETA SDK, /documents/invoice-v1-0/).

Lengths other than that of ``proformaInvoiceNumber`` are not published; here
they only bound what is taken.
"""

from collections.abc import Mapping

from ..codes import DOCUMENT_TYPES
from ..structure import Array, Number, Object, Spec, Text

EXPORTS = ("EI", "EC", "ED")
NOTES = ("C", "D", "EC", "ED")
VERSIONS = ("0.9", "1.0")
MAX_LINES = 1000
_UTC = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_UUID = r"[0-9A-Z]{26}"
_number = Number()
_percent = Number(most=100)
_text = Text(1000)
_needed = Text(1000, blank=False)

_ADDRESS: dict[str, Spec] = {
    "country*": Text(2, blank=False),
    "governate*": _needed,
    "regionCity*": _needed,
    "street*": _needed,
    "buildingNumber*": _needed,
    "postalCode": _text,
    "floor": _text,
    "room": _text,
    "landmark": _text,
    "additionalInformation": _text,
}

_ISSUER = Object(
    {
        "type*": Text(1, choices=("B", "P", "F")),
        "id*": Text(30, blank=False),
        "name*": _needed,
        "address*": Object({"branchID*": Text(50, blank=False), **_ADDRESS}),
    }
)

# A person below the threshold may be named in part or not at all.
_RECEIVER = Object(
    {
        "type*": Text(1, choices=("B", "P", "F")),
        "id": Text(30),
        "name": _text,
        "address": Object(
            {name.rstrip("*"): _text for name in _ADDRESS} | {"branchID": Text(50)}
        ),
    }
)

_LINE: dict[str, Spec] = {
    "description*": _needed,
    "itemType*": Text(30, blank=False),
    "itemCode*": Text(100, blank=False),
    "unitType*": Text(30, blank=False),
    "quantity*": _number,
    "internalCode": _text,
    "salesTotal*": _number,
    "total*": _number,
    "valueDifference*": Number(signed=True),
    "totalTaxableFees*": _number,
    "netTotal*": _number,
    "itemsDiscount*": _number,
    "unitValue*": Object(
        {
            "currencySold*": Text(3, blank=False),
            "amountEGP*": _number,
            "amountSold": _number,
            "currencyExchangeRate": _number,
        }
    ),
    "discount": Object({"rate": _percent, "amount": _number}),
    "taxableItems": Array(
        Object(
            {
                "taxType*": Text(30, blank=False),
                "amount*": _number,
                "subType": Text(50),
                "rate": Number(most=999),
            }
        )
    ),
}
_EXPORT_LINE: dict[str, Spec] = {
    **_LINE,
    "weightUnitType": Text(30),
    "weightQuantity": _number,
}

_DOCUMENT: dict[str, Spec] = {
    "issuer*": _ISSUER,
    "receiver*": _RECEIVER,
    "documentType*": Text(20, blank=False),
    "documentTypeVersion*": Text(100, choices=VERSIONS),
    "dateTimeIssued*": Text(20, blank=False, pattern=_UTC),
    "serviceDeliveryDate": Text(10, pattern=_DAY),
    "taxpayerActivityCode*": Text(10, blank=False),
    "internalID*": Text(50, blank=False),
    "purchaseOrderReference": _text,
    "purchaseOrderDescription": _text,
    "salesOrderReference": _text,
    "salesOrderDescription": _text,
    "proformaInvoiceNumber": Text(50),
    "payment": Object(
        {
            "bankName": _text,
            "bankAddress": _text,
            "bankAccountNo": _text,
            "bankAccountIBAN": _text,
            "swiftCode": _text,
            "terms": _text,
        }
    ),
    "delivery": Object(
        {
            "approach": _text,
            "packaging": _text,
            "dateValidity": _text,
            "exportPort": _text,
            "countryOfOrigin": Text(2),
            "grossWeight": _number,
            "netWeight": _number,
            "terms": _text,
        }
    ),
    "invoiceLines*": Array(Object(_LINE), most=MAX_LINES),
    "totalDiscountAmount*": _number,
    "totalSalesAmount*": _number,
    "netAmount*": _number,
    "taxTotals*": Array(
        Object({"taxType*": Text(30, blank=False), "amount*": _number}),
        # a document without any tax has no row, and the property all the same
        empty=True,
    ),
    "totalAmount*": _number,
    "extraDiscountAmount*": _number,
    "totalItemsDiscountAmount*": _number,
}

_REFERENCES = Array(Text(26, blank=False, pattern=_UUID))
_SIGNATURES = Array(
    Object(
        {
            "signatureType*": Text(1, blank=False, choices=("I", "S")),
            "value*": Text(1_000_000, blank=False),
        }
    )
)


def _schema(kind: str, version: str) -> Object:
    properties = dict(_DOCUMENT)
    if kind in EXPORTS:
        del properties["serviceDeliveryDate"]
        properties["serviceDeliveryDate*"] = Text(10, blank=False, pattern=_DAY)
        properties["invoiceLines*"] = Array(Object(_EXPORT_LINE), most=MAX_LINES)
    if kind in NOTES:
        name = "references*" if kind in EXPORTS else "references"
        properties[name] = _REFERENCES
    signatures = "signatures*" if version == "1.0" else "signatures"
    properties[signatures] = _SIGNATURES
    return Object(properties)


_SCHEMAS = {
    (kind, version): _schema(kind, version)
    for kind in DOCUMENT_TYPES
    for version in VERSIONS
}


def schema_of(document: Mapping[str, object]) -> Object:
    """The schema of a document by its type and version; those of an ordinary
    invoice 1.0 where it has neither of the known ones.
    """
    kind, version = kind_of(document), document.get("documentTypeVersion")
    return _SCHEMAS[
        kind if kind in DOCUMENT_TYPES else "I",
        version if version in VERSIONS else "1.0",
    ]


def kind_of(document: Mapping[str, object]) -> str:
    """The type in upper case: ETA takes ``i`` and ``I``."""
    return str(document.get("documentType", "")).upper()
