"""Croatia's receipts, one in each call: ``dev/shell python -m bench.croatia``.

Receipts are posted on two tills, then one lane sends them to a simulator of CIS that
takes its time for each call: first one call at a time, then as many as a registration
makes at once by default. Prints one JSON line: both rates, their ratio, the most calls
at once, and this process's CPU and the statements of its cursor per receipt. Ends with
an error unless CIS has every receipt valid, handed over once.
"""

from __future__ import annotations

import argparse

from ereceipt_croatia import CroatianShop
from ereceipt_shop import TILL_JOURNALS

from .sending import run_until
from .workshop import Cost, open_croatian_shop, print_result

RUN_SECONDS = 10.0
"""Of a lane: nothing is left to be followed when all is sent."""


def measure(opened: CroatianShop, count: int, delay: float) -> None:
    """Post, send one by one, post, send side by side, and print what it took."""
    control = opened.simulator.control
    parallel = opened.db.value("SELECT parallel_calls FROM ereceipt_registration")
    control.fault(opened.submit_endpoint, "slow", seconds=delay)
    opened.configure(parallel_calls=1)
    single = _sent(opened, count, count)
    opened.configure(parallel_calls=parallel)
    many = _sent(opened, count, 2 * count)
    opened.compare().assert_right(2 * count)
    opened.assert_chains()
    assert opened.deliveries() == 2 * count, "one was handed over twice"
    print_result(
        "croatia",
        documents=count,
        delay_ms=round(delay * 1000),
        one_at_a_time_per_second=round(count / single.wall, 2),
        per_second=round(count / many.wall, 2),
        ratio=round(single.wall / many.wall, 2),
        parallel_calls=parallel,
        most_at_once=control.requests(1)["most_at_once"][opened.submit_endpoint],
        cpu_ms=round(many.cpu * 1000 / count, 2),
        queries=round(many.queries / count, 2),
    )


def _sent(opened: CroatianShop, count: int, altogether: int) -> Cost:
    """Post so many receipts on both tills and send them; return what sending took."""
    opened.post(count // 2, TILL_JOURNALS[0])
    opened.post(count - count // 2, TILL_JOURNALS[1])
    return run_until(opened, altogether, {"valid"}, follow=False, seconds=RUN_SECONDS)


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(prog="python -m bench.croatia")
    parser.add_argument("--documents", type=int, default=300, help="in each way")
    parser.add_argument("--delay", type=float, default=0.2, help="seconds of each call")
    asked = parser.parse_args()
    with open_croatian_shop() as opened:
        measure(opened, asked.documents, asked.delay)


if __name__ == "__main__":
    main()
