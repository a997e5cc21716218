"""Answers that no simulator gives, but a service in the wild may: every one of them
leads to an outcome per receipt or to one of the contract's errors."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from crooked_server import response
from eta_samples import NOW
from hypothesis import given, settings
from hypothesis import strategies as st
from service_kit import (
    ANY,
    DOCUMENTS,
    JSON,
    SEARCH,
    UIDS,
    row,
    statuses,
)

from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    FiscalError,
    TransientError,
)

# -- submitting ------------------------------------------------------------------------


def test_outcomes_are_joined_on_the_uuid_and_never_on_the_position(service):
    outcomes = service.submit(
        {
            "submissionId": "SUB",
            "acceptedDocuments": [
                row(UIDS[2].upper(), "other", longId="L3"),
                row(UIDS[0], "N-2"),
            ],
            "rejectedDocuments": [row(UIDS[1], error={"code": "E", "message": "M"})],
            "header": {"statusCode": "Success"},
        }
    )
    assert statuses(outcomes) == ["accepted", "invalid", "accepted"]
    assert outcomes[2].authority_ids == {"submission": "SUB", "long_id": "L3"}
    assert [(e.code, e.message) for e in outcomes[1].errors] == [("E", "M")]


def test_the_number_joins_where_no_uuid_of_ours_is_named(service):
    outcomes = service.submit(
        {
            "submissionUUID": "SUB",
            "acceptedDocuments": [row(None, "N-1"), row("dd" * 32, "N-2")],
            "rejectedDocuments": None,
        }
    )
    assert statuses(outcomes) == ["accepted", "accepted", "unknown"]
    assert outcomes[0].authority_ids == {"submission": "SUB"}


def test_a_number_that_two_receipts_have_joins_nothing(service):
    eta = service.eta()
    body = {"acceptedDocuments": [row(None, "same")], "rejectedDocuments": []}
    service.submit(body)
    twins = [replace(document, number="same") for document in DOCUMENTS]
    outcomes = eta.submit(eta.envelope(twins))
    assert statuses(outcomes) == ["unknown"] * 3


def test_a_receipt_named_both_ways_or_not_at_all_is_unknown(service):
    outcomes = service.submit(
        {
            "submissionId": None,
            "acceptedDocuments": [row(UIDS[0]), row(UIDS[1])],
            "rejectedDocuments": [row(UIDS[0])],
        }
    )
    assert statuses(outcomes) == ["unknown", "accepted", "unknown"]
    assert outcomes[1].authority_ids == {}


def test_nested_errors_become_problems(service):
    error = {
        "code": "Outer",
        "message": "Validation failed 100%",
        "target": "doc",
        "details": [
            {"errorCode": "In1", "message": "One", "propertyPath": "itemData[0].x"},
            {"code": "In2", "message": "Two", "innerError": [{"error": "Three"}]},
            {"errorCode": "In1", "message": "One", "propertyPath": "itemData[0].x"},
        ],
    }
    rejected = [row(uid, error=error) for uid in UIDS]
    outcome = service.submit({"rejectedDocuments": rejected})[0]
    assert [(e.code, e.text, e.path) for e in outcome.errors] == [
        ("Outer", "Validation failed 100%", "doc"),
        ("In1", "One", "itemData[0].x"),
        ("In2", "Two", ""),
        ("", "Three", ""),
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"5",
        {},
        {"submissionId": "S"},
        {"acceptedDocuments": [], "rejectedDocuments": []},
        {"acceptedDocuments": {}},
        {"acceptedDocuments": ["x"]},
        {"acceptedDocuments": [row(UIDS[0])], "rejectedDocuments": "none"},
    ],
)
def test_an_answer_without_sense_is_ambiguous(service, body):
    with pytest.raises(AmbiguousError):
        service.submit(body)


@settings(**ANY, max_examples=60)
@given(JSON, st.sampled_from(["202 Accepted", "400 Bad", "403 No", "422 No", "404 No"]))
def test_any_answer_to_a_submission_has_a_meaning(service, body, status):
    try:
        outcomes = service.submit(body, status)
    except FiscalError as exc:
        assert str(exc)
    else:
        assert [outcome.key for outcome in outcomes] == [1, 2, 3]


@settings(**ANY, max_examples=60)
@given(JSON, JSON)
def test_any_answer_to_a_question_has_a_meaning(service, details, single):
    service.answers = {
        "/api/v1/receiptsubmissions/": response(json.dumps(details).encode()),
        "/api/v1/receipts/": response(json.dumps(single).encode()),
    }
    documents = [replace(DOCUMENTS[0], authority_ids={"submission": "S"}), DOCUMENTS[1]]
    eta = service.eta()
    for ask in (
        lambda: eta.query(documents),
        eta.last_uid,
        lambda: list(eta.list_documents(NOW, NOW.replace(day=2))),
    ):
        try:
            ask()
        except (TransientError, AuthorityError, AuthenticationError) as exc:
            assert str(exc)


@pytest.mark.parametrize(
    ("status", "body", "error", "code", "splittable"),
    [
        ("400 Bad", {"error": {"code": "BadStructure"}}, AuthorityError, 0, True),
        ("400 Bad", {"error": {"code": "BadRequest"}}, AuthorityError, 0, True),
        ("413 Large", b"too large", AuthorityError, "HTTP 413", True),
        ("404 No", {}, AuthorityError, "HTTP 404", False),
        ("422 No", {"error": {"code": "Other"}}, AuthorityError, 0, False),
        (
            "403 No",
            {"error": {"code": "IncorrectSubmitter"}},
            AuthenticationError,
            0,
            0,
        ),
        ("403 No", b"", AuthenticationError, "Forbidden", 0),
    ],
)
def test_refusals_of_the_whole_call(service, status, body, error, code, splittable):
    with pytest.raises(error) as caught:
        service.submit(body, status)
    assert caught.value.code == (code or body["error"]["code"])
    assert getattr(caught.value, "splittable", 0) == splittable


def test_a_duplicate_says_when_to_come_back(service):
    body = {"error": {"code": "DuplicateSubmission", "message": "again"}}
    outcomes = service.submit(body, "422 No", "Retry-After: 480\r\n")
    assert statuses(outcomes) == ["duplicate"] * 3
    assert {outcome.retry_after for outcome in outcomes} == {480}


# -- asking ----------------------------------------------------------------------------


def details(status, *rows, **more):
    return response(json.dumps({"status": status, "receipts": rows, **more}).encode())


def ask(service, answer, documents=None):
    service.answers["/api/v1/receiptsubmissions/S/details"] = answer
    sent = [
        replace(document, authority_ids={"submission": "S"})
        for document in documents or DOCUMENTS
    ]
    return service.eta().query(sent)


def test_statuses_in_any_case(service):
    outcomes = ask(
        service,
        details(
            "VALID",
            row(UIDS[0], status="valid"),
            row(UIDS[1].upper(), status="INVALID"),
            row(UIDS[2], status="Canceled"),
        ),
    )
    assert statuses(outcomes) == ["valid", "invalid", "cancelled"]
    assert outcomes[1].errors


@pytest.mark.parametrize("word", ["InProgress", "in progress", "INPROGRESS"])
def test_nothing_is_decided_while_a_submission_is_in_progress(service, word):
    rows = [row(UIDS[0], status="Valid")]
    assert statuses(ask(service, details(word, *rows))) == ["pending"] * 3


def test_errors_of_validation_steps_are_read(service):
    errors = [
        {
            "stepId": "7",
            "stepName": "Codes",
            "error": {
                "propertyPath": "itemData[0].itemCode",
                "errorCode": "CV302",
                "error": "Not found",
                "errorAr": "غير موجود",
                "innerError": None,
            },
        }
    ]
    outcomes = ask(
        service,
        details("Invalid", *[row(u, status="Invalid", errors=errors) for u in UIDS]),
    )
    problems = [(p.code, p.message, p.path) for p in outcomes[0].errors]
    assert problems == [("CV302", "Not found", "itemData[0].itemCode")]


def test_a_failed_submission_without_receipts(service):
    body = {
        "status": "Invalid",
        "submissionErrors": [{"errorCode": "X1", "error": "POS retired"}],
    }
    outcomes = ask(service, response(json.dumps(body).encode()))
    assert statuses(outcomes) == ["invalid"] * 3
    assert outcomes[0].errors[0].code == "X1"


def test_receipts_that_their_submission_does_not_list_are_asked_for_alone(service):
    service.answers["/api/v1/receipts/" + UIDS[1]] = response(
        json.dumps({"receipt": row(UIDS[1], status="Valid", longId="L")}).encode()
    )
    outcomes = ask(service, details("Valid", row(UIDS[0], status="Valid")))
    assert statuses(outcomes) == ["valid", "valid", "absent"]
    assert outcomes[1].authority_ids == {"long_id": "L"}


def test_an_answer_about_another_receipt_is_not_believed(service):
    service.answers["/api/v1/receipts/"] = response(
        json.dumps({"receipt": row("ee" * 32, status="Valid")}).encode()
    )
    assert statuses(service.eta().query(DOCUMENTS[:1])) == ["absent"]


def test_a_list_that_the_authority_no_longer_gives_is_no_obstacle(service):
    service.answers["/api/v1/receipts/recent"] = response(b"{}", "400 Bad")
    documents = [replace(DOCUMENTS[0], key=n) for n in range(9)]
    assert statuses(service.eta().query(documents)) == ["absent"] * 9


def test_a_submission_id_cannot_lead_elsewhere(service):
    document = replace(DOCUMENTS[0], authority_ids={"submission": "../../x?y#z"})
    service.eta().query([document])
    assert service.paths[0].startswith(
        "/api/v1/receiptsubmissions/..%2F..%2Fx%3Fy%23z/details"
    )


def test_a_list_without_figures_is_followed_while_pages_are_full(service):
    for page, size in (("1", 100), ("2", 3)):
        rows = [row(f"{page}{n:063x}", status="Valid") for n in range(size)]
        body = json.dumps({"receipts": rows}).encode()
        service.answers[f"/api/v1/receipts/search?{SEARCH}&PageNo={page}"] = response(
            body
        )
    listed = list(service.eta().list_documents(NOW, NOW.replace(hour=10)))
    assert len(listed) == 103 and len(service.paths) == 2


def test_a_list_that_grows_while_it_is_read_loses_nothing(service):
    """A new receipt comes first, so that the last of a page is met again on the
    next."""
    for page, first, size in (("1", 0, 100), ("2", 99, 100), ("3", 198, 12)):
        rows = [row(f"{n:064x}", status="Valid") for n in range(first, first + size)]
        body = {"receipts": rows, "metadata": {"totalPages": 2 + (page != "1")}}
        service.answers[f"/api/v1/receipts/search?{SEARCH}&PageNo={page}"] = response(
            json.dumps(body).encode()
        )
    listed = list(service.eta().list_documents(NOW, NOW.replace(hour=10)))
    assert [int(found.uid, 16) for found in listed] == list(range(210))
