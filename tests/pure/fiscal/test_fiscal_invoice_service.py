"""What becomes of valid invoices, what the authority gives, and who asks, with the real
simulator."""

from __future__ import annotations

import base64
import urllib.request
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from eta_samples import RIN
from invoice_rig import BUYER, codes
from invoice_samples import (
    CUSTOMER,
)

from fiscal.contract import (
    AuthenticationError,
    AuthorityError,
    Status,
)

D = Decimal


# -- cancelling, rejecting, declining --------------------------------------------------


def test_cancelling_until_the_buyer_can_no_longer_decline(office):
    document = office.valid()
    outcome = office.eta.cancel(document, "Wrong invoice details")
    assert outcome.status is Status.CANCELLING
    assert codes(outcome) == {"cancellation_asked"}
    assert "UTC" in outcome.errors[0].text
    assert office.statuses([document]) == ["cancelling"]
    office.control.settings(clock_offset=8 * 24 * 3600)
    (outcome,) = office.ask(document)
    assert outcome.status is Status.CANCELLED
    assert "Wrong invoice details" in outcome.errors[0].text


def test_a_cancellation_that_the_buyer_declines(office):
    document = office.valid()
    office.eta.cancel(document, "Wrong buyer details")
    office.buyer().states().decline_cancellation(document.uid)
    assert office.statuses([document]) == ["valid"]
    with pytest.raises(AuthorityError, match="does not allow"):
        office.buyer().states().decline_cancellation(document.uid)


def test_a_rejection_that_stands_and_one_that_is_declined(office):
    first, second = office.valid(), office.valid()
    buyer = office.buyer().states()
    for document in (first, second):
        buyer.reject(document.uid, "Not ordered")
    (outcome,) = office.ask(first)
    assert outcome.status is Status.REJECTED
    assert "Not ordered" in outcome.errors[0].text
    week = datetime.now(timezone.utc) + timedelta(days=7)
    assert abs(outcome.windows["decline"] - week) < timedelta(minutes=5)
    assert office.eta.decline(second).status is Status.VALID
    assert office.statuses([first, second]) == ["rejected", "valid"]
    office.control.settings(clock_offset=8 * 24 * 3600)
    (outcome,) = office.ask(first)
    assert outcome.status is Status.REJECTED and "decline" not in outcome.windows


def test_a_change_that_comes_too_late_is_said_in_a_sentence(office):
    office.control.settings(document_windows={"I": {"cancel_hours": 0}})
    document = office.valid()
    with pytest.raises(AuthorityError, match="its time is over") as caught:
        office.eta.cancel(document, "Late")
    assert caught.value.code == "ValidationError"
    assert "Provided Status is invalid" in caught.value.errors[-1].text
    with pytest.raises(AuthorityError, match="does not allow"):
        office.eta.decline(document)


def test_a_change_needs_a_reason_and_a_uuid(office):
    document = office.valid()
    with pytest.raises(AuthorityError, match="reason"):
        office.eta.cancel(document, " \n")
    with pytest.raises(AuthorityError, match="UUID"):
        office.eta.cancel(office.issue(), "x")
    with pytest.raises(AuthenticationError):
        office.buyer().cancel(document, "not mine")


def test_a_cancellation_whose_consequence_cannot_be_asked_is_pending(office):
    document = office.valid()
    office.control.fault(
        ["document_details", "document_submission"], "status", status=500
    )
    outcome = office.eta.cancel(document, "Twice")
    assert outcome.status is Status.PENDING and outcome.uid == document.uid


# -- what the authority gives ----------------------------------------------------------


def test_the_print_and_the_public_link(office):
    document = office.issue()
    assert office.eta.link(document) == ""
    with pytest.raises(AuthorityError, match="no print"):
        office.eta.fetch_pdf(document)
    document = office.valid()
    assert office.eta.fetch_pdf(document).startswith(b"%PDF-")
    long_id = document.authority_ids["long_id"]
    link = office.eta.link(document)
    assert link == f"{office.url}/documents/{document.uid}/share/{long_id}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(link) as answer:
        assert document.number in answer.read().decode()


def test_a_print_that_is_none_is_not_taken(office, monkeypatch):
    document = office.valid()
    monkeypatch.setattr("fiscal.eg_eta.invoice.pdf.MOST_BYTES", 10)
    with pytest.raises(AuthorityError, match="more than is taken"):
        office.eta.fetch_pdf(document)


def test_the_authoritys_list(office):
    documents = office.accepted(*[office.issue() for _ in range(3)])
    foreign = office.control.receive(RIN, internalID="IN-1")
    office.control.settle()
    end = datetime.now(timezone.utc) + timedelta(minutes=1)
    listed = list(office.eta.list_documents(end - timedelta(days=2), end))
    assert {row.uid for row in listed} == {d.uid for d in documents}
    row = next(row for row in listed if row.uid == documents[0].uid)
    assert row.status is Status.VALID and row.total == D(114)
    assert (row.number, row.buyer_id) == (documents[0].number, CUSTOMER.id)
    assert row.issued_at == documents[0].issued_at and row.received_at
    assert row.authority_ids["submission"] == documents[0].authority_ids["submission"]
    received = list(office.eta.list_received(end - timedelta(days=2), end))
    assert [row.uid for row in received] == [foreign["uuid"]]
    assert received[0].authority_ids["issuer_id"] == foreign["issuer"]


def test_a_long_list_is_read_by_day_and_page(office, monkeypatch):
    monkeypatch.setattr("fiscal.eg_eta.invoice.lists.PAGE_SIZE", 3)
    documents = office.accepted(*[office.issue() for _ in range(10)])
    end = datetime.now(timezone.utc) + timedelta(minutes=1)
    listed = list(office.eta.list_documents(end - timedelta(days=40), end))
    assert sorted(row.uid for row in listed) == sorted(d.uid for d in documents)


def test_windows_by_type_are_read_from_the_authority(office):
    office.control.settings(
        document_windows={"EC": {"cancel_hours": 72, "reject_hours": 36}}
    )
    rules = {row.code: row for row in office.eta.document_types()}
    assert rules.keys() == {"I", "C", "D", "EI", "EC", "ED"}
    assert rules["EC"].windows["cancel"] == timedelta(days=3)
    assert rules["EC"].windows["reject"] == timedelta(hours=36)
    assert rules["I"].windows["cancel"] == timedelta(days=7)
    assert "1.0" in rules["I"].versions


# -- who we are ------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["basic", "form"])
def test_credentials_travel_either_way(office, how):
    office.eta = office.authority(settings={"token_auth": how}, identity=how)
    assert office.submit(office.issue())[0].status is Status.ACCEPTED
    (exchange,) = [e for e in office.exchanges if e.purpose == "token"]
    assert (b"client_secret" in exchange.request_body) is (how == "form")
    assert b"scope=InvoicingAPI" in exchange.request_body
    shown = repr(office.exchanges)
    pair = base64.b64encode(b"sim-erp:sim-erp-secret").decode()
    for secret in ("sim-erp-secret", pair, "eyJ"):
        assert secret not in shown


def test_an_intermediary_acts_for_a_taxpayer(office):
    office.control.register(
        taxpayers=[{"rin": "200300400", "name": "Intermediary"}],
        erp_clients=[
            {
                "client_id": "agent",
                "secret": "agent-secret",
                "rin": "200300400",
                "represents": [RIN],
            }
        ],
    )
    credentials = {"client_id": "agent", "client_secret": "agent-secret"}
    eta = office.authority(
        credentials=credentials, settings={"on_behalf_of": RIN}, identity="agent"
    )
    document = office.issue()
    assert eta.submit(eta.envelope([document]))[0].status is Status.ACCEPTED
    assert eta.probe() == []
    for_itself = office.authority(credentials=credentials, identity="agent")
    (problem,) = for_itself.probe()
    assert problem.code == "probe_other_company"


def test_a_probe_says_what_is_wrong(office):
    assert office.eta.probe() == []
    office.control.settings(clock_offset=90)
    (problem,) = office.authority(identity="p0").probe()
    assert problem.code == "probe_clock" and "documents" in problem.text
    office.control.settings(clock_offset=0)
    wrong = {"client_id": "sim-erp", "client_secret": "wrong"}
    (problem,) = office.authority(credentials=wrong, identity="p1").probe()
    assert problem.code == "probe_token_invalid_client"
    office.control.fault("document_types", "status", status=503)
    (problem,) = office.authority(identity="p2").probe()
    assert problem.code == "probe_api_transient"


def test_invoices_have_no_chain(office):
    with pytest.raises(AuthorityError, match="no chain"):
        office.eta.last_uid()


def test_the_buyer_sees_what_was_issued_to_him(office):
    document = office.valid()
    end = datetime.now(timezone.utc) + timedelta(minutes=1)
    rows = list(office.buyer().list_received(end - timedelta(days=1), end))
    assert [row.uid for row in rows] == [document.uid]
    assert rows[0].buyer_id == BUYER
