"""What the agent keeps: its pairing and where its key is. Never a PIN or password."""

from __future__ import annotations

import base64
import json
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_FILE = "agent.json"
_LOCK = "agent.lock"


class AgentError(Exception):
    """What ends the agent; ``str`` is a sentence for the person at its terminal.

    :ivar status: the process's exit status
    """

    status = 2


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where the key is.

    :ivar pkcs11_module: path of the vendor's PKCS#11 module, "" for a key in a file
    :ivar serial: of the token, ``fingerprint`` of the certificate: "" for the only one
    :ivar file: path of a PKCS#12 or PEM file
    """

    pkcs11_module: str = ""
    serial: str = ""
    fingerprint: str = ""
    file: str = ""


@dataclass(frozen=True, slots=True)
class Config:
    """A pairing.

    :ivar server: Odoo's address, ``https://host[:port]``
    :ivar pin: SHA-256 of its certificate's public key, hex
    :ivar database: which of its databases, "" if it has one
    :ivar agent: our id there, ``secret`` what we share
    :ivar registration: whom we sign for, as Odoo calls it; ``rin`` its tax number
    """

    server: str
    pin: str
    agent: str
    secret: bytes = field(repr=False)
    registration: str = ""
    rin: str = ""
    database: str = ""
    key: KeyPlace = KeyPlace()


def default_folder() -> Path:
    """Return the folder in the user's own configuration."""
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming"
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "account_ereceipt" / "agent"


def save(folder: Path, config: Config) -> None:
    """Write the file whole, so that only its owner may read it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    values = asdict(config)
    values["secret"] = base64.b64encode(config.secret).decode()
    handle, name = tempfile.mkstemp(prefix=".agent.", dir=folder)  # mode 0600
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({"version": 1, **values}, stream, indent=1, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(name, folder / _FILE)


def load(folder: Path) -> Config:
    """Read the file.

    :raise AgentError: there is none, others may read it, or it is damaged
    """
    path = folder / _FILE
    if not path.exists():
        raise AgentError(
            f"This agent is not paired: {path} does not exist. Create a code in Odoo,"
            " then use the command pair."
        )
    if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise AgentError(
            f"{path} holds a secret and others may read it. Make it yours alone"
            f" (chmod 600 {path}); if others may have read it, pair anew."
        )
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if values.pop("version") != 1:
            raise ValueError("its version is not known here")
        values["secret"] = base64.b64decode(values["secret"], validate=True)
        values["key"] = KeyPlace(**values["key"])
        return Config(**values)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AgentError(f"{path} is damaged ({error}). Pair anew.") from error


def forget(folder: Path) -> bool:
    """Delete the pairing; return whether there was one. The log stays."""
    path = folder / _FILE
    if not path.exists():
        return False
    path.unlink()
    return True


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep a second agent from running with the same pairing and log.

    :raise AgentError: one does
    """
    with open(folder / _LOCK, "a+b") as stream:
        try:
            _lock(stream.fileno())
        except OSError as error:
            raise AgentError(
                f"Another agent runs with the folder {folder}. Stop it, or give this"
                " one a folder of its own (--folder)."
            ) from error
        yield


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
