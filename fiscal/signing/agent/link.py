"""The agent's way to Odoo: HTTPS to a server that is known by its key.

Certificate authorities are not asked: many an Odoo in an office has a certificate of
its own making. Instead the public key that a person compared when pairing is the only
one that is spoken to, checked before a byte of a request leaves.
"""

from __future__ import annotations

import http.client
import ssl
import urllib.request
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ..agent_messages import MOST_BYTES, Message
from .config import AgentError

CONNECT_SECONDS = 15.0
_PIECE = 64 * 1024


class Unreachable(Exception):
    """No usable answer came; a repeat does no harm. ``str`` is a sentence."""


class ServerChanged(AgentError):
    """The server has another key than the one that was paired with."""

    status = 5


class Link:
    """Speaks with one server.

    :param pin: SHA-256 of the public key of its certificate, hex
    :raise AgentError: the address cannot be
    """

    def __init__(self, server: str, pin: str, database: str = "") -> None:
        self._host, self._port = address(server)
        self._pin = pin
        self._database = database
        self._connection: http.client.HTTPSConnection | None = None

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def exchange(self, message: Message, seconds: float) -> Message:
        """Send a request and return the answer, whoever wrote it.

        :param seconds: how long the server may take
        :raise Unreachable: there was none
        :raise ServerChanged: the server has another key; nothing was sent
        """
        headers = {**message.headers, "Content-Type": "application/json"}
        if self._database:
            headers["X-Odoo-Database"] = self._database
        try:
            answer = self._exchange(message, headers, seconds)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(
                f"{self._host} could not be reached ({error or type(error).__name__})."
            ) from error
        return answer

    def _exchange(
        self, message: Message, headers: dict[str, str], seconds: float
    ) -> Message:
        fresh = self._connection is None or self._connection.sock is None
        connection = self._open(seconds)
        try:
            connection.request("POST", message.path, message.body, headers)
            response = connection.getresponse()
        except ConnectionError:
            if fresh:
                raise
            # The server had ended a connection that was not used for a while.
            self.close()
            return self._exchange(message, headers, seconds)
        body = _read(response)
        answered = {name.lower(): value for name, value in response.getheaders()}
        return Message(str(response.status), message.path, answered, body)

    def _open(self, seconds: float) -> http.client.HTTPSConnection:
        if self._connection is None or self._connection.sock is None:
            self.close()
            self._connection = _connect(self._host, self._port)
            if (found := _key_of(self._connection)) != self._pin:
                self.close()
                raise _changed(found, self._pin)
        self._connection.sock.settimeout(seconds)
        return self._connection


def _changed(found: str, pin: str) -> ServerChanged:
    return ServerChanged(
        "The server's certificate has another key than when this agent was paired:"
        f" {show_pin(found)} instead of {show_pin(pin)}. Nothing was sent. If the"
        " certificate was renewed, create a new code in Odoo and pair anew; if nobody"
        " knows of that, somebody may be in between."
    )


def _connect(
    host: str, port: int, seconds: float = CONNECT_SECONDS
) -> http.client.HTTPSConnection:
    """Return a connection that is open, to whoever is there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the key is compared instead, see above
    options: dict[str, Any] = {"timeout": seconds, "context": context}
    proxy = urllib.request.getproxies().get("https", "")
    if proxy and not urllib.request.proxy_bypass(host):
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port or 8080, **options
        )
        connection.set_tunnel(host, port)
    else:
        connection = http.client.HTTPSConnection(host, port, **options)
    connection.connect()
    connection.auto_open = 0  # never by itself: the key has to be compared each time
    return connection


def _key_of(connection: http.client.HTTPSConnection) -> str:
    certificate = connection.sock.getpeercert(binary_form=True)
    return pin_of(certificate) if certificate else ""


def _read(response: http.client.HTTPResponse) -> bytes:
    body = b""
    while piece := response.read(_PIECE):
        body += piece
        if len(body) > 2 * MOST_BYTES:
            raise http.client.HTTPException("the answer is too large")
    return body


def address(server: str) -> tuple[str, int]:
    """Return host and port of an address.

    :raise AgentError: it is not ``https://host[:port]``
    """
    try:
        parts = urlsplit(server)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme != "https" or not host or parts.path not in ("", "/"):
        raise AgentError(
            f"{server} is not an address of the form https://odoo.example.com or"
            " https://odoo.example.com:8443."
        )
    return host, port or 443


def fetch_pin(server: str, seconds: float = CONNECT_SECONDS) -> str:
    """Return the key of the server at an address.

    :param seconds: how long each step of connecting may take
    :raise AgentError: the address cannot be, or nobody answers there
    """
    host, port = address(server)
    try:
        connection = _connect(host, port, seconds)
    except (OSError, http.client.HTTPException) as error:
        raise AgentError(
            f"{server} could not be reached ({error or type(error).__name__}). Check"
            " the address and this computer's network."
        ) from error
    found = _key_of(connection)
    connection.close()
    return found


def pin_of(certificate: bytes) -> str:
    """Return SHA-256 of the public key of a certificate in DER, hex."""
    key: Any = x509.load_der_x509_certificate(certificate).public_key()
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return sha256(spki).hexdigest()


def show_pin(pin: str) -> str:
    """Return a key's hash as people compare it: ``1A2B-3C4D-…``."""
    return "-".join(pin[at : at + 4] for at in range(0, len(pin), 4)).upper()


def read_pin(shown: str) -> str:
    """Return the hash from how it is shown.

    :raise AgentError: it is none
    """
    pin = shown.replace("-", "").replace(":", "").strip().lower()
    if len(pin) != 64 or any(letter not in "0123456789abcdef" for letter in pin):
        raise AgentError(f"{shown} is not a fingerprint of 64 hexadecimal digits.")
    return pin
