"""Reads a receipt in CIS' form back into the contract's.

The message has sums, not lines: each of its amounts becomes a line, so that the same
message can be made of them. Amounts of a negative receipt are those of a return.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from ..contract import Device, Line, Party, Payment, Receipt, TaxAmount
from ..xmltext import text_of
from .amounts import CONSUMPTION, EXEMPT, FEE, MARGIN, OTHER, OUTSIDE, VAT
from .builder import PREFIXES, thaw
from .moments import read_moment

_ZERO = Decimal(0)


def read_receipt(content: bytes) -> Receipt:
    """Return what a frozen receipt says.

    :raise ValueError: it is no receipt of CIS
    """
    return receipt_of(thaw(content)[0])


def receipt_of(root: Any) -> Receipt:
    """Return what the element ``Racun`` says; ``data["in_vat"]`` tells whether the
    issuer is in the VAT system.

    :raise ValueError: a member is missing or cannot be read
    """
    total = _decimal(_text(root, "IznosUkupno"))
    sign = -1 if total < 0 else 1
    lines = tuple(_lines(root, sign))
    in_vat = _text(root, "USustPdv") in ("true", "1")
    rest = total * sign - sum((line.total for line in lines), _ZERO)
    if not in_vat and rest:
        lines = (*lines, _line("", rest))
    number, premises, device = (
        _text(root, f"BrRac/tns:{name}")
        for name in ("BrOznRac", "OznPosPr", "OznNapUr")
    )
    recipient = text_of(root, "tns:OibPrimateljaRacuna", PREFIXES)
    return Receipt(
        kind="return" if total < 0 else "sale",
        number=f"{number}/{premises}/{device}",
        issued_at=read_moment(_text(root, "DatVrijeme")),
        currency="EUR",
        seller=Party("business", _text(root, "Oib")),
        buyer=Party("business", recipient) if recipient else Party("person"),
        device=Device(
            serial=f"{premises}/{device}",
            data={
                "premises": premises,
                "device_number": device,
                "numbering": _text(root, "OznSlijed"),
            },
        ),
        lines=lines,
        total=total * sign,
        company_currency="EUR",
        payments=(Payment(_text(root, "NacinPlac"), total * sign),),
        data={
            "operator_oib": _text(root, "OibOper"),
            "paper_number": text_of(root, "tns:ParagonBrRac", PREFIXES),
            "in_vat": in_vat,
        },
    )


def _lines(root: Any, sign: int) -> Iterator[Line]:
    for row in root.findall("tns:Pdv/tns:Porez", PREFIXES):
        rate, base, amount = _row(row, sign)
        yield _line(VAT, base, TaxAmount(VAT, "", rate, amount))
    for kind in (CONSUMPTION, OTHER):
        for row in root.findall(f"tns:{kind}/tns:Porez", PREFIXES):
            rate, base, amount = _row(row, sign)
            name = text_of(row, "tns:Naziv", PREFIXES)
            yield _line(kind, _ZERO, TaxAmount(kind, "", rate, amount, name), base)
    for kind in (EXEMPT, MARGIN, OUTSIDE):
        for member in root.findall(f"tns:{kind}", PREFIXES):
            amount = _decimal(member.text or "") * sign
            yield _line(kind, amount, TaxAmount(kind, "", _ZERO, _ZERO))
    for fee in root.findall("tns:Naknade/tns:Naknada", PREFIXES):
        amount = _decimal(_text(fee, "IznosN")) * sign
        yield _line(FEE, _ZERO, TaxAmount(FEE, "", None, amount, _text(fee, "NazivN")))


def _line(
    name: str, net: Decimal, tax: TaxAmount | None = None, base: Decimal | None = None
) -> Line:
    return Line(
        description=name,
        quantity=Decimal(1),
        gross=net,
        net=net,
        taxes=(tax,) if tax else (),
        data={} if base is None else {"tax_base": base},
    )


def _row(row: Any, sign: int) -> tuple[Decimal, Decimal, Decimal]:
    return (
        _decimal(_text(row, "Stopa")),
        _decimal(_text(row, "Osnovica")) * sign,
        _decimal(_text(row, "Iznos")) * sign,
    )


def _text(root: Any, name: str) -> str:
    text = text_of(root, f"tns:{name}", PREFIXES)
    if not text:
        raise ValueError(f"The receipt has no {name}")
    return text


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is no amount") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is no amount")
    return value
