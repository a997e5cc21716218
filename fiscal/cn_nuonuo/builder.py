"""Gives a receipt the bureau's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..contract import NOTHING, Line, Party, Receipt
from .amounts import (
    before_discounts,
    cents,
    plain,
    price_of,
    rate_of,
    vat_of,
)
from .code_tables import ORDINARY
from .fapiao import (
    DISCOUNT,
    DISCOUNTED,
    FULL,
    NORMAL,
    PARTIAL,
    Delivery,
    Fapiao,
    FapiaoLine,
    Holder,
    Red,
    RedPart,
    Routing,
)
from .numbering import bill_number, order_number
from .settings import Settings
from .text import address_text, clean

CONSTRUCTION, FREIGHT, SALE, LEASE, TRAVEL = "03", "04", "05", "06", "09"
FARM = "16"
"""Special elements that have a node of their own, see :mod:`.nodes`."""

_WITHOUT_UNIT = (CONSTRUCTION, SALE, LEASE)
_NOBODY = "个人"
_BACK = ("return", "credit")
_DEFAULT_REASONS = {"return": "02"}


def takes_back(receipt: Receipt) -> bool:
    """Tell whether a receipt becomes a red letter."""
    return receipt.kind in _BACK


def kind_of(receipt: Receipt) -> str:
    """Return the kind of fapiao: ordinary if nothing else is said."""
    return receipt.document_type or ORDINARY


def reason_of(receipt: Receipt) -> str:
    """Return why a sale is taken back, "" if it is not told."""
    return receipt.reason or _DEFAULT_REASONS.get(receipt.kind, "")


def scope_of(receipt: Receipt) -> str:
    """Return how much a red letter takes back: as it is told, or a part if each line
    names that of the blue one; "" if it is not known."""
    told = clean(receipt.data.get("scope"))
    if told:
        return told
    named = all(line.data.get("blue_line") for line in receipt.lines)
    return PARTIAL if receipt.lines and named else ""


def is_natural_person(receipt: Receipt) -> bool:
    """Tell whether the buyer is a natural person with a number of his own."""
    told = receipt.data.get("natural_person")
    if told is not None:
        return bool(told)
    return receipt.buyer.kind == "person" and bool(clean(receipt.buyer.id))


def seller_of(receipt: Receipt) -> Holder:
    """Return the seller; what the device says of him comes first."""
    own = receipt.device.data
    return _holder(
        receipt.seller,
        address=own.get("seller_address"),
        phone=own.get("seller_phone"),
        account=own.get("seller_account"),
    )


def buyer_of(receipt: Receipt) -> Holder:
    """Return the buyer; a person without a name is called so."""
    buyer = _holder(receipt.buyer, account=receipt.data.get("buyer_account"))
    if not buyer.name and receipt.buyer.kind == "person":
        buyer = replace(buyer, name=_NOBODY)
    return buyer


def _holder(party: Party, **own: Any) -> Holder:
    return Holder(
        clean(party.id).upper(),
        clean(party.name),
        clean(own.get("address")) or address_text(party.address),
        clean(own.get("phone")) or clean(party.mobile),
        clean(own.get("account")),
    )


def fapiao_of(receipt: Receipt, settings: Settings) -> Fapiao:
    """Return what is issued for a receipt whose amounts can be used."""
    own, data = receipt.device.data, receipt.data
    seller = seller_of(receipt)
    order_no = order_number(seller.tax_number, receipt.number, receipt.issued_at)
    back = takes_back(receipt)
    return Fapiao(
        kind=kind_of(receipt),
        order_no=order_no,
        number=clean(receipt.number),
        issued_at=receipt.issued_at,
        seller=seller,
        buyer=buyer_of(receipt),
        lines=tuple(made for made, _line in paired_lines(receipt, settings)),
        natural_person=is_natural_person(receipt),
        clerk=clean(data.get("clerk") or own.get("clerk")),
        checker=clean(data.get("checker") or own.get("checker")),
        payee=clean(data.get("payee") or own.get("payee")),
        remark=clean(data.get("remark")),
        special=special_of(receipt),
        special_data=_node(data.get("special_data") or NOTHING),
        differential=_node(data.get("differential") or ()),
        survey=clean(data.get("survey")),
        agent=_node(data.get("agent") or NOTHING),
        additional=_node(data.get("additional") or NOTHING),
        routing=Routing(
            clean(own.get("extension")),
            clean(own.get("department")),
            clean(own.get("clerk_id")),
        ),
        delivery=Delivery(
            clean(data.get("email")),
            clean(data.get("phone") or receipt.buyer.mobile),
        ),
        red=_red(receipt, seller, order_no) if back else None,
    )


def _red(receipt: Receipt, seller: Holder, order_no: str) -> Red:
    return Red(
        clean(receipt.original.uid) if receipt.original else "",
        reason_of(receipt),
        scope_of(receipt) or FULL,
        bill_number(order_no),
        tuple(_parts(receipt, seller)),
    )


def _parts(receipt: Receipt, seller: Holder) -> Iterator[RedPart]:
    """Yield what is taken back of each fapiao. What is asked for anew gets names of
    its own, what was asked for keeps them."""
    for place, told in enumerate(receipt.data.get("parts") or (), 1):
        part = RedPart(**told)
        if not (part.asked or part.order_no):
            number = f"{receipt.number}-{place}"
            order_no = order_number(seller.tax_number, number, receipt.issued_at)
            part = replace(part, order_no=order_no, request=bill_number(order_no))
        yield part


def special_of(receipt: Receipt) -> str:
    """Return the special element of a receipt, "" for none."""
    return clean(receipt.data.get("special"))


def _node(value: Any) -> Any:
    """Return a node that is passed on: texts in lists and objects."""
    if isinstance(value, Mapping):
        return {clean(n): _node(v) for n, v in value.items()}
    if isinstance(value, list | tuple):
        return tuple(_node(one) for one in value)
    return value if isinstance(value, bool) else clean(value)


# ----------------------------------------------------------------------------------
# Lines
# ----------------------------------------------------------------------------------


def paired_lines(
    receipt: Receipt, settings: Settings
) -> Iterator[tuple[FapiaoLine, Line]]:
    """Yield the lines with what they are made of: for each of the receipt's one, or two
    if it has a discount. A red letter has normal lines only, with what is left after
    discounts."""
    make = _negative if takes_back(receipt) else _of
    for line in receipt.lines:
        if settings.zero_lines == "leave_out" and is_nothing(line):
            continue
        for made in make(line, receipt):
            yield made, line


def is_nothing(line: Line) -> bool:
    """Tell whether a line costs nothing, and did not before its discounts either."""
    return not line.total and not (line.discounts and line.gross)


def _of(line: Line, receipt: Receipt) -> Iterator[FapiaoLine]:
    whole = _plain_line(line, receipt)
    if not line.discounts or cents(line.gross) == whole.net:
        yield _priced(whole, line, receipt)
        return
    net, tax = before_discounts(line, whole.rate)
    yield _priced(replace(whole, nature=DISCOUNTED, net=net, tax=tax), line, receipt)
    yield replace(
        whole,
        nature=DISCOUNT,
        net=whole.net - net,
        tax=whole.tax - tax,
        spec="",
        unit="",
    )


def _negative(line: Line, receipt: Receipt) -> Iterator[FapiaoLine]:
    # a red letter's price is always without tax
    whole = replace(_plain_line(line, receipt), tax_included=False)
    priced = _priced(whole, line, receipt)
    quantity = None if priced.quantity is None else -priced.quantity
    yield replace(priced, net=-whole.net, tax=-whole.tax, quantity=quantity)


def _plain_line(line: Line, receipt: Receipt) -> FapiaoLine:
    tax = vat_of(line)
    assert tax is not None
    included = line.data.get("tax_included", receipt.data.get("tax_included", False))
    without = special_of(receipt) in _WITHOUT_UNIT
    return FapiaoLine(
        nature=NORMAL,
        name=clean(line.description),
        rate=rate_of(tax),
        net=cents(line.net),
        tax=cents(tax.amount),
        code=clean(line.item_code),
        own_code=clean(line.internal_code),
        spec="" if without else clean(line.data.get("spec")),
        unit="" if without else clean(line.unit_name or line.unit),
        tax_included=bool(included),
        policy=clean(tax.subtype),
        blue_line=int(line.data.get("blue_line") or 0),
        invoice=clean(line.data.get("invoice")),
        part=int(line.data.get("part") or 0),
    )


def _priced(made: FapiaoLine, line: Line, receipt: Receipt) -> FapiaoLine:
    """Return a line with quantity and price, which a construction service has none
    of, and an amount alone neither."""
    if special_of(receipt) == CONSTRUCTION or line.data.get("amount_only"):
        return made
    quantity = plain(line.quantity)
    amount = made.total if made.tax_included else made.net
    return replace(made, quantity=quantity, price=price_of(amount, quantity))
