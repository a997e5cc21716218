"""Credentials, refusals, lists, clocks and the probe, with the real simulator."""

from __future__ import annotations

import json
import time
import urllib.request
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from eta_samples import DEVICE, SERIAL, sale

from fiscal.contract import (
    Address,
    AuthenticationError,
    AuthorityError,
    Discount,
    Status,
    TransientError,
)
from fiscal.eg_eta import listing

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


def test_a_probe_says_what_every_receipt_of_the_device_would_lack(till):
    """An accountant who posts should not be the first to hear of it."""
    device = replace(DEVICE, branch_code="", address=Address("EG", city="Cairo"))
    found = till.authority(device=device, identity="p0").probe()
    assert codes(found) == [
        "branch_code_missing",
        "branch_governorate_missing",
        "branch_street_missing",
        "branch_building_missing",
    ]
    assert {problem.record for problem in found} == {DEVICE.record}


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
