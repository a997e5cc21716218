"""What an agent and Odoo believe each other, and how they come to a secret."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from agent_kit import ISSUER, invoice
from signing_kit import DOCUMENT, TEXT

from fiscal.contract import Problem
from fiscal.signing import agent_protocol
from fiscal.signing.agent_documents import read_document
from fiscal.signing.agent_messages import (
    MOST_BYTES,
    SKEW,
    Message,
    NotAuthentic,
    answer,
    refusal,
    request,
    verify_answer,
    verify_request,
)
from fiscal.signing.agent_pairing import (
    ATTEMPTS,
    GOOD_FOR,
    Exchange,
    read_code,
    start_pairing,
)
from fiscal.signing.agent_protocol import POLL, RESULT, Job, Report, Result

NOW = datetime(2026, 8, 3, 12, 30, tzinfo=timezone.utc)
SECRET = bytes(range(32))
ASKED = request(POLL, {"a": 1}, "a1", SECRET, NOW)


def refused(code, call, *arguments):
    with pytest.raises(NotAuthentic) as caught:
        call(*arguments)
    assert caught.value.code == code
    return caught.value.sender_known


# -- messages --------------------------------------------------------------------------


def test_a_request_is_believed():
    verify_request(ASKED, SECRET, NOW + SKEW)
    verify_request(ASKED, SECRET, NOW - SKEW)
    assert ASKED.json() == {"a": 1} and ASKED.agent == "a1"


def test_no_two_requests_are_the_same():
    again = request(POLL, {"a": 1}, "a1", SECRET, NOW)
    assert again.nonce != ASKED.nonce


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"path": RESULT},
        {"body": b'{"a": 2}'},
        {"headers": {**ASKED.headers, "x-ereceipt-agent": "a2"}},
        {"headers": {**ASKED.headers, "x-ereceipt-nonce": "0" * 32}},
        {"headers": {**ASKED.headers, "x-ereceipt-time": "1785760201"}},
        {"headers": {**ASKED.headers, "x-ereceipt-mac": "0" * 64}},
    ],
)
def test_a_changed_request_is_not(change):
    assert not refused("mac", verify_request, replace(ASKED, **change), SECRET, NOW)


def test_another_secret_is_not_ours():
    assert not refused("mac", verify_request, ASKED, bytes(32), NOW)


@pytest.mark.parametrize("name", list(ASKED.headers))
@pytest.mark.parametrize("value", [None, "", "x y", "٣", "1\n2", "9" * 99])
def test_headers_of_another_form_are_none(name, value):
    headers = {**ASKED.headers, name: value}
    if value is None:
        del headers[name]
    refused("unsigned", verify_request, replace(ASKED, headers=headers), SECRET, NOW)


@pytest.mark.parametrize("apart", [SKEW, -SKEW])
def test_an_old_or_early_request_is_refused(apart):
    late = NOW + apart * 1.01
    assert refused("clock", verify_request, ASKED, SECRET, late)


def test_an_answer_belongs_to_its_question():
    said = answer(ASKED, 200, {"ok": 1}, SECRET, NOW)
    verify_answer(said, ASKED, SECRET)
    other = request(POLL, {"a": 1}, "a1", SECRET, NOW)
    refused("mac", verify_answer, said, other, SECRET)
    for change in ({"method": "401"}, {"body": b"{}"}, {"path": RESULT}):
        refused("mac", verify_answer, replace(said, **change), ASKED, SECRET)
    refused("mac", verify_answer, said, ASKED, bytes(32))


def test_a_question_is_no_answer():
    """Nobody can send us our own messages back."""
    refused("mac", verify_answer, replace(ASKED, method="200"), ASKED, SECRET)
    said = answer(ASKED, 200, {}, SECRET, NOW)
    refused("mac", verify_request, replace(said, method="POST"), SECRET, NOW)


def test_strangers_get_an_answer_that_proves_nothing():
    refused("unsigned", verify_answer, refusal(ASKED, 401, "mac"), ASKED, SECRET)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'"x"', b"\xff", b"[" * 100_000, b" " * (MOST_BYTES + 1)]
)
def test_bodies_that_are_no_small_objects(body):
    with pytest.raises(ValueError, match="."):
        Message("POST", POLL, {}, body).json()


# -- what they say ---------------------------------------------------------------------

PROBLEM = Problem("token_absent", "The token %(token)s is away.", values={"token": "x"})


def through_json(value):
    return type(value).load(json.loads(json.dumps(value.dump())))


def test_values_survive():
    report = Report((b"der",), PROBLEM, ("eg_invoice",), True, False, 12.0)
    assert through_json(report) == report and not report.ready
    assert through_json(Report()).ready
    assert through_json(Report(wait=1e9)).wait == agent_protocol.LONGEST_WAIT
    job = Job("1", "lease", 120.0, "eg_invoice", DOCUMENT)
    assert through_json(job) == job
    assert through_json(Result("1", "l", b"cms")) == Result("1", "l", b"cms")
    assert through_json(Result("1", "l", refusal=PROBLEM)).refusal == PROBLEM


PLACES = {"code": "x", "message": "%(z)s", "values": {"z": 1}}
JOB = Job("1", "lease", 120.0, "eg_invoice", DOCUMENT).dump()


@pytest.mark.parametrize(
    ("load", "body"),
    [
        (Job.load, {**JOB, "document": ""}),
        (Job.load, {**JOB, "document": "*"}),
        (Job.load, {**JOB, "document": 5}),
        (Job.load, {**JOB, "id": ""}),
        (Job.load, {**JOB, "id": "x" * 65}),
        (Job.load, {**JOB, "seconds": True}),
        (Job.load, {k: v for k, v in JOB.items() if k != "document"}),
        (Job.load, {**JOB, "document": "A" * 1_500_000}),
        (Job.load, []),
        (Report.load, {"wait": "x"}),
        (Report.load, {"certificates": "x"}),
        (Report.load, {"certificates": ["AA=="] * 6}),
        (Report.load, {"formats": [1]}),
        (Report.load, {"problem": []}),
        (
            Report.load,
            {"problem": {"code": "x", "message": "%(y)s", "values": {"z": 1}}},
        ),
        (Report.load, {"problem": {"code": "x", "message": "%d", "values": {"z": 1}}}),
        (Result.load, {"job": "1", "lease": "l"}),
        (Result.load, {"job": "1", "lease": "l", "signature": "A" * 100_000}),
        (Result.load, {"job": 1, "lease": "l", "signature": "AA=="}),
    ],
)
def test_what_is_malformed_is_refused(load, body):
    with pytest.raises(ValueError, match="."):
        load(body)


# -- pairing ---------------------------------------------------------------------------


def test_a_code_as_people_write_it():
    code, pairing = start_pairing("egypt", NOW)
    assert len(code) == 16 and code[:4] == pairing.id
    for written in (code, code.lower(), code.replace("-", " "), code.replace("-", "")):
        assert read_code(written) == (pairing.id, pairing.key)
    swapped = code.replace("0", "O").replace("1", "l")
    assert read_code(swapped) == (pairing.id, pairing.key)
    assert code[5:].replace("-", "") not in repr(pairing)


@pytest.mark.parametrize("code", ["", "K7QF", "K7QF-9M2XW-4HTR", "K7QF-9M2XW-4HTRU"])
def test_what_is_no_code(code):
    with pytest.raises(ValueError, match="XXXX"):
        read_code(code)


def test_a_pairing_ends():
    _code, pairing = start_pairing("egypt", NOW)
    assert pairing.is_open(NOW + GOOD_FOR)
    assert not pairing.is_open(NOW + GOOD_FOR + timedelta(seconds=1))
    for _try in range(ATTEMPTS):
        assert pairing.is_open(NOW)
        pairing = pairing.failed()
    assert not pairing.is_open(NOW)


def test_both_come_to_the_same_secret():
    agent, odoo = Exchange(), Exchange()
    ours = agent.secret(odoo.public, b"code", agent.public)
    theirs = odoo.secret(agent.public, b"code", agent.public)
    assert ours == theirs and len(ours) == 32
    assert agent.secret(odoo.public, b"other", agent.public) != ours
    assert Exchange().secret(odoo.public, b"code", agent.public) != ours


@pytest.mark.parametrize("key", [b"", bytes(31), bytes(32)])
def test_keys_that_are_none(key):
    with pytest.raises(ValueError, match="."):
        Exchange().secret(key, b"code", key)


# -- documents -------------------------------------------------------------------------


def test_a_document_is_shown_and_its_text_made():
    readable = read_document("eg_invoice", DOCUMENT)
    assert readable.text == TEXT
    shown = readable.shown
    assert (shown.number, shown.kind, shown.issuer_rin) == ("IID1", "I", ISSUER)
    assert (shown.total, shown.buyer) == ("5191.50", "Receiver 313717919")
    assert shown.issued_at == "2020-10-27T23:59:59Z"
    assert len(shown.digest) == 64


def test_numbers_are_shown_as_they_are_signed():
    written = DOCUMENT.replace(b'"totalAmount": 5191.50', b'"totalAmount": 5.19150E3')
    assert written != DOCUMENT
    assert read_document("eg_invoice", written).shown.total == "5.19150E3"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        DOCUMENT[:-2],
        DOCUMENT.replace(b'"internalID"', b'"internal"'),
        DOCUMENT.replace(b'"internalID": "IID1"', b'"internalID": ["IID1"]'),
        # said twice: one would be shown, both are signed
        DOCUMENT.replace(b'"internalID"', b'"totalAmount": 1, "internalID"'),
        DOCUMENT.replace(b'"internalID"', b'"TOTALAMOUNT": 1, "internalID"'),
        DOCUMENT.replace(b'"type": "B"', b'"id": "1", "type": "B"', 1),
        DOCUMENT.replace(b'"internalID"', b'"signatures": [], "internalID"'),
        b'{"issuer":' * 100_000,
    ],
)
def test_documents_that_are_not_signed(document):
    assert document != DOCUMENT
    with pytest.raises(ValueError, match="."):
        read_document("eg_invoice", document)


def test_a_form_that_is_not_known():
    with pytest.raises(ValueError, match="not known"):
        read_document("xx_digest", b"\x00" * 32)
    assert read_document("eg_invoice", invoice("X9")).shown.number == "X9"
