"""The real simulator over real HTTP, and receipts on their way to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import count
from typing import Any

from eta_samples import DEVICE, RIN, sale

from fiscal.contract import Connection, Document, Exchange, Outcome, Receipt
from fiscal.eg_eta import EgReceipt
from simulator.client import ControlClient
from simulator.eg_eta import App
from simulator.server import running

_identities = count()


class Rig:
    """An authority's client, the simulator that it calls, and the device's chain.

    :ivar control: orders to the simulator
    :ivar exchanges: what the client recorded
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.control = ControlClient(url)
        self.exchanges: list[Exchange] = []
        self.last = ""
        self._keys = count(1)
        self.identity = f"rig-{next(_identities)}"
        self.eta = self.authority()

    def connection(self, **changes: Any) -> Connection:
        values: dict[str, Any] = {
            "environment": "test",
            "endpoints": {"identity": self.url, "api": self.url, "portal": self.url},
            "credentials": {
                "client_id": "sim-pos-0001",
                "client_secret": "sim-secret-0001-a",
            },
            "settings": {"read_pause": 0},
            "device": DEVICE,
            "seller_id": RIN,
            "identity": self.identity,
            "call_timeout": 10.0,
            "recorder": self.exchanges.append,
        }
        return Connection(**{**values, **changes})

    def authority(self, **changes: Any) -> EgReceipt:
        return EgReceipt(self.connection(**changes))

    def issue(self, receipt: Receipt | None = None, **changes: Any) -> Document:
        """Build a receipt now, at the end of the device's chain."""
        now = datetime.now(timezone.utc).replace(microsecond=0)
        key = next(self._keys)
        receipt = replace(
            receipt or sale(number=f"S-{key}"),
            **{"issued_at": now, "previous_uid": self.last, **changes},
        )
        built = self.eta.build(receipt)
        self.last = built.uid
        return Document(key, built.uid, receipt.number, built.content, now)

    def submit(self, *documents: Document) -> list[Outcome]:
        return self.eta.submit(self.eta.envelope(documents))

    def accepted(self, *documents: Document) -> list[Document]:
        """Submit documents and return them with their submission's id."""
        outcomes = {outcome.key: outcome for outcome in self.submit(*documents)}
        return [
            replace(d, authority_ids=outcomes[d.key].authority_ids) for d in documents
        ]

    def statuses(self, documents: Sequence[Document]) -> list[str]:
        return [outcome.status.value for outcome in self.eta.query(documents)]

    def calls(self, purpose: str) -> int:
        return sum(exchange.purpose == purpose for exchange in self.exchanges)


@contextlib.contextmanager
def rig(**settings: Any) -> Iterator[Rig]:
    """Run a simulator with the given settings."""
    with running(App()) as url:
        made = Rig(url)
        made.control.settings(**settings)
        yield made
