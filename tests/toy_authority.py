"""A small authority in this process, for what the engine does with capabilities that no
real authority of this add-on has."""

import hashlib
import json
import threading
from collections import Counter, deque
from datetime import date
from decimal import Decimal
from typing import ClassVar

from odoo import Command

from ..fiscal import forget_authority, register_authority
from ..fiscal.contract import (
    Built,
    Capabilities,
    Envelope,
    Limits,
    Outcome,
    Status,
    TaxTotal,
    TaxTotals,
)
from ..fiscal.tying_out import key_of, rows_of, totals_of


class Desk:
    """Where a toy authority keeps its books; safe for threads.

    :ivar taken: how often each document was taken, by uid
    :ivar calls: ``submit`` or ``query``, in order
    :ivar reactions: called instead of an ordinary answer, each once, in order, with the
        documents of the call; returns outcomes or raises
    """

    def __init__(self):
        self.lock = threading.Lock()
        self.taken = Counter()
        self.calls = []
        self.reactions = deque()

    def submit(self, documents):
        """Take documents, which are valid at once."""
        return self._answer("submit", documents, self._take)

    def query(self, documents):
        """Say which documents were taken."""
        return self._answer("query", documents, self._found)

    def _answer(self, purpose, documents, ordinary):
        with self.lock:
            self.calls.append(purpose)
            react = self.reactions.popleft() if self.reactions else ordinary
        return react(documents)

    def _take(self, documents):
        with self.lock:
            self.taken.update(document.uid for document in documents)
        return [Outcome(document.key, Status.VALID) for document in documents]

    def _found(self, documents):
        return [
            Outcome(d.key, Status.VALID if d.uid in self.taken else Status.ABSENT)
            for d in documents
        ]

    def lose_answer(self, error):
        """Take the next call's documents and raise an error instead of answering."""

        def react(documents):
            self._take(documents)
            raise error

        self.reactions.append(react)


class ToyAuthority:
    """Fulfils the contract without a network: documents are JSON of their number.

    Made for one test by :func:`toy`, which gives it a desk of its own.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    limits: ClassVar[Limits]
    desk: ClassVar[Desk]

    def __init__(self, connection):
        self.connection = connection

    def check(self, receipt):
        """Nothing is ever wrong."""
        return []

    def build(self, receipt, signer=None):
        """Freeze the number, with a hash of it and the predecessor as uid; with a key a
        security code instead, the uid comes with the answer."""
        rows = [
            [*key_of(row), str(row.net), str(row.tax)] for row in totals_of(receipt)
        ]
        issued = f"{receipt.issued_at:%Y-%m-%d}"
        content = json.dumps(
            {"number": receipt.number, "issued": issued, "taxes": rows}
        ).encode()
        if signer:
            code = signer.sign(content, content).hex()[:32]
            return Built(content, "application/json", code=code)
        seed = f"{self.connection.device.serial} {receipt.number} {receipt.issued_at}"
        uid = hashlib.sha256(seed.encode() + receipt.previous_uid.encode()).hexdigest()
        return Built(content, "application/json", uid=uid)

    def envelope(self, documents, signer=None):
        """Pack documents unchanged, and sign them where that is wanted."""
        content = b"".join(document.content for document in documents)
        if self.capabilities.signs == "message":
            content += signer.sign(content, content)
        return Envelope(content, "application/json", tuple(documents))

    def fits(self, documents):
        """All of them."""
        return len(documents)

    def submit(self, envelope):
        """Send to the desk."""
        return self.desk.submit(envelope.documents)

    def query(self, documents):
        """Ask the desk."""
        return self.desk.query(documents)

    def tax_rows(self, line):
        """A line counts under each of its taxes."""
        return rows_of(line)

    def tax_totals(self, document):
        """Say what the document was frozen with."""
        told = json.loads(document.content)
        rows = tuple(
            TaxTotal(
                type_,
                subtype,
                Decimal(rate) if rate else None,
                Decimal(net),
                Decimal(tax),
            )
            for type_, subtype, rate, net, tax in told["taxes"]
        )
        return TaxTotals(date.fromisoformat(told["issued"]), rows, len(rows))

    def link(self, document):
        """It has no pages."""
        return ""

    def last_uid(self):
        """It tells of no chain."""
        return ""

    def probe(self):
        """It is always there."""
        return []

    def codes(self, kind):
        """It has no code tables."""
        return ()

    def code_kinds(self):
        """It has no code tables."""
        return ()

    def line_at(self, path):
        """Its errors tell no place."""

    def cure(self, code, path=""):
        """It explains nothing."""


def toy(test, code="toy", **capabilities):
    """Register a toy authority for the rest of a test and return its class."""
    made = type(
        "ToyAuthorityOfATest",
        (ToyAuthority,),
        {
            "code": code,
            "name": f"Toy {code}",
            "capabilities": Capabilities(**{"interactive": True, **capabilities}),
            "limits": Limits(zone="UTC", documents_per_call=1),
            "desk": Desk(),
        },
    )
    register_authority(made)
    test.addCleanup(forget_authority, code)
    return made


def toy_till(test, authority, key=None):
    """Set up an active device at a toy authority and return the device.

    :param key: the signing key, where the authority wants one
    """
    env = test.env(user=test.administrator.id)
    registration = env["ereceipt.registration"].create(
        {
            "company_id": test.company.id,
            "authority": authority.code,
            "environment": "test",
            "ingestion_seconds": 1,
            "signing_key_id": key and key.id,
        }
    )
    journal = test.journal.copy(
        {"name": authority.name, "code": authority.code[-5:].upper()}
    )
    device = env["ereceipt.device"].create(
        {
            "name": authority.name,
            "registration_id": registration.id,
            "serial": authority.code,
            "journal_ids": [Command.set(journal.ids)],
        }
    )
    device.action_activate()
    return device
