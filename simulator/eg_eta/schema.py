"""The receipt document, version 1.2 (ETA SDK, /documents/receipt-v1-2/)."""

from .structure import Array, Number, Object, Text

MAX_LINES = 300
_UTC = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_HASH = r"[0-9a-f]{64}"
_uuid = Text(64, pattern=_HASH)
_number = Number()


def _discount() -> Object:
    return Object(
        {
            "amount*": _number,
            "description*": Text(50, blank=False),
            "rate": _number,
        }
    )


HEADER = Object(
    {
        "dateTimeIssued*": Text(20, blank=False, pattern=_UTC),
        "receiptNumber*": Text(50, blank=False),
        "uuid*": Text(64, blank=False, pattern=_HASH),
        "previousUUID*": _uuid,
        "referenceOldUUID": _uuid,
        "referenceUUID": _uuid,
        "currency*": Text(3, blank=False),
        "exchangeRate": _number,
        "sOrderNameCode": Text(200),
        "orderdeliveryMode": Text(30),
        "grossWeight": _number,
        "netWeight": _number,
        "documentUseReason": Text(30),
        "salesIssuedDateTime": Text(20, pattern=_UTC),
    }
)

ADDRESS = Object(
    {
        "country*": Text(2, blank=False),
        "governate*": Text(100, blank=False),
        "regionCity*": Text(100, blank=False),
        "street*": Text(200, blank=False),
        "buildingNumber*": Text(100, blank=False),
        "postalCode": Text(30),
        "floor": Text(100),
        "room": Text(100),
        "landmark": Text(500),
        "additionalInformation": Text(500),
    }
)

SELLER = Object(
    {
        "rin*": Text(30, blank=False),
        "companyTradeName*": Text(200, blank=False),
        "branchCode*": Text(50, blank=False),
        "branchAddress*": ADDRESS,
        "deviceSerialNumber*": Text(100, blank=False),
        "syndicateLicenseNumber": Text(30),
        "activityCode*": Text(10, blank=False),
    }
)

BUYER = Object(
    {
        "type*": Text(1, blank=False),
        "id": Text(30),
        "name": Text(100),
        "mobileNumber": Text(30),
        "paymentNumber": Text(30),
    }
)

LINE = Object(
    {
        "internalCode*": Text(50, blank=False),
        "description*": Text(500, blank=False),
        "itemType*": Text(30, blank=False),
        "itemCode*": Text(100, blank=False),
        "unitType*": Text(30, blank=False),
        "quantity*": _number,
        "unitPrice*": _number,
        "totalSale*": _number,
        "netSale*": _number,
        "total*": _number,
        "commercialDiscountData": Array(_discount()),
        "itemDiscountData": Array(_discount()),
        "additionalCommercialDiscount": _discount(),
        "additionalItemDiscount": _discount(),
        "valueDifference": _number,
        "taxableItems": Array(
            Object(
                {
                    "taxType*": Text(30, blank=False),
                    "amount*": _number,
                    "subType*": Text(30, blank=False),
                    "rate": _number,
                }
            )
        ),
    }
)

RECEIPT = Object(
    {
        "header*": HEADER,
        "documentType*": Object(
            {
                "receiptType*": Text(30, blank=False),
                "typeVersion*": Text(30, blank=False),
            }
        ),
        "seller*": SELLER,
        "buyer*": BUYER,
        "itemData*": Array(LINE, most=MAX_LINES),
        "totalSales*": _number,
        "totalCommercialDiscount": _number,
        "totalItemsDiscount": _number,
        "extraReceiptDiscountData": Array(_discount()),
        "netAmount*": _number,
        "feesAmount": _number,
        "totalAmount*": _number,
        "taxTotals": Array(
            Object({"taxType*": Text(30, blank=False), "amount*": _number})
        ),
        "paymentMethod*": Text(50, blank=False),
        "adjustment": _number,
        "contractor": Object({"name": Text(100), "amount": _number, "rate": _number}),
        "beneficiary": Object({"amount": _number, "rate": _number}),
    }
)

SIGNATURES = Array(
    Object(
        {
            "signatureType*": Text(1, choices=("I", "S")),
            # Documented, but not validated by ETA today.
            "value*": Text(1_000_000),
        }
    ),
    empty=True,
)
