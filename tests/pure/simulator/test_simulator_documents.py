"""Submitting documents: the token, what is refused at once, the call's limits."""

import base64
import json
from decimal import Decimal

import pytest
from invoice_kit import (
    BUYER,
    OTHER,
    RIN,
    Erp,
    body_of,
    export,
    invoice,
    item,
    put,
    signed,
    unsigned,
)
from simulator_kit import Till, now_text, text_of

# ------------------------------------------------------------------------------
# Token
# ------------------------------------------------------------------------------


def claims(answer) -> dict:
    payload = answer.json()["access_token"].split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def test_token_by_basic_and_by_form(erp):
    basic = erp.login(scope="InvoicingAPI")
    body = basic.json()
    assert (basic.status_code, body["token_type"]) == (200, "Bearer")
    assert (body["expires_in"], body["scope"]) == (3600, "InvoicingAPI")
    found = claims(basic)
    assert (found["RIN"], found["client_id"]) == (RIN, "sim-erp")
    assert "B2B" in found["TaxProfTags"]
    assert found["exp"] - found["nbf"] == 3600
    assert "PosSerial" not in found and "IntermedRIN" not in found
    erp.auth = None
    form = erp.login(client_id="sim-erp", client_secret="sim-erp-secret")
    assert form.status_code == 200


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"auth": ("sim-erp", "wrong")}, "invalid_client"),
        ({"auth": ("nobody", "x")}, "invalid_client"),
        ({"scope": "Everything"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"headers": {"posserial": "SIM-POS-0001"}}, "invalid_posserial"),
        ({"headers": {"onbehalfof": OTHER}}, "unauthorized_client"),
    ],
)
def test_no_token(erp, more, code):
    answer = erp.login(**more)
    assert (answer.status_code, answer.json()["error"]) == (400, code)


def test_an_intermediary_acts_on_behalf(erp, url, control):
    control.register(
        taxpayers=[{"rin": OTHER, "name": "Intermediary"}],
        erp_clients=[
            {
                "client_id": "between",
                "secret": "between-secret",
                "rin": OTHER,
                "represents": [RIN],
            }
        ],
    )
    between = Erp(url, "between")
    own = claims(between.login())
    assert (own["RIN"], own.get("IntermedRIN")) == (OTHER, None)
    answer = between.login(headers={"onbehalfof": RIN})
    assert (claims(answer)["RIN"], claims(answer)["IntermedRIN"]) == (RIN, OTHER)
    between._token = answer.json()["access_token"]
    (uuid,) = between.valid(control, unsigned(invoice()))
    assert erp.details(uuid)["status"] == "Valid"


def test_credentials_end(erp, control):
    control.register(
        erp_clients=[
            {
                "client_id": "sim-erp",
                "secret": "sim-erp-secret",
                "rin": RIN,
                "expires_at": 1.0,
            }
        ]
    )
    assert erp.login().json()["error"] == "unauthorized_client"


def test_a_device_has_no_access(url, erp):
    till = Till(url)
    body = body_of([unsigned(invoice())])
    erp._token = till.login().json()["access_token"]
    for answer in (erp.post(body), erp.get("documents/recent")):
        assert (answer.status_code, answer.json()["error"]["code"]) == (
            403,
            "Forbidden",
        )


def test_no_token_no_documents(url, erp):
    erp._token = "wrong"
    assert erp.post(body_of([unsigned(invoice())])).status_code == 401
    assert erp.get("documents/recent").status_code == 401


# ------------------------------------------------------------------------------
# The call as a whole
# ------------------------------------------------------------------------------


def error_of(answer) -> dict:
    return answer.json()["error"]


def test_what_is_accepted(erp, trusting, pki):
    answer = erp.submit(signed(invoice(), pki.seal))
    (accepted,) = answer["acceptedDocuments"]
    assert len(answer["submissionId"]) == len(accepted["uuid"]) == 26
    assert accepted["internalId"] == "INV-0001"
    assert len(accepted["longId"]) > 26
    assert len(base64.b64decode(accepted["hashKey"])) == 32
    assert answer["rejectedDocuments"] == []
    details = erp.details(accepted["uuid"])
    assert details["status"] == "Submitted"
    steps = details["validationResults"]["validationSteps"]
    assert {step["status"] for step in steps} == {"InProgress"}
    trusting.settle()
    details = erp.details(accepted["uuid"])
    assert details["validationResults"]["status"] == "Valid"


@pytest.mark.parametrize("spelling", ["submissionId", "submissionUUID"])
def test_spelling_of_the_id(erp, control, spelling):
    control.settings(id_spelling=spelling)
    answer = erp.submit(unsigned(invoice()))
    assert answer.keys() & {"submissionId", "submissionUUID"} == {spelling}


def test_versions_and_the_trailing_slash(erp):
    for version in ("v1", "v1.0"):
        body = body_of([unsigned(invoice(number=version))])
        assert erp.post(body, version).status_code == 202
    slash = erp.call("POST", "v1.0/documentsubmissions/", {})
    assert slash.status_code == 404
    assert error_of(slash)["code"] == "NotFound"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"documents": [', "not JSON"),
        (b'\xef\xbb\xbf{"documents": [{}]}', "byte order mark"),
        (b'{"documents": [{"a": 1, "a": 2}]}', "occurs twice"),
        (b"[]", "array 'documents'"),
        (b'{"documents": []}', "breaks the schema"),
        (b'{"documents": [1]}', "breaks the schema"),
        (b'{"documents": [{}], "signatures": []}', "breaks the schema"),
    ],
)
def test_no_call_at_all(erp, body, words):
    answer = erp.post(body)
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "BadStructure"
    assert words in error_of(answer)["message"]


def test_xml_is_not_taken(erp):
    answer = erp.post(b"<documents/>", **{"Content-Type": "application/xml"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "BadRequest")


def test_too_many_and_too_large(erp, control):
    control.settings(max_documents=2)
    documents = [unsigned(invoice(number=str(number))) for number in range(3)]
    answer = erp.post(body_of(documents))
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "MaximumSizeExceeded"
    assert erp.post(body_of(documents[:2])).status_code == 202
    control.settings(max_document_bytes=1000)
    answer = erp.post(body_of(documents[2:]))
    assert error_of(answer)["code"] == "MaximumSizeExceeded"


def test_another_taxpayers_documents(erp):
    document = unsigned(invoice())
    document["issuer"]["id"] = OTHER
    answer = erp.post(body_of([unsigned(invoice(number="1")), document]))
    assert (answer.status_code, error_of(answer)["code"]) == (403, "IncorrectSubmitter")


def test_the_same_body_again(erp, control):
    body = body_of([unsigned(invoice())])
    assert erp.post(body).status_code == 202
    again = erp.post(body)
    assert (again.status_code, error_of(again)["code"]) == (422, "DuplicateSubmission")
    assert 590 <= int(again.headers["Retry-After"]) <= 600
    control.settings(clock_offset=601)
    assert erp.post(body).status_code == 202


def test_rate_limit(erp, control):
    limit = {"requests": 1, "seconds": 2}
    control.settings(rate_limits={"document_search": limit})
    query = {"submissionDateFrom": now_text(days=-1)}
    assert erp.get("documents/search", **query).status_code == 200
    answer = erp.get("documents/search", **query)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 2
    assert answer.json()["error"] == "Too many requests"


# ------------------------------------------------------------------------------
# Structure
# ------------------------------------------------------------------------------

FAULTY = [
    ("issuer", None, "PropertyRequired"),
    ("issuer.type", "X", "ValueNotAllowed"),
    ("issuer.id", "", "ValueExpected"),
    ("issuer.address.branchID", None, "PropertyRequired"),
    ("issuer.address.street", "", "ValueExpected"),
    ("issuer.address.country", "EGY", "StringTooLong"),
    ("receiver.type", None, "PropertyRequired"),
    ("receiver.name", 7, "StringExpected"),
    ("documentType", None, "PropertyRequired"),
    ("documentTypeVersion", "2.0", "ValueNotAllowed"),
    ("documentTypeVersion", Decimal("1.0"), "StringExpected"),
    ("dateTimeIssued", "2026-11-25T10:00:00.000Z", "PatternMismatch"),
    ("dateTimeIssued", "2026-11-25", "PatternMismatch"),
    ("internalID", None, "PropertyRequired"),
    ("internalID", "", "ValueExpected"),
    ("proformaInvoiceNumber", "x" * 51, "StringTooLong"),
    ("serviceDeliveryDate", "25.11.2026", "PatternMismatch"),
    ("references", ["5Z40TP7SXAKADVH8WX71PXNE10"], "UnknownProperty"),
    ("payment", {"bank": "x"}, "UnknownProperty"),
    ("delivery", {"grossWeight": "1"}, "NumberExpected"),
    ("invoiceLines", [], "TooFewItems"),
    ("invoiceLines.0.description", None, "PropertyRequired"),
    ("invoiceLines.0.quantity", "2", "NumberExpected"),
    ("invoiceLines.0.quantity", Decimal(-1), "NumberTooSmall"),
    ("invoiceLines.0.salesTotal", Decimal("1.000001"), "TooManyFractionDigits"),
    ("invoiceLines.0.totalTaxableFees", None, "PropertyRequired"),
    ("invoiceLines.0.unitValue.amountEGP", "100", "NumberExpected"),
    ("invoiceLines.0.unitValue.currencySold", None, "PropertyRequired"),
    ("invoiceLines.0.discount.rate", Decimal(101), "NumberTooBig"),
    ("invoiceLines.0.taxableItems", [], "TooFewItems"),
    ("invoiceLines.0.taxableItems.0.rate", Decimal(1000), "NumberTooBig"),
    ("invoiceLines.0.taxableItems.0.taxType", None, "PropertyRequired"),
    ("invoiceLines.0.weightQuantity", Decimal(1), "UnknownProperty"),
    ("taxTotals", None, "PropertyRequired"),
    ("totalAmount", "228", "NumberExpected"),
    ("extraDiscountAmount", None, "PropertyRequired"),
    ("signatures", None, "PropertyRequired"),
    ("signatures", [], "TooFewItems"),
    ("signatures.0.signatureType", "X", "ValueNotAllowed"),
    ("signatures.0.value", "", "ValueExpected"),
]


def with_placeholder(document: dict) -> dict:
    rows = [{"signatureType": "I", "value": "<Signature Value>"}]
    return {**document, "signatures": rows}


@pytest.mark.parametrize(("path", "value", "code"), FAULTY)
def test_structural_faults(erp, control, path, value, code):
    document = with_placeholder(invoice(number="bad"))
    put(document, path, value)
    answer = erp.submit(document, with_placeholder(invoice(number="good")))
    assert [row["internalId"] for row in answer["acceptedDocuments"]] == ["good"]
    (rejected,) = answer["rejectedDocuments"]
    error = rejected["error"]
    assert error["code"] == "BadStructure"
    assert {"message", "target", "propertyPath", "details"} <= error.keys()
    assert {detail["code"] for detail in error["details"]} == {code}
    if "internalID" not in path:
        assert rejected["internalId"] == error["target"] == "bad"
    assert len(control.document_rejections()) == 1


def test_a_structural_fault_of_the_whole_call(erp, control):
    control.settings(document_structure_faults="call")
    document = unsigned(invoice())
    document["totalAmount"] = "228"
    answer = erp.post(body_of([unsigned(invoice(number="1")), document]))
    assert (answer.status_code, error_of(answer)["code"]) == (400, "BadStructure")
    (detail,) = error_of(answer)["details"]
    assert detail["propertyPath"] == "documents[1].totalAmount"
    assert control.documents() == []


def test_null_and_exponents(erp):
    text = text_of({"documents": [unsigned(invoice())]})
    text = text.replace('"extraDiscountAmount":0', '"extraDiscountAmount":null')
    text = text.replace('"totalDiscountAmount":0', '"totalDiscountAmount":0e0')
    (rejected,) = erp.post(text.encode()).json()["rejectedDocuments"]
    paths = {row["propertyPath"]: row["code"] for row in rejected["error"]["details"]}
    assert paths == {
        "extraDiscountAmount": "NumberExpected",
        "totalDiscountAmount": "NumberExpected",
    }


def test_no_id_when_every_document_is_refused(erp):
    document = unsigned(invoice())
    del document["issuer"]
    answer = erp.submit(document)
    assert answer["submissionId"] is None
    assert len(answer["rejectedDocuments"]) == 1


@pytest.mark.parametrize(
    ("kind", "path", "code"),
    [
        ("EI", "serviceDeliveryDate", "PropertyRequired"),
        ("EC", "references", "PropertyRequired"),
        ("ED", "references", "PropertyRequired"),
    ],
)
def test_what_exports_need(erp, kind, path, code):
    more = {} if kind == "EI" else {"references": ["5Z40TP7SXAKADVH8WX71PXNE10"]}
    document = unsigned(export(kind=kind, **more))
    put(document, path, None)
    (rejected,) = erp.submit(document)["rejectedDocuments"]
    (detail,) = rejected["error"]["details"]
    assert (detail["propertyPath"], detail["code"]) == (path, code)


def test_an_internal_id_twice_in_one_call(erp):
    one, two = unsigned(invoice()), unsigned(invoice([item("5")]))
    answer = erp.submit(one, two)
    assert len(answer["acceptedDocuments"]) == 1
    (rejected,) = answer["rejectedDocuments"]
    assert rejected["internalId"] == "INV-0001"
    assert rejected["error"]["code"] == "DuplicateDocument"


def test_lower_case_types_and_every_version(erp, control):
    document = unsigned(invoice(kind="i"))
    (uuid,) = erp.valid(control, document)
    details = erp.details(uuid)
    assert (details["documentType"], details["documentTypeVersion"]) == ("i", "0.9")


def test_each_internal_id_once_in_the_books(erp, control):
    """What the fault tests ask: nothing lost, nothing twice."""
    documents = [unsigned(invoice(number=f"INV-{number}")) for number in range(5)]
    erp.submit(*documents[:3])
    erp.submit(*documents[3:])
    numbers = [row["internalID"] for row in control.documents(rin=RIN)]
    assert numbers == [f"INV-{number}" for number in range(5)]
    (row,) = control.documents(number="INV-3", raw=True)
    assert row["receiver"] == BUYER
    assert row["raw"] == text_of(documents[3])
    assert [row["internalIDs"] for row in control.document_submissions()] == [
        numbers[:3],
        numbers[3:],
    ]
