"""China's fapiao: each is issued once, wherever a worker is killed and whatever Nuonuo
answers. A lost answer is resolved by asking; an order number is taken once.
"""

from __future__ import annotations

import random

import pytest
from ereceipt_china import SELLER, ChineseShop
from ereceipt_killpoints import (
    BEFORE_CALL,
    BEFORE_CLAIM,
    BEFORE_COMMIT,
    BEFORE_WRITE,
    IN_CALL,
    IN_REQUEST,
    KillPoint,
)
from ereceipt_server import START_SECONDS, OdooServer, free_port
from ereceipt_shop import TILL_JOURNALS
from ereceipt_storm import ANSWERED, Storm, assert_killed_at, run_lanes, settle_all

AT_A_TIME = 2
PATIENT = 20.0
"""Seconds for a lane to get as far as its kill, which ends it."""

PLACES = (BEFORE_CLAIM, BEFORE_CALL, IN_REQUEST, IN_CALL, *ANSWERED)


@pytest.fixture
def storm(chinese_shop: ChineseShop) -> Storm:
    chinese_shop.configure(parallel_calls=1)
    return Storm(chinese_shop, random.Random(0), seconds=PATIENT)


def test_killed_while_sending(
    storm: Storm, chinese_shop: ChineseShop, subtests: pytest.Subtests
) -> None:
    """Of each two one is split, so what is sent twice would be four fapiao."""
    for number, place in enumerate(PLACES, start=1):
        with subtests.test(place):
            before = len(chinese_shop.simulator.receipts())
            chinese_shop.forget_files()
            chinese_shop.post(AT_A_TIME, TILL_JOURNALS[number % 2])

            assert storm.round(KillPoint(place, "send")) == 1
            arrived = len(chinese_shop.simulator.receipts()) - before
            assert_killed_at(place, arrived, chinese_shop.states(), AT_A_TIME)

            settle_all(chinese_shop)
            chinese_shop.compare().assert_right(AT_A_TIME * number)
    assert chinese_shop.rejections() == []
    assert chinese_shop.handed_over() == AT_A_TIME * len(PLACES)


def test_killed_while_asking(
    storm: Storm, chinese_shop: ChineseShop, subtests: pytest.Subtests
) -> None:
    for number, place in enumerate((IN_CALL, BEFORE_COMMIT), start=1):
        with subtests.test(place):
            chinese_shop.forget_files()
            chinese_shop.post(AT_A_TIME)
            run_lanes(chinese_shop, count=1, seconds=2)
            assert chinese_shop.states().get("submitted") == AT_A_TIME

            assert storm.round(KillPoint(place, "ask")) == 1
            settle_all(chinese_shop)
            chinese_shop.compare().assert_right(AT_A_TIME * number)
    assert chinese_shop.handed_over() == 2 * AT_A_TIME


@pytest.mark.parametrize("kind", ["drop_after", "deaf", "slow_after"])
def test_no_second_fapiao_for_a_lost_answer(
    chinese_shop: ChineseShop, kind: str
) -> None:
    """Whether or not it was accepted is not seen, nor in what time."""
    seconds = {"deaf": 1.0, "slow_after": 12.0}.get(kind, 0)
    control = chinese_shop.simulator.control
    control.fault("requestBillingNew", kind, seconds=seconds, times=4)
    chinese_shop.post(4)
    run_lanes(chinese_shop, count=1, seconds=0.3)
    assert not {"submitted", "valid"} & chinese_shop.states().keys()
    settle_all(chinese_shop)

    chinese_shop.compare().assert_right(4)
    assert chinese_shop.handed_over() == 4
    assert len(control.invoices()) == 6, "two of them are split in two"


def test_killed_while_going_on_after_a_login(
    storm: Storm, chinese_shop: ChineseShop, subtests: pytest.Subtests
) -> None:
    """The login expires in the middle of what is posted."""
    control = chinese_shop.simulator.control
    for number, place in enumerate((IN_CALL, BEFORE_WRITE), start=1):
        with subtests.test(place):
            control.fault("issue", "logs_out", times=1, after=1)
            chinese_shop.post(AT_A_TIME)
            _held(chinese_shop)

            assert storm.round(KillPoint(place, "resume")) == 1
            settle_all(chinese_shop)
            chinese_shop.compare().assert_right(AT_A_TIME * number)
    assert chinese_shop.handed_over() == 2 * AT_A_TIME


def _held(shop: ChineseShop) -> None:
    """Have sent and asked about until the bureau holds some documents, while nobody
    logs in.

    :raise AssertionError: it holds none
    """
    for _round in range(5):
        run_lanes(shop, count=1, seconds=2)
        shop.simulator.settle()
        shop.db.rows(
            "UPDATE ereceipt_document SET next_attempt_at = now() AT TIME ZONE 'utc' "
            "WHERE held_code IS NULL AND next_attempt_at IS NOT NULL"
        )
        codes = shop.db.rows(
            "SELECT held_code FROM ereceipt_document WHERE held_code IS NOT NULL"
        )
        if codes:
            assert set(codes) == {("not_logged_in",)}
            return
    raise AssertionError(f"Nothing is held: {shop.states()}")


def test_two_lanes_are_killed_while_the_authority_misbehaves(
    chinese_shop: ChineseShop,
) -> None:
    storm = Storm(chinese_shop, random.Random(5))
    posted = storm.rage(6, 24, 4, TILL_JOURNALS, 0.03)

    chinese_shop.compare().assert_right(posted)


def test_call_backs_bring_the_jobs_on(chinese_shop: ChineseShop) -> None:
    """Nuonuo calls a whole server, which answers, asks and is right in the end:
    whatever is forged, doubled, late or lost."""
    control = chinese_shop.simulator.control
    control.account(SELLER, logged_in=True)
    control.settings(issue_seconds=0, sign_seconds=0, callback_retry_seconds=0.5)
    for kind in ("forged", "doubled", "early", "late", "lost"):
        control.fault("callback", f"callback_{kind}", probability=0.3)
    port = free_port()
    with chinese_shop.db.env() as env:
        parameters = env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", f"http://127.0.0.1:{port}")
        env["ereceipt.registration"].search([]).action_open_for_callbacks()
    chinese_shop.post(10)

    def done() -> bool:
        told = [row for row in control.callbacks() if row["status"] != "lost"]
        waiting = [row for row in told if row["status"] == "pending"]
        return set(chinese_shop.states()) == {"valid"} and told and not waiting

    with OdooServer.running(chinese_shop, port) as server:
        assert server.nudge_until(done, START_SECONDS), chinese_shop.states()

    chinese_shop.compare().assert_right(10)
    assert chinese_shop.handed_over() == 10
    told = [row for row in control.callbacks() if row["status"] != "lost"]
    assert {row["status"] for row in told} == {"delivered"}
    taken = chinese_shop.db.value("SELECT count(*) FROM ereceipt_callback")
    assert taken == len({row["body"] for row in told})
