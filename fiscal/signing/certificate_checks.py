"""Says what is wrong with a certificate for signing a company's documents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from ..contract import Problem
from ..messages import _
from .certificate import WARNING, CertificateInfo, digits_of, issued_by

LEAST_RSA_BITS = 2048
WARN_DAYS = 30

_SIGNING_USAGES = frozenset(("digital_signature", "content_commitment"))


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

    What only deserves a warning is marked, see :func:`.certificate.is_warning`.

    :param chain: ``info`` and its issuers as far as they are known, as
        :func:`.certificate.order_chain` returns them
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
    elif rin and info.rin != digits_of(rin):
        yield Problem(
            "certificate_other_company",
            _(
                "The certificate of %(subject)s belongs to the taxpayer %(theirs)s, the"
                " company is %(ours)s. Take this company's certificate, or correct the"
                " company's Tax ID."
            ),
            values={**values, "theirs": info.rin, "ours": digits_of(rin)},
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


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
