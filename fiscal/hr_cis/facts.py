"""What a receipt says to CIS, member by member, before it is looked at or written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ..contract import Receipt
from .amounts import Figures
from .moments import usable
from .numbering import ReceiptNumber, number_of
from .oib import clean_oib
from .settings import Settings

_NOT_IN_XML = re.compile(
    "[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
)


@dataclass(frozen=True, slots=True)
class Facts:
    """The members of a message, named as they are in the schema's RacunType.

    :ivar issued_at: aware UTC, ``None`` when the receipt has no time that can be used
    :ivar order: ``P`` numbered per premises, ``N`` per device
    :ivar operator: OIB of the person who issues; a vending machine's is the issuer's
    :ivar late: the customer has had it without JIR from the start (paper book)
    :ivar paper_number: of the receipt in the paper book, "" for none
    :ivar figures: ``None`` when the amounts cannot be used
    """

    issuer: str
    in_vat: bool
    issued_at: datetime | None
    order: str
    number: ReceiptNumber
    means: str
    operator: str
    recipient: str
    late: bool
    paper_number: str
    figures: Figures | None = None


def facts_of(receipt: Receipt, settings: Settings, figures: Figures | None) -> Facts:
    """Gather what a receipt says; nothing is checked."""
    own = receipt.device.data
    issuer = clean_oib(receipt.seller.id)
    vending = bool(own.get("vending"))
    operator = receipt.data.get("operator_oib") or own.get("operator_oib") or ""
    paper_number = clean(str(receipt.data.get("paper_number") or ""))
    return Facts(
        issuer=issuer,
        in_vat=settings.in_vat,
        issued_at=usable(receipt.issued_at),
        order="P" if vending else str(own.get("numbering") or "P"),
        number=number_of(receipt),
        means=means_of(receipt, settings),
        operator=issuer if vending else clean_oib(str(operator)),
        recipient=clean_oib(receipt.buyer.id)
        if receipt.buyer.kind == "business"
        else "",
        late=bool(paper_number),
        paper_number=paper_number,
        figures=figures,
    )


def means_of(receipt: Receipt, settings: Settings) -> str:
    """Return the payment means: several are ``O``, none is the setting's."""
    methods = {payment.method for payment in receipt.payments}
    if len(methods) > 1:
        return "O"
    return methods.pop() if methods else settings.payment_method


def clean(text: str) -> str:
    """Return a text in one line, without what XML cannot hold."""
    return " ".join(_NOT_IN_XML.sub(" ", text).split())
