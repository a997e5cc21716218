"""Tokens, their claims, and errors in all their shapes."""

from __future__ import annotations

import json

import pytest
from crooked_server import response
from eta_samples import RIN, SERIAL
from hypothesis import given
from hypothesis import strategies as st
from service_kit import (
    JSON,
    jwt,
)

from fiscal.contract import (
    AuthenticationError,
    Status,
    TransientError,
)
from fiscal.eg_eta.errors import parse_error, problems_of
from fiscal.eg_eta.probing import read_claims
from fiscal.transport import TOKENS, Answer

# -- tokens ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error", "code"),
    [
        (
            "400 Bad",
            {"error": "invalid_presharedkey", "error_description": "d"},
            AuthenticationError,
            "invalid_presharedkey",
        ),
        ("400 Bad", {"error": "brand_new"}, AuthenticationError, "brand_new"),
        ("401 No", {"error": "invalid_client"}, AuthenticationError, "invalid_client"),
        ("400 Bad", b"", AuthenticationError, ""),
        ("404 No", b"", TransientError, None),
        ("500 No", {"error": "invalid_client"}, TransientError, None),
        ("200 OK", {}, TransientError, None),
        ("200 OK", {"access_token": ""}, TransientError, None),
        ("200 OK", {"access_token": 5}, TransientError, None),
        ("200 OK", {"access_token": "x", "expires_in": "soon"}, TransientError, None),
        ("200 OK", b"[]", TransientError, None),
    ],
)
def test_answers_of_the_token_service(service, status, body, error, code):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    service.token = response(content, status)
    with pytest.raises(error) as caught:
        service.eta().last_uid()
    if code is not None:
        assert caught.value.code == code
    assert str(caught.value).count(". ") or str(caught.value).endswith(".")


def test_what_the_token_call_says_of_the_device(service):
    settings_ = {"os_version": "linux", "model_framework": "1"}
    credentials = {"client_id": "c i", "client_secret": "s&t", "presharedkey": "psk1"}
    service.eta(settings=settings_, credentials=credentials).query([])
    service.eta(settings=settings_, credentials=credentials).last_uid()
    (request,) = service.forms
    head, _end, form = request.partition(b"\r\n\r\n")
    assert form == b"grant_type=client_credentials&client_id=c+i&client_secret=s%26t"
    for line in (
        f"posserial: {SERIAL}",
        "pososversion: linux",
        "posmodelframework: 1",
        "presharedkey: psk1",
    ):
        assert line.encode() in head
    TOKENS.clear()
    service.eta(settings={"channel": "erp"}).last_uid()
    assert b"pos" not in service.forms[1].split(b"\r\n", 1)[1].partition(b"\r\n\r\n")[0]
    TOKENS.clear()
    service.eta().last_uid()
    assert b"presharedkey" not in service.forms[2]
    assert b"posmodelframework" not in service.forms[2]


# -- claims and shapes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({}, None),
        ({"RIN": RIN, "PosSerial": SERIAL, "TaxProfTags": ["B2B", "B2C"]}, None),
        ({"TaxProfTags": "B2B,B2C"}, None),
        ({"TaxProfTags": "B2B"}, "probe_not_b2c"),
        ({"TaxProfTags": []}, "probe_not_b2c"),
        ({"rin": "313717919"}, "probe_other_company"),
        ({"RIN": int(RIN)}, None),
        ({"posserial": "OTHER"}, "probe_other_device"),
    ],
)
def test_claims_are_read_and_not_trusted(service, claims, code):
    token = json.dumps({"access_token": jwt(**claims), "expires_in": 9}).encode()
    service.token = response(token)
    service.answers["/api/v1/receipts/recent"] = response(b'{"receipts":[]}')
    codes = [problem.code for problem in service.eta().probe()]
    assert codes == ([code] if code else [])


@given(st.text() | st.text("abc.=-_", max_size=20))
def test_any_token_has_claims_or_none(token):
    assert isinstance(read_claims(token), dict)


@given(JSON)
def test_any_error_is_read(body):
    parse_error(Answer(400, {}, json.dumps(body).encode()))
    for problem in problems_of(body):
        assert problem.text == problem.message


def test_a_flood_of_errors_is_cut():
    flood = {"code": "x", "message": "m"}
    for _ in range(200):
        flood = {"code": "x", "message": "m", "details": [flood]}
    assert len(problems_of(flood)) <= 100
    assert len(problems_of([{"code": str(n)} for n in range(1000)])) == 100


def test_statuses_are_those_of_the_contract():
    assert Status("valid") is Status.VALID
