"""Receipts on their way through the real simulator: received, judged, lost, found."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from eta_samples import LINE, sale

from fiscal.contract import (
    AmbiguousError,
    Status,
    TransientError,
)


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


def test_a_receipt_that_may_not_be_asked_for_keeps_no_other_from_it(till):
    """A refused question says neither that the receipt is there nor that it is not."""
    known = till.accepted(till.issue())
    till.control.settle()
    till.control.fault("receipt", "status", status=400, times=1)
    outcomes = till.eta.query([till.issue(), till.issue(), *known])
    statuses = [outcome.status for outcome in outcomes]
    assert statuses == [Status.UNKNOWN, Status.ABSENT, Status.VALID]
