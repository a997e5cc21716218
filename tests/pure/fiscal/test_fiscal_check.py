"""Every rule refuses what it is there for, points at the record to open, and lets the
good pass."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from check_kit import (
    COMPANY,
    DEVICE_RECORD,
    HUNDRED,
    LINE_RECORD,
    LONG,
    MOVE,
    PARTNER,
    SALE,
    TAX_RECORD,
    D,
    address,
    buyer,
    device,
    line,
    tax,
    taxed,
)
from eta_samples import (
    HASH,
    LINE,
    NOW,
    RIN,
    SELLER,
    authority,
    returned,
    sale,
)

from fiscal.contract import (
    Address,
    Discount,
    Original,
    Payment,
)
from fiscal.eg_eta import checks
from fiscal.eg_eta.code_tables import table

CURRENCY = ("res.currency", 3)

BROKEN = [
    ("number_missing", MOVE, sale(number=" \n")),
    ("text_too_long", MOVE, sale(number="9" * 51)),
    ("time_unusable", MOVE, sale(issued_at=datetime(2026, 3, 1, 9))),
    ("time_in_future", MOVE, sale(issued_at=NOW + timedelta(seconds=61))),
    ("window_closed", MOVE, sale(issued_at=NOW - timedelta(hours=24, seconds=1))),
    ("kind_unsupported", MOVE, sale(kind="credit")),
    ("kind_unsupported", MOVE, sale(kind="debit")),
    ("receipt_type_unknown", DEVICE_RECORD, sale(document_type="XX")),
    ("receipt_type_is_return", DEVICE_RECORD, sale(document_type="RR")),
    ("receipt_type_is_return", DEVICE_RECORD, sale(document_type="RWR")),
    ("currency_unknown", MOVE, sale(currency="XXZ")),
    (
        "company_currency_not_egp",
        MOVE,
        sale(currency="USD", currency_rate=D(40), company_currency="EUR"),
    ),
    ("exchange_rate_unknown", MOVE, sale(currency="USD", currency_rate=D(0))),
    (
        "exchange_rate_unknown",
        CURRENCY,
        sale(currency="USD", currency_rate=D(0), currency_record=CURRENCY),
    ),
    ("exchange_rate_missing", MOVE, sale(currency="USD", currency_rate=D("1E-6"))),
    ("uuid_malformed", MOVE, sale(previous_uid="AB" * 32)),
    ("uuid_malformed", MOVE, sale(replaces_uid="ab")),
    ("payment_method_missing", MOVE, sale(payments=())),
    ("payment_method_unknown", MOVE, sale(payments=(Payment("cash", D(1)),))),
    ("delivery_mode_unknown", MOVE, sale(data={"order_delivery_mode": "XX"})),
    ("text_too_long", MOVE, sale(data={"order_name_code": LONG})),
    ("number_unusable", MOVE, sale(data={"gross_weight": D("-1")})),
    ("number_unusable", MOVE, sale(data={"net_weight": "heavy"})),
    ("number_unusable", MOVE, sale(data={"contractor": {"amount": D("1E-6")}})),
    ("text_too_long", MOVE, sale(data={"contractor": {"name": LONG}})),
    # -- the seller
    ("seller_id_invalid", COMPANY, sale(seller=replace(SELLER, id="12"))),
    ("seller_id_invalid", COMPANY, sale(seller=replace(SELLER, id=""))),
    ("activity_unknown", DEVICE_RECORD, sale(device=device(activity_code=""))),
    ("branch_country_not_eg", DEVICE_RECORD, sale(device=address(country=""))),
    ("seller_id_invalid", COMPANY, sale(seller=replace(SELLER, id="٦٧٤٨٥٩٥٤٥"))),
    ("seller_id_differs", COMPANY, sale(seller=replace(SELLER, id="313717919"))),
    ("trade_name_missing", COMPANY, sale(seller=replace(SELLER, name=""))),
    ("text_too_long", DEVICE_RECORD, sale(device=device(data={"trade_name": LONG}))),
    ("device_serial_missing", DEVICE_RECORD, sale(device=device(serial=""))),
    ("device_serial_differs", DEVICE_RECORD, sale(device=device(serial="OTHER"))),
    ("branch_code_missing", DEVICE_RECORD, sale(device=device(branch_code=""))),
    ("text_too_long", DEVICE_RECORD, sale(device=device(branch_code=LONG))),
    ("activity_unknown", DEVICE_RECORD, sale(device=device(activity_code="1"))),
    (
        "text_too_long",
        DEVICE_RECORD,
        sale(device=device(data={"syndicate_license": LONG})),
    ),
    ("branch_country_not_eg", DEVICE_RECORD, sale(device=address(country="SA"))),
    ("branch_governorate_missing", DEVICE_RECORD, sale(device=address(governorate=""))),
    ("branch_city_missing", DEVICE_RECORD, sale(device=address(city=""))),
    ("branch_street_missing", DEVICE_RECORD, sale(device=address(street=" "))),
    ("branch_building_missing", DEVICE_RECORD, sale(device=address(building=""))),
    ("text_too_long", DEVICE_RECORD, sale(device=address(postal_code="1" * 31))),
    # -- the buyer
    ("buyer_is_business", PARTNER, sale(buyer=buyer("business", "313717919", "Co"))),
    ("buyer_rin_invalid", PARTNER, sale(buyer=buyer("business", "12", "Co"))),
    ("buyer_rin_invalid", PARTNER, sale(buyer=buyer("business", "", "Co"))),
    ("buyer_name_missing", PARTNER, sale(buyer=buyer("business", "313717919"))),
    ("buyer_kind_unknown", PARTNER, sale(buyer=buyer("alien"))),
    ("buyer_foreign_id_missing", PARTNER, sale(buyer=buyer("foreigner", "", "Ada"))),
    ("buyer_name_missing", PARTNER, sale(buyer=buyer("foreigner", "A1"))),
    (
        "buyer_national_id_invalid",
        PARTNER,
        sale(buyer=buyer("person", "2900101123456", "Ali")),
    ),
    ("buyer_is_seller", PARTNER, sale(buyer=buyer("foreigner", RIN, "Us"))),
    ("buyer_id_required", PARTNER, HUNDRED),
    (
        "buyer_id_required",
        PARTNER,
        replace(HUNDRED, buyer=buyer("person", "29001011234567")),
    ),
    ("buyer_id_required", PARTNER, replace(HUNDRED, buyer=buyer("person", "", "Ali"))),
    (
        "buyer_id_required",
        PARTNER,
        sale(
            taxed(gross=D(3000), net=D("3000.00")),
            currency="USD",
            currency_rate=D(50),
        ),
    ),
    ("text_too_long", PARTNER, sale(buyer=buyer("person", "", "n" * 101))),
    ("text_too_long", PARTNER, sale(buyer=buyer("person", "", "n", mobile="1" * 31))),
    # -- the lines
    ("line_count", MOVE, sale(*[LINE] * 301)),
    ("line_count", MOVE, replace(sale(), lines=(), total=D(0))),
    ("description_missing", LINE_RECORD, sale(line(description="\x00"))),
    ("text_too_long", LINE_RECORD, sale(line(description="ق" * 501))),
    ("internal_code_missing", LINE_RECORD, sale(line(internal_code=""))),
    ("text_too_long", LINE_RECORD, sale(line(internal_code="1" * 51))),
    ("item_scheme_unknown", LINE_RECORD, sale(line(item_scheme="UPC"))),
    ("item_code_missing", LINE_RECORD, sale(line(item_code=""))),
    (
        "product_missing",
        LINE_RECORD,
        sale(line(item_code="", internal_code="", free_text=True)),
    ),
    ("egs_code_malformed", LINE_RECORD, sale(line(item_code="0001"))),
    (
        "gs1_code_malformed",
        LINE_RECORD,
        sale(line(item_scheme="GS1", item_code="EG-1-1")),
    ),
    *(
        ("gs1_code_malformed", LINE_RECORD, sale(line(item_scheme="GS1", item_code=c)))
        for c in ("12345", "6221031954819")
    ),
    ("unit_missing", LINE_RECORD, sale(line(unit=""))),
    ("unit_unknown", LINE_RECORD, sale(line(unit="Units"))),
    ("quantity_unusable", LINE_RECORD, sale(line(quantity=D(0)))),
    ("quantity_unusable", LINE_RECORD, sale(line(quantity=D(-1)))),
    ("quantity_unusable", LINE_RECORD, sale(line(quantity=D("1.000001")))),
    ("quantity_unusable", LINE_RECORD, sale(line(quantity=D("NaN")))),
    ("net_unusable", LINE_RECORD, sale(line(net=D(-1)))),
    ("net_unusable", LINE_RECORD, sale(line(net=D("1.000001")))),
    ("amount_unusable", LINE_RECORD, sale(line(gross=D("-Infinity")))),
    ("amount_unusable", LINE_RECORD, sale(line(discounts=(Discount(D(-1), "x"),)))),
    (
        "amount_unusable",
        LINE_RECORD,
        sale(line(discounts=(Discount(D(1), "x", D(-1)),))),
    ),
    ("amount_unusable", LINE_RECORD, sale(line(data={"value_difference": D(-1)}))),
    ("amount_unusable", MOVE, replace(sale(), total=D("sNaN"))),
    (
        "amount_unusable",
        MOVE,
        replace(sale(), discounts=(Discount(D("Infinity"), "x"),)),
    ),
    ("amount_unusable", LINE_RECORD, sale(taxed(tax("T1", "V009", "14", "NaN")))),
    ("discount_unnamed", LINE_RECORD, sale(line(discounts=(Discount(D(0), ""),)))),
    ("text_too_long", MOVE, sale(discounts=(Discount(D(1), "x" * 51),))),
    ("price_unexplained", LINE_RECORD, sale(line(gross=D("100.06")))),
    ("price_unexplained", LINE_RECORD, sale(line(gross=D("99.94")))),
    ("line_total_negative", LINE_RECORD, sale(taxed(tax("T4", "W004", -101, -101)))),
    # -- the taxes
    ("tax_code_missing", TAX_RECORD, sale(taxed(tax("", "", "14", "14")))),
    ("tax_code_missing", TAX_RECORD, sale(taxed(tax("T1", "V999", "14", "14")))),
    # a subtype has the case of the table
    ("tax_code_missing", TAX_RECORD, sale(taxed(tax("T2", "TBL01", "1", "1")))),
    (
        "tax_subtype_of_other_type",
        TAX_RECORD,
        sale(taxed(tax("T1", "Tbl01", "14", "14"))),
    ),
    ("tax_sign", TAX_RECORD, sale(taxed(tax("T4", "W004", "3", "3")))),
    ("tax_sign", TAX_RECORD, sale(taxed(tax("T1", "V009", "-14", "-14")))),
    ("tax_decimals", TAX_RECORD, sale(taxed(tax("T3", "Tbl02", "1.000001")))),
    ("tax_decimals", TAX_RECORD, sale(taxed(tax("T1", "V009", "14", "14.000001")))),
    ("tax_fixed_with_rate", TAX_RECORD, sale(taxed(tax("T3", "Tbl02", "1", "1")))),
    (
        "tax_type_twice",
        TAX_RECORD,
        sale(taxed(tax("T1", "V009", "14", "14"), tax("T1", "V003", "0", "0"))),
    ),
    (
        "tax_type_twice",
        TAX_RECORD,
        sale(taxed(tax("T7", "Ent01", "1", "1"), tax("T7", "Ent01", "1"))),
    ),
    ("tax_formula", TAX_RECORD, sale(taxed(tax("T1", "V009", "14.06", "14")))),
    ("tax_formula", TAX_RECORD, sale(taxed(tax("T1", "V009", "13.94", "14")))),
    ("tax_formula", TAX_RECORD, sale(taxed(tax("T1", "V009", "1")))),
    ("tax_formula", TAX_RECORD, sale(taxed(tax("T4", "W004", "-3", "-2")))),
    # VAT is computed on the table tax too
    (
        "tax_formula",
        TAX_RECORD,
        sale(taxed(tax("T2", "Tbl01", "8", "8"), tax("T1", "V009", "14", "14"))),
    ),
    # -- the sums
    ("total_differs", MOVE, replace(sale(), total=D("114.01"))),
    ("total_negative", MOVE, sale(discounts=(Discount(D(115), "x"),))),
    # -- returns
    (
        "reference_malformed",
        SALE,
        returned(original=Original("zz", record=SALE)),
    ),
    ("return_reason_missing", MOVE, returned(original=None)),
    ("sale_date_missing", MOVE, returned(original=None, reason="B")),
    (
        "sale_date_missing",
        MOVE,
        returned(original=Original("", issued_at=datetime(2026, 1, 1)), reason="B"),
    ),
]


@pytest.mark.parametrize(
    ("code", "record", "receipt"),
    BROKEN,
    ids=[f"{index}-{row[0]}" for index, row in enumerate(BROKEN)],
)
def test_what_is_wrong_is_found(code, record, receipt):
    problems = authority().check(receipt)
    found = {problem.code: problem for problem in problems}
    assert code in found, problems
    assert found[code].record == record
    # Whole sentences with every place filled.
    assert re.fullmatch(r"[A-Z“%a-z].*", found[code].text)
    assert "%(" not in found[code].text
    assert "“”" not in found[code].text, "what is missing is said to be"


def test_each_problem_stands_alone():
    """What breaks one rule is not reported by others as well."""
    for code, _record, receipt in BROKEN:
        codes = [problem.code for problem in authority().check(receipt)]
        also = {
            "buyer_rin_invalid": ["buyer_is_business", "buyer_rin_invalid"],
            "buyer_name_missing": ["buyer_is_business", "buyer_name_missing"],
            "line_total_negative": ["line_total_negative", "total_negative"],
            "return_reason_missing": ["return_reason_missing", "sale_date_missing"],
        }
        assert codes in ([code], also.get(code)), (code, codes)


def test_parts_are_called_what_people_call_them():
    """No name of the authority's, and nothing twice: a price below 0 follows from a
    quantity below 0."""
    taken_back = line(quantity=D(-1), gross=D(-70), net=D(-70), taxes=())
    found = authority().check(sale(taken_back, total=D(-70)))
    assert [problem.code for problem in found] == ["quantity_unusable", "net_unusable"]
    (cut,) = authority().check(sale(line(discounts=(Discount(D(-1), "x"),))))
    assert cut.text.startswith("A discount of “")
    (name,) = authority().check(sale(buyer=buyer("person", "", "n" * 101)))
    assert name.text.startswith("The name of the customer has 101 characters")


def test_every_code_is_tested():
    folder = Path(checks.__file__).parent
    written = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "add"
            ):
                written |= {
                    leaf.value
                    for leaf in ast.walk(node.args[0])
                    if isinstance(leaf, ast.Constant) and leaf.value.islower()
                }
    tested = {code for code, _record, _receipt in BROKEN}
    elsewhere = {
        "return_before_sale",
        "return_too_late",
        "return_other_buyer",
        "return_not_sold",
        "return_exceeds_quantity",
        "return_exceeds_amount",
    }
    pieces = {"branch_", "_missing"}  # of an f-string
    impossible = {"discounts_exceed_sales"}  # a net below 0 is found before
    assert written - tested - elsewhere - pieces - impossible == set()


def test_all_problems_come_at_once():
    receipt = sale(
        line(item_code="", unit="", internal_code=""),
        line(description="", quantity=D("1.5")),
        number="",
        device=device(address=Address()),
        payments=(),
        buyer=buyer("foreigner"),
    )
    codes = [problem.code for problem in authority().check(receipt)]
    assert len(codes) == len(set(codes)) == 13


def test_a_receipt_that_is_too_large_is_found():
    """Only discounts have no bound of their own."""
    cut = Discount(D("0.01"), "ق" * 50)
    many = line(gross=D(220), discounts=(cut,) * 12_000)
    receipt = sale(many)
    (problem,) = authority().check(receipt)
    assert problem.code == "receipt_too_large"
    assert problem.values["size"] > 1_500_000 and problem.record == MOVE
    with pytest.raises(ValueError, match="Split"):
        authority().build(receipt)
    fewer = line(gross=D(110), discounts=(cut,) * 1000)
    assert authority().check(sale(fewer)) == []


def test_the_largest_receipt_with_few_discounts_is_not_too_large():
    """What is measured only for many discounts may be trusted for few."""
    wide = line(
        description="\N{CJK UNIFIED IDEOGRAPH-4E00}" * 500,
        internal_code="\N{CJK UNIFIED IDEOGRAPH-4E00}" * 50,
        item_code="EG-1-" + "\N{CJK UNIFIED IDEOGRAPH-4E00}" * 95,
        quantity=D("1234567890.12345"),
        gross=D("123456789012.12345"),
        net=D("123456789012.12345"),
        taxes=tuple(
            tax(code.parent, code.code, "0")
            for code in {c.parent: c for c in table("tax_subtype").values()}.values()
            if code.parent != "T4"
        ),
    )
    receipt = sale(*[wide] * 300, buyer=buyer("person", "29001011234567", "Ali"))
    assert authority().check(receipt) == []
    size = len(authority().build(receipt).content)
    # with 500 discounts of 50 wide characters more
    assert size + 500 * 250 < 1_500_000


GOOD = [
    sale(),
    sale(issued_at=NOW + timedelta(seconds=60)),
    sale(issued_at=NOW - timedelta(hours=24)),
    sale(issued_at=NOW - timedelta(hours=90), replaces_uid=HASH),
    sale(previous_uid=""),
    sale(number="9" * 50),
    sale(line(description="ق" * 500)),
    sale(buyer=buyer("person", "", "Ali")),
    sale(buyer=buyer("foreigner", "A1", "Ada")),
    sale(taxed(gross=D("149999.99"), net=D("149999.99"))),
    replace(HUNDRED, buyer=buyer("person", "29001011234567", "Ali")),
    sale(*[LINE] * 300, buyer=buyer("person", "29001011234567", "Ali")),
    sale(line(gross=D("100.05"))),
    sale(line(gross=D("99.95"))),
    sale(taxed(tax("T1", "V009", "14.05", "14"))),
    sale(taxed(tax("T1", "V009", "13.95", "14"))),
    sale(taxed(tax("T1", "V003", "0", "0"))),
    sale(taxed(tax("T1", "V003", "0"))),
    sale(taxed(tax("T2", "Tbl01", "8", "8"), tax("T1", "V009", "15.12", "14"))),
    sale(taxed(tax("T3", "Tbl02", "5"), tax("T1", "V009", "14.70", "14"))),
    sale(taxed(tax("T9", "SC01", "12", "12"), tax("T1", "V009", "15.68", "14"))),
    sale(taxed(tax("T17", "SC03", "12", "12"), tax("T1", "V009", "14", "14"))),
    sale(taxed(tax("T7", "Ent02", "3"), tax("T1", "V009", "14.42", "14"))),
    sale(taxed(tax("T4", "W004", "-3", "-3"), tax("T1", "V009", "14", "14"))),
    sale(taxed(tax("T1", "V009", "7", "7"), tax("T1", "V009", "7", "7"))),
    sale(
        taxed(tax("T1", "V009", "0.7", "14"), gross=D(5), net=D(5), quantity=D(3)),
        currency="KWD",
        currency_rate=D("160"),
    ),
    sale(
        taxed(tax("T1", "V009", "14", "14"), gross=D("103.4"), net=D(103)),
        currency="JPY",
        currency_rate=D("0.3"),
    ),
    sale(line(item_scheme="GS1", item_code="6221031954818")),
    sale(line(item_scheme="GS1", item_code="10003752")),
    returned(),
    returned(original=Original(HASH)),
    returned(document_type="SR"),
    returned(document_type="RR"),
    returned(original=Original("", issued_at=NOW), reason="I"),
]


@pytest.mark.parametrize("receipt", GOOD, ids=range(len(GOOD)))
def test_what_is_right_passes(receipt):
    assert authority().check(receipt) == []
