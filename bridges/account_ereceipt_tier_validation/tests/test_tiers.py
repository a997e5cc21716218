from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.account_ereceipt.tests.common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTiers(EreceiptCommon):
    """Nothing is issued before every tier has approved it, whichever way it would be
    confirmed, and it goes on by itself the moment that is complete."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chief = cls.make_user(
            "chief", "base.group_user", "account.group_account_manager"
        )
        cls.tiers = cls.add_tier(cls.manager, 1000) | cls.add_tier(cls.chief, 5000)
        # asked in this order, and each only when the one before has approved
        cls.tiers.approve_sequence = True

    @classmethod
    def add_tier(cls, reviewer, amount, **values):
        return cls.env["tier.definition"].create(
            {
                "name": f"Above {amount}",
                "model_id": cls.env["ir.model"]._get_id("account.move"),
                "definition_domain": f"[('amount_untaxed', '>=', {amount})]",
                "reviewer_id": reviewer.id,
                "sequence": 100 - amount // 100,
                "company_id": cls.company.id,
                **values,
            }
        )

    def draft(self, price=1000.0):
        return self.invoice(price=price, post=False)

    def request(self, price=1000.0):
        """Return a draft for which the accountant has asked for the approval."""
        move = self.draft(price)
        move.request_validation()
        return move

    def approve(self, move, user):
        self.env.invalidate_all()
        move.with_user(user).validate_tier()
        self.env.invalidate_all()

    def assert_not_issued(self, move):
        self.assertEqual((move.state, move.ereceipt_state), ("draft", False))
        self.run_outbox()
        self.assertFalse(self.control.receipts())

    def test_below_the_tiers_nothing_changes(self):
        move = self.invoice(price=999)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_it_goes_on_by_itself_when_the_last_tier_approved(self):
        move = self.request(5000)
        self.assert_not_issued(move)
        self.approve(move, self.manager)
        self.assert_not_issued(move)
        self.approve(move, self.chief)
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "queued"))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        [taken] = self.taken(move)
        self.assertEqual(taken["accepted"], 1)

    def test_no_way_of_confirming_leads_past_it(self):
        asked, unasked = self.request(), self.draft()
        for move in (asked, unasked):
            with self.subTest(move=move):
                for confirm in self.ways(move):
                    # what refuses is a kind of it, whoever does
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        confirm()
                    self.env.invalidate_all()
                    self.assert_not_issued(move)

    def ways(self, move):
        wizard = (
            self.env["validate.account.move"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=move.ids)
        )
        yield move.action_post
        yield move.with_context(ereceipt_dialog=True).action_post
        yield move._post
        yield move.with_context(skip_validation_check=True)._post
        yield lambda: move.write({"state": "posted"})
        yield lambda: wizard.create({}).validate_move()
        yield move.action_ereceipt_issue

    def test_rejected_stays_a_draft(self):
        move = self.request()
        move.with_user(self.manager).reject_tier()
        with self.assertRaises(ValidationError):
            move.action_post()
        self.assert_not_issued(move)

    def test_when_the_device_leaves_it_to_a_person(self):
        self.device.post_approved = False
        move = self.request()
        self.approve(move, self.manager)
        self.assert_not_issued(move)
        # its date of issue is set although it was approved
        self.device.date_policy = "adapt"
        move.action_post()
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "queued"))

    def test_date_of_issue_of_what_was_approved_before(self):
        self.device.date_policy = "adapt"
        move = self.draft()
        move.invoice_date = "2026-01-15"
        move.request_validation()
        self.approve(move, self.manager)
        self.assertEqual(move.state, "posted", move.activity_ids.mapped("note"))
        self.assertEqual(move.invoice_date, self.today())

    def test_what_stands_against_it_does_not_undo_the_approval(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.accountant.lang = "ar_001"
        move = self.draft()
        self.item_mapping.unlink()
        move.request_validation()
        self.approve(move, self.manager)
        self.assertEqual((move.state, move.validation_status), ("draft", "validated"))
        activity = move.sudo().activity_ids.filtered("ereceipt_cause")
        self.assertEqual(activity.user_id, self.accountant)
        self.assertIn("تعذر تأكيدها", activity.summary, "in the language of who asked")
        self.assertIn("قلم حبر", activity.note)
        self.assert_not_issued(move)
        self.env["ereceipt.code.mapping"].with_user(self.manager).create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "product_tmpl_id": self.item.product_tmpl_id.id,
                "scheme": "EGS",
                "code": "EG-674859545-0001",
            }
        )
        move.action_post()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_a_reviewer_without_rights_confirms_nothing(self):
        """Nor does anybody's name in a review, which every employee may write."""
        reader = self.make_user(
            "reader", "base.group_user", "account.group_account_readonly"
        )
        self.tiers.active = False
        self.add_tier(reader, 10)
        move = self.request(100)
        move.review_ids.with_user(reader).write({"requested_by": self.chief.id})
        self.approve(move, reader)
        self.assertEqual((move.state, move.validation_status), ("draft", "validated"))
        activity = move.sudo().activity_ids.filtered("ereceipt_cause")
        self.assertEqual(activity.user_id, self.chief, "who is said to have asked")
        self.assert_not_issued(move)
        move.action_post()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_reset_asks_again(self):
        self.device.issue_moment = "manual"
        move = self.request()
        self.approve(move, self.manager)
        self.assertEqual(move.ereceipt_document_id.waiting_reason, "person")
        with self.assertRaisesRegex(ValidationError, "after validation"):
            move.button_draft()
        move.with_context(skip_validation_check=True).button_draft()
        self.assertEqual(move.ereceipt_state, "withdrawn")
        with self.assertRaises(ValidationError):
            move.action_post()
        self.assertEqual(move.state, "draft")

    def test_a_review_of_what_is_posted_holds_it_back(self):
        self.device.issue_moment = "manual"
        move = self.invoice(price=100)
        self.tiers.active = False
        self.add_tier(self.manager, 10)
        self.env.invalidate_all()
        move.with_context(skip_check_state_condition=True).request_validation()
        self.device.issue_moment = "posting"
        move.action_ereceipt_issue()
        self.assertEqual(move.ereceipt_document_id.waiting_reason, "approval")
        self.approve(move, self.manager)
        self.assertEqual(move.ereceipt_state, "queued")

    def test_both_kinds_of_approval(self):
        """Tiers and the device's second person: each is asked."""
        self.device.approve_above = 1000
        move = self.request()
        self.approve(move, self.manager)
        self.assertEqual(move.state, "posted")
        self.assertEqual(move.ereceipt_document_id.waiting_reason, "approval")
        move.with_user(self.chief).action_ereceipt_approve()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_credit_notes_of_a_sale(self):
        move = self.request()
        self.approve(move, self.manager)
        self.run_outbox()
        note = self.reversal(move, post=False)
        note.request_validation()
        self.approve(note, self.manager)
        self.run_outbox()
        self.assertEqual(note.ereceipt_state, "valid")
