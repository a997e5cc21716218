from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import EreceiptCommon
from .invoice_common import EgInvoiceCommon


def chosen(moves, user):
    """Return the documents of invoices as somebody chooses them in a list."""
    return moves.ereceipt_document_id.with_user(user)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCockpitBulk(EreceiptCommon):
    """With several documents chosen, an action does what it can and tells of each of
    the others why not."""

    def told(self, action):
        """Return what the dialog says, and the documents that nothing was done with."""
        self.assertEqual(action["res_model"], "ereceipt.bulk")
        dialog = self.env["ereceipt.bulk"].browse(action["res_id"])
        return dialog.told, dialog.left_ids

    def test_send(self):
        """The valid one is told of as well as the one whose device is held back."""
        valid = self.invoice()
        self.run_outbox()
        queued, held = self.invoice(), self.invoice(journal_id=self.journal_2.id)
        later = fields.Datetime.now() + timedelta(hours=1)
        documents = chosen(valid | queued | held, self.accountant)
        documents.sudo().next_attempt_at = later
        self.device_2.sudo().breaker_open_until = later
        told, left = self.told(documents.action_bulk_send())
        self.assertIn("1 of 3", told)
        self.assertEqual(left, (valid | held).ereceipt_document_id)
        self.assertLess(queued.ereceipt_document_id.next_attempt_at, later)
        self.assertEqual(held.ereceipt_document_id.next_attempt_at, later)
        self.assertIn("held back", held.ereceipt_document_id.what_now)

    def test_send_all_of_them(self):
        moves = self.invoice() | self.invoice()
        action = chosen(moves, self.accountant).action_bulk_send()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("next: 2.", action["params"]["message"])

    def test_nothing_to_do_is_said(self):
        moves = self.invoice() | self.invoice()
        self.run_outbox()
        with self.assertRaisesRegex(UserError, "waiting to be sent"):
            chosen(moves, self.accountant).action_bulk_send()

    def test_ask(self):
        self.control.settings(validation_seconds=600)
        asked = self.invoice()
        self.run_outbox(rounds=1)
        queued = self.invoice()
        told, left = self.told(
            chosen(asked | queued, self.accountant).action_bulk_ask()
        )
        self.assertIn("1 of 2", told)
        self.assertEqual(left, queued.ereceipt_document_id)

    def test_issue(self):
        """What is still wrong stays, and says what is wrong."""
        self.device.problem_policy = self.device_2.problem_policy = "wait"
        self.device_2.issue_moment = "manual"
        by_hand = self.invoice(journal_id=self.journal_2.id)
        queued = self.invoice()
        self.item_mapping.unlink()
        wrong = self.invoice()
        by_hand_wrong = by_hand
        documents = chosen(by_hand_wrong | queued | wrong, self.accountant)
        told, left = self.told(documents.action_bulk_issue())
        self.assertIn("0 of 3", told)
        self.assertEqual(left, documents)
        self.assertIn("قلم حبر", wrong.ereceipt_document_id.problems_text)

    def test_correct(self):
        """One is corrected; one is too late for that, one is no longer refused."""
        refused, late, valid = self.refused(), self.refused(), self.invoice()
        self.run_outbox()
        old = refused.ereceipt_document_id
        too_late = late.ereceipt_document_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ereceipt_document SET issued_at = issued_at - interval '5 days' "
            "WHERE id = %s",
            [too_late.id],
        )
        self.env.invalidate_all()
        documents = chosen(refused | late | valid, self.accountant)
        told, left = self.told(documents.action_bulk_correct())
        self.assertIn("1 of 3", told)
        self.assertEqual(left, (late | valid).ereceipt_document_id)
        self.assertEqual(refused.ereceipt_document_id.replaces_id, old)

    def test_retry_takes_a_manager(self):
        moves = self.invoice() | self.invoice()
        failed = moves[0].ereceipt_document_id.sudo()
        failed._go("failed", last_error="It did not work.")
        with self.assertRaises(AccessError):
            chosen(moves, self.accountant).action_bulk_retry()
        told, left = self.told(chosen(moves, self.manager).action_bulk_retry())
        self.assertIn("1 of 2", told)
        self.assertEqual(left, moves[1].ereceipt_document_id)
        self.assertEqual(failed.state, "queued")

    def test_receipts_are_not_cancelled(self):
        """ETA cancels no receipts: that is said before a reason is asked for."""
        moves = self.invoice() | self.invoice()
        self.run_outbox()
        with self.assertRaisesRegex(UserError, "Make a credit note"):
            chosen(moves, self.accountant).action_bulk_cancel()


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCockpitBulkCancel(EgInvoiceCommon):
    """Several invoices are cancelled at the authority for one reason."""

    def test_cancel(self):
        self.control.settings(finality="immediate")
        two = self.sell_to_business() | self.sell_to_business()
        self.run_outbox()
        self.assertEqual(set(two.mapped("ereceipt_state")), {"valid"})
        queued = self.sell_to_business()
        documents = chosen(two | queued, self.accountant)
        action = documents.action_bulk_cancel()
        wizard = (
            self.env[action["res_model"]]
            .with_user(self.accountant)
            .with_context(**action["context"])
            .create({"reason": "Wrong buyer details"})
        )
        self.assertIn("2 of the 3", wizard.told)
        result = wizard.action_cancel()
        dialog = self.env["ereceipt.bulk"].browse(result["res_id"])
        self.assertEqual(dialog.left_ids, queued.ereceipt_document_id)
        self.assertEqual(set(two.mapped("ereceipt_state")), {"cancelling"})
        self.assertEqual(
            set(two.ereceipt_document_id.mapped("change_reason")),
            {"Wrong buyer details"},
        )
        self.run_outbox()
        self.assertEqual(set(two.mapped("state")), {"cancel"})

    def test_why_others_are_not_cancelled(self):
        """A valid receipt among them is told why, and not that it is valid."""
        self.control.settings(finality="immediate")
        sale, receipt = self.sell_to_business(), self.invoice()
        self.run_outbox()
        self.assertEqual(receipt.ereceipt_state, "valid")
        documents = chosen(sale | receipt, self.accountant)
        wizard = self.env["ereceipt.cancel.many"].with_user(self.accountant)
        wizard = wizard.create({"document_ids": [Command.set(documents.ids)]})
        result = wizard.action_cancel()
        dialog = self.env["ereceipt.bulk"].with_user(self.accountant)
        dialog = dialog.with_context(**result["context"]).browse(result["res_id"])
        self.assertEqual(dialog.left_ids, receipt.ereceipt_document_id)
        self.assertIn("Make a credit note", dialog.left_ids.why_left)
        plain = receipt.ereceipt_document_id.with_user(self.accountant)
        self.assertEqual(plain.why_left, plain.what_now)

    def test_what_is_taken_back_is_not_cancelled_as_well(self):
        two = self.sell_to_business() | self.sell_to_business()
        self.run_outbox()
        self.reversal(two[0])
        documents = chosen(two, self.accountant)
        wizard = self.env["ereceipt.cancel.many"].with_user(self.accountant)
        wizard = wizard.create({"document_ids": [Command.set(documents.ids)]})
        result = wizard.action_cancel()
        dialog = self.env["ereceipt.bulk"].browse(result["res_id"])
        self.assertEqual(dialog.left_ids, two[0].ereceipt_document_id)
        self.assertEqual(two.mapped("ereceipt_state"), ["valid", "cancelling"])
