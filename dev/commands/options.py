"""The commands' options, read before anything is set up."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from setup import addons
from setup.cache import CHECKOUT

COUNTRIES = ("cn", "eg", "hr", "all")
PARTS = ("pure", "faults", "odoo", "bridges")
# Folder of a part's tests, relative to the checkout; the first that fits decides.
FOLDERS = {
    "pure": "tests/pure",
    "faults": "tests/faults",
    "bridges": "bridges",
    "odoo": "tests",
}


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"dev/{command}", description=description, allow_abbrev=False
    )


def _add_servers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--odoo",
        metavar="PATH",
        help="an Odoo 19.0 that is already there: a checkout, or the folder that holds"
        " the package odoo (or the variable ACCOUNT_ERECEIPT_ODOO)",
    )
    parser.add_argument(
        "--db-url",
        metavar="URL",
        help="your own PostgreSQL, postgresql://user:password@host:port; the role must"
        " be able to create databases (or the variable ACCOUNT_ERECEIPT_DB_URL)",
    )


def run() -> argparse.Namespace:
    """Return the options of ``dev/run``."""
    parser = _parser(
        "run",
        "Start Odoo with this add-on and, for each country, its authority's simulator"
        " and a company that issues receipts. Each start has a new database.",
    )
    _add_servers(parser)
    parser.add_argument("--port", type=int, help="Odoo's port (default: 8069 or free)")
    parser.add_argument(
        "--country", choices=COUNTRIES, default="all", help="whose (default: all)"
    )
    parser.add_argument(
        "--once", action="store_true", help="stop after the table; 1 if not all valid"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="install anew instead of copying"
    )
    return parser.parse_args()


@dataclass
class TestRun:
    """What ``dev/test`` was asked for.

    :param parts: which parts to run
    :param paths: per part, what of the checkout was named (``file::Class::name``)
    :param arguments: what pytest gets besides
    """

    odoo: str | None
    db_url: str | None
    parts: list[str]
    paths: dict[str, list[str]] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)

    @property
    def needs_odoo(self) -> bool:
        """Tell whether Odoo and PostgreSQL must be there."""
        return self.parts != ["pure"]

    @property
    def selective(self) -> bool:
        """Tell whether a part may rightly find no test."""
        return bool(self.arguments)


def test() -> TestRun:
    """Return the options of ``dev/test``."""
    parser = _parser(
        "test",
        "Run the tests: pure (no Odoo, no database), faults (processes killed at bad"
        " moments), odoo (in a real Odoo, with a browser), bridges (further add-ons).",
    )
    parser.usage = (
        "dev/test [--odoo PATH] [--db-url URL]"
        f" [{'|'.join(PARTS)}] [pytest's arguments and paths]"
    )
    _add_servers(parser)
    known, rest = parser.parse_known_args()
    parts = [rest.pop(0)] if rest and rest[0] in PARTS else list(PARTS)
    asked = TestRun(known.odoo, known.db_url, parts)
    for argument in rest:
        name, colons, inside = argument.partition("::")
        path = Path(name).resolve()
        if name.startswith("-") or not path.exists():
            asked.arguments.append(argument)
            continue
        if (part := _part_of(path)) not in parts:
            parser.error(f"{name} holds no tests of {', '.join(parts)}")
        relative = path.relative_to(CHECKOUT).as_posix()
        asked.paths.setdefault(part, []).append(relative + colons + inside)
    if asked.paths:
        asked.parts = [part for part in parts if part in asked.paths]
    return asked


def _part_of(path: Path) -> str | None:
    """Return the part whose tests a file or folder holds."""
    for part, folder in FOLDERS.items():
        if path.is_relative_to(CHECKOUT / folder):
            return part
    return None


def lint() -> argparse.Namespace:
    """Return the options of ``dev/lint``."""
    parser = _parser("lint", "Run the linters.")
    parser.add_argument("--fix", action="store_true", help="mend what can be mended")
    return parser.parse_args()


def i18n() -> argparse.Namespace:
    """Return the options of ``dev/i18n``."""
    parser = _parser("i18n", "Export the terms and merge them into the translations.")
    _add_servers(parser)
    names = addons.names()
    parser.add_argument(
        "addons",
        nargs="*",
        metavar="ADDON",
        help=f"whose, of {', '.join(names)} (default: all)",
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; 1 if not up to date"
    )
    asked = parser.parse_args()
    if unknown := set(asked.addons) - set(names):
        parser.error(f"there is no add-on {', '.join(sorted(unknown))}")
    return asked


def shell() -> argparse.Namespace:
    """Return the options of ``dev/shell``."""
    parser = _parser(
        "shell",
        "Start a shell, or a command, with Odoo, PostgreSQL and a database that has the"
        " add-on.",
    )
    _add_servers(parser)
    parser.add_argument(
        "--bridge",
        metavar="NAME",
        action="append",
        default=[],
        help="install this add-on of bridges/ too, with those of others that it needs;"
        " may be given again",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER)
    return parser.parse_args()
