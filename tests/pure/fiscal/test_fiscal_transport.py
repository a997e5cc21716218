"""The HTTP client against servers that misbehave in every way known."""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from crooked_server import crooked, reset, response
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Connection,
    Exchange,
    TransientError,
)
from fiscal.transport import Answer, Call, HttpClient, clock_offset_of, is_loopback
from fiscal.transport.pool import ADAPTERS, OP_LEGACY_SERVER_CONNECT, tls_context

BODY = b'{"a":1}'


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


class Caller:
    """A client with a record of its calls."""

    def __init__(self, call_timeout=5.0, connect_timeout=2.0, recorder=None, **options):
        self.exchanges: list[Exchange] = []
        self.client = HttpClient(
            Connection(
                "test",
                credentials={"client_secret": "top/secret+1"},
                connect_timeout=connect_timeout,
                call_timeout=call_timeout,
                recorder=recorder or self.exchanges.append,
            ),
            **options,
        )

    def post(self, url, changes=True, read=Answer.json, **options):
        headers = {"Authorization": "Bearer tok.en.value", "X-Plain": "seen"}
        call = Call("submit", "POST", url, headers, BODY, changes, (4, 5), **options)
        return self.client.call(call, read)

    def get(self, url, read=Answer.json):
        return self.client.call(Call("query", "GET", url), read)

    @property
    def exchange(self) -> Exchange:
        (exchange,) = self.exchanges
        return exchange


def serving(content):
    """A script that answers every request of a connection alike."""

    def script(server):
        def serve(peer):
            while server[0].read_request(peer):
                peer.sendall(content)

        return serve

    return script


class Server:
    """A crooked server whose scripts know it."""

    def __init__(self, *makers, **options):
        holder = []
        self._manager = crooked(*[maker(holder) for maker in makers], **options)
        self._holder = holder

    def __enter__(self):
        self._holder.append(self._manager.__enter__())
        return self._holder[0]

    def __exit__(self, *exc_info):
        return self._manager.__exit__(*exc_info)


def after_request(action):
    """A script that reads one request and then does something."""

    def maker(server):
        def serve(peer):
            server[0].read_request(peer)
            action(peer)

        return serve

    return maker


def at_once(action):
    return lambda server: action


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


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


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
        assert time.monotonic() - started < 2
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


# -- sent, and no usable answer --------------------------------------------------------


def stall(peer):
    time.sleep(3)


def close(peer):
    peer.close()


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
        assert 0.5 < time.monotonic() - started < 1.5


def test_a_call_may_have_less_time_than_the_connection_gives():
    with Server(after_request(stall)) as server:
        started = time.monotonic()
        with pytest.raises(AmbiguousError, match=r"within 0\.3 seconds"):
            Caller(call_timeout=30).post(server.url, seconds=0.3)
        assert time.monotonic() - started < 1.5


def test_a_deadline_does_not_touch_the_next_call():
    """The watch of a finished call must not shut the reused socket."""
    with Server(serving(response())) as server:
        caller = Caller(call_timeout=0.4)
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            assert caller.get(server.url) == {}
            time.sleep(0.01)
        assert server.connections == 1


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


# -- TLS -------------------------------------------------------------------------------


class Authority:
    """A certificate authority and a certificate for localhost."""

    folder = ""

    def __init__(self, names=("localhost",), days=1):
        self.key = ec.generate_private_key(ec.SECP256R1())
        common_name = f"Test {x509.random_serial_number()}"
        self.name = x509.Name(
            [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
        )
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self._make(self.name, self.key, basic, days=9)
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        self.names, self.days = names, days

    def _make(self, subject, key, extension, days):
        now = datetime.now(timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=5))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(extension, critical=True)
        )
        return builder.sign(self.key, hashes.SHA256())

    def server_context(self):
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in self.names])
        certificate = self._make(x509.Name([]), key, names, self.days)
        path = os.path.join(self.folder, f"{id(certificate)}.pem")
        with open(path, "wb") as file:
            file.write(
                key.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
            file.write(certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    Authority.folder = str(tmp_path_factory.mktemp("keys"))
    return Authority()


def test_additional_certificates_are_trusted(authority):
    with Server(serving(response()), context=authority.server_context()) as server:
        caller = Caller(extra_ca=authority.pem)
        assert [caller.get(server.url) for _ in range(3)] == [{}] * 3
        assert server.connections == 1


@pytest.mark.parametrize(
    ("make", "trusted", "words"),
    [
        (
            lambda: Authority(),
            False,
            "not trusted.*self-signed|not trusted.*local issuer",
        ),
        (lambda: Authority(names=("example.com",)), True, "not trusted.*mismatch"),
        (lambda: Authority(days=-1), True, "not trusted.*expired"),
    ],
    ids=["unknown", "other name", "expired"],
)
def test_certificates_are_verified(make, trusted, words, authority):
    other = make()
    with Server(serving(response()), context=other.server_context()) as server:
        caller = Caller(extra_ca=other.pem if trusted else authority.pem)
        with pytest.raises(TransientError, match=words):
            caller.post(server.url)
        assert server.requests == []
    assert caller.exchange.outcome == "transient"


def test_a_server_without_tls_is_harmless():
    refuse = b"HTTP/1.1 400 No\r\n\r\n"
    with (
        crooked(lambda peer: peer.sendall(refuse)) as server,
        pytest.raises(TransientError, match="No secure connection"),
    ):
        Caller().post(server.secure_url)


def test_a_handshake_that_never_ends_is_harmless():
    with crooked(stall) as server:
        started = time.monotonic()
        with pytest.raises(TransientError, match="in time"):
            Caller(connect_timeout=0.3).post(server.secure_url)
        assert time.monotonic() - started < 2


def test_unusable_certificates_are_a_sentence():
    caller = Caller(extra_ca="-----BEGIN CERTIFICATE-----\nxx\n")
    with pytest.raises(TransientError, match="PEM"):
        caller.post("https://127.0.0.1:1/")
    assert len(caller.exchanges) == 1


def test_legacy_renegotiation_is_for_the_named_hosts_only():
    client = Caller(legacy_hosts=("eta.gov.eg",)).client
    for host, legacy in (
        ("id.eta.gov.eg", True),
        ("eta.gov.eg", True),
        ("eta.gov.eg.example.com", False),
        ("myeta.gov.eg", False),
        ("example.com", False),
    ):
        options = client._adapter(host)._context.options
        assert bool(options & OP_LEGACY_SERVER_CONNECT) is legacy, host
    context = tls_context(legacy=True)
    assert context.verify_mode is ssl.CERT_REQUIRED and context.check_hostname


def test_bundles_of_the_environment_are_used(authority, monkeypatch, tmp_path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(authority.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    serials = [int(ca["serialNumber"], 16) for ca in tls_context().get_ca_certs()]
    assert authority.certificate.serial_number in serials


# -- proxies, netrc, cookies, forks ----------------------------------------------------


def test_loopback_goes_past_proxies_and_others_do_not(monkeypatch):
    with Server(serving(response())) as server, crooked(close) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert Caller().get(server.url) == {}
        assert proxy.connections == 0
        with pytest.raises(TransientError):
            Caller().post("https://authority.invalid/")
        assert proxy.connections == 1


def test_a_proxys_tunnel_is_no_sent_request(monkeypatch):
    refuse = response(b"", "407 Proxy Authentication Required")
    with Server(serving(refuse)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(TransientError, match="proxy"):
            Caller().post("https://authority.invalid/")
        assert proxy.requests[0].startswith(b"CONNECT authority.invalid:443")
        assert b"tok.en.value" not in proxy.requests[0]


def test_no_netrc_and_no_cookies(monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login admin password hunter2\n")
    monkeypatch.setenv("NETRC", str(netrc))
    baked = response(headers="Set-Cookie: session=1\r\n")
    with Server(serving(baked)) as server:
        Caller().get(server.url)
        Caller().get(server.url)
        for request in server.requests:
            assert b"authorization" not in request.lower()
            assert b"cookie" not in request.lower()


def test_a_child_process_makes_its_own_connections():
    with Server(serving(response())) as server:
        Caller().get(server.url)
        before = ADAPTERS.get()
        child = os.fork()
        if not child:
            fresh = ADAPTERS.get() is not before
            os._exit(0 if fresh and Caller().get(server.url) == {} else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert Caller().get(server.url) == {}
        assert server.connections == 2


# -- records ---------------------------------------------------------------------------


def test_secrets_are_masked_everywhere():
    answer = b'{"access_token": "new", "echo": "top\\/secret+1 tok.en.value"}'
    echo = answer.replace(b"\\/", b"/")
    headers = "Set-Cookie: a=b\r\nX-Echo: top/secret+1\r\n"
    caller = Caller()
    with Server(serving(response(echo, "400 No", headers=headers))) as server:

        def read(answer):
            raise AuthorityError("X", "The authority repeats top/secret+1.")

        with pytest.raises(AuthorityError):
            caller.post(server.url + "/?client_secret=top%2Fsecret%2B1&x=1", read=read)
    seen = repr(caller.exchange)
    for secret in ("top/secret", "top%2Fsecret", "tok.en.value", '"new"', "a=b"):
        assert secret not in seen
    assert caller.exchange.url.endswith("/?client_secret=***&x=1")
    assert caller.exchange.error == "The authority repeats ***."


def test_failures_do_not_show_the_address_with_its_secrets():
    caller = Caller()
    with pytest.raises(TransientError) as caught:
        caller.get(f"http://127.0.0.1:{free_port()}/?x=top%2Fsecret%2B1")
    assert "secret" not in repr(caller.exchange)
    chain = []
    error = caught.value
    while error is not None:
        chain.append(str(error))
        error = None if error.__suppress_context__ else error.__context__
    assert "secret" not in "".join(chain)


def test_a_recorder_that_fails_does_not_lose_the_outcome(caplog):
    def fail(exchange):
        raise RuntimeError("disk full")

    with Server(serving(response())) as server:
        assert Caller(recorder=fail).post(server.url) == {}
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize("secret", ["سر", "line\nbreak"])
def test_a_credential_that_http_cannot_carry_is_a_sentence(secret):
    call = Call("token", "POST", "http://127.0.0.1:1/", {"presharedkey": secret})
    with crooked(stall) as server, pytest.raises(TransientError, match="credential"):
        call = Call("token", "POST", server.url, {"presharedkey": secret})
        Caller().client.call(call, Answer.json)
