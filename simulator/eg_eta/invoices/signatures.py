"""The step of ITIDA's validator: one signature after another, by ETA's codes.

What each code is given for, in the order in which it is looked for:

=========  ====================================================================
4040       no base64, no DER (BER too), no CMS SignedData
4062       eContentType is not digestedData, or the content is inside
ISFX306    not CAdES-BES as :mod:`.profile` reads it; or the signature does not
           hold although digest and certificate are right
4043       the digest is not the canonical text's
ISFX303    the certificate is expired, not trusted or not made for signing
ISFX305    another taxpayer's certificate, or a natural person's who is not an
           authorised signer
=========  ====================================================================
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from ... import certificates, openssl
from ...certificates import CertificateError
from . import cms, profile
from .certificates import registration_number, unfit
from .profile import SignatureError


@dataclass(frozen=True)
class Trust:
    """Who is believed.

    :ivar authorities: PEM certificates that may end a chain
    :ivar signers: authorised natural persons by registration number: DER
        certificates
    """

    authorities: tuple[str, ...] = ()
    signers: Mapping[str, frozenset[bytes]] | None = None


@dataclass(frozen=True)
class Verdict:
    """What came of checking one signature; ``code`` "" when it is good."""

    code: str = ""
    message: str = ""
    path: str = "signatures"
    signed_by: str = ""


class SignatureChecker:
    """Checks signatures in threads of its own, since each costs a process."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="signatures")

    def start(
        self,
        signatures: Sequence[Mapping[str, str]],
        content: bytes,
        rin: str,
        trust: Trust,
        moment: datetime,
    ) -> Future[list[Verdict]]:
        """Check the signatures of one document; one verdict for each.

        :param signatures: rows of ``signatureType`` and ``value``
        :param content: the canonical text
        :param rin: the issuer's registration number
        """
        return self._pool.submit(check_all, signatures, content, rin, trust, moment)


def check_all(
    signatures: Sequence[Mapping[str, str]],
    content: bytes,
    rin: str,
    trust: Trust,
    moment: datetime,
) -> list[Verdict]:
    """As :meth:`SignatureChecker.start`, in this thread."""
    kinds = [row["signatureType"] for row in signatures]
    if kinds.count("I") != 1:
        message = "there must be one signature of type I"
        return [Verdict(profile.PROFILE, f"Invalid signature format: {message}.")]
    verdicts = []
    for index, row in enumerate(signatures):
        # a service provider signs with a certificate of its own
        owner = rin if row["signatureType"] == "I" else None
        path = f"signatures[{index}].value"
        try:
            signer = check(row["value"], content, owner, trust, moment)
            verdicts.append(Verdict(path=path, signed_by=signer))
        except SignatureError as error:
            verdicts.append(Verdict(error.code, error.message, path))
    return verdicts


def check(
    value: str, content: bytes, rin: str | None, trust: Trust, moment: datetime
) -> str:
    """The subject of the certificate behind a good signature.

    :param value: base64 on one line
    :param rin: whose signature it has to be, None for anybody's
    :raises SignatureError: for the first thing that is wrong
    """
    data = _decoded(value)
    try:
        signed = cms.read(data)
    except cms.CmsError as error:
        message = f"Invalid signature format: {error}."
        raise SignatureError(profile.FORMAT, message) from error
    certificate = profile.check(signed, content)
    others = [row.der for row in signed.certificates if row.der != certificate]
    _check_others(others)
    _check_trust(data, content, certificate, others, trust, moment)
    if rin is not None:
        _check_owner(certificate, rin, trust)
    return certificates.subject(certificate)


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        message = "Invalid signature format: it is not base64 on one line."
        raise SignatureError(profile.FORMAT, message) from error


def _check_others(others: Sequence[bytes]) -> None:
    try:
        roots = [der for der in others if certificates.is_root(der)]
    except CertificateError as error:
        message = f"Invalid signature format: {error}"
        raise SignatureError(profile.FORMAT, message) from error
    if roots:
        message = "Invalid signature format: the root certificate is included."
        raise SignatureError(profile.PROFILE, message)


def _check_trust(
    data: bytes,
    content: bytes,
    certificate: bytes,
    others: Sequence[bytes],
    trust: Trust,
    moment: datetime,
) -> None:
    why = unfit(certificate, moment)
    authorities = trust.authorities
    if not why and authorities and openssl.holds(data, content, authorities, moment):
        return
    if not why:
        pem = certificates.pem_of(certificate)
        more = [certificates.pem_of(der) for der in others]
        why = openssl.distrusts(pem, more, authorities, moment)
    if why:
        message = f"Invalid certificate: {why}."
        raise SignatureError(profile.CERTIFICATE, message)
    message = "Invalid signature format: the signature does not hold."
    raise SignatureError(profile.PROFILE, message)


def _check_owner(certificate: bytes, rin: str, trust: Trust) -> None:
    number = registration_number(certificate)
    authorised = (trust.signers or {}).get(rin, frozenset())
    if number == rin or (number is None and certificate in authorised):
        return
    whose = f"VATEG-{number}" if number else "a natural person not authorised"
    message = (
        "The submitter is not the first signer: the certificate is "
        f"{whose}, the issuer is {rin}."
    )
    raise SignatureError(profile.SUBMITTER, message)
