"""Everything the platform has taken, in memory, under one lock.

Rows hold text and numbers only, so that a data file can keep them as they are.
Moments are seconds since the epoch, amounts text with two decimals.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from .names import ISSUED, ISSUING, KINDS, OPEN_BILLS, Kind, local


@dataclass(eq=False)
class Invoice:
    """One invoice of an order.

    :ivar seller: its tax number
    :ivar order: the order as it came, without its lines
    :ivar lines: see :func:`.lines.checked`; ``index`` counts from 1, and in a red
        letter ``blue`` is the index of the blue line
    :ivar due: when its next step is taken; None: never
    :ivar red: of a red letter: ``blue`` (number), ``bill_no``, ``bill_id``, ``reason``
    :ivar use: what the buyer did with it: empty, ``deducted`` or ``booked``
    :ivar secret: what makes its files' addresses unguessable
    :ivar told: what was set when it was decided how call-backs go
    """

    serial: str
    order_no: str
    seller: str
    kind_code: str
    order: dict[str, Any]
    lines: list[dict[str, Any]]
    created: float
    base_url: str
    status: str = "20"
    due: float | None = None
    number: str = ""
    code: str = ""
    paper_number: str = ""
    issued: float | None = None
    changed: float = 0.0
    fail_cause: str = ""
    retries: list[float] = field(default_factory=list)
    red: dict[str, Any] = field(default_factory=dict)
    use: str = ""
    callback_url: str = ""
    mailed: str = "0"
    texted: str = "0"
    void: dict[str, Any] = field(default_factory=dict)
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def kind(self) -> Kind:
        """What it is."""
        return KINDS[self.kind_code]

    def total(self, name: str) -> Decimal:
        """The sum of ``excl``, ``tax`` or ``incl`` over the lines."""
        return sum((Decimal(line[name]) for line in self.lines), Decimal("0.00"))


@dataclass(eq=False)
class Bill:
    """A confirmation of a red letter.

    :ivar source: who applied: ``0`` the seller, ``1`` the buyer
    :ivar lines: of the red letter, with negative amounts
    :ivar request: ``requestStatus``, while or after somebody acts
    :ivar then: what the state becomes when ``due`` has come, and whether the
        request failed
    :ivar shown: the state that queries tell
    """

    bill_id: str
    bill_no: str
    uuid: str
    source: str
    blue: str
    seller: str
    buyer: str
    buyer_name: str
    reason: str
    order_no: str
    lines: list[dict[str, Any]]
    created: float
    base_url: str
    callback_url: str = ""
    extension: str = ""
    state: str = "15"
    shown: str = "15"
    message: str = ""
    request: str = ""
    due: float | None = None
    then: str = ""
    deadline: float | None = None
    red_serial: str = ""
    renamed: bool = False
    notify: dict[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """It can still lead to a red letter, or has led to one under way."""
        return self.state in OPEN_BILLS


class Store:
    """Orders, invoices and confirmations. Callers hold :attr:`lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changes = 0  # grows with every change, for whoever keeps a copy
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.changes += 1
        self.invoices: dict[str, Invoice] = {}
        self.by_order: dict[tuple[str, str], list[Invoice]] = {}
        self.by_number: dict[str, Invoice] = {}
        self._reds: dict[str, list[Invoice]] = {}
        self._bills_of: dict[str, list[Bill]] = {}
        self.bills: dict[str, Bill] = {}
        # serial numbers and ids of what has a next step
        self.pending: set[str] = set()
        self.pending_bills: set[str] = set()
        # (seller, orderNo) -> how often it was handed over
        self.handed_over: Counter[tuple[str, str]] = Counter()
        self.warnings: dict[tuple[str, str], list[str]] = {}
        self.refusals: list[dict[str, Any]] = []
        self.credit_used: dict[tuple[str, str], Decimal] = {}
        self._count = 0

    def next(self) -> int:
        """A number that was not given before."""
        self._count += 1
        return self._count

    def serial(self, now: float) -> str:
        """A fresh serial number: 20 digits."""
        return f"{local(now):%y%m%d%H%M%S}{self.next():08}"

    def add(self, invoice: Invoice) -> None:
        """Take an invoice."""
        self.changes += 1
        self.invoices[invoice.serial] = invoice
        key = (invoice.seller, invoice.order_no)
        self.by_order.setdefault(key, []).append(invoice)
        if invoice.number:
            self.by_number[invoice.number] = invoice
        if invoice.red:
            self._reds.setdefault(invoice.red["blue"], []).append(invoice)
        if invoice.due is not None:
            self.pending.add(invoice.serial)

    def rename(self, invoice: Invoice, order_no: str) -> None:
        """Give an invoice another order number."""
        self.changes += 1
        self.by_order[invoice.seller, invoice.order_no].remove(invoice)
        invoice.order_no = order_no
        self.by_order.setdefault((invoice.seller, order_no), []).append(invoice)

    def plan(self, row: Invoice | Bill, due: float | None) -> None:
        """Set when a row's next step is taken."""
        self.changes += 1
        row.due = due
        if isinstance(row, Invoice):
            pending, key = self.pending, row.serial
        else:
            pending, key = self.pending_bills, row.bill_id
            due = row.deadline if due is None else due
        if due is None:
            pending.discard(key)
        else:
            pending.add(key)

    def add_bill(self, bill: Bill) -> None:
        """Take a confirmation."""
        self.changes += 1
        self.bills[bill.bill_id] = bill
        self._bills_of.setdefault(bill.blue, []).append(bill)
        if bill.due is not None or bill.deadline is not None:
            self.pending_bills.add(bill.bill_id)

    def use_credit(self, seller: str, month: str, amount: Decimal) -> None:
        """Take from (or with a negative amount, give back to) a month's credit."""
        key = (seller, month)
        self.credit_used[key] = self.credit_used.get(key, Decimal("0.00")) + amount

    def reds_of(self, number: str) -> list[Invoice]:
        """Red letters of a blue invoice, issued or under way."""
        rows = self._reds.get(number, [])
        return [row for row in rows if row.status in (*ISSUED, ISSUING)]

    def bills_of(self, number: str) -> list[Bill]:
        """Confirmations for a blue invoice that are open."""
        return [bill for bill in self._bills_of.get(number, []) if bill.is_open]

    def restore(self, count: int) -> None:
        """Go on counting after a data file was read."""
        self._count = count

    @property
    def count(self) -> int:
        """How many numbers were given."""
        return self._count


def paged(rows: list[Any], size: int, page: int) -> list[Any]:
    """One page; ``page`` counts from 1."""
    return list(itertools.islice(rows, size * (page - 1), size * page))
