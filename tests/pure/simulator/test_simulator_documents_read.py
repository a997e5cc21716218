"""Reading: submissions, raw, details, print, recent, search, types, links."""

import io
import json

import pytest
import requests
from invoice_kit import BUYER, RIN, invoice, item, unsigned
from pypdf import PdfReader
from simulator_kit import now_text, text_of


def many(erp, control, count, **more) -> list[str]:
    documents = [
        unsigned(invoice(number=f"INV-{number:03}", **more)) for number in range(count)
    ]
    return erp.valid(control, *documents)


def test_a_submission_by_pages(erp, control):
    wrong = unsigned(invoice(number="wrong"))
    wrong["taxpayerActivityCode"] = "0000"
    documents = [unsigned(invoice(number=str(number))) for number in range(4)]
    identity = erp.submit(*documents, wrong)["submissionId"]
    path = f"documentsubmissions/{identity}"
    body = erp.get(path).json()
    assert (body["uuid"], body["documentCount"]) == (identity, 5)
    assert body["overallStatus"] == "in progress"
    control.settle()
    body = erp.get(path, pageNo=2, pageSize=3).json()
    assert body["overallStatus"] == "partially valid"
    assert [row["internalId"] for row in body["documentSummary"]] == ["3", "wrong"]
    assert [row["status"] for row in body["documentSummary"]] == ["Valid", "Invalid"]
    assert body["documentSummaryMetadata"] == {"totalPages": 2, "totalCount": 5}


def test_overall_statuses(erp, control):
    wrong = unsigned(invoice(number="wrong"))
    wrong["taxpayerActivityCode"] = "0000"
    for document, status in ((wrong, "invalid"), (unsigned(invoice()), "valid")):
        identity = erp.submit(document)["submissionId"]
        control.settle()
        body = erp.get(f"documentsubmissions/{identity}").json()
        assert body["overallStatus"] == status


def test_submissions_are_the_submitters(erp, buyer):
    identity = erp.submit(unsigned(invoice()))["submissionId"]
    assert buyer.get(f"documentsubmissions/{identity}").status_code == 404
    assert erp.get("documentsubmissions/nothing").status_code == 404


def test_raw_has_the_text_as_it_was_sent(erp, control):
    document = unsigned(invoice([item(description='قميص "L" \\ ‎')]))
    (uuid,) = erp.valid(control, document)
    body = erp.get(f"documents/{uuid}/raw").json()
    assert body["document"] == text_of(document)
    assert (body["uuid"], body["status"]) == (uuid, "Valid")
    assert (body["transformationStatus"], body["maxPercision"]) == ("original", 5)
    assert body["validationResults"]["status"] == "Valid"
    code = f"EG-{RIN}-0001"
    assert body["invoiceLineItemCodes"] == [{"codeTypeName": "EGS", "itemCode": code}]


def test_details_in_etas_spelling(erp, control):
    (uuid,) = erp.valid(control, unsigned(invoice()))
    details = erp.details(uuid)
    assert details["dateTimeRecevied"].endswith("Z")
    assert "dateTimeReceived" not in details
    assert details["maxPercision"] == 5
    assert (details["issuer"]["type"], details["receiver"]["type"]) == (0, 0)
    assert details["freezeStatus"]["frozen"] is False
    (line,) = details["invoiceLines"]
    assert line["taxableItems"] is None
    assert line["lineTaxableItems"][0]["amount"] == 28
    (segment,) = details["currencySegments"]
    assert (segment["currency"], segment["totalAmount"]) == ("EGP", 228)
    assert isinstance(details["submissionChannel"], int)
    assert isinstance(details["statusId"], int)
    for name in (
        "cancelRequestDate",
        "rejectRequestDate",
        "cancelRequestDelayedDate",
        "rejectRequestDelayedDate",
        "declineCancelRequestDate",
        "declineRejectRequestDate",
        "lateSubmissionRequestNumber",
    ):
        assert details[name] is None


def test_the_receiver_sees_what_is_valid(erp, buyer, control):
    (uuid,) = erp.valid(control, unsigned(invoice()))
    assert buyer.details(uuid)["status"] == "Valid"
    wrong = unsigned(invoice(number="wrong"))
    wrong["taxpayerActivityCode"] = "0000"
    (details,) = erp.verdicts(control, wrong)
    assert buyer.get(f"documents/{details['uuid']}/raw").status_code == 404
    assert erp.get(f"documents/{details['uuid']}/raw").status_code == 200


def test_the_print_is_a_pdf(erp, control):
    document = unsigned(invoice(number="INV (1)", receiver={"type": "P"}))
    (uuid,) = erp.valid(control, document)
    answer = erp.get(f"documents/{uuid}/pdf")
    assert answer.headers["Content-Type"] == "application/pdf"
    (page,) = PdfReader(io.BytesIO(answer.content), strict=True).pages
    text = page.extract_text()
    assert "Invoice INV (1)" in text
    assert uuid in text
    assert "228" in text


def test_no_print_of_what_was_never_valid(erp):
    (accepted,) = erp.submit(unsigned(invoice()))["acceptedDocuments"]
    assert erp.get(f"documents/{accepted['uuid']}/pdf").status_code == 404


def test_the_public_link(erp, control, url):
    (uuid,) = erp.valid(control, unsigned(invoice(number="<b>1</b>")))
    details = erp.details(uuid)
    assert details["publicUrl"] == f"{url}/documents/{uuid}/share/{details['longId']}"
    page = requests.get(details["publicUrl"], timeout=10)
    assert page.status_code == 200
    assert "Invoice &lt;b&gt;1&lt;/b&gt;" in page.text
    assert "Nothing here is real" in page.text
    wrong = requests.get(f"{url}/documents/{uuid}/share/x", timeout=10)
    assert wrong.status_code == 404
    assert "Document not found" in wrong.text


def test_recent(erp, buyer, control):
    first = many(erp, control, 3)
    (to_a_person,) = erp.valid(
        control, unsigned(invoice(number="P", kind="D", receiver={"type": "P"}))
    )
    control.receive(RIN)
    body = erp.get("documents/recent", pageSize=2, pageNo=3).json()
    assert body["metadata"] == {"totalPages": 3, "totalCount": 5}
    assert [row["uuid"] for row in body["result"]] == first[:1]

    def uuids(**query):
        answer = erp.get("documents/recent", **query)
        assert answer.status_code == 200, answer.text
        return {row["uuid"] for row in answer.json()["result"]}

    assert uuids(direction="Sent") == {*first, to_a_person}
    assert uuids(receiverId=BUYER) == set(first)
    assert uuids(receiverType="P") == uuids(documentType="d") == {to_a_person}
    assert uuids(issuerId=RIN, status="valid") == {*first, to_a_person}
    assert uuids(status="Invalid") == set()
    assert len(uuids(submissionDateFrom=now_text(hours=-1))) == 5
    assert uuids(submissionDateTo=now_text(hours=-1)) == set()
    assert uuids(issueDateFrom=now_text(days=1), issueDateTo=now_text(days=2)) == set()
    row = erp.get("documents/recent", documentType="D").json()["result"][0]
    assert (row["internalId"], row["typeName"], row["total"]) == ("P", "d", 228)
    assert (row["issuerId"], row["receiverName"]) == (RIN, "")


@pytest.mark.parametrize(
    "query",
    [
        {"nonsense": "1"},
        {"pageSize": "101"},
        {"pageNo": "0"},
        {"direction": "Sideways"},
        {"issueDateFrom": "yesterday"},
    ],
)
def test_wrong_questions(erp, query):
    answer = erp.get("documents/recent", **query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgument")


def searched(erp, **query):
    """Every page of a search."""
    query = {"submissionDateFrom": now_text(days=-1), **query}
    pages, token = [], None
    while token != "EndofResultSet":
        more = {"continuationToken": token} if token else {}
        answer = erp.get("documents/search", **query, **more)
        assert answer.status_code == 200, answer.text
        pages.append([row["internalId"] for row in answer.json()["result"]])
        token = answer.json()["metadata"]["continuationToken"]
    return pages


def test_search_goes_on_where_it_stopped(erp, control):
    many(erp, control, 5)
    assert searched(erp, pageSize=2) == [
        ["INV-004", "INV-003"],
        ["INV-002", "INV-001"],
        ["INV-000"],
    ]
    assert searched(erp, status="Invalid") == [[]]
    assert searched(erp, direction="Received") == [[]]


def test_a_first_page_that_grows(erp, control):
    many(erp, control, 3)
    query = {"submissionDateFrom": now_text(days=-1), "pageSize": 2}
    first = erp.get("documents/search", **query).json()
    erp.valid(control, unsigned(invoice(number="new")))
    query["continuationToken"] = first["metadata"]["continuationToken"]
    second = erp.get("documents/search", **query).json()
    assert [row["internalId"] for row in second["result"]] == ["INV-000"]


def test_filters_may_not_change_while_paging(erp, control):
    many(erp, control, 3)
    query = {"submissionDateFrom": now_text(days=-1), "pageSize": 2}
    token = erp.get("documents/search", **query).json()["metadata"]
    query.update(token, status="Valid")
    for wrong in (query, {**query, "continuationToken": "nonsense"}):
        answer = erp.get("documents/search", **wrong)
        assert answer.status_code == 400
        assert answer.json()["error"]["target"] == "continuationToken"


def test_search_needs_a_period_of_30_days(erp):
    assert erp.get("documents/search").status_code == 400
    for name in ("submissionDate", "issueDate"):
        query = {f"{name}From": now_text(days=-40)}
        assert erp.get("documents/search", **query).status_code == 400
        query[f"{name}To"] = now_text(days=-15)
        assert erp.get("documents/search", **query).status_code == 200


def test_document_types_tell_the_windows(erp, control):
    hours = {"cancel_hours": 48, "reject_hours": 72}
    control.settings(document_windows={"I": hours})
    rows = {row["name"]: row for row in erp.get("documenttypes").json()["result"]}
    assert list(rows) == ["I", "C", "D", "EI", "EC", "ED"]

    def parameters(row):
        return {one["parameter"]: one["value"] for one in row["workflowParameters"]}

    assert parameters(rows["I"]) == {
        "cancellationDuration": 48,
        "rejectionDuration": 72,
        "submissionDuration": 24,
    }
    assert parameters(rows["C"])["cancellationDuration"] == 168
    kind = rows["I"]
    one = erp.call("GET", f"v1/documenttypes/{kind['id']}").json()
    assert one == kind
    version = kind["documentTypeVersions"][1]
    assert (version["name"], version["versionNumber"]) == ("1.0", 1)
    path = f"documenttypes/{kind['id']}/versions/{version['id']}"
    assert erp.get(path).json()["status"] == "published"
    assert erp.get("documenttypes/99").status_code == 404
    assert erp.get(f"documenttypes/{kind['id']}/versions/99").status_code == 404


def test_numbers_stay_numbers(erp, control):
    (uuid,) = erp.valid(control, unsigned(invoice([item("3", "33.33333")])))
    line = erp.details(uuid)["invoiceLines"][0]
    assert line["unitValue"]["amountEGP"] == 33.33333
    raw = json.loads(erp.get(f"documents/{uuid}/raw").json()["document"])
    assert raw["invoiceLines"][0]["unitValue"]["amountEGP"] == 33.33333
