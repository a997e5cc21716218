import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from queue import Empty, Queue
from unittest.mock import patch
from urllib.parse import unquote_plus, urlencode

from werkzeug.wrappers import Request, Response

from odoo import fields
from odoo.tests import HttpCase, tagged

from ..models import ereceipt_callback
from ..models.ereceipt_callback import HINT_PAUSE
from ..simulator.cn_nuonuo.callbacks import FORGED_NUMBER
from ..simulator.server import running
from .cn_common import CnNuonuoCommon

TAKEN, NOT_TAKEN = "0000", "9999"
PATIENCE = 30
FORM = "application/x-www-form-urlencoded;charset=UTF-8"
REFUSAL = b'{"status":"9999"}'


@dataclass
class Call:
    """A call-back on its way, and the answer that goes back to the provider."""

    path: str
    media_type: str
    body: bytes
    answer: Queue = field(default_factory=Queue)


class Relay:
    """Stands before Odoo, whose server answers nobody but the test while one runs: the
    provider calls here, the test calls Odoo with the same bytes, and the provider gets
    what Odoo answered. What no test waits for any more is refused for good.
    """

    def __init__(self):
        self.calls = Queue()

    def __call__(self, environ, start_response):
        request = Request(environ)
        calls = self.calls
        call = Call(request.path, request.content_type, request.get_data())
        calls.put(call)
        status, body = 200, REFUSAL
        while self.calls is calls:
            with suppress(Empty):
                status, body = call.answer.get(timeout=0.05)
                break
        answer = Response(body, status, content_type="application/json")
        return answer(environ, start_response)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCnCallback(CnNuonuoCommon, HttpCase):
    """Nuonuo calls, and so may anybody: a document is asked about, and no more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.relay = Relay()
        url = cls.enterClassContext(running(cls.relay))
        cls.env["ir.config_parameter"].set_param("web.base.url", url)
        cls.registration.action_open_for_callbacks()
        cls.path = cls.registration.sudo().callback_path

    def setUp(self):
        super().setUp()
        self.relay.calls = Queue()
        self.control.settings(callback_timeout=PATIENCE)

    # -------------------------------------------------------------------------
    # CALLING
    # -------------------------------------------------------------------------

    def post(self, body, path=None, media_type=FORM):
        """Call Odoo as a provider does."""
        url = f"{self.base_url()}/ereceipt/cn/{path or self.path}"
        answer = self.opener.post(
            url, data=body, headers={"Content-Type": media_type}, timeout=PATIENCE
        )
        self.env.invalidate_all()
        return answer

    def pass_on(self):
        """Wait for the provider's next call, and give it Odoo's answer.

        :return: what the provider told, as text, and what Odoo answered it
        """
        call = self.relay.calls.get(timeout=PATIENCE)
        path = call.path.rpartition("/")[2]
        answer = self.post(call.body, path, call.media_type)
        call.answer.put((answer.status_code, answer.content))
        return unquote_plus(call.body.decode()), answer.json()["status"]

    def tell(self, document, **changes):
        """Tell of a document whatever ``changes`` say; return the status answered."""
        content = {
            "c_status": "1",
            "c_orderno": document.authority_ids["order"],
            "c_fpqqlsh": document.authority_ids["serial"],
            **changes,
        }
        form = {"operater": "callback", "content": json.dumps(content)}
        answer = self.post(urlencode({**form, "orderno": content["c_orderno"]}))
        self.assertEqual(answer.status_code, 200)
        return answer.json()["status"]

    def submitted(self, pending=True, **values):
        """Return a document that the provider has, and that it is not time to ask
        about.

        :param bool pending: the bureau takes its time
        """
        if pending:
            self.control.settings(issue_seconds=3600)
        move = self.invoice(**values)
        self.run_outbox(rounds=1, waiting=False)
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.state, "submitted")
        now = fields.Datetime.now()
        document.write(
            {
                "next_attempt_at": now + timedelta(days=1),
                # so long ago that it is asked about seldom
                "submitted_at": now - timedelta(days=1),
            }
        )
        return document

    def run_due(self):
        """Let the jobs do what is due by itself."""
        self.run_outbox(rounds=1, waiting=False)

    def queries(self):
        counts = self.control.requests(1)["counts"]
        return counts.get("queryInvoiceResult", 0)

    def assert_due(self, document):
        self.assertLessEqual(document.next_attempt_at, fields.Datetime.now())

    def assert_not_due(self, document):
        self.assertGreater(document.next_attempt_at, fields.Datetime.now())

    def assert_issued_once(self, document):
        self.assertEqual(document.state, "valid", document.problems)
        [order] = self.orders()
        self.assertEqual(order["handed_over"], 1)
        self.assertEqual(order["numbers"], [document.authority_uid])

    # -------------------------------------------------------------------------
    # TRUE ONES
    # -------------------------------------------------------------------------

    def test_an_issued_fapiao_is_told_and_asked_about(self):
        document = self.submitted(pending=False)
        told, answered = self.pass_on()
        self.assertIn(f"orderno={document.authority_ids['order']}", told)
        self.assertEqual(answered, TAKEN)
        self.assertEqual(document.state, "submitted", "a hint decides nothing")
        self.assert_due(document)
        self.run_due()
        self.assert_issued_once(document)
        self.assertEqual(self.queries(), 1)
        [kept] = self.env["ereceipt.callback"].search([])
        self.assertEqual((kept.topic, kept.document_count), ("fapiao", 1))

    def test_one_that_comes_twice_is_taken_once(self):
        self.control.fault("callback", "callback_doubled")
        document = self.submitted(pending=False)
        self.assertEqual([self.pass_on()[1], self.pass_on()[1]], [TAKEN, TAKEN])
        self.run_due()
        self.assert_issued_once(document)
        self.assertEqual(self.queries(), 1)
        self.assertEqual(self.env["ereceipt.callback"].search_count([]), 1)

    def test_a_late_one_changes_nothing(self):
        self.control.fault("callback", "callback_late", seconds=0.5)
        document = self.submitted(pending=False)
        self.run_outbox(rounds=1)
        self.assert_issued_once(document)
        before = self.queries()
        self.assertEqual(self.pass_on()[1], TAKEN)
        self.run_due()
        self.assert_issued_once(document)
        self.assertLessEqual(self.queries(), before + 1)

    def test_a_lost_one_is_not_missed(self):
        self.control.fault("callback", "callback_lost")
        document = self.submitted(pending=False)
        self.run_outbox(rounds=1)
        self.assert_issued_once(document)
        self.assertTrue(self.relay.calls.empty())

    def test_a_failure_is_told(self):
        company = {"tax_number": self.company.vat, "tell_failures": True}
        self.control.register(companies=[company])
        self.control.fault("issue", "issue_fails", message="购方税号有误")
        document = self.submitted(pending=False)
        self.assertEqual(self.pass_on()[1], TAKEN)
        self.assertEqual(document.state, "submitted")
        self.run_due()
        self.assertEqual(document.state, "invalid")
        self.assertIn("购方税号有误", str(document.problems))

    def test_news_in_the_wrong_order(self):
        """That it failed is told after that it was issued."""
        document = self.submitted(pending=False)
        self.pass_on()
        self.run_due()
        number = document.authority_uid
        failed = {"c_status": "2", "c_errorMessage": "开票失败"}
        self.assertEqual(self.tell(document, **failed), TAKEN)
        self.run_outbox(rounds=1)
        self.assert_issued_once(document)
        self.assertEqual(document.authority_uid, number)

    def test_a_red_letters_request_is_told(self):
        for form in ("json", "form"):
            with self.subTest(form):
                self.control.settings(red_confirm_callback=form, issue_seconds=0)
                move = self.invoice()
                self.run_outbox()
                self.control.settings(issue_seconds=3600)
                red = self.reversal(move).ereceipt_document_id.sudo()
                self.run_outbox(rounds=1, waiting=False)
                red.next_attempt_at = fields.Datetime.now() + timedelta(days=1)
                told = ""
                while red.authority_ids["bill_id"] not in told:
                    told, answered = self.pass_on()
                    self.assertEqual(answered, TAKEN)
                self.assert_due(red)
                last = self.env["ereceipt.callback"].search([], limit=1)
                self.assertEqual((last.topic, last.document_count), ("red", 1))

    # -------------------------------------------------------------------------
    # FORGED ONES
    # -------------------------------------------------------------------------

    def test_a_forged_number_is_not_believed(self):
        self.control.fault("callback", "callback_forged")
        document = self.submitted()
        told, answered = self.pass_on()
        self.assertIn(FORGED_NUMBER, told)
        self.assertEqual(answered, TAKEN)
        self.run_due()
        self.assertEqual(document.state, "submitted")
        self.assertFalse(document.authority_uid)
        self.control.settle()
        self.pass_on()
        self.run_outbox(rounds=1)
        self.assert_issued_once(document)
        self.assertNotEqual(document.authority_uid, FORGED_NUMBER)

    def test_wrong_amounts_are_not_looked_at(self):
        document = self.submitted()
        self.control.settle()
        self.pass_on()
        wrong = {"c_bhsje": "1.00", "c_hjse": "-5.00"}
        self.assertEqual(self.tell(document, **wrong), TAKEN)
        self.run_due()
        self.assert_issued_once(document)
        self.assertEqual(self.queries(), 1)
        self.assertFalse(document.move_id.sudo().activity_ids)

    def test_what_is_nobodys_order_is_nothing(self):
        document = self.submitted()
        for order in ("S-UNKNOWN-1", "INV-1-AAAAAAAAA"):
            self.assertEqual(self.tell(document, c_orderno=order), TAKEN)
        self.assert_not_due(document)
        counts = self.env["ereceipt.callback"].search([]).mapped("document_count")
        self.assertEqual(counts, [0, 0])

    def test_another_company_is_not_told_of(self):
        document = self.submitted()
        seller = "91310000MA1FL0009X"
        self.assertEqual(self.tell(document, c_saletaxnum=seller), NOT_TAKEN)
        company = self.env["res.company"].create({"name": "别的公司", "vat": seller})
        other = self.env["ereceipt.registration"].sudo()
        other = other.create({"company_id": company.id, "authority": "cn_nuonuo"})
        other.action_open_for_callbacks()
        form = {"orderno": document.authority_ids["order"]}
        self.assertEqual(
            self.post(urlencode(form), other.callback_path).json()["status"], TAKEN
        )
        self.assert_not_due(document)
        [kept] = self.env["ereceipt.callback"].sudo().search([])
        self.assertEqual((kept.company_id, kept.document_count), (company, 0))

    def test_many_hints_cost_one_question(self):
        document = self.submitted()
        for number in range(20):
            self.assertEqual(self.tell(document, c_bhsje=f"{number}.00"), TAKEN)
        self.run_due()
        self.run_due()
        self.assertEqual(self.queries(), 1)
        for number in range(20):
            self.tell(document, c_hjse=f"{number}.00")
        self.run_due()
        self.assertEqual(self.queries(), 1)
        soonest = document.next_attempt_at - fields.Datetime.now()
        self.assertLessEqual(soonest, HINT_PAUSE, "what was told last is not forgotten")
        self.control.settle()
        self.run_outbox(rounds=1)
        self.assert_issued_once(document)

    def test_a_hint_while_it_is_asked_about_is_not_forgotten(self):
        document = self.submitted()
        document.lease_token = "somebody's"
        at = document.next_attempt_at
        self.assertEqual(self.tell(document), TAKEN)
        self.assertEqual(document.next_attempt_at, at, "one asks already")
        document.write(
            {
                "lease_token": False,
                "next_attempt_at": fields.Datetime.now(),
            }
        )
        self.run_due()
        self.assertEqual(document.state, "submitted")
        self.assertEqual(document.next_attempt_at, document.hinted_at)

    def test_too_many_are_told_to_come_again(self):
        document = self.submitted()
        with patch.object(ereceipt_callback, "MOST_A_MINUTE", 2):
            self.tell(document, c_bhsje="1.00")
            self.tell(document, c_bhsje="2.00")
            form = {"orderno": document.authority_ids["order"]}
            self.assertEqual(self.post(urlencode(form)).status_code, 429)
        self.assertEqual(self.env["ereceipt.callback"].search_count([]), 2)

    # -------------------------------------------------------------------------
    # WHAT IS NO CALL-BACK
    # -------------------------------------------------------------------------

    def test_what_is_not_understood_is_not_taken(self):
        for body, media_type in (
            (b"", FORM),
            (b"%%%", FORM),
            (b"operater=callback", FORM),
            (b"operater=callback&content={", FORM),
            (b"operater=callback&orderno=" + b"A" * 200, FORM),
            (b"{", "application/json"),
            (b"[]", "application/json"),
            (b'{"operater": "redConfirmCallback", "billId": 7}', "application/json"),
            (b"[" * 100_000, "application/json"),
            (b"\xff\xfe", "text/plain"),
        ):
            with self.subTest(body[:40]):
                answer = self.post(body, media_type=media_type)
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(answer.json()["status"], NOT_TAKEN)
        self.assertFalse(self.env["ereceipt.callback"].search([]))

    def test_what_is_huge_is_not_read(self):
        for media_type in (FORM, "application/json"):
            with self.subTest(media_type):
                body = b"orderno=" + b"x" * (3 * 1024 * 1024)
                self.assertEqual(self.post(body, None, media_type).status_code, 413)

    def test_who_does_not_know_the_address_learns_nothing(self):
        document = self.submitted()
        form = urlencode({"orderno": document.authority_ids["order"]})
        self.assertEqual(self.post(form, "not-the-address").status_code, 404)
        url = f"{self.base_url()}/ereceipt/cn/{self.path}"
        self.assertIn(self.opener.get(url, timeout=PATIENCE).status_code, (404, 405))
        self.registration.action_close_for_callbacks()
        self.assertEqual(self.post(form).status_code, 404)
        self.assert_not_due(document)

    def test_the_address_is_told_with_each_order_and_kept_from_the_record(self):
        self.assertTrue(self.registration.tells_callback_url)
        document = self.submitted()
        url = self.registration.callback_url
        [theirs] = self.control.invoices(document.authority_ids["order"])
        self.assertEqual(theirs["callback_url"], url)
        for exchange in document.exchange_ids:
            self.assertNotIn(self.path, exchange.request_text)
        self.registration.action_close_for_callbacks()
        self.assertFalse(self.registration.callback_url)
        other = self.submitted()
        [theirs] = self.control.invoices(other.authority_ids["order"])
        self.assertEqual(theirs["callback_url"], "")
