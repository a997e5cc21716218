"""Many users post on one till: its chain neither forks nor makes them wait in vain."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest
from ereceipt_posting import (
    ONE_POST,
    POST_EACH,
    Posted,
    User,
    assert_chain_follows_numbers,
    post_side_by_side,
    posting,
)
from ereceipt_shop import PLAIN_JOURNALS, SERIALS, TILL_JOURNALS, Shop
from ereceipt_storm import lane, run_lanes, settle_all
from ereceipt_workers import Gate, wait_until, workers

USERS, CALLS, PER_CALL = 4, 2, 4


def test_one_till(shop: Shop) -> None:
    """No call is run again more often than without the add-on, and neither are those
    of users who post while lanes send."""
    plain = post_side_by_side(shop, [_user(PLAIN_JOURNALS[0])] * USERS)
    assert shop.states() == {}
    user = _user(TILL_JOURNALS[0])
    alone = post_side_by_side(shop, [user] * USERS)
    assert len(shop.chain(SERIALS[0])) == USERS * CALLS * PER_CALL
    lanes = [lane(shop, 2.0), lane(shop, 2.0)]
    among_lanes = post_side_by_side(shop, [user] * USERS, lanes)

    assert alone.rerun <= plain.rerun and among_lanes.rerun <= plain.rerun
    for posted in (alone, among_lanes):
        assert_chain_follows_numbers(shop, SERIALS[0], posted, user)
    settle_all(shop)
    shop.compare().assert_right(2 * USERS * CALLS * PER_CALL)
    assert shop.sent_twice() == []


def test_two_posts_in_one_transaction(shop: Shop) -> None:
    user = User(TILL_JOURNALS[:1] * 2, CALLS, PER_CALL, POST_EACH)
    posted = post_side_by_side(shop, [user] * 2)

    assert posted.failures == [[]] * len(posted.calls)
    assert len(shop.chain(SERIALS[0])) == 2 * CALLS * PER_CALL
    assert_chain_follows_numbers(shop, SERIALS[0], posted, user)


def test_two_tills_in_opposite_order(shop: Shop) -> None:
    """Each user has journals of his own, so that only the tills are waited for."""
    posted = _post_in_opposite_order(shop, ONE_POST)

    assert posted.failures == [[]] * len(posted.calls)


def test_two_tills_in_opposite_order_in_two_posts(shop: Shop) -> None:
    """Two posts in one transaction can wait for each other crosswise, as they can for
    journals in Odoo itself: it ends one of them and runs it again."""
    _post_in_opposite_order(shop, POST_EACH)


def test_tills_are_locked_in_one_order(shop: Shop) -> None:
    """Who waits for the first till holds no other."""
    there, back = _crosswise(shop, ONE_POST)
    [first_id] = shop.db.rows("SELECT min(id) FROM ereceipt_device")[0]
    gate = Gate()
    shop.db.disconnect()
    with (
        closing(shop.db.place.connect(shop.db.name)) as holder,
        workers(posting(shop, there, gate), posting(shop, back, gate)) as users,
    ):
        gate.wait_for(2)
        lock = [_lock_class(), first_id]
        holder.cursor().execute("SELECT pg_advisory_lock(%s, %s)", lock)
        gate.open(2)
        wait_until(lambda: shop.blocked() == 2)
        held = shop.db.rows(
            "SELECT l.objid FROM pg_locks l JOIN pg_database b ON b.oid = l.database "
            "WHERE b.datname = %s AND l.classid = %s AND l.granted",
            [shop.db.name, _lock_class()],
        )
        assert held == [(first_id,)]
        holder.cursor().execute("SELECT pg_advisory_unlock(%s, %s)", lock)
        for worker in users:
            assert not worker.wait()


def _lock_class() -> int:
    from odoo.addons.account_ereceipt.models.ereceipt_chain import CHAIN_LOCK_CLASS

    return CHAIN_LOCK_CLASS


def _post_in_opposite_order(shop: Shop, way: str) -> Posted:
    there, back = _crosswise(shop, way)
    posted = post_side_by_side(shop, [there, back])
    for serial in SERIALS:
        assert len(shop.chain(serial)) == CALLS * PER_CALL
        assert_chain_follows_numbers(shop, serial, posted, there)
    return posted


def _crosswise(shop: Shop, way: str) -> tuple[User, User]:
    """Return two users whose journals, in the order in which documents are issued,
    lead to the tills in opposite orders."""
    with shop.db.env() as env:
        for serial, code in zip(SERIALS, PLAIN_JOURNALS[::-1], strict=True):
            device = env["ereceipt.device"].search([("serial", "=", serial)])
            device.journal_ids += env["account.journal"].search([("code", "=", code)])
    return (
        User(TILL_JOURNALS, CALLS, PER_CALL, way),
        User(PLAIN_JOURNALS, CALLS, PER_CALL, way),
    )


def _user(journal: str) -> User:
    return User((journal,), CALLS, PER_CALL)


def test_request_that_fails_after_issuing(shop: Shop) -> None:
    """Odoo runs it again, and what the first run issued was never there."""
    with shop.db.env() as env:
        move_id = shop.draft(env, 1, TILL_JOURNALS[0]).id
    shop.db.disconnect()

    def request() -> list[str]:
        from odoo.service.model import retrying

        issued = []
        with shop.db.env() as env:

            def call() -> None:
                partner = env["res.partner"].search([("ref", "=", "WALK-IN")])
                move = env["account.move"].browse(move_id)
                move.action_post()
                issued.append(move.ereceipt_uuid)
                if len(issued) == 1:
                    shop.db.rows(
                        "UPDATE res_partner SET comment = 'x' WHERE id = %s",
                        [partner.id],
                    )
                partner.comment = "y"
                env.flush_all()

            retrying(call, env)
        return issued

    with workers(request) as (worker,):
        assert not worker.wait()
    assert len(worker.result) == 2
    [row] = shop.assert_chain(SERIALS[0], 1)
    assert row.uid == worker.result[1]
    settle_all(shop)
    shop.compare().assert_right(1)


@pytest.mark.parametrize("policy", ["refused", "correction"])
def test_post_while_the_head_is_corrected(shop: Shop, policy: str) -> None:
    """Who waited for the chain, with an older snapshot, follows what the registration
    says, and is not run again."""
    shop.configure(chain_after_correction=policy)
    shop.simulator.control.settings(validation_seconds=0)
    shop.simulator.control.fault("submit", "invalid", times=1, code="SIM-X")
    [refused_id] = shop.post(1)
    for _round in range(2):
        run_lanes(shop, count=1, seconds=0.3)
        shop.let_time_pass()
    assert shop.states() == {"invalid": 1}
    with shop.db.env() as env:
        move_id = shop.draft(env, 1, TILL_JOURNALS[0]).id

    corrected, posted = Gate(), Gate()
    shop.db.disconnect()
    with workers(
        _correcting(shop, refused_id, corrected), _posting_one(shop, move_id, posted)
    ) as both:
        corrected.wait_for(1)
        posted.wait_for(1)
        posted.open(1)
        wait_until(lambda: shop.blocked() == 1)
        corrected.open(1)
        for worker in both:
            assert not worker.wait()
    assert both[1].result == 1, "how often Odoo ran it"
    [(refused, correction)] = shop.db.rows(
        "SELECT o.authority_uid, n.authority_uid FROM ereceipt_document n "
        "JOIN ereceipt_document o ON o.id = n.replaces_id"
    )
    row = next(row for row in shop.chain(SERIALS[0]) if row.move_id == move_id)
    assert row.index == 2
    assert row.previous_uid == {"refused": refused, "correction": correction}[policy]


def _correcting(shop: Shop, move_id: int, gate: Gate) -> Callable[[], None]:
    """Return a user's process that corrects a document and commits at the gate."""

    def work() -> None:
        with shop.db.env() as env:
            env["account.move"].browse(move_id).action_ereceipt_correct()
            env.flush_all()
            gate.pass_through()

    return work


def _posting_one(shop: Shop, move_id: int, gate: Gate) -> Callable[[], int]:
    """Return a user's process that reads an invoice, stands at the gate and posts it;
    it returns how often Odoo ran that."""

    def work() -> int:
        from odoo.service.model import retrying

        tries = []
        with shop.db.env() as env:
            move = env["account.move"].browse(move_id)
            assert move.state == "draft"
            gate.pass_through()

            def post() -> None:
                tries.append(True)
                move.action_post()

            retrying(post, env)
        return len(tries)

    return work
