"""Query strings: case-insensitive names, paging, sorting, filters."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Generic, TypeVar

from .errors import ApiError
from .settings import Settings
from .store import Receipt

_Row = TypeVar("_Row")

RECEIPT_FILTERS: dict[str, Callable[[Receipt], str]] = {
    "uuid": lambda receipt: receipt.uuid,
    "documentid": lambda receipt: receipt.uuid,
    "submissionuuid": lambda receipt: receipt.submission.id,
    "receiptnumber": lambda receipt: receipt.number,
    "documenttypecode": lambda receipt: receipt.kind,
    "documenttypename": lambda receipt: receipt.kind,
    "documenttypeversion": lambda receipt: "1.2",
    "documenttypeversionnumber": lambda receipt: "1.2",
    "receiverid": lambda receipt: receipt.buyer_id,
    "receivername": lambda receipt: receipt.buyer_name,
    # ETA: filled for business buyers only
    "receiverregisterationnumber": lambda receipt: (
        receipt.buyer_id if receipt.buyer_type == "B" else ""
    ),
    "posserialnumber": lambda receipt: receipt.serial,
    "deviceserialnumber": lambda receipt: receipt.serial,
    "paymentmethod": lambda receipt: receipt.payment,
    "submissionchannel": lambda receipt: receipt.submission.channel,
    "status": lambda receipt: receipt.status,
}
_SORTS: dict[str, Callable[[Any], Any]] = {
    "datetimeissued": lambda row: row.issued,
    "datetimereceived": lambda row: row.received,
}


class Query(Generic[_Row]):
    """The arguments of one call for receipts, or for rows of another kind.

    :param known: names that this call takes; another name is a bad argument,
        since a filter that is mistyped and ignored would return too much
    :param filters: what is compared with the filter of a name
    """

    def __init__(
        self,
        arguments: Mapping[str, str],
        known: Iterable[str],
        settings: Settings,
        filters: Mapping[str, Callable[[_Row], str]] = RECEIPT_FILTERS,
    ) -> None:
        self.settings = settings
        self.filters = filters
        allowed = {name.lower() for name in known}
        self.values: dict[str, str] = {}
        for name, value in arguments.items():
            if name.lower() not in allowed:
                raise bad_argument(name, f"There is no argument {name!r} here.")
            if value.strip():
                self.values[name.lower()] = value.strip()
        self.page = self._whole("pageno", 1, None)
        size = settings.default_page_size
        self.size = self._whole("pagesize", size, settings.max_page_size)

    def matches(self, row: _Row) -> bool:
        """Whether every filter fits."""
        return all(
            self.filters[name](row).lower() == value.lower()
            for name, value in self.values.items()
            if name in self.filters
        )

    def sorted(self, rows: list[_Row]) -> list[_Row]:
        """By ``SortBy`` and ``SortDir``; unsorted they stay as they are."""
        by = self.values.get("sortby", "None").lower()
        direction = self.choice("sortdir", ("None", "Asc", "Desc"))
        if by == "none":
            return rows
        if by not in _SORTS:
            raise bad_argument("SortBy", "SortBy: DateTimeIssued, DateTimeReceived.")
        return sorted(rows, key=_SORTS[by], reverse=direction != "asc")

    def paged(self, rows: list[_Row]) -> tuple[list[_Row], dict[str, int]]:
        """One page, and its ``metadata``."""
        count = len(rows)
        start = (self.page - 1) * self.size
        metadata = {
            "totalPages": -(-count // self.size),
            "totalCount": count,
            "currentPageNo": self.page,
        }
        return rows[start : start + self.size], metadata

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """A value out of ``choices``, in lower case; the first by default."""
        value = self.values.get(name, choices[0]).lower()
        if value not in {item.lower() for item in choices}:
            raise bad_argument(name, f"{name} must be one of {', '.join(choices)}.")
        return value

    def moment(self, name: str) -> datetime | None:
        """A date or a moment, taken as UTC where it names no zone."""
        text = self.values.get(name)
        if text is None:
            return None
        moment = None
        with contextlib.suppress(ValueError):
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if moment is None:
            raise bad_argument(name, f"{text!r} is no date.")
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    def period(
        self, name: str, longest: timedelta, now: datetime
    ) -> tuple[datetime, datetime] | None:
        """The period from ``<name>from`` to ``<name>to``, None without either.

        :raises ApiError: when it is longer than ``longest``, or negative
        """
        start, end = self.moment(f"{name}from"), self.moment(f"{name}to")
        if start is None and end is None:
            return None
        end = end or now
        start = start or end - longest
        if start > end or end - start > longest:
            message = f"The period is at most {longest.days} days and not negative."
            raise bad_argument(f"{name}from", message)
        return start, end

    def _whole(self, name: str, default: int, most: int | None) -> int:
        text = self.values.get(name)
        if text is None:
            return default
        number = int(text) if text.isascii() and text.isdigit() else 0
        if number < 1 or (most and number > most):
            limit = f"1 to {most}" if most else "1 or more"
            raise bad_argument(name, f"{name} must be {limit}.")
        return number


def inside(moment: datetime | None, period: tuple[datetime, datetime]) -> bool:
    """Whether a moment lies in a period, its ends included."""
    return moment is not None and period[0] <= moment <= period[1]


def bad_argument(name: str, message: str) -> ApiError:
    """400 for an argument."""
    return ApiError(400, "BadArgument", message, target=name)
