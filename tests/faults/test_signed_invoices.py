"""Signed invoices: each arrives once, with the signature that we keep, wherever a
worker is killed."""

from __future__ import annotations

import random

import pytest
from ereceipt_invoices import DESK_JOURNAL, InvoiceShop
from ereceipt_killpoints import (
    AFTER_COMMIT,
    BEFORE_CALL,
    BEFORE_COMMIT,
    BEFORE_WRITE,
    IN_CALL,
    IN_SIGNING,
    KillPoint,
)
from ereceipt_shop import Shop
from ereceipt_storm import Storm, settle_all

AT_A_TIME = 3
SIGNING = (BEFORE_CALL, IN_SIGNING, BEFORE_WRITE, AFTER_COMMIT)
SENDING = (BEFORE_CALL, IN_CALL, BEFORE_WRITE, BEFORE_COMMIT)
PATIENT = 20.0
"""Seconds for a lane to get as far as its kill, which ends it."""


def test_killed_while_signing_and_while_sending(
    invoice_shop: InvoiceShop, subtests: pytest.Subtests
) -> None:
    control = invoice_shop.simulator.control
    storm = Storm(invoice_shop, random.Random(0), seconds=PATIENT)
    posted = 0
    for place in SIGNING:
        with subtests.test(f"{place} (sign)"):
            posted += len(invoice_shop.post(AT_A_TIME))
            _assert_killed_while_signing(storm, place, posted)
            settle_all(invoice_shop)
            invoice_shop.compare().assert_right(posted)
    for place in SENDING:
        with subtests.test(f"{place} (send)"):
            posted += len(invoice_shop.post(AT_A_TIME))
            # what arrives is not answered, whether or not the killed one awaits it
            rule = control.fault("document_submit", "drop_after", times=1)
            assert storm.round(KillPoint(place, "send")) == 1
            signatures = _signatures(invoice_shop)
            assert len(signatures) == posted
            settle_all(invoice_shop)
            control.clear_faults(rule)
            invoice_shop.compare().assert_right(posted)
            assert _signatures(invoice_shop) == signatures, "signed once"
    assert invoice_shop.rejections() == []


def _assert_killed_while_signing(storm: Storm, place: str, posted: int) -> None:
    """Kill a lane there; raise unless it left what it should have left."""
    shop = storm.shop
    sent = shop.simulator.sent(shop.submit_endpoint)
    # the key's second signature: one was made before, and is lost with the process
    passage = 2 if place == IN_SIGNING else 1
    assert storm.round(KillPoint(place, "sign", passage)) == 1
    written = place == AFTER_COMMIT
    states = shop.states()
    states.pop("valid", None)
    assert states == {"queued" if written else "to_sign": AT_A_TIME}
    assert len(_signatures(shop)) == posted - (0 if written else AT_A_TIME)
    assert _claimed_to_sign(shop) == (0 if written else AT_A_TIME)
    assert shop.simulator.sent(shop.submit_endpoint) == sent


def test_two_lanes_are_killed_while_the_authority_misbehaves(
    invoice_shop: InvoiceShop,
) -> None:
    invoice_shop.configure(documents_per_call=3)
    storm = Storm(invoice_shop, random.Random(3))
    posted = storm.rage(6, 18, 6, (DESK_JOURNAL,), 0.04)

    invoice_shop.compare().assert_right(posted)


def _signatures(shop: Shop) -> dict[str, str]:
    return dict(
        shop.db.rows(
            "SELECT name, signature FROM ereceipt_document WHERE signature IS NOT NULL"
        )
    )


def _claimed_to_sign(shop: Shop) -> int:
    return shop.db.value(
        "SELECT count(*) FROM ereceipt_document "
        "WHERE state = 'to_sign' AND lease_token IS NOT NULL"
    )
