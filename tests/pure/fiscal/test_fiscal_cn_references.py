"""Which lines a red letter takes back."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from cn_kit import BLUE, authority, back, line, receipt, wrong

from fiscal.contract import Original

DISCOUNTED = line(
    "190.00",
    discount="10.00",
    quantity=Decimal(2),
    unit_name="台",
    data={"spec": "T-1"},
)
SERVICE = line("50.00", "6", description="测试服务")
AMOUNT = line("12.00", description="金额", data={"amount_only": True})
SALE = receipt(DISCOUNTED, SERVICE, AMOUNT)


def red(*lines, taken=(), **changes):
    total = sum((one.total for one in lines), Decimal(0))
    values = {
        **{"kind": "return", "original": Original(BLUE), "lines": lines},
        **{"total": total, "number": "R-1"},
    }
    made = replace(SALE, **{**values, **changes})
    return authority().refer(made, authority().build(SALE).content, taken)


def half():
    """One of two pieces, and not the way it was sold: nothing of unit or spec."""
    return line("95.00", quantity=Decimal(1))


def places(made):
    return [one.data.get("blue_line") for one in made.lines]


def test_the_whole():
    made = red(*SALE.lines)
    assert (made.data["scope"], places(made)) == ("full", [None] * 3)
    assert wrong(made) == []
    assert red(*reversed(SALE.lines)).data["scope"] == "full"


def test_a_part():
    made = red(half(), replace(SERVICE, net=Decimal(20), taxes=line("20", "6").taxes))
    assert (made.data["scope"], places(made)) == ("partial", [1, 3])
    assert wrong(made) == []
    body = json.loads(authority().build(made).content)
    assert (body["lines"][0]["unit"], body["lines"][0]["spec"]) == ("台", "T-1")


def test_a_whole_amount_has_no_quantity_either():
    """What was sold as an amount is taken back as one, however many were counted."""
    more = replace(AMOUNT, quantity=Decimal(2), data={})
    made = red(DISCOUNTED, SERVICE, more)
    assert (made.data["scope"], wrong(made)) == ("full", [])
    assert made.lines[2].data["amount_only"] is True
    assert "amount_only" not in made.lines[1].data


def test_an_amount_has_no_quantity():
    made = red(replace(AMOUNT, data={}))
    assert places(made) == [4]
    assert "quantity" not in json.loads(authority().build(made).content)["lines"][0]


@pytest.mark.parametrize(
    "one",
    [
        replace(half(), description="other"),
        replace(half(), item_code="1" * 19),
        replace(half(), quantity=Decimal(3)),
        line("190.01", quantity=Decimal(2)),
        line("95.00", "6"),
        line("95.00", policy="01"),
    ],
)
def test_what_fits_no_line(one):
    made = red(one)
    assert (made.data["scope"], places(made)) == ("partial", [None])
    assert "blue_line" in wrong(made)


def test_what_is_left():
    first = authority().build(red(half())).content
    made = red(half(), taken=[first])
    assert places(made) == [1]
    both = [first, authority().build(made).content]
    assert places(red(half(), taken=both)) == [None]
    # all that is left is a part of the whole
    rest = red(half(), SERVICE, AMOUNT, taken=[first])
    assert (rest.data["scope"], places(rest)) == ("partial", [1, 3, 4])
    whole = authority().build(red(*SALE.lines)).content
    assert places(red(half(), taken=[whole])) == [None]


def test_a_line_is_taken_wholly_before_another_in_part():
    small, large = line("10.00"), line("100.00", quantity=Decimal(10))
    sale = receipt(large, small)
    blue = authority().build(sale).content
    made = authority().refer(back(small, data={}), blue)
    assert places(made) == [2]
    made = authority().refer(back(small, small, data={}), blue)
    assert places(made) == [2, 1]


def test_what_is_told_stays():
    sale = receipt()
    blue = authority().build(sale).content
    assert authority().refer(sale, blue) is sale
    told = back()
    assert authority().refer(told, blue) is told
    with pytest.raises(ValueError):
        authority().refer(back(line("1.00"), data={}), b"{}")
