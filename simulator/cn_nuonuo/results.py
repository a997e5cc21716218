"""Asking for results, having them delivered again, voiding (spec china 1.1)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import names
from .errors import refused
from .faces.text import qr_text
from .gateway import Caller
from .names import DONE, ISSUED, milliseconds, moment_text
from .shapes import text
from .store import Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp

_MOST = 50
_NODES = (
    "invoiceBuildingInfo",
    "invoiceGoodsTransports",
    "invoiceTravellerTransportInfoList",
    "realPropertyRentInfo",
    "additionalElementName",
    "additionalElementList",
)
# Fields of the result that say what the order said, under the order's name.
_SAME = (
    "clerk",
    "payee",
    "checker",
    "salerAccount",
    "salerTel",
    "salerAddress",
    "salerTaxNum",
    "remark",
    "extensionNumber",
    "terminalNumber",
    "clerkId",
    "buyerManagerName",
    "managerCardType",
    "managerCardNo",
    "bField1",
    "bField2",
    "bField3",
    "naturalPersonFlag",
)
_RENAMED = {
    "payerName": "buyerName",
    "payerTaxNo": "buyerTaxNum",
    "address": "buyerAddress",
    "telephone": "buyerTel",
    "bankAccount": "buyerAccount",
    "phone": "buyerPhone",
    "notifyEmail": "email",
    "deptId": "departmentId",
}
_EMPTY = ("checkCode", "machineCode", "cipherText", "pictureUrl", "imgUrls")


class Results:
    """Tells what became of orders. Callers hold the store's lock."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app

    def query(self, caller: Caller, base_url: str, now: float) -> list[dict[str, Any]]:
        """``queryInvoiceResult``.

        :raises ApiError: E9500, E9601 or E9611
        """
        body = caller.body
        lists = []
        for name in ("serialNos", "orderNos"):
            rows = body.get(name) or []
            if not isinstance(rows, list) or len(rows) > _MOST:
                raise refused("E9601", name, "is a list of up to 50")
            lists.append([str(row) for row in rows if row])
        if text(body, "isOfferInvoiceDetail") not in ("", "0", "1"):
            raise refused("E9601", "isOfferInvoiceDetail", "is 0 or 1")
        found = self.find(caller, *lists)
        details = text(body, "isOfferInvoiceDetail") == "1"
        return [self.row(invoice, details) for invoice in found]

    def find(
        self, caller: Caller, serials: list[str], orders: list[str]
    ) -> list[Invoice]:
        """Invoices of the caller's by serial or, where none is given, order number.

        :raises ApiError: E9611 for none of both, E9500 when nothing is found
        """
        if not serials and not orders:
            raise refused("E9611", "", "neither serial nor order numbers are given")
        store, seller = self.app.store, caller.company.tax_number
        found: list[Invoice] = []
        missing: list[str] = []
        for serial in serials:
            invoice = store.invoices.get(serial)
            if invoice is None or invoice.seller != seller:
                missing.append(serial)
            elif self.app.settings.split_query == "all":
                found += store.by_order[seller, invoice.order_no]
            else:
                found.append(invoice)
        if not serials:
            for order in orders:
                rows = store.by_order.get((seller, order))
                missing += [] if rows else [order]
                found += rows or []
        if not found or (missing and self.app.settings.query_missing == "refused"):
            raise refused("E9500", "", f"not found: {', '.join(missing)}")
        return found

    def row(self, invoice: Invoice, details: bool) -> dict[str, Any]:
        """What is told of an invoice."""
        order = invoice.order
        company = self.app.registry.companies[invoice.seller]
        row: dict[str, Any] = {
            "serialNo": invoice.serial,
            "orderNo": invoice.order_no,
            "status": invoice.status,
            "statusMsg": names.STATUS_TEXTS[invoice.status],
            "failCause": invoice.fail_cause,
            "invoiceKind": invoice.kind.title,
            "exTaxAmount": str(invoice.total("excl")),
            "taxAmount": str(invoice.total("tax")),
            "orderAmount": str(invoice.total("incl")),
            "saleName": company.name,
            "listFlag": "0",
            "listName": "",
            "productOilFlag": "1" if text(order, "specificFactor") == "1" else "0",
            "vehicleFlag": "0",
            **dict.fromkeys(_EMPTY, ""),
            **{name: text(order, name) for name in _SAME},
            **{name: text(order, source) for name, source in _RENAMED.items()},
        }
        row.update(self._numbers(invoice))
        row.update(self._addresses(invoice, company.xml))
        row.update({name: order[name] for name in _NODES if order.get(name)})
        if company.other_information:
            row.update(_other_information(invoice))
        if details:
            row["invoiceItems"] = [_item(line) for line in invoice.lines]
        return row

    def _numbers(self, invoice: Invoice) -> dict[str, Any]:
        if not invoice.number:
            return {
                "invoiceTime": None,
                "invoiceCode": "",
                "invoiceNo": "",
                "allElectronicInvoiceNumber": "",
                "qrCode": "",
            }
        made = {
            "invoiceTime": milliseconds(invoice.issued or 0),
            "invoiceCode": invoice.code,
            "invoiceNo": invoice.paper_number or invoice.number,
            "allElectronicInvoiceNumber": invoice.number,
            "qrCode": qr_text(invoice),
        }
        if invoice.red:
            blue = self.app.store.by_number[invoice.red["blue"]]
            made["oldInvoiceCode"] = blue.code
            made["oldInvoiceNo"] = blue.paper_number or blue.number
            made["oldEleInvoiceNumber"] = blue.number
        return made

    def _addresses(self, invoice: Invoice, xml: bool) -> dict[str, str]:
        """Where the files are, once they are there."""
        names_ = {"pdfUrl": "pdf", "ofdUrl": "ofd", "xmlUrl": "xml"}
        there = invoice.status == DONE and not invoice.kind.paper
        made = {
            name: file_url(invoice, ending) if there else ""
            for name, ending in names_.items()
        }
        if not xml:
            made["xmlUrl"] = ""
        made["paperPdfUrl"] = ""
        if invoice.kind.paper and invoice.status == DONE:
            made["paperPdfUrl"] = file_url(invoice, "pdf")
        return made

    def deliver(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``deliveryInvoice``: send an issued invoice to its buyer again.

        :raises ApiError: E9999 when there is none
        """
        body, code = caller.body, self.app.settings.other_code
        company = self.app.gateway.company_for(caller, text(body, "taxnum"), "taxnum")
        phone, mail = text(body, "phone"), text(body, "mail")
        if not phone and not mail:
            raise refused(code, "phone", "phone or mail is needed")
        if len(phone) > 11:
            raise refused(code, "phone", "is longer than 11")
        invoice = self._issued(company.tax_number, text(body, "invoiceNum"))
        if invoice is None or invoice.code != text(body, "invoiceCode"):
            raise refused("E9999", "invoiceNum", "there is no such invoice")
        self.app.store.changes += 1
        invoice.mailed = "1" if mail else invoice.mailed
        invoice.texted = "1" if phone else invoice.texted
        return {}

    def cancel(self, caller: Caller, base_url: str, now: float) -> dict[str, str]:
        """``invoiceCancellation``: void one on paper; electronic ones never.

        :raises ApiError: when it is none of those
        """
        body, code = caller.body, self.app.settings.other_code
        invoice = self.app.store.invoices.get(text(body, "invoiceId"))
        if invoice is None or invoice.seller != caller.company.tax_number:
            raise refused("E9500", "invoiceId", "there is no such invoice")
        if not invoice.kind.paper:
            detail = "an electronic invoice cannot be voided; issue a red letter"
            raise refused(code, "invoiceId", detail)
        given = (text(body, "invoiceCode"), text(body, "invoiceNo"))
        if given != (invoice.code, invoice.paper_number):
            raise refused("E9102", "invoiceNo", "is another invoice's")
        if invoice.status != DONE or self.app.store.bills_of(invoice.number):
            raise refused(code, "invoiceId", "its state does not allow it")
        reason = text(body, "invalidReason") or "2"
        if reason not in ("1", "2", "3", "4"):
            raise refused(code, "invalidReason", "is 1 to 4")
        if reason == "4" and not text(body, "specificReason"):
            raise refused(code, "specificReason", "is missing for the reason 4")
        invoice.status, invoice.changed = names.VOIDING, now
        invoice.void = {"reason": reason, "text": text(body, "specificReason")}
        self.app.store.plan(invoice, now + self.app.settings.issue_seconds)
        return {"invoiceId": invoice.serial}

    def _issued(self, seller: str, number: str) -> Invoice | None:
        store = self.app.store
        rows = [store.by_number[number]] if number in store.by_number else []
        if len(number) == 8:
            rows = [
                row for row in store.by_number.values() if row.paper_number == number
            ]
        for invoice in rows:
            if invoice.seller == seller and invoice.status in ISSUED:
                return invoice
        return None


def file_url(invoice: Invoice, ending: str) -> str:
    """Where a file of an invoice is."""
    return f"{invoice.base_url}{names.FILES}{invoice.secret}/{invoice.number}.{ending}"


def _other_information(invoice: Invoice) -> dict[str, Any]:
    void = invoice.void
    made = {
        "createTime": moment_text(invoice.created),
        "updateTime": moment_text(invoice.changed),
        "stateUpdateTime": moment_text(invoice.changed),
        "proxyInvoiceFlag": "0",
        "invoiceDate": text(invoice.order, "invoiceDate"),
        "invoiceType": "2" if invoice.red else "1",
        "redReason": invoice.red.get("reason", ""),
        "specificFactor": text(invoice.order, "specificFactor") or "0",
        "emailNotifyStatus": invoice.mailed,
        "phoneNotifyStatus": invoice.texted,
    }
    if invoice.status == names.VOID:
        made["invalidTime"] = str(int(void["time"]))
        made["invalidSource"] = "2"
        made["invalidReason"] = void["reason"]
        made["specificReason"] = void["text"]
    return made


def _item(line: dict[str, Any]) -> dict[str, Any]:
    shown = line["incl"] if line["with_tax"] else line["excl"]
    return {
        "itemName": line["name"],
        "itemCodeAbb": line["short"],
        "itemUnit": line["unit"],
        "itemPrice": _long(line["price"]),
        "itemTaxRate": line["rate"],
        "itemNum": _long(line["num"]),
        "itemAmount": shown,
        "itemTaxAmount": line["tax"],
        "itemSpec": line["spec"],
        "itemCode": line["code"],
        "isIncludeTax": "true" if line["with_tax"] else "false",
        "invoiceLineProperty": line["property"],
        "zeroRateFlag": "",
        "favouredPolicyName": "",
        "favouredPolicyFlag": line["policy"] or "0",
        "deduction": "",
        "itemSelfCode": line["own"].get("selfCode", ""),
        **{name: line["own"].get(name, "") for name in _OWN_FIELDS},
    }


_OWN_FIELDS = tuple(f"dField{number}" for number in range(1, 6))


def _long(value: str) -> str:
    """A price or quantity with 18 decimals, as results have it."""
    return f"{Decimal(value):.18f}" if value else ""
