from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..fiscal import lifecycle
from ..models.ereceipt_what_now import STEPS
from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestWhatNow(EreceiptCommon):
    """Each situation has one sentence and at most one button, which does it."""

    def assert_says(self, move, part, action, level):
        self.assertIn(part, move.ereceipt_what_now)
        self.assertEqual(move.ereceipt_action, action)
        self.assertEqual(move.ereceipt_level, level)
        self.assertEqual(bool(move.ereceipt_action_label), bool(action))
        document = move.ereceipt_document_id
        if document:
            self.assertEqual(document.what_now, move.ereceipt_what_now)
            self.assertEqual(document.what_now_action, move.ereceipt_action)

    def test_every_state_has_a_step_and_a_sentence(self):
        """No state is forgotten, and each action is a method that people may call."""
        states = {key.split("_")[0] for key in STEPS} | {"to_sign"}
        self.assertFalse(set(lifecycle.STATES) - states)
        for situation, step in STEPS.items():
            self.assertTrue(
                hasattr(self.env["ereceipt.document"], f"_say_{situation}"), situation
            )
            if step.action:
                self.assertTrue(hasattr(self.env["account.move"], step.action))
                self.assertFalse(step.action.startswith("_"))
                self.assertTrue(step.label)

    def test_from_posting_to_valid(self):
        move = self.invoice(post=False)
        self.assertFalse(move.ereceipt_what_now)
        move.action_post()
        self.assert_says(
            move, "by itself within a minute", "action_ereceipt_send_now", "info"
        )
        self.assertIn("It has to be there by", move.ereceipt_what_now)
        self.run_outbox()
        self.assert_says(move, "holds it as valid", False, "success")
        with self.assertRaisesRegex(UserError, "nothing to do"):
            move.action_ereceipt_what_now()

    def test_posted_before_the_device_was_active(self):
        self.device.action_retire()
        move = self.invoice()
        self.assertFalse(move.ereceipt_document_id)
        self.assertFalse(move.ereceipt_what_now)
        self.device.sudo().lifecycle = "active"
        move.sudo().ereceipt_device_id = self.device
        move.invalidate_recordset()
        self.assert_says(
            move, "Not issued to the tax", "action_ereceipt_issue", "warning"
        )
        move.action_ereceipt_what_now()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_waiting_for_data_is_issued_when_mended(self):
        self.device.problem_policy = "wait"
        self.item_mapping.unlink()
        move = self.invoice()
        self.assert_says(
            move, "something is missing", "action_ereceipt_issue", "warning"
        )
        dialog = move.action_ereceipt_what_now()
        self.assertEqual(dialog["res_model"], "ereceipt.problems")
        shown = self.env["ereceipt.problems"].browse(dialog["res_id"])
        self.assertIn("قلم حبر", str(shown.alerts))
        self.assertEqual(move.ereceipt_state, "waiting")
        self._map_item()
        self.assertEqual(move.action_ereceipt_what_now()["tag"], "display_notification")
        self.assertEqual(move.ereceipt_state, "queued")

    def _map_item(self):
        return self.env["ereceipt.code.mapping"].create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "product_tmpl_id": self.item.product_tmpl_id.id,
                "scheme": "EGS",
                "code": "EG-674859545-0001",
            }
        )

    def test_waiting_for_payment_and_for_a_person(self):
        self.device.issue_moment = "payment"
        move = self.invoice()
        self.assert_says(
            move, "when the invoice is paid", "action_ereceipt_issue", "warning"
        )
        self.device.issue_moment = "manual"
        other = self.invoice()
        self.assert_says(other, "when you say so", "action_ereceipt_issue", "warning")
        (move | other).action_ereceipt_issue()
        self.assertEqual((move | other).mapped("ereceipt_state"), ["queued", "queued"])

    def test_retry_time_and_error_are_told(self):
        self.control.revoke_tokens()
        self.control.fault("token", "status", times=1, status=500)
        move = self.invoice()
        self.run_outbox(rounds=1, seconds=0.1)
        self.assertEqual(move.ereceipt_state, "queued")
        self.assert_says(
            move, "tried again by itself at", "action_ereceipt_send_now", "info"
        )
        document = move.ereceipt_document_id.sudo()
        self.assertIn(document.last_error, move.ereceipt_what_now)

    def test_jobs_that_are_off_are_told(self):
        """Due for long and nobody came: the heartbeat is part of the sentence."""
        move = self.invoice()
        self.assertNotIn("behind or off", move.ereceipt_what_now)
        self.pass_time(minutes=20)
        self.assertIn("behind or off", move.ereceipt_what_now)
        self.assertIn("1 waiting", move.ereceipt_what_now)

    def test_open_breaker_is_told(self):
        move = self.invoice()
        self.registration.sudo().write(
            {
                "breaker_open_until": fields.Datetime.now() + timedelta(minutes=5),
                "breaker_reason": "The firewall answered.",
            }
        )
        self.assert_says(
            move, "held back until", "action_ereceipt_open_registration", "danger"
        )
        self.assertIn("The firewall answered.", move.ereceipt_what_now)
        action = move.action_ereceipt_what_now()
        self.assertEqual(action["res_id"], self.registration.id)

    def test_foreign_database_is_told(self):
        move = self.invoice()
        self.registration.sudo().database_uuid = "another"
        self.assert_says(
            move, "which is a copy", "action_ereceipt_open_registration", "danger"
        )
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "queued")

    def test_return_waits_for_its_original(self):
        sale = self.invoice()
        credit_note = self.reversal(sale)
        self.assert_says(
            credit_note, f"when {sale.name}", "action_ereceipt_open_original", "info"
        )
        self.assertEqual(credit_note.action_ereceipt_what_now()["res_id"], sale.id)
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "valid")

    def test_lost_answer(self):
        self.control.fault("submit", "drop_after", times=1)
        move = self.invoice()
        self.run_outbox(rounds=1, seconds=0.1)
        self.assert_says(move, "answer was lost", "action_ereceipt_ask", "info")

    def test_being_validated(self):
        self.control.settings(validation_seconds=60)
        move = self.invoice()
        self.run_outbox(rounds=1, seconds=0.1)
        self.assert_says(move, "is validating it", "action_ereceipt_ask", "info")

    def test_replaced_document_leads_to_the_new_one(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.run_outbox()
        old = move.ereceipt_document_id
        self.assert_says(move, "refused it", "action_ereceipt_correct", "danger")
        move.action_ereceipt_what_now()
        new = move.ereceipt_document_id
        self.assertNotEqual(old, new)
        self.assertIn("took its place", old.what_now)
        self.assertEqual(old.what_now_action, "action_ereceipt_open_replacement")
        self.assertEqual(old._replacement(), new)

    def test_readers_see_and_do_not_act(self):
        move = self.invoice()
        seen = move.with_user(self.auditor)
        document = seen.sudo().ereceipt_document_id.with_user(self.auditor)
        self.assertTrue(document.what_now)
        for action in (
            "action_ereceipt_issue",
            "action_ereceipt_send_now",
            "action_ereceipt_ask",
            "action_ereceipt_correct",
            "action_ereceipt_late",
            "action_ereceipt_return_anew",
        ):
            with self.assertRaises(AccessError):
                getattr(seen, action)()
        with self.assertRaises(AccessError):
            seen.ereceipt_send_now("a" * 32)
        with self.assertRaises(AccessError):
            move.action_ereceipt_retry()
