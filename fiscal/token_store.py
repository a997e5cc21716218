"""Keeps access tokens whose number an authority limits. Part of the border
(:mod:`.contract`).
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class KeptToken:
    """An access token with what is left to ask for others.

    :ivar expires_at: ``None`` while there is no token
    :ivar refresh: what the next one is asked for with, where that is needed
    :ivar asked_at: when tokens were asked for, granted or not, the oldest first; what
        lies before the authority's counting period may be forgotten
    """

    value: str = field(default="", repr=False)
    expires_at: datetime | None = None
    refresh: str = field(default="", repr=False)
    asked_at: tuple[datetime, ...] = ()


class TokenSlot(Protocol):
    """The place of one token, held by one caller at a time."""

    def kept(self) -> KeptToken:
        """Return what is kept, an empty one at first."""

    def keep(self, token: KeptToken) -> None:
        """Keep a token for good before returning: what was asked for counts even if
        this process ends in the next moment."""


class TokenStore(Protocol):
    """Keeps tokens whose number is limited, across threads, processes and restarts."""

    def holding(self, key: str) -> AbstractContextManager[TokenSlot]:
        """Hold a token's place, and wait while another holds it.

        :param key: whose it is; contains no secret
        """
