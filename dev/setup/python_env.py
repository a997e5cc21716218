"""The virtual environment, made from a lock file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from .apt import PrivateApt, own_suite
from .cache import CHECKOUT, cache_dir, digest, locked
from .process import run_logged
from .steps import SetupError, Steps

OLDEST, NEWEST = (3, 10), (3, 13)
STAMP = "complete"
# An environment that no command used for so long belongs to an older lock.
SECONDS_KEPT = 30 * 24 * 3600
CURE = "check the network, then try again; what is there already is kept"


def find_python() -> str:
    """Return a Python that Odoo 19 and the lock files support.

    :raises SetupError: there is none
    """
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        if path := shutil.which(f"python3.{minor}"):
            return path
    raise SetupError(
        f"Python {sys.version.split()[0]} is not supported",
        f"install one from {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}",
    )


def ensure(steps: Steps, with_tests: bool) -> Path:
    """Return the virtual environment's Python, made when it is not there yet.

    :param with_tests: include the tests' and linters' packages; an environment that has
        them also serves commands that do not need them
    """
    python = find_python()
    wanted = ["requirements-dev.lock"]
    if not with_tests:
        wanted.append("requirements.lock")
    folders = [_folder(python, CHECKOUT / name) for name in wanted]
    for folder in folders:
        if (folder / STAMP).exists():
            (folder / STAMP).touch()
            return folder / "bin" / "python"
    with locked("venv"):
        folder, lock = folders[-1], CHECKOUT / wanted[-1]
        if not (folder / STAMP).exists():
            steps.say(f"installing {lock.name} into {folder}")
            _make(python, folder, lock)
            _forget_unused()
    return folder / "bin" / "python"


def _folder(python: str, lock: Path) -> Path:
    version = subprocess.run(
        [python, "-c", "import sys, platform; print(sys.version, platform.machine())"],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    name = f"py{'.'.join(version.split('.')[:2])}-{digest(version, lock.read_bytes())}"
    return cache_dir("venv") / name


def _make(python: str, folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with_pip = _has(python, "ensurepip; ensurepip.version()")
    _venv(python, folder, *(() if with_pip else ("--without-pip",)))
    install(folder / "bin" / "python", lock)
    (folder / STAMP).touch()


def install(python: Path, lock: Path, *options: str | Path) -> None:
    """Install what a lock names, for a virtual environment's Python.

    :param options: further ones of ``pip install``
    :raises SetupError: it could not be fetched
    """
    pip = ["-m", "pip"] if _has(python, "pip") else [_debian_pip() / "pip"]
    # The lock names everything: wheels alone, so that no package's code runs now.
    always = ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    run_logged(
        [python, *pip, "install", *always, *options, "-r", lock],
        "pip",
        f"The Python packages of {lock.name} could not be installed",
        CURE,
        env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )


def _forget_unused() -> None:
    for stamp in cache_dir("venv").glob(f"*/{STAMP}"):
        if time.time() - stamp.stat().st_mtime > SECONDS_KEPT:
            shutil.rmtree(stamp.parent)


def _has(python: str | Path, module: str) -> bool:
    code = f"import {module}"
    done = subprocess.run([python, "-c", code], capture_output=True, check=False)
    return done.returncode == 0


def _venv(python: str, folder: Path, *options: str) -> None:
    run_logged(
        [python, "-m", "venv", *options, folder],
        "venv",
        f"A virtual environment could not be made in {folder}",
        "see that the folder is writable and the disk is not full",
    )


def _debian_pip() -> Path:
    """Return Debian's wheel of pip, for a Python without ensurepip.

    Debian has that module in the package ``python3-venv``, which a bare machine lacks
    and only root may install.
    """
    target = cache_dir("pip")
    wheels = list(target.glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        apt = PrivateApt([own_suite()])
        apt.update()
        apt.unpack(["python3-pip-whl"], target)
        wheels = list(target.glob("usr/share/python-wheels/pip-*.whl"))
    return wheels[0]
