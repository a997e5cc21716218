"""What a taxpayer's certificate says (spec croatia 5, certificate profile)."""

import re

from cryptography import x509
from cryptography.x509.oid import NameOID

_ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
# Fina: "APIS IT D.O.O. HR02994650199"; newer ones: "HR..." or "VATHR-..."
_IN_ORGANIZATION = re.compile(r"(?:^|\s)HR([0-9]{11})$")
_IN_IDENTIFIER = re.compile(r"(?:HR|VATHR-)([0-9]{11})")


def oib_of(certificate: x509.Certificate) -> str | None:
    """The OIB in the subject, None when there is none."""
    subject = certificate.subject
    for attribute in subject.get_attributes_for_oid(_ORGANIZATION_IDENTIFIER):
        if match := _IN_IDENTIFIER.fullmatch(str(attribute.value)):
            return match[1]
    for attribute in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME):
        if match := _IN_ORGANIZATION.search(str(attribute.value)):
            return match[1]
    return None


def lacks(certificate: x509.Certificate) -> str:
    """What a certificate for fiscalisation must have and this one has not, or ""."""
    if oib_of(certificate) is None:
        return "there is no OIB in the subject"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return "it does not say what its key may be used for"
    except ValueError:
        return "its extensions cannot be read"
    if not usage.digital_signature:
        return "its key may not be used for digitalSignature"
    return ""


def is_oib(text: str) -> bool:
    """Whether the last of eleven digits fits the others (ISO 7064, MOD 11,10)."""
    if re.fullmatch(r"[0-9]{11}", text) is None:
        return False
    rest = 10
    for digit in map(int, text[:10]):
        rest = (rest + digit) % 10 or 10
        rest = rest * 2 % 11
    return (11 - rest) % 10 == int(text[10])
