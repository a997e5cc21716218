"""Access tokens of Nuonuo, of which an application gets 50 in 30 days (spec china 1.1).

So a token is shared by all processes and kept beyond them, in the store that the
connection brings; when and how often one was asked for is kept with it. What is read
from the store stays in this process until it is refused or about to end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from ..contract import (
    AuthenticationError,
    Connection,
    KeptToken,
    TokenSlot,
    TokenStore,
    TransientError,
)
from ..messages import Sentence, _
from ..transport import KEPT_TOKENS, TOKENS, Answer, Call, HttpClient, Token
from . import errors
from .settings import Settings
from .text import told

_USUAL_LIFE = 24 * 3600.0
_LONGEST_LIFE = 3650 * 24 * 3600.0
_AHEAD = 300.0
_MOST_SHARE = 0.8
BUDGET_SPENT = "070306"


class Tokens:
    """The tokens of one connection.

    :param endpoint: the whole address that gives tokens
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        http: HttpClient,
        endpoint: str,
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._http = http
        self._endpoint = endpoint
        self._store: TokenStore = connection.tokens or KEPT_TOKENS

    def get(self) -> str:
        """Return a token that should be good.

        :raise TransientError, AuthenticationError:
        """
        return TOKENS.get(self._key(), self._shared)

    def refused(self, token: str) -> bool:
        """Forget a token that was not accepted, here and in the store, and tell whether
        another one may be had. One that is new is not the cause, and asking again would
        spend the budget: it stays for ``token_pause``.
        """
        with self._store.holding(self._key()) as slot:
            kept = slot.kept()
            if kept.value == token:
                pause = timedelta(seconds=float(self._settings.token_pause))
                if kept.asked_at and self._http.now() - kept.asked_at[-1] < pause:
                    return False
                slot.keep(replace(kept, value="", expires_at=None))
        TOKENS.invalidate(self._key(), token)
        return True

    def authorized(self, code: str, redirect_uri: str) -> None:
        """Take up what the taxpayer authorized in his browser: ask for the first token
        (application ``isv``), and keep it.

        :param code: what the vendor's page came back with
        :raise TransientError, AuthenticationError:
        """
        with self._store.holding(self._key()) as slot:
            self._ask(
                slot,
                {
                    "client_id": self._credential("app_key"),
                    "client_secret": self._credential("app_secret"),
                    "grant_type": "authorization_code",
                    "code": code,
                    "taxNum": self._connection.seller_id,
                    "redirect_uri": redirect_uri,
                },
            )
        TOKENS.invalidate(self._key())

    def left(self) -> int:
        """Return how many tokens may still be asked for at present."""
        with self._store.holding(self._key()) as slot:
            return int(self._settings.token_calls) - len(self._counted(slot.kept()))

    # -- one token --------------------------------------------------------------------

    def _key(self) -> str:
        """Return whose token it is. The budget is the application's, so companies that
        share one share its token; one that others authorize has a token for each."""
        app = self._connection.credentials.get("app_key", "")
        own = self._settings.application == "own"
        return "\n".join(
            (
                "cn_nuonuo",
                self._endpoint,
                hashlib.sha256(app.encode()).hexdigest(),
                "" if own else self._connection.seller_id,
            )
        )

    def _shared(self) -> Token:
        with self._store.holding(self._key()) as slot:
            kept, now = slot.kept(), self._http.now()
            if not kept.value or kept.expires_at is None or kept.expires_at <= now:
                kept = self._ask(slot, self._form(kept))
        assert kept.expires_at is not None
        return Token(kept.value, (kept.expires_at - now).total_seconds())

    def _form(self, kept: KeptToken) -> Mapping[str, str]:
        secret = self._credential("app_secret")
        if self._settings.application == "own":
            return {
                "client_id": self._credential("app_key"),
                "client_secret": secret,
                "grant_type": "client_credentials",
            }
        given = self._connection.credentials
        user, _colon, refresh = kept.refresh.partition(":")
        user, refresh = (
            user or given.get("user_id", ""),
            refresh or given.get("refresh_token", ""),
        )
        if not user or not refresh:
            raise AuthenticationError(
                Sentence(
                    _(
                        "The company has not authorized this application at the"
                        " provider, or it ended. Authorize it in the registration."
                    )
                ),
                "not_authorized",
            )
        return {
            "client_id": user,
            "client_secret": secret,
            "refresh_token": refresh,
            "grant_type": "refresh_token",
        }

    def _credential(self, name: str) -> str:
        value = self._connection.credentials.get(name, "")
        if not value:
            raise AuthenticationError(
                Sentence(
                    _(
                        "App key or app secret is missing. Enter both in the"
                        " registration, as the provider's open platform shows them."
                    )
                ),
                "credentials_missing",
            )
        return value

    # -- asking -----------------------------------------------------------------------

    def _ask(self, slot: TokenSlot, form: Mapping[str, str]) -> KeptToken:
        """Ask for a token and keep it. The call is counted before it is made."""
        now, kept = self._http.now(), slot.kept()
        counted = self._counted(kept)
        if len(counted) >= self._settings.token_calls:
            raise self._spent(counted)
        kept = replace(kept, asked_at=(*counted, now))
        slot.keep(kept)
        call = Call(
            "token",
            "POST",
            self._endpoint,
            {
                "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
                "Accept": "application/json",
            },
            urlencode(form).encode(),
            secrets=tuple(
                form[n] for n in ("client_secret", "code", "refresh_token") if n in form
            ),
        )
        value, life, refresh = self._http.call(call, _read)
        kept = replace(
            kept,
            value=value,
            expires_at=now + timedelta(seconds=max(life - _AHEAD, life * _MOST_SHARE)),
            refresh=refresh or kept.refresh,
        )
        slot.keep(kept)
        return kept

    def _counted(self, kept: KeptToken) -> tuple[datetime, ...]:
        start = self._http.now() - timedelta(days=float(self._settings.token_days))
        return tuple(moment for moment in kept.asked_at if moment > start)

    def _spent(self, counted: tuple[datetime, ...]) -> AuthenticationError:
        days = timedelta(days=float(self._settings.token_days))
        first = counted[0] if counted else self._http.now()
        return AuthenticationError(
            Sentence(
                _(
                    "The provider gives %(most)s access tokens in %(days)s days, and so"
                    " many were asked for. The next may be asked for at %(time)s. Find"
                    " out what asks so often: another system with the same application?"
                ),
                most=int(self._settings.token_calls),
                days=days.days,
                time=(first + days).astimezone(timezone.utc),
            ),
            "token_budget",
        )


def _read(answer: Answer) -> tuple[str, float, str]:
    """Return token, seconds of its life, and what the next one is asked for with.

    :raise AuthenticationError: none is given
    """
    body = answer.json()
    if not isinstance(body, Mapping):
        raise TypeError("The answer is not a JSON object")
    value = body.get("access_token")
    if isinstance(value, str) and value and answer.status < 400:
        user, refresh = told(body.get("userId")), body.get("refresh_token")
        more = f"{user}:{refresh}" if user and isinstance(refresh, str) else ""
        return value, _life(body.get("expires_in")), more
    code = told(body.get("error") or body.get("code"))
    words = told(body.get("error_description") or body.get("describe"))
    if not code:
        raise TransientError(
            Sentence(
                _("The provider gave no access token (HTTP %(status)s)."),
                status=answer.status,
            ),
            answer.retry_after,
        )
    raise AuthenticationError(
        errors.sentence(code, words), "token_budget" if code == BUDGET_SPENT else code
    )


def _life(value: Any) -> float:
    try:
        life = float(value)
    except (TypeError, ValueError):
        return _USUAL_LIFE
    # a token that never ends tells no life, or none that makes sense
    return min(life, _LONGEST_LIFE) if 0 < life < float("inf") else _USUAL_LIFE
