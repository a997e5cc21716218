"""Where messages to other systems may go.

An administrator of the add-on chooses the address, and is not for that reason somebody
who may call what stands in the server's own network. So a name is resolved here, the
connection goes to one of the very addresses that were looked at, and redirects are not
followed (:mod:`.calling`).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from ..contract import TransientError
from ..messages import Sentence, _
from ..transport import is_loopback

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NAT64 = ip_network("64:ff9b::/96")


class ForbiddenAddress(OSError):
    """A name leads only to addresses to which nothing is sent.

    :ivar address: one of them
    """

    def __init__(self, address: str) -> None:
        super().__init__(f"{address} is not a public address")
        self.address = address


@dataclass(frozen=True, slots=True)
class Policy:
    """Which addresses may be called besides public ones.

    :ivar networks: private networks that the server's administrator allows
    :ivar loopback: this machine, for a receiver on trial
    """

    networks: tuple[Network, ...] = ()
    loopback: bool = False

    def allows(self, text: str) -> bool:
        """Tell whether an IP address may be called."""
        # the zone of a link-local one says nothing about who may be called
        address = ip_address(text.partition("%")[0])
        if any(address in network for network in self.networks):
            return True
        if address.is_loopback:
            return self.loopback
        return all(
            one.is_global and not one.is_multicast
            for one in (address, *_inner(address))
        )

    def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be called, in their order.

        :raise OSError: it has none at all
        :raise ForbiddenAddress: it has none that may be called
        """
        found = [
            str(info[4][0])
            for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        ]
        allowed = [address for address in dict.fromkeys(found) if self.allows(address)]
        if not allowed:
            raise ForbiddenAddress(found[0])
        return allowed


def _inner(address: Address) -> Iterator[Address]:
    """Yield the IPv4 addresses that an IPv6 one stands for, or leads to."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the networks that a text names, divided by commas: ``10.1.0.0/16``, or one
    address.

    :raise ValueError: it names something else
    """
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def check_target(url: str, *, loopback: bool) -> None:
    """Raise for an address that cannot be a receiver's.

    :param loopback: whether one on this machine may be, without encryption too
    :raise TransientError: says what is wrong
    """
    try:
        if "\\" in url or not url.isascii() or not url.isprintable() or " " in url:
            raise ValueError(url)
        parts = urlsplit(url)
        _port = parts.port  # raises for one that is no number
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError(url)
        if parts.username is not None or parts.fragment:
            raise ValueError(url)
    except ValueError:
        raise TransientError(
            Sentence(
                _(
                    "“%(address)s” is not an address that can be called. Write it as"
                    " https://host/path, without a user, a password or a #."
                ),
                address=url,
            )
        ) from None
    local = is_loopback(parts.hostname)
    if local and not loopback:
        raise TransientError(
            Sentence(
                _(
                    "%(host)s is this server itself. Such a receiver is called for the"
                    " test environment only."
                ),
                host=parts.hostname,
            )
        )
    if parts.scheme != "https" and not local:
        raise TransientError(
            Sentence(
                _(
                    "%(host)s would be called without encryption. The address has to"
                    " begin with https://."
                ),
                host=parts.hostname,
            )
        )
