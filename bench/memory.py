"""Memory of a lane, whatever is queued: ``dev/shell python -m bench.memory``.

For each size of queue a fresh process sends as many documents; its peak memory must not
grow with the queue. What is sent was posted, what is queued behind it are copies in the
table: to post it all takes hours. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import time

from .workshop import (
    Shop,
    copy,
    in_a_process,
    open_shop,
    peak_megabytes,
    post,
    print_result,
)

SENT = 1000


def queue(opened: Shop, count: int) -> None:
    """Queue so many documents, of which :data:`SENT` can be sent."""
    post(opened, SENT)
    last, place = opened.db.rows(
        "SELECT id, chain_index FROM ereceipt_document "
        "WHERE state = 'queued' ORDER BY chain_index DESC LIMIT 1"
    )[0]
    changed = {
        "name": "t.name || '-' || g",
        "authority_uid": "lpad(to_hex(g), 64, '0')",
        "chain_index": f"{place} + g",
    }
    copy(opened, "ereceipt_document", [last], count - SENT, changed)
    opened.db.rows("ANALYZE")
    waiting = opened.states().get("queued", 0)
    if waiting != count:
        raise RuntimeError(f"{waiting} documents are queued, not {count}")


def send(opened: Shop) -> tuple[float, float]:
    """Send :data:`SENT` documents; return the peak of memory before and after."""
    with opened.db.env("__system__") as env:
        # warm, so that what is loaded once is not counted
        env["ereceipt.work"]._due_count()
        before = peak_megabytes()
        target = opened.states().get("queued", 0) - SENT
        while opened.states().get("queued", 0) > max(target, 0):
            env["ereceipt.outbox"]._run(time.monotonic() + 0.2)
        return before, peak_megabytes()


def main() -> None:
    """Run the benchmark with the command line's sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queued", type=int, nargs="+", default=[1000, 20000])
    asked = parser.parse_args()
    peaks = {}
    for size in sorted(asked.queued):
        with open_shop(documents_per_call=200) as opened:
            queue(opened, size)
            before, after = in_a_process(send, opened)
            left = opened.states().get("queued", 0)
            peaks[size] = {
                "start_mb": round(before),
                "peak_mb": round(after),
                "sent": size - left,
            }
    print_result("memory", queued=peaks)


if __name__ == "__main__":
    main()
