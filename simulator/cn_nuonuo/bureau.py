"""What the tax bureau does, some time after the platform accepted (5.2 point 8).

Nothing happens by itself: whoever calls the platform, and the thread of the
call-backs, lets everything happen first that is due (:meth:`Bureau.advance`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import faults as wire
from . import causes, names
from .store import Bill, Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp

_MOST_STEPS = 20


class Bureau:
    """Takes the next step of what has one. Callers hold the store's lock."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app
        self.store = app.store

    def advance(self, now: float) -> None:
        """Let everything happen that is due."""
        for _step in range(_MOST_STEPS):
            due = self._due(now)
            if not due:
                return
            for moment, row in due:
                if isinstance(row, Invoice):
                    self._step(row, moment)
                else:
                    self.app.red.step(row, moment)

    def _due(self, now: float) -> list[tuple[float, Invoice | Bill]]:
        rows: list[tuple[float, Invoice | Bill]] = []
        for serial in self.store.pending:
            invoice = self.store.invoices[serial]
            if invoice.due is not None and invoice.due <= now:
                rows.append((invoice.due, invoice))
        for identity in self.store.pending_bills:
            bill = self.store.bills[identity]
            moments = [row for row in (bill.due, bill.deadline) if row is not None]
            if moments and min(moments) <= now:
                rows.append((min(moments), bill))
        return sorted(rows, key=lambda row: row[0])

    def settle(self, now: float) -> None:
        """Let happen now what would happen later, but no deadline pass."""
        for _step in range(_MOST_STEPS):
            rows: list[Invoice | Bill] = [
                self.store.invoices[serial] for serial in self.store.pending
            ]
            rows += [self.store.bills[name] for name in self.store.pending_bills]
            rows = [row for row in rows if row.due is not None]
            if not rows:
                return
            for row in rows:
                self.store.plan(row, min(row.due or now, now))
            self.advance(now)

    def begin(self, invoice: Invoice, now: float) -> None:
        """Hand an invoice to the bureau, for the first time or again."""
        self._set(invoice, names.ISSUING, now)
        invoice.fail_cause = ""
        delay = self.app.settings.issue_seconds
        slow = self.strike(invoice, "slow_issue")
        if slow:
            delay += slow.seconds
        stuck = self.strike(invoice, "stuck")
        self.store.plan(invoice, None if stuck else now + delay)

    def strike(
        self, invoice: Invoice, kind: str, on: str = "issue"
    ) -> wire.Rule | None:
        """The rule of this kind that strikes an invoice."""
        call = wire.Call(on, None, invoice.seller)
        return self.app.faults.strike_document(call, kind, values(invoice))

    def _step(self, invoice: Invoice, now: float) -> None:
        if invoice.status == names.ISSUING:
            self._issue(invoice, now)
        elif invoice.status == names.SIGNING:
            failed = self.strike(invoice, "sign_fails")
            self._set(invoice, names.UNSIGNED if failed else names.DONE, now)
            self.store.plan(invoice, None)
            self._tell(invoice, now)
        elif invoice.status == names.VOIDING:
            self._set(invoice, names.VOID, now)
            invoice.void["time"] = now
            self.store.plan(invoice, None)

    def _issue(self, invoice: Invoice, now: float) -> None:
        company = self.app.registry.companies[invoice.seller]
        account = company.account(invoice.order.get("extensionNumber", ""))
        if account is not None:
            if self.strike(invoice, "logs_out"):
                account.logged_in = False
            if self.strike(invoice, "asks_person"):
                account.real_person = account.known = "2"
        settings = self.app.settings
        clerk = invoice.order.get("clerk", "")
        cause = causes.of_account(account, clerk, settings, now)
        ordered = self.strike(invoice, "issue_fails")
        if ordered:
            cause = ordered.message
        elif not cause and not invoice.red:
            registry = self.app.registry
            cause = causes.of_invoice(invoice, company, registry, self.store, now)
        if cause:
            self._fail(invoice, cause, now)
            return
        self._number(invoice, company.province, now)
        self._book(invoice, now)
        self._set(invoice, names.SIGNING, now)
        slow = self.strike(invoice, "slow_sign")
        delay = settings.sign_seconds + (slow.seconds if slow else 0)
        self.store.plan(invoice, now + delay)

    def _fail(self, invoice: Invoice, cause: str, now: float) -> None:
        self._set(invoice, names.FAILED, now)
        invoice.fail_cause = cause
        self.store.plan(invoice, None)
        if self.app.registry.companies[invoice.seller].tell_failures:
            self._tell(invoice, now)

    def _number(self, invoice: Invoice, province: str, now: float) -> None:
        """Year, province, channel 2, sequence; paper has a code and eight digits."""
        count = self.store.next()
        invoice.number = f"{names.local(now):%y}{province[:2]}2{count:015}"
        if invoice.kind.paper:
            invoice.code = f"0{province}{names.local(now):%y}{count % 10**5:05}"
            invoice.paper_number = f"{count:08}"
        invoice.issued = now
        self.store.by_number[invoice.number] = invoice

    def _book(self, invoice: Invoice, now: float) -> None:
        """Take the amount from the month's credit; a red letter may give it back."""
        excl, month = invoice.total("excl"), causes.month_of(now)
        if invoice.red:
            blue = self.store.by_number[invoice.red["blue"]]
            rule = self.app.settings.red_gives_back
            same = causes.month_of(blue.issued or 0) == month
            if rule == "never" or (rule == "same_month" and not same):
                return
        self.store.use_credit(invoice.seller, month, excl)

    def _set(self, invoice: Invoice, status: str, now: float) -> None:
        self.store.changes += 1
        invoice.status = status
        invoice.changed = now

    def _tell(self, invoice: Invoice, now: float) -> None:
        if invoice.order.get("email") and invoice.status != names.FAILED:
            invoice.mailed = "1"
        if invoice.order.get("buyerPhone") and invoice.status != names.FAILED:
            invoice.texted = "1"
        self.app.callbacks.tell(invoice, now)


def values(invoice: Invoice) -> dict[str, Any]:
    """What rules of misbehaviour can match of an invoice."""
    return {
        "orderNo": invoice.order_no,
        "serialNo": invoice.serial,
        "invoiceLine": invoice.kind_code,
        "buyerName": invoice.order.get("buyerName", ""),
        "goodsName": invoice.lines[0]["name"],
        "total": str(invoice.total("incl")),
        "red": "1" if invoice.red else "0",
    }
