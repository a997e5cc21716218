"""How Odoo and a signing agent know that a message is the other's.

Each message carries :data:`HEADERS`: the agent's id, the time in Unix seconds, a nonce,
and the HMAC-SHA256 under the secret that both have had since pairing, over direction,
method or status, path, agent, time, nonce and body. An answer is bound to the nonce of
its question. A message that is older or newer than :data:`SKEW`, or whose nonce was
seen before, is refused. Who is not authenticated gets an answer that is not either.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from ..jsonobject import read_object
from ..values import nothing

MOST_BYTES = 2 * 1024 * 1024
SKEW = timedelta(minutes=5)
HEADERS = (
    "X-EReceipt-Agent",
    "X-EReceipt-Time",
    "X-EReceipt-Nonce",
    "X-EReceipt-Mac",
)
_AGENT, _TIME, _NONCE, _MAC = (name.lower() for name in HEADERS)
_FORMS = {
    _AGENT: re.compile(r"[A-Za-z0-9:_-]{1,64}"),
    _TIME: re.compile(r"[0-9]{1,11}"),  # up to a year that datetime knows
    _NONCE: re.compile(r"[0-9a-f]{32}"),
    _MAC: re.compile(r"[0-9a-f]{64}"),
}
_DOMAIN = "account_ereceipt agent 1"


class NotAuthentic(Exception):
    """A message is not from whom it says, or not meant for now.

    :ivar code: ``unsigned``, ``mac``, ``clock`` or ``replay``
    :ivar sender_known: the HMAC was right, so the answer may be authenticated too
    """

    def __init__(self, code: str, sender_known: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.sender_known = sender_known


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer as it travels.

    :ivar method: of a request; the status of an answer, as text
    :ivar headers: names in lower case
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=nothing)
    body: bytes = b""

    @property
    def agent(self) -> str:
        """Who says to have sent the request, "" if nobody does."""
        return _header(self.headers, _AGENT)

    @property
    def nonce(self) -> str:
        """What tells the request from every other."""
        return _header(self.headers, _NONCE)

    def json(self) -> dict[str, Any]:
        """Return the body.

        :raise ValueError: it is not a JSON object, or too large
        """
        return read_object(self.body, MOST_BYTES, "message")


def request(
    path: str, body: Mapping[str, Any], agent: str, secret: bytes, now: datetime
) -> Message:
    """Return an authenticated request; its nonce is new."""
    return _sealed(
        "request", "POST", path, _dump(body), agent, secrets.token_hex(16), secret, now
    )


def answer(
    asked: Message, status: int, body: Mapping[str, Any], secret: bytes, now: datetime
) -> Message:
    """Return the authenticated answer to a request."""
    return _sealed(
        "answer",
        str(status),
        asked.path,
        _dump(body),
        asked.agent,
        asked.nonce,
        secret,
        now,
    )


def refusal(asked: Message, status: int, code: str) -> Message:
    """Return an answer to somebody who is not known: it is not authenticated."""
    return Message(str(status), asked.path, {}, _dump({"code": code}))


def verify_request(message: Message, secret: bytes, now: datetime) -> None:
    """Check a request; whether its nonce was seen before is for the caller to say.

    :raise NotAuthentic: not so
    """
    _verify("request", message, message.agent, message.nonce, secret)
    if abs(now - _time(message)) > SKEW:
        raise NotAuthentic("clock", sender_known=True)


def verify_answer(message: Message, asked: Message, secret: bytes) -> None:
    """Check that the answer is the server's and to this question.

    :raise NotAuthentic: not so
    """
    _verify("answer", message, asked.agent, asked.nonce, secret)


def sent_at(message: Message) -> datetime | None:
    """Return the sender's time, ``None`` if it does not say."""
    return _time(message) if _header(message.headers, _TIME) else None


def _sealed(
    direction: str,
    method: str,
    path: str,
    body: bytes,
    agent: str,
    nonce: str,
    secret: bytes,
    now: datetime,
) -> Message:
    time = str(int(now.timestamp()))
    mac = _mac(secret, body, direction, method, path, agent, time, nonce)
    values = zip((_AGENT, _TIME, _NONCE, _MAC), (agent, time, nonce, mac), strict=True)
    return Message(method, path, dict(values), body)


def _verify(
    direction: str, message: Message, agent: str, nonce: str, secret: bytes
) -> None:
    time, mac = (_header(message.headers, name) for name in (_TIME, _MAC))
    if not (agent and nonce and time and mac):
        raise NotAuthentic("unsigned")
    said = (direction, message.method, message.path, agent, time, nonce)
    if not hmac.compare_digest(_mac(secret, message.body, *said), mac):
        raise NotAuthentic("mac")


def _mac(secret: bytes, body: bytes, *texts: str) -> str:
    # Of the texts only the path may hold a line break: none can be read as another.
    lines = "\n".join((_DOMAIN, *texts, sha256(body).hexdigest()))
    return hmac.new(secret, lines.encode(), sha256).hexdigest()


def _header(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    return value if _FORMS[name].fullmatch(value) else ""


def _time(message: Message) -> datetime:
    seconds = int(_header(message.headers, _TIME))
    return datetime.fromtimestamp(seconds, timezone.utc)


def _dump(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
