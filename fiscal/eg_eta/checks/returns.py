"""Returns: the sale they refer to, its age, its buyer, and what is left of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from ...contract import Original, Party, Returnable
from ...messages import _
from ..amounts import smallest_unit
from ..code_tables import codes
from ..jsontext import clean
from ..receipt_types import WITHOUT_REFERENCE
from .findings import HEX64, Findings, utc

OLDEST_SALE = timedelta(days=540)
"""ETA SDK, /receiptissuancefaq/: not later after the sale."""


def check_return(found: Findings) -> None:
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
            _check_returnable(found, original)


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
    if former is None or _identity(former) == _identity(buyer):
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
        former=_named(former),
        buyer=_named(buyer),
    )


def _identity(party: Party) -> tuple[str, str, str]:
    return party.kind, clean(party.id), clean(party.name)


def _named(party: Party) -> str:
    return " ".join(filter(None, (clean(party.name), clean(party.id)))) or party.kind


def _check_returnable(found: Findings, original: Original) -> None:
    receipt = found.receipt
    assert original.returnable is not None
    back: dict[tuple[str, str], Returnable] = {}
    first: dict[tuple[str, str], int] = {}
    for index, line in enumerate(receipt.lines):
        key = (line.internal_code, line.item_code)
        sofar = back.get(key, Returnable(Decimal(0), Decimal(0)))
        back[key] = Returnable(sofar.quantity + line.quantity, sofar.amount + line.net)
        first.setdefault(key, index)
    unit = smallest_unit(receipt.currency)
    tolerance = max(found.settings.amount_tolerance, unit / 2)
    for key, returned in back.items():
        index = first[key]
        left = original.returnable.get(key)
        if left is None:
            _add(found, index, "return_not_sold", _NOT_SOLD, original)
        elif returned.quantity > left.quantity:
            _add(
                found,
                index,
                "return_exceeds_quantity",
                _EXCEEDS_QUANTITY,
                original,
                returned=returned.quantity,
                left=left.quantity,
            )
        elif returned.amount > left.amount + tolerance:
            _add(
                found,
                index,
                "return_exceeds_amount",
                _EXCEEDS_AMOUNT,
                original,
                returned=found.money(returned.amount),
                left=found.money(left.amount),
            )


_NOT_SOLD = _(
    "“%(product)s” is not on the sale %(number)s. Remove the line, or choose the sale"
    " that it was on."
)
_EXCEEDS_QUANTITY = _(
    "“%(product)s”: %(returned)s are returned, but of the sale %(number)s only %(left)s"
    " are left to return. Lower the quantity."
)
_EXCEEDS_AMOUNT = _(
    "“%(product)s”: %(returned)s is returned before taxes, but of the sale %(number)s"
    " only %(left)s is left to return. Lower the price."
)


def _add(
    found: Findings,
    index: int,
    code: str,
    message: str,
    original: Original,
    **values: Any,
) -> None:
    line = found.receipt.lines[index]
    found.add(
        code,
        message,
        f"itemData[{index}]",
        line.record,
        product=line.description,
        number=original.number,
        **values,
    )
