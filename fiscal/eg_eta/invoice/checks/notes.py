"""Credit and debit notes: the invoices they refer to, and what is left of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ....contract import Original, Party
from ....messages import _
from ...checks.findings import identity_of, named, utc
from ...checks.returns import add_excesses
from ..references import references_of
from .findings import InvoiceFindings

UUID = re.compile(r"[0-9A-Z]{26}")
"""An e-Invoice's UUID as the authority gives it."""


def check_references(found: InvoiceFindings) -> None:
    """Check what a note refers to, and that an invoice refers to nothing."""
    if found.type is None:
        return
    uuids = references_of(found.receipt, found.type)
    if not found.type.is_note:
        _check_none(found)
        return
    _check_uuids(found, uuids)
    original = found.receipt.original
    if original is None:
        return
    _check_time(found, original)
    _check_buyer(found, original)
    # what several invoices have left together is known to none of them
    single = len(uuids) <= 1 and original.returnable is not None
    if found.type.kind == "credit" and single and found.figures is not None:
        add_excesses(found, original, "credit", _CREDITS)


def _check_none(found: InvoiceFindings) -> None:
    if found.receipt.data.get("references"):
        found.add(
            "reference_on_invoice",
            _(
                "Only credit and debit notes refer to other documents. Remove the"
                " references, or issue a note."
            ),
            "references",
            found.receipt.record,
        )


def _check_uuids(found: InvoiceFindings, uuids: Sequence[object]) -> None:
    assert found.type is not None
    original = found.receipt.original
    record = original.record if original else None
    if not uuids and found.type.export:
        found.add(
            "reference_missing",
            _(
                "A note on an export needs the UUID that the authority gave its"
                " invoice. Wait until the invoice is valid there, or enter its UUID."
            ),
            "references",
            record,
        )
    for index, uuid in enumerate(uuids):
        path = f"references[{index}]"
        if not isinstance(uuid, str) or not UUID.fullmatch(uuid):
            found.add(
                "reference_malformed",
                _(
                    "“%(uuid)s” is no UUID of an invoice: that has 26 digits and"
                    " capital letters. Copy it from the authority's portal."
                ),
                path,
                record,
                uuid=uuid,
            )
        elif uuid in uuids[:index]:
            found.add(
                "reference_twice",
                _("The note refers to the invoice %(uuid)s twice. Remove one of them."),
                path,
                record,
                uuid=uuid,
            )


def _check_time(found: InvoiceFindings, original: Original) -> None:
    before, moment = utc(original.issued_at), found.issued_at
    if before is not None and moment is not None and moment < before:
        found.add(
            "note_before_invoice",
            _(
                "The invoice %(number)s was issued on %(issued)s, after this note about"
                " it. Correct the date of the note."
            ),
            "dateTimeIssued",
            original.record,
            number=original.number,
            issued=f"{before:%Y-%m-%d}",
        )


def _check_buyer(found: InvoiceFindings, original: Original) -> None:
    buyer, former = found.receipt.buyer, original.buyer
    if former is None or _is_same(former, buyer):
        return
    found.add(
        "note_other_buyer",
        _(
            "The invoice %(number)s was to %(former)s, this note is to %(buyer)s; the"
            " authority wants the same customer. Choose the invoice's."
        ),
        "receiver",
        buyer.record,
        number=original.number,
        former=named(former),
        buyer=named(buyer),
    )


def _is_same(former: Party, buyer: Party) -> bool:
    """Compare by number where there is one: a business may have been renamed."""
    ours, theirs = identity_of(buyer), identity_of(former)
    return ours[:2] == theirs[:2] if ours[1] else ours == theirs


_CREDITS = {
    "credit_not_sold": _(
        "“%(product)s” is not on the invoice %(number)s. Remove the line, or choose"
        " the invoice that it was on."
    ),
    "credit_exceeds_quantity": _(
        "“%(product)s”: %(returned)s are credited, but of the invoice %(number)s"
        " only %(left)s are left to credit. Lower the quantity."
    ),
    "credit_exceeds_amount": _(
        "“%(product)s”: %(returned)s is credited before taxes, but of the invoice"
        " %(number)s only %(left)s is left to credit. Lower the price."
    ),
}
