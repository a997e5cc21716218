"""Secrets at rest: AES-256-GCM, bound to the place where they are kept.

A sealed secret is text: ``v1:<key fingerprint>:<nonce>:<ciphertext>``, the last two in
base64. Its place (table, row, column) is authenticated with it, so that a ciphertext
copied to another row does not open there.
"""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = "v1"
_NONCE_BYTES = 12


class VaultError(Exception):
    """A secret cannot be opened; ``str`` says why in a whole sentence."""


class UnknownKey(VaultError):
    """The key that sealed the secret is not among ours.

    :ivar fingerprint: which key is wanted
    """

    def __init__(self, fingerprint: str) -> None:
        super().__init__(f"The key {fingerprint} is not known here.")
        self.fingerprint = fingerprint


def make_key() -> str:
    """Return a fresh key as text, the form in which keys are configured."""
    return base64.b64encode(AESGCM.generate_key(bit_length=256)).decode()


def make_key_file(path: Path) -> bool:
    """Write a fresh key into a file that only its owner may read: whole, or not at
    all, whoever else does the same at this moment.

    :return: whether it was written; False where there is such a file already
    :raise OSError: the folder cannot be written
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as stream:
            stream.write(make_key())
            stream.flush()
            os.fsync(stream.fileno())
        # a name for what is complete; unlike a rename it never replaces a file
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        os.unlink(name)
    return True


def fingerprint(key: str) -> str:
    """Return the eight hex digits by which people may speak of a key.

    :raise ValueError: it is not 32 bytes in base64
    """
    return hashlib.sha256(b"account_ereceipt key" + _raw(key)).hexdigest()[:8]


def _raw(key: str) -> bytes:
    raw = base64.b64decode(key.strip(), validate=True)
    if len(raw) != 32:
        raise ValueError("A key is 32 bytes, written in base64.")
    return raw


class Vault:
    """Seals with the first of its keys and opens with any of them.

    :raise ValueError: a key is malformed, or there is none
    """

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = {fingerprint(key): AESGCM(_raw(key)) for key in keys}
        if not self._keys:
            raise ValueError("A vault needs at least one key.")

    @property
    def current(self) -> str:
        """The fingerprint of the key that seals."""
        return next(iter(self._keys))

    def seal(self, secret: str, place: str) -> str:
        """Return the secret in its sealed form."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self.current].encrypt(
            nonce, secret.encode(), place.encode()
        )
        parts = (base64.b64encode(part).decode() for part in (nonce, sealed))
        return ":".join((_VERSION, self.current, *parts))

    def open(self, sealed: str, place: str) -> str:
        """Return the secret.

        :raise UnknownKey: it was sealed with a key that we do not have
        :raise VaultError: it was changed, or belongs to another place
        """
        version, mark, nonce, text = self._parts(sealed)
        if version != _VERSION:
            raise VaultError("The stored secret has a form that is not known here.")
        if mark not in self._keys:
            raise UnknownKey(mark)
        try:
            opened = self._keys[mark].decrypt(
                base64.b64decode(nonce), base64.b64decode(text), place.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise VaultError(
                "The stored secret was changed, or copied from another record."
            ) from error
        return opened.decode()

    def is_current(self, sealed: str) -> bool:
        """Whether it was sealed with the key that seals today (key rotation)."""
        return self._parts(sealed)[1] == self.current

    @staticmethod
    def _parts(sealed: str) -> list[str]:
        parts = sealed.split(":")
        if len(parts) != 4:
            raise VaultError("The stored secret has a form that is not known here.")
        return parts
