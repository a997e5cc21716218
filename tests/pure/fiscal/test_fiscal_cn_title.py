"""Titles of fapiao, as buyers type them."""

from __future__ import annotations

from pathlib import Path

import pytest

from fiscal.cn_nuonuo.checks import parties
from fiscal.cn_nuonuo.title import (
    ASKED_HERE,
    BODY,
    COMPANY,
    PERSON,
    is_card_number,
    is_credit_code,
    number_of,
    title_problems,
)

GOOD = "91310000MA1FL0002W"
CARD = "11010519491231002X"


def codes(*title: str) -> list[str]:
    return [problem.code for problem in title_problems(*title)]


@pytest.mark.parametrize("number", ["91110108551385082Q", GOOD])
def test_credit_codes(number):
    assert is_credit_code(number)
    for at, sign in enumerate(number):
        other = "2" if sign != "2" else "3"
        assert not is_credit_code(number[:at] + other + number[at + 1 :]), at


def test_what_is_no_credit_code():
    for number in ("", GOOD[:-1], GOOD + "0", GOOD.lower(), "91310000MAIFL0002W"):
        assert not is_credit_code(number), number


def test_card_numbers():
    assert is_card_number(CARD)
    assert not is_card_number("110105194912310021")
    assert not is_card_number(GOOD)


def test_numbers_as_people_type_them():
    typed = " ９１３１0000 ma1f-l0002w\n"
    assert number_of(typed) == GOOD
    assert number_of("") == ""


@pytest.mark.parametrize(
    "title",
    [
        (COMPANY, "测试有限公司", GOOD, "81"),
        (COMPANY, "测试有限公司", GOOD, ""),
        (COMPANY, "个体户王小明", CARD, "82"),
        (COMPANY, "老企业", "310101123456789", "82"),
        (PERSON, "王小明", "", "82"),
        (BODY, "测试学校", "", ""),
    ],
)
def test_titles_that_are_right(title):
    assert codes(*title) == []


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ((COMPANY, " ", GOOD, ""), ["title_name"]),
        ((COMPANY, "测试", "", ""), ["title_number_missing"]),
        ((COMPANY, "测试", "ABC", ""), ["title_number"]),
        ((COMPANY, "测试", GOOD[:-1] + "X", ""), ["title_number_digit"]),
        ((PERSON, "王小明", GOOD, "82"), ["title_without_number"]),
        ((PERSON, "王小明", "", "81"), ["title_special"]),
        (
            (BODY, "", GOOD, "81"),
            ["title_name", "title_special", "title_without_number"],
        ),
    ],
)
def test_everything_that_is_wrong_at_once(title, wanted):
    assert codes(*title) == wanted


def test_sentences_name_the_number_and_what_to_open():
    [problem] = title_problems(
        COMPANY, "测试", GOOD[:-1] + "X", "", record=("ereceipt.request", 7)
    )
    assert GOOD[:-1] + "X" in problem.text
    assert problem.record == ("ereceipt.request", 7)


def test_what_a_title_says_itself_is_a_check_of_documents():
    """Else something would be hidden that nobody checks."""
    source = Path(parties.__file__).read_text(encoding="utf-8")
    for code in ASKED_HERE:
        assert f'"{code}"' in source
