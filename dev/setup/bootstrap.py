"""From the machine's Python into the virtual environment, and from errors to words."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from . import python_env
from .steps import SetupError, Steps, report

# Set for the second start of a command, with the number of steps it announced.
MARK = "ACCOUNT_ERECEIPT_STEPS"
INTERRUPTED = 130


def enter(total: int, *, with_tests: bool) -> Steps:
    """Go on in the virtual environment, which is made if need be.

    The first call replaces the process by the same command under that environment's
    Python, where the second call returns.

    :param total: how many steps the command will print, this one included
    :param with_tests: the command needs the tests' and linters' packages too
    """
    if os.environ.pop(MARK, None) == str(total):
        return Steps(total, done=1)
    steps = Steps(total)
    try:
        with steps.step("Python packages"):
            python = python_env.ensure(steps, with_tests)
    except SetupError as error:
        report(error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    os.environ[MARK] = str(total)
    os.environ.pop("PYTHONPATH", None)
    os.environ.pop("PYTHONHOME", None)
    os.execv(python, [str(python), str(Path(sys.argv[0]).resolve()), *sys.argv[1:]])


def finish(command: Callable[[], int]) -> None:
    """Exit with what the command returns; its errors become words and code 1.

    A signal to end is an interruption, so that what was started is stopped.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(command())
    except SetupError as error:
        report(error)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(INTERRUPTED)
