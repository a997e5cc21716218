"""Collects what is wrong with a receipt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ...contract import Problem, Receipt, Record
from ...messages import Money
from ..facts import Facts
from ..settings import Settings

CLOCK_SLACK = timedelta(seconds=60)
"""Two hosts' clocks may differ by that much."""


@dataclass(slots=True)
class Findings:
    """The problems found so far, and what the checks need to know.

    :ivar now: the present moment in UTC
    :ivar seller_id: the taxpayer that the connection speaks for, "" if any
    """

    receipt: Receipt
    settings: Settings
    facts: Facts
    now: datetime
    seller_id: str = ""
    problems: list[Problem] = field(default_factory=list)

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


def euros(amount: Decimal) -> Money:
    """Return an amount for a sentence."""
    return Money(amount, "EUR")
