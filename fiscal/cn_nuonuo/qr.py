"""The text of the QR code on a fapiao's face (spec china 2.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .code_tables import ORDINARY, SPECIAL_VAT

TYPES = {SPECIAL_VAT: "31", ORDINARY: "32"}
"""What the face calls the bureau's kinds."""

_KINDS = {face: kind for kind, face in TYPES.items()}
_NUMBER = re.compile(r"[0-9]{20}")
_AMOUNT = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2})?")
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class FaceQr:
    """What the code says.

    :ivar kind: ``81`` or ``82``
    :ivar total: with tax, in CNY
    :ivar check: four hexadecimal digits whose rule is not published
    """

    kind: str
    number: str
    total: Decimal
    day: date
    check: str = ""


def qr_text(face: FaceQr) -> str:
    """Return the code's text. Without its last field, which only the bureau can make,
    it is good for comparing, not for printing."""
    return (
        f"01,{TYPES[face.kind]},,{face.number},{face.total:.2f},"
        f"{face.day:%Y%m%d},,{face.check}"
    )


def read_qr(text: str) -> FaceQr:
    """Read the code of a 数电发票.

    :raise ValueError: it is none
    """
    parts = text.strip()[:_LONGEST].split(",")
    if len(parts) < 8 or parts[0] != "01" or parts[2] or parts[6]:
        raise ValueError(f"{text[:60]!r} is no QR text of a 数电发票")
    kind, number, total, day = (parts[i] for i in (1, 3, 4, 5))
    if kind not in _KINDS or not _NUMBER.fullmatch(number):
        raise ValueError(f"{text[:60]!r} is no QR text of a 数电发票")
    if not _AMOUNT.fullmatch(total) or not day.isdecimal():
        raise ValueError(f"{text[:60]!r} is no QR text of a 数电发票")
    return FaceQr(
        _KINDS[kind],
        number,
        Decimal(total),
        datetime.strptime(day, "%Y%m%d").date(),
        parts[7],
    )
