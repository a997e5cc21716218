"""Croatia's working days, and until when receipts without JIR have to be reported.

Holidays: Zakon o blagdanima, spomendanima i neradnim danima, NN 110/19. Windows: two
working days when the line is broken, five when the device is out of order (spec
croatia, last part).
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Literal

from .moments import local_day, zone

Cause = Literal["line", "device"]

_DAYS: dict[Cause, int] = {"line": 2, "device": 5}
_FIXED = (
    (1, 1),
    (1, 6),
    (5, 1),
    (5, 30),
    (6, 22),
    (8, 5),
    (8, 15),
    (11, 1),
    (11, 18),
    (12, 25),
    (12, 26),
)
_AFTER_EASTER = (0, 1, 60)  # Easter, its Monday, Corpus Christi
_SATURDAY = 5


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar (Meeus, Jones, Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    f = (b - (b + 8) // 25 + 1) // 3
    g = (19 * a + b - d - f + 15) % 30
    h, i = divmod(c, 4)
    j = (32 + 2 * e + 2 * h - g - i) % 7
    k = (a + 11 * g + 22 * j) // 451
    month, day = divmod(g + j - 7 * k + 114, 31)
    return date(year, month, day + 1)


@cache
def holidays(year: int) -> frozenset[date]:
    """Return the days of a year on which nobody has to work, from 2020 on."""
    moving = {easter(year) + timedelta(days=days) for days in _AFTER_EASTER}
    return frozenset(moving | {date(year, month, day) for month, day in _FIXED})


def is_working_day(day: date) -> bool:
    """Tell whether a day is neither a holiday nor of a weekend."""
    return day.weekday() < _SATURDAY and day not in holidays(day.year)


def report_by(since: datetime, cause: Cause) -> datetime:
    """Return until when, in UTC, what was issued without JIR has to be reported: the
    end, in Croatia, of the last of the working days that follow the day it began.

    :param since: when the line broke or the device failed, aware; the receipt's time
        of issue where that is not known
    """
    day, left = local_day(since), _DAYS[cause]
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day)
    midnight = datetime.combine(day + timedelta(days=1), time(), zone())
    return midnight.astimezone(timezone.utc)
