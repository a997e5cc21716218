"""Marks the sentences that people read, so that translators are shown them.

The pure core speaks English with named places; the caller translates a message by
its English text and only then fills it (see :class:`~.contract.Problem`). What fills a
place is a text, a :class:`Sentence`, or a figure as what it is: a ``Decimal``
(quantity, rate), :class:`Money`, a ``date`` or an aware ``datetime``. So whoever shows
the sentence can write figures as his reader does. A plain ``int`` is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from typing import Any


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
