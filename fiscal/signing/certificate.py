"""Reads certificates, and finds who issued them.

Facts about Egypt's certificates: a company's seal carries its tax registration number
as ``VATEG-<RIN>`` in the subject's organizationIdentifier (2.5.4.97); a natural
person's certificate carries none and is accepted if that person is an authorised
signer on the authority's portal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ..contract import Problem

MOST_BYTES = 256 * 1024
"""The largest file of certificates that is read; real ones have a few kilobytes."""

WARNING = "warning_"

_REMEMBERED = 64
"""Of how many certificates what they say is kept: with each document the same ones
come again, and reading them takes as long as signing."""

_ORGANIZATION_IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")
_VATEG = re.compile(r"VATEG[-\s]*([0-9][0-9\s-]*)", re.IGNORECASE)
_PEM = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----.*?"
    rb"-----END (?:X509 |TRUSTED )?CERTIFICATE-----",
    re.DOTALL,
)
_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)

# What cryptography raises for certificates that it cannot read.
_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


@dataclass(frozen=True, slots=True)
class CertificateInfo:
    """What a certificate says.

    :ivar der: the certificate itself
    :ivar subject: the name as RFC 4514 writes it, ``issuer`` alike
    :ivar common_name: the subject's, or what comes nearest
    :ivar not_before: aware UTC, ``not_after`` alike
    :ivar key_kind: ``RSA``, ``EC``, or the name of another kind
    :ivar key_usage: names as of RFC 5280 (``digital_signature``, and
        ``content_commitment`` for what is also called nonRepudiation), ``None`` when
        the certificate does not limit its use
    :ivar organization_identifier: attribute 2.5.4.97 of the subject, "" if none
    :ivar fingerprint: SHA-256 of ``der``, 64 lower-case hex digits
    :ivar authority: it may issue certificates
    """

    der: bytes = field(repr=False)
    subject: str
    common_name: str
    issuer: str
    serial: int
    not_before: datetime
    not_after: datetime
    key_kind: str
    key_bits: int
    key_usage: frozenset[str] | None
    organization_identifier: str
    fingerprint: str
    self_signed: bool
    authority: bool

    @property
    def rin(self) -> str | None:
        """The taxpayer that the certificate names, digits only; ``None`` for a natural
        person's."""
        found = _VATEG.fullmatch(self.organization_identifier.strip())
        return digits_of(found[1]) if found else None

    def days_left(self, now: datetime) -> int:
        """Return the whole days until it expires, negative afterwards."""
        return (self.not_after - now) // timedelta(days=1)


def is_warning(problem: Problem) -> bool:
    """Whether the certificate may be used in spite of the problem."""
    return problem.code.startswith(WARNING)


# ----------------------------------------------------------------------------------
# Reading
# ----------------------------------------------------------------------------------


def read_certificate(data: bytes) -> CertificateInfo:
    """Read one certificate, DER or PEM.

    :raise ValueError: it is none, or more than one
    """
    certificates = read_certificates(data)
    if len(certificates) != 1:
        raise ValueError(f"There are {len(certificates)} certificates instead of one")
    return certificates[0]


def read_certificates(data: bytes) -> list[CertificateInfo]:
    """Read all certificates of a PEM file in its order, or a DER file's one.

    :raise ValueError: it holds none, one that cannot be read, or is too large
    """
    if len(data) > MOST_BYTES:
        raise ValueError(f"It is larger than {MOST_BYTES} bytes")
    blocks = _PEM.findall(data)
    if not blocks and data[:1] != b"\x30":
        raise ValueError("It holds no certificate")
    try:
        return [_info(block) for block in blocks or [data]]
    except _UNREADABLE as error:
        raise ValueError("It holds a certificate that cannot be read") from error


@lru_cache(maxsize=_REMEMBERED)
def _info(data: bytes) -> CertificateInfo:
    pem = data.startswith(b"-")
    load = x509.load_pem_x509_certificate if pem else x509.load_der_x509_certificate
    certificate = load(data)
    key: Any = certificate.public_key()
    kind = {rsa.RSAPublicKey: "RSA", ec.EllipticCurvePublicKey: "EC"}
    return CertificateInfo(
        der=certificate.public_bytes(serialization.Encoding.DER),
        subject=certificate.subject.rfc4514_string(),
        common_name=_common_name(certificate.subject),
        issuer=certificate.issuer.rfc4514_string(),
        serial=certificate.serial_number,
        not_before=_utc(certificate, "not_valid_before"),
        not_after=_utc(certificate, "not_valid_after"),
        key_kind=next(
            (name for base, name in kind.items() if isinstance(key, base)),
            type(key).__name__.lstrip("_").replace("PublicKey", ""),
        ),
        key_bits=getattr(key, "key_size", 0),
        key_usage=_key_usage(certificate),
        organization_identifier=_attribute(
            certificate.subject, _ORGANIZATION_IDENTIFIER
        ),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
        self_signed=_is_issued_by(certificate, certificate),
        authority=_is_authority(certificate),
    )


def _utc(certificate: x509.Certificate, name: str) -> datetime:
    # Odoo 19 still runs with versions of cryptography that know naive times only.
    aware: datetime | None = getattr(certificate, f"{name}_utc", None)
    if aware is None:
        aware = getattr(certificate, name).replace(tzinfo=timezone.utc)
    return aware


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return _text(found[0].value) if found else ""


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _common_name(name: x509.Name) -> str:
    for oid in (x509.NameOID.COMMON_NAME, x509.NameOID.ORGANIZATION_NAME):
        if found := _attribute(name, oid):
            return found
    return name.rfc4514_string()


def _key_usage(certificate: x509.Certificate) -> frozenset[str] | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return frozenset(name for name in _USAGES if getattr(usage, name))


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return basic.value.ca


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether the issuer's name and key fit; neither validity nor its right to issue
    is looked at."""
    if certificate.issuer != issuer.subject:
        return False
    key = issuer.public_key()
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    try:
        algorithm = certificate.signature_hash_algorithm
        if algorithm is None:
            return False
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


# ----------------------------------------------------------------------------------
# Chains
# ----------------------------------------------------------------------------------


def issued_by(certificate: CertificateInfo, issuer: CertificateInfo) -> bool:
    """Whether the issuer's name and key made the certificate."""
    return _made(certificate.der, issuer.der)


@lru_cache(maxsize=_REMEMBERED)
def _made(certificate: bytes, issuer: bytes) -> bool:
    return _is_issued_by(
        x509.load_der_x509_certificate(certificate),
        x509.load_der_x509_certificate(issuer),
    )


def order_chain(
    signer: CertificateInfo, others: Iterable[CertificateInfo]
) -> list[CertificateInfo]:
    """Return the signer, its issuer, that one's, … as far as they are there; what does
    not belong to the chain is left out."""
    chain = [signer]
    candidates = list({one.fingerprint: one for one in others}.values())
    while not chain[-1].self_signed:
        found = next((one for one in candidates if issued_by(chain[-1], one)), None)
        if found is None or found in chain:
            break
        chain.append(found)
    return chain


def digits_of(text: str) -> str:
    """Return the digits of a text."""
    return re.sub(r"[^0-9]", "", text)
