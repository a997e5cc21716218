from datetime import timedelta

from odoo import fields

from .cn_common import SELLER, CnNuonuoCommon


class TestCnCredit(CnNuonuoCommon):
    """The month's credit line is asked for as often as the bureau lets, and somebody is
    warned in time."""

    def setUp(self):
        super().setUp()
        self.control.settings(credit_refresh_seconds=0)

    def credit(self, amount):
        company = {"tax_number": SELLER, "credit_line": amount}
        self.control.register(companies=[company])

    def upkeep(self):
        """Let the upkeep job look at the credit line once."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            env["ereceipt.registration"]._cn_follow_credit()
        self.env.invalidate_all()

    def told(self):
        """Let the bureau be asked, and what it says be read."""
        self.hours_pass(2)
        self.upkeep()
        self.upkeep()

    def calls(self):
        return self.control.requests(1)["counts"].get("getCreditLine", 0)

    def warnings(self, cause):
        activities = self.registration.sudo().activity_ids
        return activities.filtered(lambda a: a.ereceipt_cause == f"cn_credit:{cause}")

    # -------------------------------------------------------------------------
    # ASKING
    # -------------------------------------------------------------------------

    def test_asked_first_and_read_later(self):
        registration = self.registration
        self.assertEqual(registration.cn_credit_text, "Not told yet")
        self.upkeep()
        self.assertFalse(registration.cn_credit_at)
        self.upkeep()
        self.assertTrue(registration.cn_credit_at)
        self.assertEqual(registration.cn_credit_left, 1000000.0)
        self.assertEqual(registration.cn_credit_total, 1000000.0)
        self.assertIn("1,000,000.00", registration.cn_credit_text)
        self.assertEqual(self.calls(), 2)
        self.upkeep()
        self.assertEqual(self.calls(), 2, "it was just told")

    def test_the_overview_tells_of_it(self):
        """With the warning, once more waits than is left."""
        self.credit("100.00")
        self.told()
        self.told()
        cockpit = self.env["ereceipt.document"].with_user(self.accountant).cockpit()
        [section] = [s for s in cockpit["sections"] if s["name"] == "ends"]
        [row] = [r for r in section["rows"] if "Credit line" in r["label"]]
        self.assertIn("100.00", row["note"])
        self.assertEqual(row["open"]["res_id"], self.registration.id)

    def test_the_bureau_takes_its_time(self):
        self.control.settings(session_seconds=3600)
        for _run in range(3):
            self.upkeep()
        self.assertEqual(self.calls(), 3)
        self.assertFalse(self.registration.cn_credit_at)
        self.control.settings(clock_offset=3601, timestamp_window_seconds=0)
        self.upkeep()
        self.assertTrue(self.registration.cn_credit_at)

    def test_at_most_twenty_times_a_day(self):
        now = fields.Datetime.now()
        for hours in range(22, 2, -1):
            self.make_exchange(
                self.env["ereceipt.document"],
                purpose="credit_refresh",
                started_at=now - timedelta(hours=hours),
            )
        self.upkeep()
        self.assertEqual(self.calls(), 0)
        self.hours_pass(3)
        self.upkeep()
        self.assertEqual(self.calls(), 1, "the first of them is of yesterday")

    def test_asked_by_itself_every_ninety_minutes(self):
        self.told()
        before = self.calls()
        self.hours_pass(1)
        self.upkeep()
        self.assertEqual(self.calls(), before)
        self.hours_pass(1)
        self.upkeep()
        self.assertEqual(self.calls(), before + 1)

    def test_not_from_a_copy_and_not_before_there_is_a_device(self):
        self.registration.sudo().database_uuid = "another"
        self.upkeep()
        self.registration.action_confirm_database()
        self.device.action_retire()
        self.upkeep()
        self.assertEqual(self.calls(), 0)

    def test_a_provider_that_refuses_stops_nothing(self):
        self.control.fault("getCreditLine", "refuse", message="次数超限")
        self.upkeep()
        self.upkeep()
        self.assertFalse(self.registration.cn_credit_at)
        self.assertFalse(self.registration.breaker_open_until)

    def test_another_environment_has_another_line(self):
        self.told()
        self.registration.write({"environment": "production"})
        self.assertFalse(self.registration.cn_credit_at)
        self.assertEqual(self.registration.cn_credit_text, "Not told yet")

    # -------------------------------------------------------------------------
    # WARNING
    # -------------------------------------------------------------------------

    def test_warned_once_when_little_is_left(self):
        self.credit("1000.00")
        self.valid(price=850.0)
        self.told()
        self.assertFalse(self.warnings("low"), "fifteen percent are left")
        self.valid(price=60.0)
        self.told()
        warning = self.warnings("low")
        self.assertEqual(len(warning), 1)
        self.assertEqual(warning.user_id, self.administrator)
        self.assertIn("90.00", warning.note)
        self.assertIn("Little is left", self.registration.cn_credit_warning)
        self.told()
        self.assertEqual(self.warnings("low"), warning)
        warning.action_feedback()
        self.told()
        self.assertFalse(self.warnings("low"), "somebody has seen to it")

    def test_a_warning_ends_when_more_is_left(self):
        self.credit("1000.00")
        self.valid(price=950.0)
        self.told()
        self.assertTrue(self.warnings("low"))
        self.credit("5000.00")
        self.told()
        self.assertFalse(self.warnings("low"))
        self.assertFalse(self.registration.cn_credit_warning)
        self.credit("1000.00")
        self.told()
        self.assertTrue(self.warnings("low"), "a new cause")

    def test_the_share_is_a_setting(self):
        self.credit("1000.00")
        self.valid(price=700.0)
        self.registration.cn_credit_warn_percent = 40
        self.told()
        self.assertTrue(self.warnings("low"))
        self.registration.cn_credit_warn_percent = 0
        self.upkeep()
        self.assertFalse(self.warnings("low"))

    def test_warned_when_more_waits_than_is_left(self):
        self.credit("1000.00")
        self.told()
        self.control.account(SELLER, logged_in=False)
        moves = self.invoice(price=600.0) | self.invoice(price=500.0)
        self.upkeep()
        warning = self.warnings("short")
        self.assertEqual(len(warning), 1)
        self.assertIn("1,100.00", warning.note)
        self.assertIn("1,000.00", warning.note)
        self.run_outbox()
        self.upkeep()
        self.assertTrue(self.warnings("short"), "the bureau holds them")
        self.credit("5000.00")
        self.told()
        self.assertFalse(self.warnings("short"))
        self.control.account(SELLER, logged_in=True)
        self.run_outbox(rounds=5)
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})

    def test_returns_do_not_use_the_line_up(self):
        self.credit("1000.00")
        move = self.valid(price=500.0)
        self.told()
        self.reversal(move)
        self.invoice(price=450.0)
        self.upkeep()
        self.assertFalse(self.warnings("short"))

    def test_last_month_is_over(self):
        self.credit("1000.00")
        self.valid(price=950.0)
        self.told()
        warning = self.warnings("low")
        self.hours_pass(24 * 40)
        self.credit("5000.00")
        self.control.fault("getCreditLine", "refuse")
        self.upkeep()
        self.assertEqual(self.warnings("low"), warning, "nothing new is known")
        self.control.clear_faults()
        self.told()
        self.assertFalse(self.warnings("low"))

    # -------------------------------------------------------------------------
    # HELD DOCUMENTS
    # -------------------------------------------------------------------------

    def test_what_is_held_goes_on_when_the_line_was_raised(self):
        self.credit("150.00")
        moves = self.invoice(price=100.0) | self.invoice(price=100.0)
        self.run_outbox()
        held = moves.ereceipt_document_id.sudo().filtered("held_code")
        self.assertEqual(len(held), 1)
        held.next_attempt_at = fields.Datetime.now() + timedelta(days=1)
        self.credit("5000.00")
        self.told()
        self.assertLessEqual(held.next_attempt_at, fields.Datetime.now())
        self.run_outbox(rounds=3)
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})

    def test_one_of_the_held_asks_for_all(self):
        self.credit("10.00")
        moves = self.env["account.move"]
        for _number in range(3):
            moves |= self.invoice()
        self.run_outbox(rounds=4)
        held = moves.ereceipt_document_id.filtered("held_code")
        self.assertEqual(len(held), 3)
        purposes = self.env["ereceipt.exchange"].search([]).mapped("purpose")
        self.assertEqual(purposes.count("credit_refresh"), 1)
