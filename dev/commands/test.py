"""``dev/test``: every part with pytest, each in a process of its own."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from setup import addons, system_packages
from setup.cache import CHECKOUT
from setup.databases import Databases
from setup.environment import Environment, prepared
from setup.process import run_shown
from setup.steps import Steps

from .options import FOLDERS, TestRun

NO_TESTS_COLLECTED = 5
# A test that hangs fails alone and names itself.
SECONDS_PER_TEST = 300


def main(asked: TestRun, steps: Steps) -> int:
    """Run the parts asked for; return 0 when every test passed."""
    tests = Tests(asked)
    with steps.step("Programs that the tests use"):
        system_packages.ensure(steps, with_odoo=asked.needs_odoo)
    if "pure" in asked.parts:
        tests.run("pure", asked.paths.get("pure", [FOLDERS["pure"]]), ["-p", "no:odoo"])
    if asked.needs_odoo:
        with prepared(steps, asked.odoo, asked.db_url) as environment:
            _with_odoo(asked, tests, steps, environment)
    return tests.close()


def _with_odoo(
    asked: TestRun, tests: Tests, steps: Steps, environment: Environment
) -> None:
    databases = Databases(environment, steps)
    try:
        with steps.step("Databases"):
            databases.drop_copies()
            copies = {part: databases.copy_of_addon(part) for part in asked.parts}
        if "faults" in asked.parts:
            _faults(asked, tests, environment, copies["faults"])
        if "odoo" in asked.parts:
            _odoo(asked, tests, environment, copies["odoo"])
        if "bridges" in asked.parts:
            _bridges(asked, tests, environment, databases)
    finally:
        databases.drop_copies()


def _faults(
    asked: TestRun, tests: Tests, environment: Environment, template: str
) -> None:
    """Give the fault tests a database to copy and the address to do it at."""
    variables = {
        **environment.variables(),
        "ODOO_RC": str(environment.config("faults", workers=0)),
        "ERECEIPT_TEST_DB_URL": environment.address.url(),
        "ERECEIPT_TEST_TEMPLATE": template,
        "ERECEIPT_TEST_ADDONS_PATH": environment.addons_path(),
    }
    paths = asked.paths.get("faults", [FOLDERS["faults"]])
    tests.run("faults", paths, ["-p", "no:odoo"], variables)


def _odoo(
    asked: TestRun, tests: Tests, environment: Environment, database: str
) -> None:
    # Odoo knows the add-on by the link's path, so pytest must see that one too.
    paths = [
        str(environment.module / path)
        for path in asked.paths.get("odoo", [FOLDERS["odoo"]])
    ]
    other_parts = [
        f"--ignore={environment.module / FOLDERS[part]}" for part in ("pure", "faults")
    ]
    arguments = _odoo_arguments(environment, "odoo", database) + other_parts
    tests.run("odoo", paths, arguments, environment.variables())


def _bridges(
    asked: TestRun, tests: Tests, environment: Environment, databases: Databases
) -> None:
    named = asked.paths.get("bridges")
    for bridge in addons.bridges():
        folder = f"bridges/{bridge.name}"
        paths = [path for path in named or [folder] if path.startswith(folder)]
        if not paths or not (bridge / "tests").is_dir():
            continue
        database = databases.copy_of_addon(bridge.name, (addons.MODULE, bridge.name))
        linked = [
            str(environment.addons / path.removeprefix("bridges/")) for path in paths
        ]
        arguments = _odoo_arguments(environment, bridge.name, database)
        tests.run(bridge.name, linked, arguments, environment.variables())


def _odoo_arguments(environment: Environment, purpose: str, database: str) -> list[str]:
    return [
        "-p",
        "no:cacheprovider",
        f"--rootdir={environment.addons}",
        f"--odoo-config={environment.config(purpose)}",
        f"--odoo-database={database}",
        "--odoo-http",
    ]


@dataclass
class Counts:
    """How many tests came out how."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def add(self, report: Path) -> None:
        """Add what pytest wrote in JUnit's format."""
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):
            total, failures, errors, skipped = (
                int(suite.get(name, "0"))
                for name in ("tests", "failures", "errors", "skipped")
            )
            self.failed += failures + errors
            self.skipped += skipped
            self.passed += total - failures - errors - skipped

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


class Tests:
    """Runs the parts and remembers how they ended."""

    def __init__(self, asked: TestRun) -> None:
        self.asked = asked
        self.counts = Counts()
        self.failed_parts: list[str] = []
        self._found_tests = False

    def run(
        self,
        title: str,
        paths: Sequence[str],
        arguments: Sequence[str],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Run pytest; its output is shown as it comes."""
        print(f"\n===== {title} =====", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            command = [sys.executable, "-m", "pytest", f"--junitxml={report}"]
            # "-rs" tells why a test was skipped; the warning is a dependency's.
            command += ["-rs", "-W", "ignore:'crypt' is deprecated:DeprecationWarning"]
            command += [f"--timeout={SECONDS_PER_TEST}", *arguments]
            command += [*self.asked.arguments, *paths]
            code = run_shown(command, CHECKOUT, variables)
            if report.exists():
                self.counts.add(report)
        if code == NO_TESTS_COLLECTED and self.asked.selective:
            return
        self._found_tests = True
        if code:
            self.failed_parts.append(title)

    def close(self) -> int:
        """Print the sum; return the command's exit code."""
        if not self._found_tests:
            self.failed_parts.append("no test was found")
        if self.failed_parts:
            print(f"\nFailed: {', '.join(self.failed_parts)}")
        print(f"\n{self.counts}", flush=True)
        return 1 if self.failed_parts else 0
