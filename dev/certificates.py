"""Certificates as Egypt's providers issue them, for the demonstration, the tests and
the benchmarks: made anew in each process, certified by nobody whom anybody knows.

Imported as ``dev.certificates`` (within ``dev/`` as ``certificates``). It knows neither
Odoo nor the add-on, which read what it makes as they read anybody's.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

PASSWORD = "secret-p12"
RIN = "674859545"
PEM = serialization.Encoding.PEM
_ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@cache
def rsa_key(name: str = "key", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return a key that stays the same under its name: making one takes long."""
    return rsa.generate_private_key(65537, bits)


def usage(*names: str) -> x509.KeyUsage:
    """Return what a key may be used for, by the names of :class:`x509.KeyUsage`."""
    return x509.KeyUsage(**{name: name in names for name in _USAGES})


SIGNING = usage("digital_signature", "content_commitment")
CERTIFYING = usage("key_cert_sign", "crl_sign")


@dataclass(frozen=True)
class Certified:
    """A certificate with its key and what issued it; None if it did that itself."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    issuer: Certified | None = None

    @property
    def der(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate alone."""
        return self.certificate.public_bytes(PEM)

    @property
    def chain(self) -> list[Certified]:
        """This certificate, its issuer's, … up to the root."""
        return [self, *(self.issuer.chain if self.issuer else [])]

    def key_pem(self, password: bytes = b"") -> bytes:
        """Return the key alone."""
        return self.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, _encryption(password)
        )

    def p12(
        self, password: bytes = b"secret", certificate: bool = True, others: bool = True
    ) -> bytes:
        """Return a PKCS#12 file.

        :param certificate: with the certificate
        :param others: with those of its issuers
        """
        issuers = [one.certificate for one in self.chain[1:]] if others else []
        own = self.certificate if certificate else None
        return pkcs12.serialize_key_and_certificates(
            b"seal", self.key, own, issuers or None, _encryption(password)
        )

    def key_file(self, password: str = PASSWORD) -> str:
        """Return a PKCS#12 file in base64, as Odoo's form uploads it."""
        return base64.b64encode(self.p12(password.encode())).decode()

    @classmethod
    def make(
        cls,
        name: str,
        issuer: Certified | None = None,
        *,
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None,
        vateg: str | None = None,
        authority: bool = False,
        key_usage: x509.KeyUsage | None = SIGNING,
        start: datetime | None = None,
        end: datetime | None = None,
        issuer_name: x509.Name | None = None,
    ) -> Certified:
        """Issue a certificate; by itself without an issuer.

        :param name: its common name, and that of its key if none is given
        :param vateg: its organization identifier, ``VATEG-`` and a tax number
        :param authority: it may certify others
        :param start: from when it is good, usually since 100 days; ``end``: until when,
            usually for 400 more
        :param issuer_name: claims to be issued by that one, though it is not
        """
        key = key or rsa_key(name)
        now = datetime.now(timezone.utc)
        attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
        if vateg:
            attributes.append(x509.NameAttribute(_ORGANIZATION_IDENTIFIER, vateg))
        subject = x509.Name(attributes)
        by = issuer.certificate.subject if issuer else issuer_name or subject
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or now - timedelta(days=100))
            .not_valid_after(end or now + timedelta(days=400))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if key_usage is not None:
            builder = builder.add_extension(key_usage, critical=True)
        signing = issuer.key if issuer else key
        return cls(builder.sign(signing, hashes.SHA256()), key, issuer)


def _encryption(password: bytes) -> serialization.KeySerializationEncryption:
    if password:
        return serialization.BestAvailableEncryption(password)
    return serialization.NoEncryption()


@cache
def certifier() -> Certified:
    """Return the certification authority of this process, which is to be trusted."""
    return Certified.make(
        "CA of certificates without value", authority=True, key_usage=CERTIFYING
    )


def seal(
    name: str = "seal", taxpayer: str | None = RIN, issuer: Certified | None = None
) -> Certified:
    """Return a company's certificate with its key.

    :param taxpayer: the tax number in it, None for a person's
    :param issuer: who certifies it, itself if nobody does
    """
    return Certified.make(name, issuer, vateg=taxpayer and f"VATEG-{taxpayer}")
