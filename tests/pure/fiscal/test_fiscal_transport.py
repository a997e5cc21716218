"""The HTTP client: answers, refusals, and what was certainly not carried out."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from crooked_server import response
from transport_kit import (
    BODY,
    Caller,
    Server,
    free_port,
    serving,
)

from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    TransientError,
)
from fiscal.transport import check_address, clock_offset_of, is_loopback

# -- what goes well --------------------------------------------------------------------


def test_an_answer_is_read_and_recorded_once():
    caller = Caller()
    headers = "Date: Sun, 01 Mar 2026 09:30:00 GMT\r\ncorrelationId: c-1\r\n"
    with Server(serving(response(b'{"b":2}', headers=headers))) as server:
        assert caller.post(server.url + "/x?y=1") == {"b": 2}
        assert server.requests[0].endswith(b"\r\n\r\n" + BODY)
    exchange = caller.exchange
    assert (exchange.purpose, exchange.method, exchange.status) == (
        "submit",
        "POST",
        200,
    )
    assert exchange.url == server.url + "/x?y=1"
    assert (exchange.outcome, exchange.error, exchange.keys) == ("ok", "", (4, 5))
    assert exchange.request_body == BODY and exchange.response_body == b'{"b":2}'
    assert exchange.request_headers["Authorization"] == "***"
    assert exchange.request_headers["X-Plain"] == "seen"
    assert exchange.response_headers["correlationid"] == "c-1"
    assert 0 < exchange.duration < 5
    assert exchange.started_at.tzinfo is timezone.utc
    date = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
    offset = date - datetime.now(timezone.utc)
    assert abs(caller.client.clock_offset - offset) < timedelta(seconds=5)
    assert abs(clock_offset_of(server.url) - offset) < timedelta(seconds=5)


def test_connections_are_kept_and_shared():
    with Server(serving(response())) as server:
        for _ in range(3):
            Caller().get(server.url)
        assert server.connections == 1
        threads = [
            threading.Thread(target=lambda: Caller().get(server.url)) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.requests) == 11


def test_a_compressed_answer_is_read():
    packed = response(gzip.compress(b'{"z":1}'), headers="Content-Encoding: gzip\r\n")
    with Server(serving(packed)) as server:
        assert Caller().get(server.url) == {"z": 1}
        assert b"Accept-Encoding: identity" in server.requests[0]


def test_a_chunked_answer_and_a_byte_order_mark_are_read():
    body = b'\xef\xbb\xbf{"z":1}'
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked = head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with Server(serving(chunked)) as server:
        assert Caller().get(server.url) == {"z": 1}


@pytest.mark.parametrize("status", ["400 Bad Request", "401 No", "422 No", "404 No"])
def test_refusals_reach_the_reader(status):
    with Server(serving(response(status=status))) as server:
        answer = Caller().post(server.url, read=lambda answer: answer)
    assert answer.status == int(status[:3])


def test_html_that_says_401_reaches_the_reader():
    page = response(b"<p>", "401 No", "text/html")
    with Server(serving(page)) as server:
        assert Caller().post(server.url, read=lambda answer: answer.status) == 401


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (AuthenticationError("No."), "authentication"),
        (AuthorityError("X", "No."), "refused"),
        (TransientError("No."), "transient"),
        (AmbiguousError("No."), "ambiguous"),
    ],
)
def test_what_the_reader_raises_is_recorded_and_raised(error, outcome):
    def read(answer):
        raise error

    caller = Caller()
    with Server(serving(response())) as server, pytest.raises(type(error)) as caught:
        caller.post(server.url, read=read)
    assert caught.value is error
    assert (caller.exchange.outcome, caller.exchange.error) == (outcome, "No.")


# -- certainly not carried out ---------------------------------------------------------


def test_a_refused_connection_is_harmless():
    caller = Caller()
    with pytest.raises(TransientError, match=r"127\.0\.0\.1 refused the connection"):
        caller.post(f"http://127.0.0.1:{free_port()}")
    assert caller.exchange.outcome == "transient"
    assert caller.exchange.status is None


def test_an_unknown_name_is_harmless():
    caller = Caller()
    with pytest.raises(TransientError, match="could not be resolved.*DNS"):
        caller.post("https://no-such-host.invalid/")
    assert len(caller.exchanges) == 1


def test_a_full_backlog_times_out_harmlessly():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        others = [socket.socket() for _ in range(3)]
        for other in others:
            other.setblocking(False)
            other.connect_ex(deaf.getsockname())
        started = time.monotonic()
        with pytest.raises(TransientError, match="not be reached in time"):
            Caller(connect_timeout=0.3).post(
                f"http://127.0.0.1:{deaf.getsockname()[1]}"
            )
        assert time.monotonic() - started < 5
        for other in others:
            other.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/",
        "ftp://127.0.0.1/",
        "127.0.0.1:80",
        "",
        "https://",
        "https://host:port/",
        "https://[::1/",
    ],
)
def test_unsafe_and_senseless_addresses_are_not_called(url):
    caller = Caller()
    with pytest.raises(TransientError, match="registration"):
        caller.post(url)
    assert caller.exchange.status is None


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("localhost.evil.com", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
    ],
)
def test_loopback(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://id.example.com", "id.example.com"),
        ("https://id.example.com:8443/a?b=c%20d", "id.example.com"),
        ("http://127.0.0.1:8069", "127.0.0.1"),
        ("http://[::1]/x", "::1"),
        ("http://LOCALHOST/", "localhost"),
    ],
)
def test_addresses_that_may_be_called(address, host):
    assert check_address(address) == host


@pytest.mark.parametrize(
    "address",
    [
        "http://id.example.com",
        "ftp://id.example.com",
        "id.example.com",
        "https://",
        "https://id.example.com:port",
        "https://[::1",
        "http://127.0.0.1.example.com",
        "http://0.0.0.0",
        # read differently by different programs, or meant to deceive a reader
        "https://user:password@id.example.com",
        "https://127.0.0.1@id.example.com",
        "http://127.0.0.1\\@id.example.com",
        "http://127.0.0.1 .example.com",
        "https://id.example.com/\r\nX: y",
    ],
)
def test_addresses_that_are_never_called(address):
    with pytest.raises(TransientError) as raised:
        check_address(address)
    assert "registration" in str(raised.value)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: 999999999999\r\n", 3600.0),
        ("Retry-After: -5\r\n", None),
        ("Retry-After: soon\r\n", None),
        ("", None),
        (
            "Date: Sun, 01 Mar 2026 09:30:00 GMT\r\n"
            "Retry-After: Sun, 01 Mar 2026 09:31:30 GMT\r\n",
            90.0,
        ),
        (
            "Date: Sun, 01 Mar 2026 09:30:00 GMT\r\n"
            "Retry-After: Sun, 01 Mar 2026 09:00:00 GMT\r\n",
            0.0,
        ),
    ],
)
def test_a_rate_limit_is_harmless_and_says_when(header, wait):
    busy = response(b"{}", "429 Too Many Requests", headers=header)
    with Server(serving(busy)) as server, pytest.raises(TransientError) as caught:
        Caller().post(server.url)
    assert caught.value.retry_after == wait


def test_a_retry_date_without_a_date_is_counted_from_now():
    until = datetime.now(timezone.utc) + timedelta(seconds=100)
    header = f"Retry-After: {format_datetime(until, usegmt=True)}\r\n"
    busy = response(b"{}", "429 Too Many Requests", headers=header)
    with Server(serving(busy)) as server, pytest.raises(TransientError) as caught:
        Caller().post(server.url)
    assert 95 < caught.value.retry_after <= 100


@pytest.mark.parametrize(
    ("status", "media_type", "words"),
    [
        ("200 OK", "text/html", "firewall"),
        ("200 OK", "TEXT/HTML; charset=utf-8", "firewall"),
        ("403 Forbidden", "text/html", "firewall"),
        ("302 Found", "text/plain", "redirects"),
        ("307 Temporary Redirect", "text/html", "redirects"),
        ("408 Request Timeout", "text/plain", "408"),
    ],
)
def test_a_firewall_or_redirect_is_harmless(status, media_type, words):
    headers = "Location: http://127.0.0.1:1/\r\n"
    page = response(b"<html>Request Rejected</html>", status, media_type, headers)
    caller = Caller()
    with Server(serving(page)) as server, pytest.raises(TransientError, match=words):
        caller.post(server.url)
    assert len(server.requests) == 1
    assert caller.exchange.response_body == b"<html>Request Rejected</html>"


def test_no_redirect_is_followed():
    with Server(serving(response())) as target:
        headers = f"Location: {target.url}\r\n"
        moved = response(b"", "301 Moved", headers=headers)
        with Server(serving(moved)) as server, pytest.raises(TransientError):
            Caller().get(server.url)
        assert target.requests == []
