"""Lanes that are killed again and again while the authority misbehaves."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ereceipt_killpoints import (
    AFTER_COMMIT,
    BEFORE_CLAIM,
    BEFORE_COMMIT,
    BEFORE_WRITE,
    IN_CALL,
    KillPoint,
    places_of,
    stop_before_calls,
)
from ereceipt_shop import Shop
from ereceipt_workers import Gate, Worker, workers

AT_RANDOM = "at random"
ANSWERED = (BEFORE_WRITE, BEFORE_COMMIT, AFTER_COMMIT)
"""Places at which the authority has answered."""

MISBEHAVIOUR: tuple[dict, ...] = (
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "slow", "seconds": 0.4},
    {"kind": "slow_after", "seconds": 0.4},
    {"kind": "deaf", "seconds": 1.0},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 500, "processed": True},
    {"kind": "status", "status": 503},
    {"kind": "waf_html"},
    {"kind": "waf_html", "processed": True},
    {"kind": "rate_limit", "seconds": 1},
    {"kind": "unauthorized_midway"},
    {"kind": "truncated"},
    {"kind": "bad_json"},
    {"kind": "empty"},
)
"""What any call may meet. See the simulator's ``faults``."""


def lane(
    shop: Shop,
    seconds: float = 5.0,
    point: KillPoint | None = None,
    gate: Gate | None = None,
    before_call: Gate | None = None,
) -> Callable[[], int]:
    """Return what a lane's process does: one run of the outbox, which returns how many
    documents it settled.

    :param gate: where it stands before it begins
    :param before_call: where it stands with each claim, before it sends
    """

    def work() -> int:
        if point:
            point.install(shop.db.registry)
        if before_call:
            stop_before_calls(before_call)
        if gate:
            gate.pass_through()
        with shop.db.env("__system__") as env:
            return env["ereceipt.outbox"]._run(time.monotonic() + seconds)

    return work


def run_lanes(shop: Shop, count: int = 2, seconds: float = 5.0) -> None:
    """Let lanes run side by side until each ends by itself."""
    shop.db.disconnect()
    with workers(*[lane(shop, seconds) for _number in range(count)]) as running:
        for worker in running:
            worker.wait()


def settle_all(shop: Shop, rounds: int = 20, seconds: float = 0.3) -> int:
    """Let lanes run and time pass until every document is valid, without kills.

    :return: how many rounds it took
    :raise AssertionError: some document is not valid after so many rounds
    """
    for number in range(1, rounds + 1):
        shop.let_time_pass()
        run_lanes(shop, seconds=seconds)
        if set(shop.states()) <= {"valid"}:
            return number
    raise AssertionError(f"After {rounds} rounds: {shop.states()}")


@dataclass
class Storm:
    """Rounds of two lanes at once, each killed somewhere.

    :ivar seconds: how long a lane goes on claiming
    :ivar kills: how many lanes were killed, by place
    :ivar missed: how many kill points were never passed
    """

    shop: Shop
    chance: random.Random
    seconds: float = 1.5
    kills: Counter = field(default_factory=Counter)
    missed: int = 0

    def misbehave(self, probability: float) -> None:
        """Let calls meet anything, each with this probability."""
        control = self.shop.simulator.control
        control.clear_faults(seed=self.chance.randrange(2**31))
        for rule in MISBEHAVIOUR:
            control.fault("any", probability=probability, **rule)
        for rule in self.shop.misbehaviour:
            place = {"on": self.shop.submit_endpoint, "probability": probability}
            control.fault(**{**place, **rule})

    def round(self, *points: KillPoint | None) -> int:
        """Run lanes at the same time, one for each point; ``None`` is killed at
        random, unless it is ready before.

        :return: how many of them were killed
        """
        self.shop.let_time_pass()
        self.shop.db.disconnect()
        works = [lane(self.shop, self.seconds, point) for point in points]
        before = self.kills.total()
        with workers(*works) as running:
            for worker, point in zip(running, points, strict=True):
                if point is None:
                    self._kill_at_random(worker)
            for worker, point in zip(running, points, strict=True):
                self._count(worker.wait(), point)
        return self.kills.total() - before

    def chosen(self) -> KillPoint | None:
        """Return a kill point by chance; ``None``, at random, now and then."""
        purpose = self._purpose(self.shop.states())
        place = self.chance.choice([*places_of(purpose), AT_RANDOM])
        if place == AT_RANDOM:
            return None
        return KillPoint(place, purpose, self.chance.choice((1, 1, 2)))

    def rage(
        self,
        kills: int,
        most: int,
        at_a_time: int,
        journals: Sequence[str],
        probability: float,
    ) -> int:
        """Kill two lanes at once, again and again, while calls meet anything; then let
        everything be settled.

        :param kills: how many, at least
        :param most: how many documents are posted meanwhile, so many at a time, by
            turns in the journals
        :return: how many were posted
        """
        posted = 0
        while self.kills.total() < kills:
            if posted < most:
                journal = journals[posted // at_a_time % len(journals)]
                posted += len(self.shop.post(at_a_time, journal))
            self.misbehave(probability)
            self.round(self.chosen(), self.chosen())
        self.shop.simulator.control.clear_faults()
        settle_all(self.shop)
        return posted

    def _purpose(self, states: dict[str, int]) -> str:
        if "to_sign" in states:
            # what is signed is sent in the same run
            return self.chance.choice(("sign", "send"))
        return "send" if "queued" in states or not self.shop.asks else "ask"

    def _kill_at_random(self, worker: Worker) -> None:
        end = time.monotonic() + self.chance.uniform(0.0, self.seconds / 2)
        while time.monotonic() < end and not worker.poll():
            time.sleep(0.002)
        worker.kill()

    def _count(self, killed: bool, point: KillPoint | None) -> None:
        if killed:
            self.kills[str(point) if point else AT_RANDOM] += 1
        else:
            self.missed += 1


def assert_killed_at(
    place: str, arrived: int, states: dict[str, int], documents: int
) -> None:
    """Raise unless a kill left what it should have left of documents that are sent one
    by one. When an answer is written down the next one is claimed already, and may be
    there.

    :param arrived: how many of them the authority has
    """
    left = {
        state: count
        for state, count in states.items()
        if state not in ("valid", "submitted")
    }
    if place == BEFORE_CLAIM:
        assert (arrived, left) == (0, {"queued": documents})
    elif place == AFTER_COMMIT:
        assert left == {"sending": documents - 1}
    elif place in ANSWERED:
        assert left == {"sending": documents}
    else:
        assert left == {"sending": 1, "queued": documents - 1}
    if place in ANSWERED:
        assert 1 <= arrived <= documents
    elif place != IN_CALL:
        assert arrived == 0
