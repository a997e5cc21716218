import copy
import json
from decimal import Decimal

import pytest
from simulator_kit import (
    RIN,
    SERIAL,
    Till,
    body_of,
    codes,
    line,
    receipt,
    sealed,
    text_of,
)


def error_of(answer) -> dict:
    return answer.json()["error"]


def detail_codes(answer) -> dict[str, str]:
    return {row["propertyPath"]: row["code"] for row in error_of(answer)["details"]}


def test_a_good_receipt_is_accepted_and_becomes_valid(till, control):
    document = sealed(receipt([line(), line("3", "33.33333", number=2)]))
    answer = till.submit(document)
    (accepted,) = answer["acceptedDocuments"]
    assert accepted["uuid"] == document["header"]["uuid"]
    assert accepted["receiptNumber"] == "S-0001"
    assert accepted["longId"]
    assert answer["rejectedDocuments"] == []
    assert answer["header"] == {"statusCode": "Success"}
    details = till.details(answer["submissionId"])
    assert details["status"] == "InProgress"
    assert "receipts" not in details
    control.settle()
    details = till.details(answer["submissionId"])
    assert details["status"] == "Valid", details
    assert details["receipts"][0]["status"] == "Valid"
    assert control.receipts()[0]["errors"] == []


def test_a_wrong_hash_is_invalid(till, control):
    document = sealed(receipt())
    document["header"]["receiptNumber"] = "S-0002"
    (verdict,) = till.verdicts(control, document)
    assert verdict["status"] == "Invalid"
    assert codes(verdict) == {"SIM-UUID-HASH"}


def test_the_hash_is_over_the_text_as_sent(till, control):
    """10.50 sent, 10.5 hashed: the same number, another text."""
    document = sealed(receipt())
    text = body_of([document]).decode().replace('"rate":14', '"rate":14.0')
    answer = till.post(text.encode())
    control.settle()
    (row,) = till.details(answer.json()["submissionId"])["receipts"]
    assert codes(row) == {"SIM-UUID-HASH"}


@pytest.mark.parametrize(
    ("spelling", "names"),
    [
        ("submissionId", {"submissionId"}),
        ("submissionUUID", {"submissionUUID"}),
        ("both", {"submissionId", "submissionUUID"}),
    ],
)
def test_spelling_of_the_id(till, control, spelling, names):
    control.settings(id_spelling=spelling)
    answer = till.submit(sealed(receipt()))
    assert names == answer.keys() & {"submissionId", "submissionUUID"}
    assert {len(answer[name]) for name in names} == {26}


@pytest.mark.parametrize("version", ["v1", "v1.0"])
def test_versions_and_the_trailing_slash(till, version):
    url = f"{till.url}/api/{version}/receiptsubmissions"
    headers = {**till.bearer, "Content-Type": "application/json"}
    body = body_of([sealed(receipt(number=version))])
    slash = till.session.post(f"{url}/", data=body, headers=headers, timeout=10)
    assert slash.status_code == 404
    good = till.session.post(url, data=body, headers=headers, timeout=10)
    assert good.status_code == 202
    assert len(good.headers["correlationId"]) == 32


BROKEN = {
    "no json": (b'{"receipts": [', "not JSON"),
    "no utf-8": (b'{"receipts": ["\xff"]}', "not UTF-8"),
    "byte order mark": (b'\xef\xbb\xbf{"receipts": []}', "byte order mark"),
    "nan": (b'{"receipts": [{"a": NaN}]}', "NaN"),
    "infinity": (b'{"receipts": [{"a": -Infinity}]}', "Infinity"),
    "twice": (b'{"receipts": [{"a": 1, "a": 1}]}', "'a' occurs twice"),
    "deep": (b"[" * 100_000, "nested"),
    "array": (b"[]", "array 'receipts'"),
    "receipts no array": (b'{"receipts": {"a": {"b": {}}}}', "array 'receipts'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_no_json(till, name):
    body, words = BROKEN[name]
    answer = till.post(body)
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "BadStructure"
    assert words in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b'{"receipts": []}', "receipts"),
        (b'{"receipts": [1]}', "receipts[0]"),
        (b'{"receipts": [{}], "more": 1}', "more"),
        (b'{"receipts": [{}], "signatures": {}}', "signatures"),
        (
            b'{"receipts": [{}], "signatures": [{"value": ""}]}',
            "signatures[0].signatureType",
        ),
    ],
)
def test_a_wrong_envelope(till, body, path):
    answer = till.post(body)
    assert answer.status_code == 400
    assert path in detail_codes(answer)


@pytest.mark.parametrize(
    "signatures", [[], [{"signatureType": "I", "value": ""}]], ids=["none", "empty"]
)
def test_signatures_are_not_validated(till, signatures):
    value = {"receipts": [sealed(receipt())], "signatures": signatures}
    assert till.post(text_of(value).encode()).status_code == 202


def put(document: dict, path: str, value: object) -> None:
    *steps, last = path.split(".")
    for step in steps:
        document = document[int(step) if step.isdigit() else step]
    if value is None:
        del document[last]
    else:
        document[last] = value


FAULTY = [
    ("header.uuid", None, "PropertyRequired"),
    ("header.previousUUID", None, "PropertyRequired"),
    ("header.receiptNumber", "", "ValueExpected"),
    ("header.receiptNumber", "x" * 51, "StringTooLong"),
    ("header.receiptNumber", 17, "StringExpected"),
    ("header.uuid", "ABCD" * 16, "PatternMismatch"),
    ("header.previousUUID", "   ", "PatternMismatch"),
    ("header.dateTimeIssued", "2026-01-10T08:00:00.000Z", "PatternMismatch"),
    ("header.dateTimeIssued", "2026-01-10T08:00:00+00:00", "PatternMismatch"),
    ("header.currency", "EGPX", "StringTooLong"),
    ("header.orderDeliveryMode", "FC", "UnknownProperty"),
    ("documentType.typeVersion", Decimal("1.2"), "StringExpected"),
    ("seller", None, "PropertyRequired"),
    ("seller.branchAddress", [], "ObjectExpected"),
    ("seller.branchAddress.governate", None, "PropertyRequired"),
    ("buyer", "P", "ObjectExpected"),
    ("itemData", [], "TooFewItems"),
    ("itemData", {}, "ArrayExpected"),
    ("itemData.0.quantity", "2", "NumberExpected"),
    ("itemData.0.quantity", True, "NumberExpected"),
    ("itemData.0.quantity", Decimal(-1), "NumberTooSmall"),
    ("itemData.0.unitPrice", Decimal("1.000001"), "TooManyFractionDigits"),
    ("itemData.0.unitPrice", Decimal("1.000000"), "TooManyFractionDigits"),
    ("itemData.0.unitPrice", Decimal(10) ** 15, "NumberTooBig"),
    ("itemData.0.description", "x" * 501, "StringTooLong"),
    ("itemData.0.taxableItems.0.subType", None, "PropertyRequired"),
    ("itemData.0.commercialDiscountData", [], "TooFewItems"),
    ("totalAmount", None, "PropertyRequired"),
    ("taxTotals", [], "TooFewItems"),
    ("contractor", {"names": "x"}, "UnknownProperty"),
]


def bracketed(path: str) -> str:
    steps = [f"[{step}]" if step.isdigit() else f".{step}" for step in path.split(".")]
    return "".join(steps)


@pytest.mark.parametrize(("path", "value", "code"), FAULTY)
def test_structural_faults(till, path, value, code):
    document = sealed(receipt())
    put(document, path, value)
    answer = till.post(body_of([sealed(receipt(number="good")), document]))
    assert answer.status_code == 400, answer.text
    assert error_of(answer)["code"] == "BadStructure"
    found = detail_codes(answer)
    assert set(found.values()) == {code}
    (where,) = found
    assert where.startswith("receipts[1]" + bracketed(path))


def test_null_is_refused_everywhere(till):
    text = body_of([sealed(receipt())]).decode()
    text = text.replace('"paymentMethod":"C"', '"adjustment":null')
    answer = till.post(text.encode())
    assert detail_codes(answer) == {
        "receipts[0].adjustment": "NumberExpected",
        "receipts[0].paymentMethod": "PropertyRequired",
    }


def test_exponents_are_refused(till):
    text = body_of([sealed(receipt())]).decode()
    answer = till.post(text.replace('"rate":14', '"rate":1.4e1').encode())
    assert set(detail_codes(answer).values()) == {"NumberExpected"}


def test_300_lines_and_no_more(till):
    document = receipt([line(number=1)])
    document["itemData"] *= 301
    answer = till.post(body_of([sealed(document)]))
    assert detail_codes(answer) == {"receipts[0].itemData": "TooManyItems"}


def test_structural_faults_of_one_receipt_by_setting(till, control):
    control.settings(structure_faults="receipt")
    bad, good = sealed(receipt(number="bad")), sealed(receipt(number="good"))
    del bad["buyer"]
    answer = till.submit(bad, good)
    (rejected,) = answer["rejectedDocuments"]
    assert rejected["receiptNumber"] == "bad"
    error = rejected["error"]
    assert error["code"] == "BadStructure"
    assert error["details"][0]["propertyPath"] == "buyer"
    assert {"message", "target", "propertyPath"} <= error["details"][0].keys()
    assert [row["receiptNumber"] for row in answer["acceptedDocuments"]] == ["good"]


def test_no_id_when_every_receipt_is_refused(till, control):
    control.settings(structure_faults="receipt")
    bad = sealed(receipt())
    del bad["buyer"]
    answer = till.submit(bad)
    assert answer["submissionId"] is None
    assert answer["acceptedDocuments"] == []
    assert control.submissions() == []


def test_empty_arrays_by_setting(till, control):
    control.settings(empty_arrays="accept")
    document = receipt()
    document["itemData"][0]["itemDiscountData"] = []
    (verdict,) = till.verdicts(control, sealed(document))
    # the builder of these tests writes nothing for an empty array's elements,
    # the simulator the name once: both agree
    assert verdict["status"] == "Valid", verdict


def test_too_many_and_too_large(till, control):
    control.settings(max_receipts=2)
    documents = [sealed(receipt(number=str(number))) for number in range(3)]
    answer = till.post(body_of(documents))
    assert error_of(answer)["code"] == "MaximumSizeExceeded"
    control.settings(max_bytes=100)
    answer = till.post(body_of(documents[:1]))
    assert answer.status_code == 400
    assert error_of(answer)["code"] == "MaximumSizeExceeded"


def test_the_real_limits(till, control):
    settings = control.settings()
    assert (settings["max_receipts"], settings["max_bytes"]) == (500, 1_500_000)
    answer = till.post(b'{"receipts": [' + b" " * 1_500_000 + b"]}")
    assert error_of(answer)["code"] == "MaximumSizeExceeded"


def test_another_taxpayer(till):
    document = receipt()
    document["seller"]["rin"] = "100000001"
    answer = till.post(body_of([sealed(document)]))
    assert (answer.status_code, error_of(answer)["code"]) == (403, "IncorrectSubmitter")


def test_another_device_and_several_devices(till):
    other = sealed(receipt(serial="SIM-POS-0002"))
    answer = till.post(body_of([other]))
    assert (answer.status_code, error_of(answer)["code"]) == (403, "IncorrectSubmitter")
    answer = till.post(body_of([sealed(receipt()), other]))
    assert (answer.status_code, error_of(answer)["code"]) == (400, "BadArgument")


def test_a_retired_device_refuses_the_submission(till, control):
    assert till.bearer
    control.device(SERIAL, status="retired")
    answer = till.post(body_of([sealed(receipt())]))
    assert (answer.status_code, error_of(answer)["code"]) == (403, "Forbidden")
    assert control.receipts() == []


def test_a_program_may_submit_for_an_active_device(url, control):
    program = Till(url)
    program.form = {
        "grant_type": "client_credentials",
        "client_id": "sim-erp",
        "client_secret": "sim-erp-secret",
    }
    program.headers = {}
    (verdict,) = program.verdicts(control, sealed(receipt()))
    assert verdict["status"] == "Valid"
    assert control.submissions()[0]["channel"] == "ERP"
    control.settings(erp_may_submit=False)
    answer = program.post(body_of([sealed(receipt(number="2"))]))
    assert answer.status_code == 403


def test_the_same_body_again(till, control):
    body = body_of([sealed(receipt())])
    assert till.post(body).status_code == 202
    again = till.post(body)
    assert (again.status_code, error_of(again)["code"]) == (422, "DuplicateSubmission")
    assert 590 <= int(again.headers["Retry-After"]) <= 600
    control.settings(clock_offset=601)
    later = till.post(body)
    assert later.status_code == 202
    (rejected,) = later.json()["rejectedDocuments"]
    assert rejected["error"]["details"][0]["code"] == "SIM-DUPLICATE-UUID"
    (row,) = control.receipts()
    assert row["accepted"] == 1


def test_a_known_uuid_in_another_body(till, control):
    document = sealed(receipt())
    till.submit(document)
    answer = till.submit(document, sealed(receipt(number="S-0002", previous="0" * 64)))
    assert [row["uuid"] for row in answer["rejectedDocuments"]] == [
        document["header"]["uuid"]
    ]
    assert len(answer["acceptedDocuments"]) == 1
    assert control.rejections()[0]["uuid"] == document["header"]["uuid"]


def test_an_invalid_receipt_may_be_sent_again(till, control):
    document = receipt()
    document["header"]["dateTimeIssued"] = "2026-01-10T08:00:00Z"
    document = sealed(document)
    (verdict,) = till.verdicts(control, document)
    assert codes(verdict) == {"SIM-WINDOW"}
    control.grant_late(SERIAL, 10_000)
    control.settings(clock_offset=601)
    (verdict,) = till.verdicts(control, document)
    assert verdict["status"] == "Valid", verdict
    (row,) = control.receipts()
    assert row["accepted"] == 2


def test_twice_in_one_submission(till):
    one = sealed(receipt())
    two = copy.deepcopy(one)
    three = receipt(previous="0" * 64)
    answer = till.submit(one, two, sealed(three))
    reasons = [
        {detail["code"] for detail in row["error"]["details"]}
        for row in answer["rejectedDocuments"]
    ]
    assert reasons == [
        {"SIM-DUPLICATE-UUID", "SIM-DUPLICATE-NUMBER"},
        {"SIM-DUPLICATE-NUMBER"},
    ]


def test_a_number_is_free_for_another_branch_and_in_another_submission(till):
    one, two = receipt(), receipt(previous="0" * 64)
    two["seller"]["branchCode"] = "1"
    answer = till.submit(sealed(one), sealed(two))
    assert len(answer["acceptedDocuments"]) == 2
    three = sealed(receipt(previous="1" * 64))
    assert len(till.submit(three)["acceptedDocuments"]) == 1


def test_content_type(till):
    answer = till.post(body_of([sealed(receipt())]), **{"Content-Type": "text/plain"})
    assert (answer.status_code, error_of(answer)["code"]) == (400, "BadRequest")


def test_rate_limit(till, control):
    control.settings(rate_limits={"submit": {"requests": 2, "seconds": 30}})
    answers = [till.post(body_of([sealed(receipt(number=n))])) for n in "abc"]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert answers[0].headers["X-Rate-Limit-Remaining"] == "1"
    last = answers[2]
    assert last.json()["error"] == "Too many requests"
    assert last.json()["code"] == 429
    assert 28 <= int(last.headers["Retry-After"]) <= 30
    assert till.get("receipts/recent").status_code == 200


def test_unknown_paths_and_methods(till):
    assert till.get("receipts").status_code == 404
    assert till.get("receiptsubmissions").status_code == 405
    assert till.get("receipts").json()["error"]["code"] == "NotFound"


def test_the_text_is_kept_as_it_came(till, control):
    document = sealed(receipt([line(description='قميص "L" \\ ‎')]))
    text = text_of(document).replace('":', '" :\t')
    text = text.replace("{", "{\r\n ")
    till.post(f'{{"receipts":[\n{text} \n]}}'.encode())
    (row,) = control.receipts(raw=True)
    assert row["raw"] == text
    assert json.loads(row["raw"])["seller"]["rin"] == RIN
