from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReturnAnew(EreceiptCommon):
    """Wrong customer on an issued invoice: taken back and issued anew in one go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_customer = cls.env["res.partner"].create(
            {"name": "سارة حسن", "country_id": cls.env.ref("base.eg").id}
        )

    def valid(self):
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        return move

    def anew(self, move, **values):
        action = move.action_ereceipt_return_anew()
        form = Form(
            self.env["ereceipt.return.anew"]
            .with_user(self.accountant)
            .with_context(**action["context"])
        )
        form.reason = "wrong customer"
        for name, value in values.items():
            setattr(form, name, value)
        return form.save()

    def test_valid_invoice_is_returned_and_a_draft_opened(self):
        move = self.valid()
        wizard = self.anew(move, partner_id=self.other_customer)
        self.assertEqual(wizard.way, "return")
        self.assertEqual(wizard.date, self.today())
        action = wizard.action_return_anew()
        new = self.env["account.move"].browse(action["res_id"])
        credit_note = move.reversal_move_ids
        self.assertEqual(credit_note.state, "posted")
        self.assertIn("wrong customer", credit_note.ref)
        self.assertEqual(credit_note.ereceipt_state, "queued")
        self.assertEqual(move.payment_state, "reversed")
        self.assertEqual((new.state, new.partner_id), ("draft", self.other_customer))
        self.assertEqual(new.amount_total, move.amount_total)
        self.assertEqual(new.ereceipt_anew_of_id, move)
        self.assertIn(move.name, new.ereceipt_what_now)
        self.assertFalse(new.ereceipt_document_id)
        self.assertFalse(move.ereceipt_exempt)
        new.with_user(self.accountant).action_post()
        self.run_outbox(rounds=5)
        self.assertEqual(
            (move | credit_note | new).mapped("ereceipt_state"), ["valid"] * 3
        )
        self.assertEqual(
            move.ereceipt_document_id._replacement(), new.ereceipt_document_id
        )
        self.assertIn(move.ereceipt_uuid, new._ereceipt_replaces_text())

    def test_posted_at_once(self):
        move = self.valid()
        action = self.anew(move, post_new=True).action_return_anew()
        new = self.env["account.move"].browse(action["res_id"])
        self.assertEqual(new.ereceipt_state, "queued")

    def test_posted_at_once_shows_what_is_wrong(self):
        """The new customer lacks something: the credit note stands, the new invoice is
        a draft, and what is wrong is shown."""
        move = self.valid()
        self.other_customer.write({"country_id": self.env.ref("base.eg").id})
        self.other_customer.is_company = True
        self.other_customer.vat = False
        wizard = self.anew(move, partner_id=self.other_customer, post_new=True)
        action = wizard.action_return_anew()
        self.assertEqual(action["res_model"], "ereceipt.problems")
        self.assertEqual(move.reversal_move_ids.state, "posted")
        self.assertEqual(move.ereceipt_anew_ids.state, "draft")

    def test_device_of_a_second_till(self):
        move = self.invoice(journal_id=self.journal_2.id)
        self.run_outbox()
        self.anew(move, post_new=True).action_return_anew()
        self.assertEqual(
            (move.reversal_move_ids | move.ereceipt_anew_ids).ereceipt_device_id,
            self.device_2,
        )

    # -------------------------------------------------------------------------
    # NEVER REGISTERED
    # -------------------------------------------------------------------------

    def abandoned(self):
        """Return a late invoice, its credit note and the new invoice."""
        move = self.invoice()
        self.pass_time(hours=97)
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "late")
        wizard = self.anew(move, post_new=True)
        self.assertEqual(wizard.way, "anew")
        action = wizard.action_return_anew()
        new = self.env["account.move"].browse(action["res_id"])
        return move, move.reversal_move_ids, new.with_user(self.accountant)

    def test_late_invoice_is_settled_in_the_books_alone(self):
        move, credit_note, new = self.abandoned()
        self.assertEqual(move.ereceipt_state, "superseded")
        self.assertEqual(credit_note.state, "posted")
        self.assertFalse(credit_note.ereceipt_document_id)
        self.assertEqual(new.ereceipt_state, "queued")
        self.assertIn("never will", move.ereceipt_what_now)
        self.assertIn("nothing to take back", credit_note.ereceipt_what_now)
        self.run_outbox()
        self.assertEqual(new.ereceipt_state, "valid")
        self.assertFalse(self.taken(move))
        for invoice in (move, credit_note):
            with self.assertRaisesRegex(UserError, "nothing to issue"):
                invoice.with_user(self.accountant).action_ereceipt_issue()
        self.assertFalse(move.sudo().activity_ids.filtered("ereceipt_cause"))

    def test_what_is_settled_stays_settled(self):
        """Neither half can be taken out of the books by itself afterwards."""
        move, credit_note, _new = self.abandoned()
        for invoice in (move, credit_note):
            invoice = invoice.with_user(self.manager)
            for values in ({"state": "draft"}, {"name": "X/1"}):
                with self.assertRaisesRegex(UserError, "settled together"):
                    invoice.write(values)
            with self.assertRaises(UserError):
                invoice.with_context(force_delete=True).unlink()

    def test_ordinary_credit_note_of_a_late_invoice_waits(self):
        """Nobody gave the late document up: its credit note is issued and waits."""
        move = self.invoice()
        self.pass_time(hours=25)
        self.run_outbox(rounds=1)
        credit_note = self.reversal(move)
        self.assertFalse(credit_note.ereceipt_exempt)
        self.assertEqual(credit_note.ereceipt_state, "queued")
        self.run_outbox(rounds=1)
        self.assertEqual(credit_note.ereceipt_state, "queued")

    # -------------------------------------------------------------------------
    # REFUSED
    # -------------------------------------------------------------------------

    def test_undecided_invoice_is_not_taken_back(self):
        move = self.invoice()
        wizard = self.anew(move)
        with self.assertRaisesRegex(UserError, "has not decided"):
            wizard.action_return_anew()
        self.assertFalse(move.reversal_move_ids)

    def test_invoice_that_was_returned_already(self):
        move = self.valid()
        credit_note = self.reversal(move)
        with self.assertRaisesRegex(UserError, credit_note.name):
            self.anew(move).action_return_anew()

    def test_what_is_said_of_what_was_returned_wholly_or_in_part(self):
        move = self.invoice(quantity=3)
        self.run_outbox()
        first = self.reversal(move, quantity=1)
        self.assertFalse(move.ereceipt_is_taken_back)
        with self.assertRaisesRegex(UserError, f"{first.name}.*for the rest"):
            move.action_ereceipt_return_anew()
        # nothing but the code that was scanned ties the second to the sale
        second = self.reversal(move, post=False, quantity=2)
        second.sudo().reversed_entry_id = False
        second.ereceipt_original_uid = move.ereceipt_uuid
        second.action_post()
        move.invalidate_recordset()
        move.ereceipt_document_id.invalidate_recordset()
        self.assertTrue(move.ereceipt_is_taken_back)
        with self.assertRaisesRegex(UserError, "all of it back already") as refused:
            move.action_ereceipt_return_anew()
        self.assertIn(second.name, str(refused.exception))
        self.assertNotIn("the rest", str(refused.exception))

    def test_future_date(self):
        move = self.valid()
        wizard = self.anew(move, date=fields.Date.add(self.today(), days=3))
        with self.assertRaisesRegex(UserError, "lies in the future"):
            wizard.action_return_anew()
