"""A receiver gets every event, wherever a run is killed, and knows what it has."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from ereceipt_killpoints import die
from ereceipt_shop import Shop
from ereceipt_storm import settle_all
from ereceipt_workers import workers
from webhook_receiver import receiving, verify

SECRET = "an-oak-a-river-and-seven-green-lamps"


def _hook(shop: Shop, url: str) -> None:
    with shop.db.env() as env:
        env["ereceipt.webhook"].create({"name": "X", "url": url, "secret": SECRET})


def _run(shop: Shop, deadly: bool = False) -> Callable[[], int]:
    """Return what the process of the job does.

    :param deadly: it is killed between the calls and writing down their answers
    """

    def work() -> int:
        if deadly:
            shop.db.registry["ereceipt.webhook.work"]._settle = lambda *args: die()
        with shop.db.env("__system__") as env:
            deliveries = env["ereceipt.webhook.work"]
            return env["ereceipt.outbox"]._run(time.monotonic() + 2.0, deliveries)

    return work


def _states(shop: Shop) -> Counter[str]:
    rows = shop.db.rows("SELECT state FROM ereceipt_webhook_delivery")
    return Counter(state for (state,) in rows)


def test_killed_between_call_and_write(shop: Shop) -> None:
    with receiving() as receiver:
        _hook(shop, receiver.url)
        shop.post(3)
        settle_all(shop)
        assert _states(shop) == {"pending": 3}

        shop.db.disconnect()
        with workers(_run(shop, deadly=True)) as [worker]:
            assert worker.wait(), "it was killed"
        arrived = len(receiver.taken)
        assert arrived >= 1
        assert _states(shop) == {"sending": 3}

        shop.db.disconnect()
        with workers(_run(shop)) as [worker]:
            worker.wait()
        assert _states(shop) == {"sending": 3}, "they are another run's"

        with shop.db.env() as env:
            env.cr.execute(
                "UPDATE ereceipt_webhook_delivery "
                "SET lease_until = lease_until - interval '1 hour'"
            )
        shop.db.disconnect()
        with workers(_run(shop)) as [worker]:
            worker.wait()
        assert _states(shop) == {"done": 3}
        bodies: dict[str, set[bytes]] = {}
        for message in receiver.taken:
            assert verify(message["headers"], message["body"], SECRET)
            bodies.setdefault(message["event"]["id"], set()).add(message["body"])
        assert len(bodies) == 3
        assert all(len(body) == 1 for body in bodies.values()), "the same once more"
        told = {message["event"]["document"]["uid"] for message in receiver.taken}
        assert told == shop.simulator.receipts().keys()


def test_two_runs_share_the_work(shop: Shop) -> None:
    with receiving() as receiver:
        _hook(shop, receiver.url)
        shop.post(20)
        settle_all(shop)
        shop.db.disconnect()
        with workers(_run(shop), _run(shop)) as running:
            for worker in running:
                worker.wait()
        assert _states(shop) == {"done": 20}
        counts = Counter(message["event"]["id"] for message in receiver.taken)
        assert set(counts.values()) == {1}
        assert len(counts) == 20
