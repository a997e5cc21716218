"""Memory of a lane, whatever is queued: ``dev/shell python -m bench.memory``.

For each size of queue a fresh child process sends for a fixed number of runs' worth of
documents; its peak memory must not grow with the queue. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import time

from .workshop import (
    Shop,
    in_a_process,
    open_shop,
    peak_megabytes,
    post,
    print_result,
)

SENT = 1000


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
    with open_shop(documents_per_call=200) as opened:
        queued = 0
        for size in sorted(asked.queued):
            post(opened, size - queued)
            before, after = in_a_process(send, opened)
            queued = opened.states().get("queued", 0)
            peaks[size] = {"start_mb": round(before), "peak_mb": round(after)}
    print_result("memory", sent=SENT, queued=peaks)


if __name__ == "__main__":
    main()
