"""Lanes side by side: with each other, with users, and with an authority that hangs."""

from __future__ import annotations

from collections.abc import Callable

from ereceipt_shop import PLAIN_JOURNALS, RIN, SERIALS, TILL_JOURNALS, Shop, Simulator
from ereceipt_storm import lane, run_lanes, settle_all
from ereceipt_workers import Gate, wait_until, workers

MANY = 200
FEW = 4
OTHER_SERIAL = "SIM-POS-0003"


def test_two_lanes_start_at_the_same_moment(shop: Shop) -> None:
    shop.post(MANY // 2, TILL_JOURNALS[0])
    shop.post(MANY // 2, TILL_JOURNALS[1])
    # so slow that nobody has done everything before the other looks
    shop.simulator.control.fault("submit", "slow", seconds=0.5)
    gate = Gate()
    shop.db.disconnect()
    work = lane(shop, 10.0, gate=gate)
    with workers(work, work) as both:
        gate.wait_for(2)
        gate.open(2)
        for worker in both:
            worker.wait()

    assert all(worker.result >= MANY // 10 for worker in both)
    settle_all(shop)
    assert shop.sent_twice() == []
    assert shop.simulator.sent("submit") == MANY // 20
    shop.compare().assert_right(MANY)


def test_hanging_authority_of_one_registration(shop: Shop) -> None:
    """Documents of another registration are sent and decided meanwhile, even when the
    run's own time is over and it only waits for the authority that hangs."""
    with Simulator.running() as other:
        _register_elsewhere(shop, other)
        other.control.fault("any", "deaf", seconds=25)
        shop.post(30, PLAIN_JOURNALS[0])
        shop.post(30, TILL_JOURNALS[0])
        shop.db.disconnect()
        with workers(lane(shop, 2.0)) as (worker,):
            wait_until(lambda: _states(shop, SERIALS[0]) == {"valid": 30})
            assert not worker.poll()
            assert _states(shop, OTHER_SERIAL) == {"sending": 30}
            worker.kill()

        other.control.clear_faults()
        for _round in range(6):
            shop.let_time_pass()
            run_lanes(shop, seconds=0.3)
            other.control.settle()
        assert _states(shop, OTHER_SERIAL) == {"valid": 30}
        assert [row["accepted"] for row in other.control.receipts()] == [1] * 30


def _register_elsewhere(shop: Shop, other: Simulator) -> None:
    """Issue what is posted in a journal through a second registration."""
    secret = "secret-of-the-third-till"
    credentials = {"client_id": OTHER_SERIAL.lower(), "secrets": [secret]}
    other.control.register(
        devices=[{"serial": OTHER_SERIAL, "rin": RIN, **credentials}]
    )
    with shop.db.env() as env:
        first = env["ereceipt.registration"].search([])
        registration = first.copy(
            {
                "environment": "production",
                "call_timeout": 30,
                "eg_identity_url": other.url,
                "eg_api_url": other.url,
            }
        )
        device = first.device_ids[0].copy(
            {
                "registration_id": registration.id,
                "serial": OTHER_SERIAL,
                "client_id": OTHER_SERIAL.lower(),
                "client_secret": secret,
                "journal_ids": env["account.journal"]
                .search([("code", "=", PLAIN_JOURNALS[0])])
                .ids,
            }
        )
        device.action_activate()


def _states(shop: Shop, serial: str) -> dict[str, int]:
    return dict(
        shop.db.rows(
            "SELECT d.state, count(*) FROM ereceipt_document d "
            "JOIN ereceipt_device v ON v.id = d.device_id WHERE v.serial = %s "
            "GROUP BY 1",
            [serial],
        )
    )


def test_user_holds_the_invoice_while_it_is_claimed(shop: Shop) -> None:
    [move_id] = shop.post(1)
    begin, end, start = Gate(), Gate(), Gate()
    editor = _editor(shop, move_id, begin, end)
    shop.db.disconnect()
    with workers(editor, lane(shop, 2.0, gate=start)) as (editing, sending):
        _open(begin)
        end.wait_for(1)
        _open(start)
        wait_until(shop.blocked)
        assert shop.states() == {"queued": 1}
        end.open(1)
        assert not editing.wait() and not sending.wait()
    _assert_both_done(shop, move_id)


def test_user_holds_the_invoice_while_its_outcome_is_written(shop: Shop) -> None:
    shop.simulator.control.fault("submit", "slow_after", seconds=2)
    [move_id] = shop.post(1)
    begin, end = Gate(), Gate()
    editor = _editor(shop, move_id, begin, end)
    shop.db.disconnect()
    with workers(editor, lane(shop, 2.0)) as (editing, sending):
        wait_until(shop.simulator.receipts)
        _open(begin)
        end.wait_for(1)
        wait_until(shop.blocked)
        assert shop.states() == {"sending": 1}
        end.open(1)
        assert not editing.wait() and not sending.wait()
    _assert_both_done(shop, move_id)


def _editor(shop: Shop, move_id: int, begin: Gate, end: Gate) -> Callable[[], None]:
    """Return a user's process that edits an invoice and saves it at the second gate."""

    def work() -> None:
        begin.pass_through()
        with shop.db.env() as env:
            env["account.move"].browse(move_id).narration = "Thank you"
            env.flush_all()
            end.pass_through()

    return work


def _open(gate: Gate) -> None:
    gate.wait_for(1)
    gate.open(1)


def test_user_edits_the_invoice_after_its_outcome_was_written(shop: Shop) -> None:
    """The user's transaction is the older one: Odoo runs it again."""
    [move_id] = shop.post(1)
    begin, start = Gate(), Gate()
    shop.db.disconnect()
    editor = _late_editor(shop, move_id, begin)
    with workers(editor, lane(shop, 1.0, gate=start)) as (editing, sending):
        begin.wait_for(1)
        _open(start)
        assert not sending.wait()
        assert shop.states() == {"submitted": 1}
        begin.open(1)
        assert not editing.wait()
        assert editing.result == 2
    _assert_both_done(shop, move_id)


def _late_editor(shop: Shop, move_id: int, gate: Gate) -> Callable[[], int]:
    """Return a user's process that reads an invoice, stands at the gate, then edits
    it; it returns how often Odoo ran that."""

    def work() -> int:
        from odoo.service.model import retrying

        tries = []
        with shop.db.env() as env:

            def edit() -> None:
                tries.append(True)
                move = env["account.move"].browse(move_id)
                assert move.name
                if len(tries) == 1:
                    gate.pass_through()
                move.narration = "Thank you"

            retrying(edit, env)
        return len(tries)

    return work


def _assert_both_done(shop: Shop, move_id: int) -> None:
    settle_all(shop)
    narration = "SELECT narration FROM account_move WHERE id = %s"
    assert "Thank you" in shop.db.value(narration, [move_id])
    shop.compare().assert_right(1)
    assert shop.sent_twice() == [] and shop.simulator.sent() == 1


def test_answer_after_the_lease(shop: Shop) -> None:
    """A slow worker's answer comes when its documents are another's already."""
    shop.simulator.control.fault("submit", "slow_after", seconds=1, times=1)
    shop.post(FEW)
    shop.db.disconnect()
    with workers(lane(shop, 0.5)) as (slow,):
        wait_until(shop.simulator.receipts)
        slow.stop()
        settle_all(shop)
        slow.go_on()
        assert not slow.wait()
    shop.compare().assert_right(FEW)
    assert shop.sent_twice() == []


def test_call_after_the_lease(shop: Shop) -> None:
    """A worker stood still between its claim and its call, for so long that others
    have sent its documents."""
    shop.post(FEW)
    gate = Gate()
    shop.db.disconnect()
    with workers(lane(shop, 0.5, before_call=gate)) as (slow,):
        gate.wait_for(1)
        slow.stop()
        assert shop.states() == {"sending": FEW}
        settle_all(shop)
        slow.go_on()
        gate.open(1)
        assert not slow.wait()
    # the same body again, which the authority does not carry out
    answers = shop.simulator.control.requests()["statuses"]["submit"]
    assert answers == {"202": 1, "422": 1}
    shop.compare().assert_right(FEW)


def test_answer_while_another_sends(shop: Shop) -> None:
    """What another worker has claimed anew is not settled by a late answer."""
    shop.post(FEW)
    first_gate, second_gate = Gate(), Gate()
    shop.db.disconnect()
    with workers(lane(shop, 0.5, before_call=first_gate)) as (first,):
        first_gate.wait_for(1)
        first.stop()
        for _round in range(2):  # recovered, and not found twice
            shop.let_time_pass()
            run_lanes(shop, count=1, seconds=0.1)
        assert shop.states() == {"queued": FEW}
        with workers(lane(shop, 0.5, before_call=second_gate)) as (second,):
            second_gate.wait_for(1)
            first.go_on()
            first_gate.open(1)
            assert not first.wait()
            assert shop.states() == {"sending": FEW}
            second_gate.open(1)
            assert not second.wait()
    settle_all(shop)
    shop.compare().assert_right(FEW)
