"""Texts on the face of an invoice: the QR code's, and amounts in Chinese numerals."""

from __future__ import annotations

import binascii
from decimal import Decimal
from typing import TYPE_CHECKING

from ..names import local

if TYPE_CHECKING:
    from ..store import Invoice

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_UNITS = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿", "万亿")


def qr_text(invoice: Invoice) -> str:
    """``01,31,,number,total,yyyymmdd,,XXXX``.

    The last field is some CRC in real ones, of an unknown algorithm: nobody can
    check it, and here it is the CRC of CCITT.
    """
    head = (
        f"01,{invoice.kind.qr},,{invoice.number},{invoice.total('incl')},"
        f"{local(invoice.issued or 0):%Y%m%d},,"
    )
    return f"{head}{binascii.crc_hqx(head.encode(), 0xFFFF):04X}"


def in_words(amount: Decimal) -> str:
    """An amount as cheques and invoices spell it: 322.20 is 叁佰贰拾贰圆贰角."""
    whole, cents = divmod(int(abs(amount) * 100), 100)
    tens, ones = divmod(cents, 10)
    text = f"{_whole(whole)}圆" if whole or not cents else ""
    if not cents:
        text += "整"
    elif not tens:
        text += f"{'零' if whole else ''}{_DIGITS[ones]}分"
    else:
        text += f"{_DIGITS[tens]}角" + (f"{_DIGITS[ones]}分" if ones else "")
    return f"（负数）{text}" if amount < 0 else text


def _whole(number: int) -> str:
    if number == 0:
        return "零"
    groups: list[int] = []
    while number:
        number, rest = divmod(number, 10_000)
        groups.append(rest)
    text = ""
    gap = False
    for position in range(len(groups) - 1, -1, -1):
        group = groups[position]
        if group == 0:
            gap = bool(text)
            continue
        if text and (gap or group < 1000):
            text += "零"
        text += _group(group) + _GROUPS[position]
        gap = False
    return text


def _group(number: int) -> str:
    """A number below 10000."""
    text = ""
    gap = False
    for position in range(3, -1, -1):
        digit = number // 10**position % 10
        if digit:
            text += ("零" if gap else "") + _DIGITS[digit] + _UNITS[position]
            gap = False
        else:
            gap = bool(text)
    return text
