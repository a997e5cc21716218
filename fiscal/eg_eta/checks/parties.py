"""Who sells, from where, and who buys."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from ...contract import Address, Device, Party, Problem, Receipt, Record
from ...findings import whether
from ...messages import Money, _
from ..amounts import HOME, round5
from ..choices import trade_name
from ..code_tables import codes
from ..jsontext import clean
from ..settings import Settings
from ..thresholds import threshold_on
from ..wire import ADDRESS
from .findings import NATIONAL_ID, RIN, Findings, check_text, is_number
from .form import RECEIPT
from .receipt_findings import ReceiptFindings


def check_seller(found: ReceiptFindings) -> None:
    """Check the seller, the device, and its branch's address."""
    receipt = found.receipt
    seller, device = receipt.seller, receipt.device
    check_seller_id(found)
    _check_serial(found)
    check_branch(found)
    name = trade_name(found.receipt)
    if not clean(name):
        found.add(
            "trade_name_missing",
            _("The company has no name. Give the company or the device a trade name."),
            "seller.companyTradeName",
            seller.record,
        )
    check_text(found, name, "seller.companyTradeName", 200, "device", device.record)


def check_seller_id(found: Findings) -> None:
    """Check the seller's tax registration number."""
    seller = found.receipt.seller
    if not RIN.fullmatch(seller.id):
        found.add(
            "seller_id_invalid",
            whether(
                seller.id,
                _(
                    "The company's tax registration number “%(id)s” is not 9 digits."
                    " Correct it on the company."
                ),
                _(
                    "The company has no tax registration number, which has 9 digits."
                    " Enter it on the company."
                ),
            ),
            found.form.seller_id,
            seller.record,
            id=seller.id,
        )
    elif found.seller_id and found.seller_id != seller.id:
        found.add(
            "seller_id_differs",
            _(
                "The company's tax registration number is %(id)s, but the credentials"
                " are those of %(other)s. Correct the company or the registration."
            ),
            found.form.seller_id,
            seller.record,
            id=seller.id,
            other=found.seller_id,
        )


def device_problems(device: Device, settings: Settings, now: datetime) -> list[Problem]:
    """Return what ETA would refuse in every receipt of a device: its serial, its codes
    and the address of its branch."""
    nobody = Party(kind="person")
    empty = Receipt("sale", "", now, HOME, nobody, nobody, device, (), Decimal(0))
    found = ReceiptFindings(empty, settings, RECEIPT, now)
    _check_serial(found)
    check_branch(found)
    return found.problems


def _check_serial(found: ReceiptFindings) -> None:
    device = found.receipt.device
    if not clean(device.serial):
        found.add(
            "device_serial_missing",
            _("The device has no serial number. Enter the one it is registered with."),
            "seller.deviceSerialNumber",
            device.record,
        )
    elif found.device_serial and found.device_serial != device.serial:
        found.add(
            "device_serial_differs",
            _(
                "The receipt is of device %(serial)s, but the credentials are those of"
                " device %(other)s. Correct the device."
            ),
            "seller.deviceSerialNumber",
            device.record,
            serial=device.serial,
            other=found.device_serial,
        )
    path = "seller.deviceSerialNumber"
    check_text(found, device.serial, path, 100, "device", device.record)
    if found.type is not None and found.type.syndicate:
        check_text(
            found,
            device.data.get("syndicate_license") or "",
            "seller.syndicateLicenseNumber",
            30,
            "device",
            device.record,
        )


def check_branch(found: Findings) -> None:
    """Check the branch that issues: its number, activity and address in Egypt."""
    device, form = found.receipt.device, found.form
    if not clean(device.branch_code):
        found.add(
            "branch_code_missing",
            _(
                "The device has no branch code. Enter the branch's number from the"
                " authority's portal; the head office usually has 0."
            ),
            form.branch_code,
            device.record,
        )
    check_text(found, device.branch_code, form.branch_code, 50, "device", device.record)
    _check_activity(found)
    _check_country(found)
    for attribute in check_address(
        found, device.address, form.branch, "device", device.record
    ):
        found.add(
            f"branch_{attribute}_missing",
            _ADDRESS_MISSING[attribute],
            f"{form.branch}.{ADDRESS[attribute]}",
            device.record,
        )


def _check_activity(found: Findings) -> None:
    device = found.receipt.device
    if device.activity_code not in codes("activity"):
        found.add(
            "activity_unknown",
            whether(
                device.activity_code,
                _(
                    "“%(code)s” is no activity code of the authority. Choose the"
                    " branch's 4-digit activity code on the device."
                ),
                _(
                    "The device has no activity code. Choose the branch's 4-digit one"
                    " on the device."
                ),
            ),
            found.form.activity,
            device.record,
            code=device.activity_code,
        )


def _check_country(found: Findings) -> None:
    device = found.receipt.device
    if device.address.country != "EG":
        found.add(
            "branch_country_not_eg",
            whether(
                device.address.country,
                _(
                    "The branch's address is in “%(country)s”; it must be in Egypt"
                    " (EG). Set the country on the device's address."
                ),
                _(
                    "The branch's address has no country; it must be in Egypt (EG)."
                    " Set the country on the device's address."
                ),
            ),
            f"{found.form.branch}.country",
            device.record,
            country=device.address.country,
        )


REQUIRED = ("governorate", "city", "street", "building")
_LENGTHS = {"street": 200, "postal_code": 30, "landmark": 500, "additional": 500}
_ADDRESS_MISSING = {
    "governorate": _("The branch's address has no governorate. Add it on the device."),
    "city": _("The branch's address has no city. Add it on the device."),
    "street": _("The branch's address has no street. Add it on the device."),
    "building": _("The branch's address has no building number. Add it on the device."),
}


def check_address(
    found: Findings, address: Address, path: str, place: str, record: Record | None
) -> list[str]:
    """Note the parts of an address that are too long, and return the names of those
    that are missing though ETA wants them in every address."""
    for attribute, member in ADDRESS.items():
        text = getattr(address, attribute)
        if text:
            limit = _LENGTHS.get(attribute, 100)
            check_text(found, text, f"{path}.{member}", limit, place, record)
    return [name for name in REQUIRED if not clean(getattr(address, name))]


def check_buyer(found: ReceiptFindings) -> None:
    """Check who buys: the number that the kind of buyer has, and when a person must
    be named."""
    buyer = found.receipt.buyer
    number = clean(buyer.id)
    if buyer.kind == "business" and not found.settings.business_buyers:
        found.add(
            "buyer_is_business",
            _(
                "The customer “%(customer)s” is a business, and this company may not"
                " issue receipts to businesses. Issue an electronic invoice, or allow"
                " business buyers on the registration if the authority does."
            ),
            "buyer.type",
            buyer.record,
            customer=buyer.name,
        )
    check_identity(found)
    _check_threshold(found)
    if number and number == clean(found.receipt.seller.id):
        found.add(
            "buyer_is_seller",
            _(
                "The customer has the company's own tax registration number, and the"
                " authority takes no receipt to oneself. Choose another customer."
            ),
            "buyer.id",
            buyer.record,
        )
    for text, member, limit in (
        (buyer.id, "id", 30),
        (buyer.name, "name", 100),
        (buyer.mobile, "mobileNumber", 30),
        (buyer.payment_number, "paymentNumber", 30),
    ):
        check_text(found, text, f"buyer.{member}", limit, "customer", buyer.record)


def check_identity(found: Findings) -> None:
    """Check that the buyer has the number and the name that his kind must have, and
    that a number that he need not have looks like one."""
    buyer = found.receipt.buyer
    if buyer.kind == "business":
        _check_business(found, buyer)
    elif buyer.kind == "person":
        _check_person(found, buyer)
    elif buyer.kind == "foreigner":
        _check_foreigner(found, buyer)
    else:
        found.add(
            "buyer_kind_unknown",
            _("It is not known what kind of buyer the customer is. Set it."),
            f"{found.form.buyer}.type",
            buyer.record,
        )


def _check_business(found: Findings, buyer: Party) -> None:
    if not RIN.fullmatch(clean(buyer.id)):
        found.add(
            "buyer_rin_invalid",
            whether(
                buyer.id,
                _(
                    "The tax registration number “%(id)s” of the customer"
                    " “%(customer)s” is not 9 digits. Correct it on the customer."
                ),
                _(
                    "The customer “%(customer)s” has no tax registration number, which"
                    " has 9 digits. Enter it on the customer."
                ),
            ),
            f"{found.form.buyer}.id",
            buyer.record,
            id=buyer.id,
            customer=buyer.name,
        )
    _need_name(found, buyer)


def _need_name(found: Findings, buyer: Party) -> None:
    if not clean(buyer.name):
        found.add(
            "buyer_name_missing",
            _("The customer has no name. Enter it on the customer."),
            f"{found.form.buyer}.name",
            buyer.record,
        )


def _check_foreigner(found: Findings, buyer: Party) -> None:
    if not clean(buyer.id):
        found.add(
            "buyer_foreign_id_missing",
            _(
                "The foreign customer “%(customer)s” has no passport or tax number."
                " Enter it on the customer."
            ),
            f"{found.form.buyer}.id",
            buyer.record,
            customer=buyer.name,
        )
    _need_name(found, buyer)


def _check_person(found: Findings, buyer: Party) -> None:
    number = clean(buyer.id)
    if number and not NATIONAL_ID.fullmatch(number):
        found.add(
            "buyer_national_id_invalid",
            _(
                "The national identity number “%(id)s” of the customer “%(customer)s”"
                " is not 14 digits. Correct it on the customer."
            ),
            f"{found.form.buyer}.id",
            buyer.record,
            id=buyer.id,
            customer=buyer.name,
        )


_BUYER_NEEDED = _(
    "From %(threshold)s on the authority wants the buyer's national identity number and"
    " name; this receipt comes to %(total)s. Enter both on the customer"
    " “%(customer)s”."
)


def _check_threshold(found: ReceiptFindings) -> None:
    if found.receipt.buyer.kind == "person":
        check_large_sale(found, _pounds(found), _BUYER_NEEDED)


def _pounds(found: ReceiptFindings) -> Decimal | None:
    """Return the receipt's total in EGP, ``None`` when it cannot be computed."""
    figures, receipt = found.figures, found.receipt
    if figures is None:
        return None
    if receipt.currency == HOME:
        return figures.total_amount
    if is_number(receipt.currency_rate):
        return figures.total_amount * receipt.currency_rate
    return None


def check_large_sale(found: Findings, total: Decimal | None, message: str) -> bool:
    """Tell whether a sale to a person comes to an amount from which on ETA wants to
    know who buys, and note what is missing of him then.

    :param total: in EGP, ``None`` when it is not known
    :param message: the sentence with ``threshold``, ``total`` and ``customer``
    """
    if total is None or found.issue_day is None:
        return False
    threshold = threshold_on(found.issue_day, found.settings.thresholds)
    if threshold is None or total < threshold:
        return False
    buyer = found.receipt.buyer
    if not clean(buyer.id) or not clean(buyer.name):
        found.add(
            "buyer_id_required",
            message,
            f"{found.form.buyer}.id",
            buyer.record,
            threshold=Money(threshold, HOME),
            total=Money(round5(total), HOME),
            customer=buyer.name,
        )
    return True
