"""Many users post at two tills that share their numbers: none twice, no gap, and nobody
waits in vain. What is killed while it is sent is registered once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ereceipt_db import Place
from ereceipt_posting import User, post_side_by_side
from ereceipt_shop import PLAIN_JOURNALS, TILL_JOURNALS
from ereceipt_storm import lane, settle_all
from ereceipt_till import TillShop, till_shop
from ereceipt_workers import wait_until, workers

CALLS, PER_CALL = 2, 3
KILLS = 3


@pytest.fixture
def till(place: Place) -> Iterator[TillShop]:
    with till_shop(place) as shop:
        yield shop


def test_two_tills_share_numbers(till: TillShop) -> None:
    plain = post_side_by_side(till, _users(PLAIN_JOURNALS))
    posted = post_side_by_side(till, _users(TILL_JOURNALS))

    assert posted.rerun <= plain.rerun
    count = 4 * CALLS * PER_CALL
    assert till.numbers() == list(range(1, count + 1))
    settle_all(till)
    assert till.ours() == till.registered()
    assert len(till.ours()) == count


def test_what_is_rolled_back_takes_no_number(till: TillShop) -> None:
    with pytest.raises(ZeroDivisionError), till.db.env() as env:
        till.draft(env, 2, TILL_JOURNALS[0]).action_post()
        raise ZeroDivisionError
    till.post(2)

    assert till.numbers() == [1, 2]


def test_lost_answers_and_killed_lanes(till: TillShop) -> None:
    till.post(8, TILL_JOURNALS[0])
    till.post(4, TILL_JOURNALS[1])
    for kind in ("drop_after", "drop_before", "truncated", "system_error"):
        till.simulator.control.fault("racuni", kind, times=2)
    for _round in range(KILLS):
        sent = till.simulator.sent("racuni")
        till.db.disconnect()
        with workers(lane(till)) as (running,):
            wait_until(lambda before=sent: till.simulator.sent("racuni") > before)
            running.kill()
        till.let_time_pass()
    settle_all(till)

    assert till.ours() == till.registered()
    assert len(till.ours()) == 12


def _users(journals: tuple[str, ...]) -> list[User]:
    return [User((code,), CALLS, PER_CALL) for code in journals for _user in range(2)]
