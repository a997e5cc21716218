"""Nothing is lost and nothing is sent twice, wherever a worker is killed."""

from __future__ import annotations

import random

import pytest
from ereceipt_killpoints import (
    AFTER_COMMIT,
    BEFORE_CLAIM,
    IN_REQUEST,
    KillPoint,
    places_of,
)
from ereceipt_shop import SERIALS, TILL_JOURNALS, Shop
from ereceipt_storm import Storm, run_lanes, settle_all

AT_A_TIME = 3


def test_killed_while_sending(shop: Shop, subtests: pytest.Subtests) -> None:
    shop.configure(documents_per_call=2)
    storm = Storm(shop, random.Random(0))
    places = places_of("send")
    for number, place in enumerate(places, start=1):
        with subtests.test(place):
            arrived = len(shop.simulator.receipts())
            shop.post(AT_A_TIME)

            assert storm.round(KillPoint(place, "send")) == 1
            arrived = len(shop.simulator.receipts()) - arrived
            states = shop.states()
            states.pop("valid", None)
            _assert_killed_at(place, arrived, states)

            settle_all(shop)
            shop.compare().assert_right(AT_A_TIME * number)
    shop.assert_chain(SERIALS[0], AT_A_TIME * len(places))
    # what may have arrived was asked about and not sent again
    control = shop.simulator.control
    assert control.rejections() == []
    answers = control.requests()["statuses"]["submit"]
    assert answers.keys() <= {"202", "400"}
    # each killed process may leave a body of which only half had left
    assert answers.get("400", 0) <= len(places)


def _assert_killed_at(place: str, arrived: int, states: dict[str, int]) -> None:
    """Raise unless the kill left what it should have left."""
    claimed = states.get("sending", 0)
    if place == BEFORE_CLAIM:
        assert (arrived, states) == (0, {"queued": AT_A_TIME})
    elif place in ("before the call", IN_REQUEST):
        assert arrived < AT_A_TIME and claimed
    elif place == AFTER_COMMIT:
        assert arrived and states.get("submitted")
    elif place == "in the call":
        assert claimed
    else:
        assert arrived and claimed


def test_killed_while_asking(shop: Shop, subtests: pytest.Subtests) -> None:
    shop.configure(documents_per_call=2)
    storm = Storm(shop, random.Random(0))
    for number, place in enumerate(places_of("ask"), start=1):
        with subtests.test(place):
            shop.post(AT_A_TIME)
            run_lanes(shop, count=1, seconds=0.5)
            sent = shop.simulator.sent("submit")
            assert shop.states().get("submitted") == AT_A_TIME

            assert storm.round(KillPoint(place, "ask")) == 1
            settle_all(shop)
            shop.compare().assert_right(AT_A_TIME * number)
            assert shop.simulator.sent("submit") == sent


def test_two_lanes_are_killed_while_the_authority_misbehaves(shop: Shop) -> None:
    shop.simulator.control.settings(duplicate_seconds=1)
    shop.configure(documents_per_call=3)
    storm = Storm(shop, random.Random(20))
    posted = storm.rage(14, 48, 6, TILL_JOURNALS, 0.04)

    shop.compare().assert_right(posted)
    shop.assert_chains()
