"""By how much two clocks differ, as an answer's ``Date`` header tells."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_SECOND = timedelta(seconds=1)
"""How exactly both the header and what is kept of a call tell the time."""


def http_date(text: str) -> datetime | None:
    """Return the moment that a ``Date`` header tells, None for one that tells none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def least_offset(date: str, began: datetime, seconds: float) -> timedelta | None:
    """Return by how much the other clock was ahead of ours, at least; behind it where
    that is negative; zero where the two may well agree.

    The answer was given some time between the call's beginning and its end.

    :param date: the answer's ``Date`` header
    :param began: when the call began by our clock, aware, in whole seconds
    :param seconds: how long it took
    :return: None where the header tells no time
    """
    moment = http_date(date)
    if moment is None:
        return None
    ahead = moment - (began + timedelta(seconds=seconds) + _SECOND)
    behind = moment + _SECOND - began
    if ahead > timedelta():
        return ahead
    return min(behind, timedelta())
