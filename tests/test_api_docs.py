import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import skipUnless

from odoo.tests import HttpCase, tagged

from ..fiscal import lifecycle
from ..models import ereceipt_api, ereceipt_api_list, ereceipt_api_references
from ..models.ereceipt_webhook import STATES
from .rpc_common import RpcKit
from .webhook_common import SECRET, WebhookCommon

PAGE = Path(__file__).parents[1] / "docs" / "api.md"
CURL = shutil.which("curl")
FENCE = "`" * 3


@tagged("post_install", "-at_install", "post_install_l10n")
class TestApiDocs(RpcKit, WebhookCommon, HttpCase):
    """The page for other systems says what is true: its examples are run as they stand,
    by the programs that they are for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.page = PAGE.read_text()

    def blocks(self, language):
        """Return the examples in a language."""
        fenced = rf"^{FENCE}{language}\n(.*?)^{FENCE}$"
        return re.findall(fenced, self.page, re.DOTALL | re.MULTILINE)

    def run_program(self, *command):
        """Run a program as another system would, against the test's server.

        :return: what it prints
        """
        environment = {
            "PATH": os.environ["PATH"],
            "ODOO": self.base_url(),
            "KEY": self.key(self.accountant),
            "DB": self.env.cr.dbname,
        }
        self.env.flush_all()
        with (
            tempfile.TemporaryDirectory() as folder,
            self.allow_requests(all_requests=True),
        ):
            done = subprocess.run(
                command,
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        self.env.invalidate_all()
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    # -------------------------------------------------------------------------
    # EXAMPLES
    # -------------------------------------------------------------------------

    @skipUnless(CURL, "curl is not installed")
    def test_examples_with_curl(self):
        ask, issue = self.blocks("bash")
        answer = json.loads(self.run_program("bash", "-c", ask))
        self.assertEqual(answer["results"][0]["error"]["code"], "not_found")
        move = self.invoice(post=False, ref="WEB-4711")
        answer = json.loads(self.run_program("bash", "-c", issue))
        [result] = answer["results"]
        self.assertEqual(result["document"]["state"], "queued", answer)
        self.assertEqual(move.state, "posted")
        self.assertTrue(json.loads(self.run_program("bash", "-c", issue))["repeated"])
        answer = json.loads(self.run_program("bash", "-c", ask))
        self.assertEqual(
            answer["results"][0]["document"]["id"], move.ereceipt_document_id.id
        )

    def test_example_of_a_program(self):
        program, _receiver = self.blocks("python")
        self.assertIn("not_found", self.run_program(sys.executable, "-c", program))
        move = self.invoice(post=False, ref="WEB-4711")
        # its key belongs to the call before, which found nothing to be issued
        program = program.replace("order-4711-first", "order-4711-second")
        printed = self.run_program(sys.executable, "-c", program)
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertIn(f"valid {move.ereceipt_uuid}", printed)
        self.assertIn("1 valid", printed)

    def test_example_of_a_receiver(self):
        _program, example = self.blocks("python")
        place = {}
        exec(example, place)  # noqa: S102 -- it is our own page
        is_genuine = place["is_genuine"]
        self.env["ereceipt.webhook.delivery"].sudo()._write_test(self.hook)
        self.run_hooks()
        [message] = self.receiver.taken
        signature = message["headers"]["x-ereceipt-signature"]
        self.assertTrue(is_genuine(signature, message["body"], SECRET))
        self.assertFalse(is_genuine(signature, message["body"] + b" ", SECRET))
        self.assertFalse(is_genuine(signature, message["body"], SECRET + "x"))
        old = time.time() - 400
        forged = f"t={int(old)},{signature.partition(',')[2]}"
        self.assertFalse(is_genuine(forged, message["body"], SECRET))
        for nonsense in ("", "t=,v1=", "v1=x", "t=x,v1=x", "t"):
            self.assertFalse(is_genuine(nonsense, message["body"], SECRET))

    # -------------------------------------------------------------------------
    # TABLES
    # -------------------------------------------------------------------------

    def words(self, heading):
        """Return what is written as code below a heading."""
        start = self.page.index(f"\n{heading}\n")
        end = self.page.find("\n## ", start + 4)
        return set(re.findall(r"`([a-z0-9_.]+)`", self.page[start:end]))

    def test_every_name_of_a_document_is_told(self):
        told = self.invoice().ereceipt_document_id._told_outside()[0]
        self.assertLessEqual(set(told), self.words("## A document"))
        self.assertLessEqual(set(lifecycle.STATES), self.words("## A document"))

    def test_every_event_is_told(self):
        self.assertLessEqual(set(STATES), self.words("## The message"))
        body = json.loads(
            self.env["ereceipt.webhook.delivery"]
            .sudo()
            .create(self.hook.sudo()._delivery_values("webhook.test"))
            .body
        )
        self.assertLessEqual(set(body), self.words("## The message"))

    def test_every_code_is_told(self):
        codes = set()
        for module in (ereceipt_api, ereceipt_api_list, ereceipt_api_references):
            text = Path(module.__file__).read_text()
            codes |= set(re.findall(r'(?:ItemError|ApiError)\(\s*"(\w+)"', text))
        self.assertGreaterEqual(len(codes), 9)
        self.assertLessEqual(codes, self.words("## Errors"))
