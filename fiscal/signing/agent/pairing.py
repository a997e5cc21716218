"""The agent's side of :mod:`..agent_pairing`."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime, timezone

from .. import agent_messages as messages
from .. import agent_protocol as protocol
from ..agent_messages import Message, NotAuthentic
from ..agent_pairing import Exchange, agent_name, read_code
from .config import AgentError, Config, KeyPlace
from .link import Link, Unreachable
from .runner import SECONDS_PER_CALL, refusal_code


def pair(
    server: str,
    pin: str,
    code: str,
    key: KeyPlace,
    certificates: Sequence[bytes],
    database: str = "",
    name: str = "",
) -> Config:
    """Pair with Odoo and return what is to be kept.

    :param pin: the key of the server that a person compared
    :param code: what Odoo shows
    :raise AgentError: it was not possible
    """
    try:
        pairing_id, code_key = read_code(code)
    except ValueError as error:
        raise AgentError(f"{error}. Type it as Odoo shows it.") from error
    exchange = Exchange()
    body = {
        "name": (name or platform.node() or "agent")[:100],
        "public_key": protocol.encode(exchange.public),
        "certificates": [
            protocol.encode(der) for der in certificates[: protocol.MOST_CERTIFICATES]
        ],
    }
    now = datetime.now(timezone.utc)
    question = messages.request(
        protocol.PAIR, body, agent_name(pairing_id), code_key, now
    )
    link = Link(server, pin, database)
    try:
        answer = link.exchange(question, SECONDS_PER_CALL)
    except Unreachable as error:
        raise AgentError(f"{error} Nothing was paired.") from error
    finally:
        link.close()
    return _config(answer, question, code_key, exchange, server, pin, database, key)


def _config(
    answer: Message,
    question: Message,
    code_key: bytes,
    exchange: Exchange,
    server: str,
    pin: str,
    database: str,
    key: KeyPlace,
) -> Config:
    try:
        messages.verify_answer(answer, question, code_key)
        body = answer.json()
        if answer.method != "200":
            raise AgentError(_refused(answer, str(body.get("code", ""))))
        theirs = protocol.decode(body, "public_key", 32)
        return Config(
            server=server,
            pin=pin,
            agent=protocol.text(body, "agent", 64),
            secret=exchange.secret(theirs, code_key, exchange.public),
            registration=str(body.get("registration", "")),
            rin=str(body.get("rin", "")),
            database=database,
            key=key,
        )
    except NotAuthentic as error:
        code = refusal_code(answer) if error.code == "unsigned" else "forged"
        raise AgentError(_refused(answer, code)) from error
    except ValueError as error:
        raise AgentError(f"Odoo's answer cannot be used: {error}.") from error


def _refused(answer: Message, code: str) -> str:
    if code == "pairing":
        return (
            "Odoo does not take the code: it was mistyped, used, or is older than a few"
            " minutes. Create a new one there."
        )
    if code == "clock":
        return (
            "This computer's clock differs from Odoo's by minutes; set it right. There"
            f" it is {messages.sent_at(answer)}."
        )
    if code == "forged":
        return (
            "The answer was not Odoo's. Somebody may be in between; nothing was paired."
        )
    return (
        "What answers there is not Odoo with signing agents, or it has a fault (HTTP"
        f" status {answer.method}). Check the address, and the database if it has"
        " several."
    )
