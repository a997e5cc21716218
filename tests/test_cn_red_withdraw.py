from odoo.exceptions import AccessError, UserError

from .cn_common import SELLER, CnNuonuoCommon


class TestCnRedWithdraw(CnNuonuoCommon):
    """A red letter that waits for its buyer is withdrawn."""

    def asked(self, **values):
        """Return a credit note that the buyer has to confirm: he has deducted."""
        move = self.valid(cn_fapiao_kind="81", **values)
        for row in self.issued(move):
            self.control.use(row["number"])
        credit_note = self.reversal(move)
        self.run_outbox()
        self.assertEqual(credit_note.ereceipt_state, "submitted")
        return credit_note

    def states(self):
        return sorted(bill["state"] for bill in self.control.confirmations())

    def test_withdrawn(self):
        credit_note = self.asked()
        self.assertTrue(credit_note.ereceipt_withdrawable)
        credit_note.action_ereceipt_withdraw()
        self.assertFalse(credit_note.ereceipt_withdrawable)
        self.assertIn("asked to take it back", credit_note.ereceipt_what_now)
        self.run_outbox()
        self.assertEqual(self.states(), ["08"])
        self.assertEqual(credit_note.ereceipt_state, "invalid")
        self.assertIn("taken back at the authority", credit_note.ereceipt_what_now)
        self.assertFalse(credit_note.ereceipt_document_id.sudo().change)
        self.assertFalse(credit_note.sudo().activity_ids, "nobody has to look at it")

    def test_reset_and_cancelled_afterwards(self):
        credit_note = self.asked()
        with self.assertRaises(UserError):
            credit_note.button_draft()
        credit_note.action_ereceipt_withdraw()
        self.run_outbox()
        credit_note.button_draft()
        credit_note.button_cancel()
        self.assertEqual(credit_note.state, "cancel")

    def test_asked_for_once_more(self):
        credit_note = self.asked()
        credit_note.action_ereceipt_withdraw()
        self.run_outbox()
        credit_note.action_ereceipt_correct()
        self.run_outbox()
        self.assertEqual(credit_note.ereceipt_state, "submitted")
        self.assertEqual(self.states(), ["02", "08"])
        [bill] = [b for b in self.control.confirmations() if b["state"] == "02"]
        self.control.buyer(bill["bill_id"], True)
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "valid")

    def test_of_several_what_waits(self):
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])
        credit_note = self.asked(price=150.0)
        credit_note.action_ereceipt_withdraw()
        self.run_outbox(rounds=4)
        self.assertEqual(self.states(), ["08", "08"])
        self.assertEqual(credit_note.ereceipt_state, "invalid")
        self.assertIn("taken back at the authority", credit_note.ereceipt_what_now)

    def test_not_when_the_buyer_was_quicker(self):
        """He agrees between the button and the call: the red letter stands."""
        credit_note = self.asked()
        [bill] = self.control.confirmations()
        self.control.buyer(bill["bill_id"], True)
        credit_note.action_ereceipt_withdraw()
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "valid")
        self.assertFalse(credit_note.ereceipt_document_id.sudo().change)

    def test_the_bureau_does_not_carry_it_out(self):
        credit_note = self.asked()
        self.control.fault("red", "red_request_fails", times=1)
        credit_note.action_ereceipt_withdraw()
        self.run_outbox(rounds=1)
        self.assertEqual(credit_note.ereceipt_state, "submitted")
        self.assertTrue(credit_note.ereceipt_withdrawable, "and may be tried again")
        summaries = credit_note.sudo().activity_ids.mapped("summary")
        self.assertIn("It could not be taken back at the tax authority", summaries)
        credit_note.action_ereceipt_withdraw()
        self.run_outbox()
        self.assertEqual(self.states(), ["08"])

    def test_answer_lost(self):
        """It is withdrawn once, whatever became of the answer."""
        credit_note = self.asked()
        self.control.fault("confirmInfoCancel", "drop_after", times=1)
        credit_note.action_ereceipt_withdraw()
        self.run_outbox(rounds=5)
        self.assertEqual(self.states(), ["08"])
        self.assertEqual(credit_note.ereceipt_state, "invalid")

    def test_only_what_waits_for_the_buyer(self):
        move = self.valid()
        with self.assertRaisesRegex(UserError, "Only what waits"):
            move.action_ereceipt_withdraw()
        self.assertFalse(move.ereceipt_withdrawable)
        credit_note = self.reversal(move)
        with self.assertRaisesRegex(UserError, "Only what waits"):
            credit_note.action_ereceipt_withdraw()

    def test_only_who_issues(self):
        credit_note = self.asked()
        with self.assertRaises(AccessError):
            credit_note.with_user(self.auditor).action_ereceipt_withdraw()
