"""The lines of red letters: partial ones, discounts, never more than the blue."""

from decimal import Decimal

import pytest
from nuonuo_kit import applied, discounted, line, order, red_line, save

GOOD = "E0000"


@pytest.fixture
def blue(nuonuo, seller):
    """An issued invoice of 200.00 and 26.00."""
    return seller.issued(nuonuo, order(line(price="100", num="2", unit="台")))


DETAIL = {"unit": "台", "num": "-0.5", "taxExcludedPrice": "100"}
DETAILS = [
    ({"blueDetailIndex": "2"}, "blueDetailIndex"),
    ({"blueDetailIndex": None}, "blueDetailIndex"),
    ({"goodsName": "别的"}, "goodsName"),
    ({"unit": "个"}, "unit"),
    ({"specType": "a"}, "specType"),
    ({"goodsCode": "1" * 19}, "goodsCode"),
    ({"taxRate": "0.06", "taxAmount": "-3.00"}, "taxRate"),
    ({"taxAmount": "-6.57"}, "taxAmount"),
    ({"num": "0.5"}, "num"),
    ({"num": None}, "num"),
    ({"taxExcludedPrice": "-100"}, "taxExcludedPrice"),
    ({"taxExcludedPrice": "101"}, "taxExcludedPrice"),
    ({"num": "-2.1", "taxExcludedPrice": "23.8095"}, "detail[0]"),
    ({"taxExcludedAmount": "-50.001"}, "taxExcludedAmount"),
]


@pytest.mark.parametrize(("change", "name"), DETAILS)
def test_partial_applications(nuonuo, seller, blue, change, name):
    row = red_line(**{**DETAIL, **change})
    assert save(seller, blue, detail=[row]).code != GOOD
    paths = [path for _code, path, _detail in nuonuo.refusals()[-1]["problems"]]
    assert name in [path.rpartition(".")[2] for path in paths]
    assert save(seller, blue, detail=[red_line(**DETAIL)]).code == GOOD


def test_partial_red_letters_up_to_the_blue_one(nuonuo, seller, blue):
    for number, amount in enumerate(("-50.00", "-50.00", "-100.00"), start=1):
        row = red_line(amount, unit="台")
        too_much = red_line(f"-{200 - 50 * (number - 1) + 1}.00", unit="台")
        assert save(seller, blue, detail=[too_much]).code == "E4000"
        bill = applied(nuonuo, seller, blue, detail=[row], orderNo=f"P{number}")
        assert bill["openStatus"] == "1"
        assert seller.one(f"P{number}")["exTaxAmount"] == amount
    assert save(seller, blue).code == "E9103"


def test_a_line_once_in_a_partial_one(seller, blue):
    rows = [red_line("-10.00", unit="台")] * 2
    assert save(seller, blue, detail=rows).code == "E4000"


def test_the_rest_after_a_partial_one(nuonuo, seller, blue):
    applied(nuonuo, seller, blue, detail=[red_line(**DETAIL)])
    applied(nuonuo, seller, blue, orderNo="REST")
    red = seller.one("REST")
    assert (red["exTaxAmount"], red["taxAmount"]) == ("-150.00", "-19.50")
    assert Decimal(red["invoiceItems"][0]["itemNum"]) == Decimal("-1.5")


def test_the_rest_is_refused_by_switch(nuonuo, seller, blue):
    nuonuo.settings(full_red_after_partial="refused")
    applied(nuonuo, seller, blue, detail=[red_line(**DETAIL)])
    assert save(seller, blue).code == "E4000"


def test_discounts_are_merged(nuonuo, seller):
    blue = seller.issued(nuonuo, order(*discounted(), line("50.00")))
    assert save(seller, blue, detail=[red_line("-191.00")]).code == "E4000"
    applied(nuonuo, seller, blue, orderNo="M")
    red = seller.one("M")
    assert red["exTaxAmount"] == "-240.00"
    amounts = [item["itemAmount"] for item in red["invoiceItems"]]
    assert amounts == ["-190.00", "-50.00"]
    assert Decimal(red["invoiceItems"][0]["itemPrice"]) == 190
    assert {item["invoiceLineProperty"] for item in red["invoiceItems"]} == {"0"}


def test_discounts_are_mirrored_by_switch(nuonuo, seller):
    nuonuo.settings(red_discounts="mirrored")
    blue = seller.issued(nuonuo, order(*discounted()))
    applied(nuonuo, seller, blue, orderNo="M")
    red = seller.one("M")
    amounts = [item["itemAmount"] for item in red["invoiceItems"]]
    assert amounts == ["-200.00", "10.00"]
