"""What fills the places of a sentence, as it reads without a language of its own."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from fiscal.contract import Problem
from fiscal.messages import Money, Sentence, filled, plain

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
