"""``dev/shell``: a shell in which ``python -m odoo`` and a database are ready."""

from __future__ import annotations

import argparse
import os
import subprocess

from setup import addons, postgres
from setup.databases import Databases
from setup.environment import prepared
from setup.steps import Steps


def main(asked: argparse.Namespace, steps: Steps) -> int:
    """Run the user's shell or command; return its exit code."""
    bridges = bool(asked.bridge)
    with prepared(steps, asked.odoo, asked.db_url, bridges=bridges) as environment:
        databases = Databases(environment, steps)
        try:
            with steps.step("Database with the add-on"):
                databases.drop_copies()
                database = databases.copy_of_addon(
                    "shell", (addons.MODULE, *asked.bridge)
                )
            address = environment.address
            variables = environment.variables()
            variables |= {
                "PATH": f"{postgres.programs()}{os.pathsep}{variables['PATH']}",
                "ODOO_RC": str(environment.config("shell", db_name=database)),
                "PGHOST": address.host,
                "PGPORT": str(address.port),
                "PGUSER": address.user,
                "PGPASSWORD": address.password,
                "PGDATABASE": database,
            }
            command = asked.command or [os.environ.get("SHELL", "/bin/sh")]
            print(f"python -m odoo … works on {database}, which goes with this shell.")
            return subprocess.run(command, check=False, env=variables).returncode
        finally:
            databases.drop_copies()
