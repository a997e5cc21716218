"""``dev/test``: every part with pytest, in processes that run side by side."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from setup import addons, system_packages
from setup.cache import CHECKOUT
from setup.databases import Databases
from setup.environment import Environment, prepared
from setup.steps import Steps

from .options import FOLDERS, TestRun
from .side_by_side import Job, SideBySide, processors, shares

NO_TESTS_COLLECTED = 5
# A test that hangs fails alone and names itself.
SECONDS_PER_TEST = 300
# Enough for the shares and the other parts to end at nearly the same time.
ODOO_SHARES = 3
# Its runner is tested with servers that are killed, too.
QUEUE_JOB_BRIDGE = "account_ereceipt_queue_job"


def main(asked: TestRun, steps: Steps) -> int:
    """Run the parts asked for; return 0 when every test passed."""
    with (
        tempfile.TemporaryDirectory() as reports,
        SideBySide(alone=_is_one_process(asked)) as programs,
    ):
        tests = Tests(asked, programs, Path(reports))
        with steps.step("Programs that the tests use"):
            system_packages.ensure(steps, with_odoo=asked.needs_odoo)
        if "pure" in asked.parts:
            # Odoo is made ready meanwhile: these tests need none of it.
            paths = asked.paths.get("pure", [FOLDERS["pure"]])
            tests.start("pure", paths, ["-p", "no:odoo"])
        if asked.needs_odoo:
            bridges = {"bridges", "faults"} & set(asked.parts)
            with prepared(
                steps, asked.odoo, asked.db_url, bridges=bool(bridges)
            ) as environment:
                _with_odoo(asked, tests, steps, environment)
        programs.wait()
        return tests.close()


def _is_one_process(asked: TestRun) -> bool:
    return len(asked.parts) == 1 and len(_programs(asked)) <= 1


def _programs(asked: TestRun) -> dict[str, list[str]]:
    """Return the paths that each process with a database tests, by its title."""
    programs = {}
    if "odoo" in asked.parts:
        odoo = _odoo_shares(asked)
        programs = {f"odoo{n}": share for n, share in enumerate(odoo, 1)}
    if "faults" in asked.parts:
        programs["faults"] = asked.paths.get("faults", [FOLDERS["faults"]])
    return programs


def _odoo_shares(asked: TestRun) -> list[list[str]]:
    if asked.selective or "odoo" in asked.paths or processors() == 1:
        return [asked.paths.get("odoo", [FOLDERS["odoo"]])]
    files = sorted((CHECKOUT / FOLDERS["odoo"]).glob("test_*.py"))
    return [
        [path.relative_to(CHECKOUT).as_posix() for path in share]
        for share in shares(files, ODOO_SHARES)
    ]


def _with_odoo(
    asked: TestRun, tests: Tests, steps: Steps, environment: Environment
) -> None:
    databases = Databases(environment, steps)
    try:
        with steps.step("Databases"):
            databases.drop_copies()
            started = _programs(asked)
            copies = {title: databases.copy_of_addon(title) for title in started}
            if "faults" in started:
                both = (addons.MODULE, QUEUE_JOB_BRIDGE)
                copies[QUEUE_JOB_BRIDGE] = databases.copy_of_addon("queue_job", both)
        # The longest first, so that none is left over to run by itself.
        for title, paths in started.items():
            if title == "faults":
                _faults(tests, environment, title, paths, copies)
            else:
                _odoo(tests, environment, title, paths, copies[title])
        if "bridges" in asked.parts:
            _bridges(asked, tests, environment, databases)
        tests.programs.wait()
    finally:
        databases.drop_copies()


def _odoo(
    tests: Tests,
    environment: Environment,
    title: str,
    paths: Sequence[str],
    database: str,
) -> None:
    # Odoo knows the add-on by the link's path, so pytest must see that one too.
    linked = [str(environment.module / path) for path in paths]
    other_parts = [
        f"--ignore={environment.module / FOLDERS[part]}" for part in ("pure", "faults")
    ]
    arguments = _odoo_arguments(environment, title, database) + other_parts
    tests.start(title, linked, arguments, environment.variables())


def _faults(
    tests: Tests,
    environment: Environment,
    title: str,
    paths: Sequence[str],
    templates: Mapping[str, str],
) -> None:
    """Give the fault tests databases to copy and the address to do it at."""
    variables = {
        **environment.variables(),
        "ODOO_RC": str(environment.config(title, workers=0)),
        "ERECEIPT_TEST_DB_URL": environment.address.url(),
        "ERECEIPT_TEST_TEMPLATE": templates[title],
        "ERECEIPT_TEST_QUEUE_JOB_TEMPLATE": templates[QUEUE_JOB_BRIDGE],
        "ERECEIPT_TEST_ADDONS_PATH": environment.addons_path(),
    }
    tests.start(title, paths, ["-p", "no:odoo"], variables)


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
        tests.start(bridge.name, linked, arguments, environment.variables())


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
    """Starts the parts and remembers how they ended."""

    def __init__(self, asked: TestRun, programs: SideBySide, reports: Path) -> None:
        self.asked = asked
        self.programs = programs
        self.counts = Counts()
        self.failed_parts: list[str] = []
        self._reports = reports
        self._found_tests = False

    def start(
        self,
        title: str,
        paths: Sequence[str],
        arguments: Sequence[str],
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Run pytest, side by side with the other parts."""
        report = self._reports / f"{title}.xml"
        command = [sys.executable, "-m", "pytest", f"--junitxml={report}"]
        # "-rs" tells why a test was skipped; the warning is a dependency's.
        command += ["-rs", "-W", "ignore:'crypt' is deprecated:DeprecationWarning"]
        command += [f"--timeout={SECONDS_PER_TEST}", *arguments]
        command += [*self.asked.arguments, *paths]
        ended = partial(self._ended, title, report)
        self.programs.start(Job(title, command, variables, ended))

    def _ended(self, title: str, report: Path, code: int) -> None:
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
