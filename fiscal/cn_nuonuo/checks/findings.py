"""Collects what is wrong with a receipt."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from ...contract import Problem, Receipt, Record
from ...findings import Collector
from ...messages import Money
from ..fapiao import Fapiao
from ..settings import Settings


@dataclass(slots=True)
class Findings(Collector):
    """The problems found so far, and what the checks need to know.

    :ivar now: the present moment in UTC
    :ivar seller_id: the taxpayer that the connection speaks for, "" if any
    :ivar fapiao: ``None`` when the receipt's amounts cannot be used
    :ivar sources: what to open for each line of the fapiao
    """

    receipt: Receipt
    settings: Settings
    now: datetime
    seller_id: str = ""
    problems: list[Problem] = field(default_factory=list)
    fapiao: Fapiao | None = None
    sources: list[Record | None] = field(default_factory=list)


def yuan(amount: Decimal) -> Money:
    """Return an amount for a sentence."""
    return Money(amount, "CNY")
