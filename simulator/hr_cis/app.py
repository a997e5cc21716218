"""The WSGI application: addresses, doors, faults, signed answers, log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lxml import etree
from werkzeug.exceptions import (
    HTTPException,
    MethodNotAllowed,
    NotFound,
    UnsupportedMediaType,
)
from werkzeug.wrappers import Request as HttpRequest
from werkzeug.wrappers import Response

from .. import faults as wire
from .. import openssl
from ..app import AppBase
from . import authority, envelope, faults, sealing
from .answers import Answer, echo_of, envelope_of, fault_of
from .changes import Changes
from .codes import error
from .control import Control
from .doors import Doors, RefusedError
from .envelope import Message, SoapFaultError
from .hours import Hours
from .keeper import Keeper
from .names import PATHS, TEST
from .receipt import ZAGREB, NoSuchMomentError
from .receipts import Receipts
from .registry import Registry
from .request import Request
from .settings import Settings
from .signature import algorithm_of
from .store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_CONTROL_LIMIT = 16 * 1024 * 1024
_XML = "text/xml; charset=utf-8"


class CisApp(AppBase):
    """CIS in both environments."""

    def __init__(
        self, config: dict[str, Any] | None = None, data: Path | None = None
    ) -> None:
        """Start from ``config`` (see :mod:`.registry`), by default with nobody.

        :param data: file that keeps what was taken, and the authority's keys
        :raises ValueError: for a bad configuration, another kind of file, or when
            the command openssl is missing
        """
        openssl.command()
        super().__init__(config, faults.KINDS)
        self.settings = Settings()
        self.registry = Registry()
        self.store = Store()
        self.authority = authority.own()
        self.receipts = Receipts(self)
        self.control = Control(self)
        self._doors = Doors(self)
        self._handlers = self._made_handlers()
        self.reset()
        self.keeper = Keeper(self, data) if data else None

    def _made_handlers(self) -> dict[str, Callable[[Request, Answer], None]]:
        changes, hours = Changes(self), Hours(self)
        return {
            "racuni": self.receipts.register,
            "provjera": self.receipts.check,
            "promijeniNacPlac": changes.payment,
            "promijeniPodatkeRacuna": changes.data,
            "napojnica": changes.tip,
            "prijaviRadnoVrijeme": hours.report,
            "prijaviRadnoVrijemeZaPoslovnice": hours.report_many,
            "obrisiRadnoVrijeme": hours.delete,
            "dohvatiRadnoVrijeme": hours.fetch,
        }

    def forget(self) -> None:
        """Empty the books and the registry; keys stay."""
        self.store.clear()
        self.registry.clear()
        self.registry.trust(self.authority.chain)

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """WSGI."""
        request = HttpRequest(environ)
        if request.path.startswith("/_control"):
            request.max_content_length = _CONTROL_LIMIT
            return self.control.answer(request)(environ, start_response)
        request.max_content_length = envelope.LIMIT
        response = self.logged(
            request,
            partial(self._called, request),
            HTTPException.get_response,
            codes=[],
        )
        return response(environ, start_response)

    def _called(self, request: HttpRequest, row: dict[str, Any]) -> Response:
        environment = PATHS.get(request.path)
        if environment is None:
            raise NotFound
        if request.method != "POST":
            raise MethodNotAllowed(["POST"])
        data = request.get_data(cache=True)
        message: Message | SoapFaultError
        try:
            message = envelope.read(data, environment)
            row["endpoint"] = message.operation.name
            row["client"] = message.text("Oib") or None
            device = f"{message.text('OznPosPr')}/{message.text('OznNapUr')}"
            row["serial"] = device if device != "/" else None
        except SoapFaultError as error_:
            message = error_
        call = wire.Call(row["endpoint"], row["serial"], row["client"])
        with self.traffic.under_way(row["endpoint"]):
            rules = self.faults.strike(call, wire.COMMON)
            own = self.faults.strike(call, faults.KINDS)
            row["faults"] = [rule.kind for rule in (*rules, *own)]

            def carry_out() -> Response:
                return self._carry_out(request, environment, message, own, row)

            return wire.apply(
                rules,
                request.environ,
                self.stopping,
                carry_out,
                wire.html_error,
                wire.XML,
            )

    def _carry_out(
        self,
        request: HttpRequest,
        environment: str,
        message: Message | SoapFaultError,
        rules: list[wire.Rule],
        row: dict[str, Any],
    ) -> Response:
        now = self.clock.now()
        if self.settings.service_windows and environment == TEST and _is_closed(now):
            return wire.html_page(503)
        _check_media_type(request)
        try:
            if isinstance(message, SoapFaultError):
                raise message
            if self.settings.soap_action == "checked":
                action = request.headers.get("SOAPAction")
                envelope.check_action(action, message.operation)
        except SoapFaultError as fault:
            return _response(fault_of(fault.code, str(fault)), 500)
        answer = Answer(message.operation, message.message_id, now.astimezone(ZAGREB))
        ordered = [rule for rule in rules if rule.kind in faults.INSTEAD]
        if all(rule.processed for rule in ordered):
            self._handle(message, environment, answer)
        faults.instead(ordered, answer)
        row["codes"] = [code for code, _ in answer.errors]
        for rule in ordered:
            if rule.kind == "soap_fault":
                return _response(fault_of("Server", rule.message), 500)
        return self._signed(message, environment, answer, rules)

    def _handle(self, message: Message, environment: str, answer: Answer) -> None:
        """Let a message through the doors to its handler; fills ``answer``."""
        detail = ""
        try:
            if message.operation.name == "echo":
                self._doors.check_schema(message)
                return
            request = self._doors.enter(message, environment, self.clock.now())
            with self.lock:
                self._handlers[message.operation.name](request, answer)
                self.store.message_ids.add(answer.message_id)
        except RefusedError as refused:
            detail = refused.detail
            answer.errors = [error(refused.code, detail)]
        except NoSuchMomentError as refused:
            detail = str(refused)
            answer.errors = [error("s001", detail)]
        except openssl.OpenSslError as failure:
            detail = str(failure)
            answer.errors = [error("s006")]
        if answer.http_status != 200:
            self._note_refusal(message, environment, answer, detail)

    def _note_refusal(
        self, message: Message, environment: str, answer: Answer, detail: str
    ) -> None:
        number = [message.text(name) for name in ("BrOznRac", "OznPosPr", "OznNapUr")]
        with self.lock:
            self.store.changes += 1
            self.store.refusals.append(
                {
                    "time": answer.moment.isoformat(),
                    "environment": environment,
                    "operation": message.operation.name,
                    "oib": message.text("Oib"),
                    "number": "/".join(number) if any(number) else "",
                    "idPoruke": answer.message_id,
                    "errors": [list(row) for row in answer.errors],
                    "detail": detail,
                }
            )

    def _signed(
        self,
        message: Message,
        environment: str,
        answer: Answer,
        rules: list[wire.Rule],
    ) -> Response:
        if message.operation.name == "echo" and not answer.errors:
            return _response(echo_of(answer, self._echo(message, answer)), 200)
        made = envelope_of(answer, self.settings)
        faults.content(rules, made)
        signer = faults.signer(rules, self.authority, environment)
        if signer:
            sealing.seal(made, signer, algorithm_of(message.root))
            faults.sealed(rules, made)
        return _response(made, answer.http_status)

    def _echo(self, message: Message, answer: Answer) -> str:
        text = message.root.text or ""
        if self.settings.echo == "plain":
            return text
        moment = answer.moment.isoformat(timespec="milliseconds")
        return f"Request: '{text}'. Response: '{moment}'"


def _is_closed(now: datetime) -> bool:
    """The test environment's hours of rest; holidays are not known."""
    local = now.astimezone(ZAGREB)
    if local.isoweekday() == 7:
        return 8 <= local.hour < 12
    return local.isoweekday() < 6 and local.hour == 16


def _check_media_type(request: HttpRequest) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if request.mimetype != "text/xml" or charset != "utf-8":
        raise UnsupportedMediaType("Content-Type must be text/xml in UTF-8.")


def _response(made: etree._Element, status: int) -> Response:
    data = etree.tostring(made, xml_declaration=True, encoding="UTF-8")
    return Response(data, status, content_type=_XML)
