"""What can go wrong with a key: the contract's errors, by who can mend it.

:class:`KeyAway` mends itself, or by plugging something in: documents wait.
:class:`KeyUnusable` needs a person, and nothing is tried again before.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..contract import AuthenticationError, Problem, TransientError
from ..messages import Sentence, source_of


class KeyAway(TransientError):
    """The key is not there now: no token, no agent, a device that fails.

    :ivar code: stable, for statistics and tests
    """

    def __init__(self, message: str, code: str = "key_away") -> None:
        super().__init__(message)
        self.code = code


class KeyUnusable(AuthenticationError):
    """The key, or what opens it, is wrong; a person must mend it.

    :ivar problems: everything that is wrong
    """

    def __init__(self, message: str, code: str = "key_unusable") -> None:
        super().__init__(message, code)
        text, values = source_of(self)
        self.problems: tuple[Problem, ...] = (Problem(code, text, values=values),)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> KeyUnusable:
        """Return the error that says all of them (there is at least one)."""
        first = problems[0]
        message: str = " ".join(problem.text for problem in problems)
        if len(problems) == 1:
            message = Sentence(first.message, **first.values)
        error = cls(message, first.code)
        error.problems = tuple(problems)
        return error


class PinNeeded(KeyUnusable):
    """The token is there and nobody is logged in: a person has to type the PIN."""


class PinRefused(KeyUnusable):
    """The token did not take the PIN, which is not tried a second time."""


class PinLocked(PinRefused):
    """The token takes no PIN any more until its provider has unlocked it."""
