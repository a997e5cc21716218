"""Returns: the sale they refer to, its age, its buyer, and what is left of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from ...contract import Original, Returnable
from ...messages import _
from ..code_tables import codes
from ..receipt_types import WITHOUT_REFERENCE
from .findings import HEX64, Findings, identity_of, named, utc
from .receipt_findings import ReceiptFindings

OLDEST_SALE = timedelta(days=540)
"""ETA SDK, /receiptissuancefaq/: not later after the sale."""


def check_return(found: ReceiptFindings) -> None:
    """Check a return against its sale, or for what a return without one needs."""
    original = found.receipt.original
    code = found.type.code if found.type else ""
    if original is None or not original.uid or code == WITHOUT_REFERENCE:
        _check_without_reference(found, original)
    else:
        _check_reference(found, original)
    if original is not None:
        _check_age(found, original)
        _check_same_buyer(found, original)
        if found.figures is not None and original.returnable is not None:
            add_excesses(found, original, "return", _RETURNS)


def _check_reference(found: Findings, original: Original) -> None:
    if not HEX64.fullmatch(original.uid):
        found.add(
            "reference_malformed",
            _(
                "“%(uuid)s” is no UUID of a receipt: that has 64 digits, 0 to 9 and a"
                " to f. Copy it from the sale's receipt."
            ),
            "header.referenceUUID",
            original.record,
            uuid=original.uid,
        )


def _check_without_reference(found: Findings, original: Original | None) -> None:
    receipt = found.receipt
    if receipt.reason not in codes("return_reason"):
        found.add(
            "return_reason_missing",
            _(
                "This return refers to no receipt of the authority, so it needs one of"
                " its reasons. Choose one (I or B), or the sale that is returned."
            ),
            "header.documentUseReason",
            receipt.record,
        )
    if original is None or utc(original.issued_at) is None:
        found.add(
            "sale_date_missing",
            _(
                "This return refers to no receipt of the authority, so it needs the"
                " date of the sale. Enter it on the return."
            ),
            "header.salesIssuedDateTime",
            receipt.record,
        )


def _check_age(found: Findings, original: Original) -> None:
    sold_at, issued_at = utc(original.issued_at), found.issued_at
    if sold_at is None or issued_at is None:
        return
    if sold_at > issued_at or sold_at.year < 1000:
        found.add(
            "return_before_sale",
            _(
                "The sale %(number)s is dated %(sold)s, after its return. Correct the"
                " date of the sale."
            ),
            "header.referenceUUID",
            original.record,
            number=original.number,
            sold=sold_at.date(),
        )
    elif issued_at - sold_at > OLDEST_SALE:
        found.add(
            "return_too_late",
            _(
                "The sale %(number)s was on %(sold)s, %(days)s days ago; the authority"
                " takes returns for %(limit)s days. It cannot be returned by receipt."
            ),
            "header.referenceUUID",
            original.record,
            number=original.number,
            sold=sold_at.date(),
            days=(issued_at - sold_at).days,
            limit=OLDEST_SALE.days,
        )


def _check_same_buyer(found: Findings, original: Original) -> None:
    buyer, former = found.receipt.buyer, original.buyer
    if former is None or identity_of(former) == identity_of(buyer):
        return
    found.add(
        "return_other_buyer",
        _(
            "The sale %(number)s was to %(former)s, the return is from %(buyer)s; the"
            " authority wants the same buyer. Choose the sale's customer."
        ),
        "buyer",
        buyer.record,
        number=original.number,
        former=named(former),
        buyer=named(buyer),
    )


@dataclass(frozen=True, slots=True)
class Excess:
    """What is given back and was not sold, or no more is left of it.

    :ivar index: the first line about it
    :ivar what: ``not_sold``, ``exceeds_quantity`` or ``exceeds_amount``
    :ivar returned: how much is given back, and ``left`` how much of it could be
    """

    index: int
    what: str
    returned: Decimal = Decimal(0)
    left: Decimal = Decimal(0)


def excesses(found: Findings, original: Original) -> Iterator[Excess]:
    """Yield what a document gives back and its original did not sell, or not so much
    that is left of it."""
    returnable = original.returnable or {}
    back: dict[tuple[str, str], Returnable] = {}
    first: dict[tuple[str, str], int] = {}
    for index, line in enumerate(found.receipt.lines):
        key = (line.internal_code, line.item_code)
        sofar = back.get(key, Returnable(Decimal(0), Decimal(0)))
        back[key] = Returnable(sofar.quantity + line.quantity, sofar.amount + line.net)
        first.setdefault(key, index)
    for key, returned in back.items():
        left = returnable.get(key)
        if left is None:
            yield Excess(first[key], "not_sold")
        elif returned.quantity > left.quantity:
            yield Excess(
                first[key], "exceeds_quantity", returned.quantity, left.quantity
            )
        elif returned.amount > left.amount + found.amount_tolerance:
            yield Excess(first[key], "exceeds_amount", returned.amount, left.amount)


_RETURNS = {
    "return_not_sold": _(
        "“%(product)s” is not on the sale %(number)s. Remove the line, or choose"
        " the sale that it was on."
    ),
    "return_exceeds_quantity": _(
        "“%(product)s”: %(returned)s are returned, but of the sale %(number)s only"
        " %(left)s are left to return. Lower the quantity."
    ),
    "return_exceeds_amount": _(
        "“%(product)s”: %(returned)s is returned before taxes, but of the sale"
        " %(number)s only %(left)s is left to return. Lower the price."
    ),
}


def add_excesses(
    found: Findings, original: Original, kind: str, sentences: Mapping[str, str]
) -> None:
    """Note what is given back too much.

    :param kind: what the codes of the problems begin with, before what is wrong
        (:class:`Excess`); ``sentences`` are by these codes
    """
    for excess in excesses(found, original):
        code = f"{kind}_{excess.what}"
        line = found.receipt.lines[excess.index]
        shown = found.money if excess.what == "exceeds_amount" else _as_it_is
        found.add(
            code,
            sentences[code],
            f"{found.form.lines}[{excess.index}]",
            line.record,
            product=line.description,
            number=original.number,
            returned=shown(excess.returned),
            left=shown(excess.left),
        )


def _as_it_is(quantity: Decimal) -> Decimal:
    return quantity
