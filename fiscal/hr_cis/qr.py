"""The text of a receipt's QR code (spec croatia 7)."""

from __future__ import annotations

from .moments import read_moment

PORTAL = "https://porezna.gov.hr/rn"
_LONGEST_AMOUNT = 10


def qr_text(kind: str, code: str, issued: str, total: str, portal: str = PORTAL) -> str:
    """Return the link that a customer opens to check his receipt.

    :param kind: what ``code`` is: ``jir``, or ``zki`` while there is no JIR
    :param issued: as in the message, ``dd.MM.yyyyTHH:mm:ss``
    :param total: as in the message, with two decimals
    :raise ValueError: the time is none, or the total has too many digits for the code
    """
    read_moment(issued)
    minute = f"{issued[6:10]}{issued[3:5]}{issued[:2]}_{issued[11:13]}{issued[14:16]}"
    cents = str(int(total.replace(".", "")))
    if len(cents) > _LONGEST_AMOUNT:
        raise ValueError(f"The total {total} is too large for a QR code")
    return f"{portal}?{kind}={code}&datv={minute}&izn={cents}"
