"""Databases of the fault tests' own: real commits, real processes, nothing shared.

The environment says where: ``ERECEIPT_TEST_DB_URL`` (a role that may create databases),
``ERECEIPT_TEST_TEMPLATE`` (a database with the add-on, copied and never changed),
``ERECEIPT_TEST_ADDONS_PATH`` and ``ODOO_RC``. In ``dev/shell`` the variables of
PostgreSQL's own programs say the same.

Odoo runs in this process, once per database. Workers are children that are forked when
its registry is loaded and its connections are closed.
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg2
from psycopg2 import sql

_numbers = itertools.count(1)


class NoPlaceError(RuntimeError):
    """The environment does not say where databases may be made."""


@dataclass(frozen=True)
class Place:
    """A PostgreSQL server and the database there that all others are copied from."""

    template: str
    dsn: tuple[tuple[str, str], ...]

    @classmethod
    def from_environment(cls) -> Place:
        """Read the variables.

        :raise NoPlaceError: one is missing
        """
        template = os.environ.get("ERECEIPT_TEST_TEMPLATE")
        template = template or os.environ.get("PGDATABASE")
        if not template:
            raise NoPlaceError(
                "Set ERECEIPT_TEST_TEMPLATE to a database with the add-on, or start "
                "this with dev/shell."
            )
        address = urlsplit(os.environ.get("ERECEIPT_TEST_DB_URL", ""))
        dsn = {
            "host": address.hostname or os.environ.get("PGHOST"),
            "port": address.port or os.environ.get("PGPORT"),
            "user": address.username or os.environ.get("PGUSER"),
            "password": unquote(address.password or os.environ.get("PGPASSWORD", "")),
        }
        return cls(template, tuple((k, str(v)) for k, v in dsn.items() if v))

    def connect(self, database: str = "postgres") -> Any:
        """Return a connection on which every statement is a transaction."""
        connection = psycopg2.connect(dbname=database, **dict(self.dsn))
        connection.autocommit = True
        return connection

    def copy(self, source: str | None = None) -> str:
        """Copy a database that nobody uses; return the copy's name.

        The name goes on from the template's, so that whoever drops the template's
        leftovers finds the copies too.
        """
        source = source or self.template
        name = f"{self.template}_{os.getpid()}_{next(_numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(source)))
        store = _filestore(source)
        if store.is_dir():
            # Odoo never changes a stored file, so a link is as good as a copy
            shutil.copytree(store, _filestore(name), copy_function=os.link)
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it.

        ``WITH (FORCE)`` would end every session itself, but is refused to whoever is
        no superuser while PostgreSQL's own vacuum is at work in the database; a plain
        drop sends that one away.
        """
        with closing(self.connect()) as connection:
            connection.cursor().execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND usename = current_user",
                [name],
            )
        statement = sql.SQL("DROP DATABASE IF EXISTS {}")
        self._execute(statement.format(sql.Identifier(name)))
        shutil.rmtree(_filestore(name), ignore_errors=True)

    def _execute(self, statement: sql.Composed) -> None:
        with closing(self.connect()) as connection:
            connection.cursor().execute(statement)


class OdooDatabase:
    """One database with Odoo's registry loaded on it.

    :ivar name: its name on the server
    """

    def __init__(self, place: Place, name: str) -> None:
        self.place = place
        self.name = name
        boot()

    @property
    def registry(self) -> Any:
        """Odoo's registry of this database, loaded when first wanted."""
        from odoo.modules.registry import Registry

        return Registry(self.name)

    @contextmanager
    def env(self, login: str = "admin") -> Iterator[Any]:
        """An environment in a transaction of its own, committed at the end."""
        with self.registry.cursor() as cr:
            yield self.env_of(cr, login)

    def env_of(self, cr: Any, login: str = "admin") -> Any:
        """Return an environment on a cursor; ``__system__`` for the superuser."""
        from odoo.api import SUPERUSER_ID, Environment

        env = Environment(cr, SUPERUSER_ID, {})
        if login == "__system__":
            return env
        user = env["res.users"].search([("login", "=", login)])
        return Environment(cr, user.id, {"allowed_company_ids": user.company_id.ids})

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple]:
        """Execute one statement beside Odoo, in a transaction of its own."""
        with closing(self.place.connect(self.name)) as connection:
            cursor = connection.cursor()
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Return the only value of a statement's only row."""
        [(value,)] = self.rows(statement, values)
        return value

    def disconnect(self) -> None:
        """Close this process's connections: before a fork, and before a copy."""
        from odoo import sql_db

        sql_db.close_all()

    def drop(self) -> None:
        """Forget the registry and drop the database."""
        from odoo.modules.registry import Registry

        Registry.delete(self.name)
        self.disconnect()
        self.place.drop(self.name)


@cache
def boot() -> None:
    """Configure Odoo in this process, without its logging."""
    # conflicts are what is provoked here; Odoo logs each of them as an error
    logging.getLogger("odoo").addHandler(logging.NullHandler())
    from odoo.modules import initialize_sys_path
    from odoo.tools import config

    arguments = []
    addons_path = os.environ.get("ERECEIPT_TEST_ADDONS_PATH")
    if addons_path:
        arguments.append(f"--addons-path={addons_path}")
    config.parse_config(arguments, setup_logging=False)
    initialize_sys_path()


def _filestore(name: str) -> Path:
    boot()
    from odoo.tools import config

    return Path(config.filestore(name))
