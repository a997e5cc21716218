"""Access tokens, fetched once per credential and process, and never stored."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ..token_store import KeptToken

_REFRESH_SHARE = 0.8
_REFRESH_AHEAD = 300.0
_LONGEST_LIFE = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Token:
    """An access token as it was given; ``expires_in`` in seconds from when it was
    asked for. ``repr`` does not show it."""

    value: str = field(repr=False)
    expires_in: float


@dataclass(slots=True)
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: str = ""
    refresh_at: float = 0.0
    attempts: int = 0
    failure: Exception | None = None


class TokenCache:
    """Tokens by key, in memory only. Thread-safe; one thread fetches per key, the
    others wait for it and share what came of it, a refusal too: a wrong secret tried
    by many threads at once would lock the account.

    A token is used for 80 % of its life, or until five minutes before its end if that
    is later.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[Hashable, _Entry] = {}

    def get(self, key: Hashable, fetch: Callable[[], Token]) -> str:
        """Return the key's token, fetched if there is none or it is about to end.

        :raise Exception: whatever ``fetch`` raises
        """
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            seen = entry.attempts
        with entry.lock:
            if entry.value and self._clock() < entry.refresh_at:
                return entry.value
            if entry.attempts != seen and entry.failure is not None:
                raise entry.failure.with_traceback(None)
            started = self._clock()
            try:
                token = fetch()
            except Exception as exc:
                entry.attempts += 1
                entry.failure = exc
                entry.value = ""
                raise
            entry.attempts += 1
            entry.failure = None
            entry.value = token.value
            entry.refresh_at = started + self._usable(token.expires_in)
            return token.value

    @staticmethod
    def _usable(expires_in: float) -> float:
        life = min(max(expires_in, 0.0), _LONGEST_LIFE)
        return max(life * _REFRESH_SHARE, life - _REFRESH_AHEAD)

    def invalidate(self, key: Hashable, token: str | None = None) -> None:
        """Forget a token that was refused, unless another one has taken its place;
        without ``token``, whatever token the key has."""
        with self._lock:
            entry = self._entries.get(key)
        if entry is not None:
            with entry.lock:
                if token is None or entry.value == token:
                    entry.value = ""

    def clear(self) -> None:
        """Forget everything. Safe in a child process, where a lock may be held by a
        thread that does not exist there."""
        self._lock = threading.Lock()
        self._entries = {}


@dataclass(slots=True)
class _Place:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: KeptToken = KeptToken()

    def kept(self) -> KeptToken:
        return self.token

    def keep(self, token: KeptToken) -> None:
        self.token = token


class MemoryTokenStore:
    """Keeps tokens in this process (:class:`..token_store.TokenStore`): the authority's
    count of them starts anew with each process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, _Place] = {}

    @contextmanager
    def holding(self, key: str) -> Iterator[_Place]:
        """Hold a token's place, and wait while another thread holds it."""
        with self._lock:
            place = self._places.setdefault(key, _Place())
        with place.lock:
            yield place

    def clear(self) -> None:
        """Forget everything. Safe in a child process, see :class:`TokenCache`."""
        self._lock = threading.Lock()
        self._places = {}

    def release(self) -> None:
        """Keep everything, with new locks: for a child process."""
        self._lock = threading.Lock()
        self._places = {
            key: _Place(token=place.token) for key, place in self._places.items()
        }


TOKENS = TokenCache()
"""The process's tokens."""

KEPT_TOKENS = MemoryTokenStore()
"""The process's tokens whose number an authority limits, where nothing else is given to
keep them."""

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=TOKENS.clear)
    os.register_at_fork(after_in_child=KEPT_TOKENS.release)
