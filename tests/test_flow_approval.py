from psycopg2.errors import CheckViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestApproval(EreceiptCommon):
    """Above the device's amount nothing is issued before a second person approved it,
    and nobody approves what he has prepared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device.approve_above = 1000
        cls.second = cls.make_user(
            "second", "base.group_user", "account.group_account_manager"
        )

    def approve(self, move, user=None):
        return move.with_user(user or self.second).action_ereceipt_approve()

    def reason(self, move):
        return move.ereceipt_document_id.sudo().waiting_reason

    def assert_waits(self, move):
        self.assertEqual(
            (move.ereceipt_state, self.reason(move)), ("waiting", "approval")
        )

    def test_at_the_amount_nobody_is_asked(self):
        # 14 % on top: exactly a thousand, then one piastre more
        self.device.approve_above = 1140
        self.assertEqual(self.invoice(price=1000).ereceipt_state, "queued")
        self.assert_waits(self.invoice(price=1000.01))

    def test_who_keeps_the_books_approves(self):
        move = self.invoice(price=1000)
        self.assert_waits(move)
        self.assertIn("a second person has to approve it", move.ereceipt_what_now)
        self.assertIn("You have prepared it yourself", move.ereceipt_what_now)
        self.assertFalse(move.ereceipt_action)
        offered = move.with_user(self.second)
        self.assertNotIn("yourself", offered.ereceipt_what_now)
        self.assertEqual(offered.ereceipt_action, "action_ereceipt_approve")
        self.assertTrue(offered.ereceipt_document_id.needs_person)
        self.run_outbox()
        self.assertFalse(self.control.receipts())

        offered.action_ereceipt_what_now()
        document = move.ereceipt_document_id
        self.assertEqual(document.state, "queued")
        self.assertEqual(document.prepared_by_ids, self.accountant)
        self.assertEqual(document.approved_by_id, self.second)
        self.assertEqual(document.approved_amount, 1140)
        note = move.message_ids.filtered(lambda m: "Approved to be" in (m.body or ""))
        self.assertEqual(note.author_id, self.second.partner_id)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_nobody_approves_his_own(self):
        """Neither who made it, nor who changed a line of it, nor who confirmed it."""
        draft = self.invoice(price=1000, post=False)
        third = self.make_user(
            "third", "base.group_user", "account.group_account_manager"
        )
        draft.with_user(self.manager).invoice_line_ids.quantity = 2
        draft.with_user(third).action_post()
        self.assert_waits(draft)
        for user in (self.manager, third):
            with self.assertRaisesRegex(UserError, "prepared .* yourself"):
                self.approve(draft, user)
        with self.assertRaises(AccessError):
            self.approve(draft, self.accountant)
        self.assert_waits(draft)
        self.approve(draft)
        self.assertEqual(draft.ereceipt_state, "queued")

    def test_no_word_stands_for_it(self):
        """Not the button that issues at once, nor a payment, nor the jobs."""
        move = self.invoice(price=1000)
        move.action_ereceipt_issue()
        move.with_user(self.second).action_ereceipt_issue()
        self.assert_waits(move)
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({}).action_create_payments()
        self.env["account.move"].sudo()._ereceipt_recheck_waiting()
        self.run_outbox()
        self.assert_waits(move)
        self.assertFalse(self.control.receipts())

    def test_then_it_waits_for_what_the_device_waits_for(self):
        self.device.issue_moment = "payment"
        move = self.invoice(price=1000)
        self.approve(move)
        self.assertEqual(
            (move.ereceipt_state, self.reason(move)), ("waiting", "payment")
        )
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=move.ids
        ).create({}).action_create_payments()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_what_is_changed_is_looked_at_again(self):
        move = self.invoice(price=1000)
        self.device.issue_moment = "manual"
        self.approve(move)
        self.assertEqual(self.reason(move), "person")
        move.button_draft()
        move.invoice_line_ids.price_unit = 900
        move.action_post()
        self.assert_waits(move)
        first = move.ereceipt_document_ids.filtered("approval")
        self.assertEqual((first.state, first.approval), ("withdrawn", "ended"))

    def test_a_correction_is_looked_at_again_when_it_was_changed(self):
        move = self.refused_above()
        move.action_ereceipt_correct()
        self.assertEqual(
            move.ereceipt_state, "queued", "what was approved is what it says"
        )
        self.run_outbox()
        move = self.refused_above()
        refused = move.ereceipt_document_id
        move.with_user(self.manager).button_draft()
        move.with_user(self.manager).action_post()
        self.assertEqual(refused.waiting_reason, "approval")
        offered = move.with_user(self.second)
        self.assertIn("its correction is posted", offered.ereceipt_what_now)
        self.assertEqual(offered.ereceipt_action, "action_ereceipt_approve")
        with self.assertRaisesRegex(UserError, "prepared .* yourself"):
            self.approve(move, self.manager)
        self.approve(move)
        self.assertEqual(move.ereceipt_document_id.replaces_id, refused)
        self.assertEqual(move.ereceipt_state, "queued")

    def refused_above(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice(price=1000)
        self.approve(move)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        return move

    def test_returns_and_many_at_once(self):
        move = self.invoice(price=1000)
        self.approve(move)
        self.run_outbox()
        note = self.reversal(move)
        other = self.invoice(price=2000)
        self.assert_waits(note)
        waiting = (note | other).ereceipt_document_id
        device = self.device.sudo()
        self.assertEqual(device.activity_ids.mapped("ereceipt_cause"), ["approval"])
        waiting.with_user(self.second).action_bulk_approve()
        self.assertEqual(set(waiting.mapped("state")), {"queued"})
        self.assertFalse(device.activity_ids)
        with self.assertRaisesRegex(UserError, "None of these"):
            self.approve(note)

    def test_ones_own_among_many_is_left(self):
        """What can be approved is; one's own is told of."""
        own = self.invoice(post=False, price=1000)
        own.with_user(self.second).action_post()
        other = self.invoice(price=2000)
        documents = (own | other).ereceipt_document_id.with_user(self.second)
        action = documents.action_bulk_approve()
        dialog = self.env["ereceipt.bulk"].browse(action["res_id"])
        self.assertEqual(dialog.left_ids, own.ereceipt_document_id)
        self.assertIn(
            "prepared it yourself", dialog.left_ids.with_user(self.second).why_left
        )
        self.assertEqual(other.ereceipt_state, "queued")
        self.assertEqual(own.ereceipt_state, "waiting")
        alone = own.ereceipt_document_id.with_user(self.second)
        with self.assertRaisesRegex(UserError, "role Manager"):
            alone.action_bulk_approve()

    def test_who_sets_the_amount(self):
        with self.assertRaises(AccessError):
            self.device.with_user(self.manager).approve_above = 0
        with self.assertRaises(AccessError):
            document = self.invoice(price=1000).ereceipt_document_id
            document.with_user(self.manager).write({"approval": "given"})
        with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
            self.device.sudo().approve_above = -1
            self.env.flush_all()

    def test_posting_below_the_amount_costs_no_statement(self):
        statements = []
        for limit in (0, 0, 100000, 0):
            self.device.sudo().approve_above = limit
            move = self.invoice(post=False)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            move.action_post()
            self.env.flush_all()
            statements.append(self.env.cr.sql_log_count - before)
        _first, without, below, again = statements
        self.assertLessEqual(below, max(without, again))
