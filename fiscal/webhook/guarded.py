"""Connections that are made only to addresses that a policy allows."""

from __future__ import annotations

import os
import socket
import threading
from typing import Any

import urllib3.exceptions
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ..transport.pool import Adapter, PlainConnection, SecureConnection, tls_context
from .addresses import Policy

_MOST_ADAPTERS = 8


class _Guarded:
    """Mixed into a connection: what was looked at is what is connected to, so that a
    name which resolves otherwise the second time gains nothing."""

    policy: Policy
    port: int
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        failure: Exception | None = None
        try:
            for address in self.policy.addresses(name, self.port):
                self._dns_host = address
                try:
                    made: socket.socket = super()._new_conn()  # type: ignore[misc]
                    return made
                except (OSError, urllib3.exceptions.HTTPError) as exc:
                    failure = exc
        finally:
            # the certificate is the name's
            self._dns_host = name
        raise failure or OSError("no address")


def _pools(policy: Policy) -> dict[str, type[HTTPConnectionPool]]:
    made: dict[str, type[HTTPConnectionPool]] = {}
    for scheme, pool, connection in (
        ("http", HTTPConnectionPool, PlainConnection),
        ("https", HTTPSConnectionPool, SecureConnection),
    ):
        guarded = type("Guarded", (_Guarded, connection), {"policy": policy})
        made[scheme] = type("GuardedPool", (pool,), {"ConnectionCls": guarded})
    return made


class GuardedAdapter(Adapter):
    """An adapter whose connections a policy allows. Its kept connections are its own,
    so that none is used that another policy has allowed."""

    def __init__(self, policy: Policy, **kwargs: Any) -> None:
        self.pools = _pools(policy)
        super().__init__(tls_context(), **kwargs)


class _Adapters:
    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all connections: a child process must not use its parent's."""
        self._lock = threading.Lock()
        self._adapters: dict[Policy, GuardedAdapter] = {}

    def get(self, policy: Policy) -> GuardedAdapter:
        with self._lock:
            if policy not in self._adapters:
                if len(self._adapters) >= _MOST_ADAPTERS:
                    self._adapters.clear()
                self._adapters[policy] = GuardedAdapter(policy)
            return self._adapters[policy]


ADAPTERS = _Adapters()

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=ADAPTERS.clear)
