"""The asynchronous verdict: one fault each, and all of them at once."""

from decimal import Decimal

import pytest
from simulator_kit import (
    RIN,
    SERIAL,
    codes,
    line,
    now_text,
    receipt,
    sealed,
    sums,
)

PERSON = {"type": "P", "id": "29001011234567", "name": "مشتري تجريبي"}


def verdict(till, control, document: dict) -> dict:
    (row,) = till.verdicts(control, sealed(document))
    return row


def changed(path: str, value: object, **options) -> dict:
    document = receipt(**options)
    *steps, last = path.split(".")
    holder = document
    for step in steps:
        holder = holder[int(step) if step.isdigit() else step]
    holder[last] = value
    return document


WRONG = [
    ("seller.branchCode", "7", "SIM-BRANCH"),
    ("seller.activityCode", "0000", "SIM-ACTIVITY-CODE"),
    ("seller.branchAddress.country", "SA", "SIM-COUNTRY"),
    ("buyer.type", "p", "SIM-BUYER-TYPE"),
    ("documentType.receiptType", "XX", "SIM-RECEIPT-TYPE"),
    ("documentType.typeVersion", "1.1", "SIM-VERSION"),
    ("paymentMethod", "X", "SIM-PAYMENT"),
    ("header.orderdeliveryMode", "XX", "SIM-DELIVERY-MODE"),
    ("header.exchangeRate", Decimal(1), "SIM-RATE"),
    ("header.dateTimeIssued", "2026-02-30T08:00:00Z", "SIM-DATE"),
    ("itemData.0.unitType", "PIECE", "SIM-UNIT"),
    ("itemData.0.itemType", "GPC", "SIM-ITEM-TYPE"),
    ("itemData.0.itemCode", "0001", "SIM-EGS"),
    ("itemData.0.itemCode", "EG-100000001-1", "CV302"),
    ("itemData.0.taxableItems.0.subType", "V099", "SIM-SUBTYPE"),
    ("itemData.0.taxableItems.0.subType", "v009", "SIM-SUBTYPE"),
    ("itemData.0.taxableItems.0.subType", "Tbl01", "SIM-SUBTYPE"),
    ("feesAmount", Decimal(1), "SIM-FEESAMOUNT"),
    ("adjustment", Decimal("0.01"), "SIM-ADJUSTMENT"),
    ("header.documentUseReason", "I", "SIM-TYPE-FIELD"),
    ("header.referenceUUID", "a" * 64, "SIM-TYPE-FIELD"),
]


@pytest.mark.parametrize(("path", "value", "code"), WRONG)
def test_one_fault(till, control, path, value, code):
    row = verdict(till, control, changed(path, value))
    assert row["status"] == "Invalid"
    assert code in codes(row), row["errors"]
    assert len(codes(row)) <= 2


def test_shape_of_errors(till, control):
    row = verdict(till, control, changed("paymentMethod", "X"))
    (entry,) = row["errors"]
    assert entry["stepName"] == "Step-07.Code Field Validator"
    assert entry["stepNameAr"]
    error = entry["error"]
    assert error["propertyPath"] == error["propertyName"] == "paymentMethod"
    assert error["errorCode"] == "SIM-PAYMENT"
    assert error["error"] and error["errorAr"]
    assert error["innerError"] == []


def test_all_faults_at_once(till, control):
    document = changed("paymentMethod", "X")
    document["itemData"][0]["unitType"] = "PIECE"
    document["itemData"][0]["taxableItems"][0]["amount"] = Decimal(30)
    document["seller"]["branchCode"] = "7"
    row = verdict(till, control, document)
    assert {"SIM-PAYMENT", "SIM-UNIT", "Rule42T1", "SF337", "SIM-BRANCH"} <= codes(row)
    by_step = {entry["stepName"]: entry["error"] for entry in row["errors"]}
    inner = by_step["Step-07.Code Field Validator"]["innerError"]
    assert {item["propertyPath"] for item in inner} == {
        "paymentMethod",
        "itemData[0].unitType",
    }


def test_one_bad_receipt_among_good_ones(till, control):
    one = sealed(receipt())
    two = changed("paymentMethod", "X", number="2", previous=one["header"]["uuid"])
    answer = till.submit(one, sealed(two))
    control.settle()
    details = till.details(answer["submissionId"])
    assert details["status"] == "Invalid"
    assert (details["receiptsCount"], details["invalidReceiptsCount"]) == (2, 1)
    assert [row["status"] for row in details["receipts"]] == ["Valid", "Invalid"]


def test_the_window(till, control):
    late = changed("header.dateTimeIssued", now_text(hours=-25))
    assert codes(verdict(till, control, late)) == {"SIM-WINDOW"}
    inside = changed(
        "header.dateTimeIssued",
        now_text(hours=-23),
        previous=control.receipts()[0]["uuid"],
    )
    assert verdict(till, control, inside)["status"] == "Valid"


def test_a_late_submission_request(till, control):
    control.grant_late(SERIAL, 3)
    good = changed("header.dateTimeIssued", now_text(hours=-71))
    assert verdict(till, control, good)["status"] == "Valid"
    too_late = changed(
        "header.dateTimeIssued",
        now_text(hours=-73),
        number="2",
        previous=control.receipts()[0]["uuid"],
    )
    assert codes(verdict(till, control, too_late)) == {"SIM-WINDOW"}
    control.grant_late(SERIAL, 0)
    assert control.overview()["registry"]["late_grants"] == {}


def test_the_future_and_the_clock(till, control):
    ahead = changed("header.dateTimeIssued", now_text(minutes=2))
    assert codes(verdict(till, control, ahead)) == {"SIM-FUTURE"}
    control.settings(clock_tolerance_seconds=300)
    ahead = changed("header.dateTimeIssued", now_text(minutes=2), number="2")
    ahead["header"]["referenceOldUUID"] = control.receipts()[0]["uuid"]
    assert verdict(till, control, ahead)["status"] == "Valid"


def test_a_clock_that_is_behind(till, control):
    control.settings(clock_offset=-600)
    row = verdict(till, control, receipt())
    assert codes(row) == {"SIM-FUTURE"}


def test_the_time_of_receiving_counts_not_that_of_the_verdict(till, control):
    control.settings(validation_seconds=3600)
    document = changed("header.dateTimeIssued", now_text(hours=-23))
    answer = till.submit(sealed(document))
    control.settings(clock_offset=7200, token_lifetime=3600)
    control.settle()
    till._token = None
    assert till.details(answer["submissionId"])["status"] == "Valid"


@pytest.mark.parametrize(
    ("buyer", "found"),
    [
        ({"type": "P"}, set()),
        (PERSON, set()),
        ({"type": "P", "id": "", "name": ""}, set()),
        ({**PERSON, "id": "2900101123456"}, {"SIM-BUYER-ID-FORM"}),
        ({**PERSON, "id": "2900101123456x"}, {"SIM-BUYER-ID-FORM"}),
        ({"type": "F", "id": "A1234567", "name": "Visitor"}, set()),
        ({"type": "F"}, {"SIM-BUYER-ID", "SIM-BUYER-NAME"}),
        ({"type": "F", "id": RIN, "name": "x"}, {"SIM-BUYER-IS-ISSUER"}),
        (
            {"type": "B", "id": "100000001", "name": "Company"},
            {"SIM-BUSINESS-BUYER"},
        ),
    ],
)
def test_buyers(till, control, buyer, found):
    assert codes(verdict(till, control, changed("buyer", buyer))) == found


@pytest.mark.parametrize(
    ("buyer", "found"),
    [
        ({"type": "B", "id": "100000001", "name": "Company"}, set()),
        ({"type": "B"}, {"SIM-BUYER-ID", "SIM-BUYER-NAME"}),
        ({"type": "B", "id": "1234", "name": "x"}, {"SIM-BUYER-ID-FORM"}),
        ({"type": "B", "id": RIN, "name": "x"}, {"SIM-BUYER-IS-ISSUER"}),
    ],
)
def test_business_buyers_where_allowed(till, control, buyer, found):
    control.settings(business_buyers=True)
    assert codes(verdict(till, control, changed("buyer", buyer))) == found


@pytest.mark.parametrize(
    ("price", "named"),
    [("131578.94", False), ("131578.95", True), ("200000", True)],
)
def test_the_threshold_for_persons(till, control, price, named):
    """131,578.95 and 14 % are 150,000.00."""
    document = receipt([line("1", price)])
    wanted = {"SIM-BUYER-ID", "SIM-BUYER-NAME"} if named else set()
    assert codes(verdict(till, control, document)) == wanted
    document = receipt([line("1", price)], number="2")
    document["header"]["referenceOldUUID"] = control.receipts()[0]["uuid"]
    document["buyer"] = PERSON
    if named:
        assert verdict(till, control, document)["status"] == "Valid"


def test_the_threshold_is_in_pounds_and_dated(till, control):
    document = receipt([line("1", "3000")])
    document["header"].update({"currency": "USD", "exchangeRate": Decimal("48.5")})
    wanted = {"SIM-BUYER-ID", "SIM-BUYER-NAME"}
    assert codes(verdict(till, control, document)) == wanted
    control.settings(
        identification_thresholds=[
            {"from": "2000-01-01", "amount": "150000"},
            {"from": "2026-01-01", "amount": "400000"},
            {"from": "2999-01-01", "amount": "1"},
        ]
    )
    document["header"]["receiptNumber"] = "2"
    document["header"]["referenceOldUUID"] = control.receipts()[0]["uuid"]
    assert verdict(till, control, document)["status"] == "Valid"


def test_a_foreign_currency_needs_a_rate(till, control):
    document = changed("header.currency", "USD")
    assert codes(verdict(till, control, document)) == {"SIM-RATE"}
    document = changed("header.currency", "ZZZ", number="2")
    document["header"]["exchangeRate"] = Decimal(3)
    assert "SIM-CURRENCY" in codes(verdict(till, control, document))


@pytest.mark.parametrize("rate", [Decimal(0), None])
def test_pounds_have_none(till, control, rate):
    document = receipt()
    if rate is not None:
        document["header"]["exchangeRate"] = rate
    assert verdict(till, control, document)["status"] == "Valid"


@pytest.mark.parametrize(
    ("code", "good"),
    [
        ("6221031954818", True),
        ("037000401629", True),
        ("6221031954817", False),
        ("12345", False),
        ("٦٢٢١٠٣١٩٥٤٨١٨", False),
    ],
)
def test_gs1(till, control, code, good):
    document = receipt([line(itemType="GS1", itemCode=code)])
    assert codes(verdict(till, control, document)) == (set() if good else {"SIM-GS1"})


def test_registered_codes(till, control):
    control.settings(codes_must_be_registered=True, gs1_must_be_registered=True)
    own = f"EG-{RIN}-0001"
    gs1 = line(number=2, itemType="GS1", itemCode="6221031954818")
    document = receipt([line(), gs1])
    assert codes(verdict(till, control, document)) == {"CV302"}
    control.register(
        item_codes=[
            {"item_type": "EGS", "code": own},
            {"item_type": "GS1", "code": "6221031954818"},
        ]
    )
    document["header"]["receiptNumber"] = "2"
    document["header"]["referenceOldUUID"] = control.receipts()[0]["uuid"]
    assert verdict(till, control, document)["status"] == "Valid"
    control.register(item_codes=[{"item_type": "EGS", "code": own, "active": False}])
    document = receipt(number="3", previous=control.receipts()[1]["uuid"])
    assert codes(verdict(till, control, document)) == {"CV302"}


def test_another_taxpayers_code_that_may_be_used(till, control):
    code = "EG-100000001-77"
    control.register(item_codes=[{"item_type": "EGS", "code": code, "rins": [RIN]}])
    document = receipt([line(itemCode=code)])
    assert verdict(till, control, document)["status"] == "Valid"


def test_what_the_taxpayer_may_issue(till, control):
    control.register(
        taxpayers=[
            {
                "rin": RIN,
                "name": "x",
                "activities": ["5610"],
                "receipt_types": ["SC", "RC"],
            }
        ]
    )
    assert codes(verdict(till, control, receipt())) == {
        "SIM-ACTIVITY",
        "SIM-TYPE-NOT-ALLOWED",
    }


@pytest.mark.parametrize(
    ("kind", "header", "found"),
    [
        ("s", {}, set()),
        ("SC", {}, {"SIM-TYPE-FIELD-MISSING"}),
        ("SC", {"orderdeliveryMode": "TO", "sOrderNameCode": "x"}, set()),
        ("SR", {"orderdeliveryMode": "FC"}, set()),
        ("SR", {"orderdeliveryMode": "FC", "sOrderNameCode": "x"}, {"SIM-TYPE-FIELD"}),
        ("SS", {"orderdeliveryMode": "FC"}, {"SIM-TYPE-FIELD"}),
        ("SS", {"orderdeliveryMode": ""}, set()),
        ("SH", {"grossWeight": Decimal("6.58"), "sOrderNameCode": "x"}, set()),
        ("SB", {"netWeight": Decimal(1)}, {"SIM-TYPE-FIELD"}),
        ("SN", {"orderdeliveryMode": ""}, set()),
        ("R", {}, {"SIM-TYPE-FIELD-MISSING"}),
        ("RWR", {}, {"SIM-TYPE-FIELD-MISSING"}),
        (
            "RWR",
            {"documentUseReason": "B", "salesIssuedDateTime": "2026-01-10T00:00:00Z"},
            set(),
        ),
        (
            "RWR",
            {
                "documentUseReason": "X",
                "salesIssuedDateTime": "2026-01-10T00:00:00Z",
                "referenceUUID": "a" * 64,
            },
            {"SIM-RETURN-REASON"},
        ),
    ],
)
def test_fields_by_type(till, control, kind, header, found):
    document = receipt(kind=kind)
    document["header"].update(header)
    assert codes(verdict(till, control, document)) == found


@pytest.mark.parametrize("kind", ["SP", "SS"])
def test_professionals(till, control, kind):
    document = receipt(kind=kind)
    document["seller"]["syndicateLicenseNumber"] = "0001000056"
    document["contractor"] = {"name": "x", "amount": Decimal("2.5"), "rate": Decimal(1)}
    wanted = set() if kind == "SP" else {"SIM-TYPE-FIELD"}
    assert codes(verdict(till, control, document)) == wanted
    control.settings(type_fields="ignore")
    document["header"]["receiptNumber"] = "2"
    document["header"]["previousUUID"] = control.receipts()[0]["uuid"]
    assert verdict(till, control, document)["status"] == "Valid"


def test_tax_totals_of_an_unknown_type(till, control):
    document = receipt()
    document["taxTotals"].append({"taxType": "T99", "amount": Decimal(0)})
    assert codes(verdict(till, control, document)) == {"SIM-TAXTYPE"}


def test_the_order_of_keys_does_not_matter(till, control):
    document = sums(receipt())
    document = dict(reversed(list(document.items())))
    assert verdict(till, control, document)["status"] == "Valid"
