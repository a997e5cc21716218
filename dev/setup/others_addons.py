"""Add-ons of others, which those in ``bridges/`` join ours to: fetched from PyPI.

Their packages bring a folder ``odoo/addons`` and ask for a package ``odoo`` that would
take the place of the Odoo in use. So they are unpacked into a folder of their own.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from . import python_env
from .cache import CHECKOUT, cache_dir, digest, locked
from .steps import Steps

LOCK = CHECKOUT / "requirements-bridges.lock"
STAMP = "complete"


def ensure(steps: Steps) -> Path:
    """Return the folder that they are unpacked in; their libraries lie beside
    ``odoo/addons``.

    :raises SetupError: they could not be fetched
    """
    version = ".".join(map(str, sys.version_info[:2]))
    folder = cache_dir("others-addons") / digest(version, LOCK.read_bytes())
    with locked("others-addons"):
        if not (folder / STAMP).exists():
            steps.say(f"installing {LOCK.name} into {folder}")
            shutil.rmtree(folder, ignore_errors=True)
            python_env.install(Path(sys.executable), LOCK, "--target", folder)
            (folder / STAMP).touch()
    return folder
