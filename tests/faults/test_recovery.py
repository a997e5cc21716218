"""What became of a document when its answer was lost, late, or said no too early."""

from __future__ import annotations

from collections.abc import Callable

from ereceipt_shop import SERIALS, Shop
from ereceipt_storm import run_lanes, settle_all
from ereceipt_workers import Gate, workers

FEW = 4


def test_refused_repeat_of_what_the_authority_still_validates(shop: Shop) -> None:
    """The authority does not show what it validates, for longer than we believe: what
    is sent again is refused as a duplicate, and valid in the end all the same."""
    control = shop.simulator.control
    control.settings(validation_seconds=3600, duplicate_seconds=0)
    control.fault("submit", "drop_after", times=1)
    shop.post(FEW)
    for _round in range(5):
        run_lanes(shop, count=1, seconds=0.3)
        shop.let_time_pass(verdicts=False)
    assert shop.simulator.sent("submit") > 1
    assert len(control.rejections()) >= FEW
    assert "invalid" not in shop.states()

    settle_all(shop)
    shop.compare().assert_right(FEW)
    shop.assert_chain(SERIALS[0], FEW)


def test_question_that_was_not_asked_to_its_end(shop: Shop) -> None:
    """What the authority was not asked about is asked again, and not sent again."""
    control = shop.simulator.control
    control.fault("submit", "drop_after", times=1)
    shop.post(FEW)
    run_lanes(shop, count=1, seconds=0.3)
    assert shop.states() == {"unknown": FEW}

    rule = control.fault("receipt", "status", status=503, after=1)
    shop.let_time_pass()
    run_lanes(shop, count=1, seconds=0.3)
    assert shop.states() == {"valid": 1, "unknown": FEW - 1}
    control.clear_faults(rule)
    settle_all(shop)

    shop.compare().assert_right(FEW)
    assert shop.simulator.sent("submit") == 1


def test_call_that_comes_through_while_the_authority_asked_to_wait(shop: Shop) -> None:
    """Of calls at once, one is told to wait; nothing more is sent before that."""
    shop.configure(documents_per_call=1, parallel_calls=2)
    control = shop.simulator.control
    control.fault("submit", "rate_limit", seconds=60, times=1)
    control.fault("submit", "slow_after", seconds=1)
    shop.post(FEW)
    run_lanes(shop, count=1, seconds=3.0)
    assert shop.simulator.sent("submit") == 2
    assert shop.states() == {"submitted": 1, "queued": FEW - 1}

    control.clear_faults()
    settle_all(shop)
    shop.compare().assert_right(FEW)


def test_connection_tested_while_documents_are_sent(shop: Shop) -> None:
    """What was issued and sent since the test began is ours: no false alarm. What is
    missing here after all is told."""
    shop.post(1)
    settle_all(shop)
    gate = Gate()
    shop.db.disconnect()
    with workers(_testing(shop, gate)) as (testing,):
        gate.wait_for(1)
        shop.post(1)
        settle_all(shop)
        gate.open(1)
        assert not testing.wait()
    assert testing.result == []

    shop.db.rows(
        "DELETE FROM ereceipt_document WHERE id = "
        "(SELECT max(id) FROM ereceipt_document)"
    )
    gate.open(1)
    shop.db.disconnect()
    with workers(_testing(shop, gate)) as (testing,):
        assert not testing.wait()
    assert testing.result == ["chain_foreign_head"]


def _testing(shop: Shop, gate: Gate) -> Callable[[], list[str]]:
    """Return the process of an administrator whose transaction begins before the gate
    and who then tests a device's connection; it returns the problems' codes."""

    def work() -> list[str]:
        with shop.db.env() as env:
            device = env["ereceipt.device"].search([("serial", "=", SERIALS[0])])
            assert device.lifecycle == "active"
            gate.pass_through()
            device.action_test_connection()
            return [problem["code"] for problem in device.problems or []]

    return work
