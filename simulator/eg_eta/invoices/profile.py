"""The form of a signature that ETA takes: CAdES-BES, detached.

ITIDA, "Digital Signature Format" 1.1, and ETA SDK, /signature-creation/. Not
looked at, because accepted signatures differ: which version the SignedData has,
the order of signed attributes, and in ``signing-certificate-v2`` the hash
algorithm's identifier and how the issuer is tagged.
"""

import hashlib

from . import der
from .cms import Algorithm, Certificate, SignedData, SignerInfo
from .der import Node

# Error codes seen in production.
FORMAT = "4040"
DIGEST = "4043"
ATTACHED = "4062"
CERTIFICATE = "ISFX303"
SUBMITTER = "ISFX305"
PROFILE = "ISFX306"

DIGESTED_DATA = "1.2.840.113549.1.7.5"
SHA256 = "2.16.840.1.101.3.4.2.1"
_VERSIONS = (1, 2, 3, 4, 5)  # that a SignedData can have
_SIGNATURE_ALGORITHMS = ("1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11")
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_NEEDED = {
    CONTENT_TYPE: "contentType",
    SIGNING_TIME: "signingTime",
    MESSAGE_DIGEST: "messageDigest",
    SIGNING_CERTIFICATE_V2: "signing-certificate-v2",
}
_TIMES = (0x17, 0x18)  # UTCTime, GeneralizedTime


class SignatureError(Exception):
    """What is wrong with a signature: ETA's code and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


def check(signed: SignedData, content: bytes) -> bytes:
    """The first signer's certificate (DER), of a signature of the right form.

    Also the digest of ``content`` is compared; whether the signature over it
    holds is another question.

    :raises SignatureError: for the first rule that is broken
    """
    if signed.content_type != DIGESTED_DATA or signed.attached:
        message = "Attached digital signature is not supported."
        raise SignatureError(ATTACHED, message)
    if signed.version not in _VERSIONS:
        raise _broken("SignedData has no such version")
    if not signed.signers:
        raise _broken("nobody signed")
    for algorithm in signed.digests:
        _check_sha256(algorithm, "digestAlgorithms")
    certificates = [_certificate(signed, signer) for signer in signed.signers]
    for signer, certificate in zip(signed.signers, certificates, strict=True):
        _check_signer(signer, certificate)
    for signer in signed.signers:
        if _octets(signer, MESSAGE_DIGEST) != hashlib.sha256(content).digest():
            message = "message-digest attribute value does not match calculated value"
            raise SignatureError(DIGEST, message)
    return certificates[0].der


def _certificate(signed: SignedData, signer: SignerInfo) -> Certificate:
    if signer.issuer is None:
        raise _broken("the signer is not named by issuer and serial number")
    wanted = (signer.issuer, signer.serial)
    for certificate in signed.certificates:
        if (certificate.issuer, certificate.serial) == wanted:
            return certificate
    raise _broken("the signer's certificate is not included")


def _check_signer(signer: SignerInfo, certificate: Certificate) -> None:
    if signer.unsigned:
        raise _broken("unsigned attributes make it another form than CAdES-BES")
    if signer.version != 1:
        raise _broken("the version of the signer is not 1")
    _check_sha256(signer.digest, "digestAlgorithm")
    algorithm = signer.signature
    absent = algorithm.parameters is None or algorithm.parameters.tag == der.NULL
    if algorithm.oid not in _SIGNATURE_ALGORITHMS or not absent:
        raise _broken(
            f"signatureAlgorithm {algorithm.oid} is not RSA with PKCS #1 v1.5"
        )
    missing = [name for oid, name in _NEEDED.items() if oid not in signer.attributes]
    if missing:
        raise _broken(f"signed attributes are missing: {', '.join(missing)}")
    if signer.repeated:
        raise _broken("a signed attribute stands there twice")
    if _single(signer, CONTENT_TYPE).oid != DIGESTED_DATA:
        raise _broken("the signed contentType is not the content's")
    if _single(signer, SIGNING_TIME).tag not in _TIMES:
        raise _broken("signingTime is no time")
    _octets(signer, MESSAGE_DIGEST)
    _check_signing_certificate(_single(signer, SIGNING_CERTIFICATE_V2), certificate)


def _check_signing_certificate(node: Node, certificate: Certificate) -> None:
    """The first ESSCertIDv2 is about the signer's certificate."""
    try:
        identifier = node.children[0].children[0]
        fields = list(identifier.children)
        if fields[0].tag == der.SEQUENCE:
            fields.pop(0)  # the hash algorithm
        digest, *issuer_serial = fields
        serial = issuer_serial[0].children[-1].number if issuer_serial else None
    except (IndexError, ValueError):
        raise _broken("signing-certificate-v2 has another shape") from None
    if digest.content != hashlib.sha256(certificate.der).digest():
        raise _broken("signing-certificate-v2 is about another certificate")
    if issuer_serial and serial != certificate.serial:
        raise _broken("signing-certificate-v2 has another serial number")


def _check_sha256(algorithm: Algorithm, name: str) -> None:
    if algorithm.oid != SHA256 or algorithm.parameters is not None:
        raise _broken(f"{name} must be SHA-256 without parameters")


def _octets(signer: SignerInfo, attribute: str) -> bytes:
    node = _single(signer, attribute)
    if node.tag != der.OCTETS:
        raise _broken(f"{_NEEDED[attribute]} has another type")
    return node.content


def _single(signer: SignerInfo, attribute: str) -> Node:
    values = signer.attributes[attribute]
    if len(values) != 1:
        raise _broken(f"{_NEEDED[attribute]} must have one value")
    return values[0]


def _broken(what: str) -> SignatureError:
    return SignatureError(PROFILE, f"Invalid signature format: {what}.")
