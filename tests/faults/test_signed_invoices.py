"""Signed invoices: each arrives once, with the signature that we keep, wherever a worker
is killed."""

from __future__ import annotations

import random

import pytest
from ereceipt_invoices import InvoiceShop
from ereceipt_killpoints import AFTER_COMMIT, BEFORE_CLAIM, IN_SIGNING, KillPoint, places_of
from ereceipt_storm import Storm, settle_all

AT_A_TIME = 3


def test_killed_while_signing(
    invoice_shop: InvoiceShop, subtests: pytest.Subtests
) -> None:
    storm = Storm(invoice_shop, random.Random(0))
    for number, place in enumerate(places_of("sign"), start=1):
        with subtests.test(place):
            sent = invoice_shop.simulator.sent("document_submit")
            invoice_shop.post(AT_A_TIME)
            # the key's second signature: one is made, and lost with the process
            passage = 2 if place == IN_SIGNING else 1

            assert storm.round(KillPoint(place, "sign", passage)) == 1
            states = invoice_shop.states()
            states.pop("valid", None)
            state = "queued" if place == AFTER_COMMIT else "to_sign"
            assert states == {state: AT_A_TIME}
            assert invoice_shop.simulator.sent("document_submit") == sent
            written = number if place == AFTER_COMMIT else number - 1
            assert len(_signatures(invoice_shop)) == AT_A_TIME * written
            claimed = place not in (BEFORE_CLAIM, AFTER_COMMIT)
            assert _claimed_to_sign(invoice_shop) == (AT_A_TIME if claimed else 0)

            settle_all(invoice_shop)
            invoice_shop.compare().assert_right(AT_A_TIME * number)


def test_killed_while_sending_and_answers_are_lost(
    invoice_shop: InvoiceShop, subtests: pytest.Subtests
) -> None:
    control = invoice_shop.simulator.control
    storm = Storm(invoice_shop, random.Random(0))
    for number, place in enumerate(places_of("send"), start=1):
        with subtests.test(place):
            invoice_shop.post(AT_A_TIME)

            # the first call that lives to be answered is not
            control.fault("document_submit", "drop_after", times=1)
            assert storm.round(KillPoint(place, "send")) == 1
            signatures = _signatures(invoice_shop)
            assert len(signatures) == AT_A_TIME * number
            settle_all(invoice_shop)
            control.clear_faults()
            invoice_shop.compare().assert_right(AT_A_TIME * number)
            assert _signatures(invoice_shop) == signatures
    assert invoice_shop.rejections() == []


def test_two_lanes_are_killed_while_the_authority_misbehaves(
    invoice_shop: InvoiceShop,
) -> None:
    invoice_shop.configure(documents_per_call=3)
    storm = Storm(invoice_shop, random.Random(3))
    posted = 0
    while storm.kills.total() < 6:
        if posted < 18:
            posted += len(invoice_shop.post(6))
        storm.misbehave(0.04)
        storm.round(storm.chosen(), storm.chosen())
    invoice_shop.simulator.control.clear_faults()
    settle_all(invoice_shop)

    invoice_shop.compare().assert_right(posted)


def _signatures(shop: InvoiceShop) -> dict[str, str]:
    return dict(
        shop.db.rows(
            "SELECT name, signature FROM ereceipt_document WHERE signature IS NOT NULL"
        )
    )


def _claimed_to_sign(shop: InvoiceShop) -> int:
    return shop.db.value(
        "SELECT count(*) FROM ereceipt_document "
        "WHERE state = 'to_sign' AND lease_token IS NOT NULL"
    )
