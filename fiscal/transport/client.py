"""One HTTP call to an authority: bounded, verified, classified, recorded.

What goes wrong becomes one of the contract's errors, by one question: may the
authority have carried it out? Nothing was sent, or a firewall answered: certainly not,
``TransientError``. Sent and no usable answer: ``AmbiguousError`` for a call that
changes something there, ``TransientError`` for one that only asks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import requests.exceptions
import urllib3.exceptions

from ..clocks import http_date
from ..contract import (
    AmbiguousError,
    Connection,
    FiscalError,
    TransientError,
)
from ..messages import Sentence, _
from .failures import describe
from .pool import ADAPTERS, Adapter, Watch, proxies_for, watched
from .records import Record

Result = TypeVar("Result")

MOST_BYTES = 20 * 1024 * 1024
LONGEST_RETRY_AFTER = 3600.0
_PIECE = 16 * 1024
_XML = ("text/xml", "application/xml", "application/soap+xml")
_OWN_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "account_ereceipt"}
_NETWORK_ERRORS = (
    requests.exceptions.RequestException,
    urllib3.exceptions.HTTPError,
    OSError,
    ValueError,  # http.client and urllib3 raise it for nonsense in an answer
)


_CLOCK_OFFSETS: dict[str, timedelta] = {}


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be sent.

    :ivar purpose: what for, as it is recorded: ``token``, ``submit``, ``query``, ...
    :ivar changes: whether it may change something at the authority
    :ivar keys: the documents that travel in it
    :ivar secrets: what must not be seen in records, besides the connection's
        credentials and what is known by its name
    :ivar seconds: how long it may take, if less than the connection's ``call_timeout``
    :ivar faults: an answer of HTTP 500 may be XML about the matter (SOAP 1.1, 6.2), and
        is read
    """

    purpose: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    changes: bool = False
    keys: tuple[int, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    seconds: float | None = None
    faults: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, complete; header names in lower case.

    :ivar retry_after: seconds that the server asks to wait, at most an hour
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    retry_after: float | None = None

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the body read as JSON.

        :raise ValueError: it is not JSON
        """
        try:
            return json.loads(self.body.decode("utf-8-sig"))
        except RecursionError:
            raise ValueError("The answer is nested too deeply") from None


class HttpClient:
    """Makes calls for one connection.

    :param extra_ca: PEM certificates to trust besides the usual ones
    :param legacy_hosts: domains whose servers may be connected to without secure
        renegotiation (RFC 5746); a domain means its subdomains too
    :param most_bytes: the largest answer that is read
    :ivar clock_offset: how much the authority's clock was ahead of the connection's in
        the last answer with a ``Date`` that this client got, ``None`` before
    """

    def __init__(
        self,
        connection: Connection,
        *,
        extra_ca: str = "",
        legacy_hosts: Iterable[str] = (),
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._connection = connection
        self._extra_ca = extra_ca
        self._legacy_hosts = tuple(legacy_hosts)
        self._most_bytes = most_bytes
        self.clock_offset: timedelta | None = None

    def now(self) -> datetime:
        """Return the present moment by the connection's clock, in UTC."""
        clock = self._connection.wall_clock
        return clock() if clock is not None else datetime.now(timezone.utc)

    def call(self, call: Call, read: Callable[[Answer], Result]) -> Result:
        """Make a call and return what ``read`` makes of its answer.

        Answers that say nothing about the matter never reach ``read``: 429 and 408,
        5xx (but see ``Call.faults``), redirects, a firewall's page. ``read`` gets the
        others, with error status too, and raises the contract's errors; what else it
        raises for a body that it cannot understand (``ValueError``, ``KeyError``, ...)
        counts as no answer.

        :raise TransientError: it was certainly not carried out
        :raise AmbiguousError: it may have been, and the call changes something
        :raise FiscalError: whatever ``read`` raises
        """
        record = Record(self._connection, call, self.now())
        try:
            answer = self._exchange(call, record)
            record.answer = answer
            result = self._read(call, record.quotable(answer), read)
        except FiscalError as exc:
            record.finish(exc)
            raise
        record.finish(None)
        return result

    # -- one exchange ---------------------------------------------------------------

    def _exchange(self, call: Call, record: Record) -> Answer:
        host = check_address(call.url)
        adapter = self._adapter(host)
        give_up_at = self._connection.give_up_at
        if give_up_at is not None and time.monotonic() >= give_up_at:
            raise TransientError(
                Sentence(
                    _("No time was left to call %(host)s; it is done later."), host=host
                )
            )
        timeout = self._timeout(call)
        with watched(timeout) as watch:
            try:
                request = requests.Request(
                    call.method,
                    call.url,
                    headers={**_OWN_HEADERS, **call.headers},
                    data=call.body or None,
                ).prepare()
                response = adapter.send(
                    request,
                    stream=True,
                    timeout=(min(self._connection.connect_timeout, timeout), timeout),
                    proxies={} if is_loopback(host) else proxies_for(call.url),
                )
                with response:
                    answer = self._receive(response, host, record)
                if watch.expired:
                    # An end in the middle of the head looks like the end of the head.
                    raise TimeoutError("The call's time is over")
                return answer
            except _NETWORK_ERRORS as exc:
                # The exception's own text may show the address with its secrets.
                raise self._failed(call, host, watch, exc, record) from None

    def _timeout(self, call: Call) -> float:
        most = self._connection.call_timeout
        if call.seconds is not None:
            most = min(most, call.seconds)
        give_up_at = self._connection.give_up_at
        if give_up_at is not None:
            most = min(most, give_up_at - time.monotonic())
        return max(most, 0.1)

    def _adapter(self, host: str) -> Adapter:
        legacy = any(
            host == domain or host.endswith("." + domain)
            for domain in self._legacy_hosts
        )
        try:
            return ADAPTERS.get(self._extra_ca, legacy)
        except ValueError as exc:
            raise TransientError(
                Sentence(
                    _(
                        "The additional certificates are unusable. Correct them in the"
                        " registration: PEM text is wanted."
                    )
                )
            ) from exc

    def _receive(
        self, response: requests.Response, host: str, record: Record
    ) -> Answer:
        headers = {name.lower(): value for name, value in response.headers.items()}
        record.head(response.status_code, headers)
        body = bytearray()
        for piece in response.raw.stream(_PIECE, decode_content=True):
            body += piece
            if len(body) > self._most_bytes:
                raise ValueError(f"the answer is larger than {self._most_bytes} bytes")
        _check_length(headers, len(body))
        self._set_clock(host, headers)
        return Answer(
            response.status_code, headers, bytes(body), self._retry_after(headers)
        )

    def _set_clock(self, host: str, headers: Mapping[str, str]) -> None:
        date = http_date(headers.get("date", ""))
        if date is not None:
            self.clock_offset = date - self.now()
            _CLOCK_OFFSETS[host] = date - datetime.now(timezone.utc)

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        text = headers.get("retry-after", "").strip()
        if text.isdecimal():
            seconds = float(text[:9])
        else:
            until = http_date(text)
            if until is None:
                return None
            now = http_date(headers.get("date", "")) or self.now()
            seconds = max((until - now).total_seconds(), 0.0)
        return min(seconds, LONGEST_RETRY_AFTER)

    def _failed(
        self,
        call: Call,
        host: str,
        watch: Watch,
        exc: Exception,
        record: Record,
    ) -> FiscalError:
        timeout = self._timeout(call)
        message = describe(exc, host, watch.sent, watch.expired, timeout)
        record.detail = f"{type(exc).__name__}: {exc}"
        if watch.sent and call.changes:
            return AmbiguousError(message)
        return TransientError(message)

    # -- what the answer is -----------------------------------------------------------

    def _read(
        self, call: Call, answer: Answer, read: Callable[[Answer], Result]
    ) -> Result:
        host = urlsplit(call.url).hostname or call.url
        self._sift(call, answer, host)
        try:
            return read(answer)
        except FiscalError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as exc:
            message = Sentence(
                _(
                    "The answer of %(host)s (HTTP %(status)s) could not be understood:"
                    " %(reason)s."
                ),
                host=host,
                status=answer.status,
                reason=type(exc).__name__,
            )
            kind = AmbiguousError if call.changes else TransientError
            raise kind(message) from exc

    def _sift(self, call: Call, answer: Answer, host: str) -> None:
        """Raise for answers that are not about the matter."""
        status, wait = answer.status, answer.retry_after
        if call.faults and status == 500 and answer.media_type in _XML:
            return
        if status == 429:
            raise TransientError(
                Sentence(
                    _(
                        "%(host)s asks to call less often (HTTP 429). It is tried again"
                        " later."
                    ),
                    host=host,
                ),
                wait,
            )
        if status == 408:
            raise TransientError(
                Sentence(
                    _("%(host)s did not receive the whole call in time (HTTP 408)."),
                    host=host,
                ),
                wait,
            )
        if 300 <= status < 400 and status != 303:
            raise TransientError(
                Sentence(
                    _(
                        "%(host)s redirects the call elsewhere (HTTP %(status)s). Check"
                        " the address in the registration, and the proxy or firewall"
                        " between."
                    ),
                    host=host,
                    status=status,
                )
            )
        if answer.media_type in ("text/html", "application/xhtml+xml") and (
            status < 300 or (400 <= status < 500 and status != 401)
        ):
            raise TransientError(
                Sentence(
                    _(
                        "A web page came instead of an answer of %(host)s (HTTP"
                        " %(status)s): a firewall stopped the call. Check that this"
                        " server's address may call the authority, and try again later."
                    ),
                    host=host,
                    status=status,
                )
            )
        if status >= 500 or status < 200 or status == 303:
            if call.changes:
                raise AmbiguousError(
                    Sentence(
                        _(
                            "%(host)s answered with an error of its own (HTTP"
                            " %(status)s). It is asked what became of the call."
                        ),
                        host=host,
                        status=status,
                    )
                )
            raise TransientError(
                Sentence(
                    _("%(host)s answered with an error of its own (HTTP %(status)s)."),
                    host=host,
                    status=status,
                ),
                wait,
            )


def clock_offset_of(url: str) -> timedelta | None:
    """Return how much the clock of an address's host is ahead of this server's, as its
    last answer to any call of this process told; ``None`` if none did."""
    return _CLOCK_OFFSETS.get(urlsplit(url).hostname or "")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(url: str) -> str:
    """Return the host of an address that may be called: one that every program reads
    alike, and either encrypted or on this machine.

    :raise TransientError: nothing can be sent there
    """
    try:
        if "\\" in url or not url.isprintable() or " " in url:
            raise ValueError(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        _port = parts.port  # raises for one that is no number
        if parts.username is not None:
            raise ValueError(url)
    except ValueError:
        parts, host = None, ""
    if parts is None or not host or parts.scheme not in ("http", "https"):
        raise TransientError(
            Sentence(
                _(
                    "“%(address)s” is not an address that can be called. Correct it in"
                    " the registration."
                ),
                address=url,
            )
        )
    if parts.scheme != "https" and not is_loopback(host):
        raise TransientError(
            Sentence(
                _(
                    "%(host)s would be called without encryption, which is never done."
                    " Correct the address in the registration: it must begin with"
                    " https://."
                ),
                host=host,
            )
        )
    return host


def _check_length(headers: Mapping[str, str], received: int) -> None:
    """Raise for a body that is not as long as its head says.

    :raise ValueError: it is not, or the head makes no sense
    """
    lengths = {part.strip() for part in headers.get("content-length", "").split(",")}
    if lengths == {""} or "content-encoding" in headers:
        return
    length = lengths.pop()
    if lengths or not length.isdecimal() or int(length) != received:
        raise ValueError(f"the answer broke off after {received} bytes")
