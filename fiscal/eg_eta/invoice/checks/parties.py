"""Who issues and who receives an invoice."""

from __future__ import annotations

from ....contract import Party
from ....findings import whether
from ....messages import _
from ...checks.findings import check_text
from ...checks.parties import check_address, check_identity, check_large_sale
from ...code_tables import codes
from ...jsontext import clean
from ...wire import ADDRESS
from ..document_types import DocumentType
from .findings import InvoiceFindings

_MOST_NAME = 200
_MOST_ID = 30


def check_issuer(found: InvoiceFindings) -> None:
    """Check the issuer's name; his number and branch are checked as with receipts."""
    seller = found.receipt.seller
    if not clean(seller.name):
        found.add(
            "issuer_name_missing",
            _("The company has no name. Enter it on the company."),
            "issuer.name",
            seller.record,
        )
    check_text(found, seller.name, "issuer.name", _MOST_NAME, "device", seller.record)


def check_receiver(found: InvoiceFindings) -> None:
    """Check who buys: number and name, address, and what an export wants of him."""
    buyer = found.receipt.buyer
    check_identity(found)
    required = _must_be_named(found, buyer)
    _check_address(found, buyer, required)
    if found.type is not None and found.type.export:
        _check_export(found, buyer, found.type)
    if clean(buyer.id) and clean(buyer.id) == clean(found.receipt.seller.id):
        found.add(
            "buyer_is_seller",
            _(
                "The customer has the company's own tax registration number, and the"
                " authority takes no invoice to oneself. Choose another customer."
            ),
            "receiver.id",
            buyer.record,
        )
    for text, member, limit in (
        (buyer.id, "id", _MOST_ID),
        (buyer.name, "name", _MOST_NAME),
    ):
        check_text(found, text, f"receiver.{member}", limit, "customer", buyer.record)


_BUYER_NEEDED = _(
    "From %(threshold)s on the authority wants the buyer's national identity number and"
    " name; this invoice comes to %(total)s. Enter both on the customer"
    " “%(customer)s”."
)


def _must_be_named(found: InvoiceFindings, buyer: Party) -> bool:
    """Tell whether ETA wants to know the receiver; notes what is missing of a person
    from the amount on from which it does."""
    if buyer.kind != "person":
        return True
    total = found.pounds.total_amount if found.pounds else None
    return check_large_sale(found, total, _BUYER_NEEDED)


_MISSING = {
    "governorate": _(
        "The address of the customer “%(customer)s” has no governorate or state. Add it"
        " on the customer."
    ),
    "city": _(
        "The address of the customer “%(customer)s” has no city. Add it on the"
        " customer."
    ),
    "street": _(
        "The address of the customer “%(customer)s” has no street. Add it on the"
        " customer."
    ),
    "building": _(
        "The address of the customer “%(customer)s” has no building number. Add it on"
        " the customer."
    ),
}


def _check_address(found: InvoiceFindings, buyer: Party, required: bool) -> None:
    address, path = buyer.address, f"{found.form.buyer}.address"
    missing = check_address(found, address, path, "customer", buyer.record)
    if not required and (missing or not address.country):
        # left out of the document then, see has_address()
        return
    for attribute in missing:
        found.add(
            f"buyer_{attribute}_missing",
            _MISSING[attribute],
            f"{path}.{ADDRESS[attribute]}",
            buyer.record,
            customer=buyer.name,
        )
    if address.country not in codes("country"):
        found.add(
            "buyer_country_unknown",
            whether(
                address.country,
                _(
                    "The country “%(country)s” of the customer “%(customer)s” is not"
                    " known to the authority. Choose another one on the customer."
                ),
                _(
                    "The address of the customer “%(customer)s” has no country. Choose"
                    " it on the customer."
                ),
            ),
            f"{path}.country",
            buyer.record,
            country=address.country,
            customer=buyer.name,
        )
    elif buyer.kind == "business" and address.country != "EG":
        found.add(
            "buyer_business_abroad",
            _(
                "The customer “%(customer)s” is a business with an Egyptian tax"
                " registration number, but its address is in %(country)s. Correct the"
                " country, or what kind of customer it is."
            ),
            f"{path}.country",
            buyer.record,
            country=address.country,
            customer=buyer.name,
        )


def _check_export(found: InvoiceFindings, buyer: Party, kind: DocumentType) -> None:
    if buyer.kind != "foreigner":
        found.add(
            "export_to_egyptian",
            _(
                "An export (%(type)s) goes to a foreigner, and “%(customer)s” is none."
                " Choose another type, or correct what kind of customer it is."
            ),
            "receiver.type",
            buyer.record,
            type=kind.code,
            customer=buyer.name,
        )
    elif buyer.address.country == "EG":
        found.add(
            "export_inside_egypt",
            _(
                "An export (%(type)s) goes abroad, and the address of “%(customer)s” is"
                " in Egypt. Choose another type, or correct the customer's country."
            ),
            "receiver.address.country",
            buyer.record,
            type=kind.code,
            customer=buyer.name,
        )
