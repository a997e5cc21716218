"""Seals of a test run: keys, their certificates, and the certification authority that
the simulator is told to trust. Knows neither Odoo nor the add-on."""

import base64
from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

PASSWORD = "secret-p12"
RIN = "674859545"
VATEG = x509.ObjectIdentifier("2.5.4.97")


@cache
def rsa_key(name):
    """A key that stays the same under its name: making one takes long."""
    return rsa.generate_private_key(65537, 2048)


def authority_certificate(name):
    """Return the certificate of a certification authority, made by itself."""
    now = datetime.now(timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(rsa_key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(rsa_key(name), hashes.SHA256())
    )


def certificate(name, taxpayer=RIN, days=365, issuer=None):
    """Issue a certificate, by itself or by ``(certificate, key)``.

    :param taxpayer: registration number in it, None for a person's
    """
    now = datetime.now(timezone.utc)
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    if taxpayer:
        attributes.append(x509.NameAttribute(VATEG, f"VATEG-{taxpayer}"))
    subject = x509.Name(attributes)
    by, key = issuer or (None, rsa_key(name))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.subject if by else subject)
        .public_key(rsa_key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            _usage(digital_signature=True, content_commitment=True), critical=True
        )
        .sign(key, hashes.SHA256())
    )


def _usage(**wanted):
    usages = (
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
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in usages})


def key_file(name="seal", password=PASSWORD, **values):
    """Return a PKCS#12 file, as the form uploads it."""
    data = pkcs12.serialize_key_and_certificates(
        name.encode(),
        rsa_key(name),
        certificate(name, **values),
        None,
        serialization.BestAvailableEncryption(password.encode()),
    )
    return base64.b64encode(data).decode()


@cache
def issuer():
    """Return the certification authority of this run: its certificate and key."""
    return authority_certificate("Test CA"), rsa_key("Test CA")


def issuer_pem():
    """Return the authority's certificate as text."""
    return issuer()[0].public_bytes(serialization.Encoding.PEM).decode()
