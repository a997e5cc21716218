"""The HTTP client: certificates, proxies, processes, and what is recorded."""

from __future__ import annotations

import os
import ssl
import time

import pytest
from crooked_server import crooked, response
from transport_kit import (
    Authority,
    Caller,
    Server,
    close,
    free_port,
    serving,
    stall,
)

from fiscal.contract import (
    AuthorityError,
    TransientError,
)
from fiscal.transport import Answer, Call
from fiscal.transport.pool import ADAPTERS, OP_LEGACY_SERVER_CONNECT, tls_context

# -- TLS -------------------------------------------------------------------------------


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
        assert time.monotonic() - started < 2.9


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
