"""Questions to ETA about several documents, bounded in time."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..contract import NOTHING, Document, Outcome, Problem, Status, TransientError
from ..messages import Sentence, _
from .client import EtaClient
from .errors import problems_of
from .wire import parse_moment

PAGE_SIZE = 100
MOST_PAGES = 200

_STATUSES = {
    "valid": Status.VALID,
    "invalid": Status.INVALID,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "rejected": Status.REJECTED,
    "inprogress": Status.PENDING,
    "submitted": Status.PENDING,
    "new": Status.PENDING,
}


def status_of(value: Any) -> Status | None:
    """Return what ETA's word for a status means, whatever its case and spacing."""
    if not isinstance(value, str):
        return None
    return _STATUSES.get(value.replace(" ", "").replace("_", "").casefold())


class TimeIsOver(Exception):
    """No further call fits into the question's time."""


class Question(ABC):
    """One question about some documents, bounded in time.

    :param seconds: how long the whole question may take; what could not be asked
        until then is ``DEFERRED``
    :param pause: seconds between two calls
    """

    def __init__(self, client: EtaClient, seconds: float, pause: float) -> None:
        self._client = client
        self._until = time.monotonic() + seconds
        self._pause = pause
        self._calls = 0
        self._outcomes: dict[int, Outcome] = {}

    @abstractmethod
    def _ask(self, documents: Sequence[Document]) -> None:
        """Settle documents by :meth:`_set`.

        :raise TimeIsOver: what is left is to be asked another time
        """

    def ask(self, documents: Sequence[Document]) -> list[Outcome]:
        """Return one outcome per document.

        :raise TransientError, AuthenticationError, AuthorityError:
        """
        try:
            self._ask(documents)
        except TimeIsOver:
            self._defer(documents, None)
        except TransientError as exc:
            if not self._outcomes:
                raise
            self._defer(documents, exc.retry_after)
        return [self._outcomes[document.key] for document in documents]

    def _still_open(self, documents: Iterable[Document]) -> list[Document]:
        return [d for d in documents if d.key not in self._outcomes]

    def _defer(self, documents: Iterable[Document], wait: float | None) -> None:
        for document in self._still_open(documents):
            self._outcomes[document.key] = Outcome(
                document.key, Status.DEFERRED, document.uid, retry_after=wait
            )

    def _set(
        self,
        document: Document,
        status: Status,
        ids: Mapping[str, str] = NOTHING,
        errors: tuple[Problem, ...] = (),
        *,
        uid: str = "",
        windows: Mapping[str, datetime] = NOTHING,
    ) -> None:
        self._outcomes[document.key] = Outcome(
            document.key, status, uid or document.uid, ids, errors, windows=windows
        )

    def _get(
        self,
        path: str,
        parameters: Mapping[str, str],
        keys: tuple[int, ...],
        pause: float | None = None,
    ) -> Mapping[str, Any] | None:
        """Return what ETA answers, ``None`` when it has nothing.

        :param pause: seconds since the last call, where it takes more than usual
        """
        if self._calls:
            wait = self._pause if pause is None else pause
            if time.monotonic() + wait >= self._until:
                raise TimeIsOver
            time.sleep(wait)
        self._calls += 1
        left = self._until - time.monotonic()
        return self._client.get("query", path, parameters, keys, left)


def rows_of(body: Mapping[str, Any], *names: str) -> list[Mapping[str, Any]]:
    """Return the rows that a list of ETA holds, by the first name that has some.

    :raise TransientError: it holds something else
    """
    rows = next((body[name] for name in names if body.get(name)), [])
    if not isinstance(rows, list) or not all(isinstance(r, Mapping) for r in rows):
        raise TransientError(
            Sentence(_("The authority's list of documents could not be read."))
        )
    return rows


def pages_of(metadata: Any, rows: Sequence[Any]) -> int:
    """Return how many pages a list has; where it does not say so, one more follows a
    full one."""
    total = metadata.get("totalPages") if isinstance(metadata, Mapping) else None
    if isinstance(total, int):
        return min(total, MOST_PAGES)
    return MOST_PAGES if len(rows) >= PAGE_SIZE else 0


def moment_or_none(value: Any) -> datetime | None:
    """Return a time that ETA wrote, ``None`` for anything else."""
    try:
        return parse_moment(value)
    except ValueError:
        return None


def texts(row: Mapping[str, Any], members: Mapping[str, str]) -> dict[str, str]:
    """Return the members of a row that hold a text, by our names for them."""
    found = {name: row.get(member) for name, member in members.items()}
    return {n: v for n, v in found.items() if isinstance(v, str) and v}


def reasons(node: Any, status: Status) -> tuple[Problem, ...]:
    """Return why a document was refused, nothing for one that was not."""
    if status is not Status.INVALID:
        return ()
    return problems_of(node) or (
        Problem("", _("The authority refused the document without giving a reason.")),
    )
