"""Croatia's receipts: each has one number and one JIR, wherever a worker is killed and
whatever CIS answers.

A lost answer is resolved by a repeat, which is the same receipt.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from ereceipt_croatia import CroatianShop
from ereceipt_killpoints import (
    BEFORE_CALL,
    BEFORE_CLAIM,
    BEFORE_WRITE,
    IN_CALL,
    IN_REQUEST,
    IN_SIGNING,
    KillPoint,
)
from ereceipt_shop import TILL_JOURNALS
from ereceipt_storm import ANSWERED, Storm, assert_killed_at, run_lanes, settle_all
from ereceipt_workers import workers

AT_A_TIME = 2
PATIENT = 20.0
"""Seconds for a lane to get as far as its kill, which ends it."""

PLACES = (BEFORE_CLAIM, BEFORE_CALL, IN_SIGNING, IN_REQUEST, IN_CALL, *ANSWERED)


def test_killed_while_sending(
    croatian_shop: CroatianShop, subtests: pytest.Subtests
) -> None:
    croatian_shop.configure(parallel_calls=1)
    storm = Storm(croatian_shop, random.Random(0), seconds=PATIENT)
    for number, place in enumerate(PLACES, start=1):
        with subtests.test(place):
            before = len(croatian_shop.simulator.receipts())
            croatian_shop.post(AT_A_TIME, TILL_JOURNALS[number % 2])

            assert storm.round(KillPoint(place, "send")) == 1
            arrived = len(croatian_shop.simulator.receipts()) - before
            assert_killed_at(place, arrived, croatian_shop.states(), AT_A_TIME)

            settle_all(croatian_shop)
            croatian_shop.compare().assert_right(AT_A_TIME * number)
    croatian_shop.assert_chains()
    assert croatian_shop.rejections() == []
    assert croatian_shop.message_ids_used_twice() == []
    # what was killed between the sending and the commit was sent once more: one or two
    # at each place where an answer was known, one in a call
    repeats = croatian_shop.deliveries() - AT_A_TIME * len(PLACES)
    assert 2 <= repeats <= 6


def test_lost_answers_are_resolved_by_a_repeat(croatian_shop: CroatianShop) -> None:
    """The answer to each first message is dropped."""
    control = croatian_shop.simulator.control
    control.fault("racuni", "drop_after", times=4)
    croatian_shop.post(4)
    run_lanes(croatian_shop, count=1, seconds=0.3)
    first = {row["number"]: row["jir"] for row in control.registered()}
    assert "valid" not in croatian_shop.states()
    settle_all(croatian_shop)

    croatian_shop.compare().assert_right(4)
    now = {row["number"]: row["jir"] for row in control.registered()}
    assert now | first == now
    assert croatian_shop.deliveries() == 8
    assert croatian_shop.message_ids_used_twice() == []


def test_killed_while_a_person_waits(
    croatian_shop: CroatianShop, subtests: pytest.Subtests
) -> None:
    for number, place in enumerate((IN_SIGNING, IN_CALL, BEFORE_WRITE), start=1):
        with subtests.test(place):
            [move_id] = croatian_shop.post(1)
            croatian_shop.db.disconnect()
            request = _waiting(croatian_shop, move_id, KillPoint(place))
            with workers(request) as (worker,):
                assert worker.wait(), "it was to be killed"
            assert croatian_shop.states().get("sending") == 1
            settle_all(croatian_shop)
            croatian_shop.compare().assert_right(number)
    assert croatian_shop.rejections() == []


def _waiting(
    shop: CroatianShop, move_id: int, point: KillPoint
) -> Callable[[], dict[str, str]]:
    def work() -> dict[str, str]:
        point.install(shop.db.registry)
        with shop.db.env() as env:
            return env["account.move"].browse(move_id).ereceipt_send_now("a" * 32)

    return work


def test_two_lanes_are_killed_while_the_authority_misbehaves(
    croatian_shop: CroatianShop,
) -> None:
    storm = Storm(croatian_shop, random.Random(5))
    posted = storm.rage(6, 24, 4, TILL_JOURNALS, 0.03)

    croatian_shop.compare().assert_right(posted)
    croatian_shop.assert_chains()
    assert croatian_shop.message_ids_used_twice() == []
