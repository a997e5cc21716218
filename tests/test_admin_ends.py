from datetime import timedelta

from lxml import etree

from odoo import Command, fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdminEnds(EreceiptCommon):
    """Whoever is responsible is told in time that credentials end: thirty, fourteen
    and three days before, once each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.registration.responsible_id = cls.administrator

    def upkeep(self):
        """Run the upkeep job as its scheduler would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr, su=True)["ereceipt.outbox"]._cron_upkeep()
        self.env.invalidate_all()

    def end_in(self, days, record=None):
        record = record or self.device
        record.credentials_end = self.today() + timedelta(days=days)

    def days_pass(self, days):
        """Let the end come nearer, as time does: what was told stays told."""
        self.env.flush_all()
        end = self.device.credentials_end - timedelta(days=days)
        told = self.device.sudo().ends_told
        self.env.cr.execute(
            "UPDATE ereceipt_device SET credentials_end = %s, "
            "ends_told = replace(ends_told::text, %s, %s)::jsonb WHERE id = %s",
            [end, str(self.device.credentials_end), str(end), self.device.id],
        )
        self.env.invalidate_all()
        return told

    def open_ones(self, record=None):
        return (record or self.device).activity_ids

    def done_ones(self, record=None):
        record = record or self.device
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", record._name),
                    ("res_id", "=", record.id),
                    ("active", "=", False),
                ]
            )
        )

    # -------------------------------------------------------------------------
    # ACTIVITIES
    # -------------------------------------------------------------------------

    def test_one_activity_at_each_step(self):
        self.end_in(31)
        self.upkeep()
        self.assertFalse(self.open_ones())
        self.days_pass(1)
        for days, step in ((30, 30), (29, 0), (14, 14), (9, 0), (3, 3), (0, 0)):
            left = (self.device.credentials_end - fields.Date.today()).days
            self.days_pass(left - days)
            for _run in range(2):
                self.upkeep()
            with self.subTest(days):
                activity = self.open_ones()
                if not step:
                    self.assertFalse(activity, "what is done does not come back")
                    continue
                self.assertEqual(len(activity), 1, "one at a time")
                self.assertEqual(activity.user_id, self.administrator)
                self.assertIn("Credentials end", activity.summary)
                told = self.device.sudo().ends_told["credentials_end"]
                self.assertEqual(told["days"], step)
                activity.action_feedback()

    def test_an_activity_that_nobody_did_is_followed_by_the_next(self):
        self.end_in(20)
        self.upkeep()
        first = self.open_ones()
        self.days_pass(10)
        self.upkeep()
        second = self.open_ones()
        self.assertEqual((len(first), len(second)), (1, 1))
        self.assertNotEqual(first, second)
        self.assertFalse(self.done_ones(), "nobody did the first")

    def test_the_end_says_when_it_is_due(self):
        self.end_in(12)
        self.upkeep()
        activity = self.open_ones()
        self.assertEqual(activity.date_deadline, self.device.credentials_end)
        self.assertIn("portal", activity.note)

    def test_a_date_that_is_moved_closes_it(self):
        self.end_in(2)
        self.upkeep()
        self.assertEqual(len(self.open_ones()), 1)
        self.end_in(400)
        self.assertFalse(self.open_ones(), "at once")
        self.assertEqual(len(self.done_ones()), 1)
        self.upkeep()
        self.assertFalse(self.open_ones())
        self.end_in(13)
        self.upkeep()
        self.assertEqual(len(self.open_ones()), 1, "the next end is another one")

    def test_a_date_that_changes_without_a_write_closes_it_too(self):
        """As a certificate's, which follows from its file."""
        self.end_in(2)
        self.upkeep()
        self.env.cr.execute(
            "UPDATE ereceipt_device SET credentials_end = credentials_end + 400 "
            "WHERE id = %s",
            [self.device.id],
        )
        self.env.invalidate_all()
        self.upkeep()
        self.assertFalse(self.open_ones())

    def test_an_end_that_is_past_is_told(self):
        self.end_in(-5)
        self.upkeep()
        self.assertEqual(len(self.open_ones()), 1)

    def test_what_is_out_of_use_is_not_told(self):
        self.end_in(2)
        self.end_in(2, self.device_2)
        self.end_in(2, self.registration)
        self.upkeep()
        self.assertTrue(self.open_ones() and self.open_ones(self.device_2))
        self.assertFalse(
            self.open_ones(self.registration), "its devices sign in by themselves"
        )
        self.device.action_retire()
        self.device_2.active = False
        self.upkeep()
        self.assertFalse(self.open_ones())
        self.assertFalse(self.open_ones(self.device_2))

    def test_credentials_of_the_registration(self):
        """Where one sign-in is for all devices, its own end counts, and theirs not."""
        self.registration.eg_channel = "erp"
        self.end_in(2, self.registration)
        self.end_in(2)
        self.upkeep()
        self.assertEqual(len(self.open_ones(self.registration)), 1)
        self.assertFalse(self.open_ones())

    def test_a_copy_of_the_database_tells_nobody(self):
        self.end_in(2)
        self.registration.sudo().database_uuid = "another"
        self.upkeep()
        self.assertFalse(self.open_ones())

    def test_a_parameter_that_makes_no_sense_stops_nothing(self):
        """Anybody who may change parameters can write nonsense there."""
        self.end_in(2)
        self.invoice()
        self.run_outbox()
        self.env["ir.config_parameter"].sudo().set_param(
            "account_ereceipt.warn_days", "soon"
        )
        self.upkeep()
        self.assertTrue(self.open_ones(), "with the usual days")
        unsealed = [("seal_id", "=", False)]
        self.assertFalse(self.env["ereceipt.exchange"].sudo().search(unsealed))

    # -------------------------------------------------------------------------
    # SETTINGS
    # -------------------------------------------------------------------------

    def test_days_are_a_setting(self):
        settings = self.env["res.config.settings"].create({})
        self.assertEqual(settings.ereceipt_warn_days, "30, 14, 3")
        settings.ereceipt_warn_days = "60,7"
        settings.execute()
        self.end_in(50)
        self.upkeep()
        told = self.device.sudo().ends_told["credentials_end"]
        self.assertEqual(told["days"], 60)
        for wrong in ("", "soon", "30;14", "0", "-3", "9999", "1,2,3,4,5,6,7"):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                self.env["res.config.settings"].create({"ereceipt_warn_days": wrong})

    # -------------------------------------------------------------------------
    # FORMS AND LISTS
    # -------------------------------------------------------------------------

    def banner(self, record, user=None):
        record.invalidate_recordset()
        shown = record.with_user(user or self.administrator).ends_shown or {}
        return [(entry["level"], entry["message"]) for entry in shown.values()]

    def test_banner(self):
        self.assertFalse(self.banner(self.device))
        for days, level, text in (
            (30, "warning", "Credentials end in 30 days"),
            (12, "warning", "Credentials end in 12 days"),
            (3, "danger", "Credentials end in 3 days"),
            (1, "danger", "Credentials end tomorrow"),
            (0, "danger", "Credentials end today"),
            (-1, "danger", "Credentials end: that was on"),
        ):
            self.end_in(days)
            with self.subTest(days):
                [(shown, message)] = self.banner(self.device)
                self.assertEqual(shown, level)
                self.assertIn(text, message)
                [(shown, message)] = self.banner(self.registration)
                self.assertEqual(shown, level)
                self.assertIn("Till 1", message)
                self.assertIn(text, message)
        action = next(iter(self.registration.ends_shown.values()))["action"]
        self.assertEqual(action["res_id"], self.device.id)
        self.assertTrue(self.banner(self.device, self.auditor))
        self.end_in(31)
        self.assertFalse(self.banner(self.device))
        self.end_in(2)
        self.device.action_retire()
        self.assertFalse(self.banner(self.device))
        self.assertFalse(self.banner(self.registration))

    def test_filter(self):
        devices = self.env["ereceipt.device"].with_user(self.auditor)
        self.end_in(30)
        self.end_in(31, self.device_2)
        soon = devices.search([("ends_soon", "=", True)])
        self.assertEqual(soon, self.device)
        self.assertIn(self.device_2, devices.search([("ends_soon", "=", False)]))
        self.assertTrue(self.device.ends_soon)
        for model in ("ereceipt.device", "ereceipt.registration"):
            rows = self.env[model]
            search = etree.fromstring(rows.get_view(view_type="search")["arch"])
            self.assertTrue(search.xpath("//filter[@name='ends_soon']"))
            form = etree.fromstring(rows.get_view(view_type="form")["arch"])
            self.assertTrue(form.xpath("//field[@name='ends_shown']"))

    def test_credentials_that_are_forgotten_end_no_more(self):
        self.end_in(2)
        self.upkeep()
        self.registration.environment = "production"
        self.assertFalse(self.device.credentials_end)
        self.assertFalse(self.open_ones())

    def test_what_was_told_is_nobodys_to_write(self):
        self.end_in(2)
        self.upkeep()
        with self.assertRaisesRegex(Exception, "cannot be written"):
            self.device.with_user(self.administrator).ends_told = False
        copied = self.device.copy({"serial": "X", "journal_ids": [Command.clear()]})
        self.assertFalse(copied.credentials_end or copied.sudo().ends_told)
