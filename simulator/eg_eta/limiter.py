"""Rate limits per client and endpoint (setting ``rate_limits``)."""

import time
from collections import deque

from .settings import Settings


class Limiter:
    """A sliding window per client and endpoint, in real seconds."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._calls: dict[tuple[str, str], deque[float]] = {}

    def clear(self) -> None:
        """Forget past calls."""
        self._calls.clear()

    def take(self, endpoint: str, client: str) -> tuple[float | None, dict[str, str]]:
        """Count a call.

        Returns the seconds to wait when it is one too many, else None, and the
        ``X-Rate-Limit-*`` headers, empty where no limit applies.
        """
        limit = self.settings.rate_limits.get(endpoint)
        if not limit:
            return None, {}
        most, period = int(limit["requests"]), float(limit["seconds"])
        now = time.monotonic()
        calls = self._calls.setdefault((endpoint, client), deque())
        while calls and calls[0] <= now - period:
            calls.popleft()
        wait = None
        if len(calls) >= most:
            wait = calls[0] + period - now
        else:
            calls.append(now)
        headers = {
            "X-Rate-Limit-Limit": str(most),
            "X-Rate-Limit-Remaining": str(most - len(calls)),
            "X-Rate-Limit-Reset": str(int(period)),
        }
        return wait, headers
