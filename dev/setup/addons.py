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


def names() -> list[str]:
    """Return the technical names of the checkout's add-ons, the main one first."""
    return [MODULE, *(path.name for path in bridges())]


def folder(module: str) -> Path:
    """Return where an add-on of the checkout lies."""
    return CHECKOUT if module == MODULE else CHECKOUT / "bridges" / module


def linked() -> Path:
    """Return a folder with links to the add-on and to each bridge."""
    links = cache_dir("addons", checkout_id())
    wanted = {module: folder(module) for module in names()}
    for link in links.iterdir():
        if link.name not in wanted:
            link.unlink()
    for name, target in wanted.items():
        if not (links / name).is_symlink():
            (links / name).symlink_to(target, target_is_directory=True)
    return links


def linked_without_extras() -> Path:
    """Return a folder with the add-ons as they are installed: no tests or tools, and
    the bridges beside the main one.

    Odoo's exporter of terms walks everything below an add-on's root.
    """
    links = cache_dir("addons", f"{checkout_id()}-installed")
    shutil.rmtree(links)
    for module in names():
        installed = links / module
        installed.mkdir(parents=True)
        for path in folder(module).iterdir():
            if path.name not in NOT_INSTALLED and not path.name.startswith("."):
                (installed / path.name).symlink_to(path)
    return links
