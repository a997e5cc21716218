"""ETA's names for what an invoice may say besides, by the keys of ``Receipt.data``."""

from __future__ import annotations

ORDERS = {
    "purchase_order_reference": "purchaseOrderReference",
    "purchase_order_description": "purchaseOrderDescription",
    "sales_order_reference": "salesOrderReference",
    "sales_order_description": "salesOrderDescription",
    "proforma_number": "proformaInvoiceNumber",
}

PAYMENT = {
    "bank_name": "bankName",
    "bank_address": "bankAddress",
    "bank_account": "bankAccountNo",
    "iban": "bankAccountIBAN",
    "swift_code": "swiftCode",
    "terms": "terms",
}

DELIVERY = {
    "approach": "approach",
    "packaging": "packaging",
    "export_port": "exportPort",
    "country_of_origin": "countryOfOrigin",
    "terms": "terms",
}
"""The texts of ``data["delivery"]``; it has a time and weights as well."""
