from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestGuards(EreceiptCommon):
    """What was issued keeps its number, and copies start from nothing."""

    def resequence(self, moves):
        wizard = (
            self.env["account.resequence.wizard"]
            .with_user(self.manager)
            .with_context(active_model="account.move", active_ids=moves.ids)
            .create({"first_name": "NEW/2026/00001"})
        )
        return wizard.resequence()

    def test_resequence_names_what_cannot_change(self):
        moves = self.invoice() | self.invoice()
        with self.assertRaises(UserError) as raised:
            self.resequence(moves)
        for move in moves:
            self.assertIn(move.name, str(raised.exception))
        self.assertIn("Choose invoices without them", str(raised.exception))

    def test_resequence_of_what_was_never_issued(self):
        self.device.issue_moment = "manual"
        moves = self.invoice() | self.invoice()
        self.resequence(moves)
        self.assertEqual(moves[0].name, "NEW/2026/00001")
        moves.action_ereceipt_issue()
        self.assertEqual(
            moves.ereceipt_document_ids.sorted("id").mapped("name"),
            moves.mapped("name"),
        )

    def test_copies_start_from_nothing(self):
        move = self.invoice()
        self.run_outbox()
        move.action_print_pdf()
        copy = move.copy()
        ours = [name for name in copy._fields if name.startswith("ereceipt_")]
        kept = {"ereceipt_device_id", "ereceipt_visible", "ereceipt_requestable"}
        for name in set(ours) - kept:
            self.assertFalse(copy.sudo()[name], name)
        copy.action_post()
        self.assertNotEqual(copy.ereceipt_uuid, move.ereceipt_uuid)

    def test_recurring_invoice_is_issued_by_itself(self):
        """What Odoo repeats monthly gets a document of its own, each time."""
        move = self.invoice(auto_post="monthly", invoice_date=self.today(), post=False)
        move.action_post()
        self.assertEqual(move.ereceipt_state, "queued")
        following = self.env["account.move"].search(
            [("auto_post_origin_id", "=", move.id), ("id", "!=", move.id)]
        )
        self.assertEqual(following.state, "draft")
        self.assertFalse(following.ereceipt_document_id)

    def test_reset_withdraws_what_waits(self):
        self.device.issue_moment = "manual"
        move = self.invoice()
        document = move.ereceipt_document_id
        move.button_draft()
        self.assertEqual((move.state, document.state), ("draft", "withdrawn"))
        self.assertFalse(move.ereceipt_what_now)
        self.device.issue_moment = "posting"
        move.action_post()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertNotEqual(move.ereceipt_document_id, document)
        self.assertIn("taken back", document.what_now)

    def test_waiting_draft_can_be_deleted(self):
        self.device.issue_moment = "manual"
        move = self.invoice()
        document = move.ereceipt_document_id
        move.button_draft()
        move.with_user(self.manager).with_context(force_delete=True).unlink()
        self.assertFalse(document.exists())
