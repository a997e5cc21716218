"""What a signer's certificate says: whose it is, and what it may do."""

import re
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ...certificates import loaded

_ORGANIZATION = x509.ObjectIdentifier("2.5.4.97")  # organizationIdentifier
_VATEG = re.compile(r"VATEG-([0-9]+)")
_BITS = 2048


def registration_number(der: bytes) -> str | None:
    """The number in the subject's ``VATEG-...``, None for a natural person's.

    :raises CertificateError: when it is no certificate
    """
    for attribute in loaded(der).subject.get_attributes_for_oid(_ORGANIZATION):
        match = _VATEG.fullmatch(str(attribute.value))
        if match:
            return match[1]
    return None


def unfit(der: bytes, moment: datetime) -> str:
    """Why a certificate may not sign documents at ``moment``, "" when it may.

    Whether it is trusted is another question.

    :raises CertificateError: when it is no certificate
    """
    certificate = loaded(der)
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
