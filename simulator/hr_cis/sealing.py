"""Signing CIS's answers: enveloped, inclusive c14n (spec croatia 5).

Inclusive c14n takes in what is declared on the SOAP envelope, so a copy in which those
declarations are repeated is what is digested.
"""

import base64
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from .authority import Seal
from .names import DS, ENVELOPED, INCLUSIVE, SHA1, Algorithm, ds


def seal(envelope: etree._Element, signer: Seal, algorithm: Algorithm) -> None:
    """Give the answer in an envelope an ``Id`` and its signature."""
    root = envelope[0][0]
    root.set("Id", f"G0x{secrets.token_hex(6)}-4D")
    digest = hashes.Hash(_hash(algorithm))
    digest.update(_canonical(root))
    signature = etree.SubElement(root, ds("Signature"), nsmap={None: DS})
    info = _signed_info(signature, f"#{root.get('Id')}", algorithm, digest.finalize())
    value = signer.key.sign(_canonical(info), padding.PKCS1v15(), _hash(algorithm))
    _leaf(signature, "SignatureValue", _base64(value))
    _key_info(signature, signer)


def _signed_info(
    signature: etree._Element, reference: str, algorithm: Algorithm, digest: bytes
) -> etree._Element:
    info = etree.SubElement(signature, ds("SignedInfo"))
    _method(info, "CanonicalizationMethod", INCLUSIVE)
    _method(info, "SignatureMethod", algorithm.signature)
    row = etree.SubElement(info, ds("Reference"), URI=reference)
    transforms = etree.SubElement(row, ds("Transforms"))
    _method(transforms, "Transform", ENVELOPED)
    _method(transforms, "Transform", INCLUSIVE)
    _method(row, "DigestMethod", algorithm.digest)
    _leaf(row, "DigestValue", _base64(digest))
    return info


def _key_info(signature: etree._Element, signer: Seal) -> None:
    info = etree.SubElement(signature, ds("KeyInfo"))
    data = etree.SubElement(info, ds("X509Data"))
    certificate = signer.certificate
    _leaf(data, "X509Certificate", _base64(certificate.public_bytes(Encoding.DER)))
    row = etree.SubElement(data, ds("X509IssuerSerial"))
    _leaf(row, "X509IssuerName", certificate.issuer.rfc4514_string())
    _leaf(row, "X509SerialNumber", str(certificate.serial_number))


def _canonical(node: etree._Element) -> bytes:
    alone = etree.fromstring(etree.tostring(node, with_tail=False))
    return etree.tostring(alone, method="c14n")


def _hash(algorithm: Algorithm) -> hashes.HashAlgorithm:
    return hashes.SHA1() if algorithm == SHA1 else hashes.SHA256()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _method(parent: etree._Element, name: str, algorithm: str) -> None:
    etree.SubElement(parent, ds(name), Algorithm=algorithm)


def _leaf(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, ds(name)).text = text
