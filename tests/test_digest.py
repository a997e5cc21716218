from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .alert_common import AlertKit
from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDigest(AlertKit, EreceiptCommon):
    """Whoever wants it gets the figures of the last week, once a week."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.auditor.write({"email": "auditor@example.com", "ereceipt_digest": True})

    def send(self, weeks=0):
        """Run the job, as many weeks later."""
        now = fields.Datetime.now() + timedelta(weeks=weeks)
        # in the middle of the week, whatever day and hour it is
        now += timedelta(days=2 - now.weekday())
        with freeze_time(now.replace(hour=12)):
            self.env["ereceipt.digest"].sudo()._cron_send()
        return self.mails(self.auditor)

    def figure(self, mail, label):
        """Return the figures beside a label."""
        rows = mail.body_html.split("<tr")
        [row] = [row for row in rows if label in row]
        cells = [cell.split(">")[-1].strip() for cell in row.split("<")]
        cells = [cell for cell in cells if cell]
        return cells[cells.index(label) + 1 :]

    def test_figures_of_the_week(self):
        for _number in range(3):
            self.invoice()
        self.run_outbox()
        self.refused()
        self.invoice()
        self.device.credentials_end = self.today() + timedelta(days=30)
        self.upkeep()
        mail = self.send(weeks=1)
        self.assertEqual(len(mail), 1)
        self.assertIn("E-receipts from", mail.subject)
        for label, value in (
            ("Issued", "5"),
            ("Valid", "3"),
            ("Refused", "1"),
            ("Waiting now", "1"),
            ("Too late or given up now", "0"),
            ("Open differences", "0"),
        ):
            with self.subTest(label):
                self.assertEqual(self.figure(mail, label)[0], value)
        self.assertEqual(self.figure(mail, "Issued")[1], "0", "the week before")
        self.assertIn("days", self.figure(mail, "The oldest of them waits for")[0])
        self.assertIn("Credentials end", mail.body_html)
        self.assertIn("TEST", mail.body_html)
        self.assertIn(self.registration.name, mail.body_html)

    def test_once_a_week(self):
        self.invoice()
        self.assertEqual(len(self.send()), 1)
        self.assertEqual(len(self.send()), 1)
        self.assertEqual(len(self.send(weeks=1)), 2)

    def test_answer_times(self):
        self.env["ereceipt.exchange"].sudo().search([]).mapped("id")
        begun = fields.Datetime.now()
        begun -= timedelta(days=begun.weekday() + 4)
        for seconds in (1.0, 2.0, 3.0):
            self.make_exchange(
                self.env["ereceipt.document"], duration=seconds, started_at=begun
            )
        label = "Seconds to an answer: usual, and of the slowest twentieth"
        self.assertEqual(self.figure(self.send(), label)[0], "2.0 / 2.9")

    def test_only_who_wants_it_and_reads(self):
        self.auditor.ereceipt_digest = False
        self.assertFalse(self.send())
        self.auditor.ereceipt_digest = True
        self.auditor.group_ids = self.env.ref("base.group_user")
        self.assertFalse(self.send())

    def test_everybody_decides_for_himself(self):
        mine = self.accountant.with_user(self.accountant)
        view = "base.view_users_form_simple_modif"
        with Form(mine, view) as form:
            form.ereceipt_digest = True
        self.assertTrue(self.accountant.ereceipt_digest)
        with self.assertRaises(AccessError):
            self.auditor.with_user(self.accountant).ereceipt_digest = False
        with self.assertRaises(AccessError):
            mine.ereceipt_digest_on = False

    def test_only_what_the_person_may_see(self):
        company = self.env["res.company"].create({"name": "Other"})
        stranger = self.make_user(
            "stranger", "account_ereceipt.group_ereceipt_reader", companies=company
        )
        stranger.write({"email": "stranger@example.com", "ereceipt_digest": True})
        self.send()
        self.assertFalse(self.mails(stranger), "there is nothing to tell")

    def test_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.auditor.lang = "ar_001"
        self.assertIn('dir="rtl"', self.send().body_html)

    def test_a_copy_of_the_database_mails_nobody(self):
        self.registration.sudo().database_uuid = "another"
        self.assertFalse(self.send())
