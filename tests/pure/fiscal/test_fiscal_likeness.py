"""Codes proposed by the names of things that have one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.likeness import ALIKE, Choice, Neighbours, likeness, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Office chair", "OFFICE  Chair, 45"),
        ("Café crème", "cafe creme"),
        ("الكرسي المكتبي", "كرسي مكتبي"),
        ("قَلَمٌ أحمر", "قلم احمر"),
        ("شنطة", "شنطه"),
        ("Cup 250ml", "Cup 500 ml x"),
        ("办公椅", "黑色办公椅"),
        ("5号电池", "7号电池"),
        ("A4复印纸", "复印纸 70g"),
        ("茶", "茶 250g"),
    ],
)
def test_written_in_another_way_it_is_the_same(one, other):
    assert words(one) & words(other)
    assert likeness(words(one), words(other)) >= ALIKE


def test_the_article_is_no_word_of_its_own():
    assert words("ال") == {"ال"}
    assert words("الم") == {"الم"}


def test_chinese_names_of_other_things_are_not_alike():
    assert likeness(words("办公椅"), words("办公桌")) < ALIKE
    assert likeness(words("咨询服务"), words("运输服务")) < ALIKE
    found = Neighbours([("办公椅", "A"), ("复印纸", "B")]).alike("升降办公椅")
    assert found == Choice("A", "办公椅", 1, 2)


def test_names_that_share_half_are_not_alike():
    assert likeness(words("Office chair"), words("Office desk")) < ALIKE
    assert likeness(words("12345"), words("12345")) == 0.0


@given(st.text(), st.text())
def test_likeness_is_a_share_and_knows_no_order(one, other):
    one, other = words(one), words(other)
    assert 0.0 <= likeness(one, other) == likeness(other, one) <= 1.0
    if one:
        assert likeness(one, one) == 1.0


CHAIRS = (
    ("Office chair", "A"),
    ("Garden chair", "A"),
    ("Bar stool", "B"),
)


def test_the_most_alike_name_decides():
    found = Neighbours(CHAIRS).alike("Office chair, black")
    assert found == Choice("A", "Office chair", 2, 3)
    assert Neighbours(CHAIRS).alike("Tall bar stool").code == "B"
    assert Neighbours(CHAIRS).alike("Wardrobe") is None
    assert Neighbours([]).alike("Office chair") is None


def test_of_equally_alike_ones_the_one_used_more_decides():
    known = [("Red pen", "A"), ("Blue pen", "B"), ("Ruler", "B"), ("Red pen", "B")]
    assert Neighbours(known).alike("Red pen").code == "B"


def test_a_tie_is_no_proposal():
    assert Neighbours([("Red pen", "A"), ("Pen red", "B")]).alike("red pen") is None


def test_the_usual_code_is_shared_and_most_have_it():
    assert Neighbours(CHAIRS).usual() == Choice("A", "", 2, 3)
    assert Neighbours(CHAIRS[1:]).usual() is None, "half is not most"
    assert Neighbours(CHAIRS[:1]).usual() is None, "it may be that one's own"
    assert Neighbours([]).usual() is None
