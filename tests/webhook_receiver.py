"""Another system's side of a web hook, written from ``docs/api.md`` alone: it shares no
code with what it receives from."""

import contextlib
import hashlib
import hmac
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A sender that goes away is no event here."""


class Receiver:
    """Takes messages on the loopback interface and answers as it is told.

    :ivar url: where it is called
    :ivar taken: every message, as a dict of ``headers``, ``body`` (bytes) and ``event``
        (what the body says), also those that were answered with an error
    :ivar script: what is done with the next messages: an HTTP status, a dict of
        ``status``, ``headers`` and ``delay``, or ``drop`` (the connection is closed
        without an answer); when it is empty, ``usual``
    """

    def __init__(self, usual=200):
        self.taken, self.script, self.usual = [], [], usual
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length") or 0)
                receiver._take(self, self.rfile.read(length))

            def log_message(self, *args):
                """Nothing is printed."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def _take(self, handler, body):
        with self._lock:
            self.taken.append(
                {
                    "headers": {k.lower(): v for k, v in handler.headers.items()},
                    "body": body,
                    "event": json.loads(body),
                    "path": handler.path,
                    "at": time.time(),
                }
            )
            answer = self.script.pop(0) if self.script else self.usual
        if answer == "drop":
            handler.close_connection = True
            with contextlib.suppress(OSError):
                handler.connection.shutdown(socket.SHUT_RDWR)
            return
        answer = {"status": answer} if isinstance(answer, int) else answer
        self.stopping.wait(answer.get("delay", 0))
        with contextlib.suppress(OSError):
            handler.send_response(answer["status"])
            for name, value in answer.get("headers", {}).items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

    def events(self):
        """Return what happened, in the order in which it was told."""
        return [one["event"]["event"] for one in self.taken]

    def stop(self):
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextlib.contextmanager
def receiving(**options):
    """Receive while the block runs."""
    receiver = Receiver(**options)
    try:
        yield receiver
    finally:
        receiver.stop()


def verify(headers, body, secret, now=None, tolerance=300):
    """Tell whether a message is signed with a secret, and not an old one."""
    parts = [part.split("=", 1) for part in headers["x-ereceipt-signature"].split(",")]
    stamp = next(value for name, value in parts if name == "t")
    if abs((now or time.time()) - int(stamp)) > tolerance:
        return False
    expected = hmac.new(
        secret.encode(), stamp.encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    return any(
        hmac.compare_digest(expected, value) for name, value in parts if name == "v1"
    )
