"""The calls about red letters: apply, ask, agree or refuse, withdraw, issue.

Spec china 1.1 ("Red letter"); 5.2 points 11 to 14.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from . import fields, names, red_lines
from .errors import ApiError, refused
from .gateway import Caller
from .names import CHINA, moment_text
from .red import CONFIRMING, WITHDRAWING
from .shapes import Findings, check, is_moment, text
from .store import Bill, Invoice, paged

if TYPE_CHECKING:
    from .app import NuonuoApp

_MOST_ROWS = 50
_MOST_DAYS = 90
_IDS = ("billUuid", "billId", "billNo")


class RedCalls:
    """Answers the calls. Callers hold the store's lock."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app

    # --- applying ---------------------------------------------------------------

    def save(self, caller: Caller, base_url: str, now: float) -> str:
        """``saveInvoiceRedConfirm``: the id of the confirmation applied for.

        :raises ApiError: for everything that is wrong with it
        """
        body = caller.body
        found = Findings(self.app.settings)
        check(found, body, "", fields.CONFIRMATION, ("detail",))
        for name, known in (("applySource", "01"), ("redReason", "1234")):
            found.choice(body, "", name, *known)
        when = text(body, "billTime")
        if when and not is_moment(when):
            found.add("billTime", "is no moment yyyy-MM-dd HH:mm:ss")
        if found.problems:
            raise ApiError(found.problems)
        own = "sellerTaxNo" if text(body, "applySource") == "0" else "buyerTaxNo"
        self.app.gateway.company_for(caller, text(body, own), own)
        return self.apply(body, base_url, now)

    def apply(self, body: dict[str, Any], base_url: str, now: float) -> str:
        """Apply for a confirmation whose fields are there; its id.

        :raises ApiError: when the blue invoice does not allow it
        """
        app, found = self.app, Findings(self.app.settings)
        identity = text(body, "billId") or secrets.token_hex(16)
        if identity in app.store.bills:
            raise refused("E9106", "billId", "was used before")
        order_no, seller = text(body, "orderNo"), text(body, "sellerTaxNo")
        if order_no and self._is_taken(seller, order_no):
            raise refused("E9106", "orderNo", "was used before")
        blue = self._blue(body)
        self._check_parties(found, body, blue)
        lines = self._lines(found, body, blue)
        if found.problems:
            raise ApiError(found.problems)
        bill = Bill(
            bill_id=identity,
            bill_no="",
            uuid="",
            source=text(body, "applySource"),
            blue=blue.number,
            seller=blue.seller,
            buyer=text(blue.order, "buyerTaxNum"),
            buyer_name=text(blue.order, "buyerName"),
            reason=text(body, "redReason"),
            order_no=order_no,
            lines=lines,
            created=now,
            base_url=base_url,
            callback_url=text(body, "callbackUrl"),
            extension=text(body, "extensionNumber"),
            notify={name: text(body, name) for name in ("phone", "email")},
            due=now + app.settings.confirm_seconds,
        )
        app.store.add_bill(bill)
        return identity

    def _is_taken(self, seller: str, order_no: str) -> bool:
        store = self.app.store
        return bool(store.by_order.get((seller, order_no))) or any(
            bill.is_open and (bill.seller, bill.order_no) == (seller, order_no)
            for bill in store.bills.values()
        )

    def _blue(self, body: dict[str, Any]) -> Invoice:
        """The blue invoice that a body names.

        :raises ApiError: when there is none, or it is not finished
        """
        number = text(body, "blueElecInvoiceNumber")
        if not re.fullmatch("[0-9]{20}", number):
            raise refused("E9102", "blueElecInvoiceNumber", "is not 20 digits")
        blue = self.app.store.by_number.get(number)
        if blue is None or blue.seller != text(body, "sellerTaxNo"):
            raise refused("E9500", "blueElecInvoiceNumber", "there is no such invoice")
        code = self.app.settings.other_code
        if blue.red:
            raise refused(code, "blueElecInvoiceNumber", "is a red letter itself")
        if blue.status != names.DONE:
            detail = f"has the status {blue.status}"
            raise refused(code, "blueElecInvoiceNumber", detail)
        if blue.kind_code != text(body, "blueInvoiceLine"):
            raise refused(code, "blueInvoiceLine", f"is {blue.kind_code}")
        return blue

    def _check_parties(
        self, found: Findings, body: dict[str, Any], blue: Invoice
    ) -> None:
        codes = self.app.settings.red_buyer_codes
        pairs = {"buyerName": "buyerName", "buyerTaxNo": "buyerTaxNum"}
        for name, kept in pairs.items():
            value = text(body, name)
            if value and value != text(blue.order, kept):
                found.add(name, "is not the blue invoice's", codes[name])
        company = self.app.registry.companies[blue.seller]
        if text(body, "sellerName") not in ("", company.name):
            found.add("sellerName", "is not the blue invoice's")

    def _lines(
        self, found: Findings, body: dict[str, Any], blue: Invoice
    ) -> list[dict[str, Any]]:
        app, settings = self.app, self.app.settings
        bills = app.store.bills_of(blue.number)
        waiting = [bill for bill in bills if not app.red.is_issued(bill)]
        left = red_lines.remaining(blue, bills, settings.red_discounts == "merged")
        if not any(Decimal(line["excl"]) for line in left.values()):
            found.add("blueElecInvoiceNumber", "is red altogether", "E9103")
            return []
        if waiting and settings.one_open_confirmation:
            found.add("blueElecInvoiceNumber", "a confirmation for it is open")
            return []
        if body.get("detail"):
            return red_lines.partial(found, body["detail"], left)
        if bills and settings.full_red_after_partial == "refused":
            found.add("detail", "is missing; the invoice is red in part")
            return []
        return red_lines.full(left)

    # --- asking -----------------------------------------------------------------

    def query(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``queryInvoiceRedConfirm``.

        :raises ApiError: for pages and periods that are too long
        """
        body, code = caller.body, self.app.settings.other_code
        rows = self._own(caller)
        size, page = _number(body, "pageSize", 20), _number(body, "pageNo", 1)
        if not 1 <= size <= _MOST_ROWS:
            raise refused(code, "pageSize", "is 1 to 50")
        if page < 1:
            raise refused(code, "pageNo", "counts from 1")
        given = [name for name in _IDS if text(body, name)]
        if given:
            rows = [bill for bill in rows if _has_id(bill, body)]
        else:
            start, end = self._period(body, "billTimeStart", "billTimeEnd")
            rows = [bill for bill in rows if start <= bill.created < end]
        state = text(body, "billStatus")
        if state and state not in names.BILL_TEXTS:
            raise refused(code, "billStatus", f"there is no state {state!r}")
        rows = [bill for bill in rows if state in ("", bill.shown)]
        return {
            "total": len(rows),
            "list": [self.row(bill) for bill in paged(rows, size, page)],
        }

    def _own(self, caller: Caller) -> list[Bill]:
        """The confirmations in which the caller is what ``identity`` says."""
        identity = text(caller.body, "identity")
        if identity not in ("0", "1"):
            raise refused(self.app.settings.other_code, "identity", "is 0 or 1")
        number = caller.company.tax_number
        return [
            bill
            for bill in self.app.store.bills.values()
            if (bill.seller if identity == "0" else bill.buyer) == number
        ]

    def _period(self, body: dict[str, Any], *bounds: str) -> tuple[float, float]:
        """A period of up to 90 days, in seconds of the epoch; its end is outside."""
        code = self.app.settings.other_code
        moments = []
        for name in bounds:
            value = text(body, name)
            form = "%Y-%m-%d" if len(value) == 10 else "%Y-%m-%d %H:%M:%S"
            if not is_moment(value, form):
                raise refused(code, name, "is missing, or no date; or give an id")
            moment = datetime.strptime(value, form).replace(tzinfo=CHINA)
            if name == bounds[1]:
                unit = {"days": 1} if len(value) == 10 else {"seconds": 1}
                moment += timedelta(**unit)
            moments.append(moment)
        if moments[1] - moments[0] > timedelta(days=_MOST_DAYS, seconds=1):
            raise refused(code, bounds[1], "is more than 90 days after the start")
        return moments[0].timestamp(), moments[1].timestamp()

    def row(self, bill: Bill) -> dict[str, Any]:
        """What is told of a confirmation."""
        store = self.app.store
        blue = store.by_number[bill.blue]
        red = store.invoices.get(bill.red_serial)
        return {
            "billNo": bill.bill_no,
            "billUuid": bill.uuid,
            "billId": bill.bill_id,
            "billStatus": bill.shown,
            "billMessage": bill.message or names.BILL_TEXTS[bill.shown],
            "requestStatus": bill.request,
            "openStatus": "1" if self.app.red.is_issued(bill) else "0",
            "applySource": bill.source,
            "blueInvoiceLine": blue.kind_code,
            "blueElecInvoiceNumber": bill.blue,
            "billTime": moment_text(bill.created),
            "sellerTaxNo": bill.seller,
            "sellerName": self.app.registry.companies[bill.seller].name,
            "buyerTaxNo": bill.buyer,
            "buyerName": bill.buyer_name,
            "redReason": bill.reason,
            "taxExcludedAmount": str(_sum(bill, "excl")),
            "taxAmount": str(_sum(bill, "tax")),
            "invoiceSerialNum": bill.red_serial,
            "orderNo": red.order_no if red else bill.order_no,
            **self._detail(bill),
        }

    def _detail(self, bill: Bill) -> dict[str, Any]:
        """The lines, as they are applied for; whether they are told is not known."""
        if not self.app.settings.red_tells_detail:
            return {}
        return {"detail": [_told_line(line) for line in bill.lines]}

    def refresh(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``refreshInvoiceRedConfirm``: read from the bureau what is new there.

        :raises ApiError: when it is not said of which
        """
        rows, body = self._own(caller), caller.body
        if text(body, "billUuid"):
            rows = [bill for bill in rows if bill.uuid == text(body, "billUuid")]
            if not rows:
                raise refused("E9500", "billUuid", "there is no such confirmation")
        else:
            start, end = self._period(body, "startTime", "endTime")
            rows = [bill for bill in rows if start <= bill.created < end]
        self.app.store.changes += 1
        for bill in rows:
            bill.shown = bill.state
        return {}

    # --- deciding ---------------------------------------------------------------

    def confirm(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``confirm``: agree or refuse, as the party that is waited for.

        :raises ApiError: when it is not this one's turn
        """
        body, code = caller.body, self.app.settings.other_code
        bill = self._one(caller)
        answer = text(body, "confirmAgreement")
        if answer not in ("0", "1"):
            raise refused(code, "confirmAgreement", "is 0 or 1")
        if len(text(body, "confirmReason")) > 200:
            raise refused(code, "confirmReason", "is longer than 200")
        seller = text(body, "identity") == "0"
        if bill.state != (names.WAIT_SELLER if seller else names.WAIT_BUYER):
            raise refused(code, "identity", f"nobody waits for it ({bill.state})")
        order_no = text(body, "orderNo")
        if order_no and order_no != bill.order_no:
            if self._is_taken(bill.seller, order_no):
                raise refused("E9106", "orderNo", "was used before")
            bill.order_no = order_no
        bill.callback_url = text(body, "callbackUrl") or bill.callback_url
        no = names.SELLER_REFUSED if seller else names.BUYER_REFUSED
        self._ask(bill, CONFIRMING, names.AGREED if answer == "1" else no, now)
        return {}

    def withdraw(self, caller: Caller, base_url: str, now: float) -> dict[str, Any]:
        """``confirmInfoCancel``: withdraw what one applied for, before it is issued.

        :raises ApiError: when it is the other's, or too late
        """
        code = self.app.settings.other_code
        bill = self._one(caller)
        if bill.source != text(caller.body, "identity"):
            raise refused(code, "identity", "the other party applied for it")
        waiting = (names.WAIT_BUYER, names.WAIT_SELLER)
        if bill.state not in (*waiting, names.FREE, names.AGREED):
            raise refused(code, "billStatus", f"its state is {bill.state}")
        red = self.app.store.invoices.get(bill.red_serial)
        if red is not None and red.status != names.FAILED:
            raise refused(code, "openStatus", "its red letter is issued, or being so")
        bill.callback_url = text(caller.body, "callbackUrl") or bill.callback_url
        early = bill.state in waiting
        state = names.WITHDRAWN if early else names.WITHDRAWN_LATE
        self._ask(bill, WITHDRAWING, state, now)
        return {}

    def _ask(self, bill: Bill, request: str, state: str, now: float) -> None:
        bill.request, bill.then = request, state
        self.app.store.plan(bill, now + self.app.settings.confirm_seconds)

    def _one(self, caller: Caller) -> Bill:
        """The confirmation that a call is about, with nothing under way."""
        code = self.app.settings.other_code
        if not any(text(caller.body, name) for name in _IDS):
            raise refused(code, "billId", "one of billUuid, billId, billNo is needed")
        rows = [bill for bill in self._own(caller) if _has_id(bill, caller.body)]
        if not rows:
            raise refused("E9500", "billId", "there is no such confirmation")
        if rows[0].due is not None:
            raise refused(code, "requestStatus", "something is under way already")
        return rows[0]

    # --- issuing ----------------------------------------------------------------

    def issue(self, caller: Caller, base_url: str, now: float) -> dict[str, str]:
        """``fastInvoiceRed``: issue what a confirmation allows, once.

        Where it was issued by itself under the platform's order number, the caller's
        takes its place, once.

        :raises ApiError: when it is not allowed (any more)
        """
        body, code = caller.body, self.app.settings.other_code
        found = Findings(self.app.settings)
        for name in ("orderNo", "taxNum", "billNo", "billUuid"):
            if not text(body, name):
                found.add(name, "is missing")
        if len(text(body, "orderNo")) > self.app.settings.order_number_length:
            found.add("orderNo", "is too long")
        if found.problems:
            raise ApiError(found.problems)
        company = self.app.gateway.company_for(caller, text(body, "taxNum"), "taxNum")
        wanted = (company.tax_number, text(body, "billNo"), text(body, "billUuid"))
        rows = [
            bill
            for bill in self.app.store.bills.values()
            if (bill.seller, bill.bill_no, bill.uuid) == wanted
        ]
        if not rows:
            raise refused("E9500", "billNo", "there is no such confirmation")
        (bill,) = rows
        if text(body, "elecInvoiceNumber") not in ("", bill.blue):
            raise refused("E9102", "elecInvoiceNumber", "is another invoice's")
        if bill.state not in (names.FREE, names.AGREED) or bill.due is not None:
            raise refused(code, "billNo", f"its state is {bill.state}")
        order_no = text(body, "orderNo")
        bill.callback_url = text(body, "callBackUrl") or bill.callback_url
        return {"invoiceSerialNum": self._issued(bill, order_no, now).serial}

    def _issued(self, bill: Bill, order_no: str, now: float) -> Invoice:
        store = self.app.store
        red = store.invoices.get(bill.red_serial)
        if red is not None and (bill.order_no or bill.renamed):
            raise refused("E9103", "billNo", "its red letter was issued before")
        if bill.order_no != order_no and self._is_taken(bill.seller, order_no):
            raise refused("E9106", "orderNo", "was used before")
        bill.renamed = True
        if red is None:
            return self.app.red.issue(bill, order_no, now)
        store.rename(red, order_no)
        return red


def _number(body: dict[str, Any], name: str, default: int) -> int:
    value = text(body, name) or str(default)
    return int(value) if value.isascii() and value.isdecimal() else 0


def _has_id(bill: Bill, body: dict[str, Any]) -> bool:
    own = {"billUuid": bill.uuid, "billId": bill.bill_id, "billNo": bill.bill_no}
    return all(text(body, name) in ("", value) for name, value in own.items())


def _told_line(line: dict[str, Any]) -> dict[str, str]:
    return {
        "blueDetailIndex": str(line["blue"]),
        "goodsName": line["name"],
        "specType": line["spec"],
        "unit": line["unit"],
        "num": line["num"],
        "taxExcludedPrice": line["price"],
        "taxExcludedAmount": line["excl"],
        "taxAmount": line["tax"],
        "taxRate": line["rate"],
        "goodsCode": line["code"],
    }


def _sum(bill: Bill, name: str) -> Decimal:
    return sum((Decimal(line[name]) for line in bill.lines), Decimal("0.00"))
