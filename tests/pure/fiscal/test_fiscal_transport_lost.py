"""The HTTP client: calls that were sent and have no usable answer."""

from __future__ import annotations

import gzip
import socket
import time

import pytest
from crooked_server import reset, response
from transport_kit import (
    Caller,
    Server,
    after_request,
    close,
    serving,
    stall,
)

from fiscal.contract import (
    AmbiguousError,
    TransientError,
)
from fiscal.transport.pool import Watch

# -- sent, and no usable answer --------------------------------------------------------


def truncated(peer):
    peer.sendall(response(b'{"a":1}')[:-3])


def chunk_broken(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}")


def chunk_nonsense(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")


def headers_only(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def no_http(peer):
    peer.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")


def many_headers(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n")


def long_header(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")


def bad_gzip(peer):
    peer.sendall(response(b"no gzip", headers="Content-Encoding: gzip\r\n"))


def bad_length(peer):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}")


def no_json(peer):
    peer.sendall(response(b"<xml/>"))


def nested(peer):
    peer.sendall(response(b"[" * 100_000))


def no_utf8(peer):
    peer.sendall(response(b'{"a":"\xff"}'))


def empty(peer):
    peer.sendall(response(b"", "204 No Content"))


def status(text):
    def serve(peer):
        peer.sendall(response(b"{}", text, headers="Retry-After: 9\r\n"))

    return serve


def gateway_page(peer):
    peer.sendall(response(b"<html>", "502 Bad Gateway", "text/html"))


@pytest.mark.parametrize(
    "action",
    [
        stall,
        close,
        reset,
        truncated,
        chunk_broken,
        chunk_nonsense,
        headers_only,
        no_http,
        many_headers,
        long_header,
        bad_gzip,
        bad_length,
        no_json,
        nested,
        no_utf8,
        empty,
        gateway_page,
        status("500 Internal Server Error"),
        status("503 Service Unavailable"),
        status("303 See Other"),
    ],
    ids=lambda action: action.__name__,
)
def test_a_call_that_changes_something_is_ambiguous_and_one_that_asks_is_not(action):
    caller = Caller(call_timeout=0.5)
    with Server(after_request(action)) as server:
        with pytest.raises(AmbiguousError) as caught:
            caller.post(server.url)
        assert len(server.requests) == 1  # and not sent again behind our back
        with pytest.raises(TransientError):
            caller.post(server.url, changes=False)
    assert str(caught.value).endswith((".", "?"))
    assert [e.outcome for e in caller.exchanges] == ["ambiguous", "transient"]
    assert all(exchange.error for exchange in caller.exchanges)


def test_an_overloaded_server_says_when_to_ask_again():
    busy = status("503 Service Unavailable")
    with Server(after_request(busy)) as server, pytest.raises(TransientError) as caught:
        Caller().get(server.url)
    assert caught.value.retry_after == 9


def dribble_headers(peer):
    for byte in response(b"{}", headers="X: " + "y" * 2000 + "\r\n"):
        peer.sendall(bytes([byte]))
        time.sleep(0.02)


def dribble_body(peer):
    head, _end, _body = response(b" " * 1000 + b"{}").partition(b"\r\n\r\n")
    peer.sendall(head + b"\r\n\r\n")
    for _ in range(1000):
        peer.sendall(b" ")
        time.sleep(0.02)


def endless_continue(peer):
    for _ in range(1000):
        peer.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.02)


@pytest.mark.parametrize("action", [dribble_headers, dribble_body, endless_continue])
@pytest.mark.parametrize("encrypted", [False, True])
def test_a_call_ends_in_time_whatever_the_server_does(action, encrypted, authority):
    context = authority.server_context() if encrypted else None
    caller = Caller(call_timeout=0.6, extra_ca=authority.pem)
    with Server(after_request(action), context=context) as server:
        started = time.monotonic()
        with pytest.raises(AmbiguousError, match=r"within 0\.6 seconds"):
            caller.post(server.url)
        assert 0.5 < time.monotonic() - started < 5


def test_a_call_may_have_less_time_than_the_connection_gives():
    with Server(after_request(stall)) as server:
        started = time.monotonic()
        with pytest.raises(AmbiguousError, match=r"within 0\.3 seconds"):
            Caller(call_timeout=30).post(server.url, seconds=0.3)
        assert time.monotonic() - started < 2.5


@pytest.mark.parametrize("finished", [True, False])
def test_a_deadline_touches_the_running_call_only(finished):
    """The watch of a finished call must not shut the socket that others use now."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        watch = Watch(0.05)
        watch.start()
        watch.attend(ours)
        if finished:
            watch.stop()
        time.sleep(0.2)
        assert watch.expired is not finished
        theirs.settimeout(1)
        if finished:
            ours.sendall(b"x")
            assert theirs.recv(1) == b"x"
        else:
            assert theirs.recv(1) == b""
            with pytest.raises(TimeoutError):
                watch.attend(ours)
            watch.stop()


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_answer_is_not_read_to_its_end(packed):
    body = b" " * 3_000_000
    headers = ""
    if packed:
        body, headers = gzip.compress(body), "Content-Encoding: gzip\r\n"
    with Server(serving(response(body, headers=headers))) as server:
        with pytest.raises(AmbiguousError, match="larger than 1000000 bytes"):
            Caller(most_bytes=1_000_000).post(server.url)
        assert Caller().get(server.url, read=lambda a: len(a.body)) == 3_000_000


def test_a_connection_closed_while_idle_is_replaced():
    """The server closes after one answer: noticed before the next call is sent."""
    one = after_request(lambda peer: peer.sendall(response()))
    with Server(one) as server:
        for _ in range(3):
            assert Caller().post(server.url) == {}
            time.sleep(0.05)
        assert server.connections == 3


def test_a_connection_that_breaks_when_reused_is_ambiguous():
    """Nobody can tell whether the second request was read before the reset."""

    def script(server):
        def serve(peer):
            server[0].read_request(peer)
            peer.sendall(response())
            server[0].read_request(peer)
            reset(peer)

        return serve

    with Server(script) as server:
        caller = Caller()
        caller.post(server.url)
        with pytest.raises(AmbiguousError):
            caller.post(server.url)
        assert len(server.requests) == 2
