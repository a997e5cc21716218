import contextlib
import hashlib
import socket
import ssl
import tempfile
import threading
import time
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from odoo.tests import tagged

from ..dev.certificates import Certified, rsa_key
from ..models import ereceipt_signing_agent
from .common import EreceiptCommon


@contextlib.contextmanager
def listening(answers=True):
    """Listen on the loopback interface and yield the port.

    :param answers: shake hands as a TLS server; otherwise say nothing
    """
    context = _context() if answers else None
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, context, over))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            over.set()
            thread.join()


def _context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "server.pem")
        served = Certified.make("server")
        file.write_bytes(served.key_pem() + served.pem)
        context.load_cert_chain(file)
    return context


def _serve(server, context, over):
    taken = []
    while not over.is_set():
        try:
            connection, _address = server.accept()
        except TimeoutError:
            continue
        if context:
            connection.settimeout(5)
            connection = context.wrap_socket(connection, server_side=True)
        taken.append(connection)
    for connection in taken:
        connection.close()


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSigningPairing(EreceiptCommon):
    """The dialog with the code shows what the agent is going to show as well."""

    def pair(self, address):
        """Have the code shown by a server with this address, and return the dialog."""
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("web.base.url", address)
        keys = self.env["ereceipt.signing.key"].with_user(self.administrator)
        self.key = keys.create({"name": "Desk", "kind": "agent"})
        action = self.key.action_pair_agent()
        wizard = self.env[action["res_model"]].with_user(self.administrator)
        wizard = wizard.with_context(**action["context"]).browse(action["res_id"])
        self.assertTrue(wizard.code, "nothing stands in the way of pairing")
        self.assertTrue(self.key.pairing_ref)
        return wizard

    def test_the_fingerprint_is_that_of_the_servers_key(self):
        with listening() as port:
            wizard = self.pair(f"https://127.0.0.1:{port}")
        public = rsa_key("server").public_key()
        digest = hashlib.sha256(
            public.public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo,
            )
        ).hexdigest()
        self.assertEqual(wizard.fingerprint.replace("-", "").lower(), digest)
        self.assertRegex(wizard.fingerprint, "^[0-9A-F]{4}(-[0-9A-F]{4}){15}$")
        self.assertFalse(wizard.fingerprint_problem)
        arch = wizard.get_view()["arch"]
        self.assertIn('name="fingerprint"', arch)

    def test_without_https_it_is_said_that_no_agent_can_come(self):
        wizard = self.pair("http://127.0.0.1:8069")
        self.assertFalse(wizard.fingerprint)
        self.assertIn("http://127.0.0.1:8069", wizard.fingerprint_problem)
        self.assertIn("web.base.url", wizard.fingerprint_problem)

    def test_a_server_that_cannot_see_itself_says_so(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        wizard = self.pair(f"https://127.0.0.1:{port}")
        self.assertFalse(wizard.fingerprint)
        self.assertIn("cannot see its own certificate", wizard.fingerprint_problem)

    def test_nobody_waits_for_long(self):
        self.patch(ereceipt_signing_agent, "OWN_SECONDS", 0.5)
        with listening(answers=False) as port:
            begun = time.monotonic()
            wizard = self.pair(f"https://127.0.0.1:{port}")
        self.assertLess(time.monotonic() - begun, 3)
        self.assertTrue(wizard.fingerprint_problem)
