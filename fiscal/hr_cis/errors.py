"""How CIS' refusals are read: its codes apart, each with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from ..catalogue import cure_of
from ..contract import AuthenticationError, AuthorityError, Problem, TransientError
from ..messages import Sentence, _
from .error_catalogue import REFUSALS, RULES, Known

Refusal = tuple[str, str]
"""A code in lower case, and the authority's words."""

_RESTRICTIVE = "s013"
_NUMBER = re.compile(r"(?<![0-9])[vV]?([0-9]{3})(?![0-9])")
_RULE = re.compile(r"v?([0-9]{3})")
_MOST = 50


def known(code: str) -> Known | None:
    """Return what is known of a code, however it is written."""
    bare = code.strip().lower()
    rule = _RULE.fullmatch(bare)
    return RULES.get(rule[1]) if rule else REFUSALS.get(bare)


def cure(code: str) -> Problem | None:
    """Return what a known code means and how to cure it, ``None`` for another one.

    ``values["who"]`` tells who can: ``accountant``, ``administrator`` or
    ``authority``.
    """
    return cure_of(known(code))


def problems_of(refusals: Sequence[Refusal]) -> tuple[Problem, ...]:
    """Return one problem per code; a refusal that lists rules is taken apart."""
    found: dict[str, Problem] = {}
    for code, words in refusals:
        for problem in _apart(code, words):
            found.setdefault(problem.code, problem)
    return tuple(found.values())[:_MOST]


def _apart(code: str, words: str) -> list[Problem]:
    if code == _RESTRICTIVE:
        # the words end with a colon and the numbers of the rules
        rules = _NUMBER.findall(words.rpartition(":")[2])
        if rules:
            return [_problem(rule, words) for rule in rules]
    return [_problem(code, words)]


def _problem(code: str, words: str) -> Problem:
    found = known(code)
    values = {"words": f"{code} {words}".strip()}
    if found is None:
        return Problem(code, _("The authority refused it (%(words)s)."), values=values)
    return Problem(
        found.code,
        _("%(known)s (The authority says: %(words)s)"),
        values={"known": Sentence(found.message), **values},
    )


def raise_for(refusals: Sequence[Refusal]) -> None:
    """Raise for refusals that are not about one receipt's data.

    :raise TransientError: the authority's system failed
    :raise AuthenticationError: certificate or signature are not accepted
    """
    for code, words in refusals:
        found = known(code)
        if found is None or found.handling not in ("transient", "configuration"):
            continue
        problem = _problem(code, words)
        sentence = Sentence(problem.message, **problem.values)
        if found.handling == "transient":
            raise TransientError(sentence)
        raise AuthenticationError(sentence, found.code)


def refuse_change(refusals: Sequence[Refusal]) -> NoReturn:
    """Raise for a change that is refused; the receipt stands as it was.

    :raise TransientError, AuthenticationError: see :func:`raise_for`
    :raise AuthorityError: its ``code`` is the authority's first
    """
    raise_for(refusals)
    problems = problems_of(refusals)
    first = problems[0]
    raise AuthorityError(
        refusals[0][0], Sentence(first.message, **first.values), errors=problems
    )
