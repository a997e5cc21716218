from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest

from fiscal.clocks import http_date, least_offset

BEGAN = datetime(2026, 3, 1, 12, 0, 0, tzinfo=timezone.utc)


def header(seconds: float) -> str:
    return format_datetime(BEGAN + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("told", "took", "offset"),
    [
        (0, 0.2, 0),
        (1, 0.2, 0),
        (-1, 0.2, 0),
        # anywhere within a call that took long
        (30, 40.0, 0),
        (42, 40.0, 1),
        (90, 0.0, 89),
        (600, 10.0, 589),
        (-90, 0.0, -89),
        (-90, 40.0, -89),
    ],
)
def test_what_is_certain_of_the_difference(told: float, took: float, offset: int):
    assert least_offset(header(told), BEGAN, took) == timedelta(seconds=offset)


@pytest.mark.parametrize("text", ["", "yesterday", "12:00", "Mon, 99 Abc 2026"])
def test_a_header_that_tells_no_time(text: str):
    assert http_date(text) is None
    assert least_offset(text, BEGAN, 1.0) is None


def test_a_date_without_a_zone_is_utc():
    assert http_date("Sun, 01 Mar 2026 12:00:00 -0000") == BEGAN
    assert http_date("Sun, 01 Mar 2026 14:00:00 +0200") == BEGAN
