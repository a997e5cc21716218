"""Whose certificates are believed, and which premises are registered.

A configuration is a JSON object of lists of objects::

    {"trusted_cas": [{"pem": "-----BEGIN CERTIFICATE-----..."}],
     "revoked":     [{"serial": "1126...", "reason": ""}],
     "premises":    [{"oib": "02994650199", "code": "POSL1"}],
     "keys":        [{"pem": "-----BEGIN PRIVATE KEY-----..."}],
     "settings":    {...}, "faults": [...]}

``serial`` is in decimal digits. ``keys`` are taxpayers' private keys, with which alone
a ZKI can be recomputed. The simulator's own demonstration authority (:mod:`.authority`)
is always believed, and the keys it handed out are known.
"""

from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from ..certificates import CertificateError, read_pem


class RegistryError(ValueError):
    """What should be registered is not well-formed."""


class Registry:
    """All that is registered. Callers hold the store's lock to change it."""

    def __init__(self) -> None:
        self.changes = 0
        self.clear()

    def clear(self) -> None:
        """Forget everybody."""
        self.changes += 1
        self.trusted_cas: list[str] = []
        self.revoked: dict[str, str] = {}
        self.premises: set[tuple[str, str]] = set()
        self._keys: dict[bytes, rsa.RSAPrivateKey] = {}
        self._key_pems: list[str] = []

    def load(self, config: dict[str, Any]) -> None:
        """Add what a configuration lists.

        :raises RegistryError: for unknown keys and rows that are not well-formed
        """
        kinds: dict[str, Callable[..., None]] = {
            "trusted_cas": self.trust,
            "revoked": self.revoke,
            "premises": self.add_premises,
            "keys": self.add_key,
        }
        unknown = config.keys() - kinds.keys()
        if unknown:
            raise RegistryError(f"Nobody reads {', '.join(sorted(unknown))}.")
        for name, add in kinds.items():
            for row in config.get(name, ()):
                try:
                    add(**row)
                except TypeError as error:
                    text = str(error).rpartition(") ")[2]
                    raise RegistryError(f"{name}: {text}") from None
        self.changes += 1

    def dump(self) -> dict[str, Any]:
        """As a configuration that :meth:`load` takes; contains private keys."""
        return {
            "trusted_cas": [{"pem": pem} for pem in self.trusted_cas],
            "revoked": [
                {"serial": serial, "reason": reason}
                for serial, reason in self.revoked.items()
            ],
            "premises": [
                {"oib": oib, "code": code} for oib, code in sorted(self.premises)
            ],
            "keys": [{"pem": pem} for pem in self._key_pems],
        }

    def trust(self, pem: str) -> None:
        """Believe a certification authority, or what stands between one and a leaf."""
        try:
            read_pem(str(pem))
        except CertificateError as error:
            raise RegistryError(str(error)) from error
        if pem not in self.trusted_cas:
            self.trusted_cas.append(pem)

    def revoke(self, serial: str, reason: str = "") -> None:
        """Let a certificate be on its issuer's list of revoked ones."""
        if not str(serial).isdecimal():
            raise RegistryError("serial is a certificate's number in decimal digits.")
        self.revoked[str(serial)] = reason

    def is_revoked(self, certificate: x509.Certificate) -> bool:
        """Whether it was revoked."""
        return str(certificate.serial_number) in self.revoked

    def add_premises(self, oib: str, code: str) -> None:
        """Register business premises, as the taxpayer does in ePorezna."""
        self.premises.add((oib, code))

    def add_key(self, pem: str) -> None:
        """Know a taxpayer's private key, to recompute its ZKIs."""
        try:
            key = load_pem_private_key(str(pem).encode(), None)
        except (ValueError, TypeError) as error:
            raise RegistryError(f"This is no private key: {error}.") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise RegistryError("The key is not RSA.")
        if pem not in self._key_pems:
            self._key_pems.append(pem)
        self._keys[_public(key.public_key())] = key

    def key_of(self, certificate: x509.Certificate) -> rsa.RSAPrivateKey | None:
        """The private key of a certificate, where it is known."""
        key = certificate.public_key()
        return (
            self._keys.get(_public(key)) if isinstance(key, rsa.RSAPublicKey) else None
        )


def _public(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
