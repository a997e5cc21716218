"""Memory of a lane, whatever is queued: ``dev/shell python -m bench.memory``.

For each size of queue a fresh child process sends for a fixed number of runs' worth of
documents; its peak memory must not grow with the queue. Prints one JSON line.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from typing import Any

from .workshop import Shop, open_shop, post, print_result

SENT = 1000


def peak_megabytes(opened: Shop) -> tuple[float, float]:
    """Send :data:`SENT` documents in a child; return its peak before and after."""
    opened.db.disconnect()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_send, args=(opened, theirs))
    child.start()
    result = ours.recv()
    child.join()
    return result


def _send(opened: Shop, pipe: Any) -> None:
    with opened.db.env("__system__") as env:
        # warm, so that what is loaded once is not counted
        env["ereceipt.work"]._due_count()
        before = _peak()
        target = opened.states().get("queued", 0) - SENT
        while opened.states().get("queued", 0) > max(target, 0):
            env["ereceipt.outbox"]._run(time.monotonic() + 0.2)
        pipe.send((before, _peak()))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


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
            before, after = peak_megabytes(opened)
            queued = opened.states().get("queued", 0)
            peaks[size] = {"start_mb": round(before), "peak_mb": round(after)}
    print_result("memory", sent=SENT, queued=peaks)


if __name__ == "__main__":
    main()
