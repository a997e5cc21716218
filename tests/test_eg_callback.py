import json

from odoo import fields
from odoo.tests import HttpCase, tagged

from .common import RIN
from .invoice_common import EgInvoiceCommon

KEY = "a-key-of-the-portal-7f3a"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgCallback(EgInvoiceCommon, HttpCase):
    """ETA calls: whoever knows address and key may hint, nobody may more."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.invoicing.action_open_for_callbacks()
        cls.invoicing.callback_key = KEY
        cls.base = cls.invoicing.callback_url.partition("/ereceipt/")[2]

    def put(self, tail, body, key=KEY, base=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.opener.put(
            f"{self.base_url()}/ereceipt/{base or self.base}{tail}",
            data=data,
            headers={"Authorization": f"ApiKey {key}"},
            timeout=30,
        )

    def waiting(self):
        """Return an invoice that ETA has and that is asked about much later."""
        move = self.sell_to_business()
        self.run_outbox()
        document = move.ereceipt_document_id.sudo()
        document.next_attempt_at = fields.Datetime.add(fields.Datetime.now(), days=1)
        return document

    def hint(self, document, delivery="d-1"):
        return {
            "deliveryId": delivery,
            "type": "document-validated",
            "message": [{"uuid": document.authority_uid, "type": "document-validated"}],
        }

    def test_a_ping_is_answered_with_our_number(self):
        answer = self.put("/ping", {"rin": RIN})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json(), {"rin": RIN})
        self.assertEqual(self.put("/ping", {"rin": "123456789"}).status_code, 400)

    def test_a_hint_makes_the_document_due_and_changes_nothing_else(self):
        document = self.waiting()
        state = document.state
        answer = self.put("/notifications/documents", self.hint(document))
        self.assertEqual(answer.status_code, 200)
        document.invalidate_recordset()
        self.assertLessEqual(document.next_attempt_at, fields.Datetime.now())
        self.assertEqual(document.state, state)

    def test_a_delivery_is_taken_once(self):
        document = self.waiting()
        self.put("/notifications/documents", self.hint(document))
        later = fields.Datetime.add(fields.Datetime.now(), days=1)
        document.next_attempt_at = later
        self.assertEqual(
            self.put("/notifications/documents", self.hint(document)).status_code, 200
        )
        document.invalidate_recordset()
        self.assertEqual(document.next_attempt_at, later)
        self.put("/notifications/documents", self.hint(document, "d-2"))
        document.invalidate_recordset()
        self.assertLess(document.next_attempt_at, later)
        taken = self.env["ereceipt.callback"].search([])
        self.assertEqual(taken.mapped("document_count"), [1, 1])

    def test_who_does_not_know_address_or_key_is_refused(self):
        document = self.waiting()
        before = document.next_attempt_at
        for key, base, status in (
            ("another-key-of-16-letters", None, 401),
            ("", None, 401),
            (KEY, "eg/not-the-address", 404),
        ):
            with self.subTest(key=key, base=base):
                answer = self.put(
                    "/notifications/documents", self.hint(document), key, base
                )
                self.assertEqual(answer.status_code, status)
        document.invalidate_recordset()
        self.assertEqual(document.next_attempt_at, before)

    def test_the_way_of_another_authority_does_not_get_round_the_key(self):
        path = self.base.rpartition("/")[2]
        answer = self.opener.post(
            f"{self.base_url()}/ereceipt/cn/{path}", data={"orderno": "S-1"}, timeout=30
        )
        self.assertEqual(answer.status_code, 404)

    def test_a_short_key_opens_nothing(self):
        self.invoicing.callback_key = "short"
        self.assertEqual(self.put("/ping", {"rin": RIN}, key="short").status_code, 401)

    def test_hostile_bodies_are_refused(self):
        for body, status in (
            (b"{", 400),
            (b"[]", 400),
            (b"[" * 100_000, 400),
            (b'{"a": "' + b"x" * 600_000 + b'"}', 413),
        ):
            with self.subTest(body[:20]):
                answer = self.put("/notifications/documents", body)
                self.assertEqual(answer.status_code, status)
        self.assertEqual(self.put("/notifications/what", {}).status_code, 404)

    def test_a_closed_address_serves_no_more(self):
        self.invoicing.action_close_for_callbacks()
        self.assertEqual(self.put("/ping", {"rin": RIN}).status_code, 404)
