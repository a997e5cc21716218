"""Each thing that bureau and provider would refuse, with the record to open."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from cn_kit import (
    BUYER,
    COMPANY,
    CONTACT,
    DESK,
    GOODS,
    ISSUED,
    ITEM,
    MOVE,
    NOW,
    TAX,
    authority,
    back,
    codes,
    line,
    on_device,
    person,
    receipt,
    vat,
    wrong,
)

from fiscal.contract import Device, Discount, Original, Party, Returnable

CONSTRUCTION = {
    "place": "浙江省杭州市西湖区",
    "address": "文一西路1号",
    "project_name": "宇宙城",
    "cross_city": False,
}
LEASE = {
    "place": "浙江省杭州市西湖区",
    "address": "文一西路1号",
    "start": "2026-01-01",
    "end": "2026-12-31",
    "unit": "平方米",
}
SALE = {
    "realPropertyAddress": "浙江省杭州市西湖区",
    "detailAddress": "文一西路1号",
    "crossCityFlag": "0",
    "unit": "2",
}
FREIGHT = {
    "transportTool": "2",
    "transportToolNum": "浙A12345",
    "origin": "上海",
    "destination": "北京",
    "goodsName": "零配件",
}
TRAVELLER = {
    "traveller": "张三",
    "travelDate": "2026-09-01",
    "travellerCardType": "201",
    "travellerCardNo": "110101199003070000",
    "travelPlace": "上海",
    "arrivePlace": "北京",
    "vehicleType": "2",
    "vehicleLevel": "二等座",
}
VOUCHER = {
    "voucherType": "01",
    "allElectronicInvoiceNumber": "26312000000000000001",
    "invoiceTime": "2026-09-01",
    "taxtotal": "150.00",
    "differenceTaxtotal": "100.00",
    "voucherSource": "1",
}


def special(code, data, *lines, **more):
    return receipt(*lines, data={"special": code, "special_data": data, **more})


def without(node, name):
    return {key: value for key, value in node.items() if key != name}


GOOD = {
    "plain": receipt(),
    "special fapiao": receipt(document_type="81"),
    "several rates": receipt(line("200.00"), line("50.00", "6"), line("9.99", "9")),
    "discount": receipt(line("190.00", discount="10.00")),
    "wholly discounted": receipt(line("0.00", discount="10.00"), line("5.00")),
    "tax included": receipt(line("100.00"), data={"tax_included": True}),
    "nobody": receipt(buyer=person()),
    "natural person": receipt(buyer=person("张三", "110101199003070000")),
    "exempt": receipt(line("100.00", "0", policy="03")),
    "not taxable": receipt(line("100.00", "0", policy="04")),
    "zero rate": receipt(line("100.00", "0")),
    "reduced": receipt(line("100.00", "1.5", policy="10")),
    "amount only": receipt(line("100.00", data={"amount_only": True})),
    "construction": special("03", CONSTRUCTION),
    "lease": special("06", LEASE),
    "sale of real estate": special("05", SALE),
    "freight": special("04", [FREIGHT, FREIGHT]),
    "passengers": special("09", [TRAVELLER]),
    "no passengers": special("09", []),
    "fuel": special("01", None),
    "farm products purchased": special("16", {"certificateType": "201"}),
    "across cities": special("03", {**CONSTRUCTION, "cross_city": "1"}),
    "margin": receipt(line("150.00", tax="6.50"), data={"differential": [VOUCHER]}),
    "agent": receipt(data={"agent": {"name": "张三", "card_type": "201"}}),
    "whole taken back": back(),
    "part taken back": back(line("20.00", data={"blue_line": 1})),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_right(name):
    assert [p.text for p in authority().check(GOOD[name])] == []
    built = authority().build(GOOD[name])
    assert built.content == authority().build(GOOD[name]).content
    assert (built.uid, built.qr, built.media_type) == ("", "", "application/json")


def seller(**changes):
    base = receipt()
    return replace(base, seller=replace(base.seller, **changes))


def buyer(base=None, **changes):
    base = base or receipt()
    return replace(base, buyer=replace(base.buyer, **changes))


def left(quantity, amount):
    rest = {("", GOODS): Returnable(Decimal(quantity), Decimal(amount))}
    return Original("26312000000000000101", returnable=rest)


SPECIAL = {
    "special": special("02", None),
    "special_lines": special("03", CONSTRUCTION, line("1.00"), line("2.00")),
    "special_member": special("03", without(CONSTRUCTION, "project_name")),
    "lease_period": special("06", {**LEASE, "start": "2027-01-01"}),
    "address_street": special("06", {**LEASE, "address": "1号"}),
    "address_long": special("06", {**LEASE, "address": "路" * 118}),
    "special_rows": special("04", []),
    "special_json": special("04", "[{"),
    "special_unknown": special("05", {**SALE, "adress": "x"}),
    "vehicle_level": special("09", [{**TRAVELLER, "vehicleLevel": "经济舱"}]),
    "voucher_amount": receipt(
        line("150.00", tax="0.00"),
        data={"differential": [{**VOUCHER, "differenceTaxtotal": "150.01"}]},
    ),
    "differential_discount": receipt(
        line("150.00", tax="6.50", discount="1.00"), data={"differential": [VOUCHER]}
    ),
    "additional": receipt(data={"additional": {"name": "", "elements": []}}),
    "agent": receipt(data={"agent": {"name": "张三", "card_type": "999"}}),
    "survey": receipt(data={"survey": "4"}),
}


@pytest.mark.parametrize("code", SPECIAL)
def test_special_business(code):
    problems = [p for p in authority().check(SPECIAL[code]) if p.code == code]
    assert {problem.record for problem in problems} == {MOVE}


@pytest.mark.parametrize(
    ("code", "name", "value"),
    [
        ("04", "transportTool", "6"),
        ("04", "origin", ""),
        ("04", "goodsName", "件" * 81),
        ("09", "travelDate", "2026-02-30"),
        ("09", "travellerCardType", "1"),
        ("09", "vehicleType", "8"),
    ],
)
def test_rows_are_looked_at(code, name, value):
    row = {"04": FREIGHT, "09": TRAVELLER}[code]
    (problem,) = authority().check(special(code, [row, {**row, name: value}]))
    assert (problem.code, problem.path) == (
        "special_member",
        f"special_data[1].{name}",
    )


@pytest.mark.parametrize(
    ("code", "node", "wanted"),
    [
        ("04", FREIGHT, ["special_rows"]),
        ("09", "{", ["special_json"]),
        ("05", [SALE], ["special_member"] * 4),
        ("16", {"certificateType": "202"}, ["special_member"]),
        ("06", {**LEASE, "cross_city": "perhaps"}, ["special_member"]),
    ],
)
def test_shape_of_a_node(code, node, wanted):
    assert codes(authority().check(special(code, node))) == wanted


def test_sentences_name_the_row_and_what_people_call_it():
    (row,) = authority().check(special("04", [FREIGHT, without(FREIGHT, "origin")]))
    assert "“origin (row 2)” is missing" in row.text
    (label,) = authority().check(special("06", without(LEASE, "start")))
    assert "“Start of the lease” is missing" in label.text
    (unknown,) = authority().check(special("05", {**SALE, "adress": "x"}))
    assert "has no “adress”; it has realPropertyContractNumber" in unknown.text
    (place,) = authority().check(special("04", '[{"origin": "x"},\n oops]'))
    assert "from line 2, column 2 on" in place.text


def test_vouchers_that_are_typed():
    sale = receipt(line("150.00", tax="6.50"), data={"differential": "[1"})
    assert codes(authority().check(sale))[:1] == ["special_json"]
    one = receipt(line("150.00", tax="6.50"), data={"differential": VOUCHER})
    assert "special_rows" in codes(authority().check(one))


def test_a_voucher_needs_what_its_kind_has():
    paper = {**without(VOUCHER, "allElectronicInvoiceNumber"), "voucherType": "03"}
    sale = receipt(line("150.00", tax="6.50"), data={"differential": [paper]})
    paths = [problem.path for problem in authority().check(sale)]
    assert paths == ["differential.invoiceCode", "differential.invoiceNumber"]


CASES = [
    ("currency", MOVE, receipt(currency="USD")),
    ("kind", MOVE, receipt(document_type="83")),
    ("number", MOVE, receipt(number=" ")),
    ("time_unusable", MOVE, receipt(issued_at=ISSUED.replace(tzinfo=None))),
    ("time_future", MOVE, receipt(issued_at=NOW + timedelta(minutes=2))),
    ("document_discount", MOVE, receipt(discounts=(Discount(Decimal(1), "x"),))),
    ("clerk_missing", DESK, on_device(clerk="")),
    ("extension", DESK, on_device(extension="12x")),
    ("seller_number", COMPANY, seller(id="12-34")),
    ("E9302", COMPANY, seller(id="91310000TEST000009")),
    ("seller_address", COMPANY, on_device(seller_address="")),
    ("seller_phone", COMPANY, on_device(seller_phone="")),
    ("buyer_name", CONTACT, buyer(name="")),
    ("buyer_number", CONTACT, buyer(id="?")),
    ("buyer_number_missing", CONTACT, buyer(receipt(document_type="81"), id="")),
    (
        "person_special",
        MOVE,
        receipt(document_type="81", buyer=person("张三", "110101199003070000")),
    ),
    (
        "person_number",
        CONTACT,
        receipt(buyer=person("张三"), data={"natural_person": True}),
    ),
    ("E9122", MOVE, receipt(lines=(), total=Decimal(0))),
    ("amount_unusable", ITEM, receipt(line("1.001", tax="0.13"), total=Decimal(1))),
    ("amount_unusable", ITEM, receipt(line("-1.00"), line("2.00"))),
    ("amount_unusable", ITEM, receipt(line("1e12", tax="1.00"), total=Decimal(1))),
    ("name_missing", ITEM, receipt(line("1.00", description=" "))),
    ("tax_code", ITEM, receipt(line("1.00", item_code="109051103"))),
    ("E9121", ITEM, receipt(line("1.00", item_code=""))),
    ("line_zero", ITEM, receipt(line("0.00"), line("1.00"))),
    ("quantity", ITEM, receipt(line("1.00", quantity=Decimal(0)))),
    ("quantity", ITEM, receipt(line("1.00", quantity=Decimal("0.123456789")))),
    ("line_tax", ITEM, receipt(line("1.00", taxes=()))),
    ("line_tax", ITEM, receipt(line("1.00", taxes=(vat("13", "0.13"),) * 2))),
    ("rate", TAX, receipt(line("1.00", "7"))),
    ("rate", TAX, receipt(line("100.00", "1.5"))),
    ("policy", TAX, receipt(line("1.00", policy="19"))),
    ("policy_rate", TAX, receipt(line("1.00", policy="03"))),
    ("policy_rate", TAX, receipt(line("1.00", "5", policy="08"))),
    ("E9131", ITEM, receipt(line("100.00", tax="13.07"))),
    ("E9131", ITEM, receipt(line("100.00", tax="12.93"))),
    ("E9108", ITEM, receipt(line("10.00", discount="-1.00"))),
    (
        "price_imprecise",
        ITEM,
        receipt(line("100.00", quantity=Decimal("7777777.7"))),
    ),
    ("price_lost", ITEM, receipt(line("0.01", "0", quantity=Decimal(9_000_000)))),
    ("total", MOVE, receipt(total=Decimal("226.01"))),
    ("too_long", ITEM, receipt(line("1.00", description="长" * 91))),
    ("too_long", ITEM, receipt(line("1.00", data={"spec": "x" * 41}))),
    ("too_long", CONTACT, buyer(name="长" * 101)),
    ("too_long", MOVE, receipt(data={"remark": "x" * 201})),
    ("reference_missing", MOVE, back(original=None)),
    ("reference_missing", MOVE, back(original=Original(""))),
    ("reference_number", MOVE, back(original=Original("12345678"))),
    ("reason", MOVE, back(kind="credit")),
    ("reason", MOVE, back(reason="05")),
    ("scope", MOVE, back(data={"remark": "x"})),
    (
        "blue_line",
        ITEM,
        back(line("1.00", data={"blue_line": 0}), data={"scope": "partial"}),
    ),
    (
        "blue_line",
        ITEM,
        back(*[line("1.00", data={"blue_line": 1})] * 2),
    ),
    (
        "E9113",
        CONTACT,
        back(original=Original("26312000000000000101", buyer=Party("business", "X"))),
    ),
    ("over_red", ITEM, back(line("200.00"), original=left("0.5", "500"))),
    ("over_red", ITEM, back(line("200.00"), original=left("2", "199.90"))),
    ("red_not_whole", MOVE, back(line("100.00"), original=left("2", "200"))),
]


@pytest.mark.parametrize(("code", "record", "base"), CASES)
def test_what_is_wrong(code, record, base):
    problems = [p for p in authority().check(base) if p.code == code]
    assert problems, authority().check(base)
    assert {problem.record for problem in problems} == {record}
    assert all("%(" not in problem.text for problem in problems)
    with pytest.raises(ValueError):
        authority().build(base)


@pytest.mark.parametrize(
    ("original", "found"),
    [(left("5", "100"), {"over_red"}), (left("5", "900"), {"blue_line"})],
)
def test_too_much_of_a_line_is_the_only_mistake(original, found):
    base = back(line("200.00"), data={"scope": "partial"}, original=original)
    assert set(wrong(base)) == found


def test_all_at_once():
    base = buyer(receipt(line("1.00", item_code="", tax="5.00"), currency="USD"), id="")
    base = replace(base, document_type="81", device=Device(""))
    assert set(wrong(base)) == {
        *("currency", "clerk_missing", "seller_address", "seller_phone"),
        *("buyer_number_missing", "E9121", "E9131"),
    }


@pytest.mark.parametrize("tax", ["12.94", "13.06"])
def test_six_cents_are_taken(tax):
    assert wrong(receipt(line("100.00", tax=tax))) == []


def test_the_differences_together():
    many = receipt(*[line("100.00", tax="13.06")] * 21)
    assert wrong(many) == []
    more = receipt(*[line("100.00", tax="13.06")] * 22)
    assert wrong(more) == ["tax_differences"]
    assert wrong(more, sum_tolerance=0) == []


def test_too_many_lines():
    lines = [line("1.00", discount="1.00")] * 1001
    assert "too_many_lines" in wrong(receipt(*lines), sum_tolerance=0)
    assert wrong(receipt(*lines[:1000]), sum_tolerance=0) == []


SWITCHES = [
    (on_device(seller_address="", seller_phone=""), {"seller_in_console": True}),
    (receipt(line("1.00", item_code="")), {"codes_required": False}),
    (receipt(line("1.00", "7")), {"strict_rates": False}),
    (receipt(line("0.00"), line("1.00")), {"zero_lines": "leave_out"}),
    (receipt(line("100.00", tax="13.07")), {"tax_tolerance": "0.07"}),
]


@pytest.mark.parametrize(("base", "switch"), SWITCHES)
def test_switches(base, switch):
    assert wrong(base)
    assert wrong(base, **switch) == []


def test_lengths_in_bytes():
    base = receipt(line("1.00", description="长" * 46))
    assert wrong(base) == []
    assert wrong(base, length_unit="gbk") == ["too_long"]


@pytest.mark.parametrize(
    ("mode", "data", "found"),
    [
        ("-1", {}, []),
        ("0", {}, ["email_missing"]),
        ("1", {}, ["phone_missing"]),
        ("2", {}, ["email_missing", "phone_missing"]),
        ("2", {"email": "a@example.com", "phone": "13800000000"}, []),
    ],
)
def test_where_the_provider_sends_it(mode, data, found):
    assert wrong(receipt(data=data), push_mode=mode) == found


def test_what_is_left_of_the_fapiao():
    whole = back(line("200.00"), original=left("1", "200"))
    assert wrong(whole) == []


def test_the_buyer_is_the_same():
    same = Original("26312000000000000101", buyer=Party("business", BUYER.lower()))
    assert wrong(back(original=same)) == []
