"""A folder of the server for files that come and go, and nothing outside of it.

Every step from a permitted root down is opened by itself, without following links, and
everything is done relative to what is open: neither ``..`` nor a link, put in place
before or meanwhile, leads elsewhere.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePosixPath
from types import TracebackType

from ..messages import Sentence, _
from .cells import FileError

DONE, FAILED = "done", "failed"
"""Where files that were read are moved to."""

_WAYS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_NO_LINKS_HERE = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})
"""What file systems answer that have no second names for a file (shares, FAT)."""

_LONGEST_NAME = 200
_MOST_FILES = 1000
_MOST_COPIES = 1000


class Folder:
    """An open folder below one of the permitted roots; a context manager.

    :param path: absolute
    :param roots: absolute folders that the server's administrator permits; they may be
        links themselves
    :raise FileError: it is not below one of them, or cannot be opened
    """

    def __init__(self, path: str, roots: Sequence[str]) -> None:
        self._fd = -1
        root, steps = _below(path, roots)
        try:
            fd = os.open(os.path.realpath(root), _WAYS)
            for step in steps:
                self._fd = fd
                fd = os.open(step, _WAYS, dir_fd=self._fd)
                os.close(self._fd)
            self._fd = fd
        except OSError as error:
            self.close()
            raise FileError(
                Sentence(
                    _(
                        "The folder %(path)s cannot be opened (%(reason)s). It has to"
                        " be there, below a permitted folder, without links on the"
                        " way, and the server's user has to be let in."
                    ),
                    path=path,
                    reason=error.strerror or str(error),
                )
            ) from error

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close it; again is harmless."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # -- reading ----------------------------------------------------------------------

    def names(self, ending: str = "", quiet_seconds: float = 0.0) -> list[str]:
        """Return the names of the plain files in it that are whole, in their order: a
        name that begins with a dot is of one still being written, and so is one that
        was written to within so many seconds."""
        found = []
        before = time.time() - quiet_seconds
        with os.scandir(self._fd) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.is_file(
                    follow_symlinks=False
                ):
                    continue
                quiet = entry.stat(follow_symlinks=False).st_mtime <= before
                if quiet and entry.name.lower().endswith(ending.lower()):
                    found.append(entry.name)
        return sorted(found)[:_MOST_FILES]

    def content(self, name: str, most: int) -> bytes:
        """Return the first ``most`` + 1 bytes of a plain file: more than ``most`` tell
        that it is too large.

        :raise FileError: it is no plain file, or cannot be read
        """
        try:
            fd = os.open(_plain(name), os.O_RDONLY | _NO_LINK, dir_fd=self._fd)
            with os.fdopen(fd, "rb") as file:
                if not stat.S_ISREG(os.fstat(fd).st_mode):
                    raise FileError(Sentence(_("%(name)s is no file."), name=name))
                return file.read(most + 1)
        except OSError as error:
            raise _failed(name, error) from error

    # -- writing ----------------------------------------------------------------------

    def prepare(self, name: str, content: bytes) -> None:
        """Write a file under a name that nobody takes for a whole one yet, and see that
        it is on the disk. What was prepared under that name is replaced.

        :raise FileError: it cannot be written
        """
        try:
            part = _part(name)
            self._remove(part)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINK
            fd = os.open(part, flags, 0o660, dir_fd=self._fd)
            with os.fdopen(fd, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(fd)
        except OSError as error:
            raise _failed(name, error) from error

    def publish(self, name: str) -> bool:
        """Give what was prepared its name, at once and once: when it is called again,
        nothing happens.

        :return: whether there was something to publish
        :raise FileError: another file has the name, or it cannot be done
        """
        try:
            self._rename(_part(name), _plain(name), self._fd)
            os.fsync(self._fd)
        except FileNotFoundError:
            return False
        except FileExistsError:
            raise FileError(
                Sentence(_("There is another file %(name)s in the folder."), name=name)
            ) from None
        except OSError as error:
            raise _failed(name, error) from error
        return True

    def discard(self, name: str) -> None:
        """Remove what was prepared and not published; nothing where nothing was."""
        self._remove(_part(name))

    def move(self, name: str, into: str) -> str:
        """Move a file into one of the subfolders :data:`DONE` and :data:`FAILED`, which
        is made where it is not there; a name that is taken there gets a number.

        :return: its name there
        :raise FileError: it cannot be done
        """
        with self._below(into) as below:
            try:
                return self._moved(_plain(name), below._fd)
            except OSError as error:
                raise _failed(name, error) from error

    def keep(self, into: str, name: str, content: bytes) -> None:
        """Write a file into one of the subfolders; one of that name is left as it is.

        :raise FileError: it cannot be done
        """
        with self._below(into) as below:
            below.prepare(name, content)
            try:
                below.publish(name)
            except FileError:
                below.discard(name)

    def _below(self, into: str) -> Folder:
        if into not in (DONE, FAILED):
            raise ValueError(into)
        below = Folder.__new__(Folder)
        try:
            with suppress(FileExistsError):
                os.mkdir(into, 0o770, dir_fd=self._fd)
            below._fd = os.open(into, _WAYS, dir_fd=self._fd)
        except OSError as error:
            raise _failed(into, error) from error
        return below

    def _moved(self, name: str, fd: int) -> str:
        stem, dot, ending = name.rpartition(".")
        for number in range(1, _MOST_COPIES):
            there = name if number == 1 else f"{stem or ending}-{number}"
            if number > 1 and stem:
                there += f"{dot}{ending}"
            try:
                self._rename(name, there, fd)
            except FileExistsError:
                continue
            return there
        raise FileExistsError(name)

    def _rename(self, name: str, there: str, fd: int) -> None:
        """Move a file without taking the place of another one."""
        try:
            os.link(
                name, there, src_dir_fd=self._fd, dst_dir_fd=fd, follow_symlinks=False
            )
        except OSError as error:
            if error.errno not in _NO_LINKS_HERE:
                raise
        else:
            os.unlink(name, dir_fd=self._fd)
            return
        with suppress(FileNotFoundError):
            os.stat(there, dir_fd=fd, follow_symlinks=False)
            raise FileExistsError(there)
        os.rename(name, there, src_dir_fd=self._fd, dst_dir_fd=fd)

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._fd)


def roots_of(text: str) -> list[str]:
    """Return the permitted folders of a setting, commas between them."""
    return [path for part in text.split(",") if (path := part.strip())]


def is_within(path: str, other: str) -> bool:
    """Tell whether a path is another one, or below it."""
    return PurePosixPath(path).is_relative_to(PurePosixPath(other))


def check_path(path: str, roots: Sequence[str]) -> None:
    """Refuse a path that is not below a permitted folder, whatever is there.

    :raise FileError: it is not
    """
    _below(path, roots)


def _below(path: str, roots: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the permitted root of a path and the steps from there."""
    if not roots:
        raise FileError(
            Sentence(
                _(
                    "No folder is permitted on this server. Its administrator names"
                    " some in the configuration file."
                )
            )
        )
    whole = PurePosixPath(path)
    for root in roots:
        base = PurePosixPath(root)
        if not base.is_absolute() or len(base.parts) < 2 or ".." in base.parts:
            continue
        if whole.is_relative_to(base) and ".." not in whole.parts and "\0" not in path:
            return root, whole.relative_to(base).parts
    raise FileError(
        Sentence(
            _(
                "%(path)s is not below a folder that the server's administrator"
                " permits (%(roots)s)."
            ),
            path=path,
            roots=", ".join(roots),
        )
    )


def _plain(name: str) -> str:
    """Return the name of a file, if it is one and no way to somewhere else.

    :raise FileError: it is not
    """
    bad = "/" in name or "\0" in name or name.startswith(".") or not name
    if bad or len(name.encode()) > _LONGEST_NAME:
        raise FileError(Sentence(_("“%(name)s” is no name of a file."), name=name))
    return name


def _part(name: str) -> str:
    return f".{_plain(name)}.part"


def _failed(name: str, error: OSError) -> FileError:
    return FileError(
        Sentence(
            _("The file %(name)s cannot be read, written or moved (%(reason)s)."),
            name=name,
            reason=error.strerror or str(error),
        )
    )
