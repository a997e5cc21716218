"""``dev/lint``: ruff, pylint-odoo and OCA's checks of data and translation files."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from setup import addons
from setup.cache import CHECKOUT

# The README is one page for people who come to the repository, in Markdown.
OCA_OPTIONS = ["--disable=prefer-readme-rst"]
# A term that is the same in both languages (API, UUID) is translated too: an empty
# one could not be told from a forgotten one.
PO_OPTIONS = ["--disable=po-pretty-format"]


def main(asked: argparse.Namespace) -> int:
    """Run every linter, also after one complained; return 1 if any did."""
    bin_dir = Path(sys.executable).parent
    linked = addons.linked()
    modules = sorted(path.name for path in linked.iterdir())
    fix = ["--fix"] if asked.fix else []
    check = [] if asked.fix else ["--check"]
    commands = [
        (CHECKOUT, ["ruff", "check", *fix, "."]),
        (CHECKOUT, ["ruff", "format", *check, "."]),
        # Through the links, so that each add-on has its technical name.
        (linked, ["pylint", f"--rcfile={CHECKOUT / '.pylintrc'}", *modules]),
        (linked, ["oca-checks-odoo-module", *OCA_OPTIONS, *modules]),
        (CHECKOUT, ["oca-checks-po", *PO_OPTIONS, *_translations()]),
    ]
    complained = []
    for folder, (name, *arguments) in commands:
        title = " ".join([name, *arguments])
        print(f"===== {title}", flush=True)
        command = [str(bin_dir / name), *arguments]
        if subprocess.run(command, check=False, cwd=folder).returncode:
            complained.append(title)
    for title in complained:
        print(f"Complaint of: {title}")
    return 1 if complained else 0


def _translations() -> list[str]:
    paths = [*CHECKOUT.glob("i18n/*.po*"), *CHECKOUT.glob("bridges/*/i18n/*.po*")]
    return sorted(str(path.relative_to(CHECKOUT)) for path in paths)
