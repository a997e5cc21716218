from dataclasses import replace

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, HttpCase, tagged

from ..fiscal.eg_eta import EgReceipt
from .common import EreceiptCommon


class SendPrintCommon(EreceiptCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "mona@example.com"

    def wizard(self, moves):
        """Open *Send & Print* as the accountant."""
        action = moves.action_send_and_print()
        return (
            self.env[action["res_model"]]
            .with_user(self.accountant)
            .with_context(**action["context"])
            .create({})
        )

    def mails(self, move):
        return self.env["mail.message"].search(
            [
                ("model", "=", "account.move"),
                ("res_id", "=", move.id),
                ("message_type", "=", "comment"),
            ]
        )

    def run_mail_job(self):
        job = self.env.ref("account.ir_cron_account_move_send")
        with self.enter_registry_test_mode():
            job.method_direct_trigger()
        self.env.invalidate_all()


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSendPrint(SendPrintCommon):
    """*Send & Print* shows the document's state and respects it."""

    # -------------------------------------------------------------------------
    # STATE SHOWN
    # -------------------------------------------------------------------------

    def test_undecided_is_told_and_mailed(self):
        move = self.invoice()
        wizard = self.wizard(move)
        alert = wizard.alerts["ereceipt_pending"]
        self.assertEqual(alert["level"], "info")
        self.assertIn("not validated it yet", alert["message"])
        self.assertFalse(move.ereceipt_handed_over_at)
        wizard.action_send_and_print()
        self.assertEqual(len(self.mails(move)), 1)
        self.assertTrue(move.ereceipt_handed_over_at)

    def test_valid_needs_no_words(self):
        move = self.invoice()
        self.run_outbox()
        alerts = self.wizard(move).alerts
        self.assertFalse([key for key in alerts or () if key.startswith("ereceipt")])

    def test_refused_is_not_mailed(self):
        move = self.refused()
        wizard = self.wizard(move)
        alert = wizard.alerts["ereceipt_refused"]
        self.assertEqual(alert["level"], "danger")
        self.assertEqual(alert["action"]["res_id"], move.ereceipt_document_id.id)
        with self.assertRaisesRegex(UserError, "not mailed"):
            wizard.action_send_and_print()
        self.assert_no_way_around(move)

    def test_missed_is_told(self):
        move = self.invoice()
        self.pass_time(hours=25)
        self.run_outbox(rounds=1)
        alert = self.wizard(move).alerts["ereceipt_missed"]
        self.assertEqual(alert["level"], "warning")

    # -------------------------------------------------------------------------
    # MAIL ONLY WHAT IS VALID
    # -------------------------------------------------------------------------

    def test_mail_waits_until_valid(self):
        """The device mails only what is valid: what the accountant wrote goes out by
        itself when the authority has validated it."""
        self.device.mail_only_valid = True
        move = self.invoice()
        wizard = self.wizard(move)
        self.assertEqual(wizard.alerts["ereceipt_waiting"]["level"], "warning")
        wizard.subject = "Your pen"
        action = wizard.action_send_and_print()
        self.assertEqual(action["tag"], "display_notification")
        self.assertFalse(self.mails(move))
        self.run_mail_job()
        self.assertFalse(self.mails(move))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.run_mail_job()
        self.assertEqual(self.mails(move).subject, "Your pen")
        self.assertIn(self.customer, self.mails(move).partner_ids)
        self.assertTrue(move.ereceipt_handed_over_at)
        self.assertFalse(move.sending_data)
        self.assertFalse(move.sudo().ereceipt_mail_settings)

    def test_nobody_mails_it_around_the_dialog(self):
        self.device.mail_only_valid = True
        move = self.invoice()
        self.assert_no_way_around(move)

    def assert_no_way_around(self, move):
        """Whoever calls Odoo's method for it, no mail leaves."""
        send = self.env["account.move.send"].with_user(self.accountant)
        with self.assertRaisesRegex(UserError, "mailed"):
            send._generate_and_send_invoices(move, sending_methods=["email"])
        # this caller is content with a pro forma where the invoice cannot be made
        send._generate_and_send_invoices(
            move, sending_methods=["email"], allow_fallback_pdf=True
        )
        self.assertFalse(self.mails(move).partner_ids)
        self.assertFalse(move.ereceipt_handed_over_at)

    def test_reset_invoice_forgets_the_mail(self):
        self.device.mail_only_valid = True
        self.device.issue_moment = "manual"
        move = self.invoice()
        self.wizard(move).action_send_and_print()
        self.assertTrue(move.sudo().ereceipt_mail_settings)
        move.button_draft()
        self.assertFalse(move.sudo().ereceipt_mail_settings)

    def test_print_that_lacks_the_answer_waits_and_is_not_kept(self):
        """An authority whose answer belongs on the print."""
        self.patch(
            EgReceipt,
            "capabilities",
            replace(EgReceipt.capabilities, printable_at="answer"),
        )
        move = self.invoice()
        self.wizard(move).action_send_and_print()
        self.assertFalse(self.mails(move))
        move.sudo().invoice_pdf_report_file = "JVBERi0="
        self.run_outbox()
        self.assertFalse(move.invoice_pdf_report_id)
        self.run_mail_job()
        self.assertEqual(len(self.mails(move)), 1)

    def test_several_at_once(self):
        """Valid ones go, undecided ones go later, refused ones stay."""
        self.device.mail_only_valid = True
        valid = self.invoice()
        self.run_outbox()
        refused = self.refused()
        waiting = self.invoice()
        wizard = self.wizard(valid | refused | waiting)
        self.assertEqual(wizard.alerts["ereceipt_refused"]["level"], "warning")
        self.assertEqual(wizard.alerts["ereceipt_waiting"]["level"], "warning")
        wizard.action_send_and_print()
        self.assertTrue(valid.sending_data)
        self.assertFalse(refused.sending_data or refused.sudo().ereceipt_mail_settings)
        self.assertTrue(waiting.sudo().ereceipt_mail_settings)
        self.run_mail_job()
        self.run_outbox()
        self.run_mail_job()
        counts = [len(self.mails(move)) for move in (valid, refused, waiting)]
        self.assertEqual(counts, [1, 0, 1])

    def test_file_is_attached_where_the_device_wants_it(self):
        with Form(self.device.with_user(self.administrator)) as form:
            form.mail_file = True
        move = self.invoice()
        self.wizard(move).action_send_and_print()
        attachment = self.mails(move).attachment_ids.filtered(
            lambda a: a.name.endswith(".json")
        )
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(attachment.raw, document.content.encode())

    # -------------------------------------------------------------------------
    # WAITING FOR THE ANSWER
    # -------------------------------------------------------------------------

    def test_printing_waits_where_the_device_says_so(self):
        move = self.invoice()
        self.assertEqual(move.action_invoice_sent()["type"], "ir.actions.act_window")
        self.device.wait_seconds = 3
        for action in (move.action_invoice_sent(), move.action_print_pdf()):
            self.assertEqual(action["tag"], "account_ereceipt.send_now")
            following = action["params"]["next"]
            self.assertIn(
                following["type"], ("ir.actions.act_window", "ir.actions.report")
            )
            if following["type"] == "ir.actions.act_window":
                self.assertTrue(following["views"])
        self.run_outbox()
        self.assertEqual(move.action_invoice_sent()["type"], "ir.actions.act_window")

    # -------------------------------------------------------------------------
    # HANDED OVER
    # -------------------------------------------------------------------------

    def test_printing_hands_it_over_once(self):
        move = self.invoice()
        report = self.env["ir.actions.report"].with_user(self.accountant)
        report._render_qweb_pdf("account.account_invoices", move.ids)
        first = move.ereceipt_handed_over_at
        self.assertTrue(first)
        document = move.ereceipt_document_id.sudo()
        document.handed_over_at = "2026-01-01 00:00:00"
        report._render_qweb_pdf("account.account_invoices", move.ids)
        self.assertEqual(str(document.handed_over_at), "2026-01-01 00:00:00")

    def test_buttons_hand_it_over(self):
        for button in ("action_print_pdf", "action_invoice_download_pdf"):
            move = self.invoice()
            getattr(move, button)()
            self.assertTrue(move.ereceipt_handed_over_at)

    def test_who_only_looks_hands_nothing_over(self):
        move = self.invoice()
        self.auditor.group_ids += self.env.ref("account.group_account_readonly")
        move.with_user(self.auditor).action_print_pdf()
        report = self.env["ir.actions.report"].with_user(self.auditor)
        report._render_qweb_pdf("account.account_invoices", move.ids)
        self.assertFalse(move.ereceipt_handed_over_at)

    def test_drafts_and_waiting_ones_are_not_handed_over(self):
        self.device.issue_moment = "manual"
        move = self.invoice()
        move.action_print_pdf()
        self.assertFalse(move.ereceipt_handed_over_at)

    # -------------------------------------------------------------------------
    # REPLACEMENT
    # -------------------------------------------------------------------------

    def test_customer_with_a_refused_document_gets_the_new_one(self):
        """Mailed, refused at 18:00, corrected: the customer gets the document that
        counts by mail as soon as it is valid, and not before."""
        self.control.settings(validation_seconds=0)
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.wizard(move).action_send_and_print()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        old = move.ereceipt_document_id
        self.assertTrue(old.handed_over_at)
        move.action_ereceipt_correct()
        self.run_mail_job()
        self.assertEqual(len(self.mails(move)), 1, "nothing before it is valid")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.run_mail_job()
        newest = self.mails(move).sorted("id")[-1]
        self.assertEqual(len(self.mails(move)), 2)
        self.assertIn(old.authority_uid, newest.body)
        self.assertIn("must not be used", newest.body)
        self.assertTrue(move.ereceipt_handed_over_at)
        self.assertFalse(move.ereceipt_document_id._owes_replacement())

    def test_customer_without_mail_is_a_persons_task(self):
        self.customer.email = False
        move = self.refused()
        move.action_print_pdf()
        move.action_ereceipt_correct()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        causes = move.sudo().activity_ids.mapped("ereceipt_cause")
        self.assertEqual(causes, ["replacement"])
        move.action_print_pdf()
        self.assertFalse(move.sudo().activity_ids.filtered("ereceipt_cause"))

    def test_refused_document_that_nobody_has_is_just_corrected(self):
        move = self.refused()
        move.action_ereceipt_correct()
        self.run_outbox()
        self.run_mail_job()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(self.mails(move))

    def test_refused_twice_and_handed_over_once(self):
        """The customer holds the first one: the third replaces it."""
        move = self.refused()
        move.action_print_pdf()
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move.action_ereceipt_correct()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        move.action_ereceipt_correct()
        self.assertTrue(move.ereceipt_document_id._owes_replacement())
        self.run_outbox()
        self.run_mail_job()
        self.assertEqual(len(self.mails(move)), 1)

    def test_issued_anew_replaces_what_the_customer_holds(self):
        move = self.invoice()
        move.action_print_pdf()
        self.run_outbox()
        wizard = self.env["ereceipt.return.anew"].with_user(self.accountant)
        wizard = wizard.create({"move_id": move.id, "reason": "x", "post_new": True})
        new = self.env["account.move"].browse(wizard.action_return_anew()["res_id"])
        self.run_outbox(rounds=5)
        self.run_mail_job()
        self.assertIn(move.ereceipt_uuid, self.mails(new).body)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPortalHandsOver(SendPrintCommon, HttpCase):
    """Who sees an invoice in the portal has it; who previews it in the office gives it
    to nobody."""

    def test_printing_on_a_read_only_connection(self):
        """Reports are served on a read-only connection first."""
        self.accountant.password = "ereceipt_accountant"
        move = self.invoice()
        self.env.flush_all()
        self.authenticate("ereceipt_accountant", "ereceipt_accountant")
        page = self.url_open(f"/report/pdf/account.report_invoice/{move.id}")
        self.assertEqual(page.status_code, 200)
        self.env.invalidate_all()
        self.assertTrue(move.ereceipt_handed_over_at)

    def test_portal(self):
        portal_user = self.env["res.users"].create(
            {
                "name": "Mona",
                "login": "ereceipt_portal",
                "password": "ereceipt_portal",
                "partner_id": self.customer.id,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )
        self.accountant.password = "ereceipt_accountant"
        move = self.invoice()
        move._portal_ensure_token()
        self.env.flush_all()
        self.authenticate("ereceipt_accountant", "ereceipt_accountant")
        self.assertEqual(self.url_open(move.get_portal_url()).status_code, 200)
        self.env.invalidate_all()
        self.assertFalse(move.ereceipt_handed_over_at)
        self.authenticate(None, None)
        wrong = f"/my/invoices/{move.id}?access_token=wrong"
        self.url_open(wrong, allow_redirects=False)
        self.env.invalidate_all()
        self.assertFalse(move.ereceipt_handed_over_at)
        self.authenticate(portal_user.login, portal_user.login)
        self.assertEqual(self.url_open(move.get_portal_url()).status_code, 200)
        self.env.invalidate_all()
        self.assertTrue(move.ereceipt_handed_over_at)
