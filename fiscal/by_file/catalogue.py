"""The fields that a mapping row can speak of: what each is called and what it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..messages import _

What = Literal["text", "decimal", "date", "moment", "yes"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    :ivar label: an English term, marked for translation
    :ivar of_line: it is of a line of a document, not of the whole
    """

    label: str
    what: What = "text"
    of_line: bool = False


DOCUMENTS: dict[str, Field] = {
    "order": Field(_("Order number")),
    "number": Field(_("Number of the document")),
    "uid": Field(_("Authority's identifier")),
    "kind": Field(_("Kind: sale, return, credit, debit")),
    "document_type": Field(_("Authority's type of document")),
    "issued_at": Field(_("Issued at"), "moment"),
    "document_date": Field(_("Date of the document"), "date"),
    "currency": Field(_("Currency")),
    "net": Field(_("Total without taxes"), "decimal"),
    "tax": Field(_("Total of taxes"), "decimal"),
    "total": Field(_("Total with taxes"), "decimal"),
    "reason": Field(_("Reason of a return")),
    "original_uid": Field(_("Original's identifier")),
    "original_number": Field(_("Original's number")),
    "remark": Field(_("Remark")),
    "seller_id": Field(_("Seller's tax number")),
    "seller_name": Field(_("Seller's name")),
    "seller_account": Field(_("Seller's bank and account")),
    "clerk": Field(_("Clerk")),
    "checker": Field(_("Checker")),
    "payee": Field(_("Payee")),
    "branch": Field(_("Branch of the device")),
    "device": Field(_("Serial of the device")),
    "buyer_kind": Field(_("Buyer: business, person, foreigner")),
    "buyer_id": Field(_("Buyer's tax number")),
    "buyer_name": Field(_("Buyer's name")),
    "buyer_address": Field(_("Buyer's address")),
    "buyer_phone": Field(_("Buyer's telephone")),
    "buyer_account": Field(_("Buyer's bank and account")),
    "buyer_email": Field(_("Buyer's e-mail")),
    "payment": Field(_("Payment method")),
    "line_number": Field(_("Line"), "decimal", True),
    "line_nature": Field(_("Nature of the line"), of_line=True),
    "item_scheme": Field(_("Code system of the item"), of_line=True),
    "item_code": Field(_("Tax code of the item"), of_line=True),
    "internal_code": Field(_("Own code of the item"), of_line=True),
    "description": Field(_("Item"), of_line=True),
    "spec": Field(_("Specification"), of_line=True),
    "unit": Field(_("Unit"), of_line=True),
    "quantity": Field(_("Quantity"), "decimal", True),
    "price": Field(_("Price"), "decimal", True),
    "tax_included": Field(_("Price has the tax in it"), "yes", True),
    "line_net": Field(_("Amount without taxes"), "decimal", True),
    "line_tax": Field(_("Taxes of the line"), "decimal", True),
    "line_total": Field(_("Amount with taxes"), "decimal", True),
    "line_discount": Field(_("Discount of the line"), "decimal", True),
    "tax_type": Field(_("Type of the tax"), of_line=True),
    "tax_subtype": Field(_("Subtype of the tax"), of_line=True),
    "tax_rate": Field(_("Tax rate in percent"), "decimal", True),
}
"""What a file of documents to be issued can have."""

RESULTS: dict[str, Field] = {
    "order": Field(_("Order number")),
    "number": Field(_("Number of the document")),
    "uid": Field(_("Authority's identifier")),
    "state": Field(_("State: valid, invalid, pending, cancelled, rejected")),
    "authority_uid": Field(_("Number that the authority gave")),
    "issued_at": Field(_("Issued at"), "moment"),
    "net": Field(_("Total without taxes"), "decimal"),
    "tax": Field(_("Total of taxes"), "decimal"),
    "total": Field(_("Total with taxes"), "decimal"),
    "code": Field(_("Code of a refusal")),
    "message": Field(_("Cause of a refusal")),
    "serial": Field(_("Serial number there")),
    "qr": Field(_("Text of the QR code")),
}
"""What a file of results can have; by ``order``, ``number`` or ``uid`` each row says
which document it is about."""

KEYS = ("order", "number", "uid")
