"""Two whole Odoo servers share one database, and one of them is killed at work."""

from __future__ import annotations

import random

from ereceipt_fleet import Fleet
from ereceipt_server import CRONS, QUEUE_JOB, Engine
from ereceipt_shop import TILL_JOURNALS, Shop

MANY = 40
SECONDS_TO_SETTLE = 90


def test_scheduled_jobs_of_two_servers(shop: Shop) -> None:
    _one_is_killed(shop, CRONS)


def test_queue_job_on_two_servers(queue_job_shop: Shop) -> None:
    _one_is_killed(queue_job_shop, QUEUE_JOB)
    done = queue_job_shop.db.value(
        "SELECT count(*) FROM queue_job WHERE state = 'done' "
        "AND channel = 'root.ereceipt'"
    )
    assert done, "The runner has carried out no job."


def _one_is_killed(shop: Shop, engine: Engine) -> None:
    shop.configure(documents_per_call=5)
    shop.simulator.forget_soon()
    control = shop.simulator.control
    rule = control.fault(shop.submit_endpoint, "slow_after", seconds=1)
    with Fleet(shop, 2, engine) as fleet:
        shop.post(MANY // 2, TILL_JOURNALS[0])
        shop.post(MANY // 2, TILL_JOURNALS[1])
        fleet.kill(random.Random(1))
        control.clear_faults(rule)
        fleet.settle(SECONDS_TO_SETTLE)
    shop.compare().assert_right(MANY)
    shop.assert_chains()
