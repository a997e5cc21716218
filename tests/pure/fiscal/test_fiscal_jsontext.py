"""What is written for ETA reads back as it was, in one spelling only."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.eg_eta.jsontext import clean, dumps, number, utf16_length


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("10.50", "10.5"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-5", "0.00001"),
        ("0.00", "0"),
        ("-0", "0"),
        ("0E+9999999", "0"),
        ("123456789012345.12345", "123456789012345.12345"),
        ("20.0000", "20"),
    ],
)
def test_numbers_have_one_spelling(value, text):
    assert number(Decimal(value)) == text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused(value):
    with pytest.raises((ValueError, ArithmeticError)):
        number(Decimal(value))


@given(st.decimals(-(10**15), 10**15, allow_nan=False, places=5))
def test_numbers_keep_their_value(value):
    text = number(value)
    assert Decimal(text) == value
    assert re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", text)


@given(st.text())
def test_cleaned_text_is_written_alike_by_every_library(text):
    cleaned = clean(text)
    written = dumps({"a": cleaned})
    assert written == json.dumps(
        {"a": cleaned}, ensure_ascii=False, separators=(",", ":")
    )
    assert json.loads(written.encode("utf-8")) == {"a": cleaned}
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", cleaned)
    assert clean(cleaned) == cleaned


def test_line_breaks_keep_words_apart():
    assert clean(" one\r\ntwo\u2028three\x00\x85 ") == "one two three"


def test_length_is_counted_as_dotnet_does():
    assert [utf16_length(t) for t in ("abc", "قميص", "😀")] == [3, 4, 2]


def test_empty_members_are_left_out_and_empty_texts_are_not():
    written = dumps(
        {"a": None, "b": [], "c": {}, "d": "", "e": [{"f": 0}], "g": Decimal(0)}
    )
    assert written == '{"d":"","e":[{"f":0}],"g":0}'


@pytest.mark.parametrize("value", [1.5, True, False, b"x", object()])
def test_floats_and_booleans_have_no_place(value):
    with pytest.raises(TypeError):
        dumps({"a": value})
    with pytest.raises(TypeError):
        dumps([value])
