"""What people call the parts of a document."""

from __future__ import annotations

import re

from ...messages import Sentence, _

_INDEX = re.compile(r"\[[0-9]+\]")

_WORDS = {
    "activity": _("The activity code"),
    "additionalInformation": _("The additional information of the address"),
    "amount": _("An amount"),
    "approach": _("The way of delivery"),
    "bankAccountIBAN": _("The IBAN"),
    "bankAccountNo": _("The bank account's number"),
    "bankAddress": _("The bank's address"),
    "bankName": _("The bank's name"),
    "beneficiary.amount": _("The beneficiary's amount"),
    "beneficiary.rate": _("The beneficiary's rate"),
    "branchCode": _("The branch code"),
    "branchID": _("The branch code"),
    "buildingNumber": _("The building number"),
    "commercialDiscountData.amount": _("A discount"),
    "commercialDiscountData.description": _("The description of a discount"),
    "commercialDiscountData.rate": _("The percentage of a discount"),
    "companyTradeName": _("The trade name"),
    "contractor.amount": _("The contractor's amount"),
    "contractor.name": _("The contractor's name"),
    "contractor.rate": _("The contractor's rate"),
    "countryOfOrigin": _("The country of origin"),
    "dateValidity": _("The date until which the delivery is valid"),
    "description": _("The description"),
    "deviceSerialNumber": _("The serial number"),
    "discount.amount": _("A discount"),
    "discount.rate": _("The percentage of a discount"),
    "exportPort": _("The port of export"),
    "extraDiscountAmount.amount": _("A discount on the whole"),
    "extraDiscountAmount.rate": _("The percentage of a discount on the whole"),
    "extraReceiptDiscountData.amount": _("A discount on the whole"),
    "extraReceiptDiscountData.description": _(
        "The description of a discount on the whole"
    ),
    "extraReceiptDiscountData.rate": _("The percentage of a discount on the whole"),
    "floor": _("The floor"),
    "governate": _("The governorate"),
    "grossWeight": _("The gross weight"),
    "id": _("The number"),
    "internalCode": _("The internal reference"),
    "internalID": _("The number of the document"),
    "itemCode": _("The item code"),
    "itemDiscountData.amount": _("A discount after taxes"),
    "itemDiscountData.description": _("The description of a discount after taxes"),
    "itemDiscountData.rate": _("The percentage of a discount after taxes"),
    "itemsDiscount.amount": _("A discount after taxes"),
    "itemsDiscount.rate": _("The percentage of a discount after taxes"),
    "landmark": _("The landmark"),
    "mobileNumber": _("The mobile number"),
    "name": _("The name"),
    "netWeight": _("The net weight"),
    "packaging": _("The packaging"),
    "paymentNumber": _("The payment's number"),
    "postalCode": _("The postal code"),
    "proformaInvoiceNumber": _("The number of the proforma invoice"),
    "purchaseOrderDescription": _("The description of the purchase order"),
    "purchaseOrderReference": _("The reference of the purchase order"),
    "rate": _("A rate"),
    "receiptNumber": _("The number of the document"),
    "regionCity": _("The city"),
    "room": _("The room"),
    "sOrderNameCode": _("The order's name"),
    "salesOrderDescription": _("The description of the sales order"),
    "salesOrderReference": _("The reference of the sales order"),
    "serviceDeliveryDate": _("The day of delivery"),
    "street": _("The street"),
    "swiftCode": _("The SWIFT code"),
    "syndicateLicenseNumber": _("The number of the syndicate's licence"),
    "taxableItems": _("The amount or the rate of a tax"),
    "terms": _("The terms"),
    "totalAmount": _("The total"),
    "unitPrice": _("The price"),
    "unitValue": _("The price"),
    "valueDifference": _("The value difference"),
}
"""By the authority's name, with what it is in where that alone says too little."""


def in_words(path: str) -> Sentence | str:
    """Return what people call a part of a document; one that only the authority has a
    name for, by that."""
    parts = _INDEX.sub("", path).split(".")
    for name in (".".join(parts[-2:]), parts[-1]):
        if name in _WORDS:
            return Sentence(_WORDS[name])
    return parts[-1]
