"""The agent's key: on a token, or in a file."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from ...contract import Digest, FiscalError
from ..errors import KeyUnusable, PinNeeded
from ..pkcs11_module import pkcs11_module
from ..software import SoftwareKey
from ..token import TokenKey
from .config import AgentError, KeyPlace


class PinRefusedHere(AgentError):
    """The PIN or password was wrong. It was tried once."""

    status = 3


class NobodyThere(AgentError):
    """A PIN is needed, and there is nobody to type it."""

    status = 4


class AgentKey:
    """The key at a place; signs after :meth:`unlock`.

    :raise FiscalError: the PKCS#11 module cannot be used
    """

    def __init__(self, place: KeyPlace) -> None:
        self._place = place
        self._token: TokenKey | None = None
        self._opened: SoftwareKey | None = None
        if place.pkcs11_module:
            self._token = TokenKey(
                pkcs11_module(place.pkcs11_module), place.serial, place.fingerprint
            )

    @property
    def secret_name(self) -> str:
        """What a person is asked for."""
        return "PIN" if self._token else "Password"

    def unlock(self, secret: str) -> None:
        """Open it with a PIN or password, which is tried once and not kept.

        :raise FiscalError: it cannot be opened
        :raise AgentError: the file cannot be read
        """
        if self._token is not None:
            self._token.log_in(secret)
            return
        path = Path(self._place.file)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise AgentError(
                f"The key file {path} cannot be read: {error.strerror or error}."
            ) from error
        self._opened = SoftwareKey.from_file(data, secret)

    def hindrance(self) -> FiscalError | None:
        """Return why it cannot sign now, ``None`` if it can."""
        if self._token is not None:
            return self._token.hindrance()
        if self._opened is None:
            return PinNeeded("The key file is not open.", "pin_needed")
        return None

    def certificates(self) -> tuple[bytes, ...]:
        """Return the chain; empty while it cannot be read."""
        try:
            return tuple(self.certificate_chain())
        except FiscalError:
            return ()

    def certificate_chain(self) -> list[bytes]:
        """Return DER certificates, the signer's own first."""
        return self._key().certificate_chain()

    def sign(self, data: bytes, document: bytes, digest: Digest = "sha256") -> bytes:
        """Return the signature of ``data``."""
        return self._key().sign(data, document, digest)

    def _key(self) -> TokenKey | SoftwareKey:
        key = self._token or self._opened
        if key is None:
            raise KeyUnusable("The key file is not open.", "pin_needed")
        return key


def add_key_options(parser: argparse.ArgumentParser) -> None:
    """Let a command be told where the key is."""
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument(
        "--pkcs11-module", help="the token vendor's PKCS#11 module (a path)"
    )
    key.add_argument("--file", help="a key in a PKCS#12 or PEM file (a path)")
    parser.add_argument("--serial", default="", help="which token, if several")
    parser.add_argument(
        "--certificate", default="", help="which certificate, if several (SHA-256)"
    )


def place_of(options: argparse.Namespace) -> KeyPlace:
    """Return where the key is, from what :func:`add_key_options` let be said."""
    path = str(Path(options.file).absolute()) if options.file else ""
    return KeyPlace(
        options.pkcs11_module or "", options.serial, options.certificate, path
    )


def ask_secret(name: str) -> str:
    """Return what the person at the terminal types, unseen; a line of the input where
    it is no terminal.

    :raise NobodyThere: there is neither
    """
    prompt = f"{name}: "
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass(prompt)
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise NobodyThere(
            f"The {name} has to be typed, and there is nobody to type it. Start the"
            " agent at a terminal."
        )
    return line.rstrip("\r\n")
