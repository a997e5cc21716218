from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestLate(EreceiptCommon):
    """The authority was away for longer than its window: three ways are left."""

    def late(self, hours=25):
        move = self.invoice()
        self.pass_time(hours=hours)
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "late")
        return move

    def wizard(self, move, user=None):
        action = move.with_user(user or self.accountant).action_ereceipt_what_now()
        self.assertEqual(action["res_model"], "ereceipt.late")
        return (
            self.env["ereceipt.late"]
            .with_user(user or self.accountant)
            .with_context(**action["context"])
            .create({})
        )

    def test_nothing_was_burnt(self):
        move = self.late()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "late")
        self.assertFalse(self.taken(move))
        self.assertIn("window for it closed", move.ereceipt_what_now)

    # -------------------------------------------------------------------------
    # THE PORTAL'S REQUEST
    # -------------------------------------------------------------------------

    def test_granted_request_sends_the_same_bytes(self):
        move = self.late()
        document = move.ereceipt_document_id.sudo()
        content, uid = document.content, document.authority_uid
        self.control.grant_late("SIM-POS-0001", days=5)
        wizard = self.wizard(move, self.manager)
        self.assertFalse(wizard.reference_reason)
        for wrong in (False, "  ", "x" * 51):
            wizard.late_reference = wrong
            with self.assertRaisesRegex(UserError, "number of the late-submission"):
                wizard.action_send_again()
        wizard.late_reference = " 674859545-26-1 "
        wizard.action_send_again()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertEqual(document.late_reference, "674859545-26-1")
        self.assertEqual((document.content, document.authority_uid), (content, uid))
        self.control.settings(clock_offset=25 * 3600)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", document.problems)
        self.assertIn("674859545-26-1", str(move.message_ids.mapped("body")))

    def test_granted_request_is_a_managers_decision(self):
        wizard = self.wizard(self.late())
        self.assertIn("manager", wizard.reference_reason)
        wizard.late_reference = "1"
        with self.assertRaises(AccessError):
            wizard.action_send_again()

    def test_refused_document_is_not_sent_again(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.run_outbox()
        self.pass_time(hours=97)
        wizard = self.wizard(move, self.manager)
        self.assertIn("cannot be sent again", wizard.reference_reason)
        self.assertIn("closed at", wizard.correction_reason)
        self.assertFalse(wizard.anew_reason)
        wizard.late_reference = "1"
        with self.assertRaisesRegex(UserError, "cannot be sent again"):
            wizard.action_send_again()

    # -------------------------------------------------------------------------
    # CORRECTION
    # -------------------------------------------------------------------------

    def test_correction_within_its_window(self):
        before = self.invoice()
        move = self.late()
        old = move.ereceipt_document_id
        wizard = self.wizard(move)
        self.assertFalse(wizard.correction_reason)
        action = wizard.action_correct()
        self.assertEqual(action["tag"], "display_notification")
        new = move.ereceipt_document_id
        self.assertEqual((old.state, new.state), ("superseded", "queued"))
        self.assertEqual(new.replaces_id, old)
        self.assertEqual(new.previous_uid, before.ereceipt_uuid)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", new.problems)
        row = self.taken(move)[0]
        self.assertEqual(row["referenceOldUUID"], old.authority_uid)

    def test_correction_after_its_window(self):
        move = self.late(hours=97)
        wizard = self.wizard(move)
        self.assertIn("window for corrections closed", wizard.correction_reason)
        with self.assertRaisesRegex(UserError, "window for corrections closed"):
            wizard.action_correct()
        self.assertEqual(move.ereceipt_state, "late")

    def test_correction_shows_its_problems(self):
        move = self.late()
        self.item_mapping.unlink()
        action = self.wizard(move).action_correct()
        self.assertEqual(action["res_model"], "ereceipt.problems")
        self.assertEqual(move.ereceipt_state, "late")

    # -------------------------------------------------------------------------
    # RETURN AND ISSUE ANEW
    # -------------------------------------------------------------------------

    def test_issue_anew_opens_its_wizard(self):
        move = self.late(hours=97)
        wizard = self.wizard(move)
        self.assertFalse(wizard.anew_reason)
        action = wizard.action_return_anew()
        self.assertEqual(action["res_model"], "ereceipt.return.anew")
        self.assertEqual(action["context"], {"default_move_id": move.id})

    def test_form_opens_for_the_accountant(self):
        """All that the dialog shows can be read with the accountant's rights."""
        action = self.late().action_ereceipt_late()
        form = Form(
            self.env["ereceipt.late"]
            .with_user(self.accountant)
            .with_context(**action["context"])
        )
        self.assertIn("window", form.sentence)
