"""Times as China's bureau and Nuonuo write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

ZONE_NAME = "Asia/Shanghai"

# fixed since 1991: no table of zones is needed, which a server may lack
_ZONE = timezone(timedelta(hours=8), ZONE_NAME)
_DAY = re.compile(r"([0-9]{4})[-/年]?([0-9]{1,2})[-/月]?([0-9]{1,2})日?(?![0-9])")


def local_text(moment: datetime) -> str:
    """Return an aware time as ``yyyy-MM-dd HH:mm:ss`` in China."""
    return f"{moment.astimezone(_ZONE):%Y-%m-%d %H:%M:%S}"


def local_day(moment: datetime) -> date:
    """Return the day in China of an aware time."""
    return moment.astimezone(_ZONE).date()


def read_local(text: str) -> datetime:
    """Return the UTC time of a text as :func:`local_text` writes it.

    :raise ValueError: it is no such time
    """
    moment = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_ZONE)
    return moment.astimezone(timezone.utc)


def read_millis(value: object) -> datetime | None:
    """Return the UTC time, in whole seconds, of milliseconds since 1970; ``None`` for
    what is no such number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    if not text.isdecimal() or len(text) > 14:
        return None
    return datetime.fromtimestamp(int(text) // 1000, timezone.utc)


def read_day(text: str) -> date | None:
    """Return the day that a text begins with, however its parts are divided; ``None``
    for one that begins with none."""
    found = _DAY.match(text.strip())
    if found is None:
        return None
    try:
        return date(*(int(part) for part in found.groups()))
    except ValueError:
        return None
