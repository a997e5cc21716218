"""Receipts on their way through the real simulator: received, judged, lost, found."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from eta_rig import rig
from eta_samples import DEVICE, LINE, SERIAL, sale

from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Discount,
    Status,
    TransientError,
)
from fiscal.eg_eta import listing


@pytest.fixture
def till():
    with rig() as made:
        yield made


def test_a_receipt_is_received_and_then_valid(till):
    document = till.issue()
    (outcome,) = till.submit(document)
    assert (outcome.key, outcome.status) == (document.key, Status.ACCEPTED)
    assert outcome.uid == document.uid
    assert set(outcome.authority_ids) == {"submission", "long_id"}
    sent = replace(document, authority_ids=outcome.authority_ids)
    assert till.statuses([sent]) == ["pending"]
    till.control.settle()
    (outcome,) = till.eta.query([sent])
    assert outcome.status is Status.VALID
    assert outcome.authority_ids == sent.authority_ids
    assert [e.purpose for e in till.exchanges] == ["token", "submit", "query", "query"]
    assert all(exchange.outcome == "ok" for exchange in till.exchanges)


def test_the_frozen_bytes_travel_unchanged(till):
    documents = [till.issue(), till.issue()]
    till.submit(*documents)
    rows = till.control.receipts(raw=True)
    assert [row["raw"].encode() for row in rows] == [d.content for d in documents]
    (exchange,) = [e for e in till.exchanges if e.purpose == "submit"]
    assert exchange.request_body == b'{"receipts":[%s,%s]}' % (
        documents[0].content,
        documents[1].content,
    )
    assert exchange.keys == tuple(document.key for document in documents)


@pytest.mark.parametrize("spelling", ["submissionId", "submissionUUID", "both"])
def test_both_spellings_of_the_submission_are_known(till, spelling):
    till.control.settings(id_spelling=spelling)
    (sent,) = till.accepted(till.issue())
    till.control.settle()
    assert till.statuses([sent]) == ["valid"]
    assert till.calls("query") == 1


def test_a_signature_without_value_is_accepted(till):
    till.eta = till.authority(settings={"empty_signatures": True, "read_pause": 0})
    document = till.issue()
    envelope = till.eta.envelope([document])
    assert envelope.content.endswith(
        b'],"signatures":[{"signatureType":"I","value":""}]}'
    )
    assert till.submit(document)[0].status is Status.ACCEPTED


def test_many_receipts_have_a_verdict_each(till):
    till.control.fault("submit", "invalid", match={"receiptNumber": "-bad$"}, times=3)
    documents = [
        till.issue(sale(number=f"{n}-{'bad' if n in (3, 77, 230) else 'good'}"))
        for n in range(240)
    ]
    sent = till.accepted(*documents)
    till.control.settle()
    outcomes = till.eta.query(sent)
    assert [outcome.key for outcome in outcomes] == [d.key for d in documents]
    bad = [i for i, o in enumerate(outcomes) if o.status is Status.INVALID]
    assert bad == [3, 77, 230]
    assert all(outcomes[index].errors for index in bad)
    assert sum(o.status is Status.VALID for o in outcomes) == 237
    assert till.calls("query") == 3  # pages of a hundred


def test_refused_at_once_and_accepted_in_one_call(till):
    till.control.fault("submit", "reject", match={"receiptNumber": "^no"}, times=1)
    good, bad = till.issue(), till.issue(sale(number="no"))
    outcomes = till.submit(bad, good)
    assert [o.status for o in outcomes] == [Status.INVALID, Status.ACCEPTED]
    assert outcomes[0].errors and outcomes[0].errors[0].message
    assert not outcomes[0].authority_ids


def test_real_errors_are_shown_with_their_place(till):
    """A receipt that we would refuse, smuggled past the check."""
    off = replace(LINE.taxes[0], amount=Decimal("14.40"))
    till.eta = till.authority(settings={"tax_tolerance": 1, "read_pause": 0})
    (sent,) = till.accepted(till.issue(sale(replace(LINE, taxes=(off,)))))
    till.control.settle()
    (outcome,) = till.eta.query([sent])
    assert outcome.status is Status.INVALID
    codes = {error.code: error for error in outcome.errors}
    assert "taxableItems" in codes["Rule42T1"].path
    assert till.eta.cure("Rule42T1")


def test_a_submission_that_fails_as_a_whole(till):
    till.control.fault("submit", "submission_error", times=1)
    sent = till.accepted(till.issue(), till.issue())
    till.control.settle()
    outcomes = till.eta.query(sent)
    assert [o.status for o in outcomes] == [Status.INVALID] * 2
    assert outcomes[0].errors


def test_a_cancelled_receipt(till):
    (sent,) = till.accepted(till.issue())
    till.control.settle()
    till.control.cancel(sent.uid, "by hand")
    assert till.statuses([sent]) == ["cancelled"]
    assert till.statuses([replace(sent, authority_ids={})]) == ["cancelled"]


# -- lost answers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("drop_after", {}),
        ("slow_after", {"seconds": 2}),
        ("status", {"status": 500, "processed": True}),
        ("status", {"status": 503, "processed": True}),
        ("bad_json", {}),
        ("truncated", {}),
        ("empty", {}),
        ("wrong_shape", {}),
    ],
)
def test_a_lost_answer_is_ambiguous_and_found_again(till, kind, options):
    till.eta.submit(till.eta.envelope([till.issue()]))  # the token is there
    till.control.fault("submit", kind, times=1, **options)
    eta = till.authority(call_timeout=1.0)
    documents = [till.issue(), till.issue()]
    with pytest.raises(AmbiguousError):
        eta.submit(eta.envelope(documents))
    assert [e.outcome for e in till.exchanges][-1] == "ambiguous"
    till.control.settle()
    assert till.statuses(documents) == ["valid", "valid"]


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("waf_html", {}),
        ("rate_limit", {"seconds": 5}),
        ("status", {"status": 429, "processed": False}),
    ],
)
def test_what_was_surely_not_carried_out_may_be_repeated(till, kind, options):
    till.control.fault("submit", kind, times=1, **options)
    document = till.issue()
    with pytest.raises(TransientError) as caught:
        till.submit(document)
    if "seconds" in options:
        assert caught.value.retry_after == 5
    assert till.control.receipts() == []
    assert till.submit(document)[0].status is Status.ACCEPTED


def test_the_same_call_twice_is_a_duplicate(till):
    document = till.issue()
    till.submit(document)
    (outcome,) = till.submit(document)
    assert outcome.status is Status.DUPLICATE
    assert 0 < outcome.retry_after <= 600


def test_the_same_receipt_in_another_call_is_a_duplicate_too(till):
    first, second = till.issue(), till.issue()
    till.submit(first)
    outcomes = till.submit(first, second)
    assert [o.status for o in outcomes] == [Status.DUPLICATE, Status.ACCEPTED]


def test_many_lost_receipts_are_found_with_few_calls(till):
    documents = [till.issue() for _ in range(150)]
    for some in (documents[:100], documents[100:]):
        till.control.fault("submit", "drop_after", times=1)
        with pytest.raises(AmbiguousError):
            till.submit(*some)
    till.control.settle()
    till.exchanges.clear()
    now = datetime.now(timezone.utc)
    lost = [replace(d, sent_at=now - timedelta(minutes=5)) for d in documents]
    never = [replace(till.issue(), sent_at=now) for _ in range(3)]
    assert till.statuses([*lost, *never]) == ["valid"] * 150 + ["absent"] * 3
    # two pages of the list, three of two submissions, three that nobody knows
    assert till.calls("query") <= 2 + 3 + 3


def test_lost_and_refused_is_found_by_its_submission(till):
    """A receipt alone is shown only when it is valid."""
    till.control.fault("submit", "invalid", match={"receiptNumber": "bad"}, times=1)
    till.control.fault("submit", "drop_after", times=1)
    bad = till.issue(sale(number="bad"))
    with pytest.raises(AmbiguousError):
        till.submit(bad)
    till.control.settle()
    assert till.statuses([bad]) == ["invalid"]


def test_a_receipt_that_was_never_sent_is_absent(till):
    assert till.statuses([till.issue()]) == ["absent"]


def test_a_submission_that_the_authority_lost(till):
    """It answered 202 and knows nothing afterwards."""
    till.control.fault("submit", "lost", times=1)
    (sent,) = till.accepted(till.issue())
    till.control.settle()
    assert till.statuses([sent]) == ["absent"]


def test_time_that_runs_out_leaves_the_rest_for_later(till):
    documents = [till.issue() for _ in range(5)]
    eta = till.authority(settings={"read_pause": 0.4}, call_timeout=1.0)
    outcomes = eta.query(documents)
    statuses = [outcome.status for outcome in outcomes]
    assert statuses[0] is Status.ABSENT and statuses[-1] is Status.DEFERRED


def test_an_error_on_the_way_keeps_what_is_known(till):
    known = till.accepted(till.issue())
    till.control.settle()
    till.control.fault("receipt", "rate_limit", seconds=7)
    outcomes = till.eta.query([till.issue(), *known])
    assert [o.status for o in outcomes] == [Status.DEFERRED, Status.VALID]
    assert outcomes[0].retry_after == 7
    with pytest.raises(TransientError):
        till.eta.query([till.issue()])


# -- who we are ------------------------------------------------------------------------


def credentials(**changes):
    return {
        "credentials": {
            "client_id": "sim-pos-0001",
            "client_secret": "sim-secret-0001-a",
            **changes,
        },
        "identity": repr(sorted(changes.items())),
    }


def test_the_token_is_fetched_once(till):
    for _ in range(3):
        till.submit(till.issue())
    assert till.calls("token") == 1
    (token,) = till.control.tokens()
    shown = repr(till.exchanges)
    for secret in ("sim-secret-0001-a", "eyJ"):
        assert secret not in shown, secret


def test_a_withdrawn_token_is_replaced_without_anybody_noticing(till):
    till.submit(till.issue())
    till.control.revoke_tokens()
    assert till.submit(till.issue())[0].status is Status.ACCEPTED
    assert [e.outcome for e in till.exchanges if e.purpose == "submit"] == [
        "ok",
        "authentication",
        "ok",
    ]


def test_a_token_that_is_never_accepted_is_said_after_two_tries(till):
    till.control.fault("submit", "unauthorized")
    with pytest.raises(AuthenticationError, match="access token"):
        till.submit(till.issue())
    assert till.calls("submit") == 2


def test_the_second_secret_is_tried(till):
    till.control.device(SERIAL, secrets=["brand-new"])
    eta = till.authority(**credentials(client_secret_2="brand-new"))
    assert eta.submit(eta.envelope([till.issue()]))[0].status is Status.ACCEPTED
    assert till.calls("token") == 2


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        (
            {"client_secret": "wrong-secret"},
            "invalid_client",
            "client secret|id and sec",
        ),
        ({"client_id": "somebody"}, "invalid_client", "client id and secret"),
        ({"client_id": ""}, "credentials_missing", "missing"),
        ({"client_secret": ""}, "credentials_missing", "missing"),
    ],
)
def test_wrong_credentials_are_told_apart(till, changes, code, words):
    eta = till.authority(**credentials(**changes))
    with pytest.raises(AuthenticationError, match=words) as caught:
        eta.query([till.issue()])
    assert caught.value.code.startswith(code)


def test_an_unknown_device_is_named(till):
    device = replace(DEVICE, serial="NO-SUCH-POS")
    eta = till.authority(device=device, identity="other device")
    with pytest.raises(AuthenticationError, match="serial number") as caught:
        eta.last_uid()
    assert caught.value.code == "invalid_posserial"


def test_a_token_service_that_is_down_is_transient(till):
    till.control.fault("token", "status", status=503)
    with pytest.raises(TransientError):
        till.submit(till.issue())
    assert till.calls("submit") == 0


def test_a_retired_device_may_not_submit(till):
    document = till.issue()
    till.eta.last_uid()
    till.control.device(SERIAL, status="retired")
    with pytest.raises(AuthenticationError):
        till.submit(document)


# -- refused as a whole ----------------------------------------------------------------


def test_a_spoiled_receipt_makes_the_call_splittable(till):
    good, bad = till.issue(), till.issue()
    bad = replace(bad, content=bad.content.replace(b'"EGP"', b"null"))
    with pytest.raises(AuthorityError) as caught:
        till.submit(good, bad)
    assert caught.value.splittable
    assert caught.value.code == "BadStructure"
    assert any("receipts[1]" in problem.path for problem in caught.value.errors)


def test_too_many_at_once_is_splittable(till):
    till.control.settings(max_receipts=2)
    documents = [till.issue() for _ in range(3)]
    with pytest.raises(AuthorityError) as caught:
        till.submit(*documents)
    assert (caught.value.code, caught.value.splittable) == ("MaximumSizeExceeded", True)


def test_a_receipt_of_another_company_is_the_credentials_fault(till):
    document = till.issue()
    content = document.content.replace(b'"rin":"674859545"', b'"rin":"313717919"')
    with pytest.raises(AuthenticationError) as caught:
        till.submit(replace(document, content=content))
    assert caught.value.code == "IncorrectSubmitter"


# -- lists, probe, clock ---------------------------------------------------------------


def test_the_newest_receipt_is_found(till):
    assert till.eta.last_uid() == ""
    for _ in range(3):
        till.submit(till.issue())
        till.control.settle()
    assert till.eta.last_uid() == till.last


def test_the_authoritys_list_is_read_to_its_end(till):
    documents = [till.issue(sale(number=f"L-{n}")) for n in range(230)]
    till.accepted(*documents)
    till.control.settle()
    start = documents[0].issued_at - timedelta(days=2, hours=5)
    listed = list(till.eta.list_documents(start, start + timedelta(days=3)))
    assert sorted(row.uid for row in listed) == sorted(d.uid for d in documents)
    row = next(row for row in listed if row.number == "L-0")
    assert row.status is Status.VALID and row.total == Decimal(114)
    assert row.device_serial == SERIAL and row.authority_ids["submission"]
    assert row.issued_at == documents[0].issued_at
    assert list(till.eta.list_documents(start, start + timedelta(days=1))) == []


def test_a_busy_period_is_asked_for_in_halves(till, monkeypatch):
    monkeypatch.setattr(listing, "_MOST_RESULTS", 50)
    till.control.settings(search_results=50)
    documents = []
    for minutes in range(6):
        now = datetime.now(timezone.utc).replace(microsecond=0)
        moment = now - timedelta(hours=minutes)
        documents += [till.issue(issued_at=moment) for _ in range(20)]
        till.accepted(*documents[-20:])
    till.control.settle()
    end = datetime.now(timezone.utc) + timedelta(minutes=1)
    listed = list(till.eta.list_documents(end - timedelta(hours=20), end))
    assert len(listed) == 120


def test_a_probe_of_a_good_connection_finds_nothing(till):
    assert till.eta.probe() == []
    assert till.calls("token") == 1


def codes(problems):
    return [problem.code for problem in problems]


def test_a_probe_says_what_is_wrong(till):
    eta = till.authority(seller_id="313717919", identity="p1")
    assert codes(eta.probe()) == ["probe_other_company"]
    eta = till.authority(**credentials(client_secret="wrong-secret"))
    (problem,) = eta.probe()
    assert problem.code.startswith("probe_token_invalid_client")
    assert problem.record == DEVICE.record
    eta = till.authority(endpoints={"identity": "http://127.0.0.1:1"}, identity="p2")
    (problem,) = eta.probe()
    assert problem.code == "probe_token_transient"
    assert "refused the connection" in problem.text
    eta = till.authority(
        endpoints={"identity": till.url, "api": "http://127.0.0.1:1"}, identity="p3"
    )
    assert codes(eta.probe()) == ["probe_api_transient"]


@pytest.mark.parametrize(("offset", "word"), [(90, "behind"), (-90, "ahead")])
def test_a_probe_compares_the_clocks(till, offset, word):
    till.control.settings(clock_offset=offset)
    (problem,) = till.eta.probe()
    assert problem.code == "probe_clock"
    assert word in problem.text and 85 <= problem.values["seconds"] <= 95


def test_a_receipt_from_the_authoritys_future_waits(till):
    till.control.settings(clock_offset=-30)
    document = till.issue()
    old = till.issue(issued_at=document.issued_at - timedelta(minutes=2))
    old = replace(old, issued_at=document.issued_at - timedelta(minutes=2))
    outcomes = till.submit(document, old)
    assert [o.status for o in outcomes] == [Status.DEFERRED, Status.ACCEPTED]
    assert 20 < outcomes[0].retry_after <= 31
    assert till.submit(document)[0].status is Status.DEFERRED
    assert till.calls("submit") == 1
    till.control.settings(clock_offset=0)
    till.eta.probe()
    assert till.submit(document)[0].status is Status.ACCEPTED


def test_a_safety_margin_of_time(till):
    till.eta = till.authority(settings={"clock_safety_seconds": 2})
    document = till.issue()
    (outcome,) = till.submit(document)
    assert outcome.status is Status.DEFERRED
    time.sleep(outcome.retry_after)
    assert till.submit(document)[0].status is Status.ACCEPTED


def test_receipts_of_hours_ahead_are_left_to_the_authority(till):
    """A clock that is hours off is not believed; the authority is to decide."""
    till.control.settings(clock_offset=-7200)
    assert till.submit(till.issue())[0].status is Status.ACCEPTED


# -- what fits -------------------------------------------------------------------------


def test_what_fits_into_a_call(till):
    document = till.issue()
    many = [replace(document, key=n) for n in range(600)]
    assert till.eta.fits(many) == 200
    assert till.authority(documents_per_call=450).fits(many) == 450
    assert till.authority(documents_per_call=9999).fits(many) == 500
    assert till.eta.fits(many[:3]) == 3
    half = replace(document, content=b"x" * 749_992)
    assert till.eta.fits([half, half]) == 2
    assert len(till.eta.envelope([half, half]).content) == 1_500_000
    bigger = replace(document, content=b"x" * 749_993)
    assert till.eta.fits([half, bigger]) == 1
    huge = replace(document, content=b"x" * 2_000_000)
    assert till.eta.fits([huge, document]) == 1


def test_what_receipts_cannot_do_is_said(till):
    with pytest.raises(AuthorityError, match="return receipt"):
        till.eta.cancel(till.issue(), "no")
    with pytest.raises(NotImplementedError):
        till.eta.sign(None, None)


def test_foreign_currency_and_discounts_are_valid(till):
    receipt = sale(
        currency="USD",
        currency_rate=Decimal("48.731"),
        discounts=(Discount(Decimal("4.50"), "Voucher"),),
    )
    (sent,) = till.accepted(till.issue(receipt))
    till.control.settle()
    assert till.statuses([sent]) == ["valid"]


def test_the_qr_code_opens_the_receipt(till):
    receipt = sale()
    now = datetime.now(timezone.utc).replace(microsecond=0)
    built = till.eta.build(replace(receipt, issued_at=now, previous_uid=""))
    document = till.issue(receipt, issued_at=now, previous_uid="")
    assert document.uid == built.uid
    till.accepted(document)
    till.control.settle()
    link = built.qr.partition("#")[0]
    path = link.removeprefix(till.url)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    uuid, moment = path.split("/")[3], path.split("/")[5]
    api = f"{till.url}/api/v1/receipts/{uuid}/share?dateTimeIssued={moment}"
    with opener.open(api) as answer:
        assert json.load(answer)
