"""How Nuonuo's refusals are read: a code, the vendor's words, what to do about it."""

from __future__ import annotations

import re
from typing import NoReturn

from ..catalogue import cure_of
from ..contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    FiscalError,
    Problem,
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
from .settings import Settings

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
    return cure_of(known(code))


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


def raise_for(code: str, words: str, failed: type[FiscalError]) -> None:
    """Raise for refusals that are not about the matter itself.

    :param failed: what it means that the provider failed to carry the call out: of one
        that asks ``TransientError``, of one that issues ``AmbiguousError``
    :raise AuthenticationError: credentials, company or permission are wrong
    :raise FiscalError: ``failed``
    """
    found = known(code)
    if found is None:
        return
    if found.handling == "configuration":
        raise AuthenticationError(sentence(code, words), code)
    if code in _FAILED_THERE and failed is not AuthorityError:
        raise failed(sentence(code, words))


def when_failed(settings: Settings) -> type[FiscalError]:
    """Return what it means that the provider failed to carry out a call that issues."""
    return AmbiguousError if settings.failed_call == "ask" else AuthorityError


def refuse(
    code: str, words: str, failed: type[FiscalError] = AuthorityError
) -> NoReturn:
    """Raise for a call that is refused as a whole; what it is about stands as it was.

    :raise AuthenticationError: see :func:`raise_for`
    :raise FiscalError: ``failed``
    :raise AuthorityError: its ``code`` is the vendor's
    """
    raise_for(code, words, failed)
    raise AuthorityError(code, sentence(code, words))


def cause(words: str) -> Problem:
    """Return why a fapiao could not be issued, told apart by the vendor's words."""
    for code, marks in CAUSE_WORDS:
        if any(mark in words for mark in marks):
            return problem(code, words)
    return problem(FAILED, words)
