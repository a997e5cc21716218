"""``dev/lint``: ruff, pylint-odoo and OCA's checks of data and translation files."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from setup import addons
from setup.cache import CHECKOUT


def main(asked: argparse.Namespace) -> int:
    """Run every linter, also after one complained; return 1 if any did."""
    bin_dir = Path(sys.executable).parent
    linked = addons.linked()
    modules = [str(linked / path.name) for path in sorted(linked.iterdir())]
    fix = ["--fix"] if asked.fix else []
    check = [] if asked.fix else ["--check"]
    commands = [
        ["ruff", "check", *fix, "."],
        ["ruff", "format", *check, "."],
        ["pylint", f"--rcfile={CHECKOUT / '.pylintrc'}", *modules],
        ["oca-checks-odoo-module", *modules],
        ["oca-checks-po", *_translations()],
    ]
    complained = []
    for name, *arguments in commands:
        print(f"===== {name} {arguments[0] if arguments else ''}", flush=True)
        command = [str(bin_dir / name), *arguments]
        if subprocess.run(command, check=False, cwd=CHECKOUT).returncode:
            complained.append(name)
    if complained:
        print(f"\nComplaints from: {', '.join(complained)}")
    else:
        print("\nNo complaint.")
    return 1 if complained else 0


def _translations() -> list[str]:
    return [os.fspath(path) for path in sorted(CHECKOUT.glob("**/i18n/*.po*"))]
