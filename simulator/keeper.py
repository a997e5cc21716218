"""The data file of a running simulator (``--data``): a demonstration can be stopped
and resumed.

JSON, written when the simulator stops and every few seconds while something changed.
"""

import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any

FORMAT = 1
_EVERY = 5.0


class DataFileError(ValueError):
    """The data file was not written by this program."""


class KeeperBase:
    """Loads ``path`` and keeps it up to date.

    An authority's keeper says what is in it: :meth:`changes`, :meth:`dump`,
    :meth:`load`.
    """

    def __init__(self, path: Path) -> None:
        """Load what is there.

        :raises DataFileError: when it is another kind of file
        """
        self.path = path
        self._ending = threading.Event()
        data = read(path)
        if data is not None:
            self.load(data)
        self._seen = self.changes() if data is not None else 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def changes(self) -> int:
        """A number that grows with every change."""
        raise NotImplementedError

    def dump(self) -> dict[str, Any]:
        """All that is to be kept, for JSON."""
        raise NotImplementedError

    def load(self, data: dict[str, Any]) -> None:
        """Take over what :meth:`dump` gave."""
        raise NotImplementedError

    def close(self) -> None:
        """Write a last time."""
        self._ending.set()
        self._thread.join(timeout=10)
        self._write()

    def _run(self) -> None:
        while not self._ending.wait(_EVERY):
            if self.changes() != self._seen:
                self._write()

    def _write(self) -> None:
        # read first: what changes meanwhile is written the next time
        self._seen = self.changes()
        write(self.path, self.dump())


def write(path: Path, data: dict[str, Any]) -> None:
    """Replace the file in one step."""
    partial = path.with_name(f"{path.name}.part")
    partial.write_text(json.dumps({"format": FORMAT, **data}), encoding="utf-8")
    os.replace(partial, path)


def read(path: Path) -> dict[str, Any] | None:
    """The file's content; None when there is none yet.

    :raises DataFileError: when it is another kind of file
    """
    with contextlib.suppress(FileNotFoundError):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataFileError(f"{path} is no data file: {error}.") from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise DataFileError(f"{path} is no data file of this version.")
        return data
    return None
