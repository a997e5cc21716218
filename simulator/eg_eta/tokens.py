"""``POST /connect/token`` (ETA SDK, /ereceiptapi/01-authenticate-pos/).

Two flavours. A device sends ``posserial`` and ``pososversion`` as headers, its
id and secret in the form. A program sends its id and secret by Basic
authentication or in the form, and where it is an intermediary's, the header
``onbehalfof`` (ETA SDK, /api/01-login-as-taxpayer-system/ and
/api/02-login-as-intermediary-system/). ``posmodelframework`` and
``presharedkey`` are optional, as ETA's own users report; a device that has a
pre-shared key configured must send the right one.
"""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass
from typing import Any

from werkzeug.wrappers import Request, Response

from ..clock import Clock
from . import jwt
from .errors import json_response
from .registry import Device, ErpClient, Registry
from .settings import Settings

_FORM = "application/x-www-form-urlencoded"
ISSUER = "https://id.eta.gov.eg"


class RefusedError(Exception):
    """No token. ``args`` are ETA's error code and a description."""


@dataclass
class Caller:
    """Who stands behind a token."""

    client_id: str
    rin: str
    serial: str | None  # None: a program, not a device
    tags: list[str]
    intermediary: str | None = None  # who acts on behalf of ``rin``


class Tokens:
    """Gives tokens and knows them again. Callers hold the store's lock."""

    def __init__(self, registry: Registry, settings: Settings, clock: Clock) -> None:
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.key = secrets.token_bytes(32)
        self.issued: list[dict[str, Any]] = []

    def answer(self, request: Request) -> Response:
        """Answer a call to the token endpoint."""
        try:
            return json_response(self._token(request))
        except RefusedError as error:
            code, description = error.args
            body = {"error": code, "error_description": description}
            return json_response(body, 400)

    def revoke_all(self) -> None:
        """Refuse every token given so far."""
        self.key = secrets.token_bytes(32)

    def caller(self, request: Request) -> Caller | None:
        """Who calls, or None when there is no valid token."""
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            claims = jwt.decode(token.strip(), self.key)
        except jwt.TokenError:
            return None
        if claims["exp"] <= self.clock.time():
            return None
        return Caller(
            claims["client_id"],
            claims["RIN"],
            claims.get("PosSerial"),
            claims["TaxProfTags"],
            claims.get("IntermedRIN"),
        )

    def _token(self, request: Request) -> dict[str, Any]:
        if request.mimetype != _FORM:
            raise RefusedError("invalid_request", f"Content-Type must be {_FORM}.")
        form = request.form
        grant = form.get("grant_type", "")
        if not grant:
            raise RefusedError("invalid_request", "grant_type is missing.")
        if grant != "client_credentials":
            raise RefusedError("unsupported_grant_type", f"{grant!r} is not supported.")
        if form.get("scope", "InvoicingAPI") != "InvoicingAPI":
            raise RefusedError("invalid_scope", "The scope is InvoicingAPI or none.")
        client_id, secret, basic = _credentials(request)
        device = self.registry.device_of(client_id)
        if device:
            if basic:
                raise RefusedError("invalid_client", "A device sends a form.")
            self._check_device(device, secret, request)
            return self._give(device.client_id, device.rin, device.serial)
        client = self.registry.erp_clients.get(client_id)
        if client is None:
            raise RefusedError("invalid_client", "The client is not known.")
        rin = self._check_program(client, secret, request)
        return self._give(client.client_id, rin, None, client.rin)

    def _check_device(self, device: Device, secret: str, request: Request) -> None:
        headers = request.headers
        if not any(_same(secret, known) for known in device.secrets):
            raise RefusedError("invalid_clientsecret", "The client secret is wrong.")
        if headers.get("posserial", "") != device.serial:
            raise RefusedError("invalid_posserial", "posserial is not this client's.")
        version = headers.get("pososversion", "")
        if not version.strip() or len(version) > 50:
            raise RefusedError("invalid_pososversion", "pososversion: 1 to 50 chars.")
        if len(headers.get("posmodelframework", "")) > 10:
            raise RefusedError(
                "invalid_posmodelframework", "posmodelframework: at most 10 chars."
            )
        shared = headers.get("presharedkey", "")
        wanted = device.presharedkey
        if len(shared) > 200 or (wanted is not None and not _same(shared, wanted)):
            raise RefusedError("invalid_presharedkey", "presharedkey is wrong.")
        ended = device.expires_at is not None and (
            device.expires_at <= self.clock.time()
        )
        if device.status == "retired" or ended:
            state = "retired" if device.status == "retired" else "expired"
            raise RefusedError("unauthorized_client", f"The device is {state}.")
        device.status = "active"  # the portal's "inactive" ends at first use

    def _check_program(self, client: ErpClient, secret: str, request: Request) -> str:
        """Return for which taxpayer the token is."""
        if not _same(secret, client.secret):
            raise RefusedError("invalid_client", "The client secret is wrong.")
        if request.headers.get("posserial"):
            raise RefusedError("invalid_posserial", "This client is no device.")
        if client.expires_at is not None and client.expires_at <= self.clock.time():
            raise RefusedError("unauthorized_client", "The credentials are expired.")
        rin = request.headers.get("onbehalfof", client.rin)
        if rin != client.rin and rin not in client.represents:
            message = f"The client may not act on behalf of {rin[:30]!r}."
            raise RefusedError("unauthorized_client", message)
        return rin

    def _give(
        self, client_id: str, rin: str, serial: str | None, owner: str | None = None
    ) -> dict[str, Any]:
        now = int(self.clock.time())
        lifetime = self.settings.token_lifetime
        claims = {
            "iss": ISSUER,
            "aud": "InvoicingAPI",
            "nbf": now,
            "iat": now,
            "exp": now + lifetime,
            "jti": secrets.token_hex(16),
            "client_id": client_id,
            "RIN": rin,
            "TaxProfTags": list(self.registry.taxpayers[rin].tags),
        }
        if serial:
            claims["PosSerial"] = serial
        else:
            claims["scope"] = ["InvoicingAPI"]
        if owner and owner != rin:
            claims["IntermedRIN"] = owner
        row = {"client_id": client_id, "rin": rin, "serial": serial, "time": now}
        self.issued.append(row)
        return {
            "access_token": jwt.encode(claims, self.key),
            "expires_in": lifetime,
            "token_type": "Bearer",
            "scope": "InvoicingAPI",
        }


def _credentials(request: Request) -> tuple[str, str, bool]:
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("basic "):
        try:
            text = base64.b64decode(header[6:], validate=True).decode()
        except (binascii.Error, ValueError) as error:
            raise RefusedError("invalid_client", "Basic is malformed.") from error
        client_id, _colon, secret = text.partition(":")
        return client_id, secret, True
    form = request.form
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client_id or not secret:
        raise RefusedError("invalid_request", "client_id or client_secret is missing.")
    return client_id, secret, False


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
