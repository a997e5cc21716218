import ast
import inspect
import textwrap
from datetime import timedelta
from unittest.mock import patch

from odoo import Command, fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ..fiscal import lifecycle
from ..models.ereceipt_alert_cause import KINDS
from ..models.ereceipt_reconciliation_run import MOST_FAILURES
from .alert_common import AlertKit
from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit

WATCH = "odoo.addons.account_ereceipt.models.ereceipt_alert_watch.EreceiptAlertWatch"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAlerts(AlertKit, ReconciliationKit, EreceiptCommon):
    """Each thing that can be wrong is provoked, told once, and gone when it is gone."""

    # -------------------------------------------------------------------------
    # DOCUMENTS
    # -------------------------------------------------------------------------

    def test_refused(self):
        move = self.refused()
        alert = self.assert_told_once("refused")
        document = move.ereceipt_document_id
        self.assertEqual(alert.document_ids, document)
        self.assertIn(document.name, alert.note)
        self.assertTrue(self.activities(move, "refused"))
        action = alert.action_open()
        self.assertEqual(action["domain"], [("id", "in", document.ids)])
        document.sudo()._go(lifecycle.SUPERSEDED)
        self.assert_gone(alert)
        self.assertFalse(self.activities(move, "refused"))

    def test_documents_that_join_are_told_of_once(self):
        self.refused()
        alert = self.assert_told_once("refused")
        sent = len(self.mails())
        more = [self.refused() for _number in range(7)]
        self.upkeep()
        self.assertEqual(self.open_alerts("refused"), alert)
        self.assertEqual(alert.document_count, 8)
        mail = self.mails()[0]
        self.assertEqual(len(self.mails()), sent + 1, "one mail for all of them")
        self.assertIn(more[0].ereceipt_document_id.name, mail.body_html)
        self.assertIn("(7)", mail.body_html)
        self.assertIn("2 more", mail.body_html)

    def test_late(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        document._go(lifecycle.LATE)
        alert = self.assert_told_once("late")
        self.assertEqual(alert.document_ids, document)
        document._go(lifecycle.SUPERSEDED)
        self.assert_gone(alert)

    def test_given_up(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        document._go(lifecycle.FAILED)
        alert = self.assert_told_once("failed")
        self.assertIn(document.name, alert.note)
        document._retry()
        self.assert_gone(alert)

    def test_cancelled_there_and_posted_here(self):
        move = self.valid()
        document = move.ereceipt_document_id.sudo()
        document._go(lifecycle.CANCELLED)
        alert = self.assert_told_once("cancelled")
        self.assertEqual(alert.document_ids, document)
        move.with_user(self.accountant).action_ereceipt_cancel_in_books()
        self.assert_gone(alert)

    def test_several_kinds_are_told_in_one_mail(self):
        late, failed = self.invoice(), self.invoice()
        late.ereceipt_document_id.sudo()._go(lifecycle.LATE)
        failed.ereceipt_document_id.sudo()._go(lifecycle.FAILED)
        self.upkeep()
        self.assertTrue(self.open_alerts("late") and self.open_alerts("failed"))
        [mail] = self.mails()
        for label in ("Documents too late", "Documents given up"):
            self.assertIn(label, mail.body_html)

    def test_jobs_write_in_the_language_of_who_reads(self):
        """The job has a language of its own; people do not care."""
        self.env["res.lang"]._activate_lang("ar_001")
        (self.administrator | self.accountant).sudo().lang = "ar_001"
        move = self.refused(invoice_user_id=self.accountant.id)
        [activity] = self.activities(move, "refused")
        self.assertEqual(activity.user_id, self.accountant)
        self.assertEqual(activity.summary, "رفضته مصلحة الضرائب")
        bodies = " ".join(move.sudo().message_ids.mapped("body"))
        self.assertIn("رفضته مصلحة الضرائب.", bodies)
        self.assertNotIn("Refused by the tax authority", bodies)

    def test_stuck(self):
        move = self.invoice()
        self.upkeep()
        self.assertFalse(self.open_alerts("stuck"), "it was posted just now")
        self.pass_time(hours=5)
        alert = self.assert_told_once("stuck")
        for user in self.administrator | self.manager:
            [activity] = self.activities(self.registration, "stuck", user)
            self.assertEqual(activity.summary, "Documents stuck")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.registration, "stuck"))
        every = self.env["mail.activity"].sudo().with_context(active_test=False)
        done = every.search([("ereceipt_cause", "=", "stuck")])
        self.assertEqual(len(done), 1, "said once in the chatter")

    def test_a_return_that_waits_for_its_sale_is_not_stuck(self):
        sale = self.refused()
        document = sale.ereceipt_document_id.sudo()
        waiting = self.invoice().ereceipt_document_id.sudo()
        self.change_row(waiting, depends_on_id=document.id)
        self.pass_time(hours=5)
        self.upkeep()
        self.assertFalse(self.open_alerts("stuck"))

    def test_deadline(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        self.assertTrue(document.deadline_at)
        left = document.deadline_at - fields.Datetime.now() - timedelta(hours=1)
        self.registration.stuck_hours = 1000
        self.pass_time(seconds=left.total_seconds())
        alert = self.assert_told_once("deadline")
        self.assertTrue(self.activities(move, "deadline"))
        self.run_outbox()
        self.assert_gone(alert)

    def queries_of_a_run(self):
        """Return how many queries it takes to see that all is as it was."""
        alerts = self.env["ereceipt.alert.cause"].sudo()
        alerts._keep()
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        alerts._keep()
        return self.env.cr.sql_log_count - before

    def test_queries_do_not_grow_with_the_documents(self):
        self.refused()
        few = self.queries_of_a_run()
        for _number in range(8):
            self.refused()
        self.assertLessEqual(self.queries_of_a_run(), few)

    # -------------------------------------------------------------------------
    # CONNECTION
    # -------------------------------------------------------------------------

    def test_credentials_refused(self):
        secret = "sim-secret-0001-a"
        self.device.client_secret = "wrong"
        self.invoice()
        self.run_outbox(rounds=1)
        self.assertTrue(self.device.breaker_credentials)
        for user in self.administrator | self.manager:
            self.assertEqual(len(self.activities(self.device, "breaker", user)), 1)
        alert = self.assert_told_once("login")
        self.assertEqual(alert.subject, self.device.display_name)
        self.assertTrue(alert.note)
        self.device.client_secret = secret
        self.registration.with_user(self.administrator).action_close_breaker()
        self.run_outbox()
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.device, "breaker"))

    def test_calls_held_back(self):
        self.control.fault("submit", "waf_html")
        self.invoice()
        self.invoice(journal_id=self.journal_2.id)
        for _round in range(10):
            self.run_outbox(seconds=0.2, rounds=1)
            if self.registration.breaker_open_until:
                break
        self.assertTrue(self.registration.breaker_open_until)
        self.assertFalse(self.registration.breaker_credentials)
        alert = self.assert_told_once("breaker")
        self.control.reset()
        self.control.settings(validation_seconds=0)
        self.registration.with_user(self.administrator).action_close_breaker()
        self.run_outbox()
        self.assert_gone(alert)

    def test_a_pause_that_the_authority_asks_for_is_no_alert(self):
        self.registration.sudo()._breaker_hold(600, "Too many requests.")
        self.upkeep()
        self.assertFalse(self.open_alerts("breaker"))

    def test_a_device_that_cannot_be_used(self):
        self.invoice()
        device = type(self.env["ereceipt.device"])
        wrong = patch.object(device, "_connection", side_effect=ValueError("No key."))
        with wrong, mute_logger("odoo.addons.account_ereceipt.models.ereceipt_work"):
            self.run_outbox(rounds=1)
        alert = self.assert_told_once("unusable")
        self.assertIn("No key.", alert.note)
        self.run_outbox()
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.device, "unusable"))

    def test_a_key_that_is_away(self):
        key = self.env["ereceipt.signing.key"].with_user(self.administrator)
        key = key.create({"name": "Seal"})
        key.responsible_id = self.administrator
        self.registration.signing_key_id = key
        key.sudo()._is_away("The token is not plugged in.")
        alert = self.assert_told_once("key")
        self.assertEqual(len(self.activities(key, "key")), 2)
        key.sudo()._at_hand()
        self.assert_gone(alert)
        self.assertFalse(self.activities(key, "key"))

    def test_what_ends(self):
        """Told anew at each step, thirty days before and three."""
        self.device.credentials_end = self.today() + timedelta(days=20)
        alert = self.assert_told_once("end")
        self.assertIn("Credentials end", alert.note)
        self.device.credentials_end = self.today() + timedelta(days=2)
        self.upkeep()
        self.assertFalse(alert.is_open)
        second = self.open_alerts("end")
        self.assertEqual(len(second), 1)
        self.assertEqual(len(self.mails()), 2)
        self.device.credentials_end = self.today() + timedelta(days=400)
        self.assert_gone(second)

    # -------------------------------------------------------------------------
    # THIS SERVER
    # -------------------------------------------------------------------------

    def test_a_clock_that_is_wrong(self):
        self.valid()
        self.upkeep()
        self.assertFalse(self.open_alerts("clock"))
        self.control.settings(validation_seconds=0, clock_offset=600)
        for _number in range(3):
            self.invoice()
            self.run_outbox()
        alert = self.assert_told_once("clock")
        self.assertIn("seconds behind", alert.note)
        self.assertEqual(len(self.activities(self.registration, "clock")), 2)
        self.control.settings(validation_seconds=0, clock_offset=0)
        self.invoice()
        self.run_outbox()
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.registration, "clock"))

    def test_jobs_that_do_not_run(self):
        self.invoice()
        self.pass_time(minutes=20)
        self.env["ereceipt.outbox"]._lanes().sudo().lastcall = self.ago(hours=3)
        alert = self.assert_told_once("jobs")
        self.assertIn("1 waiting", alert.note)
        self.assertEqual(len(self.activities(self.registration, "jobs")), 2)
        self.run_outbox()
        self.assert_gone(alert)

    def test_jobs_that_are_switched_off(self):
        self.invoice()
        self.pass_time(minutes=20)
        self.env["ereceipt.outbox"]._lanes().sudo().active = False
        alert = self.assert_told_once("jobs")
        self.assertIn("switched off", alert.note)

    def test_an_upkeep_job_that_is_off_is_told_of_by_another(self):
        job = self.env.ref("account_ereceipt.ir_cron_ereceipt_upkeep").sudo()
        outbox = self.env["ereceipt.outbox"].sudo()
        job.lastcall = fields.Datetime.now()
        outbox._gc_notice_upkeep_off()
        self.assertFalse(self.open_alerts("jobs"))
        job.lastcall = self.ago(days=3)
        for _run in range(2):
            outbox._gc_notice_upkeep_off()
            self.assertEqual(len(self.open_alerts("jobs")), 1)
            self.assertEqual(len(self.mails()), 1)
        alert = self.open_alerts("jobs")
        self.assertIn("has not run for a day", alert.note)
        self.assert_gone(alert)

    # -------------------------------------------------------------------------
    # PROOF
    # -------------------------------------------------------------------------

    def let_it_be_called(self):
        """Let the time go by in which calls are held back."""
        for one in (self.registration, self.device, self.device_2):
            one.sudo()._breaker_reset()

    def run_until_it_fails(self, reconciliation):
        """Run the job again and again, with the time gone by that it waits between,
        until it leaves it to a person."""
        logger = "odoo.addons.account_ereceipt.fiscal.transport.client"
        attempts = 0
        with mute_logger(logger):
            while reconciliation.state != "failed" and attempts < 10:
                attempts += 1
                self.let_it_be_called()
                reconciliation.sudo().retry_at = False
                self.run_job(5.0)
        self.assertEqual(reconciliation.state, "failed")
        self.assertEqual(attempts, MOST_FAILURES)

    def test_differences(self):
        move = self.valid()
        self.control.alter(move.ereceipt_uuid, total="114.01")
        reconciliation = self.reconciled()
        alert = self.assert_told_once("reconciliation")
        self.assertIn("Open differences: 1", alert.note)
        self.assertTrue(self.activities(self.registration, "reconciliation"))
        self.lines(reconciliation, "amount")._explain("Rounded by hand")
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.registration, "reconciliation"))

    def test_a_reconciliation_that_does_not_go_on(self):
        """The authority answers everything but its list."""
        self.control.fault("search", "status", status=500)
        reconciliation = self.start(days=0)
        self.run_until_it_fails(reconciliation)
        for user in self.administrator | self.manager:
            cause = "reconciliation_failed"
            self.assertEqual(len(self.activities(self.registration, cause, user)), 1)
        alert = self.assert_told_once("reconciliation_failed")
        self.assertEqual(alert.note, reconciliation.error)
        self.control.clear_faults()
        reconciliation.with_user(self.accountant).action_resume()
        self.let_it_be_called()
        self.run_job()
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.registration, "reconciliation_failed"))

    def test_seals(self):
        self.valid()
        self.upkeep()
        exchange = self.env["ereceipt.exchange"].sudo().search([], limit=1)
        url = exchange.url
        self.assertTrue(exchange.seal_id)
        self.change_row(exchange, url="https://example.com")
        alert = self.assert_told_once("seal")
        self.assertIn(f"Exchange {exchange.id} was changed.", alert.note)
        self.assertEqual(len(self.activities(self.registration, "seal")), 2)
        self.change_row(exchange, url=url)
        self.assert_gone(alert)
        self.assertFalse(self.activities(self.registration, "seal"))

    def test_whatever_else_people_were_asked(self):
        alerts = self.env["ereceipt.alert"]
        alerts._raise(self.device, "held:9999", "Log in", "The login has lapsed.")
        alert = self.assert_told_once("other")
        self.assertEqual(alert.note, "Log in")
        alerts._clear(self.device, "held:9999")
        self.assert_gone(alert)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEveryAlert(BaseCase):
    """Who adds a kind of alert shows that it comes up, is told once, and goes."""

    def test_every_kind_is_provoked_and_goes(self):
        provoked = {
            kind
            for _name, test in inspect.getmembers(TestAlerts, inspect.isfunction)
            if test.__name__.startswith("test_")
            for kind in self.kinds_of(test)
        }
        self.assertEqual(provoked, dict(KINDS).keys())

    def kinds_of(self, test):
        """Return the kinds of alerts that a test sees told once, and gone."""
        source = ast.parse(textwrap.dedent(inspect.getsource(test)))
        calls = [
            (node.func.attr, node.args)
            for node in ast.walk(source)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        ]
        if "assert_gone" not in dict(calls):
            return set()
        return {args[0].value for name, args in calls if name == "assert_told_once"}


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAlertsPeople(AlertKit, EreceiptCommon):
    """Who is told, who sees, who may change nothing."""

    def fail_to_sign_in(self):
        """The breaker counts in a cursor of its own."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.registration.sudo()._breaker_failed("Down.", credentials=True)

    def provoke(self):
        self.fail_to_sign_in()
        self.upkeep()
        [alert] = self.open_alerts("login")
        return alert

    def test_who_does_it_first_does_it_for_all(self):
        alert = self.provoke()
        mine = self.activities(self.registration, "breaker", self.manager)
        mine.with_user(self.manager).action_feedback()
        self.assertFalse(self.activities(self.registration, "breaker"))
        sent = len(self.mails())
        self.upkeep()
        self.assertTrue(alert.is_open, "what was done did not help yet")
        self.assertFalse(self.activities(self.registration, "breaker"))
        self.assertEqual(len(self.mails()), sent)

    def test_mails_in_the_language_of_their_readers(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.manager.lang = "ar_001"
        self.provoke()
        self.assertIn('dir="rtl"', self.mails(self.manager).body_html)
        self.assertIn('dir="ltr"', self.mails().body_html)

    def test_who_has_no_address_gets_the_activity(self):
        self.manager.email = False
        alert = self.provoke()
        self.assertIn(self.manager, alert.told_user_ids)
        self.assertTrue(self.activities(self.registration, "breaker", self.manager))
        self.assertEqual(len(self.mails()), 1)

    def test_who_may_not_see_the_company_cannot_be_told(self):
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger", "account_ereceipt.group_ereceipt_reader", companies=company
        )
        clerk = self.make_user("nobody", "base.group_user")
        for user in stranger | clerk:
            with self.assertRaisesRegex(ValidationError, user.name):
                self.registration.write({"alert_user_ids": [Command.set(user.ids)]})

    def test_who_may_not_see_it_any_more_is_not_told(self):
        self.manager.group_ids = self.env.ref("base.group_user")
        alert = self.provoke()
        self.assertEqual(alert.told_user_ids, self.administrator)
        self.assertFalse(self.mails(self.manager))

    def test_alerts_of_other_companies_are_not_seen(self):
        alert = self.provoke()
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger", "account_ereceipt.group_ereceipt_reader", companies=company
        )
        self.assertFalse(self.alerts("login", stranger))
        with self.assertRaises(AccessError):
            alert.with_user(stranger).action_open()

    def test_everybody_who_reads_sees_them_and_nobody_changes_them(self):
        alert = self.provoke()
        for user in self.auditor | self.accountant | self.administrator:
            mine = alert.with_user(user)
            self.assertTrue(mine.note and mine.advice and mine.subject)
            self.assertTrue(mine.display_name)
            mine.action_open()
            for attempt in (
                lambda a=mine: a.write({"closed_at": fields.Datetime.now()}),
                mine.unlink,
                mine.copy,
            ):
                with self.assertRaises(AccessError):
                    attempt()

    def test_a_copy_of_the_database_tells_nobody(self):
        self.fail_to_sign_in()
        self.registration.sudo().database_uuid = "another"
        self.upkeep()
        self.assertFalse(self.alerts("login"))
        self.assertFalse(self.mails())

    def test_a_watch_that_fails_stops_no_other_and_closes_nothing(self):
        alert = self.provoke()
        broken = patch(f"{WATCH}._watch_breakers", side_effect=ValueError("Broken"))
        logger = "odoo.addons.account_ereceipt.models.ereceipt_alert_cause"
        self.device.credentials_end = self.today()
        with broken, mute_logger(logger):
            self.upkeep()
        self.assertTrue(alert.is_open)
        self.assertTrue(self.open_alerts("end"))
