"""The gateway and the token endpoint: signature, replay, time, tokens, companies."""

import json
import time
from pathlib import Path

import pytest
import requests
from nuonuo_kit import (
    APPKEY,
    SECRET,
    SELLER,
    SUBSIDIARY,
    Erp,
    line,
    order,
    sign,
)

from simulator.cn_nuonuo import App
from simulator.cn_nuonuo.client import NuonuoControlClient
from simulator.server import running

VECTORS = Path(__file__).parent / "vectors" / "nuonuo"
BODY = {"orderNos": ["x"]}
LET_IN = "E9500"  # the call came through: there is no such order


def test_the_published_signature():
    known = json.loads((VECTORS / "signature_and_qr.json").read_text())
    (row,) = known["nuonuo"]["vectors"]
    names = ("secret", "appkey", "senid", "nonce", "timestamp")
    assert sign(*[row[name] for name in names], row["body"].encode()) == row["sign"]


def test_the_published_signature_is_taken():
    """The gateway itself computes what the live gateway did."""
    known = json.loads((VECTORS / "signature_and_qr.json").read_text())
    (row,) = known["nuonuo"]["vectors"]
    config = {
        "apps": [
            {"appkey": row["appkey"], "secret": row["secret"], "tax_numbers": [SELLER]}
        ],
        "companies": [{"tax_number": SELLER, "name": "a"}],
    }
    with running(App(config)) as url:
        query = {name: row[name] for name in ("senid", "nonce", "timestamp", "appkey")}
        answers = []
        for signature in (row["sign"], row["sign"].swapcase()):
            headers = {"Content-Type": "application/json", "X-Nuonuo-Sign": signature}
            answer = requests.post(
                f"{url}/open/v1/services",
                params=query,
                data=row["body"],
                headers=headers,
                timeout=10,
            )
            answers.append(answer.json()["code"])
    # past the signature, its senid is too short
    assert answers == ["070603", "070601"]


def test_the_signature_is_over_the_bytes_sent(seller):
    data = json.dumps(BODY).encode()
    assert seller.call("queryInvoiceResult", BODY).code == LET_IN
    for signed in (data + b" ", data.replace(b" ", b""), b""):
        reply = seller.call("queryInvoiceResult", None, data=data, signed=signed)
        assert reply.code == "070601"
    # a body that is no JSON is found out after the signature only
    reply = seller.call("queryInvoiceResult", None, data=b"{", signed=b"")
    assert reply.code == "070601"
    assert seller.call("queryInvoiceResult", None, data=b"{").code == "E4000"


CALLS = [
    ({"appkey": "OTHER"}, "070101"),
    ({"X-Nuonuo-Sign": "x"}, "070601"),
    ({"X-Nuonuo-Sign": None}, "070601"),
    ({"senid": "a" * 31}, "070603"),
    ({"senid": "é" * 32}, "070603"),
    ({"nonce": "01234567"}, "070603"),
    ({"nonce": "123456789"}, "070603"),
    ({"timestamp": "1700000000000"}, "070603"),
    ({"timestamp": "1700000000"}, "070604"),
    ({"Content-Type": "text/plain"}, "070602"),
    ({"token": "x"}, "070301"),
    ({"full_method": "nuonuo.OpeMplatform.nothing"}, "070102"),
    ({"full_method": "queryInvoiceResult"}, "070102"),
    ({"userTax": "91310000OTHER0000X"}, "E9302"),
    ({"userTax": None}, LET_IN),
    ({}, LET_IN),
]


@pytest.mark.parametrize(("change", "code"), CALLS)
def test_calls(seller, change, code):
    assert seller.call("queryInvoiceResult", BODY, **change).code == code


def test_a_replay_is_refused(nuonuo, seller):
    same = {"senid": "a" * 32, "timestamp": str(int(time.time()))}
    assert seller.call("queryInvoiceResult", BODY, **same).code == LET_IN
    assert seller.call("queryInvoiceResult", BODY, **same).code == "070605"
    assert seller.call("queryInvoiceResult", BODY, senid="b" * 32).code == LET_IN
    nuonuo.settings(replay="ignored")
    assert seller.call("queryInvoiceResult", BODY, **same).code == LET_IN


def test_the_window_of_time(nuonuo, seller):
    for offset, code in (
        (-590, LET_IN),
        (590, LET_IN),
        (-610, "070604"),
        (610, "070604"),
    ):
        seller.offset = offset
        assert seller.call("queryInvoiceResult", BODY).code == code
    nuonuo.settings(timestamp_window_seconds=0)
    assert seller.call("queryInvoiceResult", BODY).code == LET_IN


def test_codes_and_status_of_the_gateway_by_switch(nuonuo, seller):
    codes = nuonuo.settings()["gateway_codes"]
    nuonuo.settings(gateway_codes={**codes, "token": "999"}, gateway_error_status=401)
    reply = seller.call("queryInvoiceResult", BODY, token="x")
    assert (reply.status, reply.code) == (401, "999")
    nuonuo.settings(gateway_error_shape="error")
    reply = seller.call("queryInvoiceResult", BODY, token="x")
    assert reply.json["error"] == "999"
    assert seller.call("queryInvoiceResult", BODY).code == LET_IN


@pytest.mark.parametrize(
    "data",
    [b'{"orderNos": ["x"], "orderNos": ["y"]}', b"[]", b"\xff", b'{"a": NaN}'],
)
def test_bodies_with_a_trap(seller, data):
    assert seller.call("queryInvoiceResult", None, data=data).code == "E4000"


def test_companies(nuonuo, seller):
    made = order(salerTaxNum=SUBSIDIARY)
    assert seller.send(made).code == "E9302"
    nuonuo.register(apps=[{"appkey": APPKEY, "tax_numbers": [SELLER, SUBSIDIARY]}])
    assert seller.send(made).code == "E9302"  # userTax is another
    seller.user_tax = None
    assert seller.send(made).code == "E9301"
    nuonuo.register(companies=[{"tax_number": SUBSIDIARY, "name": "子公司"}])
    assert seller.send(made).code == "E0000"
    seller.user_tax = SUBSIDIARY
    assert seller.send(made).code == "E9106"
    assert seller.send(order()).code == "E9302"


def test_entitlement(nuonuo, seller):
    nuonuo.register(apps=[{"appkey": APPKEY, "methods": ["queryInvoiceResult"]}])
    assert seller.call("queryInvoiceResult", BODY).code == LET_IN
    assert seller.send(order()).code == "E9338"


# --- tokens ---------------------------------------------------------------------

TOKENS = [
    ({}, None),
    ({"client_id": "OTHER"}, "070304"),
    ({"client_secret": "OTHER"}, "070305"),
    ({"grant_type": "authorization_code"}, "070307"),
    ({"grant_type": "refresh_token", "refresh_token": "x"}, "070308"),
]


@pytest.mark.parametrize(("change", "code"), TOKENS)
def test_tokens(seller, change, code):
    answer = seller.token_call(**change)
    assert answer.get("error") == code
    assert bool(answer.get("access_token")) == (code is None)
    if code is None:
        assert answer["expires_in"] == 86400
        assert "refresh_token" not in answer


def test_the_form_of_a_token_call(nuonuo, nuonuo_url):
    body = {"client_id": APPKEY, "client_secret": SECRET}
    answer = requests.post(f"{nuonuo_url}/accessToken", json=body, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (200, "070315")
    nuonuo.settings(token_error_status=400)
    answer = requests.post(f"{nuonuo_url}/accessToken", json=body, timeout=10)
    assert answer.status_code == 400
    assert requests.get(f"{nuonuo_url}/accessToken", timeout=10).status_code == 405


def test_fifty_tokens_in_thirty_days(nuonuo, seller):
    for _call in range(50):
        assert "access_token" in seller.token_call()
    assert seller.token_call()["error"] == "070306"
    assert nuonuo.token_calls(APPKEY) == 50
    nuonuo.settings(clock_offset=29 * 86400)
    assert seller.token_call()["error"] == "070306"
    nuonuo.settings(clock_offset=31 * 86400)
    assert "access_token" in seller.token_call()
    assert nuonuo.token_calls(APPKEY) == 1


def test_refused_calls_count_by_switch(nuonuo, seller):
    nuonuo.settings(token_budget=1)
    for _call in range(3):
        seller.token_call()
    assert nuonuo.token_calls(APPKEY) == 1
    nuonuo.settings(token_budget_counts="all")
    seller.token_call()
    assert nuonuo.token_calls(APPKEY) == 2


def test_a_tokens_life(nuonuo, seller):
    nuonuo.settings(timestamp_window_seconds=0)
    assert seller.call("queryInvoiceResult", BODY).code == LET_IN
    nuonuo.settings(clock_offset=86300)
    assert seller.call("queryInvoiceResult", BODY).code == LET_IN
    nuonuo.settings(clock_offset=86500)
    assert seller.call("queryInvoiceResult", BODY).code == "070301"


def test_older_tokens(nuonuo, seller):
    old = seller.token
    seller.token_call()
    assert seller.call("queryInvoiceResult", BODY, token=old).code == LET_IN
    nuonuo.settings(old_tokens="revoked")
    fresh = seller.token_call()["access_token"]
    assert seller.call("queryInvoiceResult", BODY, token=old).code == "070301"
    assert seller.call("queryInvoiceResult", BODY, token=fresh).code == LET_IN
    nuonuo.revoke_tokens()
    assert seller.call("queryInvoiceResult", BODY, token=fresh).code == "070301"


def test_a_token_of_another_application(nuonuo, nuonuo_url, seller):
    app = {"appkey": "SIM00002", "secret": "b", "tax_numbers": [SELLER]}
    nuonuo.register(apps=[app])
    other = Erp(nuonuo_url, "SIM00002", "b")
    assert other.call("queryInvoiceResult", BODY).code == LET_IN
    assert other.call("queryInvoiceResult", BODY, token=seller.token).code == "070301"


@pytest.fixture
def isv(nuonuo, nuonuo_url):
    """A program for others."""
    nuonuo.register(apps=[{"appkey": "ISV00001", "secret": "c", "kind": "isv"}])
    return Erp(nuonuo_url, "ISV00001", "c")


def test_a_program_for_others(nuonuo, isv):
    assert isv.token_call()["error"] == "070307"
    code = nuonuo.authorize("ISV00001", SELLER)
    granted = {"grant_type": "authorization_code", "code": code}
    assert isv.token_call(**granted, taxNum=SUBSIDIARY)["error"] == "070308"
    assert isv.token_call(**granted, taxNum=SELLER)["error"] == "070308"  # used up
    granted["code"] = nuonuo.authorize("ISV00001", SELLER)
    answer = isv.token_call(**granted, taxNum=SELLER)
    isv.token = answer["access_token"]
    assert isv.send(order(line())).code == "E0000"
    assert isv.call("queryInvoiceResult", BODY, userTax=None).code == "070103"
    assert isv.call("queryInvoiceResult", BODY, userTax=SUBSIDIARY).code == "E9302"
    refresh = {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]}
    assert isv.token_call(**refresh)["error"] == "070304"  # it goes by userId
    again = isv.token_call(**refresh, client_id=answer["userId"])
    isv.token = again["access_token"]
    assert isv.call("queryInvoiceResult", BODY).code == LET_IN


def test_other_addresses(nuonuo_url):
    for path, status in (
        ("/", 404),
        ("/open/v1/services", 405),
        ("/files/x/1.pdf", 404),
    ):
        assert requests.get(nuonuo_url + path, timeout=10).status_code == status


def test_secrets_are_not_told(nuonuo_url, seller):
    assert seller.token
    control = NuonuoControlClient(nuonuo_url)
    shown = json.dumps([control.overview(), control.call("GET", "tokens")])
    assert SECRET not in shown
    assert seller.token not in shown
