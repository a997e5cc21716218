"""Connections: kept alive, shared by threads, verified, and bounded in time.

A call is watched while it is under way. Whether its first byte was already handed to
the socket decides whether an error is harmless (nothing was sent) or ambiguous, and at
its deadline the socket is shut down under it, since the time-outs of a socket start
anew with every byte that a slow server sends.
"""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import requests.adapters
import requests.utils
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

OP_LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's name; Python's ``ssl`` knows it by name from 3.12 on only."""

_MOST_CONNECTIONS = 16


@contextmanager
def watched(seconds: float) -> Iterator[Watch]:
    """Watch what this thread sends; at the deadline its socket is shut down."""
    watch = Watch(seconds)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


class Watch:
    """One call under way in this thread (:func:`watched`).

    :ivar sent: the first byte of the request was handed to the socket
    :ivar expired: the deadline passed while the call was under way
    """

    def __init__(self, seconds: float) -> None:
        self.sent = False
        self.expired = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._done = False
        self._timer = threading.Timer(max(seconds, 0.001), self._expire)
        self._timer.daemon = True

    def start(self) -> None:
        """Begin to watch this thread."""
        _current.watch = self
        self._timer.start()

    def stop(self) -> None:
        """Leave the socket alone: it may be another call's from now on."""
        with self._lock:
            self._done = True
            self._socket = None
        self._timer.cancel()
        _current.watch = None

    def attend(self, sock: socket.socket | None) -> None:
        """Note the socket to shut down at the deadline.

        :raise TimeoutError: the deadline has passed
        """
        with self._lock:
            self._socket = sock
            if self.expired:
                raise TimeoutError("The call's time is over")

    def _expire(self) -> None:
        with self._lock:
            if self._done:
                return
            self.expired = True
            if self._socket is not None:
                try:
                    # Not SSLSocket.shutdown, which drops the encryption under a
                    # thread that is reading.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:  # closed already, which is what is wanted
                    self._socket = None


_current = threading.local()


class _Watched:
    """Mixed into urllib3's connections: tells the thread's watch what happens."""

    _connecting = False
    sock: socket.socket | None

    def connect(self) -> None:
        self._connecting = True
        try:
            return super().connect()  # type: ignore[misc,no-any-return]
        finally:
            self._connecting = False

    def send(self, data: Any) -> None:
        watch: Watch | None = getattr(_current, "watch", None)
        # A proxy's CONNECT is sent while connecting: that is not the request yet.
        if watch is not None and not self._connecting:
            if self.sock is None:
                self.connect()
            watch.attend(self.sock)
            watch.sent = True
        return super().send(data)  # type: ignore[misc,no-any-return]


class PlainConnection(_Watched, HTTPConnection):
    """A connection without encryption, watched."""


class SecureConnection(_Watched, HTTPSConnection):
    """A connection over TLS, watched."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = PlainConnection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = SecureConnection


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class Adapter(requests.adapters.HTTPAdapter):
    """A pool of watched connections with one TLS context. No retries, no redirects,
    no cookies, no ``.netrc``: those are a session's doing, and there is none.

    :cvar pools: classes of pools by scheme
    """

    pools: Mapping[str, type[HTTPConnectionPool]] = _POOLS

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(
            pool_connections=_MOST_CONNECTIONS, pool_maxsize=_MOST_CONNECTIONS
        )

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        made = super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self.pools
        return made

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        if not known:
            manager.pool_classes_by_scheme = self.pools
        return manager

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave verification to the context: it has the certificates loaded, which
        else would be read again for every connection."""
        conn.cert_reqs = "CERT_REQUIRED"


def tls_context(extra_ca: str = "", legacy: bool = False) -> ssl.SSLContext:
    """Return a context that verifies names and certificates.

    :param extra_ca: PEM certificates to trust besides the usual ones
    :param legacy: connect to servers that cannot renegotiate securely (RFC 5746)
    :raise ValueError: ``extra_ca`` holds no certificate
    """
    context = ssl.create_default_context()
    # The same with every Python: 3.13 would refuse the certificates of many a state's
    # own authority for what they lack of RFC 5280, and 3.12 an intermediate one that
    # an administrator chose to trust.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    bundle = (
        os.environ.get("REQUESTS_CA_BUNDLE")
        or os.environ.get("CURL_CA_BUNDLE")
        or requests.utils.DEFAULT_CA_BUNDLE_PATH
    )
    if os.path.isdir(bundle):
        context.load_verify_locations(capath=bundle)
    else:
        context.load_verify_locations(cafile=bundle)
    if extra_ca.strip():
        try:
            context.load_verify_locations(cadata=extra_ca)
        except (ssl.SSLError, ValueError) as exc:
            raise ValueError("The additional certificates are unusable.") from exc
    if legacy:
        context.options |= OP_LEGACY_SERVER_CONNECT
    return context


class Adapters:
    """The process's adapters, one per TLS context, made when first wanted."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all connections: a child process must not use its parent's."""
        self._lock = threading.Lock()
        self._adapters: dict[tuple[str, bool], Adapter] = {}

    def get(self, extra_ca: str = "", legacy: bool = False) -> Adapter:
        """Return the adapter for a TLS context.

        :raise ValueError: ``extra_ca`` holds no certificate
        """
        key = (extra_ca.strip(), legacy)
        with self._lock:
            if key not in self._adapters:
                self._adapters[key] = Adapter(tls_context(*key))
            return self._adapters[key]


ADAPTERS = Adapters()

if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=ADAPTERS.clear)


def proxies_for(url: str) -> Mapping[str, str]:
    """Return the proxies that the environment names for an address."""
    return requests.utils.get_environ_proxies(url, no_proxy=None)
