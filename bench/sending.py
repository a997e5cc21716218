"""From queued to valid: ``dev/shell python -m bench.sending``.

Receipts of five lines are posted, then one lane sends them to the simulator on the
loopback interface, once as fast as it answers and once with a delay on every call.
Prints one JSON line for each: this process's CPU and the statements of its cursor per
document, the calls that were made and the rate. Sending ends when every document is
accepted; what follows the verdicts is counted apart.
"""

from __future__ import annotations

import argparse
import time

from .workshop import Cost, Shop, open_shop, post, print_result

ACCEPTED = {"submitted", "valid"}


def measure(opened: Shop, count: int, delay: float) -> None:
    """Post, send, follow, and print what it took."""
    control = opened.simulator.control
    control.reset()
    control.settings(validation_seconds=0)
    post(opened, count)
    if delay:
        control.fault("any", "slow", seconds=delay)
    before = dict(control.requests(1)["counts"])
    sent = run_until(opened, count, ACCEPTED, follow=False)
    submissions = control.requests(1)["counts"].get("submit", 0) - before.get(
        "submit", 0
    )
    followed = run_until(opened, count, {"valid"}, follow=True)
    print_result(
        "sending",
        documents=count,
        delay_ms=round(delay * 1000),
        submissions=submissions,
        documents_per_submission=round(count / submissions),
        send_cpu_ms=round(sent.cpu * 1000 / count, 2),
        send_queries=round(sent.queries / count, 2),
        send_per_second=round(count / sent.wall),
        follow_cpu_ms=round(followed.cpu * 1000 / count, 2),
        follow_queries=round(followed.queries / count, 2),
    )
    assert opened.states() == {"valid": count}, opened.states()
    opened.compare().assert_right(count)


def run_until(
    opened: Shop, count: int, states: set[str], follow: bool, seconds: float = 1.0
) -> Cost:
    """Run one lane until every document is in one of the states.

    :param seconds: of each run; a short one ends when all is claimed, not when all is
        decided
    """
    if follow:
        opened.let_time_pass()
    with opened.db.env("__system__") as env:
        outbox = env["ereceipt.outbox"]
        with Cost(env.cr) as cost:
            while _reached(opened, states) < count:
                outbox._run(time.monotonic() + seconds)
    return cost


def _reached(opened: Shop, states: set[str]) -> int:
    return sum(number for state, number in opened.states().items() if state in states)


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--per-call", type=int, default=400)
    parser.add_argument("--delays", type=float, nargs="+", default=[0.0, 0.2])
    asked = parser.parse_args()
    for delay in asked.delays:
        with open_shop(documents_per_call=asked.per_call) as opened:
            measure(opened, asked.documents, delay)


if __name__ == "__main__":
    main()
