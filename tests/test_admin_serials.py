from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged

from .common import ADDRESS, RIN, EreceiptCommon
from .rpc_common import USER, VALIDATION, RpcKit


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAdminSerials(RpcKit, EreceiptCommon, HttpCase):
    """A serial has one chain in each environment, whatever becomes of its device:
    nobody begins a second one beside it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator.password = cls.administrator.login

    def twin(self, **values):
        """Return the values of a second device with the first one's serial."""
        return {
            "name": "Till 1 again",
            "registration_id": self.registration.id,
            "serial": self.device.serial,
            "client_id": "sim-pos-0001",
            "client_secret": "sim-secret-0001-a",
            "branch_code": "0",
            "activity_code": "4711",
            **ADDRESS,
            **values,
        }

    def make(self, **values):
        devices = self.env["ereceipt.device"].with_user(self.administrator)
        return devices.create(self.twin(**values))

    def put_away(self, device):
        """Retire and archive a device, as an administrator does."""
        device = device.with_user(self.administrator)
        device.action_retire()
        device.active = False
        self.env.flush_all()
        return device

    # -------------------------------------------------------------------------
    # PUTTING A DEVICE AWAY
    # -------------------------------------------------------------------------

    def test_unsettled_documents_keep_a_device_from_being_archived(self):
        move = self.invoice()
        device = self.device.with_user(self.administrator)
        device.action_retire()
        with self.assertRaisesRegex(UserError, f"(?s)Till 1.*{move.name}"):
            device.active = False
        self.sign_in(self.administrator)
        for method, args in (
            ("action_archive", [device.ids]),
            ("write", [device.ids, {"active": False}]),
            ("web_save", [device.ids, {"active": False}, {}]),
        ):
            self.assertEqual(self.call("ereceipt.device", method, args), USER)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", "it is followed to its end")
        device.active = False

    def test_waiting_documents_count_as_well(self):
        self.device.issue_moment = "manual"
        self.invoice()
        device = self.device.with_user(self.administrator)
        with self.assertRaisesRegex(UserError, "is not settled"):
            device.active = False

    def test_registration_with_unsettled_documents_is_not_archived(self):
        """Its documents would stay queued for ever."""
        self.invoice()
        devices = (self.device | self.device_2).with_user(self.administrator)
        devices.action_retire()
        registration = self.registration.with_user(self.administrator)
        with self.assertRaisesRegex(UserError, "is not settled"):
            registration.active = False
        self.run_outbox()
        registration.active = False

    def test_what_is_left_of_a_trial_keeps_nothing_from_being_archived(self):
        self.invoice()
        self.registration.with_user(self.administrator).environment = "production"
        self.put_away(self.device)

    # -------------------------------------------------------------------------
    # A SECOND DEVICE
    # -------------------------------------------------------------------------

    def test_no_second_device_for_a_serial_that_has_issued(self):
        move = self.invoice()
        self.run_outbox()
        old = self.put_away(self.device)
        for attempt in (
            self.make,
            lambda: self.make(serial=f" {old.serial} "),
            lambda: self.make(serial="SIM-POS-0077").write({"serial": old.serial}),
            lambda: self.device_2.copy({"serial": old.serial, "journal_ids": False}),
        ):
            with (
                self.assertRaisesRegex(UserError, "(?s)Till 1.*back into use"),
                self.env.cr.savepoint(),
            ):
                attempt()
        self.sign_in(self.administrator)
        found = self.call("ereceipt.device", "create", [[self.twin()]])
        self.assertEqual(found, VALIDATION)
        row = [0, 0, self.twin()]
        found = self.call(
            "ereceipt.registration",
            "write",
            [self.registration.ids, {"device_ids": [row]}],
        )
        self.assertEqual(found, VALIDATION)
        self.assertEqual(old.chain_head_uid, move.ereceipt_uuid)

    def test_the_old_device_is_taken_back_and_its_chain_goes_on(self):
        first = self.invoice()
        self.run_outbox()
        old = self.put_away(self.device)
        old.action_take_back()
        self.assertEqual((old.lifecycle, old.active), ("draft", True))
        self.assertFalse(old.tested_at, "it is tried again before it issues")
        old.action_activate()
        second = self.invoice()
        document = second.ereceipt_document_id.sudo()
        self.assertEqual(document.previous_uid, first.ereceipt_uuid)
        self.run_outbox()
        self.assertEqual(second.ereceipt_state, "valid")

    def test_a_device_that_never_issued_is_replaced_freely(self):
        old = self.put_away(self.device)
        device = self.make(journal_ids=[Command.set(self.journal.ids)])
        device.action_activate()
        self.assertEqual(self.invoice().ereceipt_device_id, device)
        with self.assertRaisesRegex(UserError, "already a device|back into use"):
            old.action_take_back()

    def test_another_registration_of_the_company_is_no_way_around(self):
        """The serial is the taxpayer's, whatever registration it hangs on here."""
        self.invoice()
        self.run_outbox()
        self.put_away(self.device)
        self.put_away(self.device_2)
        registration = self.registration.with_user(self.administrator)
        registration.active = False
        self.env.flush_all()
        again = registration.copy({"active": True, "environment": "test"})
        with self.assertRaisesRegex(UserError, "back into use"):
            self.make(registration_id=again.id)

    def test_a_change_of_environment_is_no_way_around(self):
        """In the trial the serial is free; in production it has a chain."""
        registration = self.registration.with_user(self.administrator)
        self.put_away(self.device)
        trial = self.make()
        registration.environment = "production"
        old = self.device.with_user(self.administrator)
        trial.active = False
        self.env.flush_all()
        old.action_take_back()
        old.write({"client_id": "sim-pos-0001", "client_secret": "sim-secret-0001-a"})
        old.action_activate()
        self.invoice()
        self.run_outbox()
        registration.environment = "test"
        self.put_away(old)
        trial.active = True
        registration.environment = "production"
        trial.write(
            {
                "client_id": "sim-pos-0001",
                "client_secret": "sim-secret-0001-a",
                "journal_ids": [Command.set(self.journal.ids)],
            }
        )
        for button in (trial.action_activate, trial.action_continue_chain):
            with (
                self.assertRaisesRegex(UserError, "(?s)Till 1.*back into use"),
                self.env.cr.savepoint(),
            ):
                button()
        self.assertEqual(trial.lifecycle, "draft")

    def test_nothing_is_told_of_a_device_that_one_may_not_see(self):
        """Two companies with one tax number: the serial is taken, by whom is not
        said."""
        self.invoice()
        self.run_outbox()
        other = self.env["res.company"].create(
            {
                "name": "Other",
                "vat": RIN,
                "country_id": self.env.ref("base.eg").id,
            }
        )
        stranger = self.administrator.copy(
            {
                "login": "ereceipt_stranger",
                "company_id": other.id,
                "company_ids": [Command.set(other.ids)],
            }
        )
        env = self.env(user=stranger.id)
        registration = env["ereceipt.registration"].create(
            {"authority": "eg_receipt", "company_id": other.id, "environment": "test"}
        )
        with self.assertRaisesRegex(UserError, "serial SIM-POS-0001") as raised:
            env["ereceipt.device"].create(
                self.twin(registration_id=registration.id, company_id=other.id)
            )
        self.assertNotIn("Till 1", str(raised.exception))

    # -------------------------------------------------------------------------
    # TAKEN BACK AFTER SOMEBODY ELSE ISSUED
    # -------------------------------------------------------------------------

    def test_what_others_issued_meanwhile_is_noticed(self):
        """The authority's last document of the serial is none of ours: whoever issued
        it has gone on with the chain, and ours would fork it."""
        self.invoice()
        self.run_outbox()
        device = self.put_away(self.device)
        device.action_take_back()
        document = self.device.sudo()._chain_row(self.env.cr)
        self.env.cr.execute(
            "UPDATE ereceipt_document SET authority_uid = repeat('e', 64) "
            "WHERE device_id = %s",
            [device.id],
        )
        self.env.invalidate_all()
        told = f"(?s){document.uid}.*not among the documents"
        with self.assertRaisesRegex(UserError, told):
            device.action_activate()
        self.assertEqual(device.lifecycle, "draft")
