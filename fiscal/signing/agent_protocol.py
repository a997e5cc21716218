"""What Odoo and a signing agent say to each other, and how each knows the other.

An agent is a program beside a token that is not at the server. It *calls* Odoo (the
token's computer needs no open port), asks for documents to sign, and brings signatures
back. Both sides use this module; :mod:`.agent_desk` is Odoo's side, :mod:`.agent` the
agent's.

HTTP interface
==============

Three calls, all ``POST`` below :data:`ROOT` over HTTPS. Bodies and answers are JSON in
UTF-8, of at most :data:`~.agent_messages.MOST_BYTES`. The HTTP status says whether it
went well; a refusal's body is ``{"code"}``.

``pair``
    ``{"name", "public_key", "certificates"}`` →
    ``{"agent", "public_key", "registration", "rin"}``.
    Once, with the code that Odoo shows a person (:mod:`.agent_pairing`).
``poll``
    ``{"ready", "problem", "certificates", "formats", "asks", "watch", "wait"}`` →
    ``{"job": null | {...}, "problems": [...], "pause"}``.
    ``ready`` and ``problem`` tell whether the key can sign; while it cannot, no job is
    given. ``asks``: a person approves each document, so a lease lasts longer. ``wait``:
    seconds that the answer may be held back for until there is a job (long poll).
    ``watch``: only asks whether it is known; no job, and nothing is noted. ``pause``:
    seconds to wait before the next poll.
``result``
    ``{"job", "lease", "signature"}`` or ``{"job", "lease", "refusal"}`` →
    ``{"status", "problems"}``; ``status`` is one of :class:`Taken`. Bringing one twice
    does no harm.

A job is ``{"id", "lease", "seconds", "format", "document"}``: the document itself in
base64, never only its digest. The agent makes the text that is signed from the document
(:mod:`.agent_documents`). After ``seconds`` the job is offered again, to whoever asks.

How messages are authenticated: :mod:`.agent_messages`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..contract import Problem
from .agent_messages import MOST_BYTES

ROOT = "/ereceipt/agent/1/"
PAIR, POLL, RESULT = (ROOT + name for name in ("pair", "poll", "result"))

MOST_DOCUMENT = 1024 * 1024
MOST_SIGNATURE = 64 * 1024
MOST_CERTIFICATES = 5
LONGEST_WAIT = 25.0

# ----------------------------------------------------------------------------------
# What the messages say
# ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Report:
    """What an agent says of itself when it polls.

    :ivar certificates: DER, the signer's first; empty while they cannot be read
    :ivar problem: why its key cannot sign, ``None`` if it can
    """

    certificates: tuple[bytes, ...] = ()
    problem: Problem | None = None
    formats: tuple[str, ...] = ()
    asks: bool = False
    watch: bool = False
    wait: float = 0.0

    @property
    def ready(self) -> bool:
        """Whether its key can sign."""
        return self.problem is None

    def dump(self) -> dict[str, Any]:
        """Return its JSON form."""
        return {
            "ready": self.ready,
            "problem": dump_problem(self.problem) if self.problem else None,
            "certificates": [encode(der) for der in self.certificates],
            "formats": list(self.formats),
            "asks": self.asks,
            "watch": self.watch,
            "wait": self.wait,
        }

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> Report:
        """Read its JSON form.

        :raise ValueError: it is malformed
        """
        problem = body.get("problem")
        wait = body.get("wait", 0)
        if isinstance(wait, bool) or not isinstance(wait, int | float):
            raise ValueError("wait is no number")
        return cls(
            certificates=read_certificates(body),
            problem=read_problem(problem) if problem is not None else None,
            formats=tuple(_texts(body, "formats", 20)),
            asks=body.get("asks") is True,
            watch=body.get("watch") is True,
            wait=min(max(float(wait), 0.0), LONGEST_WAIT),
        )


@dataclass(frozen=True, slots=True)
class Job:
    """A document that an agent shall sign.

    :ivar lease: who holds it for now; comes back with the result
    :ivar seconds: until it is offered again
    """

    id: str
    lease: str
    seconds: float
    format: str
    document: bytes = field(repr=False)

    def dump(self) -> dict[str, Any]:
        """Return its JSON form."""
        return {
            "id": self.id,
            "lease": self.lease,
            "seconds": self.seconds,
            "format": self.format,
            "document": encode(self.document),
        }

    @classmethod
    def load(cls, body: Any) -> Job:
        """Read its JSON form.

        :raise ValueError: it is malformed, or comes without its document
        """
        if not isinstance(body, Mapping):
            raise ValueError("The job is no object")
        seconds = body.get("seconds")
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError("seconds is no number")
        document = decode(body, "document", MOST_DOCUMENT)
        if not document:
            raise ValueError("The job has no document")
        return cls(
            id=text(body, "id", 64),
            lease=text(body, "lease", 64),
            seconds=float(seconds),
            format=text(body, "format", 64),
            document=document,
        )


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a job: a signature in DER, or why there is none."""

    job: str
    lease: str
    signature: bytes = b""
    refusal: Problem | None = None

    def dump(self) -> dict[str, Any]:
        """Return its JSON form."""
        body: dict[str, Any] = {"job": self.job, "lease": self.lease}
        if self.refusal is not None:
            return {**body, "refusal": dump_problem(self.refusal)}
        return {**body, "signature": encode(self.signature)}

    @classmethod
    def load(cls, body: Mapping[str, Any]) -> Result:
        """Read its JSON form.

        :raise ValueError: it is malformed
        """
        job, lease = text(body, "job", 64), text(body, "lease", 64)
        if (refusal := body.get("refusal")) is not None:
            return cls(job, lease, refusal=read_problem(refusal))
        signature = decode(body, "signature", MOST_SIGNATURE)
        if not signature:
            raise ValueError("There is neither a signature nor a refusal")
        return cls(job, lease, signature)


class Taken(str, Enum):
    """What Odoo did with a result.

    ``TAKEN`` it has it. ``ALREADY`` it had one. ``GONE`` the document is not to be
    signed any more. ``WRONG`` it is not a signature of the document by this key.
    """

    TAKEN = "taken"
    ALREADY = "already"
    GONE = "gone"
    WRONG = "wrong"


# ----------------------------------------------------------------------------------
# JSON
# ----------------------------------------------------------------------------------


def text(body: Mapping[str, Any], name: str, most: int) -> str:
    """Return a text that has to be there.

    :raise ValueError: it is not, or is longer than ``most``
    """
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise ValueError(f"{name} is no text of 1 to {most} characters")
    return value


def _texts(body: Mapping[str, Any], name: str, most: int) -> list[str]:
    values = body.get(name, [])
    if not isinstance(values, list) or len(values) > most:
        raise ValueError(f"{name} is no list of at most {most}")
    if not all(isinstance(value, str) and len(value) <= MOST_BYTES for value in values):
        raise ValueError(f"{name} holds what is no text")
    return values


def encode(data: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(data).decode()


def decode(body: Mapping[str, Any], name: str, most: int) -> bytes:
    """Return bytes, empty if there are none.

    :raise ValueError: they are malformed, or more than ``most``
    """
    value = body.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} is no text")
    return _decoded(value, name, most)


def _decoded(value: str, name: str, most: int) -> bytes:
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is not base64") from None
    if len(data) > most:
        raise ValueError(f"{name} has more than {most} bytes")
    return data


def read_certificates(body: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return certificates in DER.

    :raise ValueError: they are malformed or too many
    """
    return tuple(
        _decoded(value, "certificates", MOST_SIGNATURE)
        for value in _texts(body, "certificates", MOST_CERTIFICATES)
    )


def dump_problem(problem: Problem) -> dict[str, Any]:
    """Return a problem's JSON form."""
    values = {name: str(value) for name, value in problem.values.items()}
    return {"code": problem.code, "message": problem.message, "values": values}


def read_problem(body: Any) -> Problem:
    """Read a problem.

    :raise ValueError: it is malformed
    """
    if not isinstance(body, Mapping):
        raise ValueError("The problem is no object")
    values = body.get("values", {})
    if not isinstance(values, Mapping) or len(values) > 20:
        raise ValueError("values is no small object")
    problem = Problem(
        code=text(body, "code", 64),
        message=text(body, "message", 2000),
        values={str(name)[:64]: str(value)[:2000] for name, value in values.items()},
    )
    try:
        problem.text  # noqa: B018  it has to fill its places
    except (KeyError, TypeError, ValueError):
        raise ValueError("The problem's message does not fit its values") from None
    return problem
