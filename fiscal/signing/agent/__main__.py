"""The signing agent: ``python -m fiscal.signing.agent``.

Exit status: 0 it was stopped, or did what it should; 2 it could not begin; 3 the PIN or
password was refused (it was tried once); 4 a PIN is needed and nobody is there to type
it; 5 it has to be paired anew.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ...contract import FiscalError
from ...terminal import fail, forgiving, printable
from .. import agent_protocol as protocol
from ..agent_documents import Shown
from ..agent_protocol import Report
from ..certificate import order_chain, read_certificate
from ..certificate_checks import check_certificate
from ..errors import KeyAway, KeyUnusable, PinNeeded
from .config import (
    AgentError,
    Config,
    alone,
    default_folder,
    forget,
    load,
    save,
)
from .keys import (
    AgentKey,
    NobodyThere,
    PinRefusedHere,
    add_key_options,
    ask_secret,
    place_of,
)
from .link import Unreachable, fetch_pin, read_pin, show_pin
from .log import NAME, SigningLog, check_log
from .pairing import pair
from .runner import Odoo, Runner


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    forgiving()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)  # whoever started us may have it ignored
    command = {"pair": _pair, "run": _run, "status": _status, "forget": _forget}
    try:
        return command[options.command](options)
    except AgentError as error:
        return fail(str(error), error.status)
    except FiscalError as error:
        return fail(str(error), 2)
    except OSError as error:
        return fail(f"{error.filename or 'A file'}: {error.strerror or error}.", 2)
    except KeyboardInterrupt:
        _say("Stopped.")
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fiscal.signing.agent",
        description="Sign Odoo's documents with a token that is not at the server.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    text = "make this computer known to Odoo, with a code that Odoo shows"
    command = _command(commands, "pair", text)
    command.add_argument("server", help="Odoo's address, https://odoo.example.com")
    add_key_options(command)
    command.add_argument("--database", default="", help="which of Odoo's, if several")
    command.add_argument("--name", default="", help="what Odoo shall call us")
    command.add_argument("--code", help="the code; asked for if not given")
    command.add_argument(
        "--server-key", help="the server's fingerprint, if it was compared already"
    )
    text = "ask Odoo for documents and sign them, until it is stopped"
    command = _command(commands, "run", text)
    command.add_argument(
        "--ask", action="store_true", help="show each document and ask before signing"
    )
    command.add_argument(
        "--once", action="store_true", help="end when there is no document to sign"
    )
    _command(commands, "status", "say what is set up and whether it works")
    _command(commands, "forget", "delete the pairing; the log stays")
    return parser


def _command(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text
    )
    command.add_argument(
        "--folder",
        type=Path,
        default=default_folder(),
        help="where pairing and log are kept (default: %(default)s)",
    )
    return command


def _stop(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    moment = datetime.now().strftime("%H:%M:%S")
    sys.stdout.write(f"{moment} {printable(text)}\n")
    sys.stdout.flush()


# ----------------------------------------------------------------------------------
# Commands
# ----------------------------------------------------------------------------------


def _pair(options: argparse.Namespace) -> int:
    place = place_of(options)
    key = AgentKey(place)
    if options.file:
        _unlock(key)
    certificates = key.certificates()
    for line in _about(certificates, ""):
        _say(line)
    pin = fetch_pin(options.server)
    _compare(pin, options.server_key)
    code = options.code or _input("Code that Odoo shows: ")
    config = pair(
        options.server,
        pin,
        code,
        place,
        certificates,
        options.database,
        options.name,
    )
    options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with alone(options.folder):
        save(options.folder, config)
        log = SigningLog(options.folder)
        log.add("paired", server=config.server, agent=config.agent, rin=config.rin)
        log.close()
    _say(f"Paired, to sign for {config.registration} ({config.rin}).")
    return 0


def _compare(pin: str, compared: str | None) -> None:
    """Let a person compare the server's key, unless that was done already."""
    if compared is not None:
        if read_pin(compared) != pin:
            raise AgentError(
                f"The server's key is {show_pin(pin)}, not the one that was given."
                " Somebody may be in between; nothing was paired."
            )
        return
    _say("The server's key has the fingerprint")
    _say(f"    {show_pin(pin)}")
    if _input("Does Odoo show the same? [y/N] ").strip().lower() not in ("y", "yes"):
        raise AgentError("The server was not confirmed; nothing was paired.")


def _input(prompt: str) -> str:
    sys.stdout.write(prompt)
    sys.stdout.flush()
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise NobodyThere("There is nobody to answer. Start the agent at a terminal.")
    return line.strip()


def _run(options: argparse.Namespace) -> int:
    config = load(options.folder)
    with alone(options.folder):
        log = SigningLog(options.folder)
        if check_log(log.path).broken:
            _say(f"{log.path} was changed by hand; see the command status.")
        key = AgentKey(config.key)
        runner = Runner(config, key, log, _say, _approve if options.ask else None)
        try:
            _work(key, runner, options.once)
        finally:
            runner.close()
            log.close()
    return 0


def _work(key: AgentKey, runner: Runner, once: bool) -> None:
    while True:
        hindrance = key.hindrance()
        if isinstance(hindrance, PinNeeded):
            _say(str(hindrance))
            _unlock(key)
        elif hindrance is not None and not isinstance(hindrance, KeyAway):
            raise hindrance
        served, pause = runner.turn(0.0 if once else protocol.LONGEST_WAIT)
        if once and not served:
            return
        if pause and not served:
            time.sleep(pause)


def _unlock(key: AgentKey) -> None:
    """Ask for the PIN and try it, once."""
    secret = ask_secret(key.secret_name)
    try:
        key.unlock(secret)
    except KeyAway as error:
        _say(str(error))
    except KeyUnusable as error:
        raise PinRefusedHere(str(error)) from error


def _approve(shown: Shown) -> bool:
    for name, value in (
        ("Number", f"{shown.kind} {shown.number}"),
        ("Issued at", shown.issued_at),
        ("Issuer", f"{shown.issuer} {shown.issuer_rin}"),
        ("Buyer", shown.buyer),
        ("Total", shown.total),
        ("SHA-256", shown.digest),
    ):
        _say(f"    {name}: {value}")
    return _input("Sign it? [y/N] ").lower() in ("y", "yes")


def _forget(options: argparse.Namespace) -> int:
    if not forget(options.folder):
        _say("There was no pairing.")
        return 0
    _say("The pairing is deleted here. Remove the agent in Odoo, too.")
    return 0


def _status(options: argparse.Namespace) -> int:
    config = load(options.folder)
    key = AgentKey(config.key)
    _say(f"Paired with {config.server} as {config.agent}.")
    _say(f"Signs for {config.registration} ({config.rin}).")
    _say(f"Server's key: {show_pin(config.pin)}")
    place = config.key
    _say(f"Key: {place.pkcs11_module or place.file} {place.serial}".rstrip())
    for line in _about(key.certificates(), config.rin):
        _say(line)
    fine = _say_key(key)
    fine = _say_log(options.folder) and fine
    return 0 if _say_odoo(config) and fine else 1


def _say_key(key: AgentKey) -> bool:
    hindrance = key.hindrance()
    if hindrance is not None and not isinstance(hindrance, PinNeeded):
        _say(str(hindrance))
        return False
    return True


def _say_log(folder: Path) -> bool:
    found = check_log(folder / NAME)
    last = found.last or {}
    _say(f"Log: {found.lines} lines in {folder / NAME}.")
    if last:
        _say(f"Last: {last['time']} {last['event']} {last.get('number', '')}".rstrip())
    if found.broken:
        _say(
            f"The log does not fit from line {found.broken} on: it was changed by hand."
        )
    return not found.broken


def _say_odoo(config: Config) -> bool:
    odoo = Odoo(config)
    try:
        odoo.ask(protocol.POLL, Report(watch=True).dump())
    except Unreachable as error:
        _say(str(error))
        return False
    finally:
        odoo.close()
    _say("Odoo answers and knows this agent.")
    return True


def _about(certificates: Sequence[bytes], rin: str) -> list[str]:
    if not certificates:
        return ["The certificate is seen only after the PIN is typed."]
    first, *others = [read_certificate(der) for der in certificates]
    lines = [
        f"Certificate of {first.common_name},"
        f" valid until {first.not_after.date()}, SHA-256 {first.fingerprint}"
    ]
    now = datetime.now(timezone.utc)
    chain = order_chain(first, others)
    lines += [problem.text for problem in check_certificate(first, chain, rin, now)]
    return lines


if __name__ == "__main__":
    sys.exit(main())
