"""ETA's API as both of its systems use it: tokens, reading calls, refusals."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from ..contract import (
    AuthenticationError,
    AuthorityError,
    Connection,
    TransientError,
)
from ..messages import Sentence, _
from ..transport import TOKENS, Answer, Call, HttpClient, Token
from .error_catalogue import TOKEN_ERRORS
from .errors import EtaError, in_their_words, parse_error
from .settings import EtaSettings

Result = TypeVar("Result")

ETA_DOMAIN = "eta.gov.eg"
"""Its servers cannot renegotiate securely, which OpenSSL 3 refuses by default."""

_SECRET_REFUSED = frozenset({"invalid_client", "invalid_clientsecret", "invalid_grant"})


class _Unauthorized(AuthenticationError):
    """The token was not accepted."""


@dataclass(frozen=True, slots=True)
class Login:
    """How a token is asked for.

    :ivar headers: what the call says beside the credentials: of the device (receipts),
        or of whom an intermediary acts for (invoices)
    :ivar basic: client id and secret travel in a header, not in the form
    :ivar scope: what the token is for, not sent when empty
    :ivar subject: what tells the tokens of one identity apart: a device, a taxpayer
    """

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    basic: bool = False
    scope: str = ""
    subject: str = ""


class EtaClient:
    """Calls ETA for one connection."""

    def __init__(
        self,
        connection: Connection,
        settings: EtaSettings,
        endpoints: Mapping[str, str],
        login: Login,
    ) -> None:
        self._connection = connection
        self._identity = endpoints["identity"].rstrip("/")
        self._api = endpoints["api"].rstrip("/")
        self._login = login
        self.http = HttpClient(
            connection, extra_ca=settings.extra_ca, legacy_hosts=(ETA_DOMAIN,)
        )

    # -- tokens -----------------------------------------------------------------------

    def token(self) -> str:
        """Return an access token, kept for the process.

        :raise TransientError, AuthenticationError:
        """
        return TOKENS.get(self._token_key(), self._fetch)

    def new_token(self) -> str:
        """Return an access token that was fetched just now, and keep it.

        :raise TransientError, AuthenticationError:
        """
        TOKENS.invalidate(self._token_key())
        return self.token()

    def _token_key(self) -> tuple[str, ...]:
        return (self._connection.identity, self._identity, self._login.subject)

    def _fetch(self) -> Token:
        """Ask the identity service for a new token: with the second client secret
        where the first is refused.

        :raise TransientError, AuthenticationError:
        """
        credentials = self._connection.credentials
        secrets = [
            credentials[name]
            for name in ("client_secret", "client_secret_2")
            if credentials.get(name)
        ]
        if not credentials.get("client_id") or not secrets:
            raise AuthenticationError(
                Sentence(
                    _(
                        "Client id or client secret is missing. Enter both, as the"
                        " authority's portal shows them."
                    )
                ),
                "credentials_missing",
            )
        try:
            return self._request_token(credentials["client_id"], secrets[0])
        except AuthenticationError as exc:
            if len(secrets) == 1 or exc.code not in _SECRET_REFUSED:
                raise
        return self._request_token(credentials["client_id"], secrets[1])

    def _request_token(self, client_id: str, secret: str) -> Token:
        form = {"grant_type": "client_credentials"}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
            **self._login.headers,
        }
        if self._login.scope:
            form["scope"] = self._login.scope
        if self._login.basic:
            pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        else:
            form.update(client_id=client_id, client_secret=secret)
        call = Call(
            "token",
            "POST",
            f"{self._identity}/connect/token",
            headers,
            urlencode(form).encode(),
        )
        return self.http.call(call, _read_token)

    # -- calls with a token -----------------------------------------------------------

    def get(
        self,
        purpose: str,
        path: str,
        parameters: Mapping[str, str] | None = None,
        keys: tuple[int, ...] = (),
        seconds: float | None = None,
    ) -> Mapping[str, Any] | None:
        """Return the object that ETA answers with, ``None`` when it has none (404).

        :param seconds: how long the call may take, if less than the connection's
        :raise TransientError, AuthenticationError, AuthorityError:
        """
        url = f"{self._api}{path}"
        if parameters:
            url = f"{url}?{urlencode(parameters)}"
        call = Call(purpose, "GET", url, keys=keys, seconds=seconds)
        return self._authorized(call, _read_object)

    def get_bytes(
        self, purpose: str, path: str, accept: str, keys: tuple[int, ...] = ()
    ) -> bytes | None:
        """Return what ETA answers with as it is, ``None`` when it has none (404).

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        url = f"{self._api}{path}"
        return self._authorized(
            Call(purpose, "GET", url, {"Accept": accept}, keys=keys), _read_bytes
        )

    def send(
        self,
        purpose: str,
        path: str,
        body: bytes,
        read: Callable[[Answer], Result],
        keys: tuple[int, ...] = (),
        method: Literal["POST", "PUT"] = "POST",
    ) -> Result:
        """Send JSON that changes something at ETA, and return what ``read`` makes of
        the answer.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        headers = {"Content-Type": "application/json; charset=utf-8"} if body else {}
        url = f"{self._api}{path}"
        return self._authorized(
            Call(purpose, method, url, headers, body, changes=True, keys=keys), read
        )

    def _authorized(self, call: Call, read: Callable[[Answer], Result]) -> Result:
        """Make a call with a token; once more with a new one when it is refused,
        which a call without a valid token certainly was not carried out."""
        try:
            return self._attempt(call, read)
        except _Unauthorized:
            return self._attempt(call, read)

    def _attempt(self, call: Call, read: Callable[[Answer], Result]) -> Result:
        token = self.token()
        headers = {
            "Accept": "application/json",
            **call.headers,
            "Authorization": f"Bearer {token}",
            "Accept-Language": "en",
        }
        attempt = replace(call, headers=headers)

        def read_authorized(answer: Answer) -> Result:
            if answer.status == 401:
                raise _Unauthorized(
                    "The authority does not accept the access token that it gave."
                    " Check on its portal that the device or the system is active.",
                    "Unauthorized",
                )
            return read(answer)

        try:
            return self.http.call(attempt, read_authorized)
        except _Unauthorized:
            TOKENS.invalidate(self._token_key(), token)
            raise


class Reader:
    """Reads page after page, with a pause between two calls.

    :param purpose: as calls are recorded
    :param pause: seconds
    """

    def __init__(self, client: EtaClient, purpose: str, pause: float) -> None:
        self._client = client
        self._purpose = purpose
        self._pause = pause
        self._calls = 0

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None
    ) -> Mapping[str, Any] | None:
        """Return the object that ETA answers with, ``None`` when it has none (404).

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        if self._calls:
            time.sleep(self._pause)
        self._calls += 1
        return self._client.get(self._purpose, path, parameters)


def _read_token(answer: Answer) -> Token:
    if answer.status == 200:
        body = answer.json()
        value, life = body["access_token"], body.get("expires_in", 0)
        if not isinstance(value, str) or not value:
            raise ValueError("The token is not a text")
        return Token(value, float(life))
    error = parse_error(answer)
    if answer.status == 404 and not error.code:
        raise TransientError(
            Sentence(
                _(
                    "The identity service was not found at its address (HTTP 404)."
                    " Check the identity address in the registration."
                )
            )
        )
    raise AuthenticationError(_token_sentence(error), error.code)


def _token_sentence(error: EtaError) -> Sentence:
    known = TOKEN_ERRORS.get(error.code.casefold())
    if known is None:
        return Sentence(
            _(
                "The authority gave no access (%(words)s). Check the credentials on its"
                " portal."
            ),
            words=error.words,
        )
    return in_their_words(known, error.words)


def _read_object(answer: Answer) -> Mapping[str, Any] | None:
    if answer.status == 404:
        return None
    refuse(answer)
    body = answer.json()
    if not isinstance(body, Mapping):
        raise TypeError("The answer is not a JSON object")
    return body


def _read_bytes(answer: Answer) -> bytes | None:
    if answer.status == 404:
        return None
    refuse(answer)
    return answer.body


def refuse(answer: Answer, splittable: bool = False) -> None:
    """Raise for an answer that refuses the call.

    :param splittable: the call was made for several documents, and one of them may be
        what a bad request is about
    :raise AuthenticationError: 403
    :raise AuthorityError: another error status
    """
    if answer.status < 400:
        return
    error = parse_error(answer)
    if answer.status == 403:
        raise AuthenticationError(error.sentence, error.code or "Forbidden")
    code = error.code or f"HTTP {answer.status}"
    raise AuthorityError(
        code,
        error.sentence,
        error.target,
        splittable=splittable and answer.status in (400, 413),
        errors=error.problems,
    )
