"""The doors of ``POST /open/v1/services`` (spec china 1.1; 5.2 points 1 to 4)."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Collection
from decimal import Decimal
from typing import Any, NamedTuple

from werkzeug.wrappers import Request

from .. import strictjson
from .errors import ApiError, Problem, refused
from .names import FAMILY
from .registry import Application, Company, Registry
from .settings import Settings
from .tokens import Tokens


class Caller(NamedTuple):
    """Who calls what: ``company`` is the one that the call is for.

    :ivar named: the company is named by the token or by ``userTax``
    """

    app: Application
    company: Company
    named: bool
    method: str
    body: dict[str, Any]


class Gateway:
    """Lets calls in, or says by the gateway's codes why not."""

    def __init__(self, registry: Registry, settings: Settings, tokens: Tokens) -> None:
        self.registry = registry
        self.settings = settings
        self.tokens = tokens
        self._seen: dict[tuple[str, str], float] = {}

    def clear(self) -> None:
        """Forget which calls were seen."""
        self._seen.clear()

    def enter(
        self, request: Request, data: bytes, methods: Collection[str], now: float
    ) -> Caller:
        """Let a call in.

        :raises ApiError: otherwise
        """
        app = self.registry.apps.get(request.args.get("appkey", ""))
        if app is None:
            raise self._refused("appkey", "there is no such appkey")
        self._check_signature(request, data, app)
        if request.mimetype != "application/json":
            raise self._refused("content_type", "Content-Type is application/json")
        self._check_parameters(request, now)
        given = request.headers.get("accessToken", "")
        token = self.tokens.find(given, app.appkey, now)
        if token is None:
            raise self._refused("token", "accessToken is unknown, foreign or expired")
        method = request.headers.get("method", "")
        name = method.removeprefix(FAMILY)
        if not method.startswith(FAMILY) or name not in methods:
            raise self._refused("method", f"there is no method {method!r}")
        if app.methods is not None and name not in app.methods:
            raise refused("E9338", "method", f"no permission for {name}")
        company, named = self._company(request, app, token.tax_number)
        return Caller(app, company, named, name, self._parsed(data))

    def _refused(self, reason: str, detail: str) -> ApiError:
        code = self.settings.gateway_codes[reason]
        status = self.settings.gateway_error_status
        error = ApiError([Problem(code, reason, detail)], status)
        error.shape = self.settings.gateway_error_shape
        return error

    def _check_signature(self, request: Request, data: bytes, app: Application) -> None:
        """The signature is over the bytes as they came."""
        values = request.args
        head = (
            f"a=services&l=v1&p=open&k={app.appkey}&i={values.get('senid', '')}"
            f"&n={values.get('nonce', '')}&t={values.get('timestamp', '')}&f="
        )
        made = hmac.new(app.secret.encode(), head.encode() + data, "sha1").digest()
        given = request.headers.get("X-Nuonuo-Sign", "")
        if not hmac.compare_digest(base64.b64encode(made), given.encode()):
            raise self._refused("signature", "X-Nuonuo-Sign is another")

    def _check_parameters(self, request: Request, now: float) -> None:
        values = request.args
        senid, stamp = values.get("senid", ""), values.get("timestamp", "")
        if not re.fullmatch("[0-9A-Za-z]{32}", senid):
            raise self._refused("parameters", "senid is 32 letters and digits")
        if not re.fullmatch("[1-9][0-9]{7}", values.get("nonce", "")):
            raise self._refused("parameters", "nonce is a positive number of 8 digits")
        if not re.fullmatch("[0-9]{10}", stamp):
            raise self._refused("parameters", "timestamp is in seconds")
        window = self.settings.timestamp_window_seconds
        if window and abs(now - int(stamp)) > window:
            raise self._refused("timestamp", f"is more than {window:g} seconds off")
        if self.settings.replay == "refused":
            self._check_replay((senid, stamp), now)

    def _check_replay(self, key: tuple[str, str], now: float) -> None:
        if key in self._seen:
            raise self._refused("replay", "this senid and timestamp were used before")
        self._seen[key] = now
        if len(self._seen) > 100_000:
            del self._seen[next(iter(self._seen))]

    def _company(
        self, request: Request, app: Application, authorized: str
    ) -> tuple[Company, bool]:
        tax_number = request.headers.get("userTax", "")
        if app.kind == "isv":
            if not tax_number:
                raise self._refused("user_tax", "userTax is missing")
            allowed = [authorized]
        else:
            allowed = app.tax_numbers
        if tax_number and tax_number not in allowed:
            raise refused("E9302", "userTax", f"may not act for {tax_number}")
        company = self.registry.companies.get(tax_number or allowed[0])
        if company is None:
            raise refused("E9301", "userTax", f"{tax_number} is not registered")
        return company, bool(tax_number)

    def _parsed(self, data: bytes) -> dict[str, Any]:
        try:
            _text, value = strictjson.parse(data)
        except strictjson.StrictJsonError as error:
            raise refused(self.settings.other_code, "", str(error)) from error
        if not isinstance(value, dict):
            raise refused(self.settings.other_code, "", "the body is no object")
        return plain(value)

    def company_for(self, caller: Caller, tax_number: str, path: str) -> Company:
        """The company that a request names in its body.

        :raises ApiError: when the caller may not act for it, or nobody knows it
        """
        allowed = caller.app.tax_numbers
        if caller.named:
            allowed = [caller.company.tax_number]
        if tax_number not in allowed:
            raise refused("E9302", path, f"may not act for {tax_number!r}")
        company = self.registry.companies.get(tax_number)
        if company is None:
            raise refused("E9301", path, f"{tax_number} is not registered")
        return company


def plain(value: Any) -> Any:
    """Parsed values as a data file can keep them: numbers are Python's own."""
    if isinstance(value, dict):
        return {name: plain(row) for name, row in value.items()}
    if isinstance(value, list):
        return [plain(row) for row in value]
    if isinstance(value, strictjson.Exponent):
        return float(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral() else float(value)
    return value


def dumps(value: object) -> str:
    """JSON, as the platform writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
