from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReturnStuck(EreceiptCommon):
    """A return waits for its sale, and the sale does not become valid: whatever the
    hour, one of the two says what to do, and that leads to an end."""

    def refused_with_return(self, **line_values):
        """Return a refused sale and its credit note, which was posted before."""
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        sale = self.invoice(quantity=3)
        note = self.reversal(sale, **line_values)
        self.run_outbox()
        self.assertEqual(
            (sale.ereceipt_state, note.ereceipt_state), ("invalid", "queued")
        )
        return sale, note

    def later(self, **delta):
        self.pass_time(**delta)
        self.run_outbox(rounds=1)

    def assert_offers(self, move, action, part):
        self.assertEqual(move.ereceipt_action, action, move.ereceipt_what_now)
        self.assertTrue(move.ereceipt_action_label)
        self.assertIn(part, move.ereceipt_what_now)

    def choose(self, move):
        """Press the button, and return the dialog with the ways."""
        action = move.action_ereceipt_what_now()
        self.assertEqual(action["res_model"], "ereceipt.late")
        ways = self.env["ereceipt.late"].with_user(self.accountant)
        return ways.with_context(**action["context"]).create({})

    def anew(self, move, **values):
        """Choose *Return and issue anew* and go through with it."""
        ways = self.choose(move)
        self.assertFalse(ways.anew_reason)
        action = ways.action_return_anew()
        wizard = Form(
            self.env["ereceipt.return.anew"]
            .with_user(self.accountant)
            .with_context(**action["context"])
        )
        wizard.reason = "window closed"
        for name, value in values.items():
            setattr(wizard, name, value)
        return wizard.save()

    # -------------------------------------------------------------------------
    # THE SALE CAN STILL BE CORRECTED
    # -------------------------------------------------------------------------

    def test_before_any_window_closes(self):
        sale, note = self.refused_with_return()
        self.assert_offers(sale, "action_ereceipt_correct", "refused it")
        self.assert_offers(note, "action_ereceipt_open_original", "Refused")
        self.assertEqual(note.action_ereceipt_what_now()["res_id"], sale.id)
        sale.action_ereceipt_what_now()
        self.run_outbox(rounds=5)
        self.assertEqual((sale | note).mapped("ereceipt_state"), ["valid"] * 2)

    def test_return_is_late_and_the_sale_is_corrected(self):
        """The return's own correction follows that of its sale by itself."""
        sale, note = self.refused_with_return()
        self.later(hours=30)
        self.assertEqual(note.ereceipt_state, "late")
        self.assert_offers(note, "action_ereceipt_open_original", "Refused")
        self.assertEqual(note.action_ereceipt_what_now()["res_id"], sale.id)
        self.assert_offers(sale, "action_ereceipt_correct", "refused it")
        sale.action_ereceipt_what_now()
        self.assertEqual(note.ereceipt_state, "queued")
        self.assertEqual(
            note.ereceipt_document_id.sudo().original_uid, sale.ereceipt_uuid
        )
        self.run_outbox(rounds=5)
        self.assertEqual((sale | note).mapped("ereceipt_state"), ["valid"] * 2)

    # -------------------------------------------------------------------------
    # BOTH WINDOWS HAVE CLOSED
    # -------------------------------------------------------------------------

    def test_all_of_it_was_returned(self):
        """Nothing is left to be issued: both are settled in the books alone."""
        sale, note = self.refused_with_return()
        self.later(hours=97)
        self.assert_offers(sale, "action_ereceipt_late", "Choose how to go on")
        self.assert_offers(note, "action_ereceipt_open_original", "Settle that one")
        with self.assertRaisesRegex(UserError, "Settle that one first"):
            note.action_ereceipt_return_anew() and self.env[
                "ereceipt.return.anew"
            ].with_user(self.accountant).create(
                {"move_id": note.id, "reason": "x"}
            ).action_return_anew()
        wizard = self.anew(sale)
        self.assertEqual(wizard.way, "settle")
        self.assertIn(note.name, wizard.returned_text)
        action = wizard.action_return_anew()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual((sale | note).mapped("ereceipt_state"), ["superseded"] * 2)
        self.assertTrue(all((sale | note).mapped("ereceipt_exempt")))
        self.assertFalse(sale.ereceipt_anew_ids)
        self.assertEqual(len(sale.reversal_move_ids), 1, "nothing more was posted")
        for move in sale | note:
            self.assertFalse(move.ereceipt_action)
            self.assertIn("settled in the books alone", move.ereceipt_what_now)
            self.assertFalse(move.sudo().activity_ids.filtered("ereceipt_cause"))
            self.assertIn("window closed", str(move.message_ids.mapped("body")))
        with self.assertRaisesRegex(UserError, "nothing to issue"):
            (sale | note).action_ereceipt_issue()
        self.run_outbox()
        self.assertFalse(self.taken(note))

    def test_a_part_was_returned(self):
        """Sale and return are reversed in the books, and copies of both are issued."""
        sale, note = self.refused_with_return(quantity=1)
        self.later(hours=97)
        wizard = self.anew(sale, post_new=True)
        self.assertEqual(wizard.way, "anew")
        wizard.action_return_anew()
        new_sale, new_note = sale.ereceipt_anew_ids, note.ereceipt_anew_ids
        self.assertEqual(new_note.reversed_entry_id, new_sale)
        self.assertEqual(
            (new_sale | new_note).mapped("amount_total"),
            (sale | note).mapped("amount_total"),
        )
        reversals = (sale | note).reversal_move_ids - note - new_note
        self.assertEqual(len(reversals), 2)
        self.assertFalse(any(reversals.mapped("ereceipt_document_id")))
        booked = (sale | note | reversals).mapped("amount_total_signed")
        self.assertAlmostEqual(sum(booked), 0)
        self.run_outbox(rounds=6)
        self.assertEqual((new_sale | new_note).mapped("ereceipt_state"), ["valid"] * 2)
        self.assertFalse(self.taken(sale)[1:] or self.taken(note))
        row = self.taken(new_note)[0]
        self.assertEqual(row["referenceUUID"], new_sale.ereceipt_uuid)

    def test_drafts_are_opened_together(self):
        sale, _note = self.refused_with_return(quantity=1)
        self.later(hours=97)
        action = self.anew(sale).action_return_anew()
        self.assertNotIn("default_move_id", action["context"])
        drafts = self.env["account.move"].search(action["domain"])
        self.assertEqual(drafts.mapped("state"), ["draft"] * 2)
        drafts.with_user(self.accountant).action_post()
        self.assertEqual(drafts.mapped("ereceipt_state"), ["queued"] * 2)
        self.run_outbox(rounds=6)
        self.assertEqual(drafts.mapped("ereceipt_state"), ["valid"] * 2)

    def test_sale_is_late_itself(self):
        """The authority was away for days: neither of the two got there."""
        sale = self.invoice(quantity=3)
        note = self.reversal(sale)
        self.later(hours=97)
        self.assertEqual((sale | note).mapped("ereceipt_state"), ["late"] * 2)
        self.assert_offers(sale, "action_ereceipt_late", "closed at")
        self.assert_offers(note, "action_ereceipt_open_original", "Settle that one")
        self.anew(sale).action_return_anew()
        self.assertEqual((sale | note).mapped("ereceipt_state"), ["superseded"] * 2)

    def test_return_that_names_its_sale_by_its_identifier(self):
        """It waits for its original, and is settled with it."""
        sale = self.refused()
        note = self.reversal(sale, post=False)
        note.write(
            {"reversed_entry_id": False, "ereceipt_original_uid": sale.ereceipt_uuid}
        )
        note.action_post()
        self.assertEqual(note.ereceipt_document_id.sudo().waiting_reason, "original")
        self.later(hours=97)
        wizard = self.anew(sale)
        self.assertEqual(wizard.way, "settle")
        wizard.action_return_anew()
        self.assertTrue(note.ereceipt_exempt)
        self.assertEqual(note.ereceipt_state, "withdrawn")
        with self.assertRaisesRegex(UserError, "nothing to issue"):
            note.action_ereceipt_issue()

    # -------------------------------------------------------------------------
    # THE SALE IS VALID, THE RETURN IS TOO LATE
    # -------------------------------------------------------------------------

    def late_return(self):
        """Return a valid sale and a return of it that is too late for everything."""
        sale = self.invoice(quantity=3)
        self.run_outbox()
        note = self.reversal(sale, quantity=1)
        self.later(hours=97)
        self.assertEqual((sale.ereceipt_state, note.ereceipt_state), ("valid", "late"))
        return sale, note

    def test_return_of_a_valid_sale_is_issued_anew(self):
        sale, note = self.late_return()
        self.assert_offers(note, "action_ereceipt_late", "closed at")
        wizard = self.anew(note, post_new=True)
        self.assertEqual(wizard.way, "anew")
        wizard.action_return_anew()
        again = note.ereceipt_anew_ids
        self.assertEqual(
            (again.move_type, again.reversed_entry_id), ("out_refund", sale)
        )
        reversal = note.reversal_move_ids
        self.assertEqual(
            (reversal.state, reversal.move_type), ("posted", "out_invoice")
        )
        self.assertFalse(reversal.ereceipt_document_id)
        self.assertTrue(reversal.ereceipt_exempt)
        self.run_outbox(rounds=3)
        self.assertEqual(again.ereceipt_state, "valid", again.ereceipt_what_now)
        self.assertEqual(self.taken(again)[0]["referenceUUID"], sale.ereceipt_uuid)
        self.assertFalse(self.taken(note))

    def test_late_return_is_still_corrected_in_time(self):
        sale = self.invoice(quantity=3)
        self.run_outbox()
        note = self.reversal(sale, quantity=1)
        self.later(hours=30)
        ways = self.choose(note)
        self.assertFalse(ways.correction_reason)
        ways.action_correct()
        self.run_outbox(rounds=3)
        self.assertEqual(note.ereceipt_state, "valid")

    def test_valid_return_is_not_taken_back(self):
        sale = self.invoice(quantity=3)
        self.run_outbox()
        note = self.reversal(sale)
        self.run_outbox()
        wizard = self.env["ereceipt.return.anew"].with_user(self.accountant)
        wizard = wizard.create({"move_id": note.id, "reason": "x"})
        with self.assertRaisesRegex(UserError, "holds this return as valid"):
            wizard.action_return_anew()

    def test_sale_that_was_cancelled_in_the_books(self):
        """Refused, too late to be corrected, reset and cancelled: its return is given
        up as well."""
        sale, note = self.refused_with_return()
        self.later(hours=97)
        sale.button_draft()
        sale.button_cancel()
        self.assert_offers(note, "action_ereceipt_late", "closed at")
        wizard = self.anew(note)
        self.assertEqual(wizard.way, "settle")
        wizard.action_return_anew()
        self.assertEqual(note.ereceipt_state, "superseded")
        self.assertTrue(note.ereceipt_exempt)
