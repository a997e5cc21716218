"""``POST /accessToken`` (spec china 1.1): who gets a token, and how often."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request

from .registry import Application, Registry
from .settings import Settings

_DAY = 86400.0
TEXTS = {
    "070304": "client_id有误",
    "070305": "client_secret有误",
    "070306": "30天内获取次数超限",
    "070307": "应用类型有误",
    "070315": "Content-Type有误",
    # [U] no paper names a code for a bad authorisation or refresh token
    "070308": "授权码或刷新令牌有误",
}


class TokenError(Exception):
    """No token is given; the text is the code."""


@dataclass
class Token:
    """An access token: of an application, and for an ISV's of one company.

    :ivar user: an ISV's refresh goes by this instead of the appkey
    """

    value: str
    appkey: str
    given: float
    expires: float
    tax_number: str = ""
    refresh: str = ""
    user: str = ""


class Tokens:
    """Gives tokens and knows them again. Callers hold the store's lock."""

    def __init__(self, registry: Registry, settings: Settings) -> None:
        self.registry = registry
        self.settings = settings
        self.changes = 0
        self.rows: dict[str, Token] = {}
        # appkey -> moments of the calls that count
        self.calls: dict[str, list[float]] = {}
        # authorisation code -> (appkey, tax number)
        self.codes: dict[str, tuple[str, str]] = {}

    def clear(self) -> None:
        """Forget how often tokens were asked for; tokens stay good."""
        self.calls.clear()
        self.codes.clear()

    def revoke(self) -> None:
        """Make every token useless."""
        self.changes += 1
        self.rows.clear()

    def authorize(self, appkey: str, tax_number: str) -> str:
        """A code, as an ISV gets it when a company agrees in its browser."""
        code = secrets.token_hex(16)
        self.codes[code] = (appkey, tax_number)
        return code

    def give(self, request: Request, now: float) -> dict[str, Any]:
        """The answer to a call.

        :raises TokenError: when there is no token for it
        """
        if request.mimetype != "application/x-www-form-urlencoded":
            raise TokenError("070315")
        form = request.form
        grant = form.get("grant_type", "")
        client = form.get("client_id", "")
        old = self._refreshed(form.get("refresh_token", ""), grant)
        app = self.registry.apps.get(old.appkey if old else client)
        if app is None or (old is not None and old.user != client):
            raise TokenError("070304")
        if not hmac.compare_digest(
            form.get("client_secret", "").encode(), app.secret.encode()
        ):
            raise TokenError("070305")
        self._count(app, now)
        tax_number = old.tax_number if old else self._granted(app, grant, request)
        return self._made(app, tax_number, now)

    def find(self, value: str, appkey: str, now: float) -> Token | None:
        """The token, if it is good for this application."""
        token = self.rows.get(value)
        if token is None or token.appkey != appkey or now >= token.expires:
            return None
        return token

    def _refreshed(self, refresh: str, grant: str) -> Token | None:
        if grant != "refresh_token":
            return None
        for token in self.rows.values():
            if token.refresh and hmac.compare_digest(token.refresh, refresh):
                return token
        raise TokenError("070308")

    def _granted(self, app: Application, grant: str, request: Request) -> str:
        """Whom the token is for: empty for an own application."""
        if app.kind == "own":
            if grant != "client_credentials":
                raise TokenError("070307")
            return ""
        if grant != "authorization_code":
            raise TokenError("070307")
        code = request.form.get("code", "")
        appkey, tax_number = self.codes.pop(code, ("", ""))
        if appkey != app.appkey or tax_number != request.form.get("taxNum"):
            raise TokenError("070308")
        return tax_number

    def _count(self, app: Application, now: float) -> None:
        """Count a call against the budget of 30 days."""
        settings = self.settings
        start = now - settings.token_budget_days * _DAY
        calls = [row for row in self.calls.get(app.appkey, []) if row > start]
        self.calls[app.appkey] = calls
        exhausted = len(calls) >= settings.token_budget
        if not exhausted or settings.token_budget_counts == "all":
            calls.append(now)
        self.changes += 1
        if exhausted:
            raise TokenError("070306")

    def _made(self, app: Application, tax_number: str, now: float) -> dict[str, Any]:
        if self.settings.old_tokens == "revoked":
            for value, row in list(self.rows.items()):
                if (row.appkey, row.tax_number) == (app.appkey, tax_number):
                    del self.rows[value]
        life = self.settings.token_seconds
        token = Token(secrets.token_hex(16), app.appkey, now, now + life, tax_number)
        answer: dict[str, Any] = {
            "access_token": token.value,
            "expires_in": int(life),
        }
        if app.kind == "isv":
            token.refresh = secrets.token_hex(16)
            token.user = secrets.token_hex(8)
            answer["refresh_token"] = token.refresh
            answer["userId"] = token.user
            answer["oauthUser"] = {"userName": tax_number, "registerType": "1"}
        self.rows[token.value] = token
        return answer
