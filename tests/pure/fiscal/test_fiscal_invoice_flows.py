"""An invoice's way through the authority, with the real simulator, which lets OpenSSL
judge signatures."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from eta_samples import LINE
from invoice_rig import codes, office_with
from invoice_samples import (
    EXPORT,
    company_key,
    credit,
    document_of,
    invoice,
    original,
)

from fiscal import dispatch
from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Status,
)
from fiscal.signing.errors import KeyUnusable

D = Decimal


# -- sending ---------------------------------------------------------------------------


def test_from_acceptance_to_validity(office):
    document = office.issue()
    (outcome,) = office.submit(document)
    assert outcome.status is Status.ACCEPTED and len(outcome.uid) == 26
    assert {"submission", "long_id", "hash_key"} == outcome.authority_ids.keys()
    document = replace(document, uid=outcome.uid, authority_ids=outcome.authority_ids)
    assert office.statuses([document]) == ["pending"]
    office.control.settle()
    (outcome,) = office.ask(document)
    assert outcome.status is Status.VALID and not outcome.errors
    week = datetime.now(timezone.utc) + timedelta(days=7)
    for name in ("cancel", "reject"):
        assert abs(outcome.windows[name] - week) < timedelta(minutes=5)


def test_what_arrives_are_the_frozen_bytes_and_their_signature(office):
    document = office.issue()
    office.submit(document)
    (row,) = office.control.documents(raw=True)
    assert row["raw"].encode().startswith(document.content[:-1])
    sent = json.loads(row["raw"])
    assert sent.pop("signatures") == [
        {"signatureType": "I", "value": document.signature}
    ]
    assert sent == json.loads(document.content)


def test_many_documents_are_told_by_their_submission(office):
    documents = office.accepted(*[office.issue() for _ in range(5)])
    office.control.settle()
    before = office.calls("query")
    assert office.statuses(documents) == ["valid"] * 5
    # one call for all, since the list told the windows as well
    assert office.calls("query") == before + 1


def test_every_type_is_valid(office):
    sold = office.valid()
    about = original(uid=sold.uid, returnable=None, issued_at=sold.issued_at)
    half = replace(
        LINE,
        quantity=D(1),
        gross=D(50),
        net=D("50.00"),
        taxes=(replace(LINE.taxes[0], amount=D("7.00")),),
    )
    office.valid(credit(half, original=about))
    office.valid(invoice(half, kind="debit", original=about))
    export = office.valid(invoice(**EXPORT, currency="USD", currency_rate=D("48.731")))
    about = replace(about, uid=export.uid, buyer=EXPORT["buyer"])
    more = {"original": about, "currency": "USD", "currency_rate": D("48.731")}
    office.valid(credit(half, **{**EXPORT, **more}))
    office.valid(invoice(half, kind="debit", **{**EXPORT, **more}))
    kinds = [row["documentType"] for row in office.control.documents()]
    assert kinds == ["I", "C", "D", "EI", "EC", "ED"]


def test_reasons_of_an_invalid_document_are_told(office):
    unknown = replace(LINE, item_code="EG-100200300-1")
    bad, good = office.issue(invoice(unknown)), office.issue()
    bad, good = office.accepted(bad, good)
    office.control.settle()
    outcomes = {o.key: o for o in office.ask(bad, good)}
    assert outcomes[good.key].status is Status.VALID
    assert outcomes[bad.key].status is Status.INVALID
    assert "CV302" in codes(outcomes[bad.key])
    (alone,) = office.ask(bad)
    assert codes(alone) == codes(outcomes[bad.key])
    assert office.eta.cure("CV302").values["who"] == "accountant"


def test_the_version_that_is_not_signed(office):
    office.eta = office.authority(settings={"document_version": "0.9"})
    document = office.issue()
    assert document.signature == ""
    (sent,) = office.accepted(document)
    office.control.settle()
    assert office.statuses([sent]) == ["valid"]


# -- signatures ------------------------------------------------------------------------


def test_a_changed_document_is_refused_alone(office):
    good, changed, unsigned = office.issue(), office.issue(), office.issue()
    changed = replace(changed, content=changed.content.replace(b"Plain", b"Other"))
    unsigned = replace(unsigned, signature="")
    garbled = replace(office.issue(), signature="bm90IGEgc2lnbmF0dXJl")
    spoilt = replace(office.issue(), signature="é")
    outcomes = office.submit(changed, good, unsigned, garbled, spoilt)
    assert [o.status.value for o in outcomes] == [
        "invalid",
        "accepted",
        "invalid",
        "invalid",
        "invalid",
    ]
    assert codes(outcomes[0]) == {"signature_digest"}
    assert codes(outcomes[2]) == {"signature_missing"}
    assert codes(outcomes[3]) == {"signature_form"}
    assert codes(outcomes[4]) == {"signature_encoding"}
    assert [row["internalID"] for row in office.control.documents()] == [good.number]
    # nothing is sent where nothing is left
    before = office.calls("submit")
    assert office.submit(changed)[0].status is Status.INVALID
    assert office.calls("submit") == before


def test_the_seal_of_another_company_does_not_sign(office):
    built = office.eta.build(invoice())
    with pytest.raises(KeyUnusable, match="100200300"):
        office.eta.sign(built, company_key("VATEG-100200300"))


def test_the_certificate_of_a_person_signs(office):
    built = office.eta.build(invoice())
    assert office.eta.sign(built, company_key(None)).signature


def test_the_signature_is_one_line_over_the_canonical_text(office):
    built = office.eta.build(invoice())
    signed = office.eta.sign(built, company_key())
    assert signed.content == built.content
    assert "\n" not in signed.signature
    assert base64.b64decode(signed.signature, validate=True)[:1] == b"\x30"


@pytest.mark.parametrize(
    ("spoil", "code"), [("authority", "ISFX303"), ("signer", "ISFX305")]
)
def test_refused_signatures_come_with_their_codes(spoil, code):
    with office_with() as office:
        if spoil == "authority":
            office.control.reset()  # the certificate's authority is not known any more
            document = office.issue()
        else:
            office.eta = office.authority(seller_id="")
            built = office.eta.build(
                replace(invoice(), issued_at=datetime.now(timezone.utc))
            )
            signed = office.eta.sign(built, company_key("VATEG-100200300"))
            document = document_of(signed, issued_at=datetime.now(timezone.utc))
        (sent,) = office.accepted(document)
        office.control.settle()
        (outcome,) = office.ask(sent)
        assert outcome.status is Status.INVALID
        assert code in codes(outcome)
        assert office.eta.cure(code).values["who"] == "administrator"


# -- whole calls -----------------------------------------------------------------------


def test_too_many_at_once_are_halved(office):
    office.control.settings(max_documents=2)
    documents = [office.issue() for _ in range(5)]
    with pytest.raises(AuthorityError) as caught:
        office.submit(*documents)
    assert (caught.value.code, caught.value.splittable) == ("MaximumSizeExceeded", True)
    report = dispatch.send(
        office.eta, documents, dispatch.Report(), give_up_at=time.monotonic() + 30
    )
    assert {o.status for o in report.outcomes.values()} == {Status.ACCEPTED}
    assert len(office.control.documents()) == 5


def test_one_spoiled_document_does_not_hold_the_others():
    with office_with(document_structure_faults="call") as office:
        bad, *good = [office.issue() for _ in range(4)]
        built = office.eta.build(invoice(number="X"))
        content = built.content.replace(b'"totalAmount":114', b'"totalAmount":"114"')
        signed = office.eta.sign(replace(built, content=content), company_key())
        bad = replace(bad, content=content, signature=signed.signature, number="X")
        with pytest.raises(AuthorityError) as caught:
            office.submit(bad, *good)
        assert caught.value.code == "BadStructure" and caught.value.splittable
        report = dispatch.send(
            office.eta, [bad, *good], dispatch.Report(),
            give_up_at=time.monotonic() + 30,
        )  # fmt: skip
        assert report.outcomes[bad.key].status is Status.INVALID
        assert {report.outcomes[d.key].status for d in good} == {Status.ACCEPTED}


def test_documents_of_another_company_are_the_credentials_fault(office):
    office.eta = office.authority(seller_id="")
    other = replace(invoice().seller, id="100200300")
    built = office.eta.build(invoice(seller=other))
    document = document_of(office.eta.sign(built, company_key()))
    with pytest.raises(AuthenticationError) as caught:
        office.submit(document)
    assert caught.value.code == "IncorrectSubmitter"


def test_the_same_body_again_is_a_duplicate_and_asked_about(office):
    document = office.issue()
    office.submit(document)
    (outcome,) = office.submit(document)
    assert outcome.status is Status.DUPLICATE and outcome.retry_after > 0
    (outcome,) = office.ask(document)
    assert outcome.status is Status.PENDING and outcome.uid


def test_two_with_one_number_do_not_travel_together(office):
    first, second, third = (office.issue(number=n) for n in ("A", "B", "A "))
    documents = [first, second, third]
    assert office.eta.fits(documents) == 2
    assert [o.status.value for o in office.submit(*documents)] == [
        "accepted",
        "accepted",
        "deferred",
    ]


def test_documents_from_the_authoritys_future_wait(office):
    office.control.settings(clock_offset=-30)
    (outcome,) = office.submit(office.issue())
    assert outcome.status is Status.DEFERRED and 20 < outcome.retry_after <= 31


def test_what_fits_into_a_call(office):
    document = office.issue()
    many = [replace(document, key=n, number=str(n)) for n in range(150)]
    assert office.eta.fits(many) == 50
    assert office.authority(documents_per_call=999).fits(many) == 100
    size = len(office.eta.envelope([document]).content) - len('{"documents":[]}')
    room = 1_500_000 - len('{"documents":[]}')
    wide = replace(document, content=b"x" * (len(document.content) + room // 3 - size))
    wide = [replace(wide, key=n, number=str(n)) for n in range(4)]
    assert office.eta.fits(wide) == 2
    signed = [document.content[:-1], b"x" * 90, document.signature.encode()]
    assert size <= sum(map(len, signed))


# -- lost answers ----------------------------------------------------------------------


def test_a_lost_answer_is_found_by_number_and_time(office):
    office.control.fault("document_submit", "drop_after", times=1)
    documents = [office.issue() for _ in range(3)]
    with pytest.raises(AmbiguousError):
        office.submit(*documents)
    office.control.settle()
    outcomes = office.ask(*documents)
    assert {o.status for o in outcomes} == {Status.VALID}
    held = {row["internalID"]: row["uuid"] for row in office.control.documents()}
    assert [o.uid for o in outcomes] == [held[d.number] for d in documents]
    for outcome in outcomes:
        assert outcome.authority_ids["submission"] and outcome.authority_ids["long_id"]


def test_what_never_arrived_is_absent(office):
    there, lost = office.issue(), office.issue()
    office.submit(there)
    assert office.statuses([lost]) == ["absent"]
    assert office.statuses([lost, there]) == ["absent", "pending"]


def test_an_older_document_with_the_number_is_not_taken_for_it(office):
    earlier = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(seconds=30)
    office.submit(office.issue(number="SAME", issued_at=earlier))
    assert office.statuses([office.issue(number="SAME")]) == ["absent"]


def test_another_document_of_the_same_moment_is_not_taken_for_it(office):
    """Number and time fit, what was sold does not: ETA's copy decides."""
    now = datetime.now(timezone.utc).replace(microsecond=0)
    office.submit(office.issue(number="SAME", issued_at=now))
    dearer = replace(
        LINE,
        gross=D(200),
        net=D("200.00"),
        taxes=(replace(LINE.taxes[0], amount=D("28.00")),),
    )
    document = office.issue(invoice(dearer), number="SAME", issued_at=now)
    assert office.statuses([document]) == ["absent"]
    # and where ETA does not show its copy, nobody knows
    office.control.fault("document_raw", "status", status=404)
    assert office.statuses([document]) == ["unknown"]


def test_of_two_copies_the_one_that_stands_is_taken(office):
    document = office.issue()
    office.submit(document)
    office.control.settle()
    again = replace(document, content=document.content)
    envelope = office.eta.envelope([again, office.issue()])  # another body
    office.eta.submit(envelope)
    office.control.settle()
    rows = office.control.documents(number=document.number)
    assert {row["status"] for row in rows} == {"Valid", "Invalid"}
    (outcome,) = office.ask(document)
    assert outcome.status is Status.VALID
    assert outcome.uid == next(r["uuid"] for r in rows if r["status"] == "Valid")


def test_the_list_is_read_to_its_end(office, monkeypatch):
    monkeypatch.setattr("fiscal.eg_eta.invoice.lists.PAGE_SIZE", 2)
    first = office.issue()
    office.submit(first)
    for _ in range(3):
        office.submit(office.issue(), office.issue())
    before = office.calls("query")
    assert office.statuses([first])[0] in ("pending", "valid")
    assert office.calls("query") - before >= 5  # four pages, and the copy


def test_where_searching_is_refused_the_recent_ones_are_read(office):
    document, lost = office.issue(), office.issue()
    office.submit(document)
    office.control.fault("document_search", "status", status=400)
    assert office.statuses([document, lost]) == ["pending", "absent"]
    old = office.issue(issued_at=document.issued_at - timedelta(days=40))
    assert office.statuses([old]) == ["unknown"]  # further back than the list is
    office.control.fault("document_recent", "status", status=400)
    assert office.statuses([document, lost]) == ["unknown", "unknown"]


def test_a_question_is_limited_in_time(office):
    documents = [office.issue() for _ in range(2)]
    office.submit(*documents)
    eta = office.authority(settings={"read_pause": 5}, call_timeout=2.0)
    outcomes = eta.query([*documents, office.issue(issued_at=documents[0].issued_at)])
    assert {o.status for o in outcomes} == {Status.DEFERRED}
