"""Users who post at the same time, each call as Odoo's server would carry it out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ereceipt_shop import Shop
from ereceipt_workers import Gate, workers
from psycopg2 import OperationalError

ONE_POST = "one post"
POST_EACH = "a post for each journal"


@dataclass(frozen=True)
class User:
    """A process that posts invoices.

    :ivar journals: of each call's invoices, in equal parts and in this order; with
        the same code twice, the halves of a call
    :ivar calls: how many calls, one after the other
    :ivar per_call: how many invoices each call posts
    :ivar way: :data:`ONE_POST`, or :data:`POST_EACH` within one transaction
    """

    journals: tuple[str, ...]
    calls: int
    per_call: int
    way: str = ONE_POST


@dataclass(frozen=True)
class Posted:
    """What came of it.

    :ivar calls: of each call, the ids of its invoices
    :ivar failures: of each call, why Odoo ran it again
    :ivar latencies: of each call, its seconds
    :ivar seconds: from the first call's start to the last one's end
    """

    calls: list[list[int]]
    failures: list[list[str]]
    latencies: list[float]
    seconds: float

    @property
    def rerun(self) -> int:
        """How many calls were run more than once."""
        return sum(map(bool, self.failures))

    def summary(self) -> dict[str, Any]:
        """Return the figures, rounded."""
        latencies = sorted(self.latencies)
        return {
            "calls": len(self.calls),
            "invoices": sum(map(len, self.calls)),
            "seconds": round(self.seconds, 1),
            "rerun": self.rerun,
            "most_tries": 1 + max(map(len, self.failures)),
            "latency_p95": round(latencies[int(len(latencies) * 0.95)], 2),
            "latency_max": round(latencies[-1], 2),
        }


def post_side_by_side(
    shop: Shop,
    users: Sequence[User],
    beside: Sequence[Callable[[], object]] = (),
) -> Posted:
    """Let users post, all beginning at the same moment.

    :param beside: what other processes do meanwhile
    """
    gate = Gate()
    shop.db.disconnect()
    with workers(*[posting(shop, user, gate) for user in users]) as running:
        gate.wait_for(len(users))
        shop.db.rows("ANALYZE")
        with workers(*beside) as others:
            start = time.monotonic()
            gate.open(len(users))
            for worker in running:
                worker.wait(300)
            seconds = time.monotonic() - start
            for worker in others:
                worker.wait()
    calls = [call for worker in running for call in worker.result]
    return Posted(
        calls=[call["ids"] for call in calls],
        failures=[call["failures"] for call in calls],
        latencies=[call["seconds"] for call in calls],
        seconds=seconds,
    )


def posting(
    shop: Shop, user: User, gate: Gate
) -> Callable[[], list[dict[str, object]]]:
    """Return a user's process: drafts first, then at the gate, then the calls."""

    def work() -> list[dict[str, object]]:
        drafts = [_drafts(shop, user) for _call in range(user.calls)]
        gate.pass_through()
        return [_call(shop, user, parts) for parts in drafts]

    return work


def _drafts(shop: Shop, user: User) -> list[list[int]]:
    """Return the drafts of one call, by journal, in the opposite of the order in which
    Odoo numbers them."""
    share = user.per_call // len(user.journals)
    with shop.db.env() as env:
        return [
            list(reversed(shop.draft(env, share, journal).ids))
            for journal in user.journals
        ]


def _call(shop: Shop, user: User, parts: list[list[int]]) -> dict[str, object]:
    from odoo.service.model import retrying

    together = [[move_id for part in parts for move_id in part]]
    posts = together if user.way == ONE_POST else parts
    failures: list[str] = []
    start = time.monotonic()
    with shop.db.env() as env:

        def call() -> None:
            try:
                for ids in posts:
                    env["account.move"].browse(ids)._post(soft=False)
            except OperationalError as error:
                failures.append(str(error))
                raise

        retrying(call, env)
    seconds = time.monotonic() - start
    return {"ids": together[0], "failures": failures, "seconds": seconds}


def assert_chain_follows_numbers(
    shop: Shop, serial: str, posted: Posted, user: User
) -> None:
    """Raise unless a device's chain has all that was posted on it, no gap and no fork,
    and each call's documents stand together in the order of their numbers."""
    rows = shop.chain(serial)
    chain = shop.assert_chain(serial, len(rows))
    places = {row.move_id: row for row in chain}
    for ids in posted.calls:
        mine = sorted((places[i] for i in ids if i in places), key=lambda r: r.index)
        if not mine:
            continue
        first = mine[0].index
        assert [row.index for row in mine] == list(range(first, first + len(mine)))
        if user.way == ONE_POST:
            assert mine == sorted(
                mine, key=lambda r: (r.journal_id, r.prefix, r.number)
            )
