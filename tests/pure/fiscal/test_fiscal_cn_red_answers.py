"""What becomes of red letters by what the provider answers, over HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from cn_kit import (
    BLUE,
    NOW,
    RED,
    SELLER,
    back,
    codes,
    document,
    line,
    order_of,
    query,
    row,
    submit,
)

from fiscal.cn_nuonuo.error_catalogue import RED_STATES
from fiscal.contract import AuthorityError, Status


def red():
    return document(back(), key=6)


def request(made, state, **more):
    bill = json.loads(made.content)["red"]["request"]
    values = {
        **{"billId": bill, "billNo": "3101", "billUuid": "u" * 32},
        **{"billStatus": state, "billMessage": "", "requestStatus": ""},
        **{"openStatus": "0", "applySource": "0"},
    }
    return {"total": 1, "list": [{**values, **more}]}


def test_a_red_letter_is_asked_for(provider):
    provider.told("saveInvoiceRedConfirm", "RC1")
    made = red()
    outcome = submit(provider, made)
    assert outcome.status is Status.ACCEPTED
    method, body = provider.calls[0]
    assert (method, body["billId"]) == (
        "saveInvoiceRedConfirm",
        outcome.authority_ids["bill_id"],
    )
    assert body["orderNo"] == order_of(made)
    assert body["blueElecInvoiceNumber"] == BLUE
    assert "detail" not in body


def test_the_lines_of_a_part(provider):
    provider.told("saveInvoiceRedConfirm", "RC1")
    part = line("20.00", quantity=Decimal("0.5"), data={"blue_line": 3}, unit_name="台")
    submit(provider, document(back(part)))
    (detail,) = provider.calls[0][1]["detail"]
    assert detail == {
        **{"blueDetailIndex": "3", "goodsName": "测试设备", "unit": "台"},
        **{"num": "-0.5", "taxExcludedPrice": "40", "taxExcludedAmount": "-20.00"},
        **{"taxAmount": "-2.60", "taxRate": "0.13", "goodsCode": part.item_code},
    }


@pytest.mark.parametrize("state", ["02", "03", "15"])
def test_a_red_letter_waits(provider, state):
    made = red()
    provider.told("queryInvoiceRedConfirm", request(made, state))
    (outcome,) = query(provider, made)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_state"] == state
    assert outcome.authority_ids["bill_uuid"] == "u" * 32
    asked = [method for method, _body in provider.calls]
    assert asked[0] == "queryInvoiceRedConfirm"
    # which is refused here, and hinders nothing
    refreshed = ["refreshInvoiceRedConfirm"] if state in ("02", "03") else []
    assert asked[1:] == refreshed
    del provider.calls[:]
    provider.authority(settings={"red_refresh": False}).query([made])
    assert len(provider.calls) == 1


@pytest.mark.parametrize("state", [code.removeprefix("red_") for code in RED_STATES])
def test_a_red_letter_ends(provider, state):
    made = red()
    provider.told("queryInvoiceRedConfirm", request(made, state, billMessage="原因"))
    (outcome,) = query(provider, made)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == [f"red_{state}"]
    assert "原因" in outcome.errors[0].text


@pytest.mark.parametrize("state", ["01", "04"])
def test_a_red_letter_is_agreed_and_issued(provider, state):
    made = red()
    provider.told("queryInvoiceRedConfirm", request(made, state))
    provider.told("queryInvoiceResult", code="E9500")
    (outcome,) = query(provider, made)
    assert outcome.status is Status.PENDING
    issued = {
        **{"invoiceNo": RED, "allElectronicInvoiceNumber": RED, "qrCode": ""},
        **{"exTaxAmount": "-200.00", "taxAmount": "-26.00", "orderAmount": "-226.00"},
        "oldEleInvoiceNumber": BLUE,
    }
    provider.told("queryInvoiceResult", [row(order_of(made), **issued)])
    (outcome,) = query(provider, made)
    assert (outcome.status, outcome.uid) == (Status.VALID, RED)
    assert outcome.warnings == ()
    assert outcome.authority_ids["red_state"] == state
    other = {**issued, "oldEleInvoiceNumber": "2" * 20}
    provider.told("queryInvoiceResult", [row(order_of(made), **other)])
    assert codes(query(provider, made)[0].warnings) == ["other_blue"]


def test_a_red_letter_nobody_knows(provider):
    for result in (None, {"total": 0, "list": []}, request(red(), "02", billId="X")):
        provider.told("queryInvoiceRedConfirm", result)
        assert query(provider, red())[0].status is Status.ABSENT


@pytest.mark.parametrize("doing", ["02", "04"])
def test_a_withdrawal_that_failed(provider, doing):
    made = red()
    provider.told("queryInvoiceRedConfirm", request(made, "02", requestStatus=doing))
    (outcome,) = query(provider, made)
    assert codes(outcome.warnings) == ["red_request_failed"]
    assert outcome.authority_ids["red_request"] == doing


def test_withdrawing(provider):
    made = red()
    provider.told("confirmInfoCancel", None)
    provider.told("queryInvoiceRedConfirm", request(made, "02", requestStatus="01"))
    outcome = provider.authority().red_letters().withdraw(made)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_request"] == "01"
    assert provider.calls[0] == (
        "confirmInfoCancel",
        {"identity": "0", "billId": outcome.authority_ids["bill_id"]},
    )
    with pytest.raises(AuthorityError):
        provider.authority().red_letters().withdraw(document())


def test_what_buyers_ask_for(provider):
    made = red()
    provider.told("queryInvoiceRedConfirm", request(made, "03", applySource="1"))
    letters = provider.authority().red_letters()
    (one,) = letters.requests(NOW - timedelta(days=30), NOW, "03")
    assert one.by_buyer
    body = provider.calls[0][1]
    assert (body["billStatus"], body["identity"]) == ("03", "0")
    assert body["billTimeEnd"] == "2026-10-01 09:30:05"
    provider.told("confirm", None)
    letters.confirm(one, True, order_no="R1")
    assert provider.calls[-1][1] == {
        **{"identity": "0", "confirmAgreement": "1"},
        **{"billUuid": "u" * 32, "orderNo": "R1"},
    }


def test_issuing_an_agreed_one(provider):
    made = red()
    letters = provider.authority().red_letters()
    provider.told("queryInvoiceRedConfirm", request(made, "15", billNo="", billUuid=""))
    with pytest.raises(AuthorityError) as caught:
        letters.issue(made)
    assert caught.value.code == "red_not_agreed"
    provider.told("queryInvoiceRedConfirm", request(made, "04"))
    provider.told("fastInvoiceRed", {"invoiceSerialNum": "S9"})
    outcome = letters.issue(made)
    assert (outcome.status, outcome.authority_ids["serial"]) == (Status.ACCEPTED, "S9")
    body = provider.calls[-1][1]
    assert (body["billNo"], body["taxNum"], body["elecInvoiceNumber"]) == (
        *("3101", SELLER, BLUE),
    )
