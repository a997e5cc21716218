"""Returns against their sale, what settings allow, codes and cures."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from check_kit import (
    HUNDRED,
    D,
    buyer,
    device,
    line,
    tax,
    taxed,
)
from eta_samples import (
    NOW,
    PERSON,
    RIN,
    SELLER,
    VAT,
    authority,
    connection,
    returned,
    sale,
)

from fiscal.contract import (
    Party,
    Returnable,
)
from fiscal.eg_eta import EgReceipt

# -- returns ---------------------------------------------------------------------------


def original(**changes):
    return replace(returned().original, **changes)


def returnable(quantity, amount):
    return {("P-1", f"EG-{RIN}-0001"): Returnable(D(quantity), D(amount))}


@pytest.mark.parametrize(
    ("code", "words", "changes"),
    [
        ("return_before_sale", "S-0000", {"issued_at": NOW + timedelta(seconds=1)}),
        (
            "return_too_late",
            "541 days",
            {"issued_at": NOW - timedelta(days=541)},
        ),
        ("return_too_late", "540", {"issued_at": NOW - timedelta(days=540, seconds=1)}),
        ("return_other_buyer", "Ali", {"buyer": buyer("person", "", "Ali")}),
        ("return_not_sold", "Plain item", {"returnable": {}}),
        (
            "return_exceeds_quantity",
            "only 1.5 are",
            {"returnable": returnable("1.5", 100)},
        ),
        (
            "return_exceeds_amount",
            "only 99.94 EGP is",
            {"returnable": returnable(2, "99.94")},
        ),
    ],
)
def test_returns_against_their_sale(code, words, changes):
    (problem,) = authority().check(returned(original=original(**changes)))
    assert problem.code == code
    assert words in problem.text


@pytest.mark.parametrize(
    "changes",
    [
        {"issued_at": NOW - timedelta(days=540)},
        {"issued_at": NOW},
        {"issued_at": None, "buyer": None, "returnable": None},
        {"returnable": returnable(2, "99.95")},
        {"buyer": Party("person", mobile="1", record=("res.partner", 99))},
    ],
)
def test_returns_that_fit_their_sale(changes):
    assert authority().check(returned(original=original(**changes))) == []


def test_lines_of_one_product_are_returned_together():
    half = line(
        quantity=D(1), gross=D(50), net=D(50), taxes=(replace(VAT, amount=D(7)),)
    )
    assert authority().check(returned(half, half)) == []
    (problem,) = authority().check(returned(half, half, half))
    assert problem.code == "return_exceeds_quantity"
    assert "3 are returned" in problem.text and "only 2" in problem.text


# -- settings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "receipt"),
    [
        ({"business_buyers": True}, sale(buyer=buyer("business", "313717919", "Co"))),
        ({"thresholds": [["2026-01-01", "200000"]]}, HUNDRED),
        ({"thresholds": {"2026-03-02": "100000"}}, HUNDRED),
        ({"submission_hours": 72}, sale(issued_at=NOW - timedelta(hours=71))),
        ({"amount_tolerance": "0.1"}, sale(line(gross=D("100.06")))),
        ({"tax_tolerance": 0.5}, sale(taxed(tax("T1", "V009", "14.4", "14")))),
        ({"payment_method": "C"}, sale(payments=())),
    ],
)
def test_settings_allow(settings, receipt):
    assert authority().check(receipt)
    assert authority(**settings).check(receipt) == []


def test_a_threshold_holds_from_its_day_in_cairo():
    settings = {"thresholds": {"2026-03-01": "100", "2026-03-02": "1000"}}
    eta = EgReceipt(
        connection(settings=settings, wall_clock=lambda: NOW + timedelta(days=1))
    )
    late = datetime.fromisoformat("2026-03-01T21:59:59+00:00")
    codes = [p.code for p in eta.check(sale(issued_at=late))]
    assert codes == ["buyer_id_required"]
    assert eta.check(sale(issued_at=late + timedelta(seconds=1))) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"channel": "web"},
        {"qr_precision": "second"},
        {"business_buyers": "yes"},
        {"extra_ca": 5},
        {"amount_tolerance": "much"},
        {"tax_tolerance": -1},
        {"read_pause": "NaN"},
        {"thresholds": [["soon", "1"]]},
        {"thresholds": [["2026-01-01", "x"]]},
        {"thresholds": 5},
    ],
)
def test_senseless_settings_are_refused(settings):
    with pytest.raises(ValueError):
        authority(**settings)


def test_other_names_and_nothing_are_no_settings():
    assert authority(unknown=1, channel=None).check(sale()) == []


def test_any_device_and_company_without_a_connection_of_their_own():
    eta = EgReceipt(connection(device=None, seller_id=""))
    assert eta.check(sale(device=device(serial="OTHER"))) == []
    assert eta.check(sale(seller=replace(SELLER, id="313717919"))) == []


def test_the_anonymous_buyer_may_buy_below_the_threshold_only():
    assert authority().check(sale(buyer=PERSON)) == []


# -- codes and cures -------------------------------------------------------------------


def test_code_tables():
    eta = authority()
    counts = {kind: len(list(eta.codes(kind))) for kind in eta.code_kinds()}
    assert counts == {
        "tax_type": 20,
        "tax_subtype": 56,
        "unit": 143,
        "currency": 180,
        "country": 251,
        "activity": 435,
        "payment_method": 9,
        "return_reason": 2,
        "receipt_type": 23,
        "order_delivery_mode": 3,
        "item_type": 2,
    }
    types = {code.code for code in eta.codes("tax_type")}
    assert {code.parent for code in eta.codes("tax_subtype")} == types
    vat = next(code for code in eta.codes("tax_subtype") if code.code == "V009")
    assert vat.parent == "T1" and vat.names["en"] == "General Item sales"
    assert vat.names["ar"] == "سلع عامة"
    assert {len(code.code) for code in eta.codes("activity")} == {4}
    with pytest.raises(KeyError):
        eta.codes("../receipt")


def test_known_errors_have_a_cure():
    eta = authority()
    for code in ("invalid_posserial", "CV302", "badstructure", "RR308", "SF337"):
        cure = eta.cure(code)
        assert cure.text and cure.values["who"] in ("accountant", "administrator")
    assert eta.cure("SIM-1") is None
    assert eta.cure("", "header.referenceUUID") is None


@pytest.mark.parametrize("path", ["header.referenceUUID", "references[0]"])
def test_errors_about_the_original_have_a_cure_whatever_their_code(path):
    cure = authority().cure("SIM-1", path)
    assert (cure.code, cure.values["who"]) == ("SIM-1", "accountant")
    assert authority().cure("RR308", path).text != cure.text
    assert authority().cure("SIM-1", "header.referenceOldUUID") is None


def test_line_of_an_error():
    eta = authority()
    for path in ("itemData[12].itemCode", "receipts[3].itemData[12]"):
        assert eta.line_at(path) == 12
    assert eta.line_at("invoiceLines[0].taxableItems[1]") == 0
    for path in ("", "itemData", "itemData[x]", "itemData[99999]"):
        assert eta.line_at(path) is None
