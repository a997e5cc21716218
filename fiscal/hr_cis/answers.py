"""Reads CIS' answers. They are never held to the schema, which the authority's own
break (spec croatia 4.12); what they bring is kept even if they cannot be verified."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..contract import Problem
from ..messages import _
from ..xmltext import text_of
from .builder import PREFIXES, Operation, tag
from .errors import Refusal
from .soap import unwrap
from .trust import Trust, distrust

_JIR = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_MOST_WORDS = 500
_MOST_REFUSALS = 100


@dataclass(frozen=True, slots=True)
class Reply:
    """What an answer says.

    :ivar jir: the receipt's identifier, "" on refusals and changes
    :ivar success: the code of a change that was made, lower case, else ""
    :ivar refusals: codes and words
    :ivar warnings: why the answer itself is doubtful
    """

    jir: str
    success: str
    refusals: tuple[Refusal, ...]
    warnings: tuple[Problem, ...]


def read_reply(
    content: bytes, operation: Operation, message_id: str, trust: Trust, now: datetime
) -> Reply:
    """Read the answer to a signed request.

    :param message_id: of the request
    :raise ValueError: it is no answer to such a request
    :raise AmbiguousError: it is a SOAP fault
    """
    message = _message(content, operation)
    reply = Reply(
        _jir(message),
        text_of(message, "tns:PorukaOdgovora/tns:SifraPoruke", PREFIXES).lower(),
        _refusals(message),
        (*distrust(message, trust, now), *_other_message(message, message_id)),
    )
    if not (reply.jir or reply.success or reply.refusals):
        raise ValueError("The answer says neither yes nor no")
    return reply


def read_echo(content: bytes, operation: Operation) -> str:
    """Return what an echo brings.

    :raise ValueError: it is none
    :raise AmbiguousError: it is a SOAP fault
    """
    return (_message(content, operation).text or "").strip()


def _message(content: bytes, operation: Operation) -> Any:
    message = unwrap(content)
    if message.tag != tag(operation.response):
        raise ValueError(f"The answer is {message.tag!r}")
    return message


def _jir(message: Any) -> str:
    text = text_of(message, "tns:Jir", PREFIXES)
    if text and not _JIR.fullmatch(text):
        raise ValueError("The JIR has another form")
    return text


def _refusals(message: Any) -> tuple[Refusal, ...]:
    found = message.findall("tns:Greske/tns:Greska", PREFIXES)[:_MOST_REFUSALS]
    return tuple(
        (
            text_of(one, "tns:SifraGreske", PREFIXES).lower()[:10],
            " ".join(text_of(one, "tns:PorukaGreske", PREFIXES).split())[:_MOST_WORDS],
        )
        for one in found
    )


def _other_message(message: Any, message_id: str) -> list[Problem]:
    named = text_of(message, "tns:Zaglavlje/tns:IdPoruke", PREFIXES)
    if named.lower() == message_id:
        return []
    return [
        Problem(
            "answer_other_message",
            _(
                "The authority's answer names the message “%(theirs)s”, not the one"
                " that was sent, %(ours)s. What it says was kept. Compare the receipt"
                " with the tax administration's records."
            ),
            "Zaglavlje.IdPoruke",
            values={"theirs": named, "ours": message_id},
        )
    ]
