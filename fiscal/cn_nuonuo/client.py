"""Calls Nuonuo: signed, with a token, one answer back (spec china 1.1)."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from ..contract import AuthenticationError, Connection, TransientError
from ..messages import Sentence, _
from ..transport import Answer, Call, HttpClient
from . import errors
from .settings import Settings, listed
from .signature import Stamp, sign
from .text import told
from .tokens import Tokens
from .wording import dumps

Result = TypeVar("Result")

FAMILY = "nuonuo.OpeMplatform."
SUCCESS = ("E0000", "S0000")

_LETTERS = string.ascii_letters + string.digits
_MOST_BYTES = 20 * 1024 * 1024


class _TokenRefused(AuthenticationError):
    """The gateway did not accept the token, and another one may be had."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer says: a code, the vendor's words, and what was asked for."""

    code: str
    words: str
    result: Any = None

    @property
    def success(self) -> bool:
        """It was done, or taken up."""
        return self.code in SUCCESS


class NuonuoClient:
    """Calls Nuonuo for one connection.

    :param endpoints: ``api`` for calls, ``token`` for tokens
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        endpoints: Mapping[str, str],
    ) -> None:
        self._connection = connection
        self._api = endpoints["api"]
        self._refused = frozenset(listed(settings.token_refused))
        # whoever knows the end of the address can call it
        self._call_back = settings.callback_url.rpartition("/")[2]
        self.http = HttpClient(
            connection, extra_ca=settings.extra_ca, most_bytes=_MOST_BYTES
        )
        self.tokens = Tokens(connection, settings, self.http, endpoints["token"])

    def call(
        self,
        name: str,
        body: Mapping[str, Any] | bytes,
        read: Callable[[Reply], Result],
        *,
        purpose: str,
        changes: bool = False,
        keys: tuple[int, ...] = (),
    ) -> Result:
        """Make a call, and return what ``read`` makes of its answer. A call whose token
        is refused, which was certainly not carried out, is made once more with a new
        one, if the budget has one.

        :param name: the method without its family
        :param changes: whether it may change something there
        :raise TransientError, AuthenticationError, AmbiguousError:
        :raise FiscalError: whatever ``read`` raises
        """
        content = body if isinstance(body, bytes) else dumps(body)
        try:
            return self._attempt(name, content, read, purpose, changes, keys)
        except _TokenRefused:
            return self._attempt(name, content, read, purpose, changes, keys)

    def _attempt(
        self,
        name: str,
        content: bytes,
        read: Callable[[Reply], Result],
        purpose: str,
        changes: bool,
        keys: tuple[int, ...],
    ) -> Result:
        token = self.tokens.get()

        def read_reply(answer: Answer) -> Result:
            reply = _reply(answer)
            if reply.code in self._refused or answer.status == 401:
                again = self.tokens.refused(token)
                kind = _TokenRefused if again else AuthenticationError
                raise kind(errors.sentence(reply.code, reply.words), "token_refused")
            errors.raise_for_gateway(reply.code, reply.words)
            if answer.status >= 400 and not reply.code:
                raise _not_taken(answer)
            return read(reply)

        made = self._call(name, content, token)
        call = replace(made, purpose=purpose, changes=changes, keys=keys)
        return self.http.call(call, read_reply)

    def _call(self, name: str, content: bytes, token: str) -> Call:
        """Return a call with its stamp and signature."""
        key, secret = (
            self._connection.credentials.get(n, "") for n in ("app_key", "app_secret")
        )
        stamp = self._stamp()
        return Call(
            "",
            "POST",
            f"{self._api}?{urlencode(stamp.query(key))}",
            {
                "Content-Type": "application/json",
                "Accept": "application/json",
                "X-Nuonuo-Sign": sign(secret, key, stamp, content),
                "accessToken": token,
                "userTax": self._connection.seller_id,
                "method": FAMILY + name,
            },
            content,
            secrets=(token, self._call_back),
        )

    def _stamp(self) -> Stamp:
        return Stamp(
            "".join(secrets.choice(_LETTERS) for _index in range(32)),
            str(10_000_000 + secrets.randbelow(90_000_000)),
            str(int(self.http.now().timestamp())),
        )


def _not_taken(answer: Answer) -> TransientError:
    return TransientError(
        Sentence(
            _(
                "The provider's address does not take the call (HTTP %(status)s). Check"
                " the address in the registration."
            ),
            status=answer.status,
        ),
        answer.retry_after,
    )


def _reply(answer: Answer) -> Reply:
    """Read the envelope of an answer.

    :raise ValueError, TypeError: it has none
    """
    try:
        body = answer.json()
    except ValueError:
        if answer.status < 400:
            raise
        body = {}
    if not isinstance(body, Mapping):
        raise TypeError("The answer is not a JSON object")
    code = told(body.get("code") or body.get("error"))
    words = told(body.get("describe") or body.get("error_description"))
    if not code and answer.status < 400:
        raise ValueError("The answer has no code")
    return Reply(code, words, body.get("result"))
