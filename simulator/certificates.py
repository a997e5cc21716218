"""Certificates as bytes and texts, whoever they belong to."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


class CertificateError(ValueError):
    """The text or bytes are no certificate."""


def loaded(der: bytes) -> x509.Certificate:
    """A certificate from its DER.

    :raises CertificateError: when it is none
    """
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise CertificateError(f"This is no certificate: {error}.") from error


def pem_of(der: bytes) -> str:
    """A certificate as PEM.

    :raises CertificateError: when it is none
    """
    return loaded(der).public_bytes(Encoding.PEM).decode()


def read_pem(text: str) -> list[bytes]:
    """The certificates in a PEM text, as DER.

    :raises CertificateError: when there is none
    """
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise CertificateError(f"This is no PEM certificate: {error}.") from error
    return [certificate.public_bytes(Encoding.DER) for certificate in found]


def subject(der: bytes) -> str:
    """The subject as text (RFC 4514)."""
    return loaded(der).subject.rfc4514_string()


def is_root(der: bytes) -> bool:
    """Whether a certificate names itself as its issuer."""
    certificate = loaded(der)
    return certificate.issuer == certificate.subject
