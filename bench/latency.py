"""From *Confirm* to the JIR on the screen: ``dev/shell python -m bench.latency``.

One person confirms receipts one after the other, on a till that waits for the
authority's answer. Each takes the requests that the browser makes, as Odoo's server
carries them out: *Confirm*, the sending while the person waits, and the reading of the
form. Prints one JSON line: of the milliseconds beside the authority's own (its
simulator's log tells those) the median, the 95th percentile and the most, and the same
of the whole; and of confirming and reading an invoice of which no authority is told,
which is Odoo's own share. A few receipts before the measured ones load what a server
has loaded.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

from ereceipt_croatia import CroatianShop
from ereceipt_shop import PLAIN_JOURNALS, TILL_JOURNALS

from .workshop import open_croatian_shop, print_result

WARM_UP = 3


class Person:
    """Somebody at a till with the form of an invoice open."""

    def __init__(self, opened: CroatianShop) -> None:
        self._opened = opened
        with opened.db.env() as env:
            views = env["account.move"].get_views([(False, "form")])
            fields = views["models"]["account.move"]["fields"]
        self._shown: dict[str, dict] = {name: {} for name in fields}

    def draft(self, journal: str = TILL_JOURNALS[0]) -> int:
        """Save a draft; return its id."""
        with self._opened.db.env() as env:
            return self._opened.draft(env, 1, journal).id

    def confirm(self, move_id: int) -> float:
        """Confirm a draft until the JIR is on the screen; return the seconds."""
        start = time.perf_counter()
        action = self._request(move_id, lambda move: move.action_post())
        assert action["tag"] == "account_ereceipt.send_now", action
        token = f"{move_id:032x}"
        self._request(move_id, lambda move: move.ereceipt_send_now(token))
        [shown] = self._request(move_id, lambda move: move.web_read(self._shown))
        seconds = time.perf_counter() - start
        assert shown["ereceipt_state"] == "valid", shown["ereceipt_what_now"]
        assert shown["ereceipt_uuid"], "no JIR"
        return seconds

    def confirm_plain(self, move_id: int) -> float:
        """Confirm a draft that is not reported, and read it; return the seconds."""
        start = time.perf_counter()
        self._request(move_id, lambda move: move.action_post())
        [shown] = self._request(move_id, lambda move: move.web_read(self._shown))
        seconds = time.perf_counter() - start
        assert shown["state"] == "posted" and not shown["ereceipt_document_id"]
        return seconds

    def _request(self, move_id: int, call: Callable[[Any], Any]) -> Any:
        from odoo.service.model import retrying

        with self._opened.db.env() as env:
            moves = env["account.move"].with_context(ereceipt_dialog=True)
            return retrying(lambda: call(moves.browse(move_id)), env)


def measure(opened: CroatianShop, count: int, delay: float) -> None:
    """Confirm receipts one after the other and print how long it took."""
    control = opened.simulator.control
    person = Person(opened)
    for _number in range(WARM_UP):
        person.confirm(person.draft())
        person.confirm_plain(person.draft(PLAIN_JOURNALS[0]))
    control.fault(opened.submit_endpoint, "slow", seconds=delay)
    whole, own, plain = [], [], []
    for _number in range(count):
        plain.append(person.confirm_plain(person.draft(PLAIN_JOURNALS[0])))
        seconds = person.confirm(person.draft())
        [call] = control.requests(1)["rows"]
        whole.append(seconds)
        own.append(seconds - call["seconds"])
    opened.compare().assert_right(WARM_UP + count)
    print_result(
        "latency",
        documents=count,
        delay_ms=round(delay * 1000),
        **_milliseconds("beside_authority", own),
        **_milliseconds("whole", whole),
        **_milliseconds("odoo_alone", plain),
    )


def _milliseconds(name: str, seconds: Sequence[float]) -> dict[str, int]:
    ordered = sorted(round(value * 1000) for value in seconds)
    return {
        f"{name}_p50_ms": ordered[math.ceil(0.5 * len(ordered)) - 1],
        f"{name}_p95_ms": ordered[math.ceil(0.95 * len(ordered)) - 1],
        f"{name}_max_ms": ordered[-1],
    }


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(prog="python -m bench.latency")
    parser.add_argument("--documents", type=int, default=50)
    parser.add_argument("--delay", type=float, default=0.3, help="seconds of each call")
    asked = parser.parse_args()
    with open_croatian_shop() as opened:
        measure(opened, asked.documents, asked.delay)


if __name__ == "__main__":
    main()
