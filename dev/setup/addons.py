"""The add-ons folders in which the checkout appears under its technical name."""

from __future__ import annotations

import shutil
from pathlib import Path

from .cache import CHECKOUT, cache_dir, checkout_id

MODULE = "account_ereceipt"
# What lies below the root of the checkout and is no part of the installed add-on.
NOT_INSTALLED = ("bench", "bridges", "dev", "simulator", "tests")


def bridges() -> list[Path]:
    """Return the checkout's further add-ons."""
    return sorted(path.parent for path in CHECKOUT.glob("bridges/*/__manifest__.py"))


def linked() -> Path:
    """Return a folder with links to the add-on and to each bridge."""
    folder = cache_dir("addons", checkout_id())
    wanted = {MODULE: CHECKOUT, **{path.name: path for path in bridges()}}
    for link in folder.iterdir():
        if link.name not in wanted:
            link.unlink()
    for name, target in wanted.items():
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(target, target_is_directory=True)
    return folder


def linked_without_extras() -> Path:
    """Return a folder with the add-on as it is installed: no tests, tools or bridges.

    Odoo's exporter of terms walks everything below an add-on's root.
    """
    folder = cache_dir("addons", f"{checkout_id()}-installed")
    shutil.rmtree(folder)
    module = folder / MODULE
    module.mkdir(parents=True)
    for path in CHECKOUT.iterdir():
        if path.name not in NOT_INSTALLED and not path.name.startswith("."):
            (module / path.name).symlink_to(path)
    return folder
