"""Calls CIS: one message there, one answer back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..contract import Connection, TransientError
from ..messages import Sentence, _
from ..transport import Answer, Call, HttpClient
from .builder import Operation
from .soap import headers

Result = TypeVar("Result")

_MOST_BYTES = 256 * 1024
# an answer with errors comes as HTTP 500 (spec croatia 3)
_STATUSES = (200, 500)


class CisClient:
    """Calls CIS for one connection.

    :param trusted: PEM certificates to trust the server by, besides the usual ones
    """

    def __init__(self, connection: Connection, endpoint: str, trusted: str) -> None:
        self._endpoint = endpoint
        self.http = HttpClient(connection, extra_ca=trusted, most_bytes=_MOST_BYTES)

    def send(
        self,
        operation: Operation,
        content: bytes,
        read: Callable[[bytes], Result],
        *,
        purpose: str,
        changes: bool = True,
        keys: tuple[int, ...] = (),
    ) -> Result:
        """Send a message, and return what ``read`` makes of the answer.

        :param changes: whether it may change something there
        :raise TransientError, AmbiguousError: see :meth:`..transport.HttpClient.call`
        :raise FiscalError: whatever ``read`` raises
        """
        call = Call(
            purpose,
            "POST",
            self._endpoint,
            headers(operation),
            content,
            changes=changes,
            keys=keys,
            faults=True,
        )

        def read_answer(answer: Answer) -> Result:
            if answer.status not in _STATUSES:
                raise TransientError(
                    Sentence(
                        _(
                            "The authority's address does not take the message (HTTP"
                            " %(status)s). Check the address in the registration."
                        ),
                        status=answer.status,
                    ),
                    answer.retry_after,
                )
            return read(answer.body)

        return self.http.call(call, read_answer)
