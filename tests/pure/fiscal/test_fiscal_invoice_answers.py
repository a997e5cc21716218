"""Answers about invoices that no simulator gives, but a service in the wild may."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from crooked_server import response
from eta_samples import NOW, RIN
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from invoice_samples import UUID, company_key, document_of, invoice, invoicing
from service_kit import JSON, statuses

from fiscal.contract import (
    AmbiguousError,
    AuthorityError,
    FiscalError,
    Status,
    TransientError,
)
from fiscal.eg_eta import EgInvoice
from fiscal.eg_eta.invoice.verdicts import verdict_of

ANY = {
    "deadline": None,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
}
SUBMIT = "/api/v1.0/documentsubmissions"
SEARCH = "/api/v1.0/documents/search"
RAW = "/api/v1.0/documents/"
UIDS = [UUID[:-1] + digit for digit in "123"]


def frozen(key):
    built = invoicing().build(invoice(number=f"N-{key}"))
    signed = invoicing().sign(built, company_key())
    return document_of(signed, key, number=f"N-{key}")


DOCUMENTS = [frozen(key) for key in (1, 2, 3)]
KNOWN = [
    replace(document, uid=uid, authority_ids={"submission": "SUB"})
    for document, uid in zip(DOCUMENTS, UIDS, strict=True)
]


@pytest.fixture
def eta(service):
    return service.eta(
        authority=EgInvoice, settings={"read_pause": 0, "search_pause": 0}
    )


def submitted(service, eta, body, status="202 Accepted"):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    service.answers[SUBMIT] = response(content, status)
    return eta.submit(eta.envelope(DOCUMENTS))


def row(number, uid=None, **more):
    return {"internalId": number, **({"uuid": uid} if uid else {}), **more}


def answer(body, status="200 OK"):
    return response(json.dumps(body).encode(), status)


# -- submitting ------------------------------------------------------------------------


def test_outcomes_are_joined_on_our_number_and_never_on_the_position(service, eta):
    outcomes = submitted(
        service,
        eta,
        {
            "submissionUUID": "SUB",
            "acceptedDocuments": [
                row("N-3", UIDS[2], longId="L3", hashKey="H3"),
                row(" N-1 ", UIDS[0]),
            ],
            "rejectedDocuments": [row("N-2", error={"code": "E", "message": "M"})],
        },
    )
    assert statuses(outcomes) == ["accepted", "invalid", "accepted"]
    assert [o.uid for o in outcomes] == [UIDS[0], "", UIDS[2]]
    ids = {"submission": "SUB", "long_id": "L3", "hash_key": "H3"}
    assert outcomes[2].authority_ids == ids
    assert outcomes[1].errors[0].code == "E"


def test_an_acceptance_without_a_uuid_is_unknown_and_told_twice_too(service, eta):
    outcomes = submitted(
        service,
        eta,
        {
            "submissionId": "SUB",
            "acceptedDocuments": [row("N-1"), row("N-2", UIDS[1])],
            "rejectedDocuments": [row("N-2"), row("N-9", UIDS[0])],
        },
    )
    assert statuses(outcomes) == ["unknown"] * 3
    assert outcomes[0].authority_ids == {"submission": "SUB"}


def test_a_document_that_the_authority_has_already_is_asked_about(service, eta):
    error = {"code": "X", "message": "A document with this UUID is a duplicate"}
    rejected = [row(f"N-{n}", error=error) for n in (1, 2, 3)]
    outcomes = submitted(service, eta, {"rejectedDocuments": rejected})
    assert statuses(outcomes) == ["duplicate"] * 3


@pytest.mark.parametrize(
    ("status", "body", "error", "code", "splittable"),
    [
        ("400 B", {"error": {"code": "BadStructure"}}, AuthorityError,
         "BadStructure", True),
        ("413 B", {"error": {"code": "MaximumSizeExceeded"}}, AuthorityError,
         "MaximumSizeExceeded", True),
        ("422 B", {"error": {"code": "Other"}}, AuthorityError, "Other", False),
        ("404 B", {}, AuthorityError, "HTTP 404", False),
        ("429 B", {}, TransientError, None, None),
        ("500 B", {}, AmbiguousError, None, None),
        ("202 A", b"<html>", AmbiguousError, None, None),
        ("202 A", [], AmbiguousError, None, None),
    ],
)  # fmt: skip
def test_whole_calls(service, eta, status, body, error, code, splittable):
    with pytest.raises(error) as caught:
        submitted(service, eta, body, status)
    if code is not None:
        assert (caught.value.code, caught.value.splittable) == (code, splittable)


@settings(max_examples=60, **ANY)
@given(body=JSON)
def test_any_answer_to_a_submission_is_an_outcome_or_an_error(service, body):
    eta = service.eta(authority=EgInvoice)
    try:
        outcomes = submitted(service, eta, body)
    except FiscalError:
        return
    assert [o.key for o in outcomes] == [1, 2, 3]


# -- verdicts --------------------------------------------------------------------------


def test_words_for_statuses():
    for word, status in (
        ("Valid", Status.VALID),
        ("VALID", Status.VALID),
        ("Invalid", Status.INVALID),
        ("Submitted", Status.PENDING),
        ("in progress", Status.PENDING),
        ("new", Status.PENDING),
        ("Cancelled", Status.CANCELLED),
        ("canceled", Status.CANCELLED),
        ("Rejected", Status.REJECTED),
    ):
        assert verdict_of({"status": word}).status is status
    assert verdict_of({"status": "Partially Valid"}) is None
    assert verdict_of({}, Status.PENDING).status is Status.PENDING


ASKED = "2026-03-01T10:00:00.1234567Z"
LATER = "2026-03-02T10:00:00Z"


@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"cancelRequestDate": ASKED}, "cancelling"),
        ({"cancelRequestDate": None, "rejectRequestDate": ASKED}, "rejected"),
        ({"cancelRequestDate": ASKED, "declineCancelRequestDate": LATER}, "valid"),
        ({"rejectRequestDate": ASKED, "declineRejectRequestDate": LATER}, "valid"),
        ({"rejectRequestDate": LATER, "declineRejectRequestDate": ASKED}, "rejected"),
        ({"cancelRequestDate": "0001-01-01T00:00:00"}, "cancelling"),
        ({"cancelRequestDate": "soon"}, "valid"),
    ],
)
def test_what_was_asked_of_a_valid_document(members, status):
    assert verdict_of({"status": "Valid", **members}).status.value == status


def test_the_reasons_of_the_validation_are_told_with_what_is_in_them():
    steps = [
        {"name": "Step-01", "status": "Valid", "error": {"errorCode": "no"}},
        {
            "name": "Step-03.ITIDA Signature Validator",
            "status": "Invalid",
            "error": {
                "errorCode": "Err03",
                "error": "Invalid Digital Signature",
                "innerError": [
                    {"errorCode": "4043", "error": "digest", "propertyPath": "x"}
                ],
            },
        },
        {"name": "Step-06.Simple Validator", "status": "Invalid", "error": None},
        "nonsense",
    ]
    results = {"status": "Invalid", "validationSteps": steps}
    verdict = verdict_of({"status": "Invalid", "validationResults": results})
    assert verdict.complete
    assert [(p.code, p.text, p.path) for p in verdict.errors] == [
        ("Err03", "Invalid Digital Signature", ""),
        ("4043", "digest", "x"),
        ("", "Step-06.Simple Validator", ""),
    ]
    assert not verdict_of({"status": "Invalid"}).complete
    assert verdict_of({"status": "Invalid"}).errors[0].text.startswith("The authority")


@given(JSON)
def test_any_row_is_a_verdict_or_none(row_):
    rows = [row_] if isinstance(row_, dict) else []
    for one in rows:
        verdict_of(one)
        verdict_of({"status": "Invalid", "validationResults": one})
        verdict_of({"status": "Valid", "canbeCancelledUntil": one})


# -- asking ----------------------------------------------------------------------------


def test_details_are_asked_for_what_a_submission_leaves_open(service, eta):
    summaries = [
        {"uuid": UIDS[0], "internalId": "N-1", "status": "Valid"},
        {"uuid": UIDS[1], "internalId": "N-2", "status": "Invalid"},
        {"uuid": UIDS[2], "internalId": "N-3", "status": "Submitted"},
    ]
    service.answers[SUBMIT] = answer(
        {"overallStatus": "Partially Valid", "documentSummary": summaries}
    )
    service.answers[f"{RAW}{UIDS[0]}/details"] = answer(
        {"uuid": UIDS[0], "status": "Valid", "canbeCancelledUntil": LATER}
    )
    results = {"validationSteps": [{"status": "Invalid", "error": {"errorCode": "Q"}}]}
    service.answers[f"{RAW}{UIDS[1]}/details"] = answer(
        {"uuid": UIDS[1], "status": "Invalid", "validationResults": results}
    )
    outcomes = eta.query(KNOWN)
    assert statuses(outcomes) == ["valid", "invalid", "pending"]
    assert outcomes[0].windows["cancel"].day == 2
    assert [e.code for e in outcomes[1].errors] == ["Q"]
    # the reasons come first, windows may wait
    assert [UIDS.index(path.split("/")[4]) for path in service.paths[1:]] == [1, 0]


def test_windows_are_not_asked_for_where_they_are_not_wanted(service):
    eta = service.eta(
        authority=EgInvoice, settings={"read_pause": 0, "ask_windows": False}
    )
    summaries = [{"uuid": uid, "status": "Valid"} for uid in UIDS]
    service.answers[SUBMIT] = answer({"documentSummary": summaries})
    assert statuses(eta.query(KNOWN)) == ["valid"] * 3
    assert len(service.paths) == 1


def test_details_that_cannot_be_had_take_nothing_away(service, eta):
    summaries = [{"uuid": uid, "status": "Valid"} for uid in UIDS]
    service.answers[SUBMIT] = answer({"documentSummary": summaries})
    service.answers[RAW] = answer({"error": {"code": "Forbidden"}}, "400 Bad")
    assert statuses(eta.query(KNOWN)) == ["valid"] * 3


def test_a_submission_that_is_not_known_leaves_the_documents_to_their_uuids(
    service, eta
):
    service.answers[f"{RAW}{UIDS[0]}/details"] = answer({"status": "Cancelled"})
    service.answers[f"{RAW}{UIDS[1]}/details"] = answer(
        {"uuid": "another", "status": "Valid"}
    )
    assert statuses(eta.query(KNOWN)) == ["cancelled", "absent", "absent"]


def test_the_same_document_written_otherwise_is_recognised(service, eta):
    """ETA rewrites what it shows: order, numbers, empty members, case of the type."""
    shown = json.loads(DOCUMENTS[0].content)
    shown["taxAuthorityDocument"] = {"uuid": UIDS[0]}
    shown["documentType"] = "i"
    shown["totalAmount"] = 114.00
    shown["references"] = []
    shown = dict(reversed(shown.items()))
    listed = {
        "uuid": UIDS[0],
        "internalId": "N-1",
        "issuerId": RIN,
        "dateTimeIssued": "2026-03-01T09:30:00.0000000Z",
        "total": 1.0,  # whatever that is
        "status": "Valid",
        "canbeCancelledUntil": LATER,
        "longId": "LONG",
        "submissionUUID": "SUB",
    }
    service.answers[SEARCH] = answer(
        {"result": [listed], "metadata": {"continuationToken": "EndofResultSet"}}
    )
    service.answers[f"{RAW}{UIDS[0]}/raw"] = answer({"document": json.dumps(shown)})
    outcomes = eta.query(DOCUMENTS[:2])
    assert statuses(outcomes) == ["valid", "absent"]
    assert outcomes[0].uid == UIDS[0]
    assert outcomes[0].authority_ids == {"submission": "SUB", "long_id": "LONG"}
    (path,) = [path for path in service.paths if path.startswith(SEARCH)]
    assert "issueDateFrom=2026-03-01T09%3A29%3A00Z" in path
    assert "direction=Sent" in path


@pytest.mark.parametrize(
    "listed",
    [
        {"internalId": "N-1", "issuerId": "100200300"},
        {"internalId": "N-11", "issuerId": RIN},
        {"internalId": "N-1", "dateTimeIssued": "2026-03-01T09:30:01Z"},
        {"internalId": None},
    ],
)
def test_rows_about_something_else_are_passed_over(service, eta, listed):
    one = {"uuid": UIDS[0], "dateTimeIssued": "2026-03-01T09:30:00Z", **listed}
    service.answers[SEARCH] = answer({"result": [{**one, "status": "Valid"}]})
    assert statuses(eta.query(DOCUMENTS[:1])) == ["absent"]


@pytest.mark.parametrize(
    "metadata",
    [{"continuationToken": "again"}, {"continuationToken": 5}, None],
)
def test_a_list_without_an_end_is_no_proof_of_absence(service, eta, metadata):
    listed = {"uuid": UIDS[0], "internalId": "x", "status": "Valid"}
    service.answers[SEARCH] = answer({"result": [listed] * 100, "metadata": metadata})
    with pytest.raises(TransientError):
        eta.query(DOCUMENTS[:1])


def test_a_list_is_asked_for_a_day_at_most_at_once(service, eta):
    service.answers[SEARCH] = answer({"result": []})
    spread = [
        replace(document, issued_at=NOW - timedelta(days=days))
        for document, days in zip(DOCUMENTS, (0, 40, 41), strict=True)
    ]
    assert statuses(eta.query(spread)) == ["absent"] * 3
    assert len(service.paths) == 2


@settings(max_examples=60, **ANY)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [SUBMIT, SEARCH, f"{RAW}{UIDS[0]}", "/api/v1.0/documents/"]
            ),
            JSON,
        ),
        max_size=4,
    ),
    st.lists(st.sampled_from([*DOCUMENTS, *KNOWN]), min_size=1, max_size=4),
)
def test_any_answers_to_a_question_are_outcomes_or_an_error(service, answers, asked):
    service.answers = {path: answer(body) for path, body in answers}
    eta = service.eta(
        authority=EgInvoice, settings={"read_pause": 0, "search_pause": 0}
    )
    asked = list({document.key: document for document in asked}.values())
    try:
        outcomes = eta.query(asked)
    except FiscalError:
        return
    assert [o.key for o in outcomes] == [d.key for d in asked]


# -- the rest --------------------------------------------------------------------------


def test_what_is_no_pdf_is_not_taken_for_a_print(service, eta):
    service.answers[RAW] = response(b"{}", headers="Content-Type: application/pdf\r\n")
    with pytest.raises(TransientError, match="no PDF"):
        eta.fetch_pdf(KNOWN[0])
    service.answers[RAW] = response(b"", "404 Not Found")
    with pytest.raises(AuthorityError, match="no print"):
        eta.fetch_pdf(KNOWN[0])


@settings(max_examples=40, **ANY)
@given(JSON)
def test_any_document_types_are_read_or_an_error(service, body):
    service.answers["/api/v1.0/documenttypes"] = answer({"result": body})
    try:
        service.eta(authority=EgInvoice).document_types()
    except FiscalError:
        return


def test_parameters_of_document_types(service, eta):
    parameters = [
        {"parameter": "CancellationDuration", "value": 168},
        {"parameter": "RejectionPeriodInDays", "value": 3},
        {
            "parameter": "SubmissionDuration",
            "value": 24,
            "activeTo": "2025-01-01T00:00Z",
        },
        {"parameter": "Rejection", "value": -1},
        {"parameter": None, "value": "x"},
        7,
    ]
    types = [
        {"id": 1, "name": "i", "workflowParameters": parameters},
        {"id": 2, "name": "Credit note", "activeTo": "2025-01-01T00:00:00Z"},
        {"id": 3, "name": "Something long", "workflowParameters": None},
    ]
    service.answers["/api/v1.0/documenttypes"] = answer({"result": types})
    first, second = eta.document_types()
    assert first.code == "I" and second.code == ""
    assert first.windows == {
        "cancel": timedelta(days=7),
        "reject": timedelta(days=3),
    }


# -- documents that were sent again ----------------------------------------------------


def details(service, uid, status, **more):
    body = {"uuid": uid, "status": status, "canbeCancelledUntil": LATER, **more}
    service.answers[f"{RAW}{uid}/details"] = answer(body)


AGAIN = replace(KNOWN[1], former_uids=(UIDS[0],))


@pytest.mark.parametrize(
    ("first", "second", "status", "uid"),
    [
        ("Valid", "Valid", "valid", UIDS[1]),
        ("Valid", "Submitted", "pending", UIDS[1]),
        # what was refused as a repetition was there all the time
        ("Valid", "Invalid", "valid", UIDS[0]),
        ("Submitted", "Invalid", "pending", UIDS[0]),
        ("Invalid", "Invalid", "invalid", UIDS[1]),
        (None, "Invalid", "invalid", UIDS[1]),
        ("Valid", None, "valid", UIDS[0]),
        (None, None, "absent", UIDS[1]),
    ],
)
def test_of_two_uuids_the_one_that_stands(service, eta, first, second, status, uid):
    for name, said in ((UIDS[0], first), (UIDS[1], second)):
        if said:
            details(service, name, said)
    (outcome,) = eta.query([AGAIN])
    assert (outcome.status.value, outcome.uid) == (status, uid)


def test_a_refusal_counts_only_when_the_first_uuid_was_asked_about(service, eta):
    details(service, UIDS[1], "Invalid")
    service.answers[f"{RAW}{UIDS[0]}/details"] = answer(
        {"error": {"code": "Forbidden"}}, "400 Bad"
    )
    assert statuses(eta.query([AGAIN])) == ["unknown"]
