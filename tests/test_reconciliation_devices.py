from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReconciliationDevices(ReconciliationKit, EreceiptCommon):
    """A device that cannot be asked holds the others back no longer than it must."""

    def spoil(self, device):
        """Give a device credentials that the authority does not accept."""
        device.with_user(self.administrator).client_secret = "of another device"

    def mend(self, device):
        administered = device.with_user(self.administrator)
        administered.client_secret = f"sim-secret-000{device.serial[-1]}-a"
        self.assertFalse(administered.action_test_connection()["params"]["sticky"])

    def test_what_was_only_set_up_is_not_asked(self):
        self.valid()
        unused = self.device.with_user(self.administrator).copy(
            {
                "name": "Never used",
                "serial": "SIM-POS-0009",
                "client_id": "nobody",
                "client_secret": "nothing",
            }
        )
        reconciliation = self.reconciled(days=0)
        self.assertEqual(
            [device.name for device in reconciliation._devices()], ["Till 1", "Till 2"]
        )
        unused.action_retire()
        unused.active = False
        self.assertEqual(len(self.reconciled(days=0)._devices()), 2)

    def test_what_has_issued_is_asked_for_ever(self):
        self.valid()
        administered = (self.device | self.device_2).with_user(self.administrator)
        administered.action_retire()
        administered.active = False
        reconciliation = self.reconciled(days=0)
        self.assertEqual([d.name for d in reconciliation._devices()], ["Till 1"])
        self.assertEqual(reconciliation.matched_count, 1)

    def test_nothing_to_ask_about(self):
        (self.device | self.device_2).with_user(self.administrator).action_retire()
        with self.assertRaisesRegex(UserError, "nothing to compare"):
            self.start()
        self.registration.sudo().reconcile_days = 2
        self.run_job()
        own = [("registration_id", "=", self.registration.id)]
        self.assertFalse(self.env["ereceipt.reconciliation"].search(own))

    def test_one_that_is_refused_comes_last_and_is_named(self):
        self.valid(2)
        self.valid(1, journal_id=self.journal_2.id)
        self.spoil(self.device)
        reconciliation = self.start(days=1)
        self.run_job()
        self.assertEqual(reconciliation.state, "running")
        self.assertEqual(reconciliation.matched_count, 1, "that of the other device")
        self.assertIn("Till 1", reconciliation.error)
        self.assertNotIn("Till 2", reconciliation.error)
        self.assertTrue(reconciliation.retry_at)
        self.assertFalse(self.registration.breaker_open_until, "others still send")
        self.assertTrue(self.device.breaker_open_until)
        for _attempt in range(5):
            reconciliation.sudo().retry_at = fields.Datetime.now()
            self.run_job()
        self.assertEqual(reconciliation.state, "failed")
        self.assertIn("Till 1", reconciliation.error)
        told = dict(reconciliation._summary())
        self.assertIn("Till 1", told["Not everything is compared"])
        self.mend(self.device)
        reconciliation.with_user(self.accountant).action_resume()
        self.run_job()
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        self.assertFalse(reconciliation.error)
        self.assertEqual(
            (reconciliation.here_count, reconciliation.matched_count), (3, 3)
        )

    def test_one_that_fails_half_way_is_compared_once(self):
        self.valid(2)
        self.valid(1, journal_id=self.journal_2.id)
        reconciliation = self.start(days=1)
        steps = self.env["ereceipt.reconciliation"].sudo().browse(reconciliation.id)
        steps._start()
        self.assertEqual(steps._devices(), [self.device, self.device_2])
        half = fields.Datetime.now() - timedelta(hours=1)
        steps.position = half
        steps._set_aside("refused")
        self.assertEqual(steps._devices()[0], self.device_2)
        self.assertEqual(steps.position, steps._bounds()[0])
        self.assertFalse(steps.retry_at)
        steps.write(steps._answered())
        self.assertIn("Till 1: refused", steps.error)
        steps.write(steps._turn_done())
        self.assertEqual(steps._devices()[steps.device_index], self.device)
        self.assertEqual(steps.position, half)
        steps._set_aside("refused again")
        self.assertEqual(steps.error, "Till 1: refused again")
        self.assertTrue(steps.retry_at)
