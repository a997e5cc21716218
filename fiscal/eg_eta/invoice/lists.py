"""ETA's lists of documents (ETA SDK, /einvoicingapi/: search and recent documents).

Both put the documents received last first, so new ones push rows to later pages while
they are read: a row is met twice then, but none is missed. ``search`` is what ETA
intends for such use, takes a period of 30 days at most, pages by a token, and may be
called once in two seconds; its filters may not change while paging.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from ...contract import TransientError
from ...messages import Sentence, _
from ..asking import MOST_PAGES, PAGE_SIZE, pages_of, rows_of
from ..wire import moment_text

SEARCH = "/api/v1.0/documents/search"
RECENT = "/api/v1.0/documents/recent"
RECENT_REACH = timedelta(days=28)
"""So far back the list of recent documents is believed to reach; at present it is a
month."""

_END = "endofresultset"

Get = Callable[[str, dict[str, str]], Mapping[str, Any] | None]


class NoList(Exception):
    """ETA does not give the list."""


def issued_in(start: datetime, end: datetime) -> dict[str, str]:
    """Return the filters for documents that the taxpayer issued in a period, its ends
    included."""
    return {
        "issueDateFrom": moment_text(start),
        "issueDateTo": moment_text(end),
        "direction": "Sent",
    }


def searched(get: Get, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a search, page after page until its end.

    :raise NoList: ETA does not have it
    :raise TransientError: it is not to be understood, or does not end
    """
    parameters = {**filters, "pageSize": str(PAGE_SIZE)}
    seen: set[str] = set()
    while True:
        body = get(SEARCH, parameters)
        if body is None:
            raise NoList
        rows = rows_of(body, "result", "documents")
        yield from rows
        token = _token(body)
        if token.casefold() == _END or (not token and len(rows) < PAGE_SIZE):
            return
        # a token that comes again would lead in a circle
        if not token or token in seen or len(seen) >= MOST_PAGES:
            raise TransientError(
                Sentence(_("The authority's list of documents has no end. Ask again."))
            )
        seen.add(token)
        parameters["continuationToken"] = token


def _token(body: Mapping[str, Any]) -> str:
    """Return the token for the next page, "" where there is none."""
    metadata = body.get("metadata")
    inside = metadata if isinstance(metadata, Mapping) else body
    token = inside.get("continuationToken")
    return token if isinstance(token, str) else ""


def recent(get: Get, filters: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of the list of recent documents, which reaches back a month at
    present.

    :raise NoList: ETA does not have it
    :raise TransientError: it is not to be understood
    """
    page = 1
    while True:
        parameters = {**filters, "pageNo": str(page), "pageSize": str(PAGE_SIZE)}
        body = get(RECENT, parameters)
        if body is None:
            raise NoList
        rows = rows_of(body, "result", "documents")
        yield from rows
        if not rows or page >= pages_of(body.get("metadata"), rows):
            return
        page += 1
