"""Certificates as Egypt's providers issue them, key files, and OpenSSL to judge."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from fiscal.signing.certificate import CertificateInfo, read_certificate

VECTORS = Path(__file__).parent / "vectors"
TEXT = (VECTORS / "one-doc-serialized.json.txt").read_bytes()
DOCUMENT = (VECTORS / "one-doc.json").read_bytes()
RIN = "674859545"
NOW = datetime.now(timezone.utc).replace(microsecond=0)
PEM = serialization.Encoding.PEM
_VATEG = x509.ObjectIdentifier("2.5.4.97")


@cache
def rsa_key(name="key", bits=2048):
    """A key that stays the same under its name: making one takes long."""
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Made:
    """A certificate with its key and what issued it."""

    certificate: x509.Certificate
    key: object
    issuer: Made | None = None

    @property
    def info(self) -> CertificateInfo:
        return read_certificate(self.der)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def chain(self):
        """The certificate, its issuer's, … up to the root."""
        return [self, *(self.issuer.chain if self.issuer else [])]

    def key_pem(self, password=b"") -> bytes:
        return self.key.private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, _how(password)
        )

    def p12(self, password=b"secret", certificate=True, others=True) -> bytes:
        issuers = [one.certificate for one in self.chain[1:]] if others else []
        own = self.certificate if certificate else None
        return pkcs12.serialize_key_and_certificates(
            b"seal", self.key, own, issuers or None, _how(password)
        )


def _how(password):
    if password:
        return serialization.BestAvailableEncryption(password)
    return serialization.NoEncryption()


def usage(*names):
    every = (
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
    return x509.KeyUsage(**{name: name in names for name in every})


SIGNING = usage("digital_signature", "content_commitment")


def make(
    name,
    issuer=None,
    *,
    key=None,
    vateg=None,
    authority=False,
    key_usage=SIGNING,
    start=NOW - timedelta(days=100),
    end=NOW + timedelta(days=400),
    issuer_name=None,
):
    """Issue a certificate; by itself without an issuer."""
    key = key or rsa_key(name)
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    if vateg:
        attributes.append(x509.NameAttribute(_VATEG, vateg))
    subject = x509.Name(attributes)
    by = issuer.certificate.subject if issuer else issuer_name or subject
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
    )
    if key_usage is not None:
        builder = builder.add_extension(key_usage, critical=True)
    signing = issuer.key if issuer else key
    return Made(builder.sign(signing, hashes.SHA256()), key, issuer)


@cache
def root():
    return make("Root CA", authority=True, key_usage=usage("key_cert_sign"))


@cache
def issuing():
    return make("Issuing CA", root(), authority=True, key_usage=usage("key_cert_sign"))


@cache
def seal(name="شركة النور", vateg=f"VATEG-{RIN}", **options):
    """A company's certificate, issued by :func:`issuing`."""
    return make(name, issuing(), vateg=vateg, **options)


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def openssl_accepts(cms: bytes, content: bytes, folder: Path, made: Made) -> bool:
    """Whether OpenSSL verifies the signature over the content and the signer's chain
    up to the root."""
    files = {
        "signature.der": cms,
        "content.txt": content,
        # OpenSSL takes issuers for the chain from nowhere else.
        "issuers.pem": b"".join(one.pem for one in made.chain[1:] or [made]),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return not openssl(
        *("cms", "-verify", "-cades", "-binary", "-inform", "DER"),
        *("-in", "signature.der", "-content", "content.txt", "-out", "/dev/null"),
        *("-CAfile", "issuers.pem"),
        folder=folder,
    )


def openssl(*arguments, folder: Path) -> int:
    """Run OpenSSL in a folder and return its exit status."""
    done = subprocess.run(
        ["openssl", *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=60,
    )
    return done.returncode
