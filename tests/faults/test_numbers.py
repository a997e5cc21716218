"""Many users post at two tills that share their numbers: none twice, no gap, and nobody
waits in vain. What is killed while it is sent is registered once."""

from __future__ import annotations

import pytest
from ereceipt_croatia import CroatianShop
from ereceipt_posting import User, post_side_by_side
from ereceipt_shop import PLAIN_JOURNALS, TILL_JOURNALS
from ereceipt_storm import lane, settle_all
from ereceipt_workers import wait_until, workers

CALLS, PER_CALL = 2, 3
KILLS = 3


def test_two_tills_share_numbers(croatian_shop: CroatianShop) -> None:
    plain = post_side_by_side(croatian_shop, _users(PLAIN_JOURNALS))
    posted = post_side_by_side(croatian_shop, _users(TILL_JOURNALS))

    assert posted.rerun <= plain.rerun
    count = 4 * CALLS * PER_CALL
    assert croatian_shop.numbers() == list(range(1, count + 1))
    settle_all(croatian_shop)
    croatian_shop.compare().assert_right(count)


def test_what_is_rolled_back_takes_no_number(croatian_shop: CroatianShop) -> None:
    with pytest.raises(ZeroDivisionError), croatian_shop.db.env() as env:
        croatian_shop.draft(env, 2, TILL_JOURNALS[0]).action_post()
        raise ZeroDivisionError
    croatian_shop.post(2)

    assert croatian_shop.numbers() == [1, 2]


def test_lost_answers_and_killed_lanes(croatian_shop: CroatianShop) -> None:
    croatian_shop.post(8, TILL_JOURNALS[0])
    croatian_shop.post(4, TILL_JOURNALS[1])
    for kind in ("drop_after", "drop_before", "truncated", "system_error"):
        croatian_shop.simulator.control.fault("racuni", kind, times=2)
    for _round in range(KILLS):
        sent = croatian_shop.simulator.sent("racuni")
        croatian_shop.db.disconnect()
        with workers(lane(croatian_shop)) as (running,):
            wait_until(
                lambda before=sent: croatian_shop.simulator.sent("racuni") > before
            )
            running.kill()
        croatian_shop.let_time_pass()
    settle_all(croatian_shop)

    croatian_shop.compare().assert_right(12)


def _users(journals: tuple[str, ...]) -> list[User]:
    return [User((code,), CALLS, PER_CALL) for code in journals for _user in range(2)]
