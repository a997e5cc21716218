"""The folder that holds all that is fetched or made, and its locks."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
DIGEST_LENGTH = 8


def cache_dir(*parts: str) -> Path:
    """Return a folder of the cache, made when absent.

    The cache is ``account_ereceipt`` below ``$XDG_CACHE_HOME``, or below ``~/.cache``.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base, "account_ereceipt", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(*parts: str | bytes) -> str:
    """Return a short name for a content, the same on every machine."""
    sha256 = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        sha256.update(len(data).to_bytes(8, "big") + data)
    return sha256.hexdigest()[:DIGEST_LENGTH]


def digest_of_files(root: Path, excluded: Iterable[str]) -> str:
    """Return a short name for what the files below a folder say.

    :param excluded: names of entries of ``root`` that do not count
    """
    left_out = {"__pycache__", *excluded}
    parts: list[bytes] = []
    for folder, folders, files in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in left_out]
            files = [name for name in files if name not in left_out]
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_file():
                parts += [os.fsencode(path.relative_to(root)), path.read_bytes()]
    return digest(*parts)


def checkout_id() -> str:
    """Return a short name for this checkout, so that several share the cache."""
    return digest(str(CHECKOUT))


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one process at a time do what is inside; the kernel frees the lock of a
    process that was killed."""
    with open(cache_dir("locks") / f"{name}.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def claimed(name: str) -> Iterator[bool]:
    """Tell whether this process got a lock that another one may hold for long."""
    with open(cache_dir("locks") / f"{name}.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
