"""A client with a record of its calls, and servers and keys to try it with."""

from __future__ import annotations

import os
import socket
import ssl
import time
from datetime import datetime, timedelta, timezone

from crooked_server import crooked
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fiscal.contract import Connection, Exchange
from fiscal.transport import Answer, Call, HttpClient

BODY = b'{"a":1}'


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


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def stall(peer):
    time.sleep(3)


def close(peer):
    peer.close()


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
