"""How ETA's error answers are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..catalogue import cure_of
from ..contract import Problem
from ..messages import Sentence, _
from ..transport import Answer
from .error_catalogue import KNOWN, OF_REFERENCE, Known

_REFERENCE = re.compile(r"\b(?:referenceUUID$|references\b)")
_DEEPEST = 10
_MOST = 100


def cure(code: str, path: str = "") -> Problem | None:
    """Return what a known code means and how to cure it; for another one, what is
    known of the part of the document that it is about, ``None`` if nothing.

    ``values["who"]`` tells who can: ``accountant``, ``administrator`` or
    ``authority``.
    """
    known = KNOWN.get(code.casefold())
    if known is None and code and _REFERENCE.search(path):
        known = replace(OF_REFERENCE, code=code)
    return cure_of(known)


@dataclass(frozen=True, slots=True)
class EtaError:
    """What an error answer says; ``code`` is "" if it names none."""

    code: str
    message: str
    target: str
    problems: tuple[Problem, ...] = ()

    @property
    def sentence(self) -> Sentence:
        """What to tell a person: our own words for a known code, and ETA's."""
        known = KNOWN.get(self.code.casefold())
        words = self.words
        if known is None:
            return Sentence(
                _("The authority refused the call (%(words)s)."), words=words
            )
        return in_their_words(known, words)

    @property
    def words(self) -> str:
        """What ETA itself says."""
        return " ".join(filter(None, (self.code, self.message))) or "?"


def in_their_words(known: Known, words: str) -> Sentence:
    """Return our sentence for a known code, with what ETA says beside it."""
    return Sentence(
        _("%(known)s (The authority says: %(words)s)"),
        known=Sentence(known.message),
        words=words,
    )


def parse_error(answer: Answer) -> EtaError:
    """Read an error answer in any of ETA's shapes: the standard one, the flat one of
    rate limits, and OAuth's. One that is none of them has an empty code."""
    try:
        body = answer.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return EtaError("", f"HTTP {answer.status}", "")
    error = body.get("error")
    if isinstance(error, dict):
        problems = problems_of(error)
        return EtaError(
            _text(error, "code", "errorCode"),
            _text(error, "message", "error"),
            _text(error, "target", "propertyPath"),
            problems,
        )
    if isinstance(error, str):
        description = _text(body, "error_description", "message")
        return EtaError(error, description, "")
    return EtaError(
        _text(body, "code", "errorCode"),
        _text(body, "message", "title") or f"HTTP {answer.status}",
        _text(body, "target"),
    )


def problems_of(node: Any) -> tuple[Problem, ...]:
    """Return an error of ETA and all errors nested in it as problems, each once.

    Reads the shapes of all calls: ``code``/``errorCode``, ``message``/``error``,
    ``propertyPath``/``target``, nested in ``details`` or ``innerError``, and the step
    of the validation around an ``error``.
    """
    found: dict[tuple[str, str, str], Problem] = {}
    for problem in _walk(node, 0):
        found.setdefault((problem.code, problem.message, problem.path), problem)
        if len(found) == _MOST:
            break
    return tuple(found.values())


def _walk(node: Any, depth: int) -> Iterator[Problem]:
    if depth > _DEEPEST:
        return
    if isinstance(node, str) and node:
        yield Problem("", node)
    elif isinstance(node, list):
        for child in node:
            yield from _walk(child, depth + 1)
    elif isinstance(node, Mapping):
        code = _text(node, "errorCode", "code")
        message = _text(node, "message", "error")
        if code or message:
            path = _text(node, "propertyPath", "target", "propertyName")
            yield Problem(code, message or code, path)
        for name in ("error", "details", "innerError", "innerErrors"):
            if isinstance(node.get(name), list | Mapping):
                yield from _walk(node[name], depth + 1)


def _text(node: Mapping[str, Any], *names: str) -> str:
    """Return the first member that holds text (or a number), "" if none does."""
    for name in names:
        value = node.get(name)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""
