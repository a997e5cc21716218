"""One call of a receiver: bounded, verified, and told as a sentence.

A receiver has taken a message when it answers 2xx. Its answer is not kept: a receiver
tells nothing, and what answers may be somebody's who only wants to be shown it.
"""

from __future__ import annotations

import logging
import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.exceptions
import urllib3.exceptions

from ..contract import FiscalError, TransientError
from ..messages import Sentence, _
from ..transport.failures import causes_of
from ..transport.pool import watched
from .addresses import ForbiddenAddress, Policy
from .guarded import ADAPTERS
from .signature import sign

_logger = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024
"""How much of an answer is read, to use the connection again."""

LONGEST_RETRY_AFTER = 3600.0
OF_THE_MESSAGE = frozenset({400, 406, 409, 413, 415, 422})
"""What a receiver answers that does not like this message, and may like the next."""

GONE = 410
_NETWORK_ERRORS = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent, and where to.

    :ivar event: what happened, ``document.valid``
    :ivar event_id: the same at each attempt
    :ivar attempt: 1 for the first
    :ivar secrets: those that are valid; each signs
    :ivar seconds: how long the call may take
    """

    url: str
    event: str
    event_id: str
    attempt: int
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    policy: Policy = Policy()
    seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a call.

    :ivar status: the receiver's HTTP status, ``None`` where there was no answer
    :ivar error: why it was not taken, ``None`` if it was
    :ivar of_message: the receiver is well and does not like this message
    :ivar seconds: how long it took
    """

    status: int | None = None
    error: FiscalError | None = None
    of_message: bool = False
    seconds: float = 0.0

    @property
    def gone(self) -> bool:
        """The receiver wants to be told nothing any more."""
        return self.status == GONE


def deliver(message: Message) -> Result:
    """Call the receiver. Never raises."""
    begun = time.monotonic()
    try:
        status, retry_after = _post(message)
    except FiscalError as error:
        return Result(error=error, seconds=time.monotonic() - begun)
    except Exception as error:
        _logger.exception("A defect while calling a receiver (%s)", message.event)
        text = _("An unexpected error stopped the call (%(error)s).")
        failed = TransientError(Sentence(text, error=type(error).__name__))
        return Result(error=failed, seconds=time.monotonic() - begun)
    return Result(
        status=status,
        error=_refusal(message, status, retry_after),
        of_message=status in OF_THE_MESSAGE,
        seconds=time.monotonic() - begun,
    )


def _headers(message: Message) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": "account_ereceipt",
        "X-Ereceipt-Event": message.event,
        "X-Ereceipt-Event-Id": message.event_id,
        "X-Ereceipt-Attempt": str(message.attempt),
        "X-Ereceipt-Signature": sign(message.secrets, int(time.time()), message.body),
    }


def _post(message: Message) -> tuple[int, float | None]:
    """Make the call; return the HTTP status and after how many seconds the receiver
    wants to be called again.

    :raise TransientError: there was no answer
    """
    host = urlsplit(message.url).hostname or ""
    adapter = ADAPTERS.get(message.policy)
    with watched(message.seconds) as watch:
        try:
            request = requests.Request(
                "POST", message.url, headers=_headers(message), data=message.body
            ).prepare()
            response = adapter.send(
                request,
                stream=True,
                timeout=(min(5.0, message.seconds), message.seconds),
                # a proxy would resolve the name by itself
                proxies={},
            )
            with response:
                # read, so that the connection can be kept; more of it is not wanted
                response.raw.read(MOST_BYTES, decode_content=False)
                if watch.expired:
                    raise TimeoutError("The call's time is over")
                return response.status_code, _retry_after(response.headers)
        except _NETWORK_ERRORS as exc:
            raise TransientError(
                _no_answer(exc, host, watch.sent, watch.expired, message.seconds)
            ) from None


def _retry_after(headers: Any) -> float | None:
    text = str(headers.get("retry-after", "")).strip()
    return min(float(text[:9]), LONGEST_RETRY_AFTER) if text.isdecimal() else None


def _refusal(
    message: Message, status: int, retry_after: float | None
) -> FiscalError | None:
    """Return why an answer does not mean that the message was taken, None if it
    does."""
    if 200 <= status < 300:
        return None
    host = urlsplit(message.url).hostname or ""
    if status == GONE:
        text = _("%(host)s wants to be told nothing any more (HTTP 410).")
    elif 300 <= status < 400:
        text = _(
            "%(host)s redirects the call elsewhere (HTTP %(status)s), which is not"
            " followed. Enter the address that it leads to."
        )
    elif status in OF_THE_MESSAGE:
        text = _("%(host)s did not take this message (HTTP %(status)s).")
    elif status in (401, 403):
        text = _(
            "%(host)s did not let the call in (HTTP %(status)s). It may have another"
            " secret."
        )
    else:
        text = _("%(host)s answered with an error (HTTP %(status)s).")
    return TransientError(Sentence(text, host=host, status=status), retry_after)


def _no_answer(
    exc: Exception, host: str, sent: bool, expired: bool, seconds: float
) -> Sentence:
    causes = list(causes_of(exc))
    for cause in causes:
        if isinstance(cause, ForbiddenAddress):
            return Sentence(
                _(
                    "%(host)s leads to %(address)s, which is not a public address, so"
                    " it is not called. The server's administrator may allow networks"
                    " of his own."
                ),
                host=host,
                address=cause.address,
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Sentence(
                _("The certificate of %(host)s is not trusted: %(reason)s."),
                host=host,
                reason=cause.verify_message,
            )
        if isinstance(cause, socket.gaierror):
            return Sentence(_("The name %(host)s could not be resolved."), host=host)
        if isinstance(cause, ConnectionRefusedError):
            # urllib3 wraps it into something that is a time-out as well
            return Sentence(_("%(host)s could not be reached."), host=host)
    waited = (TimeoutError, urllib3.exceptions.TimeoutError)
    if expired or any(isinstance(cause, waited) for cause in causes):
        return Sentence(
            _("%(host)s gave no answer within %(seconds)s seconds."),
            host=host,
            seconds=f"{seconds:g}",
        )
    if sent:
        return Sentence(
            _("The connection to %(host)s broke before its answer was complete."),
            host=host,
        )
    return Sentence(_("%(host)s could not be reached."), host=host)
