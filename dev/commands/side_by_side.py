"""Programs that run side by side, as many as the machine has processors.

A program's output goes to a file, and to the terminal in one piece when the program has
ended, so that two outputs never mix. A sign of life is printed each minute.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from setup.cache import CHECKOUT
from setup.process import run_dir, run_shown, stop

SECONDS_BETWEEN_SIGNS = 60


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Job:
    """A program to run in the checkout.

    :param command: the program and its arguments
    :param variables: its whole process environment; ``None`` for this process's own
    :param ended: called with the exit code, in the order in which programs end
    """

    title: str
    command: Sequence[str]
    variables: Mapping[str, str] | None
    ended: Callable[[int], None]


class SideBySide:
    """Runs jobs; leaving it waits for them, or ends them when an exception leaves it.

    :param alone: there will be one job, so its output is shown as it comes
    """

    def __init__(self, *, alone: bool) -> None:
        self._alone = alone
        self._pool = ThreadPoolExecutor(processors())
        self._futures: list[Future[None]] = []
        self._running: dict[str, tuple[subprocess.Popen[bytes], float]] = {}
        # One job's output and its closing are printed without another's between.
        self._printing = threading.Lock()
        self._stopping = False

    def __enter__(self) -> SideBySide:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        """Wait for the jobs, or end them."""
        try:
            if kind is None:
                self.wait()
        finally:
            self._stop()

    def start(self, job: Job) -> None:
        """Run a job now when it is alone, else as soon as a processor is free."""
        if self._alone:
            print(f"\n===== {job.title} =====", flush=True)
            job.ended(run_shown(job.command, CHECKOUT, job.variables))
        else:
            self._futures.append(self._pool.submit(self._run, job))

    def _run(self, job: Job) -> None:
        log = run_dir() / f"{job.title.replace(' ', '-')}.log"
        with log.open("wb") as file:
            process = self._begun(job, file)
            if process is None:
                return
            code = process.wait()
        _process, started = self._running.pop(job.title)
        with self._printing:
            seconds = time.monotonic() - started
            print(f"\n===== {job.title}: {seconds:.0f} s =====", flush=True)
            print(log.read_text(errors="replace"), flush=True)
            job.ended(code)

    def _begun(self, job: Job, file) -> subprocess.Popen[bytes] | None:
        if self._stopping:
            return None
        process = subprocess.Popen(
            job.command,
            cwd=CHECKOUT,
            env=job.variables,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        self._running[job.title] = (process, time.monotonic())
        return process

    def wait(self) -> None:
        """Wait for the jobs that were started."""
        last = time.monotonic()
        for future in self._futures:
            while not future.done():
                time.sleep(0.2)
                if time.monotonic() - last >= SECONDS_BETWEEN_SIGNS:
                    last = time.monotonic()
                    self._say_what_runs(last)
            future.result()

    def _say_what_runs(self, now: float) -> None:
        running = [
            f"{title} for {now - started:.0f} s"
            for title, (_process, started) in list(self._running.items())
        ]
        print(f"      running: {', '.join(running)}", flush=True)

    def _stop(self) -> None:
        self._stopping = True
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process, _started in list(self._running.values()):
            process.send_signal(signal.SIGINT)
        for process, _started in list(self._running.values()):
            stop(process)
        self._pool.shutdown()


def shares(files: Sequence[Path], number: int) -> list[list[Path]]:
    """Return the files in so many lists of nearly the same number of bytes."""
    lists: list[list[Path]] = [[] for _ in range(number)]
    sizes = [0] * number
    for file in sorted(files, key=lambda path: (-path.stat().st_size, path.name)):
        smallest = sizes.index(min(sizes))
        lists[smallest].append(file)
        sizes[smallest] += file.stat().st_size
    return [sorted(share) for share in lists if share]
