"""The certificate that signs a company's receipts, and its OIB (spec croatia 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from cryptography import x509

from ..contract import Problem, Signer
from ..messages import _
from ..signing.certificate import (
    WARNING,
    CertificateInfo,
    is_warning,
    order_chain,
    read_certificate,
)
from ..signing.certificate_checks import check_chain, check_general
from ..signing.errors import KeyUnusable
from .oib import clean_oib, is_oib

_ORGANIZATION_IDENTIFIER = re.compile(r"(?:VAT)?HR-?([0-9]{11})", re.IGNORECASE)
_IN_ORGANIZATION = re.compile(r"(?:^|\s)HR([0-9]{11})$")


def oib_of(certificate: CertificateInfo) -> str:
    """Return the OIB that a certificate names, "" if none or a wrong one.

    It is in organizationIdentifier (``HR…``, ``VATHR-…``), in Fina's older ones at the
    end of the organization's name.
    """
    found = _ORGANIZATION_IDENTIFIER.fullmatch(
        certificate.organization_identifier.strip()
    )
    if found is None:
        subject = x509.load_der_x509_certificate(certificate.der).subject
        for one in subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME):
            found = found or _IN_ORGANIZATION.search(str(one.value).strip())
    return found[1] if found and is_oib(found[1]) else ""


def key_problems(
    signer: Signer,
    oib: str,
    now: datetime,
    authorities: Sequence[CertificateInfo] = (),
) -> list[Problem]:
    """Return what speaks against signing a company's receipts with a key.

    What only deserves a warning is marked, see
    :func:`..signing.certificate.is_warning`.

    :param oib: the company's, "" if it is not known
    :param authorities: Fina's; other providers are accepted by CIS, too, so that a
        certificate of nobody among them only deserves a warning
    """
    info, *others = [read_certificate(der) for der in signer.certificate_chain()]
    chain = order_chain(info, [*others, *authorities])
    return [
        *_company(info, oib),
        *_usage(info),
        *check_general(info, chain, now),
        *(_not_among(info, chain, now, authorities) if authorities else ()),
    ]


def refuse_unusable(signer: Signer, oib: str, now: datetime) -> None:
    """Do not go on with a key whose messages CIS would refuse.

    :raise KeyUnusable: says everything that is wrong
    """
    problems = [one for one in key_problems(signer, oib, now) if not is_warning(one)]
    if problems:
        raise KeyUnusable.of(problems)


def refuse_other_company(signer: Signer, oib: str) -> None:
    """Do not make a security code with another company's key.

    :raise KeyUnusable: it is another's
    """
    info = read_certificate(signer.certificate_chain()[0])
    if problems := list(_company(info, oib)):
        raise KeyUnusable.of(problems)


def _company(info: CertificateInfo, oib: str) -> Iterator[Problem]:
    theirs, values = oib_of(info), {"subject": info.common_name}
    if not theirs:
        yield Problem(
            "certificate_no_oib",
            _(
                "The certificate of %(subject)s names no company by its OIB. Take the"
                " application certificate for fiscalisation."
            ),
            values=values,
        )
    elif oib and theirs != clean_oib(oib):
        yield Problem(
            "certificate_other_company",
            _(
                "The certificate of %(subject)s belongs to the taxpayer %(theirs)s, the"
                " company is %(ours)s. Take this company's certificate, or correct the"
                " company's Tax ID."
            ),
            values={**values, "theirs": theirs, "ours": clean_oib(oib)},
        )


def _usage(info: CertificateInfo) -> Iterator[Problem]:
    if info.key_usage is None or "digital_signature" in info.key_usage:
        return
    yield Problem(
        "certificate_usage",
        _(
            "The certificate of %(subject)s is not meant for signatures. Take the"
            " application certificate for fiscalisation."
        ),
        values={"subject": info.common_name},
    )


def _not_among(
    info: CertificateInfo,
    chain: Sequence[CertificateInfo],
    now: datetime,
    authorities: Sequence[CertificateInfo],
) -> Iterator[Problem]:
    untrusted = "certificate_chain_untrusted"
    if any(one.code == untrusted for one in check_chain(chain, now, authorities)):
        yield Problem(
            WARNING + untrusted,
            _(
                "The certificate of %(subject)s was issued by %(issuer)s, which is not"
                " Fina. The authority takes it only if its issuer is on the European"
                " trusted list, and test certificates only in the test system."
            ),
            values={"subject": info.common_name, "issuer": info.issuer},
        )
