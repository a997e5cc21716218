"""Times as CIS writes them: Croatia's, in whole seconds, without a zone.

The hour that comes twice in October is the same text twice; read, it is the first.
"""

from __future__ import annotations

from datetime import date, datetime, timezone
from functools import cache
from zoneinfo import ZoneInfo

ZONE_NAME = "Europe/Zagreb"

_MESSAGE = "%d.%m.%YT%H:%M:%S"


@cache
def zone() -> ZoneInfo:
    """Return Croatia's zone; only now, since a lone signing agent's computer may have
    no such data."""
    return ZoneInfo(ZONE_NAME)


def local(moment: datetime) -> datetime:
    """Return an aware time as Croatia's clocks show it."""
    return moment.astimezone(zone())


def local_day(moment: datetime) -> date:
    """Return the day that it is in Croatia."""
    return local(moment).date()


def message_text(moment: datetime) -> str:
    """Return ``dd.MM.yyyyTHH:mm:ss`` (schema, DatumVrijemeType)."""
    return local(moment).strftime(_MESSAGE)


def read_moment(text: str) -> datetime:
    """Return a time of a message in UTC.

    :raise ValueError: it is not written so
    """
    if len(text) != 19:
        raise ValueError(f"{text!r} is no time of CIS")
    naive = datetime.strptime(text, _MESSAGE)
    return naive.replace(tzinfo=zone()).astimezone(timezone.utc)


def usable(moment: datetime | None) -> datetime | None:
    """Return an aware time of four-digit years in UTC, ``None`` for any other."""
    if moment is None or moment.tzinfo is None or not 1000 < moment.year < 9999:
        return None
    return moment.astimezone(timezone.utc)
