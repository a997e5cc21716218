"""What is kept of a call: everything but its secrets."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Set
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from ..contract import Connection, Exchange, FiscalError
from .redaction import SECRET_NAMES, Redactor

if TYPE_CHECKING:
    from .client import Answer, Call

_logger = logging.getLogger(__name__)

_NAMES_OF_OWNERS = frozenset({"client_id"})


class Record:
    """Gathers what is known of a call, and hands it over once, without secrets."""

    def __init__(
        self, connection: Connection, call: Call, started_at: datetime
    ) -> None:
        self._connection = connection
        self._call = call
        self._started_at = started_at
        self._start = time.monotonic()
        self._status: int | None = None
        self._headers: Mapping[str, str] = {}
        self.answer: Answer | None = None
        self.detail = ""

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Keep the head of an answer whose body may never come."""
        self._status, self._headers = status, headers

    def quotable(self, answer: Answer) -> Answer:
        """Return an answer as sentences for people may quote it: one that refuses the
        call is without what it repeats of our secrets. Whom they belong to may be
        said."""
        if answer.status < 400:
            return answer
        redact = self._redactor(_NAMES_OF_OWNERS)
        return replace(answer, body=redact.body(answer.body))

    def finish(self, error: FiscalError | None) -> None:
        """Hand the exchange to the connection's recorder."""
        call, redact = self._call, self._redactor()
        exchange = Exchange(
            purpose=call.purpose,
            method=call.method,
            url=redact.text(call.url),
            started_at=self._started_at,
            duration=time.monotonic() - self._start,
            request_headers=redact.headers(call.headers),
            request_body=redact.body(call.body),
            status=self._status,
            response_headers=redact.headers(self._headers),
            response_body=redact.body(self.answer.body) if self.answer else b"",
            outcome=error.outcome if error else "ok",
            error=redact.text(" ".join(filter(None, (str(error or ""), self.detail)))),
            keys=call.keys,
        )
        try:
            self._connection.recorder(exchange)
        except Exception:
            # The call is made: losing its outcome too would be worse.
            _logger.exception("A call (%s) could not be recorded", call.purpose)

    def _redactor(self, known: Set[str] = frozenset()) -> Redactor:
        call = self._call
        sent = [
            value.rpartition(" ")[2]
            for name, value in call.headers.items()
            if name.lower() in SECRET_NAMES
        ]
        secrets = [
            value
            for name, value in self._connection.credentials.items()
            if name not in known
        ]
        return Redactor([*secrets, *call.secrets, *sent])
