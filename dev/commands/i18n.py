"""``dev/i18n``: the terms of each add-on, exported by Odoo and merged by polib."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polib

from setup import addons
from setup.cache import CHECKOUT
from setup.databases import Databases
from setup.environment import Environment, prepared
from setup.process import run_logged
from setup.steps import Steps

# Odoo writes the time of the export into these; a file would never be up to date.
TIMES = ("POT-Creation-Date", "PO-Revision-Date")


def main(asked: argparse.Namespace, steps: Steps) -> int:
    """Write the files; with ``--check`` return 1 if that would change one."""
    modules = asked.addons or addons.names()
    bridges = modules != [addons.MODULE]
    with prepared(steps, asked.odoo, asked.db_url, bridges=bridges) as environment:
        databases = Databases(environment, steps)
        installed = replace(environment, addons=addons.linked_without_extras())
        try:
            with steps.step("Databases and terms"):
                databases.drop_copies()
                templates = {
                    module: _exported(installed, databases, module)
                    for module in modules
                }
        finally:
            databases.drop_copies()
    outdated = [
        (path, template)
        for module, template in templates.items()
        for path in _files(module)
        if _outdated(path, template)
    ]
    for path, template in outdated:
        name = path.relative_to(CHECKOUT)
        print(f"{name} is out of date" if asked.check else f"{name} written")
        if not asked.check:
            path.parent.mkdir(exist_ok=True)
            _merged(path, template).save(str(path))
    if asked.check and outdated:
        print("Run dev/i18n, translate what is new, and commit the files.")
    return 1 if asked.check and outdated else 0


def _files(module: str) -> Iterator[Path]:
    """Yield an add-on's template, and its file of each language of the main one."""
    folder = addons.folder(module) / "i18n"
    yield folder / f"{module}.pot"
    for language in _languages():
        yield folder / language.name


def _languages() -> list[Path]:
    return sorted((CHECKOUT / "i18n").glob("*.po"))


def _exported(
    environment: Environment, databases: Databases, module: str
) -> polib.POFile:
    installed = dict.fromkeys((addons.MODULE, module))
    database = databases.copy_of_addon("i18n", tuple(installed))
    config = environment.config("i18n", db_name=database)
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "terms.pot"
        export = ["i18n", "export", "-c", config, "-d", database, "-o", output]
        run_logged(
            [environment.python, "-m", "odoo", *export, module],
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
    if path.suffix == ".pot":
        return template
    if path.exists():
        merged = polib.pofile(str(path))
    else:
        merged = polib.POFile()
        merged.metadata = polib.pofile(str(CHECKOUT / "i18n" / path.name)).metadata
    merged.merge(template)
    for entry in merged.obsolete_entries():
        merged.remove(entry)
    places = {entry.msgid: place for place, entry in enumerate(template)}
    merged.sort(key=lambda entry: places[entry.msgid])
    return merged


def _outdated(path: Path, template: polib.POFile) -> bool:
    return not path.exists() or str(_merged(path, template)) != path.read_text("utf-8")
