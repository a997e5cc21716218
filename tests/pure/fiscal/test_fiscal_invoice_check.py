"""Every rule for invoices refuses what it is there for, points at the record to open,
and lets the good pass."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from check_kit import (
    COMPANY,
    DEVICE_RECORD,
    LINE_RECORD,
    LONG,
    MOVE,
    PARTNER,
    SALE,
    TAX_RECORD,
    device,
    line,
    tax,
    taxed,
)
from eta_samples import DEVICE, LINE, NOW, RIN, SELLER
from invoice_samples import (
    ABROAD,
    CUSTOMER,
    EXPORT,
    OTHER_UUID,
    UUID,
    credit,
    document_of,
    invoice,
    invoicing,
    original,
)

from fiscal.contract import Address, Discount, Original, Party, Returnable
from fiscal.eg_eta.invoice import checks

D = Decimal
FOREIGNER = ("res.partner", 8)
EXPENSIVE = taxed(
    tax("T1", "V009", "21000", "14"), gross=D(150_000), net=D("150000.00")
)
PERSON = Party("person", record=PARTNER)
NAMED = replace(PERSON, id="29001011234567", name="Ali", address=CUSTOMER.address)


def customer(**changes):
    return replace(CUSTOMER, **changes)


def at(**changes):
    return customer(address=replace(CUSTOMER.address, **changes))


def export(**changes):
    return invoice(**{**EXPORT, **changes})


def foreign(**changes):
    values = {"currency": "USD", "currency_rate": D("48.73123"), **changes}
    return invoice(**values)


def about(**changes):
    return credit(original=original(**changes))


BROKEN = [
    ("number_missing", MOVE, invoice(number=" \n")),
    ("text_too_long", MOVE, invoice(number="9" * 51)),
    ("document_type_unknown", MOVE, invoice(document_type="S")),
    ("document_type_unknown", MOVE, invoice(document_type="C")),
    ("document_type_unknown", MOVE, credit(document_type="D")),
    ("document_type_unknown", MOVE, invoice(kind="gift")),
    ("time_unusable", MOVE, invoice(issued_at=datetime(2026, 3, 1, 9))),
    ("time_in_future", MOVE, invoice(issued_at=NOW + timedelta(seconds=61))),
    ("currency_unknown", MOVE, invoice(currency="XXZ")),
    ("company_currency_not_egp", MOVE, foreign(company_currency="EUR")),
    ("exchange_rate_unknown", MOVE, foreign(currency_rate=D(0))),
    ("exchange_rate_imprecise", MOVE, foreign(currency_rate=D("0.003123"))),
    ("text_too_long", MOVE, invoice(data={"proforma_number": "9" * 51})),
    ("text_too_long", MOVE, invoice(data={"sales_order_reference": LONG})),
    ("value_unusable", MOVE, invoice(data={"purchase_order_reference": 5})),
    ("text_too_long", MOVE, invoice(data={"payment": {"bank_name": LONG}})),
    ("value_unusable", MOVE, invoice(data={"payment": {"iban": 12}})),
    ("text_too_long", MOVE, invoice(data={"delivery": {"approach": LONG}})),
    ("country_unknown", MOVE, invoice(data={"delivery": {"country_of_origin": "QQ"}})),
    ("value_unusable", MOVE, invoice(data={"delivery": {"gross_weight": D("-1")}})),
    (
        "value_unusable",
        MOVE,
        invoice(data={"delivery": {"date_validity": datetime(2026, 3, 1)}}),
    ),
    ("value_unusable", MOVE, invoice(data={"service_delivery_date": NOW})),
    ("service_delivery_date_missing", MOVE, export(data={})),
    # -- the issuer
    ("seller_id_invalid", COMPANY, invoice(seller=replace(SELLER, id="1"))),
    ("seller_id_differs", COMPANY, invoice(seller=replace(SELLER, id="100200300"))),
    ("issuer_name_missing", COMPANY, invoice(seller=replace(SELLER, name=" "))),
    ("text_too_long", COMPANY, invoice(seller=replace(SELLER, name=LONG))),
    ("branch_code_missing", DEVICE_RECORD, invoice(device=device(branch_code=""))),
    ("activity_unknown", DEVICE_RECORD, invoice(device=device(activity_code="1"))),
    (
        "branch_street_missing",
        DEVICE_RECORD,
        invoice(device=device(address=replace(DEVICE.address, street=""))),
    ),
    # -- the receiver
    ("buyer_rin_invalid", PARTNER, invoice(buyer=customer(id="1"))),
    ("buyer_name_missing", PARTNER, invoice(buyer=customer(name=""))),
    ("buyer_kind_unknown", PARTNER, invoice(buyer=customer(kind="shop"))),
    ("buyer_is_seller", PARTNER, invoice(buyer=customer(id=RIN))),
    ("buyer_foreign_id_missing", FOREIGNER, export(buyer=replace(ABROAD, id=""))),
    (
        "buyer_national_id_invalid",
        PARTNER,
        invoice(buyer=replace(PERSON, id="123", name="Ali")),
    ),
    ("buyer_governorate_missing", PARTNER, invoice(buyer=at(governorate=""))),
    ("buyer_city_missing", PARTNER, invoice(buyer=at(city=" "))),
    ("buyer_street_missing", PARTNER, invoice(buyer=at(street=""))),
    ("buyer_building_missing", PARTNER, invoice(buyer=at(building=""))),
    ("buyer_country_unknown", PARTNER, invoice(buyer=at(country=""))),
    ("buyer_country_unknown", PARTNER, invoice(buyer=at(country="XX"))),
    ("buyer_business_abroad", PARTNER, invoice(buyer=at(country="IE"))),
    ("text_too_long", PARTNER, invoice(buyer=at(street=LONG))),
    ("text_too_long", PARTNER, invoice(buyer=customer(name=LONG))),
    ("export_to_egyptian", PARTNER, export(buyer=CUSTOMER)),
    (
        "export_inside_egypt",
        FOREIGNER,
        export(buyer=replace(ABROAD, address=CUSTOMER.address)),
    ),
    (
        "buyer_id_required",
        PARTNER,
        invoice(EXPENSIVE, buyer=replace(NAMED, id="")),
    ),
    (
        "buyer_city_missing",
        PARTNER,
        invoice(
            EXPENSIVE,
            buyer=replace(NAMED, address=replace(NAMED.address, city="")),
        ),
    ),
    # -- the lines
    ("line_count", MOVE, replace(invoice(), lines=(), total=D(0))),
    ("taxes_missing", MOVE, invoice(line(taxes=()))),
    ("description_missing", LINE_RECORD, invoice(line(description=""))),
    ("text_too_long", LINE_RECORD, invoice(line(description=LONG))),
    ("item_code_missing", LINE_RECORD, invoice(line(item_code=""))),
    ("item_scheme_unknown", LINE_RECORD, invoice(line(item_scheme="GPC"))),
    ("unit_unknown", LINE_RECORD, invoice(line(unit="XX"))),
    ("quantity_unusable", LINE_RECORD, invoice(line(quantity=D(0)))),
    ("net_unusable", LINE_RECORD, invoice(line(net=D("-1")))),
    ("amount_unusable", LINE_RECORD, invoice(line(gross=D("NaN")))),
    ("price_unexplained", LINE_RECORD, invoice(line(gross=D(110)))),
    (
        "weight_unusable",
        LINE_RECORD,
        export(lines=(line(data={"weight_unit": "EA", "weight_quantity": D(1)}),)),
    ),
    (
        "weight_unusable",
        LINE_RECORD,
        export(lines=(line(data={"weight_quantity": D(1)}),)),
    ),
    ("tax_code_missing", TAX_RECORD, invoice(taxed(tax("", "", "14", "14")))),
    ("tax_formula", TAX_RECORD, invoice(taxed(tax("T1", "V009", "15", "14")))),
    # -- the sums
    ("total_differs", MOVE, invoice(total=D("113.99"))),
    (
        "total_negative",
        MOVE,
        invoice(discounts=(Discount(D(200), "x"),)),
    ),
    (
        "amount_out_of_range",
        MOVE,
        foreign(
            lines=(taxed(tax("T1", "V003", "0", "0"), gross=D(10**14), net=D(10**14)),),
            total=D(10**14),
        ),
    ),
    # -- notes
    ("reference_on_invoice", MOVE, invoice(data={"references": (UUID,)})),
    (
        "reference_missing",
        SALE,
        export(kind="credit", original=original(uid="", buyer=None, returnable=None)),
    ),
    ("reference_missing", MOVE, export(kind="debit")),
    ("reference_malformed", SALE, about(uid="ab" * 13)),
    ("reference_malformed", SALE, credit(data={"references": ("x",)})),
    (
        "reference_twice",
        SALE,
        credit(data={"references": (OTHER_UUID, OTHER_UUID)}),
    ),
    ("note_before_invoice", SALE, about(issued_at=NOW + timedelta(seconds=1))),
    ("note_other_buyer", PARTNER, about(buyer=customer(id="100200300"))),
    ("credit_not_sold", LINE_RECORD, about(returnable={})),
    (
        "credit_exceeds_quantity",
        LINE_RECORD,
        about(returnable={("P-1", LINE.item_code): Returnable(D(1), D(100))}),
    ),
    (
        "credit_exceeds_amount",
        LINE_RECORD,
        about(returnable={("P-1", LINE.item_code): Returnable(D(2), D(99))}),
    ),
]


@pytest.mark.parametrize(("code", "record", "receipt"), BROKEN)
def test_what_is_wrong_is_found(code, record, receipt):
    problems = invoicing().check(receipt)
    found = {problem.code: problem for problem in problems}
    assert code in found, problems
    assert found[code].record == record
    assert re.fullmatch(r"[A-Z“%a-z].*\.", found[code].text) or code == "text_too_long"
    assert "%(" not in found[code].text
    assert "“”" not in found[code].text, "what is missing is said to be"


def test_each_problem_stands_alone():
    """What breaks one rule is not reported by others as well."""
    for code, _record, receipt in BROKEN:
        codes = [problem.code for problem in invoicing().check(receipt)]
        assert codes == [code]


def test_every_code_is_tested():
    folder = Path(checks.__file__).parent
    written = set()
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute) and node.func.attr == "add":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    written.add(first.value)
    assert written - {code for code, _record, _receipt in BROKEN} == set()
    assert len(written) > 20


def test_all_problems_come_at_once():
    receipt = invoice(
        line(item_code="", unit=""),
        line(description=""),
        number="",
        device=device(address=Address()),
        buyer=Party("business", record=PARTNER),
    )
    codes = [problem.code for problem in invoicing().check(receipt)]
    assert len(codes) == len(set(codes)) >= 14


GOOD = [
    invoice(),
    invoice(issued_at=NOW + timedelta(seconds=60)),
    invoice(issued_at=NOW - timedelta(days=30)),
    invoice(line(internal_code="")),
    invoice(number="9" * 50),
    invoice(buyer=PERSON),
    invoice(buyer=replace(PERSON, address=Address("EG", city="Giza"))),
    invoice(EXPENSIVE, buyer=NAMED),
    invoice(buyer=ABROAD),
    invoice(taxed(tax("T1", "V003", "0", "0"))),
    invoice(data={"service_delivery_date": date(2026, 3, 1)}),
    invoice(line(data={"weight_unit": "nonsense"})),
    export(),
    export(lines=(line(data={"weight_unit": "TNE", "weight_quantity": D(0)}),)),
    export(kind="credit", original=original(buyer=ABROAD)),
    export(kind="debit", data={**EXPORT["data"], "references": [UUID]}),
    foreign(),
    foreign(currency_rate=D("48.731234567")),
    foreign(currency_rate=D("0.00312"), currency="JPY"),
    credit(),
    credit(kind="return"),
    credit(original=None),
    credit(original=Original("")),
    about(buyer=customer(name="Renamed Ltd")),
    about(returnable=None),
    # what two invoices have left together is not known
    credit(original=original(returnable={}), data={"references": (OTHER_UUID,)}),
    # a debit note may add what it likes to what was invoiced
    credit(kind="debit", original=original(returnable={})),
]


@pytest.mark.parametrize("receipt", GOOD)
def test_what_is_right_passes(receipt):
    assert invoicing().check(receipt) == []


def test_thresholds_have_dates():
    settings = {"thresholds": {"2020-01-01": "50", "2026-06-01": "150000"}}
    (problem,) = invoicing(**settings).check(invoice(buyer=replace(PERSON, id="")))[:1]
    assert problem.code == "buyer_id_required" and "50 EGP" in problem.text


def test_a_threshold_is_in_egp_whatever_the_currency():
    dear = taxed(tax("T1", "V009", "420", "14"), gross=D(3000), net=D("3000.00"))
    receipt = foreign(lines=(dear,), total=D(3420), buyer=replace(NAMED, id=""))
    codes = [problem.code for problem in invoicing().check(receipt)]
    assert codes == ["buyer_id_required"]


def test_an_invoice_that_is_too_large_is_found():
    many = [line(description="ق" * 500)] * 1500
    (problem,) = invoicing().check(invoice(*many))
    assert problem.code == "invoice_too_large" and problem.record == MOVE
    with pytest.raises(ValueError, match="Split"):
        invoicing().build(invoice(*many))
    built = invoicing().build(invoice(*many[:800]))
    signed = replace(document_of(built), signature="x" * 8000)
    assert len(invoicing().envelope([replace(signed, signature="")]).content) < 20
    assert invoicing().fits([signed]) == 1


def test_settings_that_make_no_sense_are_named():
    for name, value in (
        ("token_auth", "cookie"),
        ("search_pause", -1),
        ("scope", 5),
        ("ask_windows", "yes"),
    ):
        with pytest.raises(ValueError, match=name):
            invoicing(**{name: value})
    # names of others are theirs
    assert invoicing(business_buyers=True, whatever=1).check(invoice()) == []
