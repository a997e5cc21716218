"""Everything the simulator has taken, in memory, under one lock.

Verdicts are reached lazily: each call to :meth:`Store.settle` decides the
submissions whose time has come, in the order of that time.
"""

import base64
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from .agenda import Agenda
from .findings import Finding

IN_PROGRESS, VALID, INVALID = "InProgress", "Valid", "Invalid"
CANCELLED = "Cancelled"
NEVER = float("inf")


def make_id() -> str:
    """26 characters, the form of ETA's submission ids."""
    return base64.b32hexencode(secrets.token_bytes(16)).decode().rstrip("=")


@dataclass(slots=True, eq=False)
class Receipt:
    """One receipt that was taken. ``raw`` is its text as it was sent."""

    uuid: str
    hash: str  # what the UUID should be, from the bytes of the request
    raw: bytes
    submission: "Submission"
    rin: str
    serial: str
    number: str
    kind: str
    issued: str
    previous: str
    old: str  # referenceOldUUID
    reference: str
    buyer_type: str
    buyer_id: str
    buyer_name: str
    currency: str
    total: Decimal
    payment: str
    received: datetime
    long_id: str = field(default_factory=make_id)
    status: str = IN_PROGRESS
    findings: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    accepted: int = 1  # how many times a submission with it was accepted
    decided: float = NEVER  # monotonic
    reason: str = ""
    head_before: str | None = None  # received just before it on the device
    forced: Finding | None = None  # verdict ordered by a fault rule

    @property
    def document(self) -> dict:
        """The parsed receipt."""
        return json.loads(self.raw, parse_float=Decimal, parse_int=Decimal)

    @property
    def final(self) -> bool:
        """Valid, or was valid until the portal cancelled it."""
        return self.status in (VALID, CANCELLED)


@dataclass(slots=True, eq=False)
class Submission:
    """One accepted submission."""

    id: str
    rin: str
    serial: str
    channel: str
    submitter: str
    received: datetime
    accepted_at: float  # monotonic
    due: float  # monotonic; NEVER for one that is stuck
    receipts: list[Receipt] = field(default_factory=list)
    status: str = IN_PROGRESS
    error: Finding | None = None  # the submission failed as a whole

    @property
    def invalid_count(self) -> int:
        """Receipts that were refused."""
        return sum(receipt.status == INVALID for receipt in self.receipts)


class Store:
    """Receipts, submissions and their indexes. Callers hold :attr:`lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        # decides one receipt: returns its findings, fills its warnings
        self.judge: Callable[[Receipt], list[Finding]] = lambda receipt: []
        # called with each receipt after its verdict
        self.decided: Callable[[Receipt], None] = lambda receipt: None
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.receipts: dict[str, Receipt] = {}
        self.order: list[Receipt] = []
        self.submissions: dict[str, Submission] = {}
        self.claims: dict[tuple[str, str], list[Receipt]] = {}
        self.returns: dict[str, list[Receipt]] = {}
        self.heads: dict[str, Receipt] = {}
        # receipts refused at once, and their acceptance counts by UUID
        self.rejections: list[dict[str, Any]] = []
        self._due: Agenda[Submission] = Agenda()
        self.changes = 0  # grows with every change, for whoever keeps a copy

    def add(self, submission: Submission, *, restored: bool = False) -> None:
        """Take a submission with its receipts.

        :param restored: it comes from a file and keeps its counts
        """
        self.changes += 1
        self.submissions[submission.id] = submission
        for receipt in submission.receipts:
            self._add_receipt(receipt, restored)
        if submission.status == IN_PROGRESS and submission.due != NEVER:
            self._due.add(submission.due, submission)

    def _add_receipt(self, receipt: Receipt, restored: bool) -> None:
        earlier = self.receipts.get(receipt.uuid)
        if earlier:
            self._forget(earlier)
        if earlier and not restored:
            receipt.accepted = earlier.accepted + 1
            receipt.head_before = earlier.head_before
        elif not restored:
            head = self.heads.get(receipt.serial)
            receipt.head_before = head.uuid if head else ""
        if not receipt.old and not earlier:
            self.heads[receipt.serial] = receipt
        self.receipts[receipt.uuid] = receipt
        self.order.append(receipt)
        key = (receipt.serial, receipt.previous)
        self.claims.setdefault(key, []).append(receipt)
        if receipt.reference:
            self.returns.setdefault(receipt.reference, []).append(receipt)

    def _forget(self, receipt: Receipt) -> None:
        self.order.remove(receipt)
        self.claims[receipt.serial, receipt.previous].remove(receipt)
        if receipt.reference:
            self.returns[receipt.reference].remove(receipt)

    def settle(self) -> None:
        """Reach the verdicts that are due."""
        for due, submission in self._due.ripe(time.monotonic()):
            self._decide(submission, due)

    def settle_all(self) -> None:
        """Reach every verdict that is pending, except stuck ones."""
        for _due, submission in self._due.ripe(NEVER):
            self._decide(submission, time.monotonic())

    def _decide(self, submission: Submission, due: float) -> None:
        self.changes += 1
        for receipt in submission.receipts:
            if submission.error:
                receipt.findings = [submission.error]
            elif receipt.forced:
                receipt.findings = [receipt.forced]
            else:
                receipt.findings = self.judge(receipt)
            receipt.status = INVALID if receipt.findings else VALID
            receipt.decided = due
            self.decided(receipt)
        refused = submission.error or submission.invalid_count
        submission.status = INVALID if refused else VALID

    def newest(self) -> Iterator[Receipt]:
        """Receipts, the latest taken first."""
        return reversed(self.order)

    def claimants(self, receipt: Receipt) -> list[Receipt]:
        """Other receipts of the device with the same predecessor."""
        rows = self.claims.get((receipt.serial, receipt.previous), ())
        return [row for row in rows if row.uuid != receipt.uuid]
