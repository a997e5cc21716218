"""Where messages to other systems may go."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fiscal.contract import TransientError
from fiscal.webhook import Policy, check_target, parse_networks
from fiscal.webhook.addresses import ForbiddenAddress

PRIVATE = (
    "10.0.0.1",
    "172.16.3.4",
    "192.168.1.1",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b::7f00:1",
    "2002:a00:1::",
    "2002:7f00:1::1",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address):
    assert not Policy().allows(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700::1111"])
def test_public_addresses_are_allowed(address):
    assert Policy().allows(address)


def test_loopback_is_a_trial_only():
    assert Policy(loopback=True).allows("127.0.0.1")
    assert Policy(loopback=True).allows("::1")
    assert not Policy(loopback=True).allows("10.0.0.1")


def test_networks_of_the_administrator():
    policy = Policy(parse_networks(" 10.1.0.0/16 , 192.168.7.7"))
    assert policy.allows("10.1.2.3")
    assert policy.allows("192.168.7.7")
    assert not policy.allows("10.2.0.1")
    assert not policy.allows("192.168.7.8")
    assert parse_networks("") == ()
    for text in ("x", "10.1.2.3/16", "10.0.0.0/40"):
        with pytest.raises(ValueError):
            parse_networks(text)


@given(st.ip_addresses())
def test_what_is_allowed_is_public(address):
    if Policy().allows(str(address)):
        assert address.is_global
        for network in ("10.0.0.0/8", "127.0.0.0/8", "fc00::/7", "::ffff:0:0/104"):
            assert address not in ip_network(network)


def resolving(monkeypatch, *addresses):
    def getaddrinfo(host, port, *args, **kwargs):
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def test_of_a_name_only_public_addresses_are_used(monkeypatch):
    resolving(monkeypatch, "10.0.0.1", "1.1.1.1", "1.1.1.1")
    assert Policy().addresses("shop.example.com", 443) == ["1.1.1.1"]
    resolving(monkeypatch, "10.0.0.1", "127.0.0.1")
    with pytest.raises(ForbiddenAddress) as raised:
        Policy().addresses("shop.example.com", 443)
    assert raised.value.address == "10.0.0.1"


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://shop.example.com/hook?x=1", False),
        ("https://shop.example.com:8443", False),
        ("http://127.0.0.1:8080/hook", True),
        ("http://[::1]:8080/hook", True),
        ("https://localhost/hook", True),
    ],
)
def test_addresses_that_may_be_entered(url, loopback):
    check_target(url, loopback=loopback)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://shop.example.com/", True),
        ("http://127.0.0.1/", False),
        ("https://localhost/", False),
        ("https://user@shop.example.com/", False),
        ("https://shop.example.com/#x", False),
        ("https://shop.example.com:x/", False),
        ("https://shop example.com/", False),
        ("https://shop.example.com\\@x/", False),
        ("https://магазин.example.com/", False),
        ("https://", False),
        ("file:///etc/passwd", False),
        ("//shop.example.com/", False),
        ("", False),
    ],
)
def test_addresses_that_may_not(url, loopback):
    with pytest.raises(TransientError):
        check_target(url, loopback=loopback)
