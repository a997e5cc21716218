"""Marks the sentences that people read, so that translators are shown them.

The pure core speaks English with named places; the caller translates a message by
its English text and only then fills it (see :class:`~.contract.Problem`). What fills a
place is a text, a :class:`Sentence`, or a figure as what it is: a ``Decimal``
(quantity, rate), :class:`Money`, a ``date`` or an aware ``datetime``. So whoever shows
the sentence can write figures as his reader does. A plain ``int`` is shown as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any

FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE = "\u2068", "\u2069"
_ISOLATED = re.compile(f"{FIRST_STRONG_ISOLATE}[^{POP_DIRECTIONAL_ISOLATE}]*")
_SIGNED = re.compile(r"(?<![\w.,])[-+\u2212]\ufeff?\d[\d.,\u066b\u066c]*")
_PLACE = re.compile(r"%\(\w+\)[sd]|%%")


def _(message: str) -> str:
    """Return the message unchanged; the call alone makes it translatable."""
    return message


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a sentence.

    :ivar currency: ISO 4217
    """

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{plain(self.amount)} {self.currency}"


def plain(value: Any) -> str:
    """Return what fills a place as a person without a language of his own reads it:
    decimals without exponent and idle zeros, moments in UTC."""
    if isinstance(value, Decimal) and value.is_finite():
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        return f"{value.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


def filled(message: str, values: Mapping[str, Any]) -> str:
    """Return an English message with its places filled."""
    if not values:
        return message
    return message % {name: plain(value) for name, value in values.items()}


def isolated(text: str, message: str) -> str:
    """Return what fills a place, set apart from the rest of its sentence where it is
    written in the other direction: an Arabic name in an English sentence would else
    draw the figures beside it to its wrong side, and a code in an Arabic one likewise
    (Unicode Standard Annex 9, section 2.4). A sign is set apart with its number, which
    it would else follow among Arabic words. For what people read alone.

    :param message: the sentence with its places, in the language that is shown
    """
    directions = _directions(_PLACE.sub("", message))
    opposite = "L" if directions.count("R") > directions.count("L") else "R"
    if opposite in _directions(_ISOLATED.sub("", text)):
        return _apart(text)
    if opposite == "L" and not _ISOLATED.search(text):
        return _SIGNED.sub(lambda found: _apart(found[0]), text)
    return text


def _apart(text: str) -> str:
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_DIRECTIONAL_ISOLATE}"


def _directions(text: str) -> str:
    """Return ``L`` or ``R`` for each character that has a direction of its own."""
    kinds = {"L": "L", "R": "R", "AL": "R"}
    return "".join(kinds.get(unicodedata.bidirectional(c), "") for c in text)


class Sentence(str):
    """An English sentence with its places filled, which remembers what it was made of,
    so that whoever shows it can say it in another language.

    :ivar message: the sentence with its places, marked by :func:`_`
    :ivar values: what fills the places
    """

    message: str
    values: Mapping[str, Any]

    def __new__(cls, message: str, **values: Any) -> Sentence:
        sentence = super().__new__(cls, filled(message, values))
        sentence.message = message
        sentence.values = values
        return sentence


def source_of(error: BaseException) -> tuple[str, Mapping[str, Any]]:
    """Return an error's sentence and its values apart, as far as it has them."""
    text = error.args[0] if error.args else ""
    if isinstance(text, Sentence):
        return text.message, text.values
    return str(error), {}
