"""Programs of Debian that some tests need and no wheel brings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

from .process import run_logged
from .steps import SetupError, Steps

# program → Debian's package
FOR_ALL = {"openssl": "openssl", "softhsm2-util": "softhsm2", "xmlsec1": "xmlsec1"}
NEEDED = {"chromium": "chromium", **FOR_ALL}
# Debian 13 has no wkhtmltopdf any more.
WELCOME = {"wkhtmltopdf": "wkhtmltopdf", "pdftoppm": "poppler-utils"}


def ensure(steps: Steps, with_odoo: bool) -> None:
    """Install what is missing as root; else say what is missing and go on.

    Tests that lack a program are skipped and say so. In CI that is a failure.

    :param with_odoo: tests in Odoo run too, which need a browser
    :raises SetupError: a needed program is missing in CI (``CI`` is set)
    """
    wanted, welcome = (NEEDED, WELCOME) if with_odoo else (FOR_ALL, {})
    missing = _missing(wanted) + _missing(welcome)
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        steps.say(f"installing {', '.join(missing)}")
        _install(missing)
    for package in _missing(welcome):
        steps.say(f"without {package}, tests that need it are skipped")
    if needed := _missing(wanted):
        cure = f"as root: apt-get install {' '.join(needed)}"
        if os.environ.get("CI"):
            raise SetupError(f"The tests need {', '.join(needed)}", cure)
        steps.say(f"tests that need {', '.join(needed)} are skipped; {cure}")


def _missing(table: dict[str, str]) -> list[str]:
    return [package for name, package in table.items() if not shutil.which(name)]


def _install(packages: Sequence[str]) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends"]
    cure = "see that apt-get works on this machine"
    run_logged(["apt-get", "update"], "apt", "apt-get update failed", cure)
    for package in packages:
        try:
            run_logged(
                [*install, package],
                f"apt-{package}",
                f"Debian's {package} could not be installed",
                cure,
                env=environment,
            )
        except SetupError:
            if package in NEEDED.values():
                raise
