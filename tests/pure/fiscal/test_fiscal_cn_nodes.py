"""Nodes of special businesses that are typed."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from cn_kit import authority, line, receipt
from hypothesis import given
from hypothesis import strategies as st

from fiscal.cn_nuonuo.nodes import (
    OBJECTS,
    RAW,
    ROWS,
    example_of,
    node_of,
    unreadable,
)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("", {}),
        (None, {}),
        ('{"price": 1.50, "unit": 2}', {"price": "1.50", "unit": "2"}),
        ('{"a": null, "b": "x"}', {"b": "x"}),
        (' [{"a": "x"}, {}] ', [{"a": "x"}, {}]),
        ("[]", []),
    ],
)
def test_what_can_be_read(text, node):
    assert node_of(text) == node


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1",
        '"x"',
        "[1]",
        "[[]]",
        '{"a": {}}',
        '[{"a": []}]',
        '{"a": 1, "a": 2}',
        "[" * 100_000,
        "{",
    ],
)
def test_what_cannot_be_read_stays_as_it_is(text):
    assert node_of(text) == text
    assert all(place >= 1 for place in unreadable(text))


def test_where_it_cannot_be_read():
    assert unreadable('{"a": "x",\n b}') == (2, 2)


@given(st.text())
def test_any_text(text):
    node = node_of(text)
    assert isinstance(node, Mapping | list) or node == text.strip()
    # whatever it is, it is checked and no error
    for special in RAW:
        sale = receipt(data={"special": special, "special_data": node})
        authority().check(sale)


@pytest.mark.parametrize("special", RAW)
def test_example_has_every_name(special):
    form = json.loads(example_of(special))
    if special in ROWS:
        (form,) = form
    members = OBJECTS[special] if special in OBJECTS else ROWS[special][0]
    assert list(form) == [member.name for member in members]
    for member in members:
        assert form[member.name].startswith("(") != member.needed


def test_no_example_of_what_has_fields():
    assert example_of("03") == example_of("") == ""


def test_what_is_typed_is_sent():
    node = node_of(
        '[{"transportTool": 2, "transportToolNum": "浙A1", "origin": "上海",'
        ' "destination": "北京", "goodsName": "零配件"}]'
    )
    sale = receipt(line("100.00", "9"), data={"special": "04", "special_data": node})
    content = json.loads(authority().build(sale).content)
    assert content["special_data"][0]["transportTool"] == "2"
