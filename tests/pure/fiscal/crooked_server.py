"""A server on raw sockets that misbehaves as told: one script per connection."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Script = Callable[[socket.socket], None]


@dataclass
class CrookedServer:
    """Serves connections with one script each, the last one for all that follow.

    :ivar requests: every request's bytes that scripts read with :func:`read_request`
    """

    scripts: list[Script]
    context: ssl.SSLContext | None = None
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        # A name, since urllib3 1.26 cannot verify an address.
        self.secure_url = f"https://localhost:{self.port}"
        self.url = self.secure_url if self.context else f"http://127.0.0.1:{self.port}"
        self._closing = False
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                peer, _address = self._socket.accept()
            except OSError:
                return
            script = self.scripts[min(self.connections, len(self.scripts) - 1)]
            self.connections += 1
            threading.Thread(
                target=self._serve, args=(peer, script), daemon=True
            ).start()

    def _serve(self, peer: socket.socket, script: Script) -> None:
        with contextlib.suppress(OSError), peer:
            if self.context is not None:
                peer = self.context.wrap_socket(peer, server_side=True)
            with peer:
                script(peer)

    def close(self) -> None:
        """Accept nothing more. Closing alone does not wake a thread that accepts: it
        would go on, and take the connections of whoever gets the descriptor next."""
        self._closing = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)
        self._socket.close()

    def read_request(self, peer: socket.socket) -> bytes:
        """Read one request with its body and keep it."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = peer.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _end, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        while len(body) < length:
            body += peer.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]


@contextlib.contextmanager
def crooked(*scripts: Script, **options: object) -> Iterator[CrookedServer]:
    """Run a server with the given scripts."""
    server = CrookedServer(list(scripts), **options)  # type: ignore[arg-type]
    try:
        yield server
    finally:
        server.close()


def response(
    body: bytes = b"{}",
    status: str = "200 OK",
    media_type: str = "application/json",
    headers: str = "",
) -> bytes:
    """An answer as it stands on the wire."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n{headers}\r\n"
    )
    return head.encode() + body


def reset(peer: socket.socket) -> None:
    """Break the connection off with a reset."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    peer.close()
