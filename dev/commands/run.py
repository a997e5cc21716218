"""``dev/run``: authorities' simulators, an Odoo server and demonstrations."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType

from demo import demonstration
from demo.client import OdooClient, OdooError
from setup import servers
from setup.databases import Databases
from setup.environment import Environment, prepared
from setup.process import run_dir
from setup.servers import Server
from setup.steps import SetupError, Steps

ODOO_PORT = 8069
LOGIN = PASSWORD = "admin"
SECONDS_BETWEEN_CHECKS = 1


def main(asked: argparse.Namespace, steps: Steps) -> int:
    """Serve until stopped; with ``--once`` return 1 unless every document is valid."""
    countries = demonstration.of_countries(asked.country)
    with ExitStack() as stack:
        environment = stack.enter_context(prepared(steps, asked.odoo, asked.db_url))
        with steps.step("Demo database"):
            database = stack.enter_context(_database(asked, steps, environment))
        with steps.step("Simulators"):
            simulators = {
                country: stack.enter_context(_simulator(country, environment))
                for country in countries
            }
            urls = {
                country: server.wait_for_line(f"{country.AUTHORITY} simulator:")
                for country, server in simulators.items()
            }
        with steps.step("Odoo server"):
            port = _port(asked.port, stack)
            url = f"http://127.0.0.1:{port}"
            odoo = stack.enter_context(_odoo(port, environment, database))
            odoo.wait_for_page(f"{url}/web/health")
            steps.say(f"{url}/odoo, login {LOGIN}, password {PASSWORD}")
            for lack in _what_prints_lack():
                steps.say(lack)
        with steps.step("Demonstration"):
            client = OdooClient(url, database)
            client.login(LOGIN, PASSWORD)
            try:
                tables = {
                    country: country.run(
                        demonstration.Demonstration(client, urls[country], steps.say)
                    )
                    for country in countries
                }
            except OdooError as error:
                raise SetupError(f"Odoo refused: {error}", f"see {odoo.log}") from error
        for country, rows in tables.items():
            table = demonstration.table(rows, country.UID)
            print(f"\n{country.NAME}\n\n{table}", flush=True)
        print(flush=True)
        if asked.once:
            return 0 if all(map(demonstration.all_valid, tables.values())) else 1
        _serve([odoo, *simulators.values()], url)
    return 0


@contextmanager
def _database(
    asked: argparse.Namespace, steps: Steps, environment: Environment
) -> Iterator[str]:
    databases = Databases(environment, steps)
    databases.drop_copies()
    if asked.fresh:
        databases.forget_templates()
    try:
        yield databases.copy_of_addon("demo")
    finally:
        databases.drop_copies()


@contextmanager
def _simulator(country: ModuleType, environment: Environment) -> Iterator[Server]:
    config = run_dir() / f"{country.AUTHORITY}.json"
    config.write_text(json.dumps(country.SIMULATOR_CONFIG))
    command = [environment.python, "-m", "simulator", country.AUTHORITY]
    with servers.started(
        f"Simulator {country.AUTHORITY}",
        [*command, "--config", config],
        environment.variables(),
    ) as server:
        yield server


def _what_prints_lack() -> Iterator[str]:
    """Yield what is missing on this machine for printing, each with its cure."""
    if not shutil.which("wkhtmltopdf"):
        yield (
            "wkhtmltopdf is missing: Odoo cannot print PDF files; "
            "as root: apt-get install wkhtmltopdf"
        )
    elif b"patched qt" not in _told("wkhtmltopdf", "--version"):
        yield (
            "this wkhtmltopdf leaves out heads and feet, and with them the seller's"
            " name and address: it is Debian's, without patched Qt;"
            " https://wkhtmltopdf.org/downloads.html has packages with it"
        )
    if not _told("fc-list", ":lang=zh").strip():
        yield (
            "no Chinese font is installed: printed Chinese is left out; "
            "as root: apt-get install fonts-noto-cjk"
        )


def _told(program: str, *arguments: str) -> bytes:
    """Return what a program prints, nothing where it is not there."""
    path = shutil.which(program)
    if not path:
        return b""
    return subprocess.run([path, *arguments], capture_output=True, check=False).stdout


def _port(wanted: int | None, stack: ExitStack) -> int:
    port = wanted or ODOO_PORT
    if stack.enter_context(servers.port_claimed(port)):
        return port
    if wanted:
        raise SetupError(f"Port {wanted} is taken", "name another one by --port")
    return servers.free_port()


@contextmanager
def _odoo(port: int, environment: Environment, database: str) -> Iterator[Server]:
    config = environment.config("run", http_port=port, db_name=database, list_db=False)
    command = environment.command(config, database)
    with servers.started("Odoo", command, environment.variables()) as server:
        yield server


def _serve(running: list[Server], url: str) -> None:
    print(f"Serving at {url}/odoo (login {LOGIN}, password {PASSWORD}).")
    print("Ctrl-C stops it; the next start has a new database.", flush=True)
    try:
        while True:
            for server in running:
                server.check()
            time.sleep(SECONDS_BETWEEN_CHECKS)
    except KeyboardInterrupt:
        print("\nStopping …", flush=True)
