from datetime import datetime, timedelta

import pytz
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ADDRESS
from .invoice_common import EgInvoiceCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgInvoiceRouting(EgInvoiceCommon):
    """Which of ETA's two systems a sale goes to."""

    def test_businesses_get_invoices_and_consumers_receipts(self):
        business = self.sell_to_business(post=False)
        consumer = self.invoice(post=False)
        self.assertEqual(business.ereceipt_device_id, self.desk)
        self.assertEqual(consumer.ereceipt_device_id, self.device)
        business.partner_id = self.customer
        self.assertEqual(business.ereceipt_device_id, self.device)

    def test_a_consumer_gets_an_invoice_before_receipts_are_due(self):
        tomorrow = self.today() + timedelta(days=1)
        self.registration.obliged_from = tomorrow
        move = self.invoice(post=False)
        self.assertEqual(move.ereceipt_device_id, self.desk)
        move.invoice_date = tomorrow
        self.assertEqual(move.ereceipt_device_id, self.device)

    def test_another_device_can_be_chosen_by_hand(self):
        move = self.invoice(post=False)
        move.ereceipt_device_id = self.desk
        move.action_post()
        self.assertEqual(move.ereceipt_document_id.sudo().authority, "eg_invoice")

    def test_a_credit_note_goes_where_its_invoice_went(self):
        move = self.invoice(post=False)
        move.ereceipt_device_id = self.desk
        move.action_post()
        self.run_outbox()
        credit_note = self.reversal(move)
        self.assertEqual(credit_note.ereceipt_device_id, self.desk)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgInvoiceDevices(EgInvoiceCommon):
    """ETA gives serials for receipts, whose chains hang on them, not for invoices."""

    def branch(self, name, registration=None, **values):
        registration = registration or self.invoicing
        devices = self.env["ereceipt.device"].with_user(self.administrator)
        return devices.create(
            {"name": name, "registration_id": registration.id, **ADDRESS, **values}
        )

    def test_branches_need_no_serial(self):
        self.assertFalse(self.desk.serial)
        self.assertFalse(self.desk.uses_serial)
        second = self.branch("Alexandria", branch_code="1", serial=" ")
        third = self.branch("Port Said", branch_code="2")
        self.assertFalse(second.serial or third.serial)
        second.journal_ids = self.journal_2
        second.activity_code = "4711"
        second.action_activate()
        self.assertEqual(second.lifecycle, "active")
        self.assertEqual(second.display_name, "Alexandria")
        second.action_retire()
        second.action_take_back()
        self.assertEqual(second.lifecycle, "draft")

    def test_a_serial_that_was_made_up_before_may_stay(self):
        second = self.branch("Alexandria", serial="HQ")
        with (
            self.assertRaises(IntegrityError),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.branch("Port Said", serial="HQ")
        self.assertEqual(second.serial, "HQ")
        second.serial = False

    def test_tills_need_theirs(self):
        self.assertTrue(self.device.uses_serial)
        for serial in (False, "", "  "):
            with (
                self.subTest(serial),
                self.assertRaisesRegex(ValidationError, "serial of Till 3"),
            ):
                self.branch("Till 3", self.registration, serial=serial)
        till = self.branch("Till 3", self.registration, serial="SIM-POS-0003")
        with self.assertRaisesRegex(ValidationError, "serial of Till 3"):
            till.serial = False
        branch = self.branch("Alexandria")
        with self.assertRaisesRegex(ValidationError, "serial of Alexandria"):
            branch.registration_id = self.registration

    def test_a_branch_whose_authority_becomes_another_is_not_activated(self):
        invoicing = self.invoicing.copy({"environment": "production"})
        branch = self.branch("Alexandria", invoicing)
        invoicing.authority = "eg_receipt"
        with self.assertRaisesRegex(ValidationError, "serial of Alexandria"):
            branch.action_activate()


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgInvoiceFlow(EgInvoiceCommon):
    """From a posted invoice to a valid one at ETA, and what happens there later."""

    def test_an_invoice_becomes_valid(self):
        move = self.sell_to_business()
        self.assertFalse(self.problems(move))
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.state, "to_sign")
        self.assertFalse(move.ereceipt_uuid, "ETA gives it")
        self.run_outbox()
        self.assertEqual(document.state, "valid", document.problems)
        self.assertRegex(move.ereceipt_uuid, "^[0-9A-Z]{26}$")
        self.assertIn(f"/documents/{move.ereceipt_uuid}/share/", document.qr)
        self.assertTrue(move.ereceipt_qr_image)
        self.assertTrue(document.cancel_until)
        self.assertTrue(document.reject_until)
        (taken,) = self.control.documents(raw=False)
        self.assertEqual(taken["internalID"], move.name)

    def problems(self, move):
        return move.ereceipt_document_id.sudo().problems

    def test_its_print_calls_it_an_invoice(self):
        move = self.sell_to_business()
        self.assertEqual(move._ereceipt_print_values()["title"], "Electronic invoice")

    def test_it_has_to_be_there_by_the_end_of_the_day(self):
        move = self.sell_to_business()
        document = move.ereceipt_document_id.sudo()
        day = move._ereceipt_local_date(self.desk, document.issued_at)
        just_before = document.deadline_at - timedelta(seconds=1)
        self.assertEqual(move._ereceipt_local_date(self.desk, just_before), day)
        self.assertNotEqual(
            move._ereceipt_local_date(self.desk, document.deadline_at), day
        )

    def test_somebody_is_told_at_four_in_the_afternoon(self):
        """On Cairo's clock, also on the day after which clocks go forward (2026-04-23,
        its midnight is one o'clock) and on the one that has 25 hours (2026-10-29)."""
        self.assertEqual(self.registration.warn_before_hours, 12)
        self.assertEqual(self.invoicing.warn_before_hours, 8)
        zone = pytz.timezone("Africa/Cairo")
        for day in ("2026-02-02", "2026-07-01", "2026-04-23", "2026-10-29"):
            with self.subTest(day):
                noon, four = (
                    zone.localize(datetime.fromisoformat(f"{day} {hour}:00:00"))
                    .astimezone(pytz.utc)
                    .replace(tzinfo=None)
                    for hour in (12, 16)
                )
                deadline = self.invoicing._eg_invoice_deadline(noon)
                before = four - timedelta(seconds=1)
                self.assertLess(self.invoicing._warn_until(before), deadline)
                self.assertGreaterEqual(self.invoicing._warn_until(four), deadline)

    def test_the_hours_that_somebody_typed_stay(self):
        self.invoicing.warn_before_hours = 3
        self.invoicing.client_id = "another"
        self.env.flush_all()
        self.invoicing.invalidate_recordset()
        self.assertEqual(self.invoicing.warn_before_hours, 3)

    def test_the_warning_reaches_who_posted(self):
        move = self.sell_to_business()
        document = move.ereceipt_document_id.sudo()
        self.key._is_away("The key is away.")
        warn = self.env["ereceipt.outbox"].sudo()._warn_of_deadlines
        document.deadline_at = fields.Datetime.now() + timedelta(hours=9, minutes=59)
        warn()
        self.assertNotIn("deadline", self.causes(move), "not yet")
        document.deadline_at = fields.Datetime.now() + timedelta(hours=6)
        warn()
        self.assertIn("deadline", self.causes(move))

    def test_a_credit_note_waits_for_its_invoice_and_refers_to_it(self):
        move = self.sell_to_business()
        credit_note = self.reversal(move)
        self.assertEqual(credit_note.ereceipt_state, "waiting")
        self.run_outbox(rounds=6)
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(
            credit_note.ereceipt_state, "valid", self.problems(credit_note)
        )
        document = credit_note.ereceipt_document_id.sudo()
        self.assertEqual(document.kind, "credit")
        self.assertIn(move.ereceipt_uuid, document.content)

    # -------------------------------------------------------------------------
    # CANCELLING
    # -------------------------------------------------------------------------

    def ask_to_cancel(self, move):
        action = move.button_request_cancel()
        wizard = self.env[action["res_model"]].with_user(self.accountant)
        wizard.with_context(**action["context"]).create(
            {"reason": "Wrong buyer details"}
        ).action_cancel()

    def test_a_credit_note_shows_its_own_type_and_leads_to_its_invoice(self):
        """The document keeps the type of the sale; what ETA has is a credit note."""
        move = self.valid()
        sold = move.ereceipt_document_id
        note = self.reversal(move).ereceipt_document_id.with_user(self.accountant)
        self.assertIn('"documentType":"C"', note.content.replace(" ", ""))
        self.assertIn("Credit note", note.document_type_text)
        self.assertNotIn("Credit note", sold.document_type_text)
        told = [one["document_type"] for one in (note | sold)._told_outside()]
        self.assertEqual(told, ["C", "I"])
        self.assertEqual(note.original_id, sold)
        note.sudo().depends_on_id = False
        note.invalidate_recordset()
        self.assertEqual(note.original_id, sold, "by its identifier alone")
        self.assertFalse(sold.original_id)

    def test_an_invoice_is_cancelled_there_and_then_here(self):
        self.control.settings(finality="immediate")
        move = self.valid()
        self.assertTrue(move.need_cancel_request)
        self.assertFalse(move.show_reset_to_draft_button)
        self.ask_to_cancel(move)
        self.assertEqual(move.ereceipt_state, "cancelling")
        self.assertEqual(move.state, "posted", "it stands until ETA has decided")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "cancelled")
        self.assertEqual(move.state, "cancel")

    def test_a_cancellation_that_the_buyer_declines_leaves_it_valid(self):
        move = self.valid()
        self.ask_to_cancel(move)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "cancelling", "he may decline for a week")
        self.control.document_state(move.ereceipt_uuid, "decline_cancelation")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(move.state, "posted")
        self.assertIn("change", self.causes(move))

    def test_a_cancellation_is_asked_about_less_and_less_often(self):
        move = self.valid()
        self.ask_to_cancel(move)
        self.run_outbox()
        document = move.ereceipt_document_id.sudo()
        document.submitted_at -= timedelta(days=9)
        for taken, minutes in ((0, 10), (3, 10), (12, 30), (24, 60), (160, 60)):
            document.change_sent_at = fields.Datetime.now() - timedelta(hours=taken)
            self.assert_asked_again(document, minutes)

    def test_a_cancellation_on_the_portal_is_asked_about_hourly(self):
        document = self.cancelled_on_the_portal().ereceipt_document_id.sudo()
        document.decided_at -= timedelta(days=2)
        self.assert_asked_again(document, 60)

    def assert_asked_again(self, document, minutes):
        """Ask about a document, which is asked about again after so many minutes."""
        self.run_outbox(rounds=1)
        self.assertEqual(document.state, "cancelling")
        wait = (document.next_attempt_at - fields.Datetime.now()).total_seconds()
        self.assertAlmostEqual(wait, 60 * minutes, delta=15)

    def causes(self, record):
        activities = self.env["mail.activity"].sudo()
        found = activities.search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return found.filtered("ereceipt_cause").mapped("ereceipt_cause")

    def cancelled_on_the_portal(self):
        """Return a valid invoice whose cancellation somebody asked for at ETA's portal,
        which was noticed."""
        move = self.valid()
        self.control.document_state(move.ereceipt_uuid, "cancel")
        self.follow()
        self.assertEqual(move.ereceipt_state, "cancelling")
        self.assertFalse(move.ereceipt_document_id.sudo().change)
        return move

    def test_a_cancellation_on_the_portal_is_noticed(self):
        move = self.cancelled_on_the_portal()
        self.assertIn("change", self.causes(move))
        self.assertIn("not here", move.ereceipt_what_now)
        self.assertEqual(move.state, "posted")
        self.assertTrue(move.ereceipt_locked)
        self.follow()
        self.assertEqual(move.ereceipt_state, "cancelling", "still not decided")

    def test_a_cancellation_on_the_portal_that_the_buyer_declines(self):
        move = self.cancelled_on_the_portal()
        self.control.document_state(move.ereceipt_uuid, "decline_cancelation")
        self.follow()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.state, "valid")
        self.assertTrue(document.next_attempt_at, "it is followed again")
        self.assertNotIn("change", self.causes(move))
        self.assertIn("was declined", "".join(move.message_ids.mapped("body")))

    def test_a_cancellation_on_the_portal_that_takes_effect(self):
        move = self.cancelled_on_the_portal()
        self.control.settings(clock_offset=8 * 24 * 3600)
        self.follow()
        self.assertEqual(move.ereceipt_state, "cancelled")
        self.assertEqual(move.state, "posted", "a person decides about the books")
        self.assertIn("cancelled", self.causes(move))
        move.action_ereceipt_cancel_in_books()
        self.assertEqual(move.state, "cancel")

    def test_nothing_is_cancelled_after_the_window(self):
        move = self.valid()
        document = move.ereceipt_document_id.sudo()
        document.cancel_until = fields.Datetime.now() - timedelta(minutes=1)
        self.assertFalse(move.need_cancel_request)
        with self.assertRaisesRegex(UserError, "credit note"):
            document._ask_to_cancel("Wrong buyer details")

    def test_a_credit_note_stands_against_cancelling(self):
        move = self.valid()
        self.reversal(move)
        with self.assertRaisesRegex(UserError, "taken back"):
            move.button_request_cancel()

    # -------------------------------------------------------------------------
    # THE BUYER
    # -------------------------------------------------------------------------

    def test_a_rejection_by_the_buyer_is_noticed(self):
        move = self.rejected()
        self.assertIn("refused", self.causes(move))
        self.assertIn("buyer rejected it", move.ereceipt_what_now)

    def test_a_rejection_is_declined(self):
        move = self.rejected()
        action = move.action_ereceipt_rejection()
        wizard = self.env[action["res_model"]].with_user(self.accountant)
        wizard = wizard.with_context(**action["context"]).create({})
        self.assertFalse(wizard.decline_reason)
        wizard.action_decline()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(move.ereceipt_document_id.sudo().change)

    def test_before_a_rejection_takes_effect_its_number_is_taken(self):
        move = self.rejected()
        move.button_draft()
        with self.assertRaisesRegex(UserError, "takes effect at"):
            move.action_post()

    def test_a_rejected_invoice_is_issued_again(self):
        self.control.settings(finality="immediate")
        move = self.rejected()
        first = move.ereceipt_uuid
        move.button_draft()
        # in the same second nothing else would tell the two documents apart
        move.ref = "PO-77"
        move.action_post()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", self.problems(move))
        self.assertNotEqual(move.ereceipt_uuid, first)
