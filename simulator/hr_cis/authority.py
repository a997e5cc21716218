"""Certificates without value: CIS's own, and those of taxpayers who ask for one.

As Fina's they hang under a root and one certificate between; who answers shows the
leaf alone. Keys are made once in a process and are kept in the data file.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from .names import SIGNER_NAMES

_ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
# A span that every clock a test sets falls into.
_FROM = datetime(2012, 1, 1, tzinfo=timezone.utc)
_TO = datetime(2049, 12, 31, tzinfo=timezone.utc)
PLACES = ("organization", "identifier", "vat_identifier", "none")


@dataclass(frozen=True)
class Seal:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> str:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        """The key as PEM, not encrypted."""
        plain = self.key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        return plain.decode()

    def dump(self) -> dict[str, str]:
        """For the data file."""
        return {"pem": self.pem, "key": self.key_pem}

    @classmethod
    def load(cls, row: dict[str, str]) -> Seal:
        """What :meth:`dump` gave."""
        key = load_pem_private_key(row["key"].encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return cls(x509.load_pem_x509_certificate(row["pem"].encode()), key)


@dataclass(frozen=True)
class Authority:
    """A demonstration authority.

    :ivar services: by environment, who signs CIS's answers
    :ivar stranger: has the name of who signs in test, from an authority that nobody
        believes
    """

    root: Seal
    sub: Seal
    services: dict[str, Seal]
    stranger: Seal

    @property
    def chain(self) -> str:
        """Root and what stands between, as PEM: what a client has to trust."""
        return self.root.pem + self.sub.pem

    def dump(self) -> dict[str, dict[str, str]]:
        """For the data file."""
        named = {f"service_{name}": seal for name, seal in self.services.items()}
        every = {"root": self.root, "sub": self.sub, "stranger": self.stranger}
        return {name: seal.dump() for name, seal in {**every, **named}.items()}

    @classmethod
    def load(cls, rows: dict[str, dict[str, str]]) -> Authority:
        """What :meth:`dump` gave."""
        seals = {name: Seal.load(row) for name, row in rows.items()}
        services = {name: seals[f"service_{name}"] for name in SIGNER_NAMES}
        return cls(seals["root"], seals["sub"], services, seals["stranger"])

    def certify(
        self,
        oib: str,
        name: str = "Simulirani obveznik",
        place: str = "organization",
        not_before: datetime = _FROM,
        not_after: datetime = _TO,
        bits: int = 2048,
    ) -> Seal:
        """A taxpayer's certificate with a new key.

        :param place: where the OIB stands, one of :data:`PLACES`
        :raises ValueError: for another place, or too short a key
        """
        if place not in PLACES:
            raise ValueError(f"place must be one of {', '.join(PLACES)}.")
        organization = f"{name} HR{oib}" if place == "organization" else name
        marks = {"identifier": f"HR{oib}", "vat_identifier": f"VATHR-{oib}"}
        subject = _name("FISKAL 1", organization, marks.get(place, ""))
        return _issued(subject, self.sub, _key(bits), (not_before, not_after))


def key_file(seal: Seal, password: str) -> str:
    """A PKCS#12 file as base64."""
    lock = BestAvailableEncryption(password.encode())
    data = pkcs12.serialize_key_and_certificates(
        b"FISKAL 1", seal.key, seal.certificate, None, lock
    )
    return base64.b64encode(data).decode()


@cache
def own() -> Authority:
    """This process's authority, made at its first use."""
    root = _root("Simulator Demo Root CA")
    sub_name = _name("Simulator Demo CA", "Simulator")
    sub = _issued(sub_name, root, _key(), (_FROM, _TO), authority=True)
    services = {
        environment: _issued(_name(name, "Simulator"), sub, _key(), (_FROM, _TO))
        for environment, name in SIGNER_NAMES.items()
    }
    stranger = _issued(
        _name("fiskalcistest", "Simulator"), _root("Stranger"), _key(), (_FROM, _TO)
    )
    return Authority(root, sub, services, stranger)


def _root(common_name: str) -> Seal:
    key = _key()
    name = _name(common_name, "Simulator")
    return _issued(name, None, key, (_FROM, _TO), authority=True)


def _key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def _name(common_name: str, organization: str, identifier: str = "") -> x509.Name:
    attributes = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "HR"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
    ]
    if identifier:
        attributes.append(x509.NameAttribute(_ORGANIZATION_IDENTIFIER, identifier))
    attributes.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    return x509.Name(attributes)


def _issued(
    subject: x509.Name,
    issuer: Seal | None,
    key: rsa.RSAPrivateKey,
    span: tuple[datetime, datetime],
    authority: bool = False,
) -> Seal:
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    signer = issuer.key if issuer else key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
        .sign(signer, hashes.SHA256())
    )
    return Seal(certificate, key)
