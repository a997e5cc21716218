"""Running a program whose output is of interest only when it fails."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .cache import cache_dir
from .steps import SetupError

TAIL_LINES = 15


def run_logged(
    command: Sequence[str | Path],
    log_name: str,
    failure: str,
    cure: str = "",
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a program with its output in the cache's ``log`` folder.

    :raises SetupError: it could not be started or ended with another code than 0; the
        message holds ``failure`` and the log's last lines
    """
    log = cache_dir("log") / f"{log_name}.log"
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
        lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        shown = "\n".join(f"    {line}" for line in lines)
        raise SetupError(f"{failure} (code {code}). {log} ends with:\n{shown}", cure)
