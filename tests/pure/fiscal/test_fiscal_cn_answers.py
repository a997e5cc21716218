"""What becomes of a document by what the provider answers, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from cn_kit import (
    BLUE,
    KEY,
    NOW,
    RED,
    SECRET,
    SELLER,
    authority,
    codes,
    document,
    order_of,
    query,
    receipt,
    row,
    submit,
)
from crooked_server import response

from fiscal.cn_nuonuo.error_catalogue import CALLS, CAUSES, HELD
from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Status,
    TransientError,
)

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
    outcome = found(provider, SPLIT[0], {"status": "22", "failCause": "授信额度不足"})
    assert (outcome.status, outcome.uid) == (Status.PENDING, BLUE)
    assert codes(outcome.warnings) == ["split_partly_failed"]


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
