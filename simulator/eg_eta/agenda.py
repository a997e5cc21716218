"""What is to be decided, and when."""

import heapq
import itertools
from collections.abc import Iterator
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class Agenda(Generic[_Item]):
    """Items by the time that they are due, in monotonic seconds."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, int, _Item]] = []
        self._count = itertools.count()

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()

    def add(self, due: float, item: _Item) -> None:
        """Put ``item`` on the agenda; those of one time keep their order."""
        heapq.heappush(self._rows, (due, next(self._count), item))

    def ripe(self, now: float) -> Iterator[tuple[float, _Item]]:
        """Take off what is due at ``now``, with its time, in order of time."""
        while self._rows and self._rows[0][0] <= now:
            due, _count, item = heapq.heappop(self._rows)
            yield due, item
