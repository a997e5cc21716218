"""When to try again, and when to leave an authority in peace."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with jitter; all times in seconds.

    :ivar jitter: the share of the delay that is left to chance, so that what failed
        together does not come back together
    """

    first: float = 15.0
    factor: float = 2.0
    longest: float = 1800.0
    jitter: float = 0.25

    def delay(self, attempt: int, retry_after: float | None = None) -> float:
        """Return the seconds to wait after the given attempt (1 for the first).

        What the authority asks for is a lower bound, never shortened.
        """
        exponent = min(max(attempt - 1, 0), 32)
        base = min(self.first * self.factor**exponent, self.longest)
        delay = base * (1 + self.jitter * (2 * random.random() - 1))
        return max(delay, retry_after or 0.0)


@dataclass(frozen=True, slots=True)
class Breaker:
    """How many failures in a row close the way to an authority, and for how long.

    After ``pause`` one call is let through; if that fails too, the pause doubles up
    to ``longest``.
    """

    threshold: int = 5
    pause: float = 60.0
    longest: float = 900.0

    def pause_after(self, failures: int) -> float | None:
        """Return the seconds to hold back after so many failures in a row, ``None``
        while there is no reason to."""
        if failures < self.threshold:
            return None
        # an outage of weeks counts further than a float's exponent does
        exponent = min(failures - self.threshold, 32)
        return min(self.pause * 2.0**exponent, self.longest)
