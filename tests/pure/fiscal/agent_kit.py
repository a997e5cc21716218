"""A tiny Odoo for signing agents: rows in memory, HTTPS, and agents as processes."""

from __future__ import annotations

import json
import os
import queue
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from signing_kit import DOCUMENT, make, rsa_key, seal
from werkzeug.serving import WSGIRequestHandler, make_server

from fiscal.signing import agent_messages, agent_pairing
from fiscal.signing.agent import config as agent_config
from fiscal.signing.agent.link import pin_of
from fiscal.signing.agent.log import NAME, SigningLog
from fiscal.signing.agent_desk import Agent, AgentDesk, JobState
from fiscal.signing.agent_messages import Message

ROOT = Path(__file__).parents[3]
ISSUER = "113317713"
"""Who issued the published invoice."""


def issuer_seal(**options):
    """The certificate of that issuer."""
    return seal("Issuer Company", f"VATEG-{ISSUER}", **options)


def invoice(number="IID1", issuer=ISSUER):
    text = DOCUMENT.replace(b'"IID1"', f'"{number}"'.encode())
    return text.replace(ISSUER.encode(), issuer.encode())


class MemoryStore:
    """Rows in memory, and one transaction at a time."""

    def __init__(self):
        self.lock = threading.RLock()
        self.pairings = {}
        self.agents = {}
        self.nonces = set()
        self.jobs = {}
        self.reports = []
        self.paired_certificates = ()

    # -- what a test does ----------------------------------------------------------

    def add_job(self, job_id="1", document=None, registration="egypt", **options):
        document = invoice() if document is None else document
        now = options.pop("created_at", datetime.now(timezone.utc))
        self.jobs[job_id] = JobState(
            job_id, registration, "eg_invoice", document, now, **options
        )

    def start_pairing(self, now=None, registration="egypt"):
        moment = now or datetime.now(timezone.utc)
        code, pairing = agent_pairing.start_pairing(registration, moment)
        self.pairings[pairing.id] = pairing
        return code

    def add_agent(self, agent_id="a1", registration="egypt", rin=ISSUER):
        agent = Agent(agent_id, "desk", registration, os.urandom(32), rin, "Company")
        self.agents[agent_id] = agent
        return agent

    # -- Store ---------------------------------------------------------------------

    def pairing(self, pairing_id):
        return self.pairings.get(pairing_id)

    def put_pairing(self, pairing):
        self.pairings[pairing.id] = pairing

    def new_agent(self, pairing, name, certificates):
        del self.pairings[pairing.id]
        self.paired_certificates = certificates
        agent_id = f"agent-{len(self.agents) + 1}"
        return Agent(agent_id, name, pairing.registration, b"", ISSUER, "Company")

    def put_secret(self, agent):
        self.agents[agent.id] = agent

    def agent(self, agent_id):
        return self.agents.get(agent_id)

    def is_new(self, agent, nonce, until):
        known = (agent.id, nonce) in self.nonces
        self.nonces.add((agent.id, nonce))
        return not known

    def seen(self, agent, report, problems, now):
        self.reports.append((agent.id, report, problems))

    def waiting(self, agent):
        return [job.id for job in self.jobs.values() if not job.signature]

    def take(self, job_id, *, wait):
        return self.jobs.get(job_id)

    def put(self, job):
        self.jobs[job.id] = job


class Clock:
    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        return datetime.fromtimestamp(time.time() + self.ahead, timezone.utc)


def own_port():
    """Return a free port that can be given up and had again: it is none of those that
    the system gives to connections of other programs in between."""
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for port in random.sample(range(lowest - 10_000, lowest), 50):
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)):
                return port
    raise OSError("There is no free port.")


class OdooServer:
    """Serves a desk over HTTPS on the loopback address.

    :ivar tamper: changes answers before they leave: ``tamper(asked, answer)``
    :ivar asked: all requests that came
    """

    def __init__(self, folder, name="server"):
        self.folder = folder
        self.store = MemoryStore()
        self.clock = Clock()
        self.desk = AgentDesk(self.store, self.clock)
        self.tamper = lambda asked, answer: answer
        self.asked: list[Message] = []
        self.longest_wait = 1.0
        self._server = None
        self.port = own_port()
        self.start(name)

    @property
    def url(self):
        return f"https://127.0.0.1:{self.port}"

    def start(self, name="server", certificate="1"):
        """Serve with the key of that name and a new certificate."""
        made = make("localhost", key=rsa_key(name), key_usage=None)
        path = self.folder / f"{name}-{certificate}.pem"
        path.write_bytes(made.key_pem() + made.pem)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        self.pin = pin_of(made.der)
        self._server = make_server(
            "127.0.0.1",
            self.port,
            self._app,
            threaded=True,
            ssl_context=context,
            request_handler=_Quiet,
        )
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _app(self, environ, start_response):
        headers = {
            name[5:].replace("_", "-").lower(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        asked = Message(environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, body)
        self.asked.append(asked)
        deadline = time.monotonic() + self.longest_wait

        def wait():
            # A transaction ends, another begins.
            self.store.lock.release()
            time.sleep(0.05)
            self.store.lock.acquire()
            return time.monotonic() < deadline

        with self.store.lock:
            answer = self.desk.handle(asked, wait)
        answer = self.tamper(asked, answer)
        if answer is None:
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<html>proxy</html>"]
        start_response(f"{answer.method} x", list(answer.headers.items()))
        return [answer.body]


class _Quiet(WSGIRequestHandler):
    def log(self, type, message, *args):
        return


class AgentProcess:
    """``python -m fiscal.signing.agent`` in a folder of its own."""

    def __init__(self, folder, *arguments, env=None):
        command = [sys.executable, "-m", "fiscal.signing.agent", arguments[0]]
        command += ["--folder", str(folder), *map(str, arguments[1:])]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})},
        )
        self.output = ""
        self._pieces = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while piece := self._process.stdout.read(1):
            self._pieces.put(piece)
        self._pieces.put(None)

    def type(self, text):
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def wait_for(self, text, seconds=60):
        """Return when it has said so, from where the last call ended."""
        deadline = time.monotonic() + seconds
        seen = ""
        while text not in seen:
            piece = self._pieces.get(timeout=max(deadline - time.monotonic(), 0.01))
            if piece is None:
                raise AssertionError(f"{text!r} was never said: {self.output}")
            seen += piece
            self.output += piece
        return seen

    def kill(self):
        self._process.kill()
        self._process.wait(30)

    def terminate(self):
        self._process.terminate()
        return self.end()

    def end(self, *, close=False, seconds=60):
        """Wait until it ends by itself, and return its exit status."""
        if close:
            self._process.stdin.close()
        status = self._process.wait(seconds)
        while (piece := self._pieces.get(timeout=30)) is not None:
            self.output += piece
        return status


@contextmanager
def running(folder, *arguments, env=None):
    process = AgentProcess(folder, *arguments, env=env)
    try:
        yield process
    finally:
        process.kill()


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def key_file(folder, made=None, password=b"secret"):
    path = folder / "key.p12"
    path.write_bytes((made or issuer_seal()).p12(password))
    return path


def request(path, body, agent, now=None):
    """A request as the agent would send it."""
    moment = now or datetime.now(timezone.utc)
    return agent_messages.request(path, body, agent.id, agent.secret, moment)


def changed(message, **values):
    return replace(message, **values)


def pair_with_file(odoo, folder, made=None, code=None, password="secret"):
    """Pair an agent that uses a key file; return its exit status and what it said."""
    path = key_file(folder.parent, made)
    arguments = ["pair", odoo.url, "--file", path, "--server-key", odoo.pin]
    agent = AgentProcess(
        folder, *arguments, "--code", code or odoo.store.start_pairing()
    )
    agent.type(password)
    return agent.end(), agent.output


def paired_before(odoo, folder, **key):
    """What pairing leaves behind, without the process that does it."""
    agent = odoo.store.add_agent(f"agent-{len(odoo.store.agents) + 1}")
    place = agent_config.KeyPlace(**key)
    values = {"registration": "Company", "rin": ISSUER, "key": place}
    config = agent_config.Config(odoo.url, odoo.pin, agent.id, agent.secret, **values)
    agent_config.save(folder, config)
    log = SigningLog(folder)
    log.add("paired")
    log.close()
    return folder


def lines(folder):
    """What an agent logged."""
    return [json.loads(line) for line in (folder / NAME).read_text().splitlines()]


def events(folder):
    """What happened, as an agent logged it."""
    return [line["event"] for line in lines(folder)]


def unlocked(folder, *arguments, secret="secret"):
    """An agent that runs and was told its password."""
    manager = running(folder, "run", *arguments)
    agent = manager.__enter__()
    agent.type(secret)
    return manager, agent
