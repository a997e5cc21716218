"""The simulator's clock: the machine's, moved by an offset that tests set."""

import time
from datetime import datetime, timedelta, timezone


class Clock:
    """UTC time that can be moved; :attr:`offset` is in seconds."""

    def __init__(self) -> None:
        self.offset = 0.0

    def time(self) -> float:
        """Seconds since the epoch, offset included."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """Aware UTC datetime, offset included."""
        return datetime.now(timezone.utc) + timedelta(seconds=self.offset)


def to_text(moment: datetime) -> str:
    """``2026-01-10T08:00:00.1234567Z``, as .NET services print it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
