"""An Egyptian shop with two tills, in a database of its own, and ETA's simulator.

Everything is set up by the calls that a user's clicks make. The prepared database is
copied for each test, so its cost is paid once.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from ereceipt_db import OdooDatabase, Place
from ereceipt_premises import set_up_company, set_up_devices, set_up_goods

from dev.certificates import RIN
from simulator.client import ControlClient

ROOT = Path(__file__).resolve().parents[2]

SERIALS = ("SIM-POS-0001", "SIM-POS-0002")
TILL_JOURNALS = ("TILA", "TILB")
"""Codes of the journals, one for each device."""
PLAIN_JOURNALS = ("PLNA", "PLNB")
"""Codes of sales journals without a device: Odoo as it is without the add-on."""

LOST = {"kind": "lost"}
"""ETA says that it received the documents, and never knew them."""

AT_ONCE = 100
"""Postgres plans badly for tables that grew a lot within one transaction."""


class Simulator:
    """ETA's simulator as a process, ended with the block it is made in.

    :ivar control: its control API
    :cvar authority: which one it simulates
    """

    authority: ClassVar[str] = "eg_eta"
    control_class: ClassVar[type[ControlClient]] = ControlClient

    def __init__(self, process: subprocess.Popen, url: str) -> None:
        self.process = process
        self.url = url
        self.control = self.control_class(url)

    @classmethod
    @contextmanager
    def running(cls) -> Iterator[Simulator]:
        """Start one on a free port."""
        command = [sys.executable, "-m", "simulator", cls.authority, "--port", "0"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            line = process.stdout.readline()
            if "http://" not in line:
                raise RuntimeError(f"The simulator said {line!r}.")
            yield cls(process, line.split()[-1])
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()

    def receipts(self) -> dict[str, dict]:
        """Return what it has taken, by UUID; each UUID stands there once."""
        return {row["uuid"]: row for row in self.control.receipts()}

    def sent(self, endpoint: str = "submit") -> int:
        """Return how many calls to an endpoint have arrived."""
        return self.control.requests(1)["counts"].get(endpoint, 0)

    def reset(self) -> None:
        """Let it be as at its start."""
        self.control.reset()

    def forget_soon(self) -> None:
        """Let what was lost be sent again at once, and not only after ten minutes."""
        self.control.settings(duplicate_seconds=1)

    def settle(self) -> None:
        """Reach all verdicts that take their time."""
        self.control.settle()


class Held(NamedTuple):
    """One document as the authority holds it, or as it should.

    :ivar content: the bytes that arrived, as text
    :ivar times: how many times it was accepted
    """

    uid: str
    content: str
    status: str = "Valid"
    times: int = 1


class Link(NamedTuple):
    """One document in a chain and the number of its invoice."""

    index: int
    uid: str
    previous_uid: str
    move_id: int
    journal_id: int
    prefix: str
    number: int


@dataclass(frozen=True)
class Found:
    """How our books and the authority's compare.

    :ivar documents: how many documents our books have
    :ivar not_valid: states of ours that are not ``valid``, with their numbers
    :ivar missing: documents of ours that the authority lacks, or holds otherwise
        than ours: not valid, or other bytes
    :ivar extra: receipts of the authority's that our books lack
    :ivar repeated: receipts that the authority accepted more than once
    :ivar misleading: invoices that show another state than their document has
    """

    documents: int
    not_valid: dict[str, int]
    missing: list[str]
    extra: list[str]
    repeated: list[str]
    misleading: list[str]

    def assert_right(self, documents: int) -> None:
        """Raise unless every document is valid on both sides, once."""
        assert self == Found(documents, {}, [], [], [], [])


class Shop:
    """A database with the shop in it.

    :ivar db: the database
    :ivar simulator: the authority it speaks to
    :cvar submit_endpoint: where its documents go, as the simulator names it
    :cvar asks: whether the authority can be asked what became of a document
    :cvar misbehaviour: what sending may meet besides what any call may
    """

    submit_endpoint: ClassVar[str] = "submit"
    asks: ClassVar[bool] = True
    misbehaviour: ClassVar[tuple[dict[str, Any], ...]] = (LOST,)

    def __init__(self, db: OdooDatabase, simulator: Simulator) -> None:
        self.db = db
        self.simulator = simulator

    # -- posting ------------------------------------------------------------------

    def draft(self, env: Any, count: int, journal: str, **values: Any) -> Any:
        """Return new drafts of one line each, in the transaction of ``env``."""
        journal_id = env["account.journal"].search([("code", "=", journal)]).id
        product = env["product.product"].search([("default_code", "=", "TEA")])
        partner = env["res.partner"].search([("ref", "=", "WALK-IN")])
        line = {"product_id": product.id, "quantity": 1, "price_unit": 100}
        return env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "journal_id": journal_id,
                    "invoice_line_ids": [(0, 0, line)],
                    **values,
                }
                for _number in range(count)
            ]
        )

    def post(self, count: int, journal: str = TILL_JOURNALS[0]) -> list[int]:
        """Post invoices and commit; return their ids."""
        posted: list[int] = []
        while len(posted) < count:
            with self.db.env() as env:
                moves = self.draft(env, min(AT_ONCE, count - len(posted)), journal)
                moves.action_post()
                posted += moves.ids
        self.db.rows("ANALYZE")
        return posted

    # -- looking ------------------------------------------------------------------

    def states(self) -> dict[str, int]:
        """Return how many documents there are in each state."""
        return dict(
            self.db.rows("SELECT state, count(*) FROM ereceipt_document GROUP BY 1")
        )

    def compare(self) -> Found:
        """Compare our books with the authority's."""
        ours, theirs = self._wanted(), self._held()
        states = self.states()
        states.pop("valid", None)
        return Found(
            documents=self.db.value("SELECT count(*) FROM ereceipt_document"),
            not_valid=states,
            missing=sorted(
                name
                for name, wanted in ours.items()
                if name not in theirs or theirs[name]._replace(times=1) != wanted
            ),
            extra=sorted(theirs.keys() - ours.keys()),
            repeated=sorted(name for name, held in theirs.items() if held.times != 1),
            misleading=self._misleading(),
        )

    def _wanted(self) -> dict[str, Held]:
        """Return what the authority should hold, by what names a document there."""
        rows = self.db.rows("SELECT authority_uid, content FROM ereceipt_document")
        return {uid: Held(uid, content) for uid, content in rows}

    def _held(self) -> dict[str, Held]:
        """Return what the authority holds, by what names a document there."""
        return {
            row["uuid"]: Held(row["uuid"], row["raw"], row["status"], row["accepted"])
            for row in self.simulator.control.receipts(raw=True)
        }

    def _misleading(self) -> list[str]:
        rows = self.db.rows(
            "SELECT m.name FROM account_move m "
            "JOIN ereceipt_document_move l ON l.move_id = m.id "
            "JOIN ereceipt_document d ON d.id = l.document_id "
            "WHERE m.ereceipt_document_id = d.id "
            "AND m.ereceipt_state IS DISTINCT FROM d.state ORDER BY 1"
        )
        return [name for (name,) in rows]

    def chain(self, serial: str) -> list[Link]:
        """Return a device's chain, in its order."""
        rows = self.db.rows(
            "SELECT d.chain_index, d.authority_uid, COALESCE(d.previous_uid, ''), "
            "m.id, m.journal_id, m.sequence_prefix, m.sequence_number "
            "FROM ereceipt_document d "
            "JOIN ereceipt_device v ON v.id = d.device_id "
            "JOIN ereceipt_document_move l ON l.document_id = d.id "
            "JOIN account_move m ON m.id = l.move_id "
            "WHERE v.serial = %s ORDER BY d.chain_index",
            [serial],
        )
        return [Link(*row) for row in rows]

    def assert_chain(self, serial: str, length: int) -> list[Link]:
        """Raise unless the chain has this length, no gap and no fork; return it."""
        chain = self.chain(serial)
        assert [link.index for link in chain] == list(range(1, length + 1))
        uids = [link.uid for link in chain]
        assert len(set(uids)) == length
        assert [link.previous_uid for link in chain] == ["", *uids][:length]
        return chain

    def assert_chains(self) -> None:
        """Raise unless the chains of all devices have no gap and no fork."""
        for serial in SERIALS:
            self.assert_chain(serial, len(self.chain(serial)))

    def rejections(self) -> list[dict]:
        """Return what the authority refused at once."""
        return self.simulator.control.rejections()

    def sent_twice(self) -> list[int]:
        """Return the documents that travelled in more than one call."""
        rows = self.db.rows(
            "SELECT r.document_id FROM ereceipt_exchange_document_rel r "
            "JOIN ereceipt_exchange e ON e.id = r.exchange_id "
            "WHERE e.purpose = 'submit' GROUP BY 1 HAVING count(*) > 1"
        )
        return [document_id for (document_id,) in rows]

    def blocked(self) -> int:
        """Return how many transactions of this database wait for another one."""
        return self.db.value(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s "
            "AND cardinality(pg_blocking_pids(pid)) > 0",
            [self.db.name],
        )

    # -- time ---------------------------------------------------------------------

    def let_time_pass(self, verdicts: bool = True) -> None:
        """Let what waits for a later moment be due: leases, next attempts, breakers,
        and, unless told not to, the authority's verdicts. Nobody may be at work."""
        if verdicts:
            self.simulator.settle()
        self.db.rows(
            "UPDATE ereceipt_document SET lease_until = lease_until - interval '1 day' "
            "WHERE state = 'sending'"
        )
        self.db.rows(
            "UPDATE ereceipt_document "
            "SET next_attempt_at = now() AT TIME ZONE 'utc' - interval '1 second' "
            "WHERE next_attempt_at IS NOT NULL"
        )
        self.end_pauses()

    def end_pauses(self) -> int:
        """Let breakers that are open be tried again; return how many were open."""
        ended = 0
        for table in ("ereceipt_registration", "ereceipt_device"):
            ended += len(
                self.db.rows(
                    f"UPDATE {table} SET breaker_open_until = breaker_open_until "
                    "- interval '1 day' WHERE breaker_open_until > "
                    "now() AT TIME ZONE 'utc' RETURNING id"
                )
            )
        return ended

    def configure(self, **values: Any) -> None:
        """Change the registration."""
        with self.db.env() as env:
            env["ereceipt.registration"].search([]).write(values)

    def close(self) -> None:
        """Drop the database."""
        self.db.drop()


# ----------------------------------------------------------------------------------
# Setting up
# ----------------------------------------------------------------------------------


def _set_up(db: OdooDatabase, simulator: Simulator) -> None:
    with db.env("__system__") as env:
        _company(env)
    with db.env() as env:
        _goods(env)
        _registration(env, simulator.url)


@contextmanager
def prepared(
    place: Place,
    simulator: Simulator,
    set_up: Callable[[OdooDatabase, Simulator], None] = _set_up,
) -> Iterator[str]:
    """Make the database that shops are copied from; yield its name.

    :param set_up: makes a shop of an empty database
    """
    # it may know the serials from another shop
    simulator.reset()
    name = place.copy()
    db = OdooDatabase(place, name)
    try:
        set_up(db, simulator)
        db.rows("ANALYZE")
        _forget(db)
        yield name
    finally:
        db.drop()


@contextmanager
def shop(
    place: Place, simulator: Simulator, source: str, kind: type[Shop] = Shop
) -> Iterator[Shop]:
    """A shop of its own, with the simulator as it was at its start."""
    simulator.reset()
    db = OdooDatabase(place, place.copy(source))
    try:
        yield kind(db, simulator)
    finally:
        db.drop()


def _forget(db: OdooDatabase) -> None:
    """Leave nobody connected: a database that is copied has to be alone."""
    from odoo.modules.registry import Registry

    Registry.delete(db.name)
    db.disconnect()


def _company(env: Any) -> None:
    set_up_company(
        env,
        "eg",
        name="شركة تجربة",
        vat=RIN,
        country_id=env.ref("base.eg").id,
        street="12 El Tahrir",
        city="Cairo",
    )


def _goods(env: Any) -> None:
    journals = (*TILL_JOURNALS, *PLAIN_JOURNALS)
    product = set_up_goods(env, {"name": "Tea"}, "Walk-in", journals)
    env["ereceipt.code.mapping"].sudo().create(
        {
            "authority": "eg_receipt",
            "kind": "item",
            "product_id": product.id,
            "scheme": "EGS",
            "code": f"EG-{RIN}-1",
        }
    )


def _registration(env: Any, url: str) -> None:
    registration = env["ereceipt.registration"].create(
        {
            "authority": "eg_receipt",
            "documents_per_call": 20,
            **connection_values(url),
        }
    )
    rows = [_device_values(env, serial) for serial in SERIALS]
    set_up_devices(env, registration, TILL_JOURNALS, rows)


PATIENCE = {
    "connect_timeout": 2,
    "call_timeout": 10,
    # how often a storm kills is not the authority's fault
    "max_attempts": 1000,
}
"""How long a registration waits for the simulator, and how often it tries."""


def connection_values(url: str) -> dict[str, Any]:
    """Return how a registration reaches the simulator."""
    return {
        "environment": "test",
        "eg_identity_url": url,
        "eg_api_url": url,
        "eg_portal_url": url,
        "ingestion_seconds": 1,
        **PATIENCE,
    }


def _device_values(env: Any, serial: str) -> dict[str, Any]:
    return {
        "name": f"Till {serial}",
        "serial": serial,
        **place_of_sale(env),
        "client_id": serial.lower(),
        "client_secret": f"sim-secret-{serial[-4:]}-a",
    }


def place_of_sale(env: Any) -> dict[str, Any]:
    """Return where a device stands and what is sold there."""
    return {
        "activity_code": "4711",
        "address_country_id": env.ref("base.eg").id,
        "address_governorate": "Cairo",
        "address_city": "Nasr City",
        "address_street": "El Tahrir",
        "address_building": "12",
    }
