"""How Nuonuo's refusals are read: a code, the vendor's words, what to do about it."""

from __future__ import annotations

import re
from typing import NoReturn

from ..contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Problem,
    TransientError,
)
from ..messages import Sentence, _
from .error_catalogue import (
    CALLS,
    CAUSE_WORDS,
    CAUSES,
    FAILED,
    GATEWAY,
    RED_STATES,
    Known,
)

_FAILED_THERE = ("E4000", "E9601")
_GATEWAY = re.compile(r"07[0-9]{4}")


def known(code: str) -> Known | None:
    """Return what is known of a code."""
    for catalogue in (CALLS, GATEWAY, CAUSES, RED_STATES):
        if code in catalogue:
            return catalogue[code]
    return None


def cure(code: str) -> Problem | None:
    """Return what a known code means and how to cure it, ``None`` for another one.

    ``values["who"]`` tells who can: ``accountant``, ``administrator`` or
    ``authority``.
    """
    found = known(code)
    if found is None:
        return None
    return Problem(found.code, found.message, values={"who": found.who})


def problem(code: str, words: str) -> Problem:
    """Return a refusal as a problem: our sentence where there is one, and theirs."""
    found = known(code)
    # the bureau's causes have codes of ours, which say nothing to anybody
    shown = words if code in CAUSES or code in RED_STATES else f"{code} {words}".strip()
    if found is None:
        return Problem(
            code, _("The provider refused it (%(words)s)."), values={"words": shown}
        )
    if not shown:
        return Problem(code, found.message)
    return Problem(
        code,
        _("%(known)s (The provider says: %(words)s)"),
        values={"known": Sentence(found.message), "words": shown},
    )


def sentence(code: str, words: str) -> Sentence:
    """Return a refusal as a sentence."""
    made = problem(code, words)
    return Sentence(made.message, **made.values)


def raise_for_gateway(code: str, words: str) -> None:
    """Raise for what the gateway refuses, before the matter is looked at.

    :raise AuthenticationError: it does
    """
    if _GATEWAY.fullmatch(code):
        raise AuthenticationError(sentence(code, words), code)


def raise_for(code: str, words: str, *, changes: bool) -> None:
    """Raise for refusals that are not about one document's data.

    :param changes: the call changes something there
    :raise AuthenticationError: credentials, company or permission are wrong
    :raise AmbiguousError: it may have been carried out
    :raise TransientError: it only asks, and may be repeated
    """
    found = known(code)
    if found is None:
        return
    if found.handling == "configuration":
        raise AuthenticationError(sentence(code, words), code)
    if code in _FAILED_THERE:
        kind = AmbiguousError if changes else TransientError
        raise kind(sentence(code, words))


def refuse(code: str, words: str, *, changes: bool) -> NoReturn:
    """Raise for a call that is refused as a whole; what it is about stands as it was.

    :raise AuthenticationError, AmbiguousError, TransientError: see :func:`raise_for`
    :raise AuthorityError: its ``code`` is the vendor's
    """
    raise_for(code, words, changes=changes)
    raise AuthorityError(code, sentence(code, words))


def cause(words: str) -> Problem:
    """Return why a fapiao could not be issued, told apart by the vendor's words."""
    for code, marks in CAUSE_WORDS:
        if any(mark in words for mark in marks):
            return problem(code, words)
    return problem(FAILED, words)
