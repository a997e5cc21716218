"""Processes: this command's own folder, and programs that it runs to their end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .cache import cache_dir
from .steps import SetupError

TAIL_LINES = 15
SECONDS_TO_STOP = 20


def alive(pid: int) -> bool:
    """Tell whether a process with this number runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def run_dir() -> Path:
    """Return this command's own folder, for what must not meet another command's.

    It stays, for who wants to read a log, until a later command starts.
    """
    for folder in cache_dir("run").iterdir():
        if not alive(int(folder.name)):
            shutil.rmtree(folder, ignore_errors=True)
    return cache_dir("run", str(os.getpid()))


def run_shown(
    command: Sequence[str | Path], cwd: Path, env: Mapping[str, str] | None
) -> int:
    """Run a program on the terminal; return its exit code.

    When this command is interrupted the program gets time to clean up.
    """
    process = subprocess.Popen([str(part) for part in command], cwd=cwd, env=env)
    try:
        return process.wait()
    except BaseException:
        process.send_signal(signal.SIGINT)
        stop(process)
        raise


def stop(process: subprocess.Popen[bytes]) -> None:
    """Give a program that was told to end its time to do so, then kill it."""
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def tail(log: Path) -> str:
    """Return a log's last lines, indented."""
    lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join(f"    {line}" for line in lines)


def run_logged(
    command: Sequence[str | Path],
    log_name: str,
    failure: str,
    cure: str = "",
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a program with its output in a file of this command's folder.

    :raises SetupError: it could not be started or ended with another code than 0; the
        message holds ``failure`` and the log's last lines
    """
    log = run_dir() / f"{log_name}.log"
    with log.open("wb") as file:
        try:
            code = subprocess.run(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=cwd,
                env=env,
            ).returncode
        except OSError as error:
            raise SetupError(f"{failure}: {error}", cure) from error
    if code:
        raise SetupError(
            f"{failure} (code {code}). {log} ends with:\n{tail(log)}", cure
        )
