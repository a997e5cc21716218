"""Item codes: registered and followed with the real simulator, and answers in the
wild."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from crooked_server import response
from eta_samples import LINE, RIN
from hypothesis import HealthCheck, given, settings
from invoice_rig import BUYER
from invoice_samples import invoice
from service_kit import JSON

from fiscal.contract import AmbiguousError, AuthorityError, FiscalError, Status
from fiscal.eg_eta import EgInvoice
from fiscal.eg_eta.item_codes import (
    MOST_TOGETHER,
    CodeUse,
    NewCode,
    RequestStatus,
    check_code,
    looked_for,
    owner_of,
)

FOREIGN = f"EG-{BUYER}-7"


def code(own="A-1", **changes):
    values = {
        "item_code": f"EG-{RIN}-{own}",
        "parent": "10000051",
        "name": "Code",
        "name_ar": "كود",
        "active_from": date(2026, 1, 1),
        "description": 'A "thing"',
        "reason": "New product",
    }
    return NewCode(**{**values, **changes})


def test_from_request_to_use(office):
    codes = office.eta.item_codes()
    good, bad, later = codes.register(
        [code("X1"), code("X2", parent=""), code("X3", active_to=date(2030, 1, 1))]
    )
    assert good.request_id and not good.problems
    assert not bad.request_id and "parentCode" in bad.problems[0].text
    assert later.request_id not in ("", good.request_id)
    assert [row.item_code for row in codes.requests()] == [
        later.item_code,
        good.item_code,
    ]
    (first, *_rest) = codes.requests(RequestStatus.SUBMITTED)
    assert (first.status, first.active) == (RequestStatus.SUBMITTED, False)
    assert (first.name, first.name_ar, first.parent) == ("Code", "كود", "10000051")
    office.control.decide_code(int(good.request_id), "Approved")
    office.control.decide_code(int(later.request_id), "Rejected", "No such brick")
    found = {row.item_code: row for row in codes.requests()}
    assert found[good.item_code].status is RequestStatus.APPROVED
    refused = found[later.item_code]
    assert (refused.status, refused.reason) == (
        RequestStatus.REJECTED,
        "No such brick",
    )
    sold = invoice(replace(LINE, item_code=good.item_code))
    assert office.valid(sold).uid


def test_a_code_of_somebody_else_may_be_asked_for(office):
    office.control.register(
        item_codes=[{"item_type": "EGS", "code": FOREIGN, "rins": [BUYER]}]
    )
    codes = office.eta.item_codes()
    sold = invoice(replace(LINE, item_code=FOREIGN))
    (document,) = office.accepted(office.issue(sold))
    office.control.settle()
    (outcome,) = office.ask(document)
    assert outcome.status is Status.INVALID
    known, unknown = codes.reuse(
        [CodeUse("EGS", FOREIGN, "We sell it too"), CodeUse("EGS", "EG-1-none")]
    )
    assert known.request_id and unknown.problems
    office.control.decide_code(int(known.request_id), "Approved")
    assert office.valid(sold).uid


def test_a_request_and_a_code_are_changed(office):
    codes = office.eta.item_codes()
    (asked,) = codes.register([code("C1")])
    codes.change_request(asked.request_id, code("C1", name="Better"))
    (row,) = codes.requests()
    assert row.name == "Better"
    office.control.decide_code(int(asked.request_id), "Approved")
    with pytest.raises(AuthorityError, match="Approved"):
        codes.change_request(asked.request_id, code("C1"))
    with pytest.raises(AuthorityError, match="does not know"):
        codes.change_request("999999", code("C1"))
    codes.change("EGS", asked.item_code, description="Long", linked_code="X")
    found = codes.details("EGS", asked.item_code)
    assert (found.description, found.linked_code) == ("Long", "X")
    assert found.name == "Better" and found.owner == RIN and found.active


def test_codes_are_looked_up(office, monkeypatch):
    monkeypatch.setattr("fiscal.eg_eta.item_codes.PAGE_SIZE", 2)
    gtin = "6221031954818"
    office.control.register(
        item_codes=[
            {"item_type": "GS1", "code": gtin, "name": "Tea", "name_ar": "شاي"},
            *(
                {"item_type": "EGS", "code": f"EG-{RIN}-T{n}", "name": f"Tea {n}"}
                for n in range(5)
            ),
        ]
    )
    codes = office.eta.item_codes()
    (found,) = codes.search("GS1", code=gtin[:8])
    assert (found.item_code, found.name_ar, found.code_type) == (gtin, "شاي", "GS1")
    assert len(list(codes.search("EGS", name="tea", owner=RIN))) == 5
    assert list(codes.search("EGS", name="coffee")) == []
    assert codes.details("GS1", gtin).name == "Tea"
    assert codes.details("GS1", "0000000000000") is None


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("6221031954818", {"code": "6221031954818"}),
        (" 622 ", {"code": "622"}),
        (f"eg-{RIN}-t", {"code": f"eg-{RIN}-t"}),
        ("EG-", {"code": "EG-"}),
        ("black   tea", {"name": "black tea"}),
        ("7 Up", {"name": "7 Up"}),
        ("12", {"name": "12"}),
        ("eggs", {"name": "eggs"}),
        ("شاي", {"name": "شاي"}),
    ],
)
def test_what_was_typed_is_a_code_or_a_name(typed, wanted):
    assert looked_for(typed) == wanted


def test_a_code_names_its_owner():
    assert owner_of(FOREIGN) == BUYER
    assert owner_of(f" eg-{RIN}-1-2 ") == RIN
    assert owner_of("6221031954818") == owner_of("EG-x-1") == owner_of("EG-1-") == ""


def test_what_is_wrong_with_a_code_is_said_before():
    assert check_code(code(), RIN) == []
    wrong = code(
        item_code="EG-1-x",
        parent="123",
        name=" ",
        active_to=date(2020, 1, 1),
    )
    assert [problem.code for problem in check_code(wrong, RIN)] == [
        "egs_code_malformed",
        "gpc_brick_missing",
        "code_name_missing",
        "code_dates",
    ]
    for problem in check_code(wrong, RIN):
        assert "EG-1-x" in problem.text and problem.text.endswith(".")
    (none,) = check_code(code(parent=""), RIN)
    assert "no GPC brick yet" in none.text
    assert check_code(code(own=""), RIN)[0].code == "egs_code_malformed"


def test_only_so_many_together(office):
    for many in ([], [code(str(n)) for n in range(MOST_TOGETHER + 1)]):
        with pytest.raises(ValueError, match="together"):
            office.eta.item_codes().register(many)


# -- answers in the wild ---------------------------------------------------------------

PATH = "/api/v1.0/codetypes"


def answering(service, body, status="200 OK"):
    service.answers[PATH] = response(json.dumps(body).encode(), status)
    return service.eta(authority=EgInvoice, settings={"read_pause": 0}).item_codes()


def test_refused_codes_are_named_by_their_place(service):
    codes = answering(
        service,
        {
            "passedItems": [
                {"itemCode": f"EG-{RIN}-2", "codeUsageRequestId": 7},
                {"itemCode": "another", "codeUsageRequestId": 8},
            ],
            "failedItems": [{"index": 0, "errors": ["Wrong", "Bad"]}, {"index": 2}],
        },
    )
    first, second, third, fourth = codes.register([code(n) for n in "1234"])
    assert [problem.text for problem in first.problems] == ["Wrong", "Bad"]
    assert (second.request_id, second.problems) == ("7", ())
    assert "without giving a reason" in third.problems[0].text
    assert (fourth.request_id, fourth.problems) == ("", ())


def test_an_error_of_the_authority_is_told_with_its_details(service):
    error = {
        "code": "ValidationError",
        "target": "UpdateCodeUsageCommandHandler",
        "details": [{"target": "linkedCodeId", "message": "X does not exist"}],
    }
    codes = answering(service, {"error": error}, "400 Bad")
    with pytest.raises(AuthorityError) as caught:
        codes.change_request("5", code())
    assert caught.value.errors[-1].text == "X does not exist"


def test_an_answer_that_names_nothing_is_ambiguous(service):
    with pytest.raises(AmbiguousError):
        answering(service, {}).register([code()])


@settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)
@given(JSON, JSON)
def test_any_answer_is_read_or_an_error(service, rows, body):
    answers = [{"result": rows}, {"passedItems": rows, "failedItems": body}, body]
    for given_ in answers:
        codes = answering(service, given_)
        for ask in (
            lambda c: c.register([code()]),
            lambda c: list(c.requests()),
            lambda c: list(c.search("GS1", name="x")),
            lambda c: c.details("EGS", "x"),
        ):
            try:
                ask(codes)
            except FiscalError:
                continue
