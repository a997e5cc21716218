"""PINs: which may be tried, and what is said of those that were not taken."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from ..messages import Sentence, _
from .errors import PinLocked, PinRefused
from .pkcs11_module import Token

WRONG_PIN = ("PinIncorrect", "PinInvalid", "PinLenRange", "PinExpired", "PinTooWeak")
"""PKCS#11's errors that mean it."""


class PinGate:
    """Remembers which PINs a token was given and did not take.

    One per process is enough where one process signs. Where several do, a gate that
    keeps the same in a database makes the rule hold for all of them: ``admit`` has to
    be durable before it returns.
    """

    def __init__(self) -> None:
        self._salt = os.urandom(32)
        self._spent: dict[str, set[bytes]] = {}

    def _mark(self, pin: str) -> bytes:
        return hmac.digest(self._salt, pin.encode(), sha256)

    def admit(self, token: str, pin: str) -> bool:
        """Note that the PIN is about to be tried; return whether it may be: it may not
        if it was tried before and never taken."""
        spent = self._spent.setdefault(token, set())
        mark = self._mark(pin)
        if mark in spent:
            return False
        spent.add(mark)
        return True

    def accept(self, token: str) -> None:
        """The token took a PIN: it counts wrong ones from the start again."""
        self._spent.pop(token, None)

    def release(self, token: str, pin: str) -> None:
        """The PIN did not get as far as the token."""
        self._spent.get(token, set()).discard(self._mark(pin))


GATE = PinGate()
"""The process's own."""


def may_try(token: Token, last_try: bool) -> None:
    """Refuse a log-in that the token itself warns of.

    :param last_try: the person was told that one wrong PIN more locks the token
    :raise PinLocked: it takes no PIN any more
    :raise PinRefused: one wrong PIN more would lock it
    """
    if token.locked:
        raise locked(token)
    if token.last_try and not last_try:
        raise PinRefused(
            Sentence(
                _(
                    "One wrong PIN more locks the token %(token)s, so the PIN was not"
                    " tried. Make sure that it is right, and confirm that it shall be"
                    " tried."
                ),
                token=token.name,
            ),
            "pin_last_try",
        )


def tried_before(token: Token) -> PinRefused:
    """Return the error for a PIN that the gate does not admit."""
    return PinRefused(
        Sentence(
            _(
                "The token %(token)s refused this PIN before, so it was not tried"
                " again: after a few wrong ones the token locks itself. Type the right"
                " one."
            ),
            token=token.name,
        ),
        "pin_tried",
    )


def wrong(token: Token, kind: str) -> PinRefused:
    """Return the error for a PIN that the token did not take."""
    if kind == "PinExpired":
        return PinRefused(
            Sentence(
                _(
                    "The PIN of the token %(token)s has to be changed first. Do that"
                    " with the program of its vendor."
                ),
                token=token.name,
            ),
            "pin_expired",
        )
    return PinRefused(
        Sentence(
            _(
                "The token %(token)s refused the PIN. It was tried once and is not"
                " tried again: after a few wrong ones the token locks itself. Type the"
                " right one."
            ),
            token=token.name,
        ),
        "pin_wrong",
    )


def locked(token: Token) -> PinLocked:
    """Return the error for a token that takes no PIN any more."""
    return PinLocked(
        Sentence(
            _(
                "The token %(token)s is locked after too many wrong PINs. Let its"
                " provider unlock it."
            ),
            token=token.name,
        ),
        "pin_locked",
    )
