"""rtlcss, with which Odoo turns its styles round for Arabic and its like.

It is a program of Node.js and comes from the npm registry. Without Node.js all else
works; only the screens of right-to-left languages look wrong.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from .cache import CHECKOUT, cache_dir, digest, locked
from .process import run_logged
from .steps import SetupError, Steps

SOURCE = CHECKOUT / "dev" / "rtlcss"
FILES = ("package.json", "package-lock.json")


def ensure(steps: Steps) -> Path | None:
    """Return the folder that holds the program, fetched when absent.

    :return: None where it is installed already or cannot be
    """
    if shutil.which("rtlcss"):
        return None
    key = digest(*((SOURCE / name).read_bytes() for name in FILES))
    folder = cache_dir("rtlcss", key)
    programs = folder / "node_modules" / ".bin"
    with locked("rtlcss"):
        if (programs / "rtlcss").exists():
            return programs
        if not shutil.which("npm"):
            steps.say("npm is missing: no styles for right-to-left languages")
            return None
        for name in FILES:
            shutil.copy(SOURCE / name, folder)
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund"]
        try:
            run_logged(["npm", "ci", *quiet], "npm", "npm failed", cwd=folder)
        except SetupError as error:
            steps.say(f"no styles for right-to-left languages: {error.message}")
            return None
    return programs
