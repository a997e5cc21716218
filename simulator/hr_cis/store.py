"""Everything the simulator has taken, in memory, under one lock."""

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .receipt import Receipt

Key = tuple[str, str, int, str, str, str]


@dataclass(eq=False)
class Registered:
    """A receipt that CIS has registered.

    :ivar jirs: every JIR given to it, the first one first
    :ivar deliveries: each time it was handed over: ``time``, ``sent``, ``idPoruke``,
        ``id_reused``, ``late``, ``jir``
    :ivar payment: the payment means as changed, like ``buyer``
    :ivar tips: each tip that was sent; the last counts
    :ivar zki_hash: by which hash its ZKI comes out (``sha256``, ``sha1``, ``none``),
        None where the taxpayer's key is not known
    :ivar conflict: another receipt has the same number
    """

    environment: str
    receipt: Receipt
    jirs: list[str] = field(default_factory=list)
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    payment: str = ""
    buyer: str = ""
    changes: list[dict[str, str]] = field(default_factory=list)
    tips: list[dict[str, str]] = field(default_factory=list)
    zki_hash: str | None = None
    conflict: bool = False

    @property
    def key(self) -> Key:
        """What no two receipts may have in common."""
        return key_of(self.environment, self.receipt)

    def is_same(self, receipt: Receipt) -> bool:
        """Whether this is the receipt, handed over again: late or not."""
        return _without(self.receipt, "NakDost") == _without(receipt, "NakDost")

    def is_repeated_by(self, receipt: Receipt, basis: str) -> bool:
        """Whether the values before a change or tip are those that were registered.

        :param basis: which payment means and recipient are taken for that, as
            :attr:`.settings.Settings.change_basis`
        """
        plain = ("NakDost", "NacinPlac", "OibPrimateljaRacuna")
        if _without(self.receipt, *plain) != _without(receipt, *plain):
            return False
        if receipt.late not in {row["late"] for row in self.deliveries}:
            return False
        original = (self.receipt.payment, self.receipt.buyer)
        bases = {
            "original": [original],
            "current": [(self.payment, self.buyer)],
            "either": [original, (self.payment, self.buyer)],
        }
        return (receipt.payment, receipt.buyer) in bases[basis]


class Store:
    """Receipts and hours. Callers hold :attr:`lock`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.changes = 0  # grows with every change, for whoever keeps a copy
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.changes += 1
        self.order: list[Registered] = []
        self._by_key: dict[Key, list[Registered]] = {}
        self.refusals: list[dict[str, Any]] = []
        self.message_ids: set[str] = set()
        # (environment, OIB, premises) -> kind -> date (ISO) -> the element as text
        self.hours: dict[tuple[str, str, str], dict[str, dict[str, str]]] = {}

    def versions(self, environment: str, receipt: Receipt) -> list[Registered]:
        """What was registered under a receipt's number."""
        return self._by_key.get(key_of(environment, receipt), [])

    def add(self, registered: Registered) -> None:
        """Take a receipt."""
        self.changes += 1
        others = self._by_key.setdefault(registered.key, [])
        if others:
            for row in (*others, registered):
                row.conflict = True
        others.append(registered)
        self.order.append(registered)

    def deliver(
        self,
        registered: Registered,
        now: datetime,
        sent: datetime,
        message_id: str,
        late: bool,
        new_jir: bool,
    ) -> str:
        """Note that a receipt was handed over; the JIR it gets."""
        self.changes += 1
        if new_jir or not registered.jirs:
            registered.jirs.append(str(uuid.uuid4()))
            jir = registered.jirs[-1]
        else:
            jir = registered.jirs[0]
        registered.deliveries.append(
            {
                "time": now.isoformat(),
                "sent": sent.isoformat(),
                "idPoruke": message_id,
                "id_reused": message_id in self.message_ids,
                "late": late,
                "jir": jir,
            }
        )
        return jir


def key_of(environment: str, receipt: Receipt) -> Key:
    """A receipt's number, without the device where premises number together."""
    device = receipt.device if receipt.sequence == "N" else ""
    return (
        environment,
        receipt.oib,
        receipt.issued.year,
        receipt.premises,
        device,
        receipt.number.lstrip("0"),
    )


def _without(receipt: Receipt, *names: str) -> list[Any]:
    return [pair for pair in receipt.content if pair[0] not in names]
