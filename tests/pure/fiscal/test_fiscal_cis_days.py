"""Croatia's working days and clocks."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from hr_kit import authority

from fiscal.hr_cis.moments import message_text, read_moment
from fiscal.hr_cis.working_days import easter, holidays, is_working_day


@pytest.mark.parametrize(
    "day", ["2024-03-31", "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25"]
)
def test_easter(day):
    assert easter(int(day[:4])) == date.fromisoformat(day)


def test_holidays_of_a_year():
    days = {f"{day:%d.%m.}" for day in holidays(2026)}
    assert len(days) == 14
    # Easter, its Monday, Corpus Christi
    assert {"05.04.", "06.04.", "04.06.", "30.05.", "18.11."} <= days


@pytest.mark.parametrize(
    "day, works",
    [("2026-11-27", True), ("2026-11-28", False), ("2026-11-18", False)],
)
def test_working_days(day, works):
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    "since, cause, until",
    [
        # Friday: Monday and Tuesday follow
        ("2026-11-27T10:00", "line", "2026-12-01T23:00"),
        # Friday: a week of working days
        ("2026-11-27T10:00", "device", "2026-12-04T23:00"),
        # over Christmas, Saint Stephen's, a weekend and New Year
        ("2026-12-24T10:00", "line", "2026-12-29T23:00"),
        ("2026-12-24T10:00", "device", "2027-01-04T23:00"),
        # in Croatia it is Friday already
        ("2026-11-26T23:30", "line", "2026-12-01T23:00"),
        # summer time
        ("2026-07-01T10:00", "line", "2026-07-03T22:00"),
    ],
)
def test_until_when_a_receipt_is_reported(since, cause, until):
    begun = datetime.fromisoformat(since).replace(tzinfo=timezone.utc)
    end = datetime.fromisoformat(until).replace(tzinfo=timezone.utc)
    assert authority().report_by(begun, cause) == end


@pytest.mark.parametrize(
    "moment, text",
    [
        ("2026-11-27T10:00:00", "27.11.2026T11:00:00"),
        ("2026-07-01T21:59:59", "01.07.2026T23:59:59"),
        ("2026-12-31T23:00:00", "01.01.2027T00:00:00"),
    ],
)
def test_times_are_croatias(moment, text):
    at = datetime.fromisoformat(moment).replace(tzinfo=timezone.utc)
    assert message_text(at) == text
    assert read_moment(text) == at


@pytest.mark.parametrize("text", ["", "2026-11-27T10:00:00", "32.01.2026T10:00:00"])
def test_other_times_are_not_read(text):
    with pytest.raises(ValueError):
        read_moment(text)
