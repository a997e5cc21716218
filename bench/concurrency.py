"""Users who post at the same time: what the add-on adds, and what it may not do.

``python -m bench.concurrency [--users 8] [--invoices 60] [--per-call 10]``

The same users, first on a journal without a device, then on one till, on one till
while two lanes send, with two posts in one transaction, and on two tills in opposite
order. No call may be run again more often than without the add-on, and no chain may
fork. Exits with 1 if that is not so.
"""

from __future__ import annotations

import argparse
import json
import sys

from ereceipt_db import Place
from ereceipt_posting import (
    POST_EACH,
    Posted,
    User,
    assert_chain_follows_numbers,
    post_side_by_side,
)
from ereceipt_shop import (
    PLAIN_JOURNALS,
    SERIALS,
    TILL_JOURNALS,
    Shop,
    Simulator,
    prepared,
    shop,
)
from ereceipt_storm import lane, settle_all


def main() -> int:
    """Run; return the exit code."""
    options = _options()
    place = Place.from_environment()
    figures: dict[str, dict[str, object]] = {}
    runs = {
        "plain": _plain,
        "one_till": _one_till,
        "one_till_while_lanes_send": _while_lanes_send,
        "two_posts_in_one_transaction": _two_posts,
        "two_tills_in_opposite_order": _opposite,
    }
    with Simulator.running() as simulator, prepared(place, simulator) as source:
        for name, run in runs.items():
            with shop(place, simulator, source) as till:
                figures[name] = run(till, options).summary()
    most = figures["plain"]["rerun"]
    right = all(run["rerun"] <= most for run in figures.values())
    print(json.dumps({"bench": "concurrency", "right": right, **figures}), flush=True)
    return 0 if right else 1


def _plain(till: Shop, options: argparse.Namespace) -> Posted:
    return post_side_by_side(till, [_user(options, PLAIN_JOURNALS[:1])] * options.users)


def _one_till(till: Shop, options: argparse.Namespace) -> Posted:
    user = _user(options, TILL_JOURNALS[:1])
    posted = post_side_by_side(till, [user] * options.users)
    assert_chain_follows_numbers(till, SERIALS[0], posted, user)
    return posted


def _while_lanes_send(till: Shop, options: argparse.Namespace) -> Posted:
    user = _user(options, TILL_JOURNALS[:1])
    lanes = [lane(till, 20.0), lane(till, 20.0)]
    posted = post_side_by_side(till, [user] * options.users, lanes)
    assert_chain_follows_numbers(till, SERIALS[0], posted, user)
    settle_all(till)
    till.compare().assert_right(options.users * options.invoices)
    return posted


def _two_posts(till: Shop, options: argparse.Namespace) -> Posted:
    user = _user(options, TILL_JOURNALS[:1] * 2, POST_EACH)
    posted = post_side_by_side(till, [user] * options.users)
    assert_chain_follows_numbers(till, SERIALS[0], posted, user)
    return posted


def _opposite(till: Shop, options: argparse.Namespace) -> Posted:
    """Users with journals of their own, so that they wait for the tills alone."""
    users, made = [], {}
    with till.db.env() as env:
        devices = env["ereceipt.device"].search([], order="serial")
        for number in range(options.users):
            codes = tuple(f"U{number}{letter}" for letter in "AB")
            # documents are issued in the order of their journals, so every other
            # user's journals lead to the tills in the opposite order
            for device, code in zip(devices, codes[:: 1 - number % 2 * 2], strict=True):
                made[code] = device
            users.append(_user(options, codes))
        for code in sorted(made):
            made[code].journal_ids += env["account.journal"].create(
                {"name": f"Journal {code}", "type": "sale", "code": code}
            )
    posted = post_side_by_side(till, users)
    for serial in SERIALS:
        assert_chain_follows_numbers(till, serial, posted, users[0])
    return posted


def _user(options: argparse.Namespace, journals: tuple[str, ...], *way: str) -> User:
    calls = options.invoices // options.per_call
    return User(journals, calls, options.per_call, *way)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.concurrency")
    parser.add_argument("--users", type=int, default=8)
    parser.add_argument("--invoices", type=int, default=60, help="of each user")
    parser.add_argument("--per-call", type=int, default=10)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
