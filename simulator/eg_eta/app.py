"""The WSGI application: routes, tokens, limits, faults, log."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .. import faults as wire
from .. import openssl
from ..app import AppBase
from . import faults, portal
from .callbacks import Callbacks
from .control import Control
from .errors import ApiError, error_body, json_response, too_many
from .invoices import service as invoices
from .keeper import Keeper
from .limiter import Limiter
from .news import News
from .queries import Queries
from .registry import DEFAULT, Registry
from .settings import Settings
from .shapes import Shapes
from .store import Store
from .submit import Intake
from .tokens import Caller, Tokens
from .validation import Validator

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BODY_LIMIT = 64 * 1024 * 1024
_WIRE_KINDS = wire.COMMON


def _versions(path: str, endpoint: str, method: str = "GET") -> list[Rule]:
    return [
        Rule(f"/api/{version}{path}", endpoint=endpoint, methods=[method])
        for version in ("v1", "v1.0")
    ]


_URLS = Map(
    [
        Rule("/connect/token", endpoint="token", methods=["POST"]),
        *_versions("/receiptsubmissions", "submit", "POST"),
        *_versions("/receiptsubmissions/<identity>/details", "details"),
        *_versions("/receipts/recent", "recent"),
        *_versions("/receipts/search", "search"),
        *_versions("/receipts/<identity>/details", "receipt"),
        *_versions("/receipts/<identity>/raw", "raw"),
        *_versions("/receipts/<identity>/share", "share"),
        Rule("/receipts/search/<identity>/share/<moment>", endpoint="portal"),
        *invoices.rules(),
    ],
    merge_slashes=False,
    redirect_defaults=False,
)
_OPEN = ("share", "portal", *invoices.OPEN)  # calls that need no token


class EtaApp(AppBase):
    """ETA's services."""

    def __init__(self, config: dict | None = None, data: Path | None = None) -> None:
        """Start from ``config``, by default a taxpayer with two devices.

        :param data: file that keeps what was taken, and who is registered
        :raises ValueError: for a bad configuration or another kind of file
        """
        super().__init__(config, faults.KINDS)
        if self.config.get("trusted_cas"):
            openssl.command()  # signatures are going to be checked
        self.settings = Settings()
        self.registry = Registry()
        self.store = Store()
        self.tokens = Tokens(self.registry, self.settings, self.clock)
        self.limiter = Limiter(self.settings)
        self.shapes = Shapes(self.store, self.registry)
        self.queries = Queries(self.store, self.shapes, self.settings, self.clock)
        self.intake = Intake(self.store, self.registry, self.settings, self.clock)
        validator = Validator(self.store, self.registry, self.settings)
        self.store.judge = validator.judge
        self.callbacks = Callbacks(
            self.registry, self.settings, self.clock, self.stopping
        )
        self.callbacks.tick = self._tick
        self.news = News(self.callbacks)
        self.store.decided = self.news.receipt
        self.invoices = invoices.InvoiceService(self)
        self.control = Control(self)
        self.reset()
        self.keeper = Keeper(self, data) if data else None

    def reset(self) -> None:
        """Back to the configuration it was started with; tokens stay good."""
        super().reset()
        self.callbacks.start()

    def forget(self) -> None:
        """Empty the books and the registry, which has its default taxpayer if the
        configuration names none."""
        self.store.clear()
        self.intake.bodies.clear()
        self.invoices.clear()
        self.callbacks.clear()
        self.limiter.clear()
        self.tokens.issued.clear()
        self.registry.clear()
        if not self.config.get("taxpayers"):
            self.registry.load(DEFAULT)

    def _tick(self) -> None:
        with self.store.lock:
            self.settle()

    def settle(self) -> None:
        """Reach the verdicts that are due; the lock is held."""
        self.store.settle()
        self.invoices.settle()
        self.callbacks.flush()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """WSGI."""
        request = Request(environ)
        request.max_content_length = _BODY_LIMIT
        request.max_form_memory_size = _BODY_LIMIT
        if request.path.startswith("/_control"):
            return self.control.answer(request)(environ, start_response)
        return self._serve(request)(environ, start_response)

    def _serve(self, request: Request) -> Response:
        correlation = uuid.uuid4().hex
        response = self.logged(
            request,
            partial(self._routed, request),
            _http_error,
            path=request.full_path.rstrip("?"),
            serial=request.headers.get("posserial"),
            correlationId=correlation,
        )
        response.headers["correlationId"] = correlation
        return response

    def _routed(self, request: Request, row: dict[str, Any]) -> Response:
        endpoint, values = _URLS.bind_to_environ(request.environ).match()
        row["endpoint"] = endpoint
        with self.traffic.under_way(endpoint):
            return self._faulty(request, endpoint, values, row)

    def _faulty(
        self, request: Request, endpoint: str, values: Mapping[str, Any], row: dict
    ) -> Response:
        request.get_data(cache=True)
        with self.store.lock:
            caller = None if endpoint == "token" else self.tokens.caller(request)
        if caller:
            row["client"], row["serial"] = caller.client_id, caller.serial
        call = wire.Call(endpoint, row["serial"], row["client"])
        rules = self.faults.strike(call, _WIRE_KINDS)
        row["faults"] = [rule.kind for rule in rules]

        def carry_out() -> Response:
            return self._carry_out(request, endpoint, values, caller, row)

        return wire.apply(
            rules, request.environ, self.stopping, carry_out, _ordered_error
        )

    def _carry_out(
        self,
        request: Request,
        endpoint: str,
        values: Mapping[str, Any],
        caller: Caller | None,
        row: dict,
    ) -> Response:
        try:
            with self.store.lock:
                self.settle()
                client = caller.client_id if caller else row["serial"] or "anonymous"
                wait, headers = self.limiter.take(endpoint, client)
            if wait is not None:
                response = too_many(wait)
            elif endpoint == "token":
                with self.store.lock:
                    response = self.tokens.answer(request)
            elif endpoint in _OPEN:
                with self.store.lock:
                    response = self._show(request, endpoint, values)
            elif caller is None:
                message = "A valid bearer token is needed."
                raise ApiError(401, "Unauthorized", message)
            elif endpoint == "submit":
                response = self._submit(request, caller)
            elif endpoint == "document_submit":
                response = self.invoices.submit(request, caller)
            elif self.invoices.answers(endpoint):
                with self.store.lock:
                    response = self.invoices.answer(request, endpoint, values, caller)
            else:
                with self.store.lock:
                    answer = self._read(request, endpoint, values, caller.rin)
                response = json_response(answer)
        except ApiError as error:
            response, headers = error.response(), {}
        response.headers.update(headers)
        return response

    def _submit(self, request: Request, caller: Caller) -> Response:
        if request.mimetype != "application/json":
            raise ApiError(400, "BadRequest", "Content-Type must be application/json.")
        order = faults.order(self.faults, caller)
        return json_response(self.intake.submit(request.get_data(), caller, order), 202)

    def _read(
        self, request: Request, endpoint: str, values: Mapping[str, Any], rin: str
    ) -> dict[str, Any]:
        queries, arguments = self.queries, request.args
        identity = values.get("identity", "")
        if endpoint == "details":
            return queries.details(identity, arguments, rin)
        if endpoint == "receipt":
            return queries.receipt(identity, rin)
        if endpoint == "raw":
            return queries.raw(identity, rin)
        if endpoint == "recent":
            return queries.recent(arguments, rin)
        return queries.search(arguments, rin)

    def _show(
        self, request: Request, endpoint: str, values: Mapping[str, Any]
    ) -> Response:
        """What anybody may see: a receipt whose time of issue they know, and a
        document whose long id they know.
        """
        if endpoint == "document_share":
            return self.invoices.show(values)
        identity = values["identity"]
        if endpoint == "share":
            moment = request.args.get("dateTimeIssued")
            receipt = self.queries.shared(identity, moment)
            return json_response({"receipt": self.shapes.receipt(receipt)})
        html = "text/html; charset=utf-8"
        try:
            receipt = self.queries.shared(identity, values["moment"])
        except ApiError:
            return Response(portal.missing(), 404, content_type=html)
        return Response(portal.page(receipt, self.shapes), content_type=html)


def _ordered_error(status: int, rule: wire.Rule) -> Response:
    if status == 429:
        return too_many(rule.seconds)
    code = "Unauthorized" if status == 401 else rule.code
    response = json_response({"error": error_body(code, rule.message)}, status)
    if status == 503:
        response.headers["Retry-After"] = str(max(1, round(rule.seconds)))
    return response


def _http_error(error: HTTPException) -> Response:
    code = "NotFound" if error.code == 404 else error.name.replace(" ", "")
    message = error.description or error.name
    return json_response({"error": error_body(code, message)}, error.code or 500)
