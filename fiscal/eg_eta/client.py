"""ETA's API as both of its systems use it: tokens, reading calls, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from urllib.parse import urlencode

from ..contract import (
    AuthenticationError,
    AuthorityError,
    Connection,
    TransientError,
)
from ..messages import Sentence, _
from ..transport import TOKENS, Answer, Call, HttpClient, Token
from .errors import TOKEN_ERRORS, EtaError, in_their_words, parse_error
from .settings import Settings

Result = TypeVar("Result")

ETA_DOMAIN = "eta.gov.eg"
"""Its servers cannot renegotiate securely, which OpenSSL 3 refuses by default."""

_SECRET_REFUSED = frozenset({"invalid_client", "invalid_clientsecret", "invalid_grant"})


class _Unauthorized(AuthenticationError):
    """The token was not accepted."""


class EtaClient:
    """Calls ETA for one connection.

    :param device_headers: what the token call says of the device (receipts), nothing
        for a taxpayer's system (invoices)
    """

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        endpoints: Mapping[str, str],
        device_headers: Mapping[str, str],
    ) -> None:
        self._connection = connection
        self._identity = endpoints["identity"].rstrip("/")
        self._api = endpoints["api"].rstrip("/")
        self._device_headers = device_headers
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
        serial = self._connection.device.serial if self._connection.device else ""
        return (self._connection.identity, self._identity, serial)

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
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
        }
        call = Call(
            "token",
            "POST",
            f"{self._identity}/connect/token",
            {
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
                **self._device_headers,
            },
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
        return self.authorized(call, _read_object)

    def post(
        self,
        purpose: str,
        path: str,
        body: bytes,
        read: Callable[[Answer], Result],
        keys: tuple[int, ...] = (),
    ) -> Result:
        """Send JSON that changes something at ETA, and return what ``read`` makes of
        the answer.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """
        headers = {"Content-Type": "application/json; charset=utf-8"}
        url = f"{self._api}{path}"
        return self.authorized(
            Call(purpose, "POST", url, headers, body, changes=True, keys=keys), read
        )

    def authorized(self, call: Call, read: Callable[[Answer], Result]) -> Result:
        """Make a call with a token; once more with a new one when it is refused,
        which a call without a valid token certainly was not carried out."""
        try:
            return self._attempt(call, read)
        except _Unauthorized:
            return self._attempt(call, read)

    def _attempt(self, call: Call, read: Callable[[Answer], Result]) -> Result:
        token = self.token()
        headers = {
            **call.headers,
            "Authorization": f"Bearer {token}",
            "Accept": "application/json",
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
