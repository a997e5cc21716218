"""What was asked of a simulator: a log of calls without their secrets."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Traffic:
    """Counts and the last calls; safe for threads."""

    def __init__(self, kept: int = 20_000) -> None:
        self._lock = threading.Lock()
        self._kept = kept
        self.clear()

    def clear(self) -> None:
        """Forget; calls under way still count as such."""
        with self._lock:
            self._rows: deque[dict[str, Any]] = deque(maxlen=self._kept)
            self._counts: Counter[tuple[str, int]] = Counter()
            self._most: Counter[str] = Counter()
            if not hasattr(self, "_now"):
                self._now: Counter[str] = Counter()

    @contextmanager
    def under_way(self, endpoint: str) -> Iterator[None]:
        """Count a call as running, for the highest number at once."""
        with self._lock:
            self._now.update((endpoint, "any"))
            for name in (endpoint, "any"):
                self._most[name] = max(self._most[name], self._now[name])
        try:
            yield
        finally:
            with self._lock:
                self._now.subtract((endpoint, "any"))

    def add(self, row: dict[str, Any]) -> None:
        """Log a finished call; ``status`` 0: no answer was given."""
        with self._lock:
            self._rows.append(row)
            self._counts[str(row["endpoint"]), int(row["status"])] += 1

    def summary(self) -> dict[str, Any]:
        """Counts per endpoint, per status, and the most calls at once."""
        with self._lock:
            counts: Counter[str] = Counter()
            statuses: dict[str, dict[str, int]] = {}
            for (endpoint, status), number in self._counts.items():
                counts[endpoint] += number
                statuses.setdefault(endpoint, {})[str(status)] = number
            return {
                "counts": dict(counts),
                "statuses": statuses,
                "most_at_once": dict(self._most),
            }

    def rows(self, last: int) -> list[dict[str, Any]]:
        """The last calls, oldest first."""
        with self._lock:
            return list(self._rows)[-last:]
