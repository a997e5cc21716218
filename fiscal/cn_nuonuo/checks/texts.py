"""Lengths of texts, as the provider takes them (field table of requestBillingNew)."""

from __future__ import annotations

from ...contract import Record
from ...messages import Sentence, _
from ..builder import takes_back
from ..text import length
from .findings import Findings

_MOST_REMARK = 200
_MOST_CONTACT = 100


def check_texts(found: Findings) -> None:
    """Check every text that has a place in the message."""
    _check_parties(found)
    fapiao, record = found.fapiao, found.receipt.record
    assert fapiao is not None
    _fits(found, fapiao.remark, _MOST_REMARK, _("remark"), "remark", record)
    device = found.receipt.device.record
    _fits(found, fapiao.clerk, 20, _("clerk's name"), "clerk", device)
    _fits(found, fapiao.checker, 20, _("checker's name"), "checker", device)
    _fits(found, fapiao.payee, 20, _("payee's name"), "payee", device)
    _fits(found, fapiao.delivery.email, 50, _("mail address"), "delivery", record)
    for index, line in enumerate(fapiao.lines):
        path = f"lines[{index}]"
        source = found.sources[index]
        for text, most, name in (
            (line.name, 90, _("description of the line")),
            (line.own_code, 16, _("product's internal reference")),
            (line.spec, 40, _("specification")),
            (line.unit, 20, _("unit")),
        ):
            _fits(found, text, most, name, path, source)


def _check_parties(found: Findings) -> None:
    fapiao = found.fapiao
    assert fapiao is not None
    seller, buyer = found.receipt.seller.record, found.receipt.buyer.record
    _fits(found, fapiao.seller.name, 100, _("company's name"), "seller.name", seller)
    _fits(found, fapiao.buyer.name, 100, _("buyer's name"), "buyer.name", buyer)
    if takes_back(found.receipt):
        return
    for text, most, name, path, record in (
        (fapiao.seller.address, 80, _("company's address"), "seller.address", seller),
        (fapiao.seller.phone, 20, _("company's telephone"), "seller.phone", seller),
        (fapiao.seller.account, 100, _("company's account"), "seller.account", seller),
        (fapiao.buyer.address, 80, _("buyer's address"), "buyer.address", buyer),
        (fapiao.buyer.phone, 50, _("buyer's telephone"), "buyer.phone", buyer),
        (fapiao.buyer.account, 100, _("buyer's account"), "buyer.account", buyer),
    ):
        _fits(found, text, most, name, path, record)
    contact = fapiao.buyer.address + fapiao.buyer.phone
    name = _("buyer's address with telephone")
    _fits(found, contact, _MOST_CONTACT, name, "buyer", buyer)


def _fits(
    found: Findings, text: str, most: int, name: str, path: str, record: Record | None
) -> None:
    size = length(text, found.settings.length_unit)
    if size <= most:
        return
    found.add(
        "too_long",
        _(
            "The %(name)s “%(text)s” has a length of %(size)s; at most %(most)s fit."
            " Shorten it."
        ),
        path,
        record,
        name=Sentence(name),
        text=text[:60],
        size=size,
        most=most,
    )
