"""A threaded HTTP/1.1 server for a simulator, on a loopback address only.

``with running(app) as url:`` serves an application in a thread of this
process; ``python -m simulator`` uses the same class.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class NotLoopbackError(ValueError):
    """The host is not a loopback address."""


def check_loopback(host: str) -> str:
    """Return ``host`` when it is a loopback address.

    :raises NotLoopbackError: otherwise; a simulator has no real security and
        must not be reachable from other machines
    """
    if host == "localhost":
        return "127.0.0.1"
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).is_loopback:
            return host
    raise NotLoopbackError(
        f"The simulator serves loopback addresses only; {host!r} is none. "
        "Use 127.0.0.1 or ::1."
    )


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; with Nagle's algorithm every answer
    # on a kept connection would wait 40 ms for the client's delayed ACK.
    disable_nagle_algorithm = True

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            # here and not at accept: a client that never finishes its
            # handshake would otherwise hold everyone else back
            self.request.settimeout(10)
            self.request.do_handshake()
            self.request.settimeout(None)
        super().setup()

    def version_string(self) -> str:
        return "simulator"

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The application's time, where it has a clock of its own."""
        clock = getattr(self.server.app, "clock", None)
        if timestamp is None and clock is not None:
            timestamp = clock.time()
        return super().date_time_string(timestamp)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Requests are counted by the application, not printed."""


class _Server(ThreadedWSGIServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        host: str,
        port: int,
        app: WSGIApplication,
        tls: ssl.SSLContext | None,
    ) -> None:
        super().__init__(host, port, app, _Handler)
        self._tls = tls
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        if tls:
            self.ssl_context = tls  # the application sees https

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = self.socket.accept()
        if self._tls:
            connection = self._tls.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
        with self._lock:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End kept connections, so that a stopped server is really gone."""
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no event here."""


class SimulatorServer:
    """Serves ``app`` at :attr:`url` between :meth:`start` and :meth:`stop`."""

    def __init__(
        self,
        app: WSGIApplication,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: tuple[str, str] | None = None,
    ) -> None:
        """Bind the address; ``port`` 0 takes a free one.

        :param tls: certificate chain and key, paths of PEM files
        :raises NotLoopbackError: when ``host`` is not a loopback address
        :raises OSError: when the port is taken
        """
        self.app = app
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
        self._server = _Server(check_loopback(host), port, app, context)
        self._thread: threading.Thread | None = None
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{shown}:{self._server.server_port}"

    def start(self) -> SimulatorServer:
        """Serve in a thread of this process."""
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.01},
            name="simulator",
            daemon=True,
        )
        self._thread.start()
        return self

    def serve(self) -> None:
        """Serve in this thread until :meth:`stop` is called from another."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Stop accepting, end open connections, free the port."""
        stopping = getattr(self.app, "stopping", None)
        if stopping is not None:
            stopping.set()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        if self._thread:
            self._thread.join(timeout=5)


@contextlib.contextmanager
def running(app: WSGIApplication, **options: Any) -> Iterator[str]:
    """Serve ``app`` while the block runs; gives its address.

    ``options`` are those of :class:`SimulatorServer`.
    """
    server = SimulatorServer(app, **options).start()
    try:
        yield server.url
    finally:
        server.stop()
