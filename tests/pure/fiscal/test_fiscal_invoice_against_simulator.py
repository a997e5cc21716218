"""Whatever can be represented is valid at the authority, or refused by ``check``.

The simulator was written from the authority's documentation a second time and has
OpenSSL judge signatures, so what both agree on is not one mistake made twice. It judges
sums to 0.00001.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from itertools import count

import pytest
from court_kit import SLOW, prepared
from eta_samples import returnable_of
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from invoice_rig import office_with
from invoice_samples import plausible_invoices, wild_invoices

from fiscal.contract import Original, Status

PACE = {
    "deadline": None,
    # each document costs the simulator several processes of OpenSSL
    "phases": [Phase.explicit, Phase.reuse, Phase.generate],
    "suppress_health_check": SLOW,
}
_numbers = count(1)
CURRENCIES = ("EGP", "EGP", "USD", "KWD")
FOREIGN = ("USD", "KWD", "JPY")
INVOICES = st.lists(
    st.one_of(plausible_invoices(CURRENCIES), wild_invoices()), min_size=4, max_size=8
)


@pytest.fixture(scope="module")
def court():
    """The authority, as strict as it can be; only taxes in EGP may be off as far as the
    books round them."""
    with office_with(tax_tolerance="0.05", validation_seconds=0) as made:
        yield made


def renewed(receipts):
    """Yield invoices with the present time and a number of their own."""
    for receipt in receipts:
        now = datetime.now(timezone.utc).replace(microsecond=0)
        if receipt.issued_at.tzinfo is not None and receipt.issued_at.year == 2026:
            receipt = replace(receipt, issued_at=now)
        yield replace(receipt, number=f"{receipt.number}#{next(_numbers)}"[-50:])


def assert_valid(court, documents):
    """Return the documents as the authority holds them."""
    sent = court.accepted(*[document for document, _receipt in documents.values()])
    court.control.settle()
    for outcome in court.eta.query(sent):
        words = [(e.code, e.path, e.text) for e in outcome.errors]
        content = documents[outcome.key][0].content
        assert outcome.status is Status.VALID, (words, content.decode())
    return {document.key: document for document in sent}


def note(receipt, document, kind):
    """A note about all of a document."""
    left = returnable_of(receipt)
    about = Original(
        document.uid, receipt.number, document.issued_at, receipt.buyer, left
    )
    data = _without_references(receipt)
    return replace(receipt, kind=kind, original=about, data=data)


def sales_only(receipts):
    """A note without its invoice at the authority would be refused there, and so would
    be a gift in another currency: the simulator takes a price of 0 for none."""
    return [
        replace(receipt, kind="sale", original=None, data=_without_references(receipt))
        for receipt in receipts
        if receipt.currency == "EGP" or not _has_gift(receipt)
    ]


def _has_gift(receipt):
    return any(line.gross.is_zero() for line in receipt.lines)


def _without_references(receipt):
    return {name: v for name, v in receipt.data.items() if name != "references"}


@settings(max_examples=12, **PACE)
@given(INVOICES)
def test_what_passes_check_is_valid_and_so_are_its_notes(court, tally, receipts):
    sold = prepared(court, renewed(sales_only(receipts)), tally)
    if not sold:
        return
    held = assert_valid(court, sold)
    for kind in ("credit", "debit"):
        notes = [note(receipt, held[key], kind) for key, (_d, receipt) in sold.items()]
        built = prepared(court, renewed(notes), tally)
        assert len(built) == len(notes)
        assert_valid(court, built)


@settings(max_examples=8, **PACE)
@given(st.lists(plausible_invoices(FOREIGN), min_size=4, max_size=8))
def test_converted_documents_pass_the_strictest_default(court, tally, receipts):
    court.control.settings(tax_tolerance="0.01")
    try:
        sold = prepared(court, renewed(sales_only(receipts)), tally)
        if sold:
            assert_valid(court, sold)
    finally:
        court.control.settings(tax_tolerance="0.05")


def test_enough_was_built_and_enough_refused(tally):
    """The property would hold for a check that refuses everything."""
    assert tally["built"] > 60 and tally["refused"] > 10, tally
