from odoo.exceptions import UserError

from .common import EreceiptCommon
from .request_common import RequestKit


class TestRequestEngine(RequestKit, EreceiptCommon):
    """Requests with an authority that has nothing of its own to say to them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.make_salesperson("sales")

    def test_the_granted_name_stands_on_the_document(self):
        self.device.sudo().issue_moment = "request"
        move = self.invoice()
        self.assertEqual(self.reason(move), "approval")
        request = self.ask(move, self.sales, buyer_name="سامي")
        self.assertEqual(request.buyer_kind, "person")
        self.assertFalse(request.problems)
        request.with_user(self.accountant).action_grant()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        self.assertIn("سامي", move.ereceipt_document_id.sudo().content)
        self.assertEqual(self.customer.name, "منى السيد")

    def test_nothing_changes_where_nobody_asks(self):
        move = self.invoice()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertIn(self.customer.name, move.ereceipt_document_id.sudo().content)

    def test_a_title_stands_until_it_is_refused(self):
        self.control.settings(validation_seconds=60)
        move = self.invoice()
        for state in ("queued", "submitted"):
            self.assertEqual(move.ereceipt_state, state)
            with self.assertRaisesRegex(UserError, "cannot be changed any more"):
                self.ask(move, self.sales)
            self.run_outbox(rounds=1)
        self.control.settings(validation_seconds=0)
        refused = self.refused()
        request = self.ask(refused, self.sales, buyer_name="سامي")
        request.with_user(self.accountant).action_grant()
        self.run_outbox()
        self.assertEqual(refused.ereceipt_state, "valid", refused.ereceipt_problems)
        self.assertIn("سامي", refused.ereceipt_document_id.sudo().content)

    def test_customers_are_asked_for_what_it_wants_alone(self):
        move = self.invoice(post=False).sudo()
        inputs = self.env["ereceipt.request"].sudo()._portal_inputs(move)
        names = [one["name"] for one in inputs]
        self.assertEqual(
            names, ["buyer_kind", "buyer_name", "buyer_number", "email", "phone"]
        )

    def test_what_is_not_issued_is_not_asked_for(self):
        journal = self.journal.copy({"name": "Elsewhere", "code": "ELSE"})
        move = self.invoice(post=False, journal_id=journal.id)
        with self.assertRaisesRegex(UserError, "not issued to a tax authority"):
            self.ask(move, self.sales)
        self.assertFalse(move.sudo()._ereceipt_title_url())
