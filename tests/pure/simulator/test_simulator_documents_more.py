"""Packages, item codes, faults, and the data file."""

import csv
import io
import time

import pytest
import requests
from invoice_kit import (
    BUYER,
    OTHER,
    RIN,
    Erp,
    body_of,
    found,
    invoice,
    item,
    signed,
    unsigned,
)
from simulator_kit import now_text

from simulator.client import ControlClient, ControlError
from simulator.eg_eta import App
from simulator.server import running

CODES = "Step-07.Code Field Validator"

# ------------------------------------------------------------------------------
# Packages
# ------------------------------------------------------------------------------


def package(erp, **more) -> requests.Response:
    body = {
        "type": "Summary",
        "format": "JSON",
        "queryParameters": {
            "dateFrom": now_text(days=-1),
            "dateTo": now_text(days=1),
            "statuses": ["Valid"],
            "itemCodes": [{"codeValue": "", "codeType": ""}],
            "documentTypeNames": [],
            "receiverSenderId": "",
        },
    }
    body.update(more)
    return erp.call("POST", "v1.0/documentpackages/requests", body)


def downloaded(erp, identity) -> requests.Response:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        answer = erp.get(f"documentPackages/{identity}")
        if answer.status_code != 202:
            return answer
        time.sleep(0.02)
    raise AssertionError("the package is never ready")


def test_a_package_is_built_in_a_while(erp, control):
    control.settings(package_seconds=0.2)
    erp.valid(control, unsigned(invoice(number="1")), unsigned(invoice(number="2")))
    identity = package(erp).json()["requestId"]
    assert erp.get(f"documentPackages/{identity}").status_code == 202
    (row,) = erp.get("documentPackages/requests").json()["result"]
    assert (row["packageId"], row["status"], row["format"]) == (identity, 1, 1)
    rows = downloaded(erp, identity).json()
    assert [row["internalId"] for row in rows] == ["2", "1"]
    (row,) = erp.get("documentpackages/requests").json()["result"]
    assert (row["status"], row["requestorTaxpayerRIN"]) == (2, RIN)


def test_forms_of_a_package(erp, control):
    control.settings(package_seconds=0)
    erp.valid(control, unsigned(invoice()))
    full = downloaded(erp, package(erp, type="Full").json()["requestId"]).json()
    assert '"internalID":"INV-0001"' in full[0]["document"]
    answer = downloaded(erp, package(erp, format="CSV").json()["requestId"])
    assert answer.headers["Content-Type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["internalId"], row["status"]) == ("INV-0001", "Valid")


def test_what_a_package_is_asked_for(erp, control):
    control.settings(package_seconds=0)
    erp.valid(control, unsigned(invoice()))
    period = {"dateFrom": now_text(days=-1), "dateTo": now_text(days=1)}
    for query, count in (
        ({"documentTypeNames": ["c"]}, 0),
        ({"documentTypeNames": ["i"]}, 1),
        ({"statuses": ["Cancelled"]}, 0),
        ({"receiverSenderId": OTHER}, 0),
        ({"receiverSenderId": BUYER}, 1),
        ({"branchNumber": "1"}, 0),
        ({"itemCodes": [{"codeValue": f"EG-{RIN}-0001"}]}, 1),
        ({"productsInternalCodes": ["P-9"]}, 0),
    ):
        answer = package(erp, queryParameters={**period, **query})
        rows = downloaded(erp, answer.json()["requestId"]).json()
        assert len(rows) == count, query


def test_packages_that_are_not_made(erp, control):
    control.settings(package_documents=1)
    erp.valid(control, unsigned(invoice(number="1")), unsigned(invoice(number="2")))
    for more, code in (
        ({"type": "summary"}, "BadArgument"),
        ({"format": "XML"}, "BadArgument"),
        ({"type": "Full", "format": "CSV"}, "BadArgument"),
        ({"queryParameters": {}}, "BadArgument"),
        ({"queryParameters": {"nonsense": 1}}, "BadArgument"),
        ({"queryParameters": {"statuses": ["valid"]}}, "BadArgument"),
        ({}, "OperationExceedsLimit"),
    ):
        answer = package(erp, **more)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    identity = package(erp, truncateIfExceeded=True).json()["requestId"]
    assert len(downloaded(erp, identity).json()) == 1
    assert erp.get("documentPackages/nothing").status_code == 404


# ------------------------------------------------------------------------------
# Item codes
# ------------------------------------------------------------------------------


def asked(erp, *codes, **more) -> dict:
    items = [
        {
            "codeType": "EGS",
            "parentCode": "10000051",
            "itemCode": code,
            "codeName": "Test Code",
            "codeNameAr": "كود تجريبي",
            "activeFrom": "2021-02-20T00:00:00.000",
            "activeTo": None,
            "description": "Description",
            "requestReason": "new product",
            **more,
        }
        for code in codes
    ]
    answer = erp.call("POST", "v1.0/codetypes/requests/codes", {"items": items})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_code_is_approved(erp, control):
    code = f"EG-{RIN}-0001"
    answer = asked(erp, code)
    assert (answer["passedItemsCount"], answer["failedItems"]) == (1, [])
    (passed,) = answer["passedItems"]
    assert passed["itemCode"] == code
    (row,) = erp.get("codetypes/requests/my").json()["result"]
    assert (row["status"], row["active"]) == ("Submitted", False)
    assert row["codeUsageRequestID"] == passed["codeUsageRequestId"]
    (details,) = erp.verdicts(control, unsigned(invoice(number="1")))
    assert found(details) == {CODES: {"CV302"}}
    control.decide_code(passed["codeUsageRequestId"], "Approved")
    (row,) = erp.get("codetypes/requests/my", Status="Approved", Active="true").json()[
        "result"
    ]
    assert row["ownerTaxpayer"]["rin"] == row["requesterTaxpayer"]["rin"] == RIN
    erp.valid(control, unsigned(invoice(number="2")))


def test_a_code_is_rejected(erp, control):
    (passed,) = asked(erp, f"EG-{RIN}-0001")["passedItems"]
    control.decide_code(passed["codeUsageRequestId"], "Rejected", "No such brick")
    (row,) = erp.get("codetypes/requests/my", Status="Rejected").json()["result"]
    assert row["statusReason"] == "No such brick"
    (details,) = erp.verdicts(control, unsigned(invoice()))
    assert found(details) == {CODES: {"CV302"}}
    with pytest.raises(ControlError, match="is Rejected"):
        control.decide_code(passed["codeUsageRequestId"], "Approved")
    with pytest.raises(ControlError, match="no code request 7"):
        control.decide_code(7, "Approved")


def test_codes_are_approved_by_themselves(erp, control):
    control.settings(code_approval_seconds=60)
    asked(erp, f"EG-{RIN}-0001")
    assert control.code_requests()[0]["status"] == "Submitted"
    control.settings(clock_offset=61)
    assert control.code_requests()[0]["status"] == "Approved"


@pytest.mark.parametrize(
    ("code", "more", "words"),
    [
        (f"EG-{OTHER}-1", {}, f"EG-{RIN}-<code>"),
        (f"EG-{RIN}-1", {"codeType": "GS1"}, "must be EGS"),
        (f"EG-{RIN}-1", {"codeName": ""}, "codeName is missing"),
        (f"EG-{RIN}-1", {"parentCode": ""}, "parentCode is missing"),
        (f"EG-{RIN}-1", {"activeFrom": "soon"}, "is no date"),
    ],
)
def test_codes_that_cannot_be_asked_for(erp, code, more, words):
    answer = asked(erp, code, **more)
    assert answer["passedItemsCount"] == 0
    (failed,) = answer["failedItems"]
    assert failed["index"] == 0
    assert words in " ".join(failed["errors"])


def test_a_code_is_asked_for_once(erp, control):
    answer = asked(erp, f"EG-{RIN}-1", f"EG-{RIN}-1", f"EG-{RIN}-2")
    assert answer["passedItemsCount"] == 2
    assert [row["index"] for row in answer["failedItems"]] == [1]
    answer = erp.call("POST", "v1.0/codetypes/requests/codes", {"items": []})
    assert answer.status_code == 400


def test_a_request_is_changed_while_it_is_open(erp, control):
    (passed,) = asked(erp, f"EG-{RIN}-1")["passedItems"]
    number = passed["codeUsageRequestId"]
    path = f"codetypes/requests/codes/{number}"
    assert erp.put(path, {"codeName": "Better"}).status_code == 200
    (row,) = erp.get("codetypes/requests/my", CodeName="better").json()["result"]
    assert row["codeNamePrimaryLang"] == "Better"
    assert erp.put(path, {"codeName": ""}).status_code == 400
    control.decide_code(number, "Approved")
    assert erp.put(path, {"codeName": "Too late"}).status_code == 400
    assert erp.put("codetypes/requests/codes/7", {}).status_code == 404


def test_published_codes(erp, control):
    control.register(
        item_codes=[
            {"item_type": "GS1", "code": "4006381333931", "name": "Pen"},
            {"item_type": "EGS", "code": f"EG-{OTHER}-1", "rins": [OTHER]},
            {"item_type": "EGS", "code": f"EG-{RIN}-1", "active": False},
        ]
    )
    (row,) = erp.get("codetypes/GS1/codes", Ps=10, Pn=1).json()["result"]
    assert (row["codeLookupValue"], row["codeNamePrimaryLang"]) == (
        "4006381333931",
        "Pen",
    )
    (row,) = erp.get("codetypes/EGS/codes").json()["result"]
    assert row["codeLookupValue"] == f"EG-{OTHER}-1"
    body = erp.get("codetypes/EGS/codes", OnlyActive="false", Ps=1).json()
    assert body["metadata"]["totalCount"] == 2
    body = erp.get("codetypes/EGS/codes", OnlyActive="false", TaxpayerRIN=RIN).json()
    assert [row["active"] for row in body["result"]] == [False]
    assert erp.get("codetypes/GPC/codes").status_code == 404
    details = erp.get("codetypes/GS1/codes/4006381333931").json()
    assert (details["codeName"], details["active"]) == ("Pen", True)
    assert erp.get("codetypes/GS1/codes/1").status_code == 404


def test_another_taxpayers_code_is_used_with_leave(erp, control):
    code = f"EG-{OTHER}-1"
    control.register(item_codes=[{"item_type": "EGS", "code": code, "rins": [OTHER]}])
    items = [{"codetype": "EGS", "itemCode": code, "comment": "we sell it too"}]
    body = {"items": [*items, {"codetype": "EGS", "itemCode": "EG-1-1"}]}
    answer = erp.put("codetypes/requests/codeusages", body).json()
    assert (answer["passedItemsCount"], answer["failedItems"][0]["index"]) == (1, 1)
    line = item(itemCode=code)
    (details,) = erp.verdicts(control, unsigned(invoice([line])))
    assert found(details) == {CODES: {"CV302"}}
    number = answer["passedItems"][0]["codeUsageRequestId"]
    control.decide_code(number, "Approved")
    erp.valid(control, unsigned(invoice([line], number="2")))
    answer = erp.put("codetypes/requests/codeusages", {"items": items}).json()
    assert answer["passedItemsCount"] == 0


def test_an_own_code_is_changed(erp, control):
    for owner in (RIN, OTHER):
        row = {"item_type": "EGS", "code": f"EG-{owner}-0001", "name": "x"}
        control.register(item_codes=[row])
    path = f"codetypes/EGS/codes/EG-{RIN}-0001"
    change = {"codeDescriptionPrimaryLang": "New", "activeTo": "2020-01-01T00:00:00"}
    assert erp.put(path, change).status_code == 200
    details = erp.get(path).json()
    assert (details["description"], details["active"]) == ("New", False)
    (verdict,) = erp.verdicts(control, unsigned(invoice()))
    assert found(verdict) == {CODES: {"CV302"}}
    answer = erp.put(f"codetypes/EGS/codes/EG-{OTHER}-0001", change)
    assert answer.status_code == 403


# ------------------------------------------------------------------------------
# Faults
# ------------------------------------------------------------------------------


def test_silent_after_accepting(erp, control):
    """The answer is lost, the document is there: found again by its number."""
    control.fault("document_submit", "drop_after", times=1)
    document = unsigned(invoice())
    with pytest.raises(requests.ConnectionError):
        erp.submit(document)
    (row,) = control.documents(number="INV-0001")
    again = erp.post(body_of([document]))
    assert again.status_code == 422
    control.settle()
    query = {"submissionDateFrom": now_text(days=-1)}
    (seen,) = erp.get("documents/search", **query).json()["result"]
    assert (seen["uuid"], seen["internalId"]) == (row["uuid"], "INV-0001")


def test_accepted_and_never_seen(erp, control):
    control.fault("document_submit", "lost", times=1)
    answer = erp.submit(unsigned(invoice()))
    uuid = answer["acceptedDocuments"][0]["uuid"]
    control.settle()
    path = f"documentsubmissions/{answer['submissionId']}"
    assert erp.get(path).status_code == 404
    assert erp.get(f"documents/{uuid}/details").status_code == 404
    assert control.documents() == []


def test_slow_and_stuck_verdicts(erp, control):
    control.fault("document_submit", "stuck", times=1)
    control.fault("document_submit", "late_verdict", times=1, after=1, seconds=60)
    control.settings(validation_seconds=0)
    stuck, late, quick = (
        erp.submit(unsigned(invoice(number=number)))["acceptedDocuments"][0]["uuid"]
        for number in ("stuck", "late", "quick")
    )
    statuses = [erp.details(uuid)["status"] for uuid in (stuck, late, quick)]
    assert statuses == ["Submitted", "Submitted", "Valid"]
    control.settle()
    statuses = [erp.details(uuid)["status"] for uuid in (stuck, late, quick)]
    assert statuses == ["Submitted", "Valid", "Valid"]


def test_ordered_refusals(erp, control):
    control.fault("document_submit", "reject", match={"internalID": "^A"}, code="E1")
    control.fault(
        "document_submit",
        "invalid",
        match={"receiverId": BUYER, "internalID": "B"},
        code="Err99",
        path="totalAmount",
        message="Ordered",
    )
    rows = [unsigned(invoice(number=number)) for number in ("A", "B", "C")]
    answer = erp.submit(*rows)
    (rejected,) = answer["rejectedDocuments"]
    assert (rejected["internalId"], rejected["error"]["code"]) == ("A", "E1")
    control.settle()
    details = [erp.details(row["uuid"]) for row in answer["acceptedDocuments"]]
    assert found(details[0]) == {"Step-06.Simple Validator": {"Err99"}}
    assert found(details[1]) == {}
    control.fault("document_submit", "reject_all", times=1)
    assert erp.submit(unsigned(invoice(number="D")))["submissionId"] is None
    control.fault("document_submit", "submission_error", times=1, code="Err98")
    (details,) = erp.verdicts(control, unsigned(invoice(number="E")))
    assert found(details) == {"Step-06.Simple Validator": {"Err98"}}


def test_wire_faults_know_the_endpoints(erp, control):
    assert erp.bearer
    body = body_of([unsigned(invoice())])
    control.fault("document_submit", "waf_html", times=1)
    answer = erp.post(body)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert control.documents() == []
    control.fault("document_submit", "rate_limit", times=1, seconds=3)
    assert erp.post(body).headers["Retry-After"] == "3"
    control.fault("document_submit", "unauthorized", times=1)
    assert erp.post(body).status_code == 401
    control.fault("document_submit", "deaf", times=1, seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        erp.post(body)
    (uuid,) = erp.valid(control, unsigned(invoice()))
    control.fault("document_details", "status", times=1, status=503)
    assert erp.get(f"documents/{uuid}/details").status_code == 503
    assert erp.details(uuid)["status"] == "Valid"


def test_a_fault_of_one_client(url, erp, control):
    row = {"client_id": "second", "secret": "second-secret", "rin": RIN}
    control.register(erp_clients=[row])
    control.fault("any", "status", status=503, client="sim-erp")
    second = Erp(url, "second")
    assert erp.get("documents/recent").status_code == 503
    assert second.get("documents/recent").status_code == 200
    control.fault("document_submit", "reject_all", client="second")
    assert second.submit(unsigned(invoice()))["acceptedDocuments"] == []


# ------------------------------------------------------------------------------
# The data file, and the configuration
# ------------------------------------------------------------------------------


def test_documents_outlive_the_process(tmp_path, pki):
    file = tmp_path / "data.json"
    config = {
        "trusted_cas": [{"pem": pki.ca.pem}],
        "settings": {"validation_seconds": 60},
    }
    app = App(config, data=file)
    with running(app) as url:
        erp, control = Erp(url), ControlClient(url)
        wrong = unsigned(invoice(number="wrong"))
        wrong["totalAmount"] += 1
        valid, _wrong = erp.verdicts(control, signed(invoice(), pki.seal), wrong)
        control.document_state(valid["uuid"], "reject", "Not ours")
        control.document_state(valid["uuid"], "decline_rejection")
        asked(erp, f"EG-{RIN}-77")
        erp.submit(signed(invoice(number="later"), pki.seal))
        control.fault("document_submit", "stuck", times=1)
        erp.submit(unsigned(invoice(number="stuck")))
        before = control.documents(raw=True)
    app.close()
    app = App(config, data=file)
    with running(app) as url:
        control, erp = ControlClient(url), Erp(url)
        control.settle()
        after = control.documents(raw=True)
        waiting = {row["internalID"]: row for row in before}["later"]
        waiting.update(
            status="Valid", signedBy=[f"2.5.4.97=VATEG-{RIN},CN=Seal,O=Test,C=EG"]
        )
        assert after == before
        assert control.code_requests()[0]["code"] == f"EG-{RIN}-77"
        again = erp.verdicts(control, signed(invoice(), pki.seal))
        assert "DS301" in str(found(again[0]))
    app.close()


def test_the_configuration(pki):
    config = {
        "taxpayers": [
            {"rin": RIN, "name": "One"},
            {"rin": OTHER, "name": "Other"},
        ],
        "erp_clients": [
            {"client_id": "sim-erp", "secret": "sim-erp-secret", "rin": RIN}
        ],
        "trusted_cas": [{"pem": pki.ca.pem}],
        "signers": [{"rin": RIN, "pem": pki.buyer.pem}],
        "late_requests": [{"rin": RIN, "number": f"{RIN}-26-1", "days": 2}],
        "callbacks": [
            {"rin": OTHER, "base_url": "http://127.0.0.1:9/x", "api_key": "secret"}
        ],
    }
    with running(App(config)) as url:
        control = ControlClient(url)
        control.reset()
        registry = control.overview()["registry"]
        assert registry["trusted_cas"] == config["trusted_cas"]
        assert registry["late_requests"] == config["late_requests"]
        assert "secret" not in str(registry["callbacks"])
        Erp(url).valid(control, signed(invoice(), pki.seal))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"trusted_cas": [{"pem": "x"}]}, "no PEM certificate"),
        ({"signers": [{"rin": "1", "pem": "x"}]}, "no taxpayer"),
        ({"late_requests": [{"rin": RIN}]}, "LateRequest"),
        (
            {"callbacks": [{"rin": RIN, "base_url": "http://x.org", "api_key": ""}]},
            "loopback",
        ),
        (
            {"callbacks": [{"rin": RIN, "base_url": "ftp://127.0.0.1", "api_key": ""}]},
            "http or https",
        ),
    ],
)
def test_mistakes_in_the_registry(control, more, words):
    with pytest.raises(ControlError, match=words):
        control.register(**more)


@pytest.mark.parametrize(
    "windows",
    [{"X": {}}, {"I": 7}, {"I": {"days": 7}}, {"I": {"cancel_hours": "7"}}],
)
def test_mistakes_in_windows(control, windows):
    with pytest.raises(ControlError, match="the form"):
        control.settings(document_windows=windows)
