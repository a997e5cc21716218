"""More lanes, more documents a second: ``dev/shell python -m bench.lanes``.

Lanes are processes, as Odoo's scheduled jobs are. Receipts are posted, then 1, 2 and 4
lanes send them at the same time to an authority that takes a while for each call: one
that takes batches (ETA) and one that takes a document per call (CIS). The time is that
until the last one is accepted; every document must have arrived once. Prints one JSON
line with the documents per second of each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from ereceipt_storm import lane, settle_all
from ereceipt_workers import Gate, wait_until, workers

from .workshop import (
    TILL_JOURNALS,
    Shop,
    open_croatian_shop,
    open_shop,
    print_result,
)

LANES = (1, 2, 4)
ACCEPTED = {"submitted", "valid"}
SECONDS = 300.0
"""How long a lane goes on claiming; it is ended when all is accepted."""


def measure(
    opening: Callable[..., AbstractContextManager[Shop]],
    lanes: int,
    asked: argparse.Namespace,
    **registration: int,
) -> dict[str, object]:
    """Return what so many lanes reach, in a shop of their own."""
    if asked.parallel:
        registration["parallel_calls"] = asked.parallel
    with opening(**registration) as opened:
        for journal in TILL_JOURNALS:
            opened.post(asked.documents // 2, journal)
        control = opened.simulator.control
        control.fault(opened.submit_endpoint, "slow", seconds=asked.delay)
        before = opened.simulator.sent(opened.submit_endpoint)
        seconds = _seconds_to_send(opened, lanes)
        calls = opened.simulator.sent(opened.submit_endpoint) - before
        control.clear_faults()
        settle_all(opened)
        opened.compare().assert_right(asked.documents // 2 * 2)
        assert opened.sent_twice() == [], "some document travelled twice"
        parallel = opened.db.value("SELECT parallel_calls FROM ereceipt_registration")
    return {
        "per_second": round(asked.documents / seconds, 1),
        "calls": calls,
        "calls_at_once_per_lane": parallel,
    }


def _seconds_to_send(opened: Shop, lanes: int) -> float:
    """Return how long so many lanes take until every document is accepted."""
    gate = Gate()
    opened.db.disconnect()
    works = [lane(opened, SECONDS, gate=gate) for _number in range(lanes)]
    with workers(*works):
        gate.wait_for(lanes)
        begun = time.perf_counter()
        gate.open(lanes)
        wait_until(lambda: set(opened.states()) <= ACCEPTED, SECONDS)
        return time.perf_counter() - begun


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(prog="python -m bench.lanes")
    parser.add_argument("--documents", type=int, default=1200, help="of each run")
    parser.add_argument("--per-call", type=int, default=20, help="of a batch")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds of each call")
    parser.add_argument(
        "--parallel", type=int, help="calls at once of one lane (default: as set up)"
    )
    asked = parser.parse_args()
    batches = {
        count: measure(open_shop, count, asked, documents_per_call=asked.per_call)
        for count in LANES
    }
    single = {count: measure(open_croatian_shop, count, asked) for count in LANES}
    print_result(
        "lanes",
        documents=asked.documents,
        delay_ms=round(asked.delay * 1000),
        documents_per_call=asked.per_call,
        in_batches=batches,
        one_per_call=single,
    )


if __name__ == "__main__":
    main()
