"""``requestBillingNew`` and ``reInvoice`` (spec china 1.1; 5.2 points 5 to 8)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .. import faults as wire
from . import names
from .errors import ApiError, refused
from .gateway import Caller
from .names import local
from .orders import checked, seller_complete
from .registry import Company
from .shapes import text
from .split import split
from .store import Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp


class Issuing:
    """Accepts orders. Callers hold the store's lock."""

    def __init__(self, app: NuonuoApp) -> None:
        self.app = app

    def request(self, caller: Caller, base_url: str, now: float) -> dict[str, str]:
        """``requestBillingNew``: the serial number of what was accepted.

        :raises ApiError: for everything that is wrong with the order
        """
        app = self.app
        order = caller.body.get("order")
        if not isinstance(order, dict):
            raise refused(app.settings.other_code, "order", "is no object")
        number = text(order, "salerTaxNum")
        company = app.gateway.company_for(caller, number, "salerTaxNum")
        self._check_unique(order, company)
        found, lines = checked(order, company, app.registry, app.settings)
        clerk, extension = text(order, "clerk"), text(order, "extensionNumber")
        if app.settings.clerk_check == "request":
            account = company.account(extension)
            if account is None or account.clerk != clerk:
                found.add("clerk", "is not the person of the bureau's account")
        if found.problems:
            raise ApiError(found.problems)
        groups = self._groups(lines, company)
        kept = seller_complete(order, company)
        made = [self._made(kept, company, group, base_url, now) for group in groups]
        return self._accept(made, found.warnings, now)

    def _check_unique(self, order: dict[str, Any], company: Company) -> None:
        key = (company.tax_number, text(order, "orderNo"))
        existing = self.app.store.by_order.get(key)
        if not existing:
            return
        self.app.store.handed_over[key] += 1
        error = refused("E9106", "orderNo", f"{key[1]} was handed over before")
        if self.app.settings.duplicate_gives_serial:
            error.result = {"invoiceSerialNum": existing[0].serial}
        raise error

    def _groups(
        self, lines: list[dict[str, Any]], company: Company
    ) -> list[list[dict[str, Any]]]:
        limit = Decimal(company.single_limit)
        total = sum(Decimal(line["excl"]) for line in lines)
        if total <= limit or not company.splitting:
            return [lines]
        groups = split(lines, limit)
        most = self.app.settings.split_limit
        if len(groups) > most:
            raise refused("E9154", "invoiceDetail", f"gives {len(groups)} invoices")
        return groups

    def _made(
        self,
        order: dict[str, Any],
        company: Company,
        lines: list[dict[str, Any]],
        base_url: str,
        now: float,
    ) -> Invoice:
        return Invoice(
            serial=self.app.store.serial(now),
            order_no=order["orderNo"],
            seller=company.tax_number,
            kind_code=order["invoiceLine"],
            order=order,
            lines=lines,
            created=now,
            base_url=base_url,
            changed=now,
            callback_url=text(order, "callBackUrl"),
        )

    def _accept(
        self, made: list[Invoice], warnings: list[str], now: float
    ) -> dict[str, str]:
        app, first = self.app, made[0]
        call = wire.Call("requestBillingNew", None, first.seller)
        matched = {"orderNo": first.order_no}
        if not app.faults.strike_document(call, "lost", matched):
            key = (first.seller, first.order_no)
            app.store.handed_over[key] += 1
            app.store.warnings[key] = warnings
            for invoice in made:
                app.store.add(invoice)
                app.bureau.begin(invoice, now)
                app.callbacks.accepted(invoice, now)
        serials = [invoice.serial for invoice in made]
        if app.settings.split_answer == "first":
            del serials[1:]
        return {"invoiceSerialNum": ",".join(serials)}

    def retry(self, caller: Caller, base_url: str, now: float) -> str:
        """``reInvoice``: hand a failed invoice to the bureau again.

        :raises ApiError: when it did not fail, or was retried too often
        """
        app, code = self.app, self.app.settings.other_code
        rows = app.results.find(
            caller,
            [text(caller.body, "fpqqlsh")] if text(caller.body, "fpqqlsh") else [],
            [text(caller.body, "orderno")] if text(caller.body, "orderno") else [],
        )
        failed = [row for row in rows if row.status == names.FAILED]
        if not failed and any(row.status == names.ISSUING for row in rows):
            raise refused(code, "", "it is being issued; ask for the result later")
        if not failed:
            raise refused(code, "", "it is issued: there is nothing to retry")
        for invoice in failed:
            if invoice.red and not app.store.bills[invoice.red["bill_id"]].is_open:
                raise refused(code, "", "its confirmation is void")
            self._count(invoice, now)
            app.bureau.begin(invoice, now)
        return "重试提交成功"

    def _count(self, invoice: Invoice, now: float) -> None:
        settings = self.app.settings
        counted = invoice.retries
        if settings.retry_period == "day":
            today = local(now).date()
            counted = [row for row in counted if local(row).date() == today]
        if len(counted) >= settings.retry_limit:
            raise refused("E9613", "", f"was retried {len(counted)} times")
        invoice.retries.append(now)
