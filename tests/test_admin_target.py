from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged

from .common import EreceiptCommon
from .rpc_common import VALIDATION, RpcKit

ELSEWHERE = "https://authority.example.com"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdminTarget(RpcKit, EreceiptCommon, HttpCase):
    """Whoever may change where credentials go does not get them sent there: they are
    forgotten unless he knows and types them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator.password = cls.administrator.login
        cls.registration = cls.registration.with_user(cls.administrator)
        cls.registration.write({"client_id": "x", "client_secret": "whole-system"})
        cls.devices = (cls.device | cls.device_2).with_user(cls.administrator)
        cls.devices.credentials_end = fields.Date.today() + timedelta(days=90)

    def setUp(self):
        super().setUp()
        self.sign_in(self.administrator)

    def save(self, values, record=None):
        """Save a form as the web client does."""
        record = record or self.registration
        found = self.call(record._name, "web_save", [record.ids, values, {}])
        self.env.invalidate_all()
        return found

    def stored(self, *records):
        """Return which secrets are stored, and that nobody knows them by heart."""
        return {
            (record._name, record.id, name)
            for record in records or (self.registration, *self.devices)
            for name in record._ereceipt_secrets
            if record[f"{name}_set"]
        }

    def assert_forgotten(self, *records):
        self.assertFalse(self.stored(*records))

    # -------------------------------------------------------------------------
    # WHAT FORGETS
    # -------------------------------------------------------------------------

    def test_each_change_of_where_they_go_forgets_them(self):
        for values in (
            {"eg_identity_url": ELSEWHERE},
            {"eg_api_url": ELSEWHERE},
            {"eg_portal_url": False},
            {"eg_api_url": "http://127.0.0.1:1"},
            {"eg_extra_ca": "-----BEGIN CERTIFICATE-----\nMIIB\n"},
            {"environment": "production"},
        ):
            savepoint = self.env.cr.savepoint()
            self.assertEqual(len(self.stored()), 3)
            with self.subTest(values):
                self.assertIsInstance(self.save(values), list)
                self.assert_forgotten()
                self.assertFalse(any(self.devices.mapped("credentials_end")))
                self.assertFalse(any(self.devices.mapped("tested_at")))
                told = self.registration.message_ids.mapped("body")
                self.assertIn("forgotten", "".join(told))
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_plain_writes_and_imports_too(self):
        ids = self.registration.ids
        for method, args in (
            ("write", [ids, {"eg_api_url": ELSEWHERE}]),
            ("load", [[".id", "eg_api_url"], [[str(ids[0]), ELSEWHERE]]]),
        ):
            savepoint = self.env.cr.savepoint()
            with self.subTest(method):
                self.call("ereceipt.registration", method, args)
                self.env.invalidate_all()
                self.assertEqual(self.registration.eg_api_url, ELSEWHERE)
                self.assert_forgotten()
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def test_devices_that_one_does_not_see_and_archived_ones_too(self):
        self.devices[1].active = False
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        hidden = self.device.sudo().copy(
            {
                "company_id": branch.id,
                "serial": "SIM-POS-0007",
                "client_secret": "branch",
                "journal_ids": False,
            }
        )
        self.save({"eg_api_url": ELSEWHERE})
        self.assert_forgotten(self.registration, *self.devices, hidden)

    def test_a_device_that_is_moved_forgets_its_own(self):
        """Its secrets would go to the addresses of the other registration."""
        other = self.env["ereceipt.registration"].with_user(self.administrator)
        other = other.create(
            {
                "authority": "eg_receipt",
                "environment": "production",
                "eg_identity_url": ELSEWHERE,
            }
        )
        device = self.devices[0]
        device.action_retire()
        link = [Command.link(device.id)]
        for record, values in (
            (device, {"registration_id": other.id}),
            (other, {"device_ids": link}),
        ):
            savepoint = self.env.cr.savepoint()
            with self.subTest(record._name):
                self.save(values, record)
                self.assertEqual(device.registration_id, other)
                self.assert_forgotten(device)
            savepoint.close(rollback=True)
            self.env.invalidate_all()
        typed = {"registration_id": other.id, "client_secret": "known"}
        self.save(typed, device)
        self.assertEqual(device._ereceipt_secret("client_secret"), "known")

    # -------------------------------------------------------------------------
    # WHAT DOES NOT
    # -------------------------------------------------------------------------

    def test_what_is_typed_in_the_same_save_stays(self):
        device = self.devices[0]
        self.save(
            {
                "eg_api_url": ELSEWHERE,
                "client_secret": "typed",
                "device_ids": [
                    [1, device.id, {"presharedkey": "typed too", "client_id": "y"}]
                ],
            }
        )
        self.assertEqual(
            self.stored(),
            {
                (self.registration._name, self.registration.id, "client_secret"),
                (device._name, device.id, "presharedkey"),
            },
        )
        self.assertEqual(self.registration._ereceipt_secret("client_secret"), "typed")
        self.assertEqual(device._ereceipt_secret("presharedkey"), "typed too")

    def test_the_same_secret_typed_again_stays(self):
        secret = "whole-system"
        self.save({"environment": "production", "client_secret": secret})
        self.assertEqual(self.registration._ereceipt_secret("client_secret"), secret)

    def test_other_changes_forget_nothing(self):
        before = self.stored()
        portal = self.registration.eg_portal_url
        for values in (
            {"name": "X", "call_timeout": 50, "eg_business_buyers": True},
            {"eg_portal_url": portal, "environment": "test"},
            {"eg_extra_ca": "  "},
            {"device_ids": [[1, self.device.id, {"name": "Y"}]]},
        ):
            with self.subTest(values):
                self.save(values)
                self.assertEqual(self.stored(), before)
        self.save({"name": "Z"}, self.devices[0])
        self.assertEqual(self.stored(), before)

    def test_the_authoritys_own_address_in_full_is_no_change(self):
        self.save({"eg_api_url": False, "client_secret": "again"})
        before = self.stored()
        own = "https://api.preprod.invoicing.eta.gov.eg"
        self.save({"eg_api_url": own})
        self.assertEqual(self.stored(), before)

    # -------------------------------------------------------------------------
    # BEFORE SAVING
    # -------------------------------------------------------------------------

    def test_the_form_says_so_before(self):
        with Form(self.registration) as form:
            self.assertFalse(form.forgets_secrets)
            address = form.eg_api_url
            form.eg_api_url = ELSEWHERE
            self.assertTrue(form.forgets_secrets)
            form.eg_api_url = address
            self.assertFalse(form.forgets_secrets)
        self.assertTrue(self.stored())

    def test_nothing_to_forget_is_not_announced(self):
        self.save({"eg_api_url": ELSEWHERE})
        with Form(self.registration) as form:
            form.eg_api_url = False
            self.assertFalse(form.forgets_secrets)
        new = self.registration.browse()
        with Form(new) as form:
            form.authority = "eg_receipt"
            form.environment = "production"
            self.assertFalse(form.forgets_secrets)

    def test_a_device_says_so_too(self):
        other = self.registration.copy({"environment": "production"})
        self.devices[0].action_retire()
        with Form(self.devices[0]) as form:
            form.registration_id = other
            self.assertTrue(form.forgets_secrets)
            form.registration_id = self.registration
            self.assertFalse(form.forgets_secrets)

    # -------------------------------------------------------------------------
    # ADDRESSES
    # -------------------------------------------------------------------------

    def test_addresses_are_https_or_this_machine(self):
        for address in (
            "http://authority.example.com",
            "ftp://authority.example.com",
            "authority.example.com",
            "https://",
            "https://user:password@authority.example.com",
            "https://127.0.0.1@authority.example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1\\@authority.example.com",
            "https://authority.example.com/ x",
            "https://authority.example.com:port",
            "http://0.0.0.0",
        ):
            for name in ("eg_identity_url", "eg_api_url", "eg_portal_url"):
                with self.subTest(address, field=name):
                    self.assertEqual(self.save({name: address}), VALIDATION)
        with self.assertRaisesRegex(ValidationError, "(?s)one.example.*two.example"):
            self.registration.copy(
                {
                    "environment": "production",
                    "eg_api_url": "http://one.example",
                    "eg_portal_url": "http://two.example",
                }
            )
        for address in ("http://localhost:8080", "http://[::1]:1/x", ELSEWHERE):
            self.save({"eg_api_url": address})
            self.assertEqual(self.registration.eg_api_url, address)

    # -------------------------------------------------------------------------
    # AFTERWARDS
    # -------------------------------------------------------------------------

    def test_nothing_is_sent_to_the_new_address_with_the_old_secret(self):
        """The jobs go on, and have nothing to sign in with."""
        move = self.invoice()
        self.save({"eg_identity_url": f"{self.simulator_url}/", "client_secret": "x"})
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "queued")
        with self.assertRaises(UserError):
            self.devices[0].action_activate()
        self.assertEqual(self.control.receipts(), [])
        self.assertEqual(self.control.requests()["counts"], {}, "nobody was called")
