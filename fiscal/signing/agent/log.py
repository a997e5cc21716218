"""The agent's own log: what it signed, and what it refused to sign.

One JSON object a line, only ever added to. Each carries the hash of the line before and
its own (SHA-256 of its JSON without ``hash``), so that a line cannot be changed, left
out or put in without breaking all that follow. A line is on the disk before the
signature that it tells of leaves.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

NAME = "signed.jsonl"
_FIRST = "0" * 64


@dataclass(frozen=True, slots=True)
class Check:
    """What became of reading a log through.

    :ivar lines: how many there are
    :ivar broken: the number of the first line that does not fit, 0 if all do
    :ivar torn: lines of which only a part was written, when the agent was killed
    :ivar last: what the last whole line says
    """

    lines: int = 0
    broken: int = 0
    torn: int = 0
    last: Mapping[str, Any] | None = None


class SigningLog:
    """The log in a folder; one process writes it.

    :raise OSError: it cannot be written
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = folder / NAME
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(self.path, flags, 0o600)
        self._mend()
        found = check_log(self.path)
        last = found.last or {}
        self._last: str = last.get("hash", _FIRST)
        self._count: int = last.get("line", 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def add(self, event: str, **values: Any) -> None:
        """Add a line, and wait until it is on the disk."""
        line = {
            "line": self._count + 1,
            "time": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "event": event,
            **values,
            "previous": self._last,
        }
        line["hash"] = _hash(line)
        os.write(self._file, (_dump(line) + "\n").encode("utf-8"))
        os.fsync(self._file)
        self._count, self._last = self._count + 1, line["hash"]

    def _mend(self) -> None:
        """End a line of which only a part was written: it told of nothing that left."""
        size = os.fstat(self._file).st_size
        if size:
            os.lseek(self._file, size - 1, os.SEEK_SET)
            if os.read(self._file, 1) != b"\n":
                os.write(self._file, b"\n")


def check_log(path: Path) -> Check:
    """Read a log through."""
    lines = torn = 0
    previous: str = _FIRST
    last: Mapping[str, Any] | None = None
    for lines, line in enumerate(_lines(path), 1):
        if line is None:
            torn += 1
            continue
        if line.get("previous") != previous or line.get("hash") != _hash(line):
            return Check(lines, lines, torn, last)
        previous, last = str(line["hash"]), line
    return Check(lines, 0, torn, last)


def _lines(path: Path) -> Iterator[dict[str, Any] | None]:
    if not path.exists():
        return
    with open(path, "rb") as stream:
        for raw in stream:
            try:
                line = json.loads(raw)
            except ValueError:
                line = None
            yield line if isinstance(line, dict) else None


def _hash(line: Mapping[str, Any]) -> str:
    bare = {name: value for name, value in line.items() if name != "hash"}
    return sha256(_dump(bare).encode("utf-8", "surrogatepass")).hexdigest()


def _dump(line: Mapping[str, Any]) -> str:
    # Escaped, so that no text can end a line or be unwritable.
    return json.dumps(line, sort_keys=True, separators=(",", ":"))
