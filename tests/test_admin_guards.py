from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .rpc_common import ACCESS, RpcKit

PROGRAM = {
    "ereceipt.registration": {
        "database_uuid": "another",
        "problems": False,
        "tested_at": "2026-01-01 00:00:00",
        "breaker_failures": 0,
        "breaker_open_until": False,
        "breaker_reason": "x",
        "breaker_said": {},
        "breaker_credentials": True,
        "ends_told": False,
        "callback_path": "x",
        "cn_credit_at": "2026-01-01 00:00:00",
        "cn_credit_left": 1.0,
        "cn_credit_told": ["low"],
        "cn_credit_total": 1.0,
        "eg_codes_asked_at": "2026-01-01 00:00:00",
        "cn_red_fetched_at": "2026-01-01 00:00:00",
    },
    "ereceipt.device": {
        "lifecycle": "active",
        "authority": "eg_receipt",
        "problems": False,
        "tested_at": "2026-01-01 00:00:00",
        "breaker_failures": 0,
        "breaker_open_until": False,
        "breaker_reason": "x",
        "breaker_said": {},
        "breaker_credentials": True,
        "ends_told": False,
    },
    "ereceipt.request": {
        "state": "granted",
        "source": "customer",
        "requester_id": 1,
        "decided_by_id": 1,
        "decided_at": "2026-01-01 00:00:00",
        "reason": "x",
        "customer_changes": 0,
    },
    "ereceipt.payment.notice": {
        "move_id": 1,
        "reference": "x",
        "paid_on": "2026-01-01",
        "amount": 1.0,
        "note": "x",
        "teller_id": 1,
        "state": "found",
        "decided_by_id": 1,
        "decided_at": "2026-01-01 00:00:00",
    },
    "ereceipt.webhook": {
        "database_uuid": "another",
        "former_until": "2026-01-01 00:00:00",
        "breaker_failures": 0,
        "breaker_open_until": False,
        "breaker_reason": "x",
        "breaker_said": {},
        "breaker_credentials": True,
    },
    "ereceipt.file.profile": {
        "template": True,
        "next_run_at": "2026-01-01 00:00:00",
        "last_error": "x",
    },
}
"""What only the program writes, with what somebody might like to see there."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdminGuards(RpcKit, EreceiptCommon, HttpCase):
    """A field that a form shows and does not let change is not for its caller either:
    nobody activates a device past the check of its chain, makes a copy of a database
    send, or hides that calls fail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator.password = cls.administrator.login
        cls.draft = cls.device.copy({"serial": "SIM-POS-0009", "journal_ids": False})
        cls.profile = (
            cls.env["ereceipt.file.profile"]
            .with_user(cls.administrator)
            .create({"name": "Files", "registration_id": cls.registration.id})
        )
        cls.hook = (
            cls.env["ereceipt.webhook"]
            .with_user(cls.administrator)
            .create({"name": "Shop", "url": "https://shop.example.com/hook"})
        )

    def setUp(self):
        super().setUp()
        self.sign_in(self.administrator)

    def new_device(self, **values):
        return {
            "name": "Till 4",
            "serial": "SIM-POS-0004",
            "registration_id": self.registration.id,
            **values,
        }

    # -------------------------------------------------------------------------
    # OVER THE WIRE
    # -------------------------------------------------------------------------

    def test_columns_of_the_program(self):
        targets = {
            "ereceipt.registration": self.registration,
            "ereceipt.device": self.draft,
            "ereceipt.request": self.env["ereceipt.request"]
            .sudo()
            .create({"move_id": self.invoice(post=False).id}),
            "ereceipt.payment.notice": self.env["ereceipt.payment.notice"]
            .sudo()
            .create({"move_id": self.invoice().id, "reference": "TRF 1"}),
            "ereceipt.file.profile": self.profile,
            "ereceipt.webhook": self.hook,
        }
        for model, columns in PROGRAM.items():
            record = targets[model]
            self.assertEqual(
                set(columns),
                {
                    name
                    for name, field in record._fields.items()
                    if getattr(field, "program_only", False)
                },
                "each column is tried",
            )
            before = record.read(list(columns))
            for name, value in columns.items():
                for method, args in (
                    ("write", [record.ids, {name: value}]),
                    ("web_save", [record.ids, {name: value}, {}]),
                    ("load", [[".id", name], [[str(record.id), str(value)]]]),
                ):
                    with self.subTest(model, field=name, method=method):
                        found = self.call(model, method, args)
                        if method == "load":
                            self.assertFalse(found["ids"])
                        else:
                            self.assertEqual(found, ACCESS)
            self.env.invalidate_all()
            self.assertEqual(record.read(list(columns)), before)

    def test_through_the_registration(self):
        """Commands of the list of devices are writes like any other."""
        ids = self.registration.ids
        for command in (
            [1, self.draft.id, {"lifecycle": "active"}],
            [0, 0, self.new_device(lifecycle="active")],
        ):
            with self.subTest(command=command):
                found = self.call(
                    "ereceipt.registration", "write", [ids, {"device_ids": [command]}]
                )
                self.assertEqual(found, ACCESS)
        self.env.invalidate_all()
        self.assertEqual(self.draft.lifecycle, "draft")

    def test_new_rows(self):
        """Neither what is given nor what a context or a default of the user's own puts
        in makes a device that is active at once."""
        found = self.call(
            "ereceipt.device", "create", [[self.new_device(lifecycle="active")]]
        )
        self.assertEqual(found, ACCESS)
        [first] = self.call(
            "ereceipt.device",
            "create",
            [[self.new_device()]],
            context={"default_lifecycle": "active", "default_tested_at": "2026-01-01"},
        )
        self.call("ir.default", "set", ["ereceipt.device", "lifecycle", "active", True])
        self.call(
            "ir.default", "set", ["ereceipt.registration", "database_uuid", "x", True]
        )
        [second] = self.call(
            "ereceipt.device", "create", [[self.new_device(serial="SIM-POS-0005")]]
        )
        [registration] = self.call(
            "ereceipt.registration",
            "create",
            [[{"authority": "eg_receipt", "environment": "production"}]],
            context={"default_breaker_open_until": "2030-01-01 00:00:00"},
        )
        devices = self.env["ereceipt.device"].browse([first, second])
        self.assertEqual(devices.mapped("lifecycle"), ["draft", "draft"])
        self.assertFalse(any(devices.mapped("tested_at")))
        registration = self.env["ereceipt.registration"].browse(registration)
        self.assertFalse(registration.is_foreign_database)
        self.assertFalse(registration.breaker_open_until)

    def test_the_buttons_go_on_working(self):
        self.registration.sudo().write(
            {
                "database_uuid": "another",
                "breaker_failures": 7,
                "breaker_open_until": "2030-01-01 00:00:00",
                "breaker_reason": "x",
                "breaker_said": {},
            }
        )
        for button in ("action_confirm_database", "action_close_breaker"):
            self.call("ereceipt.registration", button, [self.registration.ids])
        self.env.invalidate_all()
        self.assertFalse(self.registration.is_foreign_database)
        self.assertFalse(self.registration.breaker_open_until)
        for button, state in (
            ("action_retire", "retired"),
            ("action_activate", "active"),
        ):
            self.call("ereceipt.device", button, [self.device.ids])
            self.env.invalidate_all()
            self.assertEqual(self.device.lifecycle, state)

    def test_causes_of_activities(self):
        """An activity with a made-up cause would keep the real one from coming."""
        activity = {
            "res_model_id": self.env["ir.model"]._get_id("ereceipt.registration"),
            "res_id": self.registration.id,
            "ereceipt_cause": "breaker",
        }
        found = self.call("mail.activity", "create", [[activity]])
        self.assertEqual(found, ACCESS)
        self.env["ereceipt.alert"]._raise(self.registration, "breaker", "Held back")
        own = self.registration.activity_ids
        self.assertEqual(len(own), 1)
        found = self.call(
            "mail.activity", "write", [own.ids, {"ereceipt_cause": False}]
        )
        self.assertEqual(found, ACCESS)

    # -------------------------------------------------------------------------
    # WHAT A DEVICE WAS CHECKED WITH
    # -------------------------------------------------------------------------

    def test_an_active_device_keeps_what_it_was_checked_with(self):
        """Activation asked the authority about this serial and this start."""
        device = self.device.with_user(self.administrator)
        other = self.registration.copy({"active": False})
        for values in (
            {"serial": "SIM-POS-0008"},
            {"initial_previous_uid": "a" * 64},
            {"registration_id": other.id},
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(UserError, "is active"),
            ):
                device.write(values)
        device.write({"serial": device.serial, "name": "Till one"})
        device.action_retire()
        device.action_take_back()
        device.write({"initial_previous_uid": "a" * 64})

    def test_who_issued_keeps_its_company(self):
        self.invoice()
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.administrator.company_ids += branch
        device = self.device.with_user(self.administrator)
        with self.assertRaisesRegex(UserError, "has issued documents"):
            device.write({"company_id": branch.id, "journal_ids": [Command.clear()]})

    def test_a_serial_of_production_is_kept_during_a_trial(self):
        """Back in the test environment the device has no chain there; its documents
        of production name the serial all the same."""
        registration = self.registration.with_user(self.administrator)
        device = self.device.with_user(self.administrator)
        registration.environment = "production"
        device.write(
            {"client_id": "sim-pos-0001", "client_secret": "sim-secret-0001-a"}
        )
        device.action_activate()
        self.invoice()
        registration.environment = "test"
        with self.assertRaisesRegex(UserError, "has issued documents"):
            device.serial = "SIM-POS-0008"

    # -------------------------------------------------------------------------
    # INVOICES
    # -------------------------------------------------------------------------

    def test_a_context_gives_no_invoice_a_document(self):
        """What an invoice's documents say comes from them and from nowhere else."""
        document = self.invoice().ereceipt_document_id
        self.accountant.password = self.accountant.login
        self.sign_in(self.accountant)
        [move_id] = self.call(
            "account.move",
            "create",
            [[{"move_type": "out_invoice", "partner_id": self.customer.id}]],
            context={
                "default_ereceipt_document_id": document.id,
                "default_ereceipt_state": "valid",
                "default_ereceipt_uuid": document.authority_uid,
            },
        )
        self.call(
            "ir.default", "set", ["account.move", "ereceipt_state", "valid", True]
        )
        [second_id] = self.call(
            "account.move",
            "create",
            [[{"move_type": "out_invoice", "partner_id": self.customer.id}]],
        )
        for move in self.env["account.move"].browse([move_id, second_id]):
            self.assertFalse(move.ereceipt_document_id)
            self.assertFalse(move.ereceipt_state)
            self.assertFalse(move.ereceipt_uuid)

    def test_nobody_reads_causes(self):
        with self.assertRaises(AccessError):
            self.registration.activity_ids.with_user(self.administrator).read(
                ["ereceipt_cause"]
            )
