"""The issuer's security code ZKI (zaštitni kod izdavatelja; spec croatia 6)."""

from __future__ import annotations

import hashlib

from ..contract import Digest, Signer
from ..signing.raw import signed_by
from .numbering import ReceiptNumber


def zki_payload(oib: str, issued: str, number: ReceiptNumber, total: str) -> bytes:
    """Return what is signed for a security code.

    :param oib: the issuer's
    :param issued: time of issue as in the message, or with a blank before the time
    :param total: as in the message
    """
    parts = (
        oib,
        issued.replace("T", " "),
        number.number,
        number.premises,
        number.device,
        total,
    )
    return "".join(parts).encode()


def zki(signer: Signer, payload: bytes, digest: Digest = "sha256") -> str:
    """Return a security code: 32 lower-case hex digits, always the same for one key.

    :param digest: SHA-256 by the specification 2.7, SHA-1 by those before
    :raise FiscalError: the key cannot sign now, or is not its certificate's
    """
    signature = signed_by(signer, payload, payload, digest)
    return hashlib.md5(signature, usedforsecurity=False).hexdigest()
