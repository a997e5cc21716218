"""Whatever can be represented is refused with a reason, or built with sums that hold
exactly in EGP, and read back without a loss."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from check_kit import ANY, built_or_refused, read_or_value_error, spoil
from eta_samples import RIN, VECTORS, rounded
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from invoice_samples import (
    invoicing,
    plausible_invoices,
    wild_invoices,
)

from fiscal.contract import Receipt
from fiscal.eg_eta.canonical import canonical_text

D = Decimal
STEP = Fraction(1, 100_000)
FEES = {f"T{n}" for n in range(5, 13)}


def assert_sound(receipt: Receipt, content: bytes) -> None:
    """Check structure and sums anew, from ETA's rules alone."""
    document = json.loads(content, parse_float=Fraction, parse_int=Fraction)
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b'"', content)
    scalars = re.findall(rb'[^{}\[\]:,"]+', bare)
    assert all(re.fullmatch(rb"[0-9]+(\.[0-9]{1,5})?", text) for text in scalars)
    assert b"[]" not in bare and b"{}" not in bare
    canonical_text(content)
    items = document["invoiceLines"]
    for item, line in zip(items, receipt.lines, strict=True):
        assert_line(item, line, receipt)
    zero = Fraction(0)

    def total_of(name: str) -> Fraction:
        return sum((item[name] for item in items), zero)

    off = sum((item["discount"]["amount"] for item in items), zero)
    assert document["totalDiscountAmount"] == off <= document["totalSalesAmount"]
    assert document["totalSalesAmount"] == total_of("salesTotal")
    assert document["netAmount"] == total_of("netTotal")
    assert document["totalItemsDiscountAmount"] == total_of("itemsDiscount")
    extra = document["extraDiscountAmount"]
    assert document["totalAmount"] == total_of("total") - extra >= 0
    sums: dict[str, Fraction] = {}
    for item in items:
        for tax in item.get("taxableItems", ()):
            code = tax["taxType"]
            sums[code] = sums.get(code, zero) + tax["amount"]
    assert {t["taxType"]: t["amount"] for t in document["taxTotals"]} == sums
    if receipt.currency == "EGP":
        assert document["totalAmount"] == Fraction(receipt.total)
    assert_parties(document)


def assert_line(item: dict[str, Any], line: Any, receipt: Receipt) -> None:
    value = item["unitValue"]
    assert value["currencySold"] == receipt.currency
    assert item["salesTotal"] == rounded(item["quantity"] * value["amountEGP"])
    assert item["netTotal"] == item["salesTotal"] - item["discount"]["amount"]
    assert item["discount"]["amount"] >= 0
    if receipt.currency == "EGP":
        assert item["netTotal"] == Fraction(line.net)
    else:
        rate = value["currencyExchangeRate"]
        assert item["netTotal"] == rounded(Fraction(line.net) * rate)
        assert abs(value["amountEGP"] - value["amountSold"] * rate) < STEP
    taxes = {tax["taxType"]: tax for tax in item.get("taxableItems", ())}
    assert len(taxes) == len(item.get("taxableItems", ()))
    fees = sum((t["amount"] for c, t in taxes.items() if c in FEES), Fraction(0))
    assert item["totalTaxableFees"] == fees
    total = item["netTotal"] - item["itemsDiscount"]
    for code, tax in taxes.items():
        total += -tax["amount"] if code == "T4" else tax["amount"]
    assert item["total"] == total >= 0
    if receipt.currency != "EGP":
        for code, tax in taxes.items():
            assert_formula(code, tax, taxes, item)


def assert_formula(code, tax, taxes, item):
    """Converted taxes are ETA's to the last digit."""
    if code in ("T3", "T6") or not tax["rate"]:
        return
    base = item["netTotal"]
    if code == "T4":
        base -= item["itemsDiscount"]
    if code in ("T1", "T2"):
        counted = FEES | {"T3"} | ({"T2"} if code == "T1" else set())
        base += item["valueDifference"]
        base += sum(t["amount"] for c, t in taxes.items() if c in counted)
    assert tax["amount"] == rounded(tax["rate"] * base / 100)


def assert_parties(document: dict[str, Any]) -> None:
    receiver, kind = document["receiver"], document["documentType"].upper()
    wanted = {"country", "governate", "regionCity", "street", "buildingNumber"}
    assert document["issuer"]["address"]["country"] == "EG"
    assert wanted | {"branchID"} <= document["issuer"]["address"].keys()
    if receiver["type"] == "B":
        assert re.fullmatch("[0-9]{9}", receiver["id"])
    if receiver["type"] != "P" or document["totalAmount"] >= 150_000:
        assert receiver["id"] and receiver["name"]
        assert wanted <= receiver["address"].keys()
    if kind.startswith("E"):
        assert receiver["type"] == "F" and receiver["address"]["country"] != "EG"
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", document["serviceDeliveryDate"])
    if kind in ("EC", "ED"):
        assert document["references"]
    if kind.endswith("I"):
        assert "references" not in document


@settings(**ANY)
@given(st.one_of(plausible_invoices(), wild_invoices()))
def test_any_document_is_refused_with_a_reason_or_built_soundly(receipt):
    eta = invoicing()
    result = built_or_refused(eta, receipt)
    if result is None:
        return
    assert_sound(receipt, result.content)
    if receipt.currency != "EGP":
        again = eta.parse(result.content)
        assert [line.net for line in again.lines] == [
            line.net for line in receipt.lines
        ]


@settings(**ANY)
@given(plausible_invoices())
def test_most_of_what_an_engine_hands_over_is_built(receipt):
    """The property above would hold for a check that refuses everything."""
    assume(receipt.total >= 0 and receipt.buyer.id != RIN)
    codes = {problem.code for problem in invoicing().check(receipt)}
    # A withholding tax or a fixed fee may exceed a tiny line; nothing else may.
    assert codes <= {
        "line_total_negative",
        "discounts_exceed_sales",
        "amount_out_of_range",
        "buyer_id_required",
        "buyer_governorate_missing",
        "buyer_city_missing",
        "buyer_street_missing",
        "buyer_building_missing",
        "buyer_country_unknown",
    }, codes


@settings(**ANY)
@given(st.data())
def test_a_spoiled_document_is_read_or_a_value_error(data):
    document = json.loads((VECTORS / "one-doc.json").read_bytes().decode("utf-8-sig"))
    spoil(document, data)
    read_or_value_error(invoicing(), document)
