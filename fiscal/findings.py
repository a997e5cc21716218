"""Collects what is wrong with a receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .contract import Problem, Receipt, Record

CLOCK_SLACK = timedelta(seconds=60)
"""Two hosts' clocks may differ by that much."""


NAMELESS = "?"
"""Stands in a sentence for what has no name."""


class Collector:
    """Notes the problems of a receipt; the checks of each authority know more of it.

    :ivar problems: those found so far
    """

    __slots__ = ()

    receipt: Receipt
    problems: list[Problem]

    def add(
        self,
        code: str,
        message: str,
        path: str,
        record: Record | None,
        /,
        **values: Any,
    ) -> None:
        """Note a problem; ``record`` falls back to the receipt's own."""
        values = {
            # an empty text would be an empty pair of quotes, or a gap
            name: NAMELESS if isinstance(value, str) and not value.strip() else value
            for name, value in values.items()
        }
        self.problems.append(
            Problem(code, message, path, record or self.receipt.record, values)
        )


def whether(value: str, wrong: str, missing: str) -> str:
    """Return the sentence about a value that cannot be used: one shows the value, the
    other says that there is none."""
    return wrong if value.strip() else missing
