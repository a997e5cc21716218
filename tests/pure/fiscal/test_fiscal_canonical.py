"""The canonical text against ETA's own answer, ours, and a second implementation."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from eta_samples import EXPECTED, VECTORS
from hypothesis import given
from hypothesis import strategies as st

from fiscal.eg_eta.canonical import array_elements, canonical_text, receipt_uuid


def test_official_document():
    content = (VECTORS / "one-doc.json").read_bytes()
    text = canonical_text(content)
    assert text.encode() == (VECTORS / "one-doc-serialized.json.txt").read_bytes()
    expected = json.loads((VECTORS / "one-doc.expected.json").read_text())
    assert hashlib.sha256(text.encode()).hexdigest() == expected["sha256_hex"]


@pytest.mark.parametrize("name", EXPECTED["receipts"])
def test_receipt_uuid(name):
    content = (VECTORS / f"{name}.json").read_bytes()
    assert receipt_uuid(content) == EXPECTED["receipts"][name]["uuid"]
    emptied = json.loads(content)["header"]["uuid"].encode()
    blank = content.replace(emptied, b"", 1)
    text = VECTORS / f"{name}.canonical_uuid_empty.txt"
    assert canonical_text(blank).encode() == text.read_bytes()
    assert receipt_uuid(blank) == receipt_uuid(content)


@pytest.mark.parametrize(
    ("document", "expected"),
    [(case["json"], case["canonical"]) for case in EXPECTED["lexical"]]
    + [
        ('{"a":1e-05,"b":-0,"c":1E+2}', '"A""1e-05""B""-0""C""1E+2"'),
        (r'{"a":"\u0628\/\n"}', r'"A""\u0628\/\n"'),
        ('{"a":null,"b":true,"c":false}', '"A""null""B""true""C""false"'),
        ('{"a":{},"b":{"c":{"d":1}}}', '"A""B""C""D""1"'),
        ('{"a":[[1,2],[3]]}', '"A""A""A""1""A""2""A""A""3"'),
        ('{"a":[{"b":[]},{}]}', '"A""A""B""A"'),
        (' \r\n{ "a" :\t[ 1 , 2 ] }\n', '"A""A""1""A""2"'),
        ('{"a":"{\\"b\\":[1,2]}","c":","}', '"A""{\\"b\\":[1,2]}""C"","'),
        ('{"a":"","a":2}', '"A""""A""2"'),
        ('{"straße":1,"é":2}', '"STRAßE""1""É""2"'),
        ("[1,[2]]", '"1""2"'),
        ('"x"', '"x"'),
        ("5", '"5"'),
        ("\ufeff{}", ""),
    ],
)
def test_lexical_cases(document, expected):
    assert canonical_text(document) == expected
    assert canonical_text(document.encode()) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"a":1,}',
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\x01"}',
        b'{"a":"\xff"}',
        b'{"a":1}{"b":2}',
        b"{'a':1}",
        b"[" * 100_000,
        "{}".encode("utf-16"),
    ],
    ids=repr,
)
def test_what_is_not_json_is_refused(content):
    with pytest.raises(ValueError):
        canonical_text(content)


def naive(value: Any, name: str | None = None) -> str:
    """The rule, written down a second time over parsed values."""
    if isinstance(value, tuple):
        return "".join(f'"{key.upper()}"' + naive(v, key) for key, v in value)
    if isinstance(value, list):
        label = "" if name is None else f'"{name.upper()}"'
        return "".join(label + naive(element, name) for element in value)
    if value is None or isinstance(value, bool):
        return f'"{json.dumps(value)}"'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f'"{value}"'


def parsed(text: str) -> Any:
    return json.loads(
        text, parse_int=_Number, parse_float=_Number, object_pairs_hook=tuple
    )


class _Number:
    def __init__(self, literal: str) -> None:
        self.literal = literal

    def __str__(self) -> str:
        return self.literal


NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner),
    max_leaves=25,
)


@given(DOCUMENTS, st.sampled_from([None, 1, "\t"]))
def test_against_a_second_implementation(document, indent):
    text = json.dumps(document, ensure_ascii=False, indent=indent)
    # Names with quotes or backslashes are upper-cased as they are written.
    if "\\" not in "".join(_names(document)) and '"' not in "".join(_names(document)):
        assert canonical_text(text) == naive(parsed(text))


def _names(value: Any) -> list[str]:
    if isinstance(value, dict):
        inner = [name for child in value.values() for name in _names(child)]
        return [*value, *inner]
    if isinstance(value, list):
        return [name for child in value for name in _names(child)]
    return []


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        canonical_text(text)
    except ValueError:
        with pytest.raises(ValueError):
            json.loads(text, parse_constant=lambda literal: int(literal))


def test_only_the_headers_uuid_is_blanked():
    first = receipt_uuid('{"header":{"uuid":"a"},"x":{"uuid":"b"},"uuid":"c"}')
    blank = canonical_text('{"header":{"uuid":""},"x":{"uuid":"b"},"uuid":"c"}')
    assert first == hashlib.sha256(blank.encode()).hexdigest()
    inner = '{"x":{"header":{"uuid":"a"}},"header":{"uuid":"q"}}'
    assert receipt_uuid(inner) != receipt_uuid(inner.replace('"a"', '""'))


@pytest.mark.parametrize(
    "document",
    ["{}", '{"header":{}}', '{"header":{"uuid":{}}}', '{"header":{"UUID":"a"}}', "[]"],
)
def test_a_document_without_uuid_has_none(document):
    with pytest.raises(ValueError):
        receipt_uuid(document)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (' { "a" : [1], "receipts" : [ {"x":1.0} , "a,]" ] } ', ['{"x":1.0}', '"a,]"']),
        ('{"receipts":[]}', []),
        ('{"receipts":{}}', None),
        ('{"other":[1]}', None),
        ("[1]", None),
        ("5", None),
        ("{}", None),
    ],
)
def test_elements_keep_their_text(document, expected):
    assert array_elements(document, "receipts") == expected
