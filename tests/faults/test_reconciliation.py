"""The comparison with the authority's books: killed on its way, and done by two."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from ereceipt_killpoints import die
from ereceipt_shop import TILL_JOURNALS, Shop
from ereceipt_storm import settle_all
from ereceipt_workers import Gate, workers

EACH = 4
DAYS = 3


def test_killed_before_a_commit(shop: Shop) -> None:
    """What was compared and not committed is compared again, what was is not."""
    lost = _disagreeing(shop)
    _start(shop)
    for number in (1, 2, 3):
        assert _work(shop, dies_at=number)
        assert _row(shop)[0] == "running"
    assert not _work(shop)
    _assert_right(shop, lost)


def test_killed_after_every_piece(shop: Shop) -> None:
    """Each worker gets a piece further."""
    lost = _disagreeing(shop)
    _start(shop)
    killed = 0
    while _work(shop, dies_at=1, after_commit=True):
        killed += 1
    assert killed > DAYS, "a piece is a day at most"
    _assert_right(shop, lost)


def test_two_at_once(shop: Shop) -> None:
    """Two workers go through the same period, and one of them is killed."""
    lost = _disagreeing(shop)
    _start(shop)
    gate = Gate()
    shop.db.disconnect()
    with workers(
        _worker(shop, gate), _worker(shop, gate, dies_at=2, after_commit=True)
    ) as (whole, killed):
        gate.wait_for(2)
        gate.open(2)
        whole.wait()
        killed.wait()
    assert not _work(shop)
    _assert_right(shop, lost)


def _disagreeing(shop: Shop) -> set[str]:
    """Sell on each till, and have one of each cancelled at the authority alone.

    :return: the numbers of those
    """
    for journal in TILL_JOURNALS:
        shop.post(EACH, journal)
    settle_all(shop)
    rows = shop.db.rows(
        "SELECT DISTINCT ON (device_id) name, authority_uid FROM ereceipt_document"
        " WHERE state = 'valid' ORDER BY device_id, id"
    )
    for _name, uid in rows:
        shop.simulator.control.cancel(uid)
    return {name for name, _uid in rows}


def _start(shop: Shop) -> None:
    with shop.db.env("__system__") as env:
        registration = env["ereceipt.registration"].search([])
        registration.write({"reconcile_days": 0, "reconcile_patience": 0})
        today = datetime.now(timezone.utc).date()
        env["ereceipt.reconciliation"]._begin(
            registration, today - timedelta(days=DAYS), today
        )


def _worker(
    shop: Shop,
    gate: Gate | None = None,
    dies_at: int = 0,
    after_commit: bool = False,
) -> Callable[[], None]:
    """Return what a worker does: go on until nothing is left, or die at a piece."""

    def work() -> None:
        if dies_at:
            _die_at_piece(shop, dies_at, after_commit)
        if gate:
            gate.pass_through()
        with shop.db.env("__system__") as env:
            env["ereceipt.reconciliation"]._run(time.monotonic() + 30)

    return work


def _work(shop: Shop, **how: int) -> bool:
    """Let one worker run; return whether it was killed."""
    shop.db.disconnect()
    with workers(_worker(shop, **how)) as (worker,):
        return worker.wait()


def _die_at_piece(shop: Shop, number: int, after_commit: bool) -> None:
    """Put a death into this process: with a piece compared, around its commit."""
    owner = shop.db.registry["ereceipt.reconciliation"]
    name = "_compare_piece" if after_commit else "_compare"
    original = getattr(owner, name)
    passed = 0

    def wrapped(self, *args, **kwargs):
        nonlocal passed
        result = original(self, *args, **kwargs)
        passed += 1
        if passed == number:
            self.env.flush_all()
            die()
        return result

    setattr(owner, name, wrapped)


def _row(shop: Shop) -> tuple:
    [row] = shop.db.rows(
        "SELECT state, here_count, there_count, matched_count"
        " FROM ereceipt_reconciliation"
    )
    return row


def _assert_right(shop: Shop, lost: set[str]) -> None:
    """Everything is compared once, and the differences are those that we made."""
    here = EACH * len(TILL_JOURNALS)
    assert _row(shop) == ("done", here, here, here - len(lost))
    lines = shop.db.rows("SELECT number, kind FROM ereceipt_reconciliation_line")
    assert sorted(lines) == sorted((name, "cancelled_there") for name in lost)
