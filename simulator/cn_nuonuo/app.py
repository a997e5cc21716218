"""The WSGI application: addresses, doors, faults, answers, log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.wrappers import Request, Response

from .. import faults as wire
from ..app import AppBase
from ..clock import to_text
from . import faults, registry
from .bureau import Bureau
from .callbacks import Callbacks
from .control import Control
from .errors import GOOD, ApiError, Problem
from .faces import WRITERS, Face
from .gateway import Caller, Gateway, dumps
from .issuing import Issuing
from .keeper import Keeper
from .names import DONE, FAMILY, FILES, SERVICES, TOKEN
from .red import Red
from .red_calls import RedCalls
from .registry import Registry
from .results import Results
from .sessions import Sessions
from .settings import Settings
from .store import Store
from .tokens import TEXTS, TokenError, Tokens

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LIMIT = 16 * 1024 * 1024
_JSON = "application/json;charset=UTF-8"
_DONE = {"requestBillingNew": "开票提交成功", "queryInvoiceResult": "获取成功"}
Handler = Callable[[Caller, str, float], Any]


class NuonuoApp(AppBase):
    """The platform."""

    def __init__(
        self, config: dict[str, Any] | None = None, data: Path | None = None
    ) -> None:
        """Start from ``config`` (see :mod:`.registry`), by default a demonstration's.

        :param data: file that keeps what was taken
        :raises ValueError: for a bad configuration, or another kind of file
        """
        super().__init__(config, faults.KINDS)
        self.settings = Settings()
        self.registry = Registry()
        self.store = Store()
        self.tokens = Tokens(self.registry, self.settings)
        self.gateway = Gateway(self.registry, self.settings, self.tokens)
        self.bureau = Bureau(self)
        self.red = Red(self)
        self.results = Results(self)
        self.callbacks = Callbacks(self)
        self.sessions = Sessions(self)
        self.red_calls = RedCalls(self)
        self.methods = self._made_methods()
        self.control = Control(self)
        self.reset()
        self.keeper = Keeper(self, data) if data else None

    def _made_methods(self) -> dict[str, Handler]:
        issuing, results = Issuing(self), self.results
        red, sessions = self.red_calls, self.sessions
        return {
            "requestBillingNew": issuing.request,
            "reInvoice": issuing.retry,
            "queryInvoiceResult": results.query,
            "deliveryInvoice": results.deliver,
            "invoiceCancellation": results.cancel,
            "getCreditLine": sessions.credit,
            "getCertificationStatus": sessions.certification,
            "getQrCode": sessions.qr_code,
            "verifyComplete": sessions.verify,
            "saveInvoiceRedConfirm": red.save,
            "queryInvoiceRedConfirm": red.query,
            "refreshInvoiceRedConfirm": red.refresh,
            "confirm": red.confirm,
            "confirmInfoCancel": red.withdraw,
            "fastInvoiceRed": red.issue,
        }

    def forget(self) -> None:
        """Empty the books and the registry, which has its default customers if the
        configuration names none; tokens stay good."""
        self.store.clear()
        self.callbacks.clear()
        self.gateway.clear()
        self.tokens.clear()
        self.registry.clear()
        default = registry.DEFAULT
        known = {"goods": default["goods"]} if "apps" in self.config else default
        self.registry.load(known)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """WSGI."""
        request = Request(environ)
        request.max_content_length = LIMIT
        if request.path.startswith("/_control"):
            with self.lock:
                self.bureau.advance(self.clock.time())
            return self.control.answer(request)(environ, start_response)
        return self._serve(request)(environ, start_response)

    def _serve(self, request: Request) -> Response:
        method = request.headers.get("method", "").removeprefix(FAMILY)
        endpoint = method if method in self.methods else "none"
        if request.path == TOKEN or request.path.startswith(FILES):
            endpoint = "accessToken" if request.path == TOKEN else "files"
        return self.logged(
            request,
            partial(self._called, request),
            HTTPException.get_response,
            endpoint=endpoint,
            client=request.headers.get("userTax"),
            code="",
        )

    def _called(self, request: Request, row: dict[str, Any]) -> Response:
        call = wire.Call(row["endpoint"], None, row["client"])
        with self.traffic.under_way(row["endpoint"]):
            rules = self.faults.strike(call, wire.COMMON)
            answered = row["endpoint"] not in ("accessToken", "files")
            own = self.faults.strike(call, faults.CALLS) if answered else []
            row["faults"] = [rule.kind for rule in (*rules, *own)]

            def carry_out() -> Response:
                return self._carry_out(request, own, row)

            return wire.apply(
                rules, request.environ, self.stopping, carry_out, wire.html_error
            )

    def _carry_out(
        self, request: Request, rules: list[wire.Rule], row: dict[str, Any]
    ) -> Response:
        if request.path.startswith(FILES):
            return self._file(request)
        if request.path not in (TOKEN, SERVICES):
            raise NotFound
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        now = self.clock.time()
        if request.path == TOKEN:
            return self._token(request, now, row)
        answer = faults.instead(rules, self.settings.other_code)
        status = 200
        if answer is None:
            answer, status = self._answered(request, now)
            faults.spoil(rules, answer)
        row["code"] = answer.get("code") or answer.get("error")
        return Response(dumps(answer), status, content_type=_JSON)

    def _token(self, request: Request, now: float, row: dict[str, Any]) -> Response:
        status = 200
        try:
            with self.lock:
                answer = self.tokens.give(request, now)
        except TokenError as refused:
            row["code"] = code = str(refused)
            status = self.settings.token_error_status
            answer = {"error": code, "error_description": TEXTS[code]}
        return Response(dumps(answer), status, content_type=_JSON)

    def _answered(self, request: Request, now: float) -> tuple[dict[str, Any], int]:
        """The answer to a call, and its HTTP status."""
        data = request.get_data()
        caller: Caller | None = None
        with self.lock:
            self.bureau.advance(now)
            try:
                caller = self.gateway.enter(request, data, self.methods, now)
                handler = self.methods[caller.method]
                result = handler(caller, request.host_url.rstrip("/"), now)
            except ApiError as refused:
                self._note(request, caller, refused.problems)
                return refused.answer(), refused.http_status
        describe = _DONE.get(caller.method, "成功")
        return {"code": GOOD, "describe": describe, "result": result}, 200

    def _note(
        self, request: Request, caller: Caller | None, problems: list[Problem]
    ) -> None:
        body = caller.body if caller else {}
        order = body.get("order") if isinstance(body.get("order"), dict) else body
        self.store.changes += 1
        self.store.refusals.append(
            {
                "time": to_text(self.clock.now()),
                "method": request.headers.get("method", "").removeprefix(FAMILY),
                "orderNo": str((order or {}).get("orderNo", "")),
                "problems": [list(row) for row in problems],
            }
        )

    def _file(self, request: Request) -> Response:
        """An invoice's file; its address is only known to who was told."""
        secret, _slash, name = request.path.removeprefix(FILES).partition("/")
        number, _dot, ending = name.partition(".")
        with self.lock:
            self.bureau.advance(self.clock.time())
            invoice = self.store.by_number.get(number)
            if invoice is None or invoice.secret != secret or ending not in WRITERS:
                raise NotFound
            company = self.registry.companies[invoice.seller]
            if invoice.status != DONE or (ending == "xml" and not company.xml):
                raise NotFound
            write, media_type = WRITERS[ending]
            data = write(Face(invoice, company))
        return Response(data, content_type=media_type)
