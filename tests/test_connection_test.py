from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestConnectionTest(EreceiptCommon):
    """What the test of a connection says where each device signs in by itself."""

    def tried(self, record):
        """Test the connection of a registration or devices, return what is said."""
        shown = record.with_user(self.administrator).action_test_connection()["params"]
        return shown["type"], shown["message"]

    def test_a_registration_without_a_device(self):
        bare = self.registration.with_user(self.administrator).copy(
            {"environment": "production"}
        )
        level, message = self.tried(bare)
        self.assertEqual(level, "danger")
        self.assertIn("Add a device", message)
        self.assertNotIn("Client id", message)
        self.assertFalse(bare.problems, "it is over when there is a device")
        self.assertFalse(bare.tested_at)

    def test_what_was_kept_of_a_registration_without_a_device_goes(self):
        self.registration.sudo().problems = [{"code": "probe_token", "message": "Old"}]
        self.assertEqual(self.tried(self.registration)[0], "success")
        self.assertFalse(self.registration.problems)

    def test_a_company_without_a_tax_number(self):
        self.company.sudo().vat = False
        level, message = self.tried(self.registration)
        self.assertEqual(level, "danger")
        self.assertIn("no tax registration number", message)

    def test_each_problem_names_its_device_and_each_device_its_result(self):
        self.device_2.with_user(self.administrator).client_secret = "of another"
        devices = self.device | self.device_2
        level, message = self.tried(devices)
        self.assertEqual(level, "danger")
        for line in message.splitlines():
            self.assertTrue(line.startswith("Till 2: "), line)
        self.assertEqual(devices.mapped("test_result"), ["passed", "failed"])
        self.assertNotIn("Till 2: ", self.tried(self.device_2)[1], "it is the only one")
        self.device.sudo().tested_at = False
        self.assertFalse(self.device.test_result)
