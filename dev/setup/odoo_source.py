"""Odoo 19.0: the user's own, else Debian's package, else Odoo's repository."""

from __future__ import annotations

import os
import runpy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .apt import PrivateApt, own_suite
from .cache import cache_dir, digest, locked
from .process import run_logged
from .steps import SetupError, Steps

SERIES = "19.0"
VARIABLE = "ACCOUNT_ERECEIPT_ODOO"
REPOSITORY = "https://github.com/odoo/odoo.git"
STAMP = "complete"
CURE = f"name an Odoo {SERIES} that is already there by --odoo PATH or {VARIABLE}=PATH"

# Odoo's package links these files of the web client from other packages.
LINKED_PACKAGES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "fonts-glyphicons-halflings",
)
# Odoo wants the files of version 4.7; later suites have version 7.
FONT_AWESOME = "fonts-font-awesome"
FONT_AWESOME_SUITES = ("bookworm", "trixie")
# Debian strips this file; Odoo's pages only ask whether it is there.
STRIPPED = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"


@dataclass(frozen=True)
class Odoo:
    """An Odoo 19.0 that can be run by ``python -m odoo``.

    :param python_path: the folder to put on ``PYTHONPATH``; it holds ``odoo`` alone
    :param addons: the folders of Odoo's own add-ons
    :param identity: changes when another version of Odoo is used
    """

    python_path: Path
    addons: tuple[Path, ...]
    identity: str


def ensure(steps: Steps, named: str | None) -> Odoo:
    """Return the Odoo to use, fetched when the user named none and none is cached.

    :param named: a checkout, or a folder that holds the package ``odoo``
    :raises SetupError: it is not there, not 19.0, or could not be fetched
    """
    named = named or os.environ.get(VARIABLE)
    if named:
        return _described(Path(named).expanduser().resolve())
    with locked("odoo"):
        for folder in (_debian_folder(), _repository_folder()):
            if (folder / STAMP).exists():
                return _described(folder)
        try:
            return _described(_fetch_from_debian(steps))
        except SetupError as error:
            steps.say(f"no package of Debian: {error.message}")
        return _described(_fetch_from_repository(steps))


def _described(root: Path) -> Odoo:
    package = _package_in(root)
    release = package / "release.py"
    series = runpy.run_path(str(release))["series"]
    if series != SERIES:
        raise SetupError(f"{root} is Odoo {series}; this add-on needs {SERIES}", CURE)
    # Beside the package there may be others, of Debian's or the user's own Python:
    # a folder with a link to it alone keeps them out.
    alone = cache_dir("odoo", f"alone-{digest(str(package))}")
    link = alone / "odoo"
    if not link.is_symlink():
        link.symlink_to(package, target_is_directory=True)
    addons = (package / "addons", package.parent / "addons")
    if (package / "addons" / "account").is_dir():
        addons = addons[:1]
    elif not (package.parent / "addons" / "account").is_dir():
        raise SetupError(f"{root} has no add-on 'account'", CURE)
    return Odoo(alone, addons, digest(str(package), _version(root, release)))


def _package_in(root: Path) -> Path:
    candidates = [
        root,
        root / "odoo",
        root / "usr/lib/python3/dist-packages/odoo",
    ]
    for candidate in candidates:
        if (candidate / "release.py").is_file() and (candidate / "addons").is_dir():
            return candidate
    raise SetupError(f"{root} holds no Odoo", CURE)


def _version(root: Path, release: Path) -> str:
    head = root / ".git" / "HEAD"
    if head.is_file():
        reference = head.read_text().strip().removeprefix("ref: ")
        commit = root / ".git" / reference
        return commit.read_text() if commit.is_file() else reference
    return f"{release.read_text()}{release.stat().st_mtime_ns}"


def _debian_folder() -> Path:
    return cache_dir("odoo") / f"{SERIES}-debian"


def _repository_folder() -> Path:
    return cache_dir("odoo") / f"{SERIES}-git"


def _fetch_from_debian(steps: Steps) -> Path:
    suite = own_suite()
    old_suite = suite if suite in FONT_AWESOME_SUITES else FONT_AWESOME_SUITES[-1]
    folder = _debian_folder()
    shutil.rmtree(folder, ignore_errors=True)
    apt = PrivateApt(["sid", old_suite])
    steps.say("reading Debian's package lists")
    apt.update()
    steps.say(f"fetching Debian's package odoo-19 (about 130 MB) into {folder}")
    wanted = [f"{name}/sid" for name in ("odoo-19", *LINKED_PACKAGES)]
    apt.unpack([*wanted, f"{FONT_AWESOME}/{old_suite}"], folder)
    addons = _package_in(folder) / "addons"
    stripped = addons / STRIPPED
    stripped.parent.mkdir(parents=True, exist_ok=True)
    stripped.touch()
    for link in _dangling_links(addons):
        steps.say(f"a file of Odoo's web client is missing: {link.relative_to(addons)}")
    (folder / STAMP).touch()
    return folder


def _dangling_links(addons: Path) -> Iterator[Path]:
    for link in sorted(addons.glob("*/static/**/*")):
        if link.is_symlink() and not link.exists() and not _mended(link):
            yield link


def _mended(link: Path) -> bool:
    """Lead a link to a font to where the font's package has it by now."""
    target = Path(os.path.normpath(link.parent / os.readlink(link)))
    fonts = next((folder for folder in target.parents if folder.name == "fonts"), None)
    if fonts is None or not fonts.is_dir():
        return False
    for found in sorted(fonts.rglob(f"{target.stem}-Regular{target.suffix}")):
        link.unlink()
        link.symlink_to(os.path.relpath(found, link.parent))
        return True
    return False


def _fetch_from_repository(steps: Steps) -> Path:
    if not shutil.which("git"):
        raise SetupError(f"Odoo {SERIES} could not be fetched: git is missing", CURE)
    folder = _repository_folder()
    shutil.rmtree(folder, ignore_errors=True)
    steps.say(f"cloning Odoo's branch {SERIES} into {folder} (about 1 GB)")
    run_logged(
        ["git", "clone", "--depth=1", f"--branch={SERIES}", REPOSITORY, folder],
        "git-clone",
        f"Odoo {SERIES} could not be cloned from {REPOSITORY}",
        CURE,
    )
    (folder / STAMP).touch()
    return folder
