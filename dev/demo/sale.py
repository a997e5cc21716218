"""What a demonstration's shop sells and what comes back, told by names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    """A line of a sale.

    :param product: its name in the shop; "" for a line of text and amount
    :param taxes: their names in the shop
    :param price: None is the product's own
    """

    product: str
    quantity: float = 1
    taxes: tuple[str, ...] = ("vat",)
    price: float | None = None
    discount: float = 0
    text: str = ""


@dataclass(frozen=True)
class Sale:
    """An invoice or a sales receipt.

    :param reference: names it among all others, and is printed
    :param till: where it is issued
    :param kind: Odoo's type of entry
    :param currency: "" is the company's
    :param delivered: says when it was delivered: today
    :param values: further values of the entry
    """

    reference: str
    till: str
    customer: str
    lines: tuple[Line, ...]
    kind: str = "out_invoice"
    currency: str = ""
    delivered: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Return:
    """A credit note.

    :param of: the sale's reference
    :param quantity: how many of its first line; None is everything
    """

    of: str
    reason: str
    quantity: float | None = None
