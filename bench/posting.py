"""Posting with the add-on and without: ``dev/shell python -m bench.posting``.

The same invoices of five lines are posted in a journal with a device and in one
without, in turn, so that the machine's moods meet both. Prints one JSON line for each
size of batch: medians per invoice, and the ratio.
"""

from __future__ import annotations

import argparse
from typing import Any

from .workshop import (
    PLAIN_JOURNALS,
    TILL_JOURNALS,
    Cost,
    Shop,
    drafts,
    median,
    open_shop,
    print_result,
)

JOURNALS = {"with": TILL_JOURNALS[0], "without": PLAIN_JOURNALS[0]}


def measure(opened: Shop, batch: int, rounds: int) -> dict[str, list[Cost]]:
    """Post ``rounds`` batches in each journal; the first of each is not counted."""
    costs: dict[str, list[Cost]] = {side: [] for side in JOURNALS}
    for number in range(rounds + 1):
        for side, journal in JOURNALS.items():
            cost = _post_once(opened, batch, journal)
            if number:
                costs[side].append(cost)
    return costs


def _post_once(opened: Shop, batch: int, journal: str) -> Cost:
    with opened.db.env() as env:
        ids = drafts(env, batch, journal).ids
    opened.db.rows("ANALYZE")
    with opened.db.env() as env:
        moves = env["account.move"].browse(ids)
        with Cost(env.cr) as cost:
            moves.action_post()
            env.cr.commit()
    return cost


def _report(batch: int, costs: dict[str, list[Cost]]) -> None:
    def each(side: str, what: str) -> list[float]:
        return [getattr(cost, what) / batch for cost in costs[side]]

    figures: dict[str, Any] = {"batch": batch, "rounds": len(costs["with"])}
    for what, scale in (("cpu", 1000), ("wall", 1000), ("queries", 1)):
        unit = "" if what == "queries" else "_ms"
        for side in JOURNALS:
            figures[f"{what}{unit}_{side}"] = median(
                [value * scale for value in each(side, what)]
            )
        pairs = zip(each("with", what), each("without", what), strict=True)
        figures[f"{what}_ratio"] = median([a / b for a, b in pairs])
    print_result("posting", **figures)


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, nargs="+", default=[100, 10, 1])
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    with open_shop() as opened:
        for batch in asked.batches:
            rounds = asked.rounds if batch > 1 else asked.rounds * 4
            _report(batch, measure(opened, batch, rounds))


if __name__ == "__main__":
    main()
