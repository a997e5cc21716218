"""Whatever can be represented is valid at the authority, or refused by ``check``.

The simulator was written from the authority's documentation a second time, so what
both agree on is not one mistake made twice. It judges sums to 0.00001.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from court_kit import SLOW, prepared
from eta_rig import rig
from eta_samples import CURRENCIES, plausible, returnable_of, wild
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscal.contract import Original, Status

PACE = {"deadline": None, "suppress_health_check": SLOW}
RECEIPTS = st.lists(
    st.one_of(plausible(CURRENCIES), wild(CURRENCIES)), min_size=5, max_size=12
)
WHOLE = st.lists(plausible(("JPY",)), min_size=5, max_size=12)


@pytest.fixture(scope="module")
def court():
    """The authority, as strict as it can be; only taxes may be off as far as the
    books round them."""
    with rig(
        tax_tolerance="0.05", chain="strict", business_buyers=True, validation_seconds=0
    ) as made:
        made.eta = made.authority(
            settings={"read_pause": 0, "business_buyers": True, "tax_tolerance": "0.05"}
        )
        yield made


def renewed(court, receipts):
    """Yield receipts with the present time, each at the end of the device's chain."""
    for index, receipt in enumerate(receipts):
        now = datetime.now(timezone.utc).replace(microsecond=0)
        if receipt.issued_at.tzinfo is not None and receipt.issued_at.year == 2026:
            receipt = replace(receipt, issued_at=now, previous_uid=court.last)
        yield replace(receipt, number=f"{receipt.number}{index}"[-50:])


def judged(court, documents):
    """Submit and return what the authority decided, by key."""
    accepted = court.accepted(*[document for document, _receipt in documents.values()])
    court.control.settle()
    return {outcome.key: outcome for outcome in court.eta.query(accepted)}


def assert_valid(court, documents):
    for key, outcome in judged(court, documents).items():
        words = [(e.code, e.path, e.text) for e in outcome.errors]
        assert outcome.status is Status.VALID, (words, documents[key][0].content)


def give_back(receipt, document):
    left = returnable_of(receipt)
    original = Original(
        document.uid, receipt.number, document.issued_at, receipt.buyer, left
    )
    return replace(receipt, kind="return", original=original, replaces_uid="")


@settings(max_examples=25, **PACE)
@given(RECEIPTS)
def test_what_passes_check_is_valid_and_may_be_returned(court, tally, receipts):
    sold = prepared(court, renewed(court, receipts), tally)
    if not sold:
        return
    assert_valid(court, sold)
    returns = [
        give_back(receipt, document)
        for document, receipt in sold.values()
        if receipt.kind == "sale"
    ]
    back = prepared(court, renewed(court, returns), tally)
    assert len(back) == len(returns)
    if back:
        assert_valid(court, back)


@settings(max_examples=8, **PACE)
@given(WHOLE)
def test_currencies_without_cents_pass_the_authoritys_own_tolerance(
    court, tally, receipts
):
    court.control.settings(tax_tolerance="0.5")
    try:
        sold = prepared(court, renewed(court, receipts), tally)
        if sold:
            assert_valid(court, sold)
    finally:
        court.control.settings(tax_tolerance="0.05")


def test_enough_was_built_and_enough_refused(tally):
    """The property would hold for a check that refuses everything."""
    assert tally["built"] > 100 and tally["refused"] > 30, tally
