"""``dev/i18n``: the terms of the add-on, exported by Odoo and merged by polib."""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import polib

from setup import addons
from setup.cache import CHECKOUT
from setup.databases import Databases
from setup.environment import Environment, prepared
from setup.process import run_logged
from setup.steps import Steps

FOLDER = CHECKOUT / "i18n"
TEMPLATE = FOLDER / f"{addons.MODULE}.pot"
# Odoo writes the time of the export into these; a file would never be up to date.
TIMES = ("POT-Creation-Date", "PO-Revision-Date")


def main(asked: argparse.Namespace, steps: Steps) -> int:
    """Write the files; with ``--check`` return 1 if that would change one."""
    with prepared(steps, asked.odoo, asked.db_url) as environment:
        databases = Databases(environment, steps)
        try:
            with steps.step("Database with the add-on"):
                databases.drop_copies()
                database = databases.copy_of_addon("i18n")
            with steps.step("Terms"):
                template = _exported(environment, database)
        finally:
            databases.drop_copies()
    outdated = [path for path in _files() if _outdated(path, template)]
    for path in outdated:
        name = path.relative_to(CHECKOUT)
        print(f"{name} is out of date" if asked.check else f"{name} written")
        if not asked.check:
            _merged(path, template).save(str(path))
    if asked.check and outdated:
        print("Run dev/i18n, translate what is new, and commit the files.")
    return 1 if asked.check and outdated else 0


def _files() -> list[Path]:
    return [TEMPLATE, *sorted(FOLDER.glob("*.po"))]


def _exported(environment: Environment, database: str) -> polib.POFile:
    installed = replace(environment, addons=addons.linked_without_extras())
    config = installed.config("i18n", db_name=database)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "terms.pot"
        export = ["i18n", "export", "-c", config, "-d", database, "-o", output]
        run_logged(
            [environment.python, "-m", "odoo", *export, addons.MODULE],
            "i18n-export",
            "Odoo could not export the terms",
            env=environment.variables(),
        )
        template = polib.pofile(str(output))
    for name in TIMES:
        template.metadata.pop(name, None)
    return template


def _merged(path: Path, template: polib.POFile) -> polib.POFile:
    """Return the file with the template's terms and its own translations."""
    if path == TEMPLATE or not path.exists():
        return template
    merged = polib.pofile(str(path))
    merged.merge(template)
    for entry in merged.obsolete_entries():
        merged.remove(entry)
    places = {entry.msgid: place for place, entry in enumerate(template)}
    merged.sort(key=lambda entry: places[entry.msgid])
    return merged


def _outdated(path: Path, template: polib.POFile) -> bool:
    return not path.exists() or str(_merged(path, template)) != path.read_text("utf-8")
