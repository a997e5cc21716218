"""Reads certificates and says what is wrong with one for signing a company's documents.

Facts about Egypt's certificates: a company's seal carries its tax registration number
as ``VATEG-<RIN>`` in the subject's organizationIdentifier (2.5.4.97); a natural
person's certificate carries none and is accepted if that person is an authorised
signer on the authority's portal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ..contract import Problem
from ..messages import _

MOST_BYTES = 256 * 1024
"""The largest file of certificates that is read; real ones have a few kilobytes."""

LEAST_RSA_BITS = 2048
WARN_DAYS = 30
WARNING = "warning_"

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
_SIGNING_USAGES = frozenset(("digital_signature", "content_commitment"))

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
        return _digits(found[1]) if found else None

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
        if blocks:
            return [_info(x509.load_pem_x509_certificate(block)) for block in blocks]
        return [_info(x509.load_der_x509_certificate(data))]
    except _UNREADABLE as error:
        raise ValueError("It holds a certificate that cannot be read") from error


def _info(certificate: x509.Certificate) -> CertificateInfo:
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
    return _is_issued_by(
        x509.load_der_x509_certificate(certificate.der),
        x509.load_der_x509_certificate(issuer.der),
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


def check_chain(
    chain: Sequence[CertificateInfo],
    now: datetime,
    trusted: Sequence[CertificateInfo] = (),
) -> list[Problem]:
    """Return what is wrong with a chain, the signer's certificate first.

    :param trusted: certificates of authorities; when there are any, the chain has to
        end at one of them
    """
    problems: list[Problem] = []
    for issued, issuer in zip(chain, chain[1:], strict=False):
        problems += _links(issued, issuer)
    for issuer in chain[1:]:
        problems += _issuer(issuer, now)
    if chain and trusted and not _ends_at(chain[-1], trusted):
        problems.append(
            Problem(
                "certificate_chain_untrusted",
                _(
                    "The certificate of %(subject)s was issued by %(issuer)s, which is"
                    " not among the certificate authorities that are trusted here. Add"
                    " the issuer's certificate, or take a certificate of an accredited"
                    " provider."
                ),
                values={"subject": chain[-1].common_name, "issuer": chain[-1].issuer},
            )
        )
    return problems


def _links(issued: CertificateInfo, issuer: CertificateInfo) -> Iterator[Problem]:
    if not issued_by(issued, issuer):
        yield Problem(
            "certificate_chain_broken",
            _(
                "The certificate of %(subject)s was not issued by %(other)s, which"
                " follows it. Its issuer is %(issuer)s: put that one's certificate"
                " there, or leave the certificates of authorities out."
            ),
            values={
                "subject": issued.common_name,
                "other": issuer.common_name,
                "issuer": issued.issuer,
            },
        )


def _issuer(issuer: CertificateInfo, now: datetime) -> Iterator[Problem]:
    usage = issuer.key_usage
    if not issuer.authority or (usage is not None and "key_cert_sign" not in usage):
        yield Problem(
            "certificate_issuer_no_authority",
            _("%(issuer)s issued a certificate without being allowed to issue any."),
            values={"issuer": issuer.common_name},
        )
    if not issuer.not_before <= now <= issuer.not_after:
        yield Problem(
            "certificate_issuer_expired",
            _(
                "The certificate of the issuer %(issuer)s is valid from %(start)s to"
                " %(end)s only."
            ),
            values={
                "issuer": issuer.common_name,
                "start": _day(issuer.not_before),
                "end": _day(issuer.not_after),
            },
        )


def _ends_at(last: CertificateInfo, trusted: Sequence[CertificateInfo]) -> bool:
    return any(
        last.fingerprint == one.fingerprint or issued_by(last, one) for one in trusted
    )


# ----------------------------------------------------------------------------------
# Checking
# ----------------------------------------------------------------------------------


def check_certificate(
    info: CertificateInfo,
    chain: Sequence[CertificateInfo],
    rin: str,
    now: datetime,
    trusted: Sequence[CertificateInfo] = (),
) -> list[Problem]:
    """Return what speaks against signing a company's documents with a certificate.

    What only deserves a warning is marked, see :func:`is_warning`.

    :param chain: ``info`` and its issuers as far as they are known, as
        :func:`order_chain` returns them
    :param rin: the company's tax registration number, "" when it has none yet
    :param trusted: see :func:`check_chain`
    """
    return [
        *_taxpayer(info, rin),
        *_usage(info),
        *check_general(info, chain, now, trusted),
    ]


def check_general(
    info: CertificateInfo,
    chain: Sequence[CertificateInfo],
    now: datetime,
    trusted: Sequence[CertificateInfo] = (),
) -> list[Problem]:
    """Return what speaks against signing with a certificate in any country: its
    validity, key, origin and chain. Parameters as in :func:`check_certificate`."""
    return [
        *_validity(info, now),
        *_key(info),
        *_origin(info),
        *check_chain(chain, now, trusted),
    ]


def _taxpayer(info: CertificateInfo, rin: str) -> Iterator[Problem]:
    values = {"subject": info.common_name}
    if info.rin is None:
        yield Problem(
            WARNING + "certificate_person",
            _(
                "The certificate of %(subject)s names no taxpayer, so it is a person's."
                " The authority takes its signatures only if that person is an"
                " authorised signer of the company on the authority's portal."
            ),
            values=values,
        )
    elif rin and info.rin != _digits(rin):
        yield Problem(
            "certificate_other_company",
            _(
                "The certificate of %(subject)s belongs to the taxpayer %(theirs)s, the"
                " company is %(ours)s. Take this company's certificate, or correct the"
                " company's Tax ID."
            ),
            values={**values, "theirs": info.rin, "ours": _digits(rin)},
        )


def _validity(info: CertificateInfo, now: datetime) -> Iterator[Problem]:
    values: dict[str, Any] = {"subject": info.common_name}
    days = info.days_left(now)
    if now < info.not_before:
        yield Problem(
            "certificate_not_yet_valid",
            _(
                "The certificate of %(subject)s is valid from %(start)s on. Wait until"
                " then, or check this computer's clock."
            ),
            values={**values, "start": _day(info.not_before)},
        )
    elif now > info.not_after:
        yield Problem(
            "certificate_expired",
            _(
                "The certificate of %(subject)s expired on %(end)s. Get a new one from"
                " its provider."
            ),
            values={**values, "end": _day(info.not_after)},
        )
    elif days <= WARN_DAYS:
        yield Problem(
            WARNING + "certificate_expires",
            _(
                "The certificate of %(subject)s expires on %(end)s, in %(days)s days."
                " Get a new one from its provider before."
            ),
            values={**values, "end": _day(info.not_after), "days": days},
        )


def _usage(info: CertificateInfo) -> Iterator[Problem]:
    if info.key_usage is None or info.key_usage >= _SIGNING_USAGES:
        return
    values = {"subject": info.common_name}
    if info.key_usage & _SIGNING_USAGES:
        yield Problem(
            WARNING + "certificate_usage",
            _(
                "The certificate of %(subject)s is meant for signatures, but not for"
                " both digital signature and non-repudiation, as the authority's"
                " rules have it."
            ),
            values=values,
        )
        return
    yield Problem(
        "certificate_usage",
        _(
            "The certificate of %(subject)s is not meant for signatures. Take the"
            " signing certificate; tokens often hold another one for log-ins or"
            " encryption."
        ),
        values=values,
    )


def _key(info: CertificateInfo) -> Iterator[Problem]:
    if info.key_kind != "RSA" or info.key_bits < LEAST_RSA_BITS:
        yield Problem(
            "certificate_key",
            _(
                "The key of the certificate of %(subject)s is %(kind)s with %(bits)s"
                " bits; it has to be RSA with at least %(least)s. Get another from its"
                " provider."
            ),
            values={
                "subject": info.common_name,
                "kind": info.key_kind,
                "bits": info.key_bits,
                "least": LEAST_RSA_BITS,
            },
        )


def _origin(info: CertificateInfo) -> Iterator[Problem]:
    values = {"subject": info.common_name}
    if info.authority:
        yield Problem(
            "certificate_authority",
            _(
                "The certificate of %(subject)s is that of a certificate authority, not"
                " of a company or person."
            ),
            values=values,
        )
    elif info.self_signed:
        yield Problem(
            WARNING + "certificate_self_signed",
            _(
                "The certificate of %(subject)s was issued by itself. Outside of trials"
                " the authority takes only those of accredited providers."
            ),
            values=values,
        )


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
