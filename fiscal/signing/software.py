"""A key in a file: PKCS#12 (``.p12``, ``.pfx``) or PEM.

The opened key lives in memory only; how the file and its password are kept is the
caller's matter (:mod:`..vault`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

import cryptography
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from ..contract import Digest, Problem
from ..messages import _
from . import asn1
from .certificate import (
    CertificateInfo,
    order_chain,
    read_certificate,
    read_certificates,
)
from .certificate_checks import LEAST_RSA_BITS
from .errors import KeyUnusable
from .raw import HASHES

MOST_BYTES = 256 * 1024
"""The largest key file that is read; real ones have a few kilobytes."""

MOST_ITERATIONS = 5_000_000
"""Above it opening a file takes minutes, so somebody made it to keep us busy."""

_PEM_KEY = re.compile(
    rb"-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----.*?-----END \1-----", re.DOTALL
)
_UNPROVED = (
    {"unsafe_skip_rsa_key_validation": True}
    if int(cryptography.__version__.partition(".")[0]) >= 39
    else {}
)
"""How a key is read whose numbers were proved before; older releases always do."""

_KEY_BAGS = ("key_bag", "pkcs8_shrouded_key_bag")
_UNOPENABLE = (ValueError, TypeError, UnsupportedAlgorithm)


class SoftwareKey:
    """A private RSA key with its certificate; a :class:`~..contract.Signer`.

    Safe to use from several threads.

    :ivar chain: the signer's certificate, its issuer's, … as far as the file has them
    """

    __slots__ = ("_key", "chain")

    def __init__(self, key: rsa.RSAPrivateKey, chain: Sequence[CertificateInfo]):
        self._key = key
        self.chain = tuple(chain)

    def __repr__(self) -> str:
        return f"<SoftwareKey of {self.chain[0].common_name!r}>"

    @classmethod
    def from_file(cls, data: bytes, password: str = "") -> SoftwareKey:
        """Open a key file of either form.

        :raise KeyUnusable: it cannot be used; says everything that is wrong
        """
        return (cls.from_pem if b"-----BEGIN " in data else cls.from_pkcs12)(
            data, password
        )

    @classmethod
    def from_pkcs12(cls, data: bytes, password: str = "") -> SoftwareKey:
        """Open a PKCS#12 file.

        :raise KeyUnusable: it cannot be used; says everything that is wrong
        """
        _limit(data)
        asn1.need()
        if problem := next(_look_into_pkcs12(data), None):
            raise KeyUnusable.of([problem])
        key, certificates = _open_pkcs12(data, password)
        if key is None:
            _refuse_without_key()
        return cls._of(key, certificates)

    @classmethod
    def from_pem(
        cls,
        data: bytes,
        password: str = "",
        certificates: bytes = b"",
        *,
        proved: bool = False,
    ) -> SoftwareKey:
        """Open a private key in PEM, with its certificates in the same text or in
        another one.

        :param certificates: PEM or DER, where ``data`` is the key alone
        :param proved: the key was opened before and kept where nobody can change it:
            that its primes are primes is not computed again, which takes as long as
            dozens of signatures
        :raise KeyUnusable: it cannot be used; says everything that is wrong
        """
        _limit(data + certificates)
        blocks = list(_PEM_KEY.finditer(data))
        if not blocks:
            _refuse_without_key()
        if len(blocks) > 1:
            _refuse_several()
        key = _open_pem(blocks[0][0], password, proved)
        found: list[CertificateInfo] = []
        for part in filter(None, (_PEM_KEY.sub(b"", data).strip(), certificates)):
            try:
                found += read_certificates(part)
            except ValueError as error:
                _refuse(
                    "key_file_certificates",
                    _("The certificates beside the key cannot be used: %(reason)s."),
                    reason=error,
                )
        return cls._of(key, found)

    @classmethod
    def _of(cls, key: Any, certificates: Sequence[CertificateInfo]) -> SoftwareKey:
        problems = list(_wrong_kind(key))
        fitting = [one for one in certificates if _fits(key, one)]
        if not fitting:
            problems.append(_without_certificate(certificates))
        if problems:
            raise KeyUnusable.of(problems)
        # A renewed certificate may bear the old key: the one that lasts longest.
        signer = max(fitting, key=lambda one: one.not_after)
        return cls(key, order_chain(signer, certificates))

    @property
    def certificate(self) -> CertificateInfo:
        """The signer's certificate."""
        return self.chain[0]

    def private_pem(self) -> bytes:
        """Return the private key as PEM text that nothing protects, to be sealed by
        whoever keeps it."""
        encoded: bytes = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return encoded

    def certificate_chain(self) -> list[bytes]:
        """Return DER certificates, the signer's own first."""
        return [one.der for one in self.chain]

    def sign(self, data: bytes, document: bytes, digest: Digest = "sha256") -> bytes:
        """Return the RSA PKCS#1 v1.5 signature of ``data``."""
        return self._key.sign(data, padding.PKCS1v15(), HASHES[digest])


# ----------------------------------------------------------------------------------
# Opening files
# ----------------------------------------------------------------------------------


def _look_into_pkcs12(data: bytes) -> Iterator[Problem]:
    """Yield what can be seen to be wrong without the password."""
    keys, iterations = 0, 0
    try:
        pfx = asn1.pkcs12.Pfx.load(data, strict=True)
        safes = pfx.authenticated_safe
        if pfx["mac_data"]:
            iterations = pfx["mac_data"]["iterations"].native
        for safe in safes:
            if safe["content_type"].native != "data":
                algorithm = safe["content"]["encrypted_content_info"][
                    "content_encryption_algorithm"
                ]
                iterations = max(iterations, _iterations(algorithm))
                continue
            for bag in asn1.pkcs12.SafeContents.load(safe["content"].native):
                if bag["bag_id"].native in _KEY_BAGS:
                    keys += 1
                if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                    algorithm = bag["bag_value"]["encryption_algorithm"]
                    iterations = max(iterations, _iterations(algorithm))
    except asn1.UNREADABLE:
        yield Problem(
            "key_file_form",
            _(
                "The file is neither PKCS#12 (.p12, .pfx) nor PEM, or it is damaged."
                " Export the key with its certificate once more."
            ),
        )
        return
    if iterations > MOST_ITERATIONS:
        yield Problem(
            "key_file_slow",
            _(
                "Opening the file would take too long: its password is hashed"
                " %(iterations)s times. Export the key with a usual setting."
            ),
            values={"iterations": iterations},
        )
    elif keys > 1:
        yield _several()


def _iterations(algorithm: Any) -> int:
    try:
        return int(algorithm.kdf_iterations)
    except asn1.UNREADABLE:
        return 0  # not a hash that is counted in iterations


def _open_pkcs12(data: bytes, password: str) -> tuple[Any, list[CertificateInfo]]:
    # "No password" is written in two ways, and programs differ in which.
    for secret in [password.encode()] if password else [b"", None]:
        try:
            key, own, others = pkcs12.load_key_and_certificates(data, secret)
        except _UNOPENABLE:
            continue
        certificates = [own, *others] if own is not None else others
        return key, list(_read(certificates))
    return _refuse_password(bool(password))


def _read(certificates: Iterable[x509.Certificate]) -> Iterator[CertificateInfo]:
    for one in certificates:
        try:
            yield read_certificate(one.public_bytes(serialization.Encoding.DER))
        except ValueError as error:
            _refuse(
                "key_file_certificates",
                _("The certificates beside the key cannot be used: %(reason)s."),
                reason=error,
            )


def _open_pem(block: bytes, password: str, proved: bool) -> Any:
    locked = b"ENCRYPTED" in block
    if locked and not password:
        _refuse_password(False)
    try:
        return serialization.load_pem_private_key(
            block,
            password.encode() if locked else None,
            **(_UNPROVED if proved else {}),
        )
    except _UNOPENABLE:
        if locked:
            _refuse_password(True)
        _refuse(
            "key_file_form",
            _("The private key in the file cannot be read. Export it once more."),
        )


# ----------------------------------------------------------------------------------
# Checks
# ----------------------------------------------------------------------------------


def _limit(data: bytes) -> None:
    if len(data) > MOST_BYTES:
        _refuse(
            "key_file_size",
            _(
                "The file has %(bytes)s bytes, a key file has at most %(most)s. Choose"
                " the file with the key."
            ),
            bytes=len(data),
            most=MOST_BYTES,
        )


def _wrong_kind(key: Any) -> Iterator[Problem]:
    bits = getattr(key, "key_size", 0)
    if not isinstance(key, rsa.RSAPrivateKey) or bits < LEAST_RSA_BITS:
        yield Problem(
            "key_file_kind",
            _(
                "The private key is not RSA with at least %(least)s bits. Get another"
                " from the certificate's provider."
            ),
            values={"least": LEAST_RSA_BITS},
        )


def _fits(key: Any, certificate: CertificateInfo) -> bool:
    theirs = x509.load_der_x509_certificate(certificate.der).public_key()
    return _spki(theirs) == _spki(key.public_key())


def _spki(key: Any) -> bytes:
    encoded: bytes = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return encoded


def _without_certificate(certificates: Sequence[CertificateInfo]) -> Problem:
    if not certificates:
        return Problem(
            "key_file_no_certificate",
            _(
                "There is no certificate with the private key. Export the key together"
                " with its certificate."
            ),
        )
    return Problem(
        "key_file_other_certificate",
        _(
            "The private key does not belong to the certificate of %(subject)s. Export"
            " the key together with its own certificate."
        ),
        values={"subject": ", ".join(one.common_name for one in certificates)},
    )


def _several() -> Problem:
    return Problem(
        "key_file_several",
        _(
            "The file holds several private keys, and which one is meant cannot be"
            " told. Export the one key with its certificate."
        ),
    )


def _refuse_several() -> NoReturn:
    raise KeyUnusable.of([_several()])


def _refuse_without_key() -> NoReturn:
    _refuse(
        "key_file_no_key",
        _(
            "The file holds no private key. Export the certificate together with its"
            " key; a token's key cannot be exported and is used through its PKCS#11"
            " library."
        ),
    )


def _refuse_password(given: bool) -> NoReturn:
    if given:
        _refuse("key_file_password", _("The password does not open the file."))
    _refuse("key_file_password", _("The file is locked. Enter its password."))


def _refuse(code: str, message: str, **values: Any) -> NoReturn:
    raise KeyUnusable.of([Problem(code, message, values=values)])
