"""Whom to believe: Fina's certificate authorities, and who signs CIS' answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

from ..contract import Digest, Problem
from ..messages import _
from ..signing.certificate import CertificateInfo, order_chain, read_certificates
from ..signing.certificate_checks import check_chain
from ..signing.xmldsig import SignatureWrong, check_enveloped
from .settings import Settings

Environment = Literal["test", "production"]

_FOLDER = Path(__file__).parent / "ca"
_NAMES: dict[Environment, str] = {"test": "fiskalcistest", "production": "fiskalcis"}


@cache
def fina_pem(environment: Environment) -> str:
    """Return Fina's certificate authorities of an environment as PEM text."""
    return (_FOLDER / f"{environment}.pem").read_text("ascii")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signature an answer has to bear.

    :ivar authorities: the certificate has to end at one of them
    :ivar name: the common name in it, "" for anybody's
    :ivar digests: hashes that are taken
    """

    authorities: tuple[CertificateInfo, ...]
    name: str
    digests: Collection[Digest] = ("sha256",)


@cache
def trust_of(environment: Environment, settings: Settings) -> Trust:
    """Return whom a connection believes.

    :raise ValueError: the settings' certificates cannot be read
    """
    pem = settings.answer_ca or fina_pem(environment)
    return Trust(
        tuple(read_certificates(pem.encode())),
        settings.answer_name or _NAMES[environment],
    )


def distrust(message: Any, trust: Trust, now: datetime) -> list[Problem]:
    """Return why an answer's signature cannot be believed; nothing if it can.

    :param message: in the document as it was received
    """
    try:
        signed = check_enveloped(message, trust.digests)
    except SignatureWrong as error:
        return [
            Problem(
                f"answer_signature_{error.code}",
                _(
                    "The signature of the authority's answer could not be verified:"
                    " %(reason)s. What it says was kept. Have somebody find out who"
                    " answers at the authority's address."
                ),
                values={"reason": error},
            )
        ]
    signer, *others = signed.certificates
    problems = []
    if trust.name and signer.common_name != trust.name:
        problems.append(
            Problem(
                "answer_signer_other",
                _(
                    "The authority's answer was signed by %(name)s, not by %(wanted)s."
                    " What it says was kept. Have somebody find out who answers at the"
                    " authority's address."
                ),
                values={"name": signer.common_name, "wanted": trust.name},
            )
        )
    chain = order_chain(signer, [*others, *trust.authorities])
    expired = not signer.not_before <= now <= signer.not_after
    if expired or check_chain(chain, now, trust.authorities):
        problems.append(
            Problem(
                "answer_signer_untrusted",
                _(
                    "The certificate of %(name)s, which signed the authority's answer,"
                    " is not valid or does not come from a certificate authority that"
                    " is trusted here. What the answer says was kept. If the authority"
                    " has a new certificate, add its issuer's to the registration."
                ),
                values={"name": signer.common_name},
            )
        )
    return problems
