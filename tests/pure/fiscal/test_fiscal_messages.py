"""What fills the places of a sentence, as it reads without a language of its own."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from fiscal.contract import Problem
from fiscal.messages import Money, Sentence, filled, isolated, plain

CAIRO = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("5.00000E+1"), "50"),
        (Decimal("50"), "50"),
        (Decimal("100"), "100"),
        (Decimal("0.50000"), "0.5"),
        (Decimal("-0.01"), "-0.01"),
        (Decimal("NaN"), "NaN"),
        (Money(Decimal("1234.50000"), "EGP"), "1234.5 EGP"),
        (date(2026, 11, 3), "2026-11-03"),
        (datetime(2026, 11, 3, 1, 5, tzinfo=CAIRO), "2026-11-02 23:05:00 UTC"),
        (541, "541"),
        ("text", "text"),
        (None, "None"),
    ],
)
def test_plain(value, text):
    assert plain(value) == text


def test_problem_and_sentence_are_filled_alike():
    message = "%(what)s comes to %(amount)s."
    values = {"what": Sentence("A %(x)s", x=Decimal("2E+1")), "amount": Decimal("5E+1")}
    assert Problem("x", message, values=values).text == "A 20 comes to 50."
    assert Sentence(message, **values) == "A 20 comes to 50."
    assert Sentence(message, **values).values == values


def test_message_without_values_keeps_its_percent_signs():
    assert filled("100 % of it", {}) == "100 % of it"


ENGLISH = "The product “%(product)s” has no code."
ARABIC = "المنتج «%(product)s» بلا كود."


@pytest.mark.parametrize(
    ("text", "message", "apart"),
    [
        ("مسطرة 30", ENGLISH, True),
        ("Ruler 30", ENGLISH, False),
        ("30", ENGLISH, False),
        ("", ENGLISH, False),
        ("Ruler مسطرة", ENGLISH, True),
        ("סרגל", ENGLISH, True),
        ("مسطرة 30", ARABIC, False),
        ("Ruler 30", ARABIC, True),
        ("EG-674859545-0001", ARABIC, True),
        ("30.5", ARABIC, False),
        # a word of the other language does not turn the sentence round
        ("مسطرة", "Choose “مكتبة” on %(product)s, then confirm again.", True),
        ("Ruler", "اختر ETA في %(product)s ثم أكد مرة أخرى.", True),
        # nor do the names of places, which are English in every language
        ("قلم", "%(product)s: %(something_very_long)s: كود", False),
        ("مسطرة", "%(product)s", True),
        # a sentence in the place of another has done it already
        ("of \u2068مسطرة\u2069", ENGLISH, False),
        ("of \u2068مسطرة\u2069 قلم", ENGLISH, True),
    ],
)
def test_what_is_written_in_the_other_direction_is_set_apart(text, message, apart):
    wanted = f"\u2068{text}\u2069" if apart else text
    assert isolated(text, message) == wanted


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-2", "\u2068-2\u2069"),
        ("-1,234.50", "\u2068-1,234.50\u2069"),
        ("+3", "\u2068+3\u2069"),
        ("-\ufeff5.70\xa0ج.م", "\u2068-\ufeff5.70\u2069\xa0ج.م"),
        ("2026-11-03", "2026-11-03"),
        ("قلم-2", "قلم-2"),
        ("قلم - أزرق", "قلم - أزرق"),
        ("كمية \u2068-2\u2069", "كمية \u2068-2\u2069"),
    ],
)
def test_a_sign_keeps_to_its_number_among_arabic_words(text, shown):
    assert isolated(text, ARABIC) == shown
    assert isolated("-2", ENGLISH) == "-2"


def test_english_sentences_of_the_core_are_plain():
    """They are logged, compared and sent to agents."""
    assert filled(ENGLISH, {"product": "مسطرة"}) == "The product “مسطرة” has no code."
