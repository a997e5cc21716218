"""Debian packages, fetched and unpacked without being installed.

A private state of apt is used, so neither root's rights nor the machine's own package
lists are needed. Mirrors are those of the machine's own sources; signatures are checked
against Debian's archive keyring.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from .cache import cache_dir
from .process import run_logged
from .steps import SetupError

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ETC_APT = Path("/etc/apt")
NEEDS_APT = "a Debian machine with apt and its archive keyring is needed for that"


def own_suite() -> str:
    """Return the code name of the machine's own Debian release.

    :raises SetupError: the machine does not run a Debian release
    """
    fields = dict(
        line.split("=", 1)
        for line in Path("/etc/os-release").read_text().splitlines()
        if "=" in line
    )
    if fields.get("ID", "").strip('"') != "debian" or not KEYRING.exists():
        raise SetupError("This machine does not run Debian", NEEDS_APT)
    codename = fields.get("VERSION_CODENAME", "").strip('"')
    return codename or "sid"


def own_mirror() -> str:
    """Return the address from which the machine fetches its Debian packages.

    :raises SetupError: none of apt's sources names one
    """
    suite = own_suite()
    for uri, suites in _one_line_sources() + _deb822_sources():
        if suite in suites and not uri.startswith(("cdrom:", "file:", "copy:")):
            return uri
    raise SetupError(
        f"None of apt's sources in {ETC_APT} has the suite {suite}", NEEDS_APT
    )


def _one_line_sources() -> list[tuple[str, list[str]]]:
    found = []
    files = [ETC_APT / "sources.list", *ETC_APT.glob("sources.list.d/*.list")]
    for path in files:
        for line in path.read_text().splitlines() if path.exists() else ():
            if not line.startswith("deb "):
                continue
            words = line[4:].strip()
            if words.startswith("["):
                words = words.partition("]")[2]
            uri, suite, *components = words.split()
            if "main" in components:
                found.append((uri, [suite]))
    return found


def _deb822_sources() -> list[tuple[str, list[str]]]:
    found = []
    for path in sorted(ETC_APT.glob("sources.list.d/*.sources")):
        for fields in _deb822_paragraphs(path.read_text()):
            if fields.get("enabled") == "no" or "main" not in fields.get(
                "components", ""
            ):
                continue
            suites = fields.get("suites", "").split()
            found += [(uri, suites) for uri in fields.get("uris", "").split()]
    return found


def _deb822_paragraphs(text: str) -> list[dict[str, str]]:
    paragraphs: list[dict[str, str]] = [{}]
    key = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if not line.strip():
            paragraphs.append({})
        elif line[0].isspace():
            paragraphs[-1][key] += " " + line.strip()
        else:
            key, _colon, value = line.partition(":")
            key = key.strip().lower()
            paragraphs[-1][key] = value.strip()
    return paragraphs


class PrivateApt:
    """apt with lists and sources of its own.

    :param suites: Debian suites to read, e.g. ``("sid", "trixie")``
    """

    def __init__(self, suites: Sequence[str]) -> None:
        if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
            raise SetupError("apt-get or dpkg-deb is not installed", NEEDS_APT)
        self.folder = cache_dir("apt", "-".join(suites))
        sources = self.folder / "sources.list"
        mirror = own_mirror()
        sources.write_text(
            "".join(
                f"deb [signed-by={KEYRING}] {mirror} {suite} main\n" for suite in suites
            )
        )
        lists, cache = self.folder / "lists", self.folder / "cache"
        (lists / "partial").mkdir(parents=True, exist_ok=True)
        (cache / "archives" / "partial").mkdir(parents=True, exist_ok=True)
        settings = {
            "Dir::Etc::sourcelist": sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::Lists": lists,
            "Dir::Cache": cache,
            "Dir::Cache::pkgcache": "",
            "Dir::Cache::srcpkgcache": "",
            "Acquire::Languages": "none",
            # A mirror's copy of sid may be older than its date allows.
            "Acquire::Check-Valid-Until": "false",
            # root's own cache is closed to the user "_apt".
            "APT::Sandbox::User": "root",
        }
        self._command: list[str | Path] = ["apt-get", "-q"]
        for name, value in settings.items():
            self._command += ["-o", f"{name}={value}"]

    def update(self) -> None:
        """Fetch the package lists."""
        run_logged(
            [*self._command, "update"],
            "apt-update",
            "Debian's package lists could not be fetched",
            "check the network and the addresses in /etc/apt, then try again",
        )

    def unpack(self, packages: Sequence[str], target: Path) -> None:
        """Fetch packages (``name`` or ``name/suite``) and unpack them below a folder.

        :raises SetupError: a package is not there, or its signature or hash is wrong
        """
        archives = self.folder / "archives"
        shutil.rmtree(archives, ignore_errors=True)
        archives.mkdir()
        run_logged(
            [*self._command, "download", *packages],
            "apt-download",
            f"Debian's packages {' '.join(packages)} could not be fetched",
            "check the network and the addresses in /etc/apt, then try again",
            cwd=archives,
        )
        for archive in sorted(archives.glob("*.deb")):
            run_logged(
                ["dpkg-deb", "-x", archive, target],
                "dpkg-deb",
                f"{archive.name} could not be unpacked",
            )
        shutil.rmtree(archives)
