from odoo.exceptions import UserError

from .cn_common import CnNuonuoCommon


class TestCnRed(CnNuonuoCommon):
    """A fapiao is taken back by a red letter, which a credit note becomes."""

    def bills(self):
        return self.control.confirmations()

    def back(self, move, **values):
        """Return the posted credit note of an invoice."""
        credit_note = self.reversal(move, post=False)
        reason = values.pop("cn_red_reason", False)
        if reason:
            credit_note.cn_red_reason = reason
        if values:
            credit_note.invoice_line_ids.write(values)
        credit_note.action_post()
        return credit_note

    # -------------------------------------------------------------------------
    # FULL AND PARTIAL
    # -------------------------------------------------------------------------

    def test_full_red_letter(self):
        move = self.valid()
        credit_note = self.back(move)
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        self.assertRegex(credit_note.ereceipt_uuid, "^[0-9]{20}$")
        self.assertNotEqual(credit_note.ereceipt_uuid, move.ereceipt_uuid)
        [bill] = self.bills()
        self.assertEqual(bill["blue"], move.ereceipt_uuid)
        self.assertEqual(bill["reason"], "1", "the provider's word for 02")
        [row] = self.issued(credit_note)
        self.assertEqual(row["red"]["blue"], move.ereceipt_uuid)
        self.assertFalse(self.control.refusals())
        told = credit_note.ereceipt_document_id.authority_ids_text
        self.assertIn(f"Fapiao number: {credit_note.ereceipt_uuid}", told)
        self.assertIn("State of the request: No confirmation needed", told)
        self.assertNotIn("_", told, "a name of the program's")

    def test_what_was_taken_back_says_by_what(self):
        move = self.valid(quantity=5.0)
        self.assertFalse(move.ereceipt_taken_back_text)
        backs = self.back(move, quantity=2.0)
        self.run_outbox(rounds=5)
        backs |= self.back(move, quantity=3.0)
        self.run_outbox(rounds=5)
        move.invalidate_recordset()
        lines = move.with_user(self.auditor).ereceipt_taken_back_text.splitlines()
        for line, back in zip(lines, backs, strict=True):
            self.assertIn(f"{back.name}: ", line)
            self.assertIn(back.ereceipt_uuid, line)
            self.assertIn("Valid", line)

    def test_too_much_of_one_line_is_one_mistake(self):
        move = self.valid()
        back = self.reversal(move, post=False)
        back.invoice_line_ids.price_unit *= 2
        with self.assertRaises(UserError) as raised:  # with a savepoint
            back.action_post()
        self.assertIn("Take back no more", str(raised.exception))
        self.assertNotIn("fits no line", str(raised.exception))

    def test_partial_red_letters(self):
        move = self.valid(quantity=5.0)
        first = self.back(move, quantity=2.0)
        self.run_outbox(rounds=5)
        self.assertEqual(first.ereceipt_state, "valid", first.ereceipt_problems)
        second = self.back(move, quantity=3.0)
        self.run_outbox(rounds=5)
        self.assertEqual(second.ereceipt_state, "valid", second.ereceipt_problems)
        with self.assertRaises(UserError):
            self.back(move, quantity=1.0)

    def test_reason_is_chosen(self):
        move = self.valid()
        self.back(move, cn_red_reason="01")
        self.run_outbox(rounds=5)
        [bill] = self.bills()
        self.assertEqual(bill["reason"], "2", "the provider's word for 01")

    def test_special_red_letter(self):
        move = self.valid(cn_fapiao_kind="81")
        credit_note = self.back(move)
        self.assertEqual(credit_note.ereceipt_document_id.document_type, "81")
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "valid")

    def test_waits_for_its_fapiao(self):
        move = self.invoice()
        credit_note = self.reversal(move)
        self.assertEqual(credit_note.ereceipt_state, "waiting")
        self.assertEqual(credit_note.ereceipt_document_id.waiting_reason, "original")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        credit_note._ereceipt_issue(by_person=True)
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "valid")

    # -------------------------------------------------------------------------
    # THE BUYER
    # -------------------------------------------------------------------------

    def asked(self):
        """Return a credit note that the buyer has to confirm: he has deducted."""
        move = self.valid(cn_fapiao_kind="81")
        self.control.use(move.ereceipt_uuid)
        credit_note = self.back(move)
        self.run_outbox()
        self.assertEqual(credit_note.ereceipt_state, "submitted")
        return credit_note

    def test_buyer_has_to_confirm(self):
        credit_note = self.asked()
        self.assertIn("The buyer has to confirm", credit_note.ereceipt_what_now)
        [bill] = self.bills()
        self.control.buyer(bill["bill_id"], True)
        self.run_outbox(rounds=6)
        self.assertEqual(credit_note.ereceipt_state, "valid")

    def test_buyer_refuses(self):
        credit_note = self.asked()
        [bill] = self.bills()
        self.control.buyer(bill["bill_id"], False)
        self.run_outbox()
        self.assertEqual(credit_note.ereceipt_state, "invalid")
        self.assertIn("The buyer refused", str(credit_note.ereceipt_problems))

    def test_72_hours_pass(self):
        self.control.settings(confirm_hours=0.0)
        move = self.valid(cn_fapiao_kind="81")
        self.control.use(move.ereceipt_uuid)
        credit_note = self.back(move)
        self.run_outbox()
        self.assertEqual(credit_note.ereceipt_state, "invalid")
        self.assertIn("within 72 hours", str(credit_note.ereceipt_problems))

    def test_asked_anew_after_a_refusal(self):
        credit_note = self.asked()
        [bill] = self.bills()
        self.control.buyer(bill["bill_id"], False)
        self.run_outbox()
        credit_note.action_ereceipt_correct()
        self.run_outbox()
        document = credit_note.ereceipt_document_id
        self.assertEqual(document.state, "submitted", document.problems)
        self.assertEqual(len(self.bills()), 2)
        [open_bill] = [b for b in self.bills() if b["bill_id"] != bill["bill_id"]]
        self.control.buyer(open_bill["bill_id"], True)
        self.run_outbox(rounds=6)
        self.assertEqual(credit_note.ereceipt_state, "valid")
