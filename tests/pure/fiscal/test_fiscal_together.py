"""Several sales on one document, and red letters on one of them."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from cn_kit import BLUE, authority, line, receipt, wrong

from fiscal.contract import Original, Payment
from fiscal.together import together

SERVICE = line("50.00", "6", description="测试服务")
FIRST = receipt(
    line("190.00", discount="10.00"),
    SERVICE,
    number="INV/1",
    payments=(Payment("C", Decimal("1.00")),),
)
SECOND = receipt(
    line("200.00"), SERVICE, number="INV/2", payments=(Payment("B", Decimal("2.00")),)
)
THIRD = receipt(line("0.07"), number="INV/3")
ALL = together([FIRST, SECOND, THIRD])


def test_lines_and_totals():
    assert ALL.number == "INV/1"
    assert [one.data["invoice"] for one in ALL.lines] == [
        *("INV/1", "INV/1", "INV/2", "INV/2", "INV/3"),
    ]
    assert ALL.total == FIRST.total + SECOND.total + THIRD.total
    assert ALL.payments == FIRST.payments + SECOND.payments
    assert wrong(ALL) == []


def test_nothing_is_no_document():
    with pytest.raises(ValueError, match="nothing to be put together"):
        together([])


def test_one_is_as_it_was():
    one = together([SECOND])
    assert [replace(a, data={}) for a in one.lines] == list(SECOND.lines)
    assert one.total == SECOND.total


def test_too_many_lines():
    many = receipt(*[line("1.00")] * 1001, number="INV/4")
    assert wrong(many) == []
    assert "too_many_lines" in wrong(together([many, replace(many, number="INV/5")]))


def test_total_of_another():
    off = replace(SECOND, total=SECOND.total + Decimal("0.01"))
    assert wrong(together([FIRST, off])) == ["total"]


def test_the_document_knows_whose_each_line_is():
    content = authority().build(ALL).content
    lines = json.loads(content)["lines"]
    assert [one["invoice"] for one in lines] == [
        *("INV/1", "INV/1", "INV/1", "INV/2", "INV/2", "INV/3"),
    ]
    assert "invoice" not in json.loads(authority().build(FIRST).content)["lines"][0]
    again = authority().parse(content)
    assert [one.data["invoice"] for one in again.lines] == [
        one.data["invoice"] for one in ALL.lines
    ]
    assert authority().build(again).content == content


def red(number, *lines, taken=()):
    made = receipt(*lines, kind="return", number="R-1", original=Original(BLUE, number))
    return authority().refer(made, authority().build(ALL).content, taken)


def places(made):
    return [one.data.get("blue_line") for one in made.lines]


def test_one_is_taken_back_by_its_own_lines():
    """The same service stands on two invoices: each takes back its own."""
    first = red("INV/1", *FIRST.lines)
    assert (first.data["scope"], places(first)) == ("partial", [1, 3])
    second = red("INV/2", *SECOND.lines)
    assert (second.data["scope"], places(second)) == ("partial", [4, 5])
    assert wrong(second) == []


def test_no_line_of_another_is_taken_back():
    back = red("INV/3", SERVICE)
    assert places(back) == [None]
    assert "blue_line" in wrong(back)


def test_no_more_than_its_own_is_taken_back():
    taken = authority().build(red("INV/2", SERVICE)).content
    again = red("INV/2", SERVICE, taken=[taken])
    assert places(again) == [None]
    assert places(red("INV/1", SERVICE, taken=[taken])) == [3]


def test_all_of_it_by_its_number_alone():
    assert red("", *ALL.lines).data["scope"] == "full"
    assert places(red("", SERVICE)) == [3]
