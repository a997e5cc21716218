from datetime import timedelta

from odoo import fields

from .cn_common import SELLER, CnNuonuoCommon


class TestCnConnection(CnNuonuoCommon):
    """A test of the connection renews the credit line that is shown."""

    def setUp(self):
        super().setUp()
        self.control.settings(credit_refresh_seconds=0)
        self.credit("1000.00")

    def credit(self, amount):
        company = {"tax_number": SELLER, "credit_line": amount}
        self.control.register(companies=[company])

    def tested(self, record=None):
        """Test the connection as the administrator does; return what he is told."""
        record = (record or self.registration).with_user(self.administrator)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            action = record.action_test_connection()
            # as at the end of the request
            self.env.cr.flush()
        self.env.invalidate_all()
        return action["params"]

    def asked(self):
        calls = self.env["ereceipt.exchange"].search([])
        return calls.mapped("purpose").count("credit_refresh")

    def test_it_is_renewed(self):
        self.tested()
        self.assertEqual(self.registration.cn_credit_left, 1000.0)
        first = self.registration.cn_credit_at
        self.hours_pass(1)
        self.credit("5000.00")
        self.assertEqual(self.tested()["type"], "success")
        registration = self.registration
        self.assertEqual(registration.cn_credit_left, 5000.0)
        self.assertEqual(registration.cn_credit_total, 5000.0)
        self.assertGreaterEqual(registration.cn_credit_at, first)
        self.assertEqual(self.asked(), 2)

    def test_from_a_desk_too(self):
        self.tested(self.device)
        self.assertEqual(self.registration.cn_credit_left, 1000.0)

    def test_the_bureau_is_not_asked_more_often_than_it_lets(self):
        self.tested()
        self.credit("5000.00")
        self.tested()
        self.assertEqual(self.asked(), 1, "it was asked a moment ago")
        now = fields.Datetime.now()
        self.hours_pass(24)
        for hours in range(20, 0, -1):
            self.make_exchange(
                self.env["ereceipt.document"],
                purpose="credit_refresh",
                started_at=now - timedelta(hours=hours),
            )
        before = self.asked()
        self.assertEqual(self.tested()["type"], "success")
        self.assertEqual(self.asked(), before)

    def test_a_line_that_was_raised_is_no_problem_any_more(self):
        """The provider still knows the old one until the bureau is asked."""
        self.credit("0.00")
        told = self.tested()
        self.assertEqual(told["type"], "danger")
        self.assertIn("credit line", told["message"])
        self.hours_pass(1)
        self.credit("5000.00")
        self.assertEqual(self.tested()["type"], "success")
        self.assertFalse(self.registration.problems)

    def test_a_bureau_that_takes_its_time_is_read_by_the_job(self):
        self.control.settings(session_seconds=3600)
        self.assertEqual(self.tested()["type"], "success")
        self.assertFalse(self.registration.cn_credit_at)
        self.control.settings(clock_offset=3601, timestamp_window_seconds=0)
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr, su=True)["ereceipt.registration"]._cn_follow_credit()
        self.env.invalidate_all()
        self.assertEqual(self.registration.cn_credit_left, 1000.0)
        self.assertEqual(self.asked(), 1)

    def test_not_where_the_connection_fails(self):
        self.control.account(SELLER, logged_in=False)
        self.assertEqual(self.tested()["type"], "danger")
        self.assertEqual(self.asked(), 0)

    def test_not_from_a_copy(self):
        self.registration.sudo().database_uuid = "another"
        self.tested()
        self.assertEqual(self.asked(), 0)
