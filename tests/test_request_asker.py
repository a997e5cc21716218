from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .cn_common import CnNuonuoCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRequestAsker(CnNuonuoCommon):
    """A salesperson with nothing but the role *May ask*, as the web client lets him
    work."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.make_user(
            "asker", "base.group_user", "account_ereceipt.group_ereceipt_requester"
        )

    def setUp(self):
        super().setUp()
        self.device.sudo().issue_moment = "request"
        self.move = self.invoice(invoice_user_id=self.sales.id)
        self.others_move = self.invoice()

    def requests(self):
        return self.env["ereceipt.request"].with_user(self.sales)

    def test_asks_from_the_menu(self):
        form = Form(self.requests())
        self.assertFalse(form.buyer_name)
        form.move_id = self.move.with_user(self.sales)
        self.assertEqual(form.buyer_name, self.customer.name)
        self.assertEqual(form.buyer_number, self.customer.vat)
        request = form.save()
        self.assertEqual((request.state, request.source), ("asked", "colleague"))
        self.assertEqual(request.requester_id, self.sales)
        self.assertEqual(request.asker, self.sales.name)
        told = request.action_ask()
        self.assertIn("You have asked", told["params"]["message"])

    def test_asks_from_the_invoice(self):
        move = self.move.with_user(self.sales)
        self.assertTrue(move.ereceipt_requestable)
        action = move.action_ereceipt_request()
        form = Form(self.requests().with_context(**action["context"]))
        self.assertEqual(form.buyer_name, self.customer.name)
        form.note = "urgent"
        request = form.save()
        request.with_user(self.accountant).action_grant()
        self.run_outbox()
        self.assertEqual(request.ereceipt_state, "valid")

    def test_sees_own_sales_alone(self):
        moves = self.env["account.move"].with_user(self.sales)
        mine = self.move | self.others_move
        self.assertEqual(moves.search([("id", "in", mine.ids)]), self.move)
        for record in (self.others_move, self.others_move.invoice_line_ids):
            with self.assertRaises(AccessError):
                record.with_user(self.sales).read(["name"])
        with self.assertRaises(AccessError):
            self.requests().create({"move_id": self.others_move.id})
        for values in ({"ref": "x"}, {"narration": "x"}):
            with self.assertRaises(AccessError):
                self.move.with_user(self.sales).write(values)
        with self.assertRaises(AccessError):
            self.move.with_user(self.sales).action_ereceipt_issue()
        entry = self.move.with_user(self.accountant).copy({"move_type": "entry"})
        self.assertFalse(moves.search([("id", "=", entry.id)]))
