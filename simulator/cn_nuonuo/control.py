"""``/_control/``: what tests and demonstrations order and ask of the platform. JSON.

==================================  ===========================================
``POST /_control/registry``         apps, companies, goods
``GET  /_control/orders``           ``?order=&seller=``: every order taken: how often
                                    it was handed over, its warnings, its invoices
``GET  /_control/invoices``         ``?order=&seller=&number=``: with their lines
``GET  /_control/confirmations``    of red letters, with what queries do not tell
``GET  /_control/refusals``         calls refused, each problem with a detail
``GET  /_control/callbacks``        call-backs with the answers they got
``POST /_control/callbacks/send``   ``{"url", "form"}``: post anything, once
``POST /_control/settle``           let happen now what would happen later
``POST /_control/account``          ``{"tax_number", "extension", ...}``: change an
                                    account: ``logged_in``, ``login_until``,
                                    ``real_person`` ...; ``seconds`` until logout
``POST /_control/scan``             ``{"tax_number", "extension", "purpose"}``: a
                                    person scans (``login``, ``person``)
``GET  /_control/sms``              ``?tax_number=&extension=``: the code sent
``POST /_control/use``              ``{"number", "use"}``: the buyer has
                                    ``deducted`` or ``booked`` it, or neither
``POST /_control/buyer``            ``{"bill_id", "agree"}``: the buyer decides
``POST /_control/buyer_applies``    ``{"number", "reason", "detail", ...}``: the
                                    buyer applies for a red letter
``POST /_control/authorize``        ``{"appkey", "tax_number"}``: a code for an ISV
``GET  /_control/tokens``           tokens given (not the tokens), calls counted
``POST /_control/tokens/revoke``    make them useless
==================================  ===========================================

With those of :mod:`simulator.control`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request

from ..control import ControlBase, OrderError, needed, urls
from . import names
from .errors import ApiError
from .registry import Account, Company, RegistryError
from .store import Invoice

if TYPE_CHECKING:
    from .app import NuonuoApp

_USES = ("", "deducted", "booked")


class Control(ControlBase):
    """Answers control calls for one :class:`.app.NuonuoApp`."""

    NAME = "cn_nuonuo"
    URLS = urls(
        ("/orders", "orders"),
        ("/invoices", "invoices"),
        ("/confirmations", "confirmations"),
        ("/refusals", "refusals"),
        ("/callbacks", "callbacks"),
        ("/callbacks/send", "send", "POST"),
        ("/settle", "settle", "POST"),
        ("/account", "account", "POST"),
        ("/scan", "scan", "POST"),
        ("/sms", "sms"),
        ("/use", "use", "POST"),
        ("/buyer", "buyer", "POST"),
        ("/buyer_applies", "buyer_applies", "POST"),
        ("/authorize", "authorize", "POST"),
        ("/tokens", "tokens"),
        ("/tokens/revoke", "revoke", "POST"),
    )
    MISTAKES = (RegistryError, ApiError)

    def __init__(self, app: NuonuoApp) -> None:
        super().__init__(app)
        self.app = app

    @property
    def _now(self) -> float:
        return self.app.clock.time()

    def counts(self) -> dict[str, Any]:
        """How much was taken."""
        store = self.app.store
        return {
            "orders": len(store.handed_over),
            "invoices": len(store.invoices),
            "confirmations": len(store.bills),
            "refusals": len(store.refusals),
        }

    def registered(self) -> dict[str, Any]:
        """The registry without the applications' secrets."""
        dump = super().registered()
        for row in dump["apps"]:
            del row["secret"]
        return dump

    # --- what was taken ---------------------------------------------------------

    def _orders(self, request: Request, body: dict) -> list[dict[str, Any]]:
        store, wanted = self.app.store, request.args
        return [
            {
                "seller": seller,
                "orderNo": order,
                "handed_over": store.handed_over[seller, order],
                "warnings": store.warnings.get((seller, order), []),
                "serials": [row.serial for row in rows],
                "numbers": [row.number for row in rows if row.number],
                "statuses": [row.status for row in rows],
            }
            for (seller, order), rows in store.by_order.items()
            if rows
            and wanted.get("order", order) == order
            and wanted.get("seller", seller) == seller
        ]

    def _invoices(self, request: Request, body: dict) -> list[dict[str, Any]]:
        wanted = request.args
        return [
            {
                **asdict(row),
                **{name: str(row.total(name)) for name in ("excl", "tax", "incl")},
            }
            for row in self.app.store.invoices.values()
            if wanted.get("order", row.order_no) == row.order_no
            and wanted.get("seller", row.seller) == row.seller
            and wanted.get("number", row.number) == row.number
        ]

    def _confirmations(self, request: Request, body: dict) -> list[dict[str, Any]]:
        return [asdict(bill) for bill in self.app.store.bills.values()]

    def _refusals(self, request: Request, body: dict) -> list[dict[str, Any]]:
        return list(self.app.store.refusals)

    # --- call-backs -------------------------------------------------------------

    def _callbacks(self, request: Request, body: dict) -> list[dict[str, Any]]:
        return [asdict(notice) for notice in self.app.callbacks.notices]

    def _send(self, request: Request, body: dict) -> dict[str, Any]:
        form = needed(body, "form")
        if not isinstance(form, dict):
            raise OrderError("'form' is an object of texts.")
        return self.app.callbacks.send(str(needed(body, "url")), form)

    def call(
        self, endpoint: str, request: Request, body: Any, values: Mapping[str, Any]
    ) -> object:
        """Carry an order out; one that calls somebody holds nobody else back."""
        if endpoint == "send":
            return self._send(request, body)
        return super().call(endpoint, request, body, values)

    def _settle(self, request: Request, body: dict) -> dict:
        self.app.bureau.settle(self._now)
        return {}

    # --- people -----------------------------------------------------------------

    def _found(self, values: Any) -> tuple[Company, Account]:
        number = needed(dict(values), "tax_number")
        company = self.app.registry.companies.get(number)
        account = company.account(values.get("extension") or "") if company else None
        if company is None or account is None:
            raise OrderError("There is no such company or extension.")
        return company, account

    def _account(self, request: Request, body: dict) -> dict[str, Any]:
        _company, account = self._found(body)
        changes = dict(body)
        for name in ("tax_number", "extension"):
            changes.pop(name, None)
        if "seconds" in changes:
            changes["login_until"] = self._now + float(changes.pop("seconds"))
        unknown = changes.keys() - {item.name for item in fields(Account)}
        if unknown:
            raise OrderError(f"An account has no {', '.join(sorted(unknown))}.")
        for name, value in changes.items():
            setattr(account, name, value)
        self.app.registry.changes += 1
        return asdict(account)

    def _scan(self, request: Request, body: dict) -> dict:
        company, account = self._found(body)
        purpose = str(needed(body, "purpose"))
        try:
            self.app.sessions.scan(company, account, purpose, self._now)
        except ValueError as error:
            raise OrderError(str(error)) from error
        return {}

    def _sms(self, request: Request, body: dict) -> dict[str, str]:
        _company, account = self._found(request.args)
        row = account.codes.get("sms")
        if row is None:
            raise OrderError("No SMS was sent.")
        return {"code": row["sms"]}

    # --- the buyer --------------------------------------------------------------

    def _invoice(self, body: dict) -> Invoice:
        invoice = self.app.store.by_number.get(str(needed(body, "number")))
        if invoice is None:
            raise OrderError("There is no invoice of this number.")
        return invoice

    def _use(self, request: Request, body: dict) -> dict:
        invoice, use = self._invoice(body), needed(body, "use")
        if use not in _USES:
            raise OrderError("'use' is empty, deducted or booked.")
        self.app.store.changes += 1
        invoice.use = use
        return {}

    def _buyer(self, request: Request, body: dict) -> dict[str, Any]:
        bill = self.app.store.bills.get(str(needed(body, "bill_id")))
        if bill is None or bill.state != names.WAIT_BUYER:
            raise OrderError("No confirmation of this id waits for the buyer.")
        agreed = needed(body, "agree") is True
        state = names.AGREED if agreed else names.BUYER_REFUSED
        self.app.red.conclude(bill, state, self._now, own=False)
        return asdict(bill)

    def _buyer_applies(self, request: Request, body: dict) -> dict[str, str]:
        blue = self._invoice(body)
        given = {name: body[name] for name in body.keys() - {"number", "reason"}}
        order = {
            "applySource": "1",
            "blueInvoiceLine": blue.kind_code,
            "blueElecInvoiceNumber": blue.number,
            "sellerTaxNo": blue.seller,
            "redReason": str(body.get("reason", "2")),
            **given,
        }
        base_url = request.host_url.rstrip("/")
        return {"bill_id": self.app.red_calls.apply(order, base_url, self._now)}

    # --- tokens -----------------------------------------------------------------

    def _authorize(self, request: Request, body: dict) -> dict[str, str]:
        appkey, number = needed(body, "appkey"), needed(body, "tax_number")
        app = self.app.registry.apps.get(appkey)
        if app is None or app.kind != "isv":
            raise OrderError("There is no ISV's application of this appkey.")
        return {"code": self.app.tokens.authorize(appkey, number)}

    def _tokens(self, request: Request, body: dict) -> dict[str, Any]:
        tokens = self.app.tokens
        hidden = ("value", "refresh")
        return {
            "tokens": [
                {
                    name: value
                    for name, value in asdict(row).items()
                    if name not in hidden
                }
                for row in tokens.rows.values()
            ],
            "calls": {appkey: len(rows) for appkey, rows in tokens.calls.items()},
        }

    def _revoke(self, request: Request, body: dict) -> dict:
        self.app.tokens.revoke()
        return {}
