"""The real simulator over real HTTP, and invoices on their way to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timezone
from itertools import count
from typing import Any

from eta_samples import DEVICE, RIN
from invoice_samples import company_key, document_of, invoice
from signing_kit import issuing, root

from fiscal.contract import Connection, Document, Exchange, Outcome, Receipt
from fiscal.eg_eta import EgInvoice
from simulator.client import ControlClient
from simulator.eg_eta import App
from simulator.server import running

_identities = count()
BUYER = "313717919"


class Office:
    """A taxpayer's system, and the simulator that it calls.

    :ivar control: orders to the simulator
    :ivar exchanges: what the client recorded
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.control = ControlClient(url)
        self.control.register(
            trusted_cas=[{"pem": root().pem.decode()}, {"pem": issuing().pem.decode()}],
            taxpayers=[{"rin": BUYER, "name": "Buyer"}],
            erp_clients=[
                {"client_id": "buyer", "secret": "buyer-secret", "rin": BUYER}
            ],
        )
        self.exchanges: list[Exchange] = []
        self._keys = count(1)
        self.identity = f"office-{next(_identities)}"
        self.eta = self.authority()

    def connection(self, **changes: Any) -> Connection:
        settings = {"read_pause": 0, "search_pause": 0, **changes.pop("settings", {})}
        values: dict[str, Any] = {
            "environment": "test",
            "endpoints": {"identity": self.url, "api": self.url, "portal": self.url},
            "credentials": {"client_id": "sim-erp", "client_secret": "sim-erp-secret"},
            "settings": settings,
            "device": DEVICE,
            "seller_id": RIN,
            "identity": self.identity,
            "call_timeout": 20.0,
            "recorder": self.exchanges.append,
        }
        return Connection(**{**values, **changes})

    def authority(self, **changes: Any) -> EgInvoice:
        return EgInvoice(self.connection(**changes))

    def buyer(self) -> EgInvoice:
        """The system of the taxpayer who buys."""
        return self.authority(
            credentials={"client_id": "buyer", "client_secret": "buyer-secret"},
            seller_id=BUYER,
            identity=f"{self.identity}-buyer",
        )

    def issue(self, receipt: Receipt | None = None, **changes: Any) -> Document:
        """Build and sign an invoice now."""
        now = datetime.now(timezone.utc).replace(microsecond=0)
        key = next(self._keys)
        values = {"number": f"INV/{key}", "issued_at": now, **changes}
        receipt = replace(receipt or invoice(), **values)
        built = self.eta.sign(self.eta.build(receipt), company_key())
        return document_of(
            built, key, number=receipt.number, issued_at=receipt.issued_at, sent_at=now
        )

    def submit(self, *documents: Document) -> list[Outcome]:
        return self.eta.submit(self.eta.envelope(documents))

    def accepted(self, *documents: Document) -> list[Document]:
        """Submit documents and return them with what the authority calls them."""
        outcomes = {outcome.key: outcome for outcome in self.submit(*documents)}
        return [
            replace(
                d, uid=outcomes[d.key].uid, authority_ids=outcomes[d.key].authority_ids
            )
            for d in documents
        ]

    def valid(self, receipt: Receipt | None = None, **changes: Any) -> Document:
        """Return a document that the authority holds as valid."""
        (document,) = self.accepted(self.issue(receipt, **changes))
        self.control.settle()
        (outcome,) = self.eta.query([document])
        assert outcome.status.value == "valid", outcome
        return document

    def ask(self, *documents: Document) -> list[Outcome]:
        return self.eta.query(documents)

    def statuses(self, documents: Sequence[Document]) -> list[str]:
        return [outcome.status.value for outcome in self.eta.query(documents)]

    def calls(self, purpose: str) -> int:
        return sum(exchange.purpose == purpose for exchange in self.exchanges)


@contextlib.contextmanager
def office_with(**settings: Any) -> Iterator[Office]:
    """Run a simulator with the given settings."""
    with running(App()) as url:
        made = Office(url)
        made.control.settings(**settings)
        yield made


def codes(outcome: Outcome) -> set[str]:
    """The codes of what an outcome says is wrong."""
    return {problem.code for problem in outcome.errors}
