"""Whether a message is signed as the profile demands (spec croatia 5).

The shape is compared here, word by word; digest and value are checked by signxml, so
by code that neither side of this add-on wrote. What counts as the message from then on
is what signxml says was signed, parsed anew.
"""

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree
from signxml import DigestAlgorithm, SignatureConfiguration, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import VerifyResult, XMLVerifier

from . import envelope
from .names import ENVELOPED, EXCLUSIVE, SHA1, SHA256, Algorithm, ds, local

_SHAPE = {
    ds("Signature"): (ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")),
    ds("SignedInfo"): (
        ds("CanonicalizationMethod"),
        ds("SignatureMethod"),
        ds("Reference"),
    ),
    ds("CanonicalizationMethod"): (),
    ds("SignatureMethod"): (),
    ds("Reference"): (ds("Transforms"), ds("DigestMethod"), ds("DigestValue")),
    ds("Transforms"): (ds("Transform"), ds("Transform")),
    ds("Transform"): (),
    ds("DigestMethod"): (),
    ds("KeyInfo"): (ds("X509Data"),),
    ds("X509IssuerSerial"): (ds("X509IssuerName"), ds("X509SerialNumber")),
}
_X509_DATA = {ds("X509Certificate"), ds("X509IssuerSerial")}
_PARTS = (
    SignXMLException,
    etree.LxmlError,
    UnsupportedAlgorithm,
    ValueError,  # base64, and what signxml's own errors derive from
)


class SignatureRefusedError(Exception):
    """s004; the text says why."""


@dataclass(frozen=True)
class Verified:
    """What a signature vouches for.

    ``root`` is the signed element without its signature.
    """

    root: etree._Element
    certificate: x509.Certificate
    algorithm: Algorithm


def algorithm_of(root: etree._Element) -> Algorithm:
    """The hash that a message names, for the answer; SHA-256 where none is known."""
    for node in root.iter(ds("SignatureMethod")):
        if node.get("Algorithm") == SHA1.signature:
            return SHA1
    return SHA256


def verified(root: etree._Element, allowed: tuple[Algorithm, ...]) -> Verified:
    """The content of a signed request.

    :param root: the request's element, in the envelope it came in
    :raises SignatureRefusedError: when it is not signed as it should
    """
    signature = _only_signature(root)
    _check_shape(signature)
    algorithm = _check_names(root, signature, allowed)
    certificate = _certificate(signature)
    try:
        found = XMLVerifier().verify(
            etree.tostring(root, with_tail=False),
            x509_cert=certificate,
            id_attribute="Id",
            expect_config=_configuration(certificate, algorithm),
        )
    except _PARTS as error:
        raise SignatureRefusedError(f"It does not hold: {error}") from error
    assert isinstance(found, VerifyResult)  # one reference was asked for
    content = envelope.parsed(found.signed_data)
    if content.tag != root.tag or content.get("Id") != root.get("Id"):
        raise SignatureRefusedError("It covers something else than the request.")
    return Verified(content, certificate, algorithm)


def _configuration(
    certificate: x509.Certificate, algorithm: Algorithm
) -> SignatureConfiguration:
    # Whether the certificate is still good is another question, with another code.
    within = certificate.not_valid_before_utc + timedelta(seconds=1)
    return SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod(algorithm.signature)}),
        digest_algorithms=frozenset({DigestAlgorithm(algorithm.digest)}),
        verification_time=within,
    )


def _only_signature(root: etree._Element) -> etree._Element:
    every = list(root.getroottree().iter(ds("Signature")))
    if not every:
        raise SignatureRefusedError("There is no signature.")
    last = [child for child in root if isinstance(child.tag, str)][-1]
    if len(every) > 1 or every[0] is not last:
        raise SignatureRefusedError(
            "There is more than one signature, or it is not the request's last child."
        )
    return last


def _check_shape(signature: etree._Element) -> None:
    for node in signature.iter():
        children = tuple(child.tag for child in node)
        if node.tag == ds("X509Data"):
            if len(children) != 2 or set(children) != _X509_DATA:
                raise SignatureRefusedError(
                    "X509Data has one X509Certificate and one X509IssuerSerial."
                )
        elif children != _SHAPE.get(node.tag, ()):
            raise SignatureRefusedError(
                f"{local(node.tag) or 'A comment'} has not the parts it should."
            )


def _check_names(
    root: etree._Element, signature: etree._Element, allowed: tuple[Algorithm, ...]
) -> Algorithm:
    info = signature[0]
    method, reference = info[1], info[2]
    if info[0].get("Algorithm") != EXCLUSIVE:
        raise SignatureRefusedError("CanonicalizationMethod is exclusive c14n.")
    transforms = [node.get("Algorithm") for node in reference[0]]
    if transforms != [ENVELOPED, EXCLUSIVE]:
        raise SignatureRefusedError("Transforms are enveloped, then exclusive c14n.")
    pair = (method.get("Algorithm"), reference[1].get("Algorithm"))
    algorithm = next(
        (row for row in allowed if pair == (row.signature, row.digest)), None
    )
    if algorithm is None:
        raise SignatureRefusedError(f"These methods are not taken: {pair}.")
    identity = root.get("Id")
    same = [node for node in root.getroottree().iter() if node.get("Id") == identity]
    if not identity or len(same) != 1 or reference.get("URI") != f"#{identity}":
        raise SignatureRefusedError("Reference is not to the request by its only Id.")
    return algorithm


def _certificate(signature: etree._Element) -> x509.Certificate:
    data = signature[2][0]
    text = data.findtext(ds("X509Certificate")) or ""
    try:
        der = base64.b64decode("".join(text.split()), validate=True)
        certificate = x509.load_der_x509_certificate(der)
        key = certificate.public_key()
    except (binascii.Error, ValueError, UnsupportedAlgorithm) as error:
        raise SignatureRefusedError(f"No certificate can be read: {error}") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise SignatureRefusedError("The certificate's key is not RSA.")
    named = data.find(ds("X509IssuerSerial"))
    assert named is not None  # its shape was compared
    name, serial = (str(node.text).strip() for node in named)
    if serial != str(certificate.serial_number) or not _is_issuer(name, certificate):
        raise SignatureRefusedError("X509IssuerSerial is not the certificate's.")
    return certificate


def _is_issuer(name: str, certificate: x509.Certificate) -> bool:
    """Whether an RFC 2253 string names the issuer."""
    try:
        return x509.Name.from_rfc4514_string(name) == certificate.issuer
    except ValueError:
        return False
