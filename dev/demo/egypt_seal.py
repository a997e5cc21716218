"""The shop's seal: a key file as a provider of certificates hands it out, made anew at
each start, and who certified it."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

PASSWORD = "nile-seal"
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
def _authority() -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    key = _key()
    name = _name("Demo CA of certificates without value")
    return _certified(name, name, key, key, ("key_cert_sign", "crl_sign"), True), key


def authority_pem() -> str:
    """Return the certificate of who certified the seal."""
    return _authority()[0].public_bytes(serialization.Encoding.PEM).decode()


def key_file(rin: str) -> str:
    """Return a company's PKCS#12 file in base64, locked with :data:`PASSWORD`.

    :param rin: its tax registration number
    """
    issuer, issuer_key = _authority()
    key = _key()
    subject = _name("مكتبة النيل", f"VATEG-{rin}")
    seal = _certified(
        subject,
        issuer.subject,
        key,
        issuer_key,
        ("digital_signature", "content_commitment"),
        False,
    )
    lock = serialization.BestAvailableEncryption(PASSWORD.encode())
    data = pkcs12.serialize_key_and_certificates(b"seal", key, seal, [issuer], lock)
    return base64.b64encode(data).decode()


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _name(common_name: str, identifier: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
    if identifier:
        attributes.append(x509.NameAttribute(_ORGANIZATION_IDENTIFIER, identifier))
    return x509.Name(attributes)


def _certified(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    usages: tuple[str, ...],
    authority: bool,
) -> x509.Certificate:
    now = datetime.now(timezone.utc)
    usage = x509.KeyUsage(**{name: name in usages for name in _USAGES})
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
