"""``GET /api/v1/notifications/taxpayer``: what a taxpayer was told, and how."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from ..clock import Clock, to_text
from .callbacks import Callbacks, Notice
from .paging import Query, inside
from .settings import Settings

_FILTERS: dict[str, Callable[[Notice], str]] = {
    "type": lambda notice: notice.kind,
    "language": lambda notice: "en",
    "status": lambda notice: notice.status,
    "channel": lambda notice: notice.channel,
}
_KNOWN = (
    "pageSize",
    "pageNo",
    "dateFrom",
    "dateTo",
    "type",
    "language",
    "status",
    "channel",
)
_AGES = timedelta(days=36500)


def listed(
    arguments: Mapping[str, str],
    rin: str,
    callbacks: Callbacks,
    settings: Settings,
    clock: Clock,
) -> dict[str, Any]:
    """A page of notifications, newest first.

    :raises ApiError: for arguments that are not right
    """
    query: Query[Notice] = Query(arguments, _KNOWN, settings, _FILTERS)
    period = query.period("date", _AGES, clock.now())
    rows = [
        notice
        for notice in reversed(callbacks.notices)
        if notice.rin == rin
        and query.matches(notice)
        and (period is None or inside(notice.created, period))
    ]
    page, metadata = query.paged(rows)
    return {"result": [_row(notice) for notice in page], "metadata": metadata}


def _row(notice: Notice) -> dict[str, Any]:
    return {
        "notificationId": notice.id,
        "receivedDateTime": to_text(notice.created),
        "deliveredDateTime": to_text(notice.delivered) if notice.delivered else None,
        "typeId": notice.kind,
        "typeName": notice.kind,
        "finalMessage": json.dumps(notice.body, ensure_ascii=False),
        "channel": notice.channel,
        "address": notice.address,
        "language": "en",
        "status": notice.status,
        "deliveryAttempts": [
            {
                "attemptDateTime": to_text(attempt.time),
                "status": attempt.status,
                "statusDetails": attempt.details,
            }
            for attempt in notice.attempts
        ],
    }
