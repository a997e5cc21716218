"""Certificates, their issuers, a published document to sign, and OpenSSL to judge."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from dev.certificates import PEM, RIN, Certified, rsa_key, usage
from fiscal.signing.certificate import CertificateInfo, read_certificate

__all__ = ["PEM", "RIN", "rsa_key", "usage"]

VECTORS = Path(__file__).parent / "vectors"
TEXT = (VECTORS / "one-doc-serialized.json.txt").read_bytes()
DOCUMENT = (VECTORS / "one-doc.json").read_bytes()
NOW = datetime.now(timezone.utc).replace(microsecond=0)


@dataclass(frozen=True)
class Made(Certified):
    """A certificate that knows how it is read."""

    @property
    def info(self) -> CertificateInfo:
        return read_certificate(self.der)


def make(name, issuer=None, *, start=None, end=None, **options):
    """Issue a certificate (see :meth:`Certified.make`), good around :data:`NOW`."""
    start = start or NOW - timedelta(days=100)
    end = end or NOW + timedelta(days=400)
    return Made.make(name, issuer, start=start, end=end, **options)


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
