"""Bare RSA PKCS#1 v1.5 signatures, which every format of signatures is made of."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..contract import Digest, Signer
from ..messages import Sentence, _
from .certificate import read_certificate
from .errors import KeyUnusable

HASHES: dict[Digest, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha1": hashes.SHA1(),
}


def signed_by(
    signer: Signer, data: bytes, document: bytes, digest: Digest = "sha256"
) -> bytes:
    """Return the signer's signature of ``data``, which fits its certificate.

    :param document: what the signature is for, to be shown and logged
    :raise KeyUnusable: the key is not the certificate's
    :raise FiscalError: the key cannot sign now
    """
    certificate = signer.certificate_chain()[0]
    signature = signer.sign(data, document, digest)
    if not verifies(certificate, data, signature, digest):
        raise KeyUnusable(
            Sentence(
                _(
                    "The signature that was made does not fit the certificate of"
                    " %(subject)s. Choose the private key that belongs to it."
                ),
                subject=read_certificate(certificate).common_name,
            ),
            "key_other_certificate",
        )
    return signature


def verifies(
    certificate: bytes, signed: bytes, signature: bytes, digest: Digest = "sha256"
) -> bool:
    """Tell whether a signature is one of a certificate's RSA key.

    :param certificate: DER
    """
    key = x509.load_der_x509_certificate(certificate).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return False
    try:
        key.verify(signature, signed, padding.PKCS1v15(), HASHES[digest])
    except InvalidSignature:
        return False
    return True
