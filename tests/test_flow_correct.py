from datetime import timedelta

from lxml import etree, html

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCorrect(EreceiptCommon):
    """Refused and given-up documents: corrected, tried again, and the activities that
    ask a person for it."""

    def open_causes(self, move):
        activities = (
            self.env["mail.activity"]
            .sudo()
            .search([("res_model", "=", "account.move"), ("res_id", "=", move.id)])
        )
        return activities.filtered("ereceipt_cause").mapped("ereceipt_cause")

    def give_up(self, move):
        document = move.ereceipt_document_id.sudo()
        document._go("failed", last_error="No line.", attempts=30)
        self.env["ereceipt.alert"]._raise_for_documents(document, "failed", "Given up")

    # -------------------------------------------------------------------------
    # CORRECTION
    # -------------------------------------------------------------------------

    def test_correction_takes_the_place_in_the_chain(self):
        """R1, R2 refused, R3: the correction of R2 follows R1, R3 stays as it is."""
        first = self.invoice()
        self.run_outbox()
        second = self.refused()
        third = self.invoice()
        old = second.ereceipt_document_id
        self.assertEqual(self.open_causes(second), ["refused"])
        second.action_ereceipt_correct()
        new = second.ereceipt_document_id
        self.assertEqual(old.state, "superseded")
        self.assertEqual(new.state, "queued")
        self.assertEqual(new.replaces_id, old)
        self.assertEqual(new.previous_uid, first.ereceipt_uuid)
        self.assertEqual(new.chain_index, 0)
        self.assertEqual(third.ereceipt_document_id.previous_uid, old.authority_uid)
        self.assertFalse(self.open_causes(second), "the activity is done")
        self.run_outbox()
        self.assertEqual((second | third).mapped("ereceipt_state"), ["valid"] * 2)
        rows = {row["uuid"]: row for row in self.control.receipts()}
        self.assertEqual(rows[new.authority_uid]["referenceOldUUID"], old.authority_uid)
        self.assertEqual(rows[new.authority_uid]["previousUUID"], first.ereceipt_uuid)

    def test_the_refusal_stays_in_the_history_of_what_was_corrected(self):
        move = self.refused()
        old = move.ereceipt_document_id
        refused_at = fields.Datetime.now() - timedelta(hours=2)
        old.sudo().decided_at = refused_at
        move.action_ereceipt_correct()
        self.assertEqual(old.state, "superseded")
        self.assertEqual(old.decided_at, refused_at)
        self.assertTrue(old.gone_at)
        rows = html.fromstring(old.history).iter("tr")
        history = [row.text_content() for row in rows]
        [verdict] = [row for row in history if "Decided" in row]
        self.assertIn("Decided: Refused", verdict)
        [replaced] = [row for row in history if "Replaced" in row]
        self.assertIn("Replaced by", replaced)
        self.assertLess(history.index(verdict), history.index(replaced))

    def test_what_nobody_decided_is_not_decided(self):
        move = self.invoice()
        self.give_up(move)
        old = move.ereceipt_document_id
        old.sudo()._go("superseded")
        self.assertFalse(old.decided_at)
        self.assertTrue(old.gone_at)
        self.assertIn("Replaced", old.history)

    def test_correction_refuses_with_the_problems(self):
        move = self.refused()
        old = move.ereceipt_document_id
        self.item_mapping.unlink()
        action = move.action_ereceipt_correct()
        self.assertEqual(action["res_model"], "ereceipt.problems")
        self.assertEqual(move.ereceipt_document_id, old)
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertIn("قلم حبر", str(move.ereceipt_problems))

    def test_stored_pdf_of_the_refused_document_is_not_kept(self):
        """Send & Print kept a PDF with the old QR code: the next one is made anew."""
        move = self.refused()
        move.sudo().invoice_pdf_report_file = "JVBERi0="
        self.assertTrue(move.invoice_pdf_report_id)
        move.action_ereceipt_correct()
        self.assertFalse(move.invoice_pdf_report_id)
        kept = (
            self.env["ir.attachment"]
            .sudo()
            .search([("res_model", "=", "account.move"), ("res_id", "=", move.id)])
        )
        self.assertTrue(kept, "detached, not lost")

    def test_print_says_what_it_replaces(self):
        move = self.refused()
        self.assertFalse(move._ereceipt_replaces_text())
        old = move.ereceipt_uuid
        move.action_ereceipt_correct()
        self.assertIn(old, move._ereceipt_replaces_text())

    def test_too_late_for_a_correction(self):
        move = self.refused()
        self.pass_time(hours=97)
        self.assertEqual(move.ereceipt_action, "action_ereceipt_late")
        self.assertIn("window for corrections closed", move.ereceipt_what_now)
        with self.assertRaisesRegex(UserError, "window for corrections has closed"):
            move.action_ereceipt_correct()

    def test_too_late_for_a_correction_by_posting_again(self):
        """Nothing is frozen that the authority would refuse as too late."""
        move = self.refused()
        move.button_draft()
        self.assertIn("Post it again", move.ereceipt_what_now)
        self.pass_time(hours=97)
        with self.assertRaisesRegex(UserError, "make a new one"):
            move.action_post()
        move.button_cancel()
        self.assertEqual(move.state, "cancel")

    def test_nothing_to_correct(self):
        move = self.invoice()
        with self.assertRaisesRegex(UserError, "nothing to correct"):
            move.action_ereceipt_correct()

    def test_bulk_issue_leaves_refused_ones_alone(self):
        move = self.refused()
        with self.assertRaisesRegex(UserError, "nothing to issue"):
            move.action_ereceipt_issue()
        self.assertEqual(move.ereceipt_state, "invalid")

    def test_refused_invoice_can_be_reset_and_reposted(self):
        """The long way: reset, change, post: the same number, a correction."""
        move = self.refused()
        old, name = move.ereceipt_document_id, move.name
        move.button_draft()
        move.invoice_line_ids.price_unit = 90
        move.action_post()
        self.assertEqual(move.name, name)
        self.assertEqual(move.ereceipt_document_id.replaces_id, old)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_the_draft_says_why_it_was_refused_and_until_when_it_can_be_mended(self):
        move = self.refused()
        document = move.ereceipt_document_id
        move.button_draft()
        self.assertEqual(move.ereceipt_level, "warning")
        self.assertIn("did not accept its document", move.ereceipt_what_now)
        self.assertIn(document.problems_text, move.ereceipt_what_now)
        until = document._moment_text(document._correction_closes_at())
        self.assertIn(f"corrected until {until}.", move.ereceipt_what_now)

    def test_several_and_only_the_wrong_ones_are_shown(self):
        first, second = self.refused(), self.refused()
        other = self.env["product.product"].create({"name": "مسطرة"})
        self.env["ereceipt.code.mapping"].create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "product_tmpl_id": other.product_tmpl_id.id,
                "scheme": "EGS",
                "code": "EG-674859545-0002",
            }
        )
        second.button_draft()
        second.invoice_line_ids.product_id = other
        second.sudo().ereceipt_device_id.problem_policy = "wait"
        self.item_mapping.unlink()
        second.action_post()
        self.assertEqual(second.ereceipt_state, "queued")
        with self.assertRaisesRegex(UserError, "nothing to correct"):
            second.action_ereceipt_correct()
        action = (first | second).action_ereceipt_correct()
        dialog = self.env["ereceipt.problems"].browse(action["res_id"])
        self.assertIn("قلم حبر", str(dialog.alerts))

    # -------------------------------------------------------------------------
    # HELD
    # -------------------------------------------------------------------------

    def pay(self, move):
        registering = self.env["account.payment.register"].with_user(self.accountant)
        registering.with_context(
            active_model="account.move", active_ids=move.ids
        ).create({})._create_payments()

    def refused_when_paid(self):
        """Return a refused invoice of a till that issues on payment, reset, changed
        and posted again."""
        self.device.issue_moment = "payment"
        move = self.invoice()
        self.pay(move)
        self.assertEqual(move.ereceipt_state, "queued")
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        self.run_outbox()
        self.assertEqual(self.open_causes(move), ["refused"])
        move.button_draft()
        move.invoice_line_ids.price_unit = 90
        move.action_post()
        return move

    def test_correction_is_issued_on_payment(self):
        move = self.refused_when_paid()
        old = move.ereceipt_document_id
        self.assertEqual((old.state, old.waiting_reason), ("invalid", "payment"))
        self.assertIn("its correction is posted", move.ereceipt_what_now)
        self.assertIn("when the invoice is paid", move.ereceipt_what_now)
        self.assertEqual(move.ereceipt_action, "action_ereceipt_correct")
        self.assertFalse(self.open_causes(move))
        self.assertFalse(old.needs_person)
        needing = self.env["ereceipt.document"].search([("needs_person", "=", True)])
        self.assertNotIn(old, needing)
        self.pay(move)
        new = move.ereceipt_document_id
        self.assertEqual((old.state, new.state), ("superseded", "queued"))
        self.assertEqual(new.replaces_id, old)
        self.assertFalse(old.waiting_reason)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_correction_is_issued_without_payment_if_a_person_wants(self):
        move = self.refused_when_paid()
        move.action_ereceipt_what_now()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_payment_after_the_window_for_corrections(self):
        """Nothing is frozen that would be refused; the ways that are left are said."""
        move = self.refused_when_paid()
        self.pass_time(hours=97)
        self.assertEqual(move.ereceipt_action, "action_ereceipt_late")
        self.pay(move)
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertFalse(move.ereceipt_document_id.waiting_reason)
        self.assertEqual(move.ereceipt_action, "action_ereceipt_late")

    def test_payment_alone_corrects_nothing(self):
        """Refused while it was posted: a person looks first, whatever is paid."""
        self.device.issue_moment = "payment"
        move = self.invoice()
        self.pay(move)
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        self.run_outbox()
        old = move.ereceipt_document_id
        move.line_ids.remove_move_reconcile()
        self.pay(move)
        self.assertEqual(move.ereceipt_document_id, old)

    # -------------------------------------------------------------------------
    # GIVEN UP
    # -------------------------------------------------------------------------

    def test_given_up_document_is_tried_again_by_a_manager(self):
        move = self.invoice()
        self.give_up(move)
        self.assertIn("given up after 30 attempts", move.ereceipt_what_now)
        self.assertEqual(move.ereceipt_action, "action_ereceipt_retry")
        self.assertEqual(self.open_causes(move), ["failed"])
        with self.assertRaises(AccessError):
            move.action_ereceipt_what_now()
        move.with_user(self.manager).action_ereceipt_what_now()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual((document.state, document.attempts), ("queued", 0))
        self.assertFalse(self.open_causes(move))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_given_up_document_that_the_authority_had_confirmed_is_asked_about(self):
        move = self.invoice()
        move.ereceipt_document_id.sudo().submission_ref = "S-1"
        self.give_up(move)
        move.with_user(self.manager).action_ereceipt_retry()
        self.assertEqual(move.ereceipt_state, "unknown")

    def test_given_up_and_meanwhile_too_late(self):
        move = self.invoice()
        self.give_up(move)
        self.pass_time(hours=25)
        move.with_user(self.manager).action_ereceipt_retry()
        self.assertEqual(move.ereceipt_state, "late")
        self.assertEqual(self.open_causes(move), ["late"])

    def test_nothing_to_retry(self):
        move = self.invoice().with_user(self.manager)
        with self.assertRaisesRegex(UserError, "nothing to retry"):
            move.action_ereceipt_retry()

    # -------------------------------------------------------------------------
    # ACTIVITIES
    # -------------------------------------------------------------------------

    def test_late_document_has_an_activity_until_it_goes_on(self):
        move = self.invoice()
        self.pass_time(hours=25)
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "late")
        self.assertEqual(self.open_causes(move), ["late"])
        move.action_ereceipt_late()
        wizard = self.env["ereceipt.late"].with_user(self.accountant)
        wizard.create({"move_id": move.id}).action_correct()
        self.assertFalse(self.open_causes(move))

    def test_warning_of_the_window_ends_with_the_window(self):
        move = self.invoice()
        self.pass_time(hours=20)
        self.env["ereceipt.outbox"].sudo()._warn_of_deadlines()
        self.assertEqual(self.open_causes(move), ["deadline"])
        self.pass_time(hours=5)
        self.run_outbox(rounds=1)
        self.assertEqual(self.open_causes(move), ["late"])

    def test_warning_before_the_window_for_corrections_closes(self):
        move = self.refused()
        warn = self.env["ereceipt.outbox"].sudo()._warn_of_deadlines
        warn()
        self.assertEqual(self.open_causes(move), ["refused"])
        self.pass_time(hours=91)
        warn()
        warn()
        self.assertEqual(sorted(self.open_causes(move)), ["deadline", "refused"])
        activity = move.sudo().activity_ids.filtered(
            lambda a: a.ereceipt_cause == "deadline"
        )
        self.assertIn("correcting it closes soon", activity.summary)
        move.action_ereceipt_correct()
        self.assertFalse(self.open_causes(move))

    def test_no_warning_after_the_window_for_corrections(self):
        move = self.refused()
        self.pass_time(hours=97)
        self.env["ereceipt.outbox"].sudo()._warn_of_deadlines()
        self.assertEqual(self.open_causes(move), ["refused"])

    def test_time_left_of_a_refused_document(self):
        """What is left is the time for correcting it."""
        move = self.refused()
        document = move.ereceipt_document_id
        for hours, text, level in (
            (1, "3 days left", "far"),
            (93.5, "01:30 h left", "soon"),
            (2.5, "Over for 01:00 h", "over"),
        ):
            self.pass_time(hours=hours)
            self.assertEqual(document.deadline_text, text)
            self.assertEqual(document.deadline_level, level)
            self.assertEqual(move.ereceipt_deadline_text, text)
            self.assertEqual(move.ereceipt_deadline_at, document.closes_at)
            closing = document._correction_closes_at()
            self.assertEqual(document.closes_at, closing)
            for operator, found in (("<=", True), (">", False)):
                domain = [("id", "=", document.id), ("closes_at", operator, closing)]
                self.assertEqual(bool(document.search(domain)), found)

    def test_refused_correction_has_the_window_of_the_first(self):
        move = self.refused()
        self.pass_time(hours=20)
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        closing = move.ereceipt_document_id.closes_at
        move.action_ereceipt_correct()
        self.run_outbox()
        document = move.ereceipt_document_id
        self.assertEqual(document.state, "invalid")
        self.assertTrue(document.replaces_id)
        self.assertEqual(document.closes_at, closing)
        for operator, found in (("<=", True), (">", False)):
            domain = [("id", "=", document.id), ("closes_at", operator, closing)]
            self.assertEqual(bool(document.search(domain)), found)

    def test_list_of_little_time_left(self):
        """The filter of the list finds documents to be sent and to be corrected."""
        refused = self.refused()
        self.pass_time(hours=94)
        late_soon = self.invoice()
        late_soon.ereceipt_document_id.sudo().deadline_at = fields.Datetime.now()
        self.invoice()
        view = self.env.ref("account_ereceipt.ereceipt_document_view_search")
        [node] = etree.fromstring(view.arch).xpath("//filter[@name='deadline_soon']")
        domain = safe_eval(node.get("domain"))
        found = self.env["ereceipt.document"].with_user(self.auditor).search(domain)
        self.assertEqual(found.move_id, (refused | late_soon).with_user(self.auditor))

    def test_warning_of_the_window_ends_when_valid(self):
        move = self.invoice()
        self.pass_time(hours=20)
        self.env["ereceipt.outbox"].sudo()._warn_of_deadlines()
        self.run_outbox()
        self.assertFalse(self.open_causes(move))

    def test_reset_of_a_refused_invoice_keeps_the_activity_until_reposted(self):
        move = self.refused()
        move.button_draft()
        self.assertEqual(self.open_causes(move), ["refused"])
        move.action_post()
        self.assertFalse(self.open_causes(move))
