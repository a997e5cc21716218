"""How an agent and Odoo come to share a secret.

Odoo shows a person a code that is good once and for minutes; the person types it at the
agent. Both sides send a fresh X25519 key, authenticated with what the code stands for;
the secret comes from both keys and the code and never travels. Whoever sits between
learns nothing from listening and cannot take part: within the code's few minutes he
would have to find it behind scrypt, and wrong guesses end the pairing.

A code is ``K7QF-9M2XW-4HTRC``: the first group names the pairing, the rest (50 bits) is
secret. Letters that look like digits are read as these.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

GOOD_FOR = timedelta(minutes=10)
ATTEMPTS = 5

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, without I L O U
_CODE = re.compile(rf"[{_ALPHABET}]{{14}}")
_ALIKE = str.maketrans("OIL", "011")
_SALT = b"account_ereceipt agent pairing 1"
_INFO = b"account_ereceipt agent secret 1"
_PUBLIC_BYTES = 32


@dataclass(frozen=True, slots=True)
class Pairing:
    """A pairing that waits for its agent, as Odoo keeps it: the code itself is not
    kept.

    :ivar id: the code's first group
    :ivar key: what the code stands for; as secret as the code
    :ivar registration: whom the agent will sign for, in the caller's words
    """

    id: str
    registration: str
    expires_at: datetime
    attempts: int = ATTEMPTS
    key: bytes = field(default=b"", repr=False)

    def is_open(self, now: datetime) -> bool:
        """Whether an agent may still pair."""
        return self.attempts > 0 and now <= self.expires_at

    def failed(self) -> Pairing:
        """Return it with one attempt less."""
        return replace(self, attempts=self.attempts - 1)


def start_pairing(registration: str, now: datetime) -> tuple[str, Pairing]:
    """Return a new code, to be shown once, and what is to be kept of it."""
    letters = "".join(secrets.choice(_ALPHABET) for _letter in range(14))
    code = f"{letters[:4]}-{letters[4:9]}-{letters[9:]}"
    pairing_id, key = read_code(code)
    return code, Pairing(pairing_id, registration, now + GOOD_FOR, key=key)


def read_code(code: str) -> tuple[str, bytes]:
    """Return a code's pairing and the key that it stands for (takes a moment).

    :raise ValueError: it is no code
    """
    letters = re.sub(r"[\s-]", "", code.upper()).translate(_ALIKE)
    if not _CODE.fullmatch(letters):
        raise ValueError("It is not a code of the form XXXX-XXXXX-XXXXX")
    salt = _SALT + letters[:4].encode()
    key = hashlib.scrypt(letters[4:].encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    return letters[:4], key


def agent_name(pairing_id: str) -> str:
    """Return who a request to pair is from, before the agent has an id."""
    return f"pairing:{pairing_id}"


def pairing_of(agent: str) -> str:
    """Return the pairing's id from :func:`agent_name`, "" if it is none."""
    name, _colon, pairing_id = agent.partition(":")
    return pairing_id if name == "pairing" else ""


class Exchange:
    """One side's part in making the secret."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()

    @property
    def public(self) -> bytes:
        """What the other side is sent."""
        return self._private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )

    def secret(self, theirs: bytes, code_key: bytes, agents: bytes) -> bytes:
        """Return the secret.

        :param theirs: the other side's public key
        :param agents: the agent's public key, so that the sides stay apart
        :raise ValueError: it is no public key, or a harmful one
        """
        if len(theirs) != _PUBLIC_BYTES:
            raise ValueError("It is no public key")
        shared = self._private.exchange(X25519PublicKey.from_public_bytes(theirs))
        both = sorted((self.public, theirs), key=lambda one: one != agents)
        derive = HKDF(
            algorithm=hashes.SHA256(),
            length=32,
            salt=code_key,
            info=_INFO + b"".join(both),
        )
        return derive.derive(shared)
