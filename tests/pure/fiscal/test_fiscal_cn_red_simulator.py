"""Red letters from the credit note to the files, at the strict simulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from cn_kit import SERVICE, codes, line, order_of, receipt
from cn_rig import EVERYTHING

from fiscal.contract import AmbiguousError, Original, Status


def reds(desk, blue, *lines, base=None, **changes):
    base = base or EVERYTHING
    values = {
        "kind": "return",
        "original": Original(blue.uid),
        "lines": lines or base.lines,
        "document_type": base.document_type,
        "buyer": base.buyer,
        "data": {} if lines else {"scope": "full"},
    }
    chosen = lines or base.lines
    values["total"] = sum((one.total for one in chosen), Decimal(0))
    return desk.issue(receipt(), **{**values, **changes})


def test_taken_back_at_once(desk):
    blue = desk.issued(EVERYTHING)
    red = reds(desk, blue)
    assert desk.submit(red).status is Status.ACCEPTED, desk.why()
    assert desk.query(red).status is Status.PENDING
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID, outcome
    assert outcome.warnings == ()
    assert outcome.authority_ids["red_state"] == "01"
    (theirs,) = desk.control.invoices(order_of(red))
    assert theirs["number"] == outcome.uid
    assert Decimal(theirs["incl"]) == -EVERYTHING.total
    files = desk.own.fetch_files(replace(red, uid=outcome.uid))
    assert [one.problems for one in files] == [()] * len(files)
    again = reds(desk, blue)
    outcome = desk.submit(again)
    assert codes(outcome.errors) == ["E9103"]


def test_taken_back_in_parts(desk):
    blue = desk.issued(EVERYTHING)
    # lines 1 and 2 are the discounted one and its discount
    part = line(
        "95.00",
        quantity=Decimal(1),
        unit_name="台",
        data={"blue_line": 1, "spec": "T-1"},
    )
    service = line(
        "20.00",
        "6",
        description="测试服务",
        item_code=SERVICE,
        data={"blue_line": 3, "amount_only": True},
    )
    red = reds(desk, blue, part, service, reason="04")
    assert desk.submit(red).status is Status.ACCEPTED, desk.why()
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID
    assert outcome.warnings == ()
    (theirs,) = desk.control.invoices(order_of(red))
    assert Decimal(theirs["incl"]) == -(part.total + service.total)


def waiting(desk):
    """A red letter that waits for its buyer, who has used the fapiao."""
    base = receipt(document_type="81")
    blue = desk.issued(base)
    desk.control.use(blue.uid)
    red = reds(desk, blue, base=base)
    desk.submit(red)
    outcome = desk.settled(red)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_state"] == "02"
    return red, outcome.authority_ids["bill_id"]


def test_the_buyer_agrees(desk):
    red, bill = waiting(desk)
    desk.control.buyer(bill, True)
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID
    assert outcome.authority_ids["red_state"] == "04"


def test_a_state_that_has_to_be_asked_for(desk):
    desk.control.settings(red_needs_refresh=True)
    red, bill = waiting(desk)
    desk.control.buyer(bill, True)
    assert desk.settled(red).authority_ids["red_state"] == "02"
    assert desk.settled(red).status is Status.VALID


def test_the_buyer_refuses(desk):
    red, bill = waiting(desk)
    desk.control.buyer(bill, False)
    outcome = desk.settled(red)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_05"]


def test_the_buyer_does_nothing(desk):
    red, _bill = waiting(desk)
    desk.later(hours=71)
    assert desk.query(red).status is Status.PENDING
    desk.later(hours=2)
    outcome = desk.query(red)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_07"]


def test_withdrawn(desk):
    red, _bill = waiting(desk)
    outcome = desk.own.red_letters().withdraw(red)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_request"] == "01"
    outcome = desk.settled(red)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_08"]


def test_a_withdrawal_that_fails(desk):
    red, _bill = waiting(desk)
    desk.control.fault("red", "red_request_fails", times=1)
    desk.own.red_letters().withdraw(red)
    outcome = desk.settled(red)
    assert outcome.status is Status.PENDING
    assert codes(outcome.warnings) == ["red_request_failed"]


def test_the_bureau_does_not_take_it(desk):
    desk.control.fault("red", "red_fails", times=1, message="原因")
    red = reds(desk, desk.issued(EVERYTHING))
    desk.submit(red)
    outcome = desk.settled(red)
    assert codes(outcome.errors) == ["red_16"]
    assert "原因" in outcome.errors[0].text


def test_a_lost_answer_about_a_red_letter(desk):
    red = reds(desk, desk.issued(EVERYTHING))
    assert desk.query(red).status is Status.ABSENT
    desk.control.fault("saveInvoiceRedConfirm", "drop_after", times=1)
    with pytest.raises(AmbiguousError):
        desk.submit(red)
    assert desk.settled(red).status is Status.VALID
    assert len(desk.control.confirmations()) == 1


def test_what_a_buyer_asks_for(desk):
    blue = desk.issued(receipt(document_type="81"))
    bill = desk.control.buyer_applies(blue.uid, reason="1")
    desk.control.settle()
    letters = desk.own.red_letters()
    now = desk.now()
    found = list(letters.requests(now - timedelta(days=89), now, "03"))
    (request,) = found
    assert (request.bill_id, request.by_buyer) == (bill, True)
    letters.confirm(request, True, order_no="RED-1")
    desk.control.settle()
    (red,) = desk.control.invoices("RED-1")
    assert Decimal(red["incl"]) == Decimal("-226.00")


def test_an_automatic_one_that_was_not(desk):
    desk.control.settings(automatic_red=False)
    red = reds(desk, desk.issued(EVERYTHING))
    desk.submit(red)
    assert desk.settled(red).status is Status.PENDING
    assert desk.own.red_letters().issue(red).status is Status.ACCEPTED
    assert desk.settled(red).status is Status.VALID


def test_what_is_taken_back_bit_by_bit(desk):
    """The lines are found by the kept documents, until nothing is left."""
    blue = desk.issued(EVERYTHING)
    kept = []
    for count in (2, 1, 3):
        start = sum(one.count(b'"nature"') for one in kept)
        lines = EVERYTHING.lines[start : start + count]
        values = {
            **{"kind": "return", "original": Original(blue.uid), "data": {}},
            **{"lines": lines, "total": sum(one.total for one in lines)},
        }
        named = desk.own.refer(replace(EVERYTHING, **values), blue.content, kept)
        red = desk.issued(named)
        kept.append(red.content)
    whole = desk.own.refer(
        replace(EVERYTHING, kind="return", original=Original(blue.uid), data={}),
        blue.content,
        kept,
    )
    assert not any(one.data.get("blue_line") for one in whole.lines)
