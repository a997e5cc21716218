"""What a signer's certificate says: whose it is, and what it may do."""

import re
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

_ORGANIZATION = x509.ObjectIdentifier("2.5.4.97")  # organizationIdentifier
_VATEG = re.compile(r"VATEG-([0-9]+)")
_BITS = 2048


class CertificateError(ValueError):
    """The text or bytes are no certificate."""


def pem_of(der: bytes) -> str:
    """A certificate as PEM.

    :raises CertificateError: when it is none
    """
    return _loaded(der).public_bytes(Encoding.PEM).decode()


def read_pem(text: str) -> list[bytes]:
    """The certificates in a PEM text, as DER.

    :raises CertificateError: when there is none
    """
    try:
        found = x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise CertificateError(f"This is no PEM certificate: {error}.") from error
    return [certificate.public_bytes(Encoding.DER) for certificate in found]


def registration_number(der: bytes) -> str | None:
    """The number in the subject's ``VATEG-...``, None for a natural person's.

    :raises CertificateError: when it is no certificate
    """
    for attribute in _loaded(der).subject.get_attributes_for_oid(_ORGANIZATION):
        match = _VATEG.fullmatch(str(attribute.value))
        if match:
            return match[1]
    return None


def subject(der: bytes) -> str:
    """The subject as text (RFC 4514)."""
    return _loaded(der).subject.rfc4514_string()


def is_root(der: bytes) -> bool:
    """Whether a certificate names itself as its issuer."""
    certificate = _loaded(der)
    return certificate.issuer == certificate.subject


def unfit(der: bytes, moment: datetime) -> str:
    """Why a certificate may not sign documents at ``moment``, "" when it may.

    Whether it is trusted is another question.

    :raises CertificateError: when it is no certificate
    """
    certificate = _loaded(der)
    if moment < certificate.not_valid_before_utc:
        return f"not valid before {certificate.not_valid_before_utc:%F}"
    if moment > certificate.not_valid_after_utc:
        return f"expired on {certificate.not_valid_after_utc:%F}"
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _BITS:
        return f"its key is not RSA of {_BITS} bits or more"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return "it does not say what its key may be used for"
    except ValueError:
        return "its extensions cannot be read"
    if not usage.digital_signature or not usage.content_commitment:
        return "its key may not be used for digitalSignature and nonRepudiation"
    return ""


def _loaded(der: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(der)
    except ValueError as error:
        raise CertificateError(f"This is no certificate: {error}.") from error
