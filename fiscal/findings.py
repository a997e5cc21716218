"""Collects what is wrong with a receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .contract import Problem, Receipt, Record

CLOCK_SLACK = timedelta(seconds=60)
"""Two hosts' clocks may differ by that much."""


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
        self.problems.append(
            Problem(code, message, path, record or self.receipt.record, values)
        )
