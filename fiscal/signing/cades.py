"""CAdES-BES as Egypt's tax authority wants it (spec: ITIDA, Digital Signature Format
1.1, and the SDK's page /signature-creation/).

A CMS SignedData in DER without the content (detached): content type digestedData,
SHA-256, one signer named by issuer and serial number, and four signed attributes:
content type, signing time, message digest, and signing-certificate-v2. The signature is
RSA PKCS#1 v1.5. What is signed is the UTF-8 of the document's canonical text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ..contract import Problem, Signer
from ..messages import _
from . import asn1
from .certificate import CertificateInfo, read_certificate
from .raw import signed_by, verifies

MOST_BYTES = 64 * 1024
"""The largest signature that is read; real ones have two to four kilobytes."""

DIGESTED_DATA = "1.2.840.113549.1.7.5"
_SIGNED_DATA = "1.2.840.113549.1.7.2"
_SHA256 = "2.16.840.1.101.3.4.2.1"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_RSA_SIGNATURES = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11")


@dataclass(frozen=True, slots=True)
class SignatureInfo:
    """What a signature says; nothing of it is checked.

    :ivar content_type: the content's type as dotted numbers
    :ivar digest: of the content, as the signer states it; b"" if not stated
    :ivar digest_algorithm: dotted numbers, ``signature_algorithm`` alike
    :ivar signing_time: aware UTC, ``None`` if not stated
    :ivar attached: it carries the content, too
    :ivar signer: the signer's certificate, ``None`` if it does not travel along
    :ivar certificates: all that travel along
    :ivar certificate_hash: SHA-256 of the signer's certificate as the signer states it
        (signing-certificate-v2), b"" if not stated
    :ivar signed: what the signer's key signed
    :ivar signers: how many there are; all else is about the first
    """

    content_type: str
    digest: bytes
    digest_algorithm: str
    signature_algorithm: str
    signing_time: datetime | None
    attached: bool
    signer: CertificateInfo | None
    certificates: tuple[CertificateInfo, ...]
    certificate_hash: bytes
    signers: int
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


# ----------------------------------------------------------------------------------
# Signing
# ----------------------------------------------------------------------------------


def sign_detached(
    data: bytes,
    signer: Signer,
    signing_time: datetime,
    *,
    document: bytes | None = None,
    with_issuer: bool = False,
) -> bytes:
    """Return the signature of ``data`` in DER.

    :param signing_time: aware; fractions of a second are dropped
    :param document: what the signature is for, given to the signer to be shown and
        logged; ``data`` if there is nothing better
    :param with_issuer: put the issuing authority's certificate in, if the signer has
        it and it is not a root
    :raise FiscalError: the key cannot sign now, or its signature does not fit its
        certificate
    """
    asn1.need()
    if signing_time.tzinfo is None:
        raise ValueError("The signing time has no zone")
    chain = [read_certificate(der) for der in signer.certificate_chain()]
    attributes = _attributes(data, chain[0], signing_time)
    signed = attributes.dump()
    signature = signed_by(signer, signed, data if document is None else document)
    return _signed_data(_certificates(chain, with_issuer), attributes, signature)


def _certificates(
    chain: Sequence[CertificateInfo], with_issuer: bool
) -> list[CertificateInfo]:
    issuers = [one for one in chain[1:2] if with_issuer and not one.self_signed]
    return [chain[0], *issuers]


def _attributes(data: bytes, certificate: CertificateInfo, moment: datetime) -> Any:
    whole = moment.astimezone(timezone.utc).replace(microsecond=0)
    values = {
        "content_type": asn1.cms.ContentType(DIGESTED_DATA),
        "signing_time": asn1.cms.Time("utc_time", whole),
        "message_digest": asn1.core.OctetString(sha256(data).digest()),
    }
    encodings = [_attribute(name, value) for name, value in values.items()]
    encodings.append(_certificate_attribute(certificate.der))
    # Put together as bytes: the library would read long names anew for each thing that
    # they are part of, which takes ten times as long as all the rest.
    joined = b"".join(sorted(encodings))
    return asn1.cms.CMSAttributes.load(asn1.parser.emit(0, 1, 17, joined))


def _attribute(name: str, value: Any) -> bytes:
    encoded: bytes = asn1.cms.CMSAttribute({"type": name, "values": [value]}).dump()
    return encoded


@lru_cache(maxsize=64)
def _certificate_attribute(certificate: bytes) -> bytes:
    """Return the attribute signing-certificate-v2."""
    value = asn1.tsp.SigningCertificateV2.load(_essence(certificate))
    return _attribute("signing_certificate_v2", value)


@lru_cache(maxsize=64)
def _essence(certificate: bytes) -> bytes:
    """Return the value of signing-certificate-v2."""
    bare = asn1.x509.Certificate.load(certificate)
    essence = {
        # Left out, the algorithm is SHA-256, and DER wants it left out.
        "cert_hash": sha256(certificate).digest(),
        "issuer_serial": {
            "issuer": [asn1.x509.GeneralName("directory_name", bare.issuer)],
            "serial_number": bare.serial_number,
        },
    }
    encoded: bytes = asn1.tsp.SigningCertificateV2({"certs": [essence]}).dump()
    return encoded


@lru_cache(maxsize=64)
def _signer_id(certificate: bytes) -> bytes:
    bare = asn1.x509.Certificate.load(certificate)
    named = {"issuer": bare.issuer, "serial_number": bare.serial_number}
    encoded: bytes = asn1.cms.IssuerAndSerialNumber(named).dump()
    return encoded


def _signed_data(
    certificates: Sequence[CertificateInfo], attributes: Any, signature: bytes
) -> bytes:
    info = asn1.cms.SignerInfo(
        {
            "version": "v1",
            "sid": asn1.cms.SignerIdentifier.load(_signer_id(certificates[0].der)),
            "digest_algorithm": _digest_algorithm(),
            "signed_attrs": attributes,
            "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
            "signature": signature,
        }
    )
    signed_data = asn1.cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [_digest_algorithm()],
            "encap_content_info": {"content_type": DIGESTED_DATA},
            "certificates": [
                asn1.cms.CertificateChoices.load(one.der) for one in certificates
            ],
            "signer_infos": [_encoded(info)],
        }
    )
    content = {"content_type": "signed_data", "content": _encoded(signed_data)}
    encoded: bytes = asn1.cms.ContentInfo(content).dump()
    return encoded


def _encoded(value: Any) -> Any:
    """Return the value as read from its encoding: the library encodes anew whatever was
    put together, and once more in each thing that it is part of."""
    return type(value).load(value.dump())


def _digest_algorithm() -> Any:
    algorithm = asn1.algos.DigestAlgorithm({"algorithm": "sha256"})
    del algorithm["parameters"]  # absent, not NULL
    return algorithm


# ----------------------------------------------------------------------------------
# Reading
# ----------------------------------------------------------------------------------


def describe(cms: bytes) -> SignatureInfo:
    """Return what a signature says.

    Odd forms that the authority takes are read, too: signatures of version 1, and a
    signing-certificate-v2 with a wrong algorithm or a wrongly tagged issuer.

    :raise ValueError: it is not a CMS signature in DER
    :raise KeyUnusable: the ASN.1 library is missing
    """
    asn1.need()
    if len(cms) > MOST_BYTES:
        raise ValueError(f"A signature of {len(cms)} bytes is not read")
    if cms[1:2] == b"\x80":
        raise ValueError("The signature is BER, it has to be DER")
    try:
        content = asn1.cms.ContentInfo.load(cms, strict=True)
        if content["content_type"].dotted != _SIGNED_DATA:
            raise ValueError("It is no CMS SignedData")
        return _describe(content["content"])
    except asn1.UNREADABLE as error:
        raise ValueError(f"The signature cannot be read: {error}") from error


def _describe(data: Any) -> SignatureInfo:
    infos = data["signer_infos"]
    if not infos:
        raise ValueError("It has no signer")
    info = infos[0]
    signed = _as_signed(info["signed_attrs"])
    attributes = _values_of(info["signed_attrs"])
    certificates = tuple(
        read_certificate(one.chosen.dump()) for one in data["certificates"] or ()
    )
    time = attributes.get("1.2.840.113549.1.9.5")
    digest = attributes.get("1.2.840.113549.1.9.4")
    content_info = data["encap_content_info"]
    return SignatureInfo(
        content_type=content_info["content_type"].dotted,
        digest=digest.native if digest is not None else b"",
        digest_algorithm=info["digest_algorithm"]["algorithm"].dotted,
        signature_algorithm=info["signature_algorithm"]["algorithm"].dotted,
        signing_time=time.native if time is not None else None,
        # Counted, not read: it is no DigestedData, whatever its type says.
        attached=len(asn1.core.Sequence.load(content_info.dump())) > 1,
        signer=_signer(info["sid"], certificates),
        certificates=certificates,
        certificate_hash=_certificate_hash(attributes.get(_SIGNING_CERTIFICATE_V2)),
        signers=len(infos),
        signed=signed if attributes else b"",
        signature=info["signature"].native,
    )


def _as_signed(attributes: Any) -> bytes:
    """Return the attributes' bytes as a SET OF, which is what is signed, and not with
    the tag by which they travel. Once it has looked into them, the library encodes
    them anew, which takes ten times as long as all the rest."""
    encoded: bytes = attributes.dump()
    return b"\x31" + encoded[1:]


def _values_of(attributes: Any) -> dict[str, Any]:
    """Return each attribute's first value by its type in dotted numbers."""
    found: dict[str, Any] = {}
    for attribute in attributes or ():
        name = attribute["type"].dotted
        if name in found or len(attribute["values"]) != 1:
            raise ValueError(f"The attribute {name} has not exactly one value")
        found[name] = attribute["values"][0]
    return found


def _certificate_hash(attribute: Any) -> bytes:
    if attribute is None:
        return b""
    # Only the hash: what follows it is encoded wrongly by signers in use.
    value: bytes = attribute["certs"][0]["cert_hash"].native
    return value


def _signer(
    sid: Any, certificates: Sequence[CertificateInfo]
) -> CertificateInfo | None:
    if sid.name != "issuer_and_serial_number":
        return None
    serial = sid.chosen["serial_number"].native
    for one in certificates:
        issuer = asn1.x509.Certificate.load(one.der).issuer
        if one.serial == serial and issuer.dump() == sid.chosen["issuer"].dump():
            return one
    return None


# ----------------------------------------------------------------------------------
# Checking
# ----------------------------------------------------------------------------------


def check(cms: bytes, data: bytes, certificate: bytes | None = None) -> list[Problem]:
    """Return what is wrong with a signature, for a look before it is sent.

    Nothing is said of the certificate itself, see
    :func:`~.certificate_checks.check_certificate`.

    :param data: what should have been signed
    :param certificate: whose signature it has to be (DER), ``None`` for anybody's
    """
    try:
        info = describe(cms)
    except ValueError as error:
        return [
            Problem(
                "signature_form",
                _("The signature cannot be used (%(reason)s). Sign once more."),
                values={"reason": error},
            )
        ]
    return [*_form(info), *_digest(info, data), *_key(info, certificate)]


def _form(info: SignatureInfo) -> Iterator[Problem]:
    if info.attached:
        yield Problem(
            "signature_attached",
            _("The signature carries the document; the authority wants it without."),
        )
    if info.content_type != DIGESTED_DATA:
        yield Problem(
            "signature_content_type",
            _(
                "The signature names the content type %(type)s instead of %(wanted)s;"
                " the authority refuses it as attached. Use another signing program."
            ),
            values={"type": info.content_type, "wanted": DIGESTED_DATA},
        )
    if info.signers != 1:
        yield Problem(
            "signature_signers",
            _("The signature has %(count)s signers instead of one."),
            values={"count": info.signers},
        )
    missing = [
        name
        for name, value in (
            ("messageDigest", info.digest),
            ("signingTime", info.signing_time),
            ("signingCertificateV2", info.certificate_hash),
        )
        if not value
    ]
    if missing:
        yield Problem(
            "signature_attributes",
            _("The signature lacks what CAdES-BES asks for: %(names)s."),
            values={"names": ", ".join(missing)},
        )


def _digest(info: SignatureInfo, data: bytes) -> Iterator[Problem]:
    if info.digest_algorithm != _SHA256:
        yield Problem(
            "signature_digest_algorithm",
            _("The signature is not made with SHA-256."),
        )
    elif info.digest != sha256(data).digest():
        yield Problem(
            "signature_digest",
            _(
                "The signature belongs to another text than the document's. The"
                " document was changed after it was signed, or something else was"
                " signed."
            ),
        )


def _key(info: SignatureInfo, certificate: bytes | None) -> Iterator[Problem]:
    if info.signer is None:
        yield Problem(
            "signature_certificate_missing",
            _("The signer's certificate is not in the signature."),
        )
        return
    values = {"subject": info.signer.common_name}
    if certificate is not None and info.signer.der != certificate:
        yield Problem(
            "signature_other_certificate",
            _(
                "The signature is one of %(subject)s, whose certificate is not the one"
                " that was set up here."
            ),
            values=values,
        )
    if info.certificate_hash and info.certificate_hash != _hash(info.signer):
        yield Problem(
            "signature_certificate_hash",
            _("The signature was made for another certificate than %(subject)s's."),
            values=values,
        )
    if info.signature_algorithm not in _RSA_SIGNATURES or not verifies(
        info.signer.der, info.signed, info.signature
    ):
        yield Problem(
            "signature_wrong",
            _("The signature was not made by the key of %(subject)s."),
            values=values,
        )


def _hash(certificate: CertificateInfo) -> bytes:
    return sha256(certificate.der).digest()
