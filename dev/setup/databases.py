"""Databases: templates made once, copied in a second.

A base template holds Odoo's own add-ons, an add-on template holds ours as well. Each is
named by a hash of what it was made from, so an unchanged add-on is never installed
again. A command works on copies that carry its process number and drops them.
"""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from psycopg2 import sql

from . import addons
from .cache import CHECKOUT, cache_dir, checkout_id, digest, digest_of_files, locked
from .environment import Environment
from .process import alive, run_logged
from .steps import SetupError, Steps

# Charts of accounts of the countries that the tests and the demonstration use.
BASE_MODULES = ("account", "l10n_cn", "l10n_eg", "l10n_hr")
NOT_INSTALLED = (
    ".ci",
    ".git",
    "docs",
    "static",
    *addons.NOT_INSTALLED,
)
CURE = "mend what the log shows, then try again"


class Databases:
    """The databases of one command on one server."""

    def __init__(self, environment: Environment, steps: Steps) -> None:
        self.environment = environment
        self.steps = steps
        # Files of attachments are on this machine only, and so are process numbers:
        # on a server that several machines use, each has its own databases.
        self._prefix = f"er_{digest(platform.node(), str(cache_dir()))}"

    def copy_of_addon(
        self, purpose: str, modules: Sequence[str] = (addons.MODULE,)
    ) -> str:
        """Return a new database in which our modules are installed."""
        kind = f"{self._checkout}_{digest(*modules)}_"
        with locked(kind):
            return self._copied(self._addon_template(kind, modules), purpose)

    def forget_templates(self) -> None:
        """Drop the templates, so that they are made anew."""
        for name in self._names(self._checkout) + self._names(self._base):
            self._drop(name)

    def drop_copies(self) -> None:
        """Drop this command's databases, and those of commands that were killed."""
        for name in self._names(f"{self._prefix}_run_"):
            pid = int(name.split("_")[3])
            if pid == os.getpid() or not alive(pid):
                self._drop(name)

    @property
    def _base(self) -> str:
        key = digest(self.environment.odoo.identity, *BASE_MODULES)
        return f"{self._prefix}_base_{key}"

    @property
    def _checkout(self) -> str:
        return f"{self._prefix}_{checkout_id()}"

    def _run(self, purpose: str) -> str:
        return f"{self._prefix}_run_{os.getpid()}_{purpose}"

    def _addon_template(self, kind: str, modules: Sequence[str]) -> str:
        base = self._base_template()
        content = digest_of_files(CHECKOUT, NOT_INSTALLED)
        others = [path for path in addons.bridges() if path.name in modules]
        contents = [digest_of_files(path, ("tests", "static")) for path in others]
        name = kind + digest(base, content, *contents)
        if name not in self._names(kind):
            self.steps.say(f"installing {', '.join(modules)}")
            self._install(name, modules, base)
            for old in self._names(kind):
                if old != name:
                    self._drop(old)
        return name

    def _base_template(self) -> str:
        with locked(self._base):
            if not self._names(self._base):
                listed = ", ".join(BASE_MODULES)
                self.steps.say(f"installing {listed} (once, about a minute)")
                self._install(self._base, BASE_MODULES, None)
        return self._base

    def _install(self, name: str, modules: Sequence[str], source: str | None) -> None:
        working = self._run("template")
        self._drop(working)
        if source:
            self._create(working, source)
        environment = self.environment
        install = ["-i", ",".join(modules), "--stop-after-init", "--no-http"]
        run_logged(
            environment.command(environment.config("install"), working, *install),
            "odoo-install",
            f"Odoo could not install {', '.join(modules)}",
            CURE,
            env=environment.variables(),
        )
        self._check_installed(working, modules)
        self._rename(working, name)

    def _check_installed(self, database: str, modules: Sequence[str]) -> None:
        address = self.environment.address
        with closing(address.connect(database)) as connection:
            cursor = connection.cursor()
            cursor.execute(
                "SELECT name FROM ir_module_module"
                " WHERE state = 'installed' AND name = ANY(%s)",
                [list(modules)],
            )
            installed = {name for (name,) in cursor.fetchall()}
            if missing := sorted(set(modules) - installed):
                raise SetupError(f"Odoo did not install {', '.join(missing)}", CURE)
            # Without statistics some of Odoo's queries choose very slow plans.
            cursor.execute("ANALYZE")

    def _copied(self, source: str, purpose: str) -> str:
        name = self._run(purpose)
        self._drop(name)
        self._create(name, source)
        return name

    def _names(self, prefix: str) -> list[str]:
        rows = self._execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
        )
        return sorted(name for (name,) in rows)

    def _create(self, name: str, template: str) -> None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        store = self._filestore(template)
        if store.is_dir():
            # Odoo never changes a stored file, so a link is as good as a copy.
            shutil.copytree(store, self._filestore(name), copy_function=os.link)

    def _rename(self, name: str, new_name: str) -> None:
        statement = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(new_name)))
        store, new_store = self._filestore(name), self._filestore(new_name)
        shutil.rmtree(new_store, ignore_errors=True)
        if store.is_dir():
            store.rename(new_store)

    def _drop(self, name: str) -> None:
        # Not "WITH (FORCE)": an ordinary role is refused when the server is vacuuming
        # the database just then. Without it PostgreSQL ends that by itself.
        self._execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND usename = current_user",
            [name],
        )
        statement = sql.SQL("DROP DATABASE IF EXISTS {}")
        self._execute(statement.format(sql.Identifier(name)))
        shutil.rmtree(self._filestore(name), ignore_errors=True)

    def _filestore(self, name: str) -> Path:
        return self.environment.data_dir / "filestore" / name

    def _execute(self, statement, values: Sequence[object] | None = None) -> list:
        with closing(self.environment.address.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
