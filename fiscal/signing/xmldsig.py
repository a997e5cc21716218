"""XML signatures (XMLDSig) as Croatia's tax administration wants them: enveloped, one
reference to the element around, RSA PKCS#1 v1.5 (spec croatia 5; W3C, XML Signature
Syntax and Processing).

Requests are signed with exclusive canonical text. Answers come with inclusive text,
which takes in the namespaces of the envelope: they are checked where they stand.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ..contract import Digest, Signer
from ..xmltext import canonical, etree
from .certificate import CertificateInfo, read_certificate
from .raw import signed_by, verifies

NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = NAMESPACE + "enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"

_DIGESTS: dict[Digest, str] = {
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha1": NAMESPACE + "sha1",
}
_SIGNATURES: dict[Digest, str] = {
    "sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "sha1": NAMESPACE + "rsa-sha1",
}
_IN = {"ds": NAMESPACE}
_MOST_CERTIFICATES = 10


class SignatureWrong(ValueError):
    """A signature is missing, is none of the kind that is taken, or does not fit.

    :ivar code: which of these, stable
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature that fits says.

    :ivar certificates: all that travel along, the signer's own first; nothing of them
        is checked
    :ivar digest: the hash that was used
    :ivar value: the digest of the element
    """

    certificates: tuple[CertificateInfo, ...]
    digest: Digest
    value: bytes


# ----------------------------------------------------------------------------------
# Signing
# ----------------------------------------------------------------------------------


def sign_enveloped(root: Any, signer: Signer, digest: Digest = "sha256") -> None:
    """Put a signature into an element, as its last child.

    What is written of the element afterwards has to be its bytes as they are: white
    space added inside it would break the signature.

    :param root: has an attribute ``Id`` and no signature yet
    :raise FiscalError: the key cannot sign now, or is not its certificate's
    """
    shown = canonical(root, exclusive=True)
    value = hashlib.new(digest, shown).digest()
    signature = etree.SubElement(root, _tag("Signature"), nsmap={None: NAMESPACE})
    info = _signed_info(signature, root.get("Id"), digest, value)
    made = signed_by(signer, canonical(info, exclusive=True), shown, digest)
    _child(signature, "SignatureValue", text=_base64(made))
    _key_info(signature, read_certificate(signer.certificate_chain()[0]))


def _signed_info(signature: Any, name: str, digest: Digest, value: bytes) -> Any:
    info = _child(signature, "SignedInfo")
    _child(info, "CanonicalizationMethod", EXCLUSIVE)
    _child(info, "SignatureMethod", _SIGNATURES[digest])
    reference = _child(info, "Reference")
    reference.set("URI", f"#{name}")
    transforms = _child(reference, "Transforms")
    _child(transforms, "Transform", ENVELOPED)
    _child(transforms, "Transform", EXCLUSIVE)
    _child(reference, "DigestMethod", _DIGESTS[digest])
    _child(reference, "DigestValue", text=_base64(value))
    return info


def _key_info(signature: Any, certificate: CertificateInfo) -> None:
    data = _child(_child(signature, "KeyInfo"), "X509Data")
    _child(data, "X509Certificate", text=_base64(certificate.der))
    serial = _child(data, "X509IssuerSerial")
    _child(serial, "X509IssuerName", text=certificate.issuer)
    _child(serial, "X509SerialNumber", text=str(certificate.serial))


def _child(parent: Any, name: str, algorithm: str = "", text: str = "") -> Any:
    child = etree.SubElement(parent, _tag(name))
    if algorithm:
        child.set("Algorithm", algorithm)
    if text:
        child.text = text
    return child


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# ----------------------------------------------------------------------------------
# Checking
# ----------------------------------------------------------------------------------


def check_enveloped(root: Any, digests: Collection[Digest] = ("sha256",)) -> Signed:
    """Check the signature of an element in the document that it came in: that it is
    of that element, whole, and of the certificate that travels along.

    :param root: the element that has to be signed
    :param digests: the hashes that are taken
    :raise SignatureWrong: it is not signed so
    """
    signature = _only_signature(root)
    info = _one(signature, "SignedInfo")
    method, digest = _methods(info, digests)
    reference = _one(info, "Reference")
    _check_reference(root, reference)
    text = canonical(
        root, exclusive=_transforms(reference) == EXCLUSIVE, without=signature
    )
    value = hashlib.new(digest, text).digest()
    if not hmac.compare_digest(value, _decoded(_one(reference, "DigestValue"))):
        raise SignatureWrong("digest", "it is of another text")
    certificates = _certificates(signature)
    made = _decoded(_one(signature, "SignatureValue"))
    signed = canonical(info, exclusive=method == EXCLUSIVE)
    # the key that signed stands first, but nothing says that it has to
    for index, certificate in enumerate(certificates):
        if verifies(certificate.der, signed, made, digest):
            others = (*certificates[:index], *certificates[index + 1 :])
            return Signed((certificate, *others), digest, value)
    raise SignatureWrong("value", "it is not of the key of its certificate")


def _only_signature(root: Any) -> Any:
    """Return the signature among an element's children; it is the only one in the
    document, or which of them counts could be argued about."""
    everywhere = list(root.getroottree().getroot().iter(_tag("Signature")))
    if not everywhere:
        raise SignatureWrong("missing", "there is none")
    if len(everywhere) > 1 or everywhere[0].getparent() is not root:
        raise SignatureWrong("place", "it is not the only one, or not in its place")
    return everywhere[0]


def _methods(info: Any, digests: Collection[Digest]) -> tuple[str, Digest]:
    method = _one(info, "CanonicalizationMethod")
    if method.get("Algorithm") not in (EXCLUSIVE, INCLUSIVE) or len(method):
        raise SignatureWrong("algorithm", "its canonical text is not one we make")
    signed_with = _one(info, "SignatureMethod").get("Algorithm")
    hashed_with = _one(info, "Reference/ds:DigestMethod").get("Algorithm")
    for digest in digests:
        if (signed_with, hashed_with) == (_SIGNATURES[digest], _DIGESTS[digest]):
            return method.get("Algorithm"), digest
    raise SignatureWrong("algorithm", f"it is made with {signed_with}, {hashed_with}")


def _check_reference(root: Any, reference: Any) -> None:
    name = root.get("Id")
    if not name or reference.get("URI") != f"#{name}":
        raise SignatureWrong("reference", "it is not of the message")
    document = root.getroottree().getroot()
    if len([one for one in document.iter() if one.get("Id") == name]) != 1:
        raise SignatureWrong("reference", "what it is of is there twice")


def _transforms(reference: Any) -> str:
    """Return the canonical text that is hashed after the signature was left out."""
    found = reference.findall("ds:Transforms/ds:Transform", _IN)
    names = [one.get("Algorithm") for one in found]
    if (
        len(names) != 2
        or names[0] != ENVELOPED
        or names[1] not in (EXCLUSIVE, INCLUSIVE)
        or any(len(one) for one in found)
    ):
        raise SignatureWrong("algorithm", "its transforms are not those we make")
    return str(names[1])


def _certificates(signature: Any) -> Sequence[CertificateInfo]:
    found = signature.findall("ds:KeyInfo/ds:X509Data/ds:X509Certificate", _IN)
    if not 0 < len(found) <= _MOST_CERTIFICATES:
        raise SignatureWrong("certificate", "it names no certificate, or too many")
    try:
        return [read_certificate(_decoded(one)) for one in found]
    except ValueError as error:
        raise SignatureWrong("certificate", str(error)) from error


def _one(parent: Any, path: str) -> Any:
    found = parent.findall(f"ds:{path}", _IN)
    if len(found) != 1:
        raise SignatureWrong("form", f"it has {len(found)} {path} instead of one")
    return found[0]


def _decoded(element: Any) -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignatureWrong("form", "it is not in base64") from error
