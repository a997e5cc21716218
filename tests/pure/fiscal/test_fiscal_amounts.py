"""Amounts: sums that hold exactly whatever is sold, and formulas against ETA's own
figures."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from eta_samples import LINE, VECTORS, lines, sale
from hypothesis import given
from hypothesis import strategies as st

from fiscal.contract import Discount, TaxAmount
from fiscal.eg_eta.amounts import (
    LineFigures,
    TaxFigure,
    expected_tax,
    figures,
    merged_taxes,
    round5,
    smallest_unit,
)

D = Decimal


def one(line):
    return figures(sale(line), "Rounding").lines[0]


@given(lines())
def test_every_line_adds_up(line):
    found = one(line)
    discounts = sum((d.amount for d in found.commercial_discounts), D(0))
    exact = Fraction(found.quantity) * Fraction(found.unit_price)
    assert abs(Fraction(found.total_sale) - exact) <= Fraction(1, 200_000)
    assert found.total_sale - discounts == found.net_sale == line.net
    assert all(d.amount > 0 for d in found.commercial_discounts)
    assert found.total == line.total
    for value in (found.unit_price, found.total_sale, found.total, discounts):
        assert value == round5(value)
    assert Fraction(found.unit_price) >= Fraction(line.gross) / Fraction(line.quantity)


@given(lines())
def test_only_rounding_is_added_to_the_agreed_discount(line):
    """A discount differs from the agreed one by the booked rounding of the net and
    by what one step of the unit price makes on the quantity, no more."""
    found = one(line)
    agreed = sum((d.amount for d in line.discounts), D(0))
    printed = sum((d.amount for d in found.commercial_discounts), D(0))
    assert abs(printed - agreed) <= D("0.005") + line.quantity * D("0.00001") * 2


@given(st.lists(lines(), min_size=1, max_size=5))
def test_documents_add_up(sold):
    receipt = sale(*sold)
    found = figures(receipt, "Rounding")
    assert found.total_amount == receipt.total
    assert found.net_amount == sum((line.net for line in sold), D(0))
    assert found.total_sales - found.total_commercial_discount == found.net_amount
    for type_, amount in found.tax_totals.items():
        taxes = [tax for line in sold for tax in line.taxes if tax.type == type_]
        assert amount == abs(sum((tax.amount for tax in taxes), D(0)))


@pytest.mark.parametrize(
    ("quantity", "gross", "net", "discounts", "price", "sale_", "printed"),
    [
        # 3 for 10.00: the price is rounded up and the surplus taken off again
        ("3", "10", "10.00", [], "3.33334", "10.00002", ["0.00002"]),
        ("2", "100", "100.00", [], "50", "100", []),
        # a net rounded up by the books lifts the price
        ("1", "10.005", "10.01", [], "10.01", "10.01", []),
        ("3", "99.9999", "90.00", ["10"], "33.33334", "100.00002", ["10.00002"]),
        ("5", "50", "0.00", ["50"], "10", "50", ["50"]),
        ("7", "0", "0.00", [], "0", "0", []),
        # the largest of several takes up the rounding
        ("3", "10", "7.00", ["1", "2"], "3.33334", "10.00002", ["1", "2.00002"]),
        # a discount too small for five decimals is none
        ("1", "10", "10.00", ["0.000001"], "10", "10", []),
    ],
)
def test_known_prices(quantity, gross, net, discounts, price, sale_, printed):
    line = replace(
        LINE,
        quantity=D(quantity),
        gross=D(gross),
        net=D(net),
        discounts=tuple(Discount(D(d), "off") for d in discounts),
    )
    found = one(line)
    assert (found.unit_price, found.total_sale) == (D(price), D(sale_))
    assert [d.amount for d in found.commercial_discounts] == [D(d) for d in printed]


def test_a_rounding_alone_is_named_so():
    line = replace(LINE, quantity=D(3), gross=D(10), net=D("10.00"), taxes=())
    receipt = sale(line)
    (discount,) = figures(receipt, "تقريب").lines[0].commercial_discounts
    assert discount.description == "تقريب"


def test_withheld_tax_is_positive_and_subtracted():
    withheld = TaxAmount("T4", "W004", D(-3), D("-3.00"))
    found = one(replace(LINE, taxes=(*LINE.taxes, withheld)))
    assert found.taxes[1] == TaxFigure("T4", "W004", D(3), D(3))
    assert found.total == D(111)


def test_taxes_of_one_code_are_summed():
    half = TaxAmount("T1", "V009", D(7), D(7))
    assert merged_taxes((half, half)) == (TaxFigure("T1", "V009", D(14), D(14)),)


def test_discounts_after_tax_and_of_the_document():
    line = replace(
        LINE,
        data={"item_discounts": (Discount(D(10), "after"),), "value_difference": D(20)},
    )
    receipt = replace(
        sale(line, discounts=(Discount(D("0.5"), "round"),)), total=D("103.5")
    )
    found = figures(receipt, "Rounding")
    assert found.lines[0].total == D(104)
    assert found.lines[0].value_difference == D(20)
    assert found.total_items_discount == D(10)
    assert found.total_amount == D("103.5")


def official_lines():
    """The lines of ETA's published invoice, which has every tax type; invoices have
    the same formulas."""
    document = json.loads(
        (VECTORS / "one-doc.json").read_text(encoding="utf-8-sig"),
        parse_float=D,
        parse_int=D,
    )
    for row in document["invoiceLines"]:
        taxes = tuple(
            TaxFigure(t["taxType"], t["subType"], t["amount"], t["rate"])
            for t in row["taxableItems"]
        )
        yield (
            row,
            LineFigures(
                row["quantity"],
                row["unitValue"]["amountEGP"],
                row["salesTotal"],
                row["netTotal"],
                row["total"],
                (),
                (Discount(row["itemsDiscount"], "after"),),
                row["valueDifference"],
                taxes,
            ),
        )


def test_formulas_give_etas_own_figures():
    seen = set()
    for row, line in official_lines():
        total = line.net_sale - row["itemsDiscount"]
        for tax in line.taxes:
            expected = expected_tax(tax, line)
            if expected is None:
                assert tax.type in ("T3", "T6")
            else:
                assert abs(expected - tax.amount) <= D("0.01"), tax
            total += -tax.amount if tax.type == "T4" else tax.amount
            seen.add(tax.type)
        assert total == line.total
    assert seen == {f"T{n}" for n in range(1, 21)}


@pytest.mark.parametrize(
    ("currency", "unit"), [("EGP", "0.01"), ("KWD", "0.001"), ("JPY", "1")]
)
def test_smallest_unit(currency, unit):
    assert smallest_unit(currency) == D(unit)
