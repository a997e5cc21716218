"""Building and reading receipts: ETA's form, the UUID, and nothing lost on the way."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from check_kit import ANY, built_or_refused, read_or_value_error, spoil
from eta_samples import (
    DEVICE,
    EXPECTED,
    HASH,
    LINE,
    NOW,
    RIN,
    VECTORS,
    authority,
    plausible,
    returned,
    rounded,
    sale,
    wild,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fiscal.contract import Address, Discount, Original, Party, Payment, Receipt
from fiscal.eg_eta import builder
from fiscal.eg_eta.canonical import canonical_text, receipt_uuid
from fiscal.eg_eta.qr import qr_text
from fiscal.eg_eta.receipt_types import RECEIPT_TYPES

D = Decimal


def built(receipt: Receipt, **settings_: Any) -> dict[str, Any]:
    return json.loads(authority(**settings_).build(receipt).content, parse_float=D)


def test_a_receipt_to_the_byte():
    """Everything that a receipt can say, spelled out once."""
    device = replace(
        DEVICE,
        address=Address(
            "EG", "Cairo", "Nasr City", "16 St", "14", "11765", "1", "3", "Square", "x"
        ),
        data={"trade_name": "متجر", "syndicate_license": "0000001000"},
    )
    line = replace(
        LINE,
        description='قميص "L" \\ أزرق',
        quantity=D(3),
        gross=D(100),
        net=D("90.00"),
        discounts=(Discount(D(10), "10 off", D(10)),),
        taxes=(replace(LINE.taxes[0], amount=D("12.60")),),
    )
    receipt = sale(
        line,
        device=device,
        currency="USD",
        currency_rate=D("48.7312345"),
        company_currency="EGP",
        buyer=Party("foreigner", "A123", "Ada", mobile="+20", payment_number="9"),
        previous_uid=HASH,
        replaces_uid="ef" * 32,
        discounts=(Discount(D("0.5"), "Voucher"),),
        data={
            "order_name_code": "Table 4",
            "order_delivery_mode": "TO",
            "gross_weight": D("1.50"),
            "net_weight": D(1),
            "contractor": {"name": "Insurer", "amount": D("2.5"), "rate": D(2)},
            "beneficiary": {"amount": D("20.5"), "rate": D("2.1")},
        },
    )
    result = authority().build(receipt)
    text = result.content.decode()
    assert text.replace(result.uid, "") == (
        '{"header":{"dateTimeIssued":"2026-03-01T09:30:00Z","receiptNumber":"S-0001",'
        f'"uuid":"","previousUUID":"{HASH}","referenceOldUUID":"{"ef" * 32}",'
        '"currency":"USD","exchangeRate":48.73123,"sOrderNameCode":"Table 4",'
        '"orderdeliveryMode":"TO","grossWeight":1.5,"netWeight":1},'
        '"documentType":{"receiptType":"S","typeVersion":"1.2"},'
        f'"seller":{{"rin":"{RIN}","companyTradeName":"متجر","branchCode":"0",'
        '"branchAddress":{"country":"EG","governate":"Cairo","regionCity":"Nasr City",'
        '"street":"16 St","buildingNumber":"14","postalCode":"11765","floor":"1",'
        '"room":"3","landmark":"Square","additionalInformation":"x"},'
        '"deviceSerialNumber":"SIM-POS-0001","syndicateLicenseNumber":"0000001000",'
        '"activityCode":"4711"},'
        '"buyer":{"type":"F","id":"A123","name":"Ada","mobileNumber":"+20",'
        '"paymentNumber":"9"},'
        '"itemData":[{"internalCode":"P-1",'
        '"description":"قميص \\"L\\" \\\\ أزرق","itemType":"EGS",'
        f'"itemCode":"EG-{RIN}-0001","unitType":"EA","quantity":3,'
        '"unitPrice":33.33334,"netSale":90,"totalSale":100.00002,"total":102.6,'
        '"commercialDiscountData":[{"amount":10.00002,"description":"10 off",'
        '"rate":10}],'
        '"taxableItems":[{"taxType":"T1","amount":12.6,"subType":"V009","rate":14}]}],'
        '"totalSales":100.00002,"totalCommercialDiscount":10.00002,'
        '"totalItemsDiscount":0,'
        '"extraReceiptDiscountData":[{"amount":0.5,"description":"Voucher"}],'
        '"netAmount":90,"feesAmount":0,"totalAmount":102.1,'
        '"taxTotals":[{"taxType":"T1","amount":12.6}],"paymentMethod":"C",'
        '"adjustment":0,"contractor":{"name":"Insurer","amount":2.5,"rate":2},'
        '"beneficiary":{"amount":20.5,"rate":2.1}}'
    )
    blank = canonical_text(text.replace(result.uid, ""))
    assert result.uid == hashlib.sha256(blank.encode()).hexdigest()
    assert result.qr == (
        f"https://preprod.invoicing.eta.gov.eg/receipts/search/{result.uid}/share/"
        f"2026-03-01T09:30:00Z#Total:102.1,IssuerRIN:{RIN}"
    )
    assert result.media_type == "application/json"


def test_the_walk_in_customer_is_a_type_only():
    document = built(sale())
    assert document["buyer"] == {"type": "P"}
    assert document["header"]["exchangeRate"] == 0


def test_qr_example():
    """The link of the sample receipts' expected answers."""
    receipt = json.loads(
        (VECTORS / "r01_sale_first.json").read_bytes(), parse_float=str
    )
    for precision, time in (("full", "08:00:00Z"), ("minute", "08:00Z")):
        text = qr_text(
            "https://invoicing.eta.gov.eg/",
            receipt["header"]["uuid"],
            receipt["header"]["dateTimeIssued"],
            receipt["totalAmount"],
            receipt["seller"]["rin"],
            precision,
        )
        assert text == EXPECTED["qr_example_r01"].replace("08:00:00Z", time)


MEMBERS = {
    "": [
        "sOrderNameCode",
        "orderdeliveryMode",
        "grossWeight",
        "netWeight",
        "syn",
        "pay",
    ],
    "SC": ["sOrderNameCode", "orderdeliveryMode"],
    "SR": ["orderdeliveryMode"],
    "SS": [],
    "ST": [],
    "SB": [],
    "SE": [],
    "SP": ["syn", "pay"],
    "SH": ["sOrderNameCode", "grossWeight", "netWeight"],
    "SN": ["orderdeliveryMode"],
    "SU": ["orderdeliveryMode"],
}


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("code", MEMBERS)
def test_each_type_has_its_members(code, back):
    data = {
        "order_name_code": "n",
        "order_delivery_mode": "TC",
        "gross_weight": D(2),
        "net_weight": D(1),
        "contractor": {"name": "c", "amount": D(1), "rate": D(1)},
        "beneficiary": {"amount": D(1), "rate": D(1)},
    }
    device = replace(DEVICE, data={"syndicate_license": "C"})
    make = returned if back else sale
    document = built(make(document_type=code, data=data, device=device))
    pair = RECEIPT_TYPES[code or "S"]
    assert document["documentType"]["receiptType"] == (pair.pair if back else pair.code)
    names = [n for n in MEMBERS[""][:4] if n in document["header"]]
    names += ["syn"] if "syndicateLicenseNumber" in document["seller"] else []
    names += ["pay"] if {"contractor", "beneficiary"} <= document.keys() else []
    assert names == MEMBERS[code]
    mode = document["header"].get("orderdeliveryMode")
    assert mode == ("" if code in ("SN", "SU") else mode and "TC")
    assert ("referenceUUID" in document["header"]) is back


def test_types_that_want_a_delivery_mode_get_the_default():
    assert built(sale(document_type="SR"))["header"]["orderdeliveryMode"] == "FC"
    document = built(sale(document_type="SC"), order_delivery_mode="TO")
    assert document["header"]["orderdeliveryMode"] == "TO"
    assert "orderdeliveryMode" not in built(sale())["header"]


def test_a_return_without_reference():
    sold = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    receipt = returned(
        document_type="SR", original=Original("", issued_at=sold), reason="B"
    )
    header = built(receipt)["header"]
    assert header["documentUseReason"] == "B"
    assert header["salesIssuedDateTime"] == "2026-01-02T01:04:05Z"
    assert "referenceUUID" not in header
    assert built(receipt)["documentType"]["receiptType"] == "RWR"


def test_case_of_types_and_signature_settings():
    assert built(sale(), receipt_type_case="lower")["documentType"] == {
        "receiptType": "s",
        "typeVersion": "1.2",
    }


def test_the_largest_payment_gives_the_method():
    payments = (Payment("C", D(10)), Payment("V", D(100)), Payment("O", D(100)))
    assert built(sale(payments=payments))["paymentMethod"] == "V"
    assert built(sale(payments=()), payment_method="P")["paymentMethod"] == "P"


def test_what_does_not_pass_check_is_not_built():
    with pytest.raises(ValueError, match="no item code"):
        authority().build(sale(replace(LINE, item_code="")))


def test_a_receipt_with_its_own_uuid_elsewhere_is_not_built(monkeypatch):
    """No receipt can be made to contain its own hash, so the hash is made to fit."""
    monkeypatch.setattr(builder, "uuid_of_text", lambda text: HASH)
    with pytest.raises(ValueError, match="own UUID"):
        authority().build(sale(previous_uid=HASH))


def test_a_number_that_looks_like_the_header_does_not_move_the_uuid():
    receipt = sale(number='"uuid":""', previous_uid="")
    result = authority().build(receipt)
    header = json.loads(result.content)["header"]
    assert header["receiptNumber"] == '"uuid":""'
    assert header["uuid"] == result.uid == receipt_uuid(result.content)


# -- properties ------------------------------------------------------------------------


def assert_sound(receipt: Receipt, content: bytes) -> None:
    document = json.loads(content, parse_float=Fraction, parse_int=Fraction)
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", content)
    scalars = re.findall(rb"[^{}\[\]:,]+", bare)
    assert all(re.fullmatch(rb"[0-9]+(\.[0-9]{1,5})?", text) for text in scalars)
    assert b"[]" not in bare and b"{}" not in bare
    zero = Fraction(0)
    tax_totals: dict[str, Fraction] = {}
    for item, line in zip(document["itemData"], receipt.lines, strict=True):
        off = sum((d["amount"] for d in item.get("commercialDiscountData", ())), zero)
        after = sum((d["amount"] for d in item.get("itemDiscountData", ())), zero)
        assert item["totalSale"] == rounded(item["quantity"] * item["unitPrice"])
        assert item["netSale"] == item["totalSale"] - off == Fraction(line.net)
        total = item["netSale"] - after
        types = [tax["taxType"] for tax in item.get("taxableItems", ())]
        assert len(types) == len(set(types))
        for tax in item.get("taxableItems", ()):
            total += -tax["amount"] if tax["taxType"] == "T4" else tax["amount"]
            code = tax["taxType"]
            tax_totals[code] = tax_totals.get(code, zero) + tax["amount"]
        assert item["total"] == total >= 0
    items = document["itemData"]
    assert 1 <= len(items) <= 300
    assert document["totalSales"] == sum((i["totalSale"] for i in items), zero)
    assert document["netAmount"] == sum((i["netSale"] for i in items), zero)
    extra = sum(
        (d["amount"] for d in document.get("extraReceiptDiscountData", ())), zero
    )
    assert document["totalAmount"] == sum((i["total"] for i in items), zero) - extra
    assert document["totalAmount"] == Fraction(receipt.total) >= 0
    written = {t["taxType"]: t["amount"] for t in document.get("taxTotals", ())}
    assert written == tax_totals


@settings(**ANY)
@given(st.one_of(plausible(), wild()))
def test_any_receipt_is_refused_with_a_reason_or_built_soundly(receipt):
    eta = authority(business_buyers=True)
    result = built_or_refused(eta, receipt)
    if result is not None:
        assert_sound(receipt, result.content)
        assert result.uid == receipt_uuid(result.content)


@settings(**ANY)
@given(plausible())
def test_most_of_what_an_engine_hands_over_is_built(receipt):
    """The property above would hold for a check that refuses everything."""
    buyer = replace(receipt.buyer, kind="person", id="29001011234567")
    receipt = replace(receipt, buyer=buyer)
    problems = authority().check(receipt)
    codes = {problem.code for problem in problems}
    assume(receipt.total >= 0)
    # A withholding tax or a fixed fee may exceed a tiny line; nothing else may.
    assert codes <= {"line_total_negative", "discounts_exceed_sales"}, problems


# -- reading ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPECTED["receipts"])
def test_foreign_receipts_are_read(name):
    content = (VECTORS / f"{name}.json").read_bytes()
    receipt = authority().parse(content)
    document = json.loads(content, parse_float=D, parse_int=D)
    assert receipt.number == document["header"]["receiptNumber"]
    assert receipt.total == document["totalAmount"]
    assert [line.net for line in receipt.lines] == [
        item["netSale"] for item in document["itemData"]
    ]
    assert receipt.kind == ("return" if name.startswith("r03") else "sale")
    if receipt.kind == "return":
        assert receipt.original.uid == document["header"]["referenceUUID"]


@pytest.mark.parametrize("path", sorted(VECTORS.glob("eReceipt_*.json")), ids=str)
def test_the_authoritys_samples_are_read(path):
    (sample,) = json.loads(path.read_bytes())["receipts"]
    receipt = authority().parse(json.dumps(sample).encode())
    assert receipt.buyer == Party(
        "foreigner",
        "313717919",
        "taxpayer 1",
        mobile="+201020567462",
        payment_number="987654",
    )
    assert receipt.lines[0].data["value_difference"] == 20
    assert len(receipt.lines[0].data["item_discounts"]) == 3
    assert receipt.document_type == sample["documentType"]["receiptType"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["header", "buyer", "itemData", "x"]), inner)
    ),
)


@given(JSON | st.text())
def test_what_is_no_receipt_is_a_value_error(document):
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ValueError):
        authority().parse(text.encode("utf-8", "surrogatepass"))


@settings(**ANY)
@given(st.data())
def test_a_spoiled_receipt_is_read_or_a_value_error(data):
    document = json.loads((VECTORS / "r02_sale_chained.json").read_bytes())
    spoil(document, data)
    read_or_value_error(authority(), document)


def test_a_member_named_twice_is_refused():
    with pytest.raises(ValueError, match="twice"):
        authority().parse(b'{"header":{"uuid":"a","uuid":"b"}}')


def test_times_are_read_in_all_spellings():
    content = (VECTORS / "r01_sale_first.json").read_text(encoding="utf-8")
    for spelled in ("2026-01-10T08:00Z", "2026-01-10T08:00:00.1234567Z"):
        receipt = authority().parse(content.replace("2026-01-10T08:00:00Z", spelled))
        assert receipt.issued_at == datetime(2026, 1, 10, 8, tzinfo=timezone.utc)
    with pytest.raises(ValueError):
        authority().parse(content.replace("2026-01-10T08:00:00Z", "2026-13-10T08:00Z"))


def test_issue_time_is_rendered_in_utc():
    local = NOW.astimezone(timezone(timedelta(hours=3)))
    assert built(sale(issued_at=local)) == built(sale())
