"""All that a command needs, put together: Python, Odoo, PostgreSQL, add-ons."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import addons, odoo_source, others_addons, postgres, right_to_left
from .cache import CHECKOUT, cache_dir
from .odoo_source import Odoo
from .postgres import Address
from .process import run_dir
from .steps import Steps

# The steps that every command takes; the first is bootstrap's.
STEPS = 4


@dataclass(frozen=True)
class Environment:
    """A place where Odoo runs with the add-on.

    :param python: the virtual environment's Python
    :param addons: the folder with the link to the checkout
    :param programs: folders of programs that Odoo calls
    :param others: the folder of others' add-ons, where those in ``bridges/`` are wanted
    """

    python: Path
    odoo: Odoo
    address: Address
    addons: Path
    programs: tuple[Path, ...] = ()
    others: Path | None = None

    @property
    def module(self) -> Path:
        """The add-on's path through the link, by which Odoo knows it."""
        return self.addons / addons.MODULE

    @property
    def data_dir(self) -> Path:
        """Odoo's folder of attachments and sessions."""
        return cache_dir("data")

    def addons_path(self) -> str:
        """Return Odoo's option of that name."""
        others = [self.others / "odoo" / "addons"] if self.others else []
        return ",".join(str(path) for path in (*self.odoo.addons, *others, self.addons))

    def config(self, purpose: str, **options: object) -> Path:
        """Write a configuration file of Odoo, which only its owner may read."""
        settings = {
            "addons_path": self.addons_path(),
            "data_dir": self.data_dir,
            "db_host": self.address.host,
            "db_port": self.address.port,
            "db_user": self.address.user,
            "db_password": self.address.password,
            "http_interface": "127.0.0.1",
            **options,
        }
        path = run_dir() / f"{purpose}.conf"
        path.touch(mode=0o600)
        lines = (f"{name} = {value}\n" for name, value in settings.items())
        path.write_text("[options]\n" + "".join(lines))
        return path

    def variables(self) -> dict[str, str]:
        """Return the process environment for programs that import odoo.

        Odoo prefers variables to its configuration file, so none of the user's stays
        that leads to another server.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "ODOO_", "OPENERP_"))
        }
        folders = [self.python.parent, *self.programs, kept.get("PATH", "")]
        return {
            **kept,
            "PATH": os.pathsep.join(str(folder) for folder in folders),
            # Odoo first: the other folder has a folder "odoo" as well.
            "PYTHONPATH": os.pathsep.join(
                str(path) for path in (self.odoo.python_path, self.others) if path
            ),
        }

    def command(self, config: Path, database: str, *arguments: str) -> list[str]:
        """Return the command line of an Odoo process."""
        start = [str(self.python), "-m", "odoo", "-c", str(config)]
        return [*start, "-d", database, *arguments]


@contextmanager
def prepared(
    steps: Steps,
    odoo: str | None = None,
    db_url: str | None = None,
    *,
    bridges: bool = False,
) -> Iterator[Environment]:
    """Take the steps common to all commands; PostgreSQL runs while inside.

    :param odoo: an Odoo that the user names, see :func:`odoo_source.ensure`
    :param db_url: a PostgreSQL that the user names, see :func:`postgres.running`
    :param bridges: the add-ons in ``bridges/`` are wanted, with those they depend on
    """
    with steps.step(f"Odoo {odoo_source.SERIES}"):
        found = odoo_source.ensure(steps, odoo)
        rtlcss = right_to_left.ensure(steps)
    with ExitStack() as stack:
        with steps.step("PostgreSQL"):
            address = stack.enter_context(postgres.running(db_url))
        with steps.step(f"Add-ons folder for {CHECKOUT}"):
            folder = addons.linked()
            others = others_addons.ensure(steps) if bridges else None
        yield Environment(
            Path(sys.executable),
            found,
            address,
            folder,
            (rtlcss,) if rtlcss else (),
            others,
        )
