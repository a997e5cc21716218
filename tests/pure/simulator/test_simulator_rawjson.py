import json
from pathlib import Path

import pytest

from simulator.eg_eta import rawjson

VECTORS = Path(__file__).parent / "vectors"
EXPECTED = json.loads((VECTORS / "expected.json").read_text(encoding="utf-8"))


def text_of(name: str) -> str:
    return (VECTORS / name).read_text(encoding="utf-8-sig")


def test_the_published_invoice_gives_its_published_text():
    found = rawjson.canonical(text_of("one-doc.json"))
    assert found == text_of("one-doc-serialized.json.txt")


@pytest.mark.parametrize("name", sorted(EXPECTED["receipts"]))
def test_known_receipts(name):
    uuid = EXPECTED["receipts"][name]["uuid"]
    text = rawjson.canonical(text_of(f"{name}.json"))
    assert rawjson.receipt_hash(text, uuid) == uuid


def test_known_canonical_text():
    name = "r02_sale_chained"
    uuid = EXPECTED["receipts"][name]["uuid"]
    text = rawjson.canonical(text_of(f"{name}.json"))
    wanted = text_of(f"{name}.canonical_uuid_empty.txt")
    assert text.replace(uuid, "") == wanted


@pytest.mark.parametrize("case", EXPECTED["lexical"], ids=lambda case: case["name"])
def test_lexical_cases(case):
    assert rawjson.canonical(case["json"]) == case["canonical"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a":null,"b":true}', '"A""null""B""true"'),
        ('{"a":"\\u0645\\/"}', '"A""\\u0645\\/"'),
        ('{"a":[[1,2],[3]]}', '"A""A""A""1""A""2""A""A""3"'),
        ('{ "a" :\n {"b": [ {} , {"c":1} ] } }', '"A""B""B""B""C""1"'),
        ('{"a,b":"}]{[,:","c":-0.50}', '"A,B""}]{[,:""C""-0.50"'),
        ('{"a":"A\\\\"}', '"A""A\\\\"'),
    ],
)
def test_raw_tokens(text, wanted):
    assert rawjson.canonical(text) == wanted


@pytest.mark.parametrize("text", ["", "{", '{"a":1]', '{"a":01x}', "}", "{\"a\":'b'}"])
def test_no_json(text):
    with pytest.raises(rawjson.JsonTextError):
        rawjson.canonical(text)


def test_elements_keep_their_bytes():
    one, two = '{ "a": [ {"b":1.0} ] }', '{"a":\n[{"b":2}]}'
    text = f'{{"signatures":[{{"x":{{"receipts":[1]}}}}],"receipts":[{one} , {two}]}}'
    assert rawjson.elements(text, "receipts") == [
        rawjson.Element(one, '"A""A""B""1.0"'),
        rawjson.Element(two, '"A""A""B""2"'),
    ]


@pytest.mark.parametrize("place", ["first", "last", "between"])
def test_what_is_signed_has_no_signatures(place):
    """ETA's published invoice, sent with a signature in it."""
    text = text_of("one-doc.json").strip()
    rows = '"signatures": [{"signatureType": "I", "value": "x"}]'
    if place == "first":
        document = f"{{ {rows}, {text[1:]}"
    elif place == "last":
        document = f"{text[:-1]}, {rows} }}"
    else:
        document = text.replace('"receiver":', f'{rows}, "receiver":', 1)
    body = f'{{"documents": [{{"signatures": []}}, {document}]}}'
    empty, whole = rawjson.elements(body, "documents", without="signatures")
    assert empty.canonical == ""
    assert whole.raw == document
    assert whole.canonical == text_of("one-doc-serialized.json.txt")


def test_only_an_elements_own_property_is_left_out():
    text = '{"d":[{"a":{"s":1},"s":[{"s":2}],"b":3}],"s":4}'
    (element,) = rawjson.elements(text, "d", without="s")
    assert element.canonical == '"A""S""1""B""3"'


def test_the_uuid_is_blanked_wherever_it_stands():
    uuid = "ab" * 32
    one = rawjson.receipt_hash(f'"UUID""{uuid}""NOTE""see {uuid}"', uuid)
    assert one == rawjson.receipt_hash('"UUID""""NOTE""see "', "")
