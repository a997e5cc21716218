"""Marks the sentences that people read, so that translators are shown them.

The pure core speaks English with named places; the caller translates a message by
its English text and only then fills it (see :class:`~.contract.Problem`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _(message: str) -> str:
    """Return the message unchanged; the call alone makes it translatable."""
    return message


class Sentence(str):
    """An English sentence with its places filled, which remembers what it was made of,
    so that whoever shows it can say it in another language.

    :ivar message: the sentence with its places, marked by :func:`_`
    :ivar values: what fills the places
    """

    message: str
    values: Mapping[str, Any]

    def __new__(cls, message: str, **values: Any) -> Sentence:
        filled = super().__new__(cls, message % values if values else message)
        filled.message = message
        filled.values = values
        return filled


def source_of(error: BaseException) -> tuple[str, Mapping[str, Any]]:
    """Return an error's sentence and its values apart, as far as it has them."""
    text = error.args[0] if error.args else ""
    if isinstance(text, Sentence):
        return text.message, text.values
    return str(error), {}
