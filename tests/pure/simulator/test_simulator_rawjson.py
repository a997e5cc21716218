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


def test_the_uuid_is_blanked_wherever_it_stands():
    uuid = "ab" * 32
    one = rawjson.receipt_hash(f'"UUID""{uuid}""NOTE""see {uuid}"', uuid)
    assert one == rawjson.receipt_hash('"UUID""""NOTE""see "', "")
