"""Red letters: confirmations and what they lead to (spec china 1.1, 2.8; 5.2 11-14).

:mod:`.red_calls` has the calls that sellers and buyers make; here is what becomes of
a confirmation with time.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from .. import faults as wire
from . import names
from .store import Bill, Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp

# What a confirmation's request says while it is under way, and when it has failed.
WITHDRAWING, WITHDRAW_FAILED, CONFIRMING, CONFIRM_FAILED = "01", "02", "03", "04"
_FAILED = {WITHDRAWING: WITHDRAW_FAILED, CONFIRMING: CONFIRM_FAILED}
_HOUR = 3600.0


class Red:
    """The life of confirmations. Callers hold the store's lock."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app
        self.store = app.store

    def step(self, bill: Bill, now: float) -> None:
        """Take a confirmation's next step."""
        if bill.due is None or bill.due > now:
            self._expire(bill, now)
        elif bill.state == names.APPLYING:
            self._apply(bill, now)
        else:
            self._answered(bill, now)

    def _strike(self, bill: Bill, kind: str) -> wire.Rule | None:
        call = wire.Call("red", None, bill.seller)
        matched = {"billId": bill.bill_id, "orderNo": bill.order_no}
        return self.app.faults.strike_document(call, kind, matched)

    def _apply(self, bill: Bill, now: float) -> None:
        """The bureau enters what was applied for."""
        self.store.plan(bill, None)
        refused = self._strike(bill, "red_fails")
        if refused:
            bill.message = refused.message
            self.set(bill, names.NOT_APPLIED, now)
            return
        blue = self.store.by_number[bill.blue]
        province = self.app.registry.companies[bill.seller].province
        count = self.store.next()
        bill.bill_no = f"{province}12{names.local(now):%y%m}{count:010}"
        bill.uuid = secrets.token_hex(16)
        if bill.source == "1":
            self._wait(bill, names.WAIT_SELLER, now)
        elif blue.use:
            self._wait(bill, names.WAIT_BUYER, now)
        else:
            self.set(bill, names.FREE, now)
            self._issue_by_itself(bill, now)

    def _wait(self, bill: Bill, state: str, now: float) -> None:
        bill.deadline = bill.created + self.app.settings.confirm_hours * _HOUR
        self.store.plan(bill, None)
        self.set(bill, state, now)

    def _expire(self, bill: Bill, now: float) -> None:
        bill.deadline = None
        self.store.plan(bill, bill.due)
        if bill.state in (names.WAIT_BUYER, names.WAIT_SELLER):
            bill.request = bill.then = ""
            self.store.plan(bill, None)
            self.set(bill, names.EXPIRED, now)

    def _answered(self, bill: Bill, now: float) -> None:
        """What was asked of the bureau (to confirm, to withdraw) is done, or fails."""
        self.store.plan(bill, None)
        state, bill.then = bill.then, ""
        if self._strike(bill, "red_request_fails"):
            bill.request = _FAILED.get(bill.request, "")
            return
        bill.request = ""
        self.conclude(bill, state, now)

    def conclude(self, bill: Bill, state: str, now: float, own: bool = True) -> None:
        """Bring a confirmation to a state that its parties decided on.

        :param own: it was decided through the platform, not at the bureau
        """
        bill.deadline = None
        self.store.plan(bill, None)
        self.set(bill, state, now, own)
        if state == names.AGREED:
            self._issue_by_itself(bill, now)

    def set(self, bill: Bill, state: str, now: float, own: bool = True) -> None:
        """Change a confirmation's state, and tell of it."""
        self.store.changes += 1
        bill.state = state
        waits = self.app.settings.red_needs_refresh
        if not waits or own and state not in (names.EXPIRED,):
            bill.shown = state
        self.app.callbacks.tell_bill(bill, now)

    def _issue_by_itself(self, bill: Bill, now: float) -> None:
        blue = self.store.by_number[bill.blue]
        if self.app.settings.automatic_red and not blue.kind.paper:
            number = bill.order_no or f"HZ{self.store.serial(now)[:18]}"
            self.issue(bill, number, now)

    def issue(self, bill: Bill, order_no: str, now: float) -> Invoice:
        """Have the red letter issued that a confirmation allows."""
        blue = self.store.by_number[bill.blue]
        company = self.app.registry.companies[bill.seller]
        extension = bill.extension or blue.order.get("extensionNumber", "")
        account = company.account(extension)
        order = {
            **blue.order,
            "orderNo": order_no,
            "remark": "",
            "extensionNumber": extension,
            "clerk": account.clerk if account else "",
            "buyerPhone": bill.notify.get("phone", ""),
            "email": bill.notify.get("email", ""),
            "invoiceDate": names.moment_text(now),
        }
        invoice = Invoice(
            serial=self.store.serial(now),
            order_no=order_no,
            seller=bill.seller,
            kind_code=blue.kind_code,
            order=order,
            lines=bill.lines,
            created=now,
            changed=now,
            base_url=bill.base_url,
            callback_url=bill.callback_url,
            red={
                "blue": bill.blue,
                "bill_no": bill.bill_no,
                "bill_id": bill.bill_id,
                "reason": bill.reason,
            },
        )
        bill.red_serial = invoice.serial
        self.store.add(invoice)
        self.app.bureau.begin(invoice, now)
        return invoice

    def is_issued(self, bill: Bill) -> bool:
        """Whether the red letter has a number."""
        red = self.store.invoices.get(bill.red_serial)
        return red is not None and red.status in names.ISSUED
