"""One call of a receiver, over real sockets."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from fiscal.webhook import Message, Policy, deliver, sign

SECRET = "an-oak-a-river-and-seven-green-lamps"
BODY = '{"id": "7", "text": "سند"}'.encode()


@pytest.fixture
def receiver():
    """A receiver; ``answer`` is its function of a handler."""
    taken = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers.items()), body))
            server.answer(self)

        def log_message(self, *args):
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.taken = taken
    server.url = f"http://127.0.0.1:{server.server_port}/x"
    server.answer = lambda handler: answer(handler, 200)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def answer(handler, status, body=b"", **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def call(url, *secrets, seconds=5.0, policy=None):
    return deliver(
        Message(
            url=url,
            event="document.valid",
            event_id="7",
            attempt=3,
            body=BODY,
            secrets=secrets or (SECRET,),
            policy=policy or Policy(loopback=True),
            seconds=seconds,
        )
    )


def test_signature_known_answer():
    expected = hmac.new(SECRET.encode(), b"1700000000.{}", hashlib.sha256).hexdigest()
    assert sign([SECRET], 1700000000, b"{}") == f"t=1700000000,v1={expected}"
    both = sign([SECRET, "x"], 1700000000, b"{}")
    assert both.count("v1=") == 2


def test_taken(receiver):
    result = call(receiver.url)
    assert (result.status, result.error) == (200, None)
    [(headers, body)] = receiver.taken
    assert body == BODY
    assert headers["X-Ereceipt-Event"] == "document.valid"
    assert headers["X-Ereceipt-Event-Id"] == "7"
    assert headers["X-Ereceipt-Attempt"] == "3"
    stamp = int(headers["X-Ereceipt-Signature"].split(",")[0].removeprefix("t="))
    assert abs(stamp - time.time()) < 60
    assert headers["X-Ereceipt-Signature"] == sign([SECRET], stamp, body)


@pytest.mark.parametrize("status", [300, 301, 307, 400, 401, 404, 409, 500, 503])
def test_not_taken(receiver, status):
    receiver.answer = lambda handler: answer(handler, status, Location="/elsewhere")
    result = call(receiver.url)
    assert result.status == status
    assert str(status) in str(result.error)
    assert result.of_message == (status in (400, 409))
    assert not result.gone
    assert len(receiver.taken) == 1, "no redirect is followed"


def test_gone(receiver):
    receiver.answer = lambda handler: answer(handler, 410)
    assert call(receiver.url).gone


def test_retry_after(receiver):
    receiver.answer = lambda handler: answer(handler, 429, Retry_After="90")
    assert call(receiver.url).error.retry_after == 90.0
    receiver.answer = lambda handler: answer(handler, 429, Retry_After="9" * 30)
    assert call(receiver.url).error.retry_after == 3600.0
    receiver.answer = lambda handler: answer(handler, 503, Retry_After="soon")
    assert call(receiver.url).error.retry_after is None


def test_a_web_page_is_an_answer_too(receiver):
    page = b"<p>OK</p>" * 10_000
    receiver.answer = lambda handler: answer(
        handler, 200, page, Content_Type="text/html"
    )
    assert call(receiver.url).error is None
    assert call(receiver.url).error is None


def test_a_receiver_that_trickles_is_given_up(receiver):
    stop = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not stop.wait(0.1):
            try:
                handler.wfile.write(b"x")
                handler.wfile.flush()
            except OSError:
                return

    receiver.answer = trickle
    begun = time.monotonic()
    result = call(receiver.url, seconds=1.0)
    stop.set()
    assert time.monotonic() - begun < 8
    assert result.status is None
    assert "within 1 seconds" in str(result.error)


def test_a_connection_that_is_dropped(receiver):
    receiver.answer = lambda handler: handler.connection.shutdown(socket.SHUT_RDWR)
    result = call(receiver.url)
    assert result.status is None
    assert "broke" in str(result.error)


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert "could not be reached" in str(call(f"http://127.0.0.1:{port}/").error)


def test_a_private_address_is_never_connected_to(receiver):
    result = call(receiver.url, policy=Policy())
    assert "not a public address" in str(result.error)
    assert not receiver.taken


def test_a_name_that_leads_inside_is_never_connected_to(receiver, monkeypatch):
    """Whatever it led to when it was entered."""
    port = receiver.server_port

    def getaddrinfo(host, *args, **kwargs):
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = call(f"http://shop.example.com:{port}/", policy=Policy())
    assert "127.0.0.1" in str(result.error)
    assert not receiver.taken


def test_a_name_that_is_not_known(monkeypatch):
    def getaddrinfo(*args, **kwargs):
        raise socket.gaierror("no such name")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    result = call("https://shop.example.com/", policy=Policy())
    assert "could not be resolved" in str(result.error)


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    """A proxy would resolve the name by itself."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert call(receiver.url).status == 200


def test_secrets_are_not_shown():
    message = Message("https://x.example", "e", "7", 1, b"body", ("hidden",))
    assert "hidden" not in repr(message)
    assert "body" not in repr(message)
