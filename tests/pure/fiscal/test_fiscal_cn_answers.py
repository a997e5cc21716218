"""What becomes of a document by what the provider answers, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from cn_kit import (
    BLUE,
    KEY,
    NOW,
    RED,
    SECRET,
    SELLER,
    Provider,
    authority,
    back,
    codes,
    document,
    line,
    order_of,
    receipt,
    row,
)
from crooked_server import response

from fiscal.cn_nuonuo.callbacks import MOST_BYTES, read_hint
from fiscal.cn_nuonuo.error_catalogue import CALLS, CAUSES, HELD, RED_STATES
from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    FiscalError,
    Status,
    TransientError,
)


@pytest.fixture
def provider():
    with Provider() as made:
        yield made


def submit(provider, made=None):
    own = provider.authority()
    (outcome,) = own.submit(own.envelope([made or document()]))
    return outcome


def query(provider, *documents):
    return provider.authority().query(documents or [document()])


# -- the call itself ------------------------------------------------------------------


def test_a_call_is_signed_and_stamped(provider):
    provider.told("requestBillingNew", {"invoiceSerialNum": "S1"})
    submit(provider)
    submit(provider)
    (path, head, body), (again, _head, _body) = provider.heads
    given = {name: one[0] for name, one in parse_qs(urlsplit(path).query).items()}
    assert given["appkey"] == KEY
    assert len(given["senid"]) == 32 and given["senid"].isalnum()
    assert len(given["nonce"]) == 8 and given["nonce"][0] != "0"
    assert given["timestamp"] == str(int(NOW.timestamp()))
    text = (
        f"a=services&l=v1&p=open&k={KEY}&i={given['senid']}&n={given['nonce']}"
        f"&t={given['timestamp']}&f="
    ).encode() + body
    digest = hmac.new(SECRET.encode(), text, hashlib.sha1).digest()
    assert head["X-Nuonuo-Sign"] == base64.b64encode(digest).decode()
    assert head["method"] == "nuonuo.OpeMplatform.requestBillingNew"
    assert (head["accessToken"], head["userTax"]) == ("token-1", SELLER)
    assert head["Content-Type"] == "application/json"
    assert again != path
    assert len(provider.forms) == 1


def test_nothing_secret_is_recorded(provider):
    provider.told("requestBillingNew", {"invoiceSerialNum": "S1"})
    submit(provider)
    seen = repr(provider.exchanges)
    assert {one.purpose for one in provider.exchanges} == {"token", "submit"}
    for secret in (SECRET, "token-1", KEY):
        assert secret not in seen


# -- issuing --------------------------------------------------------------------------


def test_accepted(provider):
    provider.told("requestBillingNew", {"invoiceSerialNum": "S1"})
    made = document()
    outcome = submit(provider, made)
    assert (outcome.status, outcome.uid) == (Status.ACCEPTED, "")
    assert outcome.authority_ids == {"order": order_of(made), "serial": "S1"}


def test_duplicate(provider):
    provider.told("requestBillingNew", code="E9106", words="订单编号不能重复")
    assert submit(provider).status is Status.DUPLICATE


REFUSALS = [
    code
    for code, known in CALLS.items()
    if known.handling == "permanent" and code != "E9106"
]


@pytest.mark.parametrize("code", [*REFUSALS, "E1234", "X"])
def test_refused(provider, code):
    provider.told("requestBillingNew", code=code, words="<b>说明</b>\n原因")
    outcome = submit(provider)
    assert outcome.status is Status.INVALID
    (error,) = outcome.errors
    assert error.code == code
    assert f"{code} 说明 原因" in error.text
    cure = authority().cure(code)
    assert (cure is None) is (code in ("E1234", "X"))
    assert cure is None or cure.message in error.text


@pytest.mark.parametrize(
    "code", ["E9301", "E9302", "E9338", "070101", "070601", "070999"]
)
def test_refused_for_all(provider, code):
    provider.told("requestBillingNew", code=code)
    with pytest.raises(AuthenticationError) as caught:
        submit(provider)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "answer",
    [
        {"code": "E4000", "describe": "调用失败"},
        response(b"not json"),
        response(b"[1]"),
        response(b"{}"),
        response(b"{}", "502 Bad Gateway"),
    ],
)
def test_not_known_whether_it_was_taken(provider, answer):
    provider.answers["requestBillingNew"] = answer
    with pytest.raises(AmbiguousError):
        submit(provider)


def test_a_call_that_failed_may_be_refused(provider):
    provider.told("requestBillingNew", code="E4000", words="参数")
    own = provider.authority(settings={"failed_call": "refused"})
    (outcome,) = own.submit(own.envelope([document()]))
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["E4000"]


def test_a_login_page_is_no_answer(provider):
    page = response(b"<html>", media_type="text/html")
    provider.answers["requestBillingNew"] = page
    with pytest.raises(TransientError):
        submit(provider)


@pytest.mark.parametrize("answer", [response(b"{}", "404 Not Found"), response(b"x")])
def test_a_question_without_an_answer(provider, answer):
    provider.answers["queryInvoiceResult"] = answer
    with pytest.raises(TransientError):
        query(provider)


# -- what became of it ----------------------------------------------------------------


def found(provider, *rows, made=None):
    made = made or document()
    provider.told("queryInvoiceResult", [row(order_of(made), **one) for one in rows])
    (outcome,) = query(provider, made)
    return outcome


def test_issued(provider):
    outcome = found(provider, {})
    assert (outcome.status, outcome.uid) == (Status.VALID, BLUE)
    assert outcome.warnings == ()
    assert outcome.authority_ids["number"] == BLUE
    assert outcome.authority_ids["qr"].startswith(f"01,32,,{BLUE}")
    assert outcome.authority_ids["issued_at"] == "2026-10-01T01:30:05+00:00"


@pytest.mark.parametrize("status", ["20", "21", "7", ""])
def test_not_decided(provider, status):
    outcome = found(provider, {"status": status})
    assert outcome.status is Status.PENDING


@pytest.mark.parametrize(
    ("status", "expected"), [("3", Status.CANCELLED), ("31", Status.CANCELLING)]
)
def test_voided(provider, status, expected):
    assert found(provider, {"status": status}).status is expected


def test_issued_without_files(provider):
    outcome = found(provider, {"status": "24"})
    assert outcome.status is Status.VALID
    assert codes(outcome.warnings) == ["layout_failed"]


def test_issued_without_a_number(provider):
    outcome = found(provider, {"invoiceNo": "1", "allElectronicInvoiceNumber": ""})
    assert outcome.status is Status.PENDING
    assert codes(outcome.warnings) == ["number_missing"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("授信额度不足", "credit_line"),
        ("剩余额度不足，无法开票", "credit_line"),
        ("全电账号未登录，请先登录", "not_logged_in"),
        ("电子税局登录失效", "not_logged_in"),
        ("需要进行实人认证", "person_check"),
        ("购方税号有误", "issue_failed"),
    ],
)
def test_failed(provider, words, code):
    outcome = found(provider, {"status": "22", "failCause": words})
    assert (outcome.status, outcome.uid) == (Status.INVALID, "")
    (error,) = outcome.errors
    assert error.code == code
    assert words in error.text and CAUSES[code].message in error.text
    assert (code in HELD) is (code != "issue_failed")


def test_another_qr_is_not_taken(provider):
    for text in ("", "x", f"01,32,,{RED},226.00,20261001,,0000"):
        outcome = found(provider, {"qrCode": text})
        assert "qr" not in outcome.authority_ids


def test_an_amount_that_differs(provider):
    outcome = found(provider, {"orderAmount": "226.01", "taxAmount": "26.01"})
    assert outcome.status is Status.VALID
    assert codes(outcome.warnings) == ["amount_differs"] * 2
    assert "226.01 CNY" in outcome.warnings[0].text


SPLIT = (
    {"orderAmount": "113.00", "taxAmount": "13.00", "serialNo": "A"},
    {
        **{"orderAmount": "113.00", "taxAmount": "13.00", "serialNo": "B"},
        **{"invoiceNo": RED, "allElectronicInvoiceNumber": RED},
    },
)


def test_split(provider):
    outcome = found(provider, *reversed(SPLIT))
    assert (outcome.status, outcome.uid) == (Status.VALID, BLUE)
    ids = outcome.authority_ids
    assert (ids["numbers"], ids["serials"]) == (f"{BLUE},{RED}", "A,B")
    assert ids["totals"] == "113.00,113.00"
    assert outcome.warnings == ()


def test_split_with_another_sum(provider):
    outcome = found(provider, SPLIT[0], {**SPLIT[1], "orderAmount": "112.00"})
    assert codes(outcome.warnings) == ["amount_differs"]


def test_split_and_partly_failed(provider):
    """What is partly issued must not be issued anew."""
    outcome = found(provider, SPLIT[0], {"status": "22", "failCause": "购方税号有误"})
    assert (outcome.status, outcome.uid) == (Status.PENDING, BLUE)
    assert codes(outcome.warnings) == ["split_partly_failed"]
    assert outcome.errors == ()


def test_split_and_partly_held(provider):
    """A person mends it, and then the rest is tried again by itself."""
    failed = {"status": "22", "failCause": "授信额度不足"}
    outcome = found(provider, SPLIT[0], failed)
    assert (outcome.status, outcome.uid) == (Status.PENDING, BLUE)
    assert (codes(outcome.errors), outcome.warnings) == (["credit_line"], ())
    outcome = found(provider, SPLIT[0], failed, {"status": "20"})
    assert (outcome.status, outcome.errors) == (Status.PENDING, ())


def test_absent(provider):
    provider.told("queryInvoiceResult", code="E9500", words="查询失败")
    assert query(provider)[0].status is Status.ABSENT
    provider.told("queryInvoiceResult", [])
    assert query(provider)[0].status is Status.ABSENT
    provider.told("queryInvoiceResult", [row("another")])
    assert query(provider)[0].status is Status.ABSENT


@pytest.mark.parametrize("code", ["E9601", "E4000"])
def test_the_question_failed(provider, code):
    provider.told("queryInvoiceResult", code=code)
    with pytest.raises(TransientError):
        query(provider)


def test_the_question_was_refused(provider):
    provider.told("queryInvoiceResult", code="E9611")
    with pytest.raises(AuthorityError) as caught:
        query(provider)
    assert caught.value.code == "E9611"


def many(count):
    return [document(receipt(number=f"N{key}"), key=key) for key in range(count)]


def test_fifty_at_once(provider):
    documents = many(120)
    provider.told("queryInvoiceResult", [row(order_of(one)) for one in documents])
    outcomes = query(provider, *documents)
    assert [one.key for one in outcomes] == list(range(120))
    assert {one.status for one in outcomes} == {Status.VALID}
    asked = [body["orderNos"] for _method, body in provider.calls]
    assert sorted(map(len, asked)) == [20, 50, 50]
    assert sorted(sum(asked, [])) == sorted(map(order_of, documents))


def test_one_that_is_not_known_hides_no_other(provider):
    """E9500 does not tell whether one is not known, or none."""
    documents = many(5)
    known = {order_of(one) for one in documents[:4]}
    provider.answers["queryInvoiceResult"] = None

    def answer(path, named, body):
        orders = json.loads(body)["orderNos"]
        told = (
            {"code": "E0000", "result": [row(one) for one in orders]}
            if known.issuperset(orders)
            else {"code": "E9500", "describe": "?"}
        )
        return response(json.dumps(told).encode())

    provider._answer = answer
    statuses = [one.status for one in query(provider, *documents)]
    assert statuses == [Status.VALID] * 4 + [Status.ABSENT]


# -- red letters ----------------------------------------------------------------------


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


# -- more calls -----------------------------------------------------------------------


def test_nothing_is_cancelled():
    with pytest.raises(AuthorityError) as caught:
        authority().cancel(document(), "why")
    assert "red letter" in str(caught.value)
    with pytest.raises(AuthorityError):
        authority().decline(document())


def test_trying_again(provider):
    provider.told("reInvoice", "ok")
    made = document()
    assert provider.authority().re_invoice(made).status is Status.ACCEPTED
    assert provider.calls == [("reInvoice", {"orderno": order_of(made)})]
    provider.told("reInvoice", code="E9613")
    with pytest.raises(AuthorityError) as caught:
        provider.authority().re_invoice(made)
    assert caught.value.code == "E9613"


def test_delivering_again(provider):
    own = provider.authority()
    issued = document(uid=BLUE)
    provider.told("deliveryInvoice")
    own.deliver(issued, email="a@example.com")
    assert provider.calls[0][1] == {
        **{"taxnum": SELLER, "invoiceNum": BLUE, "mail": "a@example.com"},
    }
    for one, to in ((issued, {}), (document(), {"phone": "1"})):
        with pytest.raises(AuthorityError):
            own.deliver(one, **to)
    provider.told("deliveryInvoice", code="E9999")
    with pytest.raises(AuthorityError):
        own.deliver(issued, phone="13800000000")


def test_the_session(provider):
    provider.told(
        "getCreditLine",
        {"requestStatus": "1", "availableCreditLine": "9000.12", "message": "OK"},
    )
    session = provider.authority().session()
    credit = session.credit_line()
    assert (credit.available, credit.progress) == (Decimal("9000.12"), "done")
    provider.told("getCertificationStatus", {"certificationStatus": "1"})
    assert session.login().good and session.person().good
    provider.told("getQrCode", {"status": "1", "qrCodeType": "2", "qrCode": "q" * 900})
    code = session.qr("login")
    assert (code.progress, code.kind, len(code.text)) == ("done", "2", 900)
    session.refresh_qr("person")
    session.send_message()
    assert session.message_sent().progress == "done"
    provider.told("verifyComplete", {"status": "2", "message": "失败"})
    session.scanned()
    session.submit_message("123456")
    assert session.scan_result().progress == "failed"
    assert session.message_result().words == "失败"
    assert [(m, b["queryType"]) for m, b in provider.calls] == [
        *(("getCreditLine", "1"), ("getCertificationStatus", "2")),
        *(("getCertificationStatus", "1"), ("getQrCode", "3"), ("getQrCode", "0")),
        *(("getQrCode", "4"), ("getQrCode", "5"), ("verifyComplete", "0")),
        *(("verifyComplete", "2"), ("verifyComplete", "1"), ("verifyComplete", "3")),
    ]
    provider.told("getCreditLine", code="E9301")
    with pytest.raises(FiscalError):
        session.refresh_credit_line()


def test_probing(provider):
    provider.told("getCertificationStatus", {"certificationStatus": "1"})
    provider.told("getCreditLine", {"availableCreditLine": "1.00"})
    assert codes(provider.authority().probe()) == []
    provider.told("getCertificationStatus", {"certificationStatus": "0"})
    provider.told("getCreditLine", {"availableCreditLine": "0"})
    assert codes(provider.authority().probe()) == [
        *("probe_not_logged_in", "probe_credit_line"),
    ]
    provider.told("getCertificationStatus", code="070101")
    assert codes(provider.authority().probe()) == ["probe_api_070101"]


# -- call-backs -----------------------------------------------------------------------


def test_call_backs_of_red_letters():
    body = {"operater": "redConfirmCallback", "billId": "RC1", "billStatus": "04"}
    hint = read_hint(json.dumps(body).encode())
    assert (hint.topic, hint.bill_id, hint.status) == ("red", "RC1", "04")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"x" * (MOST_BYTES + 1), b"content=%7B", b'{"a":' * 9000],
)
def test_call_backs_that_make_no_sense(body):
    with pytest.raises(ValueError):
        read_hint(body)
