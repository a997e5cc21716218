import base64
from datetime import datetime, timezone

from odoo.tests import HttpCase, tagged

from ..dev.certificates import certifier, seal
from ..fiscal.signing import agent_messages as messages
from ..fiscal.signing.agent_documents import read_document
from ..fiscal.signing.agent_messages import HEADERS, Message
from ..fiscal.signing.agent_pairing import Exchange, agent_name, read_code
from ..fiscal.signing.agent_protocol import PAIR, POLL, RESULT, Job, Report, Result
from ..fiscal.signing.agent_protocol import encode as as_text
from ..fiscal.signing.cades import sign_detached
from ..fiscal.signing.software import SoftwareKey
from .invoice_common import EgInvoiceCommon


class Agent:
    """What a signing agent says, as its program does, over HTTP."""

    def __init__(self, case):
        self.case = case
        self.key = SoftwareKey.from_file(seal(issuer=certifier()).p12(), "secret")
        self.id = ""
        self.secret = b""

    def send(self, message):
        headers = dict(message.headers)
        answer = self.case.opener.post(
            f"{self.case.base_url()}{message.path}",
            data=message.body,
            headers=headers,
            timeout=60,
        )
        names = {name.lower() for name in HEADERS}
        told = {n.lower(): v for n, v in answer.headers.items() if n.lower() in names}
        return Message(str(answer.status_code), message.path, told, answer.content)

    def pair(self, code):
        pairing_id, key = read_code(code)
        exchange = Exchange()
        body = {
            "name": "Desk of the accountant",
            "public_key": as_text(exchange.public),
            "certificates": [as_text(der) for der in self.key.certificate_chain()],
        }
        asked = messages.request(
            PAIR, body, agent_name(pairing_id), key, datetime.now(timezone.utc)
        )
        answer = self.send(asked)
        if answer.method == "200":
            messages.verify_answer(answer, asked, key)
            told = answer.json()
            theirs = base64.b64decode(told["public_key"])
            self.id = told["agent"]
            self.secret = exchange.secret(theirs, key, exchange.public)
        return answer

    def ask(self, path, body):
        asked = messages.request(
            path, body, self.id, self.secret, datetime.now(timezone.utc)
        )
        return asked, self.send(asked)

    def poll(self, **report):
        chain = tuple(self.key.certificate_chain())
        _asked, answer = self.ask(
            POLL, Report(chain, formats=("eg_invoice",), **report).dump()
        )
        job = answer.json().get("job")
        return Job.load(job) if job else None

    def bring(self, job, signature=None):
        if signature is None:
            text = read_document(job.format, job.document).text
            signature = sign_detached(text, self.key, datetime.now(timezone.utc))
        _asked, answer = self.ask(RESULT, Result(job.id, job.lease, signature).dump())
        return answer.json()["status"]


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSigningAgent(EgInvoiceCommon, HttpCase):
    """Signing through an agent that calls Odoo."""

    def setUp(self):
        super().setUp()
        self.key = (
            self.env["ereceipt.signing.key"]
            .with_user(self.administrator)
            .create({"name": "Token of the accountant", "kind": "agent"})
        )
        self.invoicing.signing_key_id = self.key

    def code(self):
        return self.key.action_pair_agent()["context"]["ereceipt_pairing_code"]

    def paired(self):
        agent = Agent(self)
        self.assertEqual(agent.pair(self.code()).method, "200")
        self.env.invalidate_all()
        return agent

    def test_a_document_is_signed_by_an_agent(self):
        move = self.sell_to_business()
        self.assertIn("No agent is paired", move.ereceipt_what_now)
        agent = self.paired()
        job = agent.poll()
        self.assertEqual(job.document.decode(), move.ereceipt_document_id.content)
        self.assertIsNone(agent.poll(), "it is leased")
        self.assertEqual(agent.bring(job), "taken")
        self.env.invalidate_all()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertEqual(agent.bring(job), "already")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        self.assertEqual(self.key.tax_number, self.company.vat)
        self.assertEqual(self.key.agent_ids.name, "Desk of the accountant")

    def test_a_code_is_good_once(self):
        code = self.code()
        self.assertEqual(Agent(self).pair(code).method, "200")
        self.assertEqual(Agent(self).pair(code).method, "401")

    def test_who_is_not_paired_gets_nothing(self):
        self.sell_to_business()
        stranger = Agent(self)
        stranger.id, stranger.secret = "1", b"0" * 32
        _asked, answer = stranger.ask(POLL, Report(formats=("eg_invoice",)).dump())
        self.assertEqual(answer.method, "401")

    def test_a_request_that_is_repeated_is_refused(self):
        agent = self.paired()
        asked, first = agent.ask(POLL, Report(formats=("eg_invoice",)).dump())
        self.assertEqual(first.method, "200")
        self.assertEqual(agent.send(asked).method, "409")

    def test_a_signature_of_something_else_is_not_taken(self):
        move = self.sell_to_business()
        agent = self.paired()
        job = agent.poll()
        other = sign_detached(b"other", agent.key, datetime.now(timezone.utc))
        self.assertEqual(agent.bring(job, other), "wrong")
        self.env.invalidate_all()
        self.assertEqual(move.ereceipt_state, "to_sign")

    def test_two_agents_share_the_work(self):
        moves = self.sell_to_business() | self.sell_to_business()
        one, other = self.paired(), self.paired()
        jobs = [one.poll(), other.poll()]
        self.assertEqual(len({job.id for job in jobs}), 2)
        for agent, job in zip((one, other), jobs, strict=True):
            self.assertEqual(agent.bring(job), "taken")
        self.env.invalidate_all()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"queued"})

    def test_an_agent_that_is_forgotten_gets_nothing(self):
        self.sell_to_business()
        agent = self.paired()
        self.key.agent_ids.with_user(self.administrator).action_archive()
        self.env.flush_all()
        _asked, answer = agent.ask(POLL, Report(formats=("eg_invoice",)).dump())
        self.assertEqual(answer.method, "401")

    def test_the_certificate_of_another_company_is_not_taken(self):
        self.sell_to_business()
        agent = self.paired()
        agent.key = SoftwareKey.from_file(seal("stranger", "123456789").p12(), "secret")
        self.assertIsNone(agent.poll())
        self.env.invalidate_all()
        self.assertIn("123456789", self.key.agent_ids.problem)
