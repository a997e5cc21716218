"""What the checks of an authority find in a receipt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from .contract import Connection, Problem, Receipt
from .findings import Collector


class Examined:
    """Part of an authority whose checks need the receipt, its settings, the time and
    whom the connection speaks for.

    :cvar examine: looks for everything that would be refused; a static method
    """

    examine: ClassVar[Callable[..., Collector]]

    if TYPE_CHECKING:
        _connection: Connection
        _settings: Any

        def _now(self) -> datetime: ...

    def check(self, receipt: Receipt) -> list[Problem]:
        """Return everything that the authority would refuse, all at once."""
        return self._examined(receipt).problems

    def _examined(self, receipt: Receipt) -> Any:
        return self.examine(
            receipt, self._settings, self._now(), self._connection.seller_id
        )

    def _passed(self, receipt: Receipt) -> Any:
        """Return what the checks made of a receipt that passes them.

        :raise ValueError: the receipt would not pass :meth:`check`
        """
        found = self._examined(receipt)
        refuse(found.problems)
        return found


def refuse(problems: list[Problem]) -> None:
    """Refuse to build what has problems.

    :raise ValueError: there are some; it says all of them
    """
    if problems:
        raise ValueError(" ".join(problem.text for problem in problems))
