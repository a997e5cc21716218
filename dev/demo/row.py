"""A row of the table that a demonstration ends with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One document.

    :param number: the authority's if it has one of its own, else the books'
    :param uid: the authority's identifier
    :param seconds: from posting to the authority's decision
    """

    number: str
    uid: str
    state: str
    seconds: float
