from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCorrectedHead(EreceiptCommon):
    """What follows in the chain when its last document was refused and corrected: one
    or the other, as the registration says."""

    def follow(self, policy):
        self.registration.with_user(self.administrator).chain_after_correction = policy

    def refused(self):
        """Return an invoice whose document was refused."""
        move = self.invoice()
        self.refuse_next()
        return move

    def refuse_next(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        self.run_outbox()

    def correct(self, move):
        """Return the document that was refused and the one that corrects it."""
        old = move.ereceipt_document_id
        self.assertEqual(old.state, "invalid")
        move.action_ereceipt_correct()
        return old, move.ereceipt_document_id

    def previous(self, move):
        return move.ereceipt_document_id.previous_uid

    def test_next_follows_the_refused_document_by_default(self):
        old, new = self.correct(self.refused())
        self.assertEqual(self.device.chain_head_uid, old.authority_uid)
        move = self.invoice()
        self.assertEqual(self.previous(move), old.authority_uid)
        self.assertEqual(move.ereceipt_document_id.chain_index, old.chain_index + 1)
        self.assertFalse(new.chain_index)

    def test_next_follows_the_correction_where_the_registration_says_so(self):
        self.follow("correction")
        first = self.invoice()
        self.run_outbox()
        old, new = self.correct(self.refused())
        self.assertEqual(new.previous_uid, first.ereceipt_uuid)
        self.assertEqual(self.device.chain_head_uid, new.authority_uid)
        move, another = self.invoice(), self.invoice()
        self.assertEqual(self.previous(move), new.authority_uid)
        self.assertEqual(move.ereceipt_document_id.chain_index, old.chain_index + 1)
        self.assertEqual(self.previous(another), move.ereceipt_uuid)

    def test_correction_of_a_correction(self):
        move = self.refused()
        old, new = self.correct(move)
        self.refuse_next()
        again, newest = self.correct(move)
        self.assertEqual(again, new)
        self.assertEqual(newest.previous_uid, old.previous_uid)
        self.assertEqual(self.device.chain_head_uid, old.authority_uid)
        self.follow("correction")
        self.device.invalidate_recordset()
        self.assertEqual(self.device.chain_head_uid, newest.authority_uid)
        following = self.invoice()
        self.assertEqual(self.previous(following), newest.authority_uid)

    def test_correction_and_next_in_one_posting(self):
        self.follow("correction")
        move, other = self.refused(), self.invoice(post=False)
        old = move.ereceipt_document_id
        move.button_draft()
        (other | move).action_post()
        self.assertEqual(move.ereceipt_document_id.replaces_id, old)
        self.assertEqual(self.previous(other), move.ereceipt_uuid)

    def test_correction_of_an_earlier_document_moves_no_head(self):
        self.follow("correction")
        move = self.refused()
        last = self.invoice()
        self.correct(move)
        self.assertEqual(self.device.chain_head_uid, last.ereceipt_uuid)
        self.assertEqual(self.previous(self.invoice()), last.ereceipt_uuid)

    def test_correction_of_an_earlier_document_and_next_in_one_posting(self):
        self.follow("correction")
        move = self.refused()
        last, other = self.invoice(), self.invoice(post=False)
        move.button_draft()
        (other | move).action_post()
        self.assertEqual(self.previous(other), last.ereceipt_uuid)

    def test_authority_that_insists(self):
        """The one policy is right there and the other wrong, and either way round."""
        for insisted, policy in (
            ("refused", "refused"),
            ("correction", "correction"),
            ("refused", "correction"),
            ("correction", "refused"),
        ):
            self.control.settings(chain="off")
            self.follow(policy)
            move = self.refused()
            self.correct(move)
            self.run_outbox()
            self.control.settings(chain="strict", corrected_head=insisted)
            following = self.invoice()
            self.run_outbox()
            with self.subTest(insisted=insisted, policy=policy):
                expected = "valid" if insisted == policy else "invalid"
                self.assertEqual(following.ereceipt_state, expected)

    def test_only_who_sets_up_registrations_sees_it(self):
        form = self.registration.with_user(self.administrator).get_view(
            view_type="form"
        )
        self.assertIn('name="chain_after_correction"', form["arch"])
        form = self.registration.with_user(self.manager).get_view(view_type="form")
        self.assertNotIn('name="chain_after_correction"', form["arch"])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestForeignHead(EreceiptCommon):
    """The authority's last document of a device is none of ours: an older backup was
    restored, or something else issues on the serial."""

    @contextmanager
    def forgotten(self):
        """What is done in here is in the authority's books and not in ours."""
        savepoint = self.env.cr.savepoint()
        yield
        savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)

    def restored(self):
        """Return the identifier of what was issued after the backup."""
        self.invoice()
        self.run_outbox()
        with self.forgotten():
            move = self.invoice()
            self.run_outbox()
            uid = move.ereceipt_uuid
            self.assertEqual(move.ereceipt_state, "valid")
        return uid

    def try_connection(self, record):
        """Test the connection of a registration or device, return what is said."""
        shown = record.with_user(self.administrator).action_test_connection()["params"]
        return shown["type"], shown["message"]

    def test_connection_test_says_so_and_stops_nothing(self):
        uid = self.restored()
        for record in (self.device, self.registration):
            level, message = self.try_connection(record)
            self.assertEqual(level, "danger")
            self.assertIn(uid, message)
            self.assertIn(self.device.serial, message)
            self.assertIn("retire the device", message)
        self.assertEqual(self.device.problems[0]["code"], "chain_foreign_head")
        self.assertFalse(self.device_2.problems)
        self.assertEqual(self.device.lifecycle, "active")
        self.assertEqual(self.invoice().ereceipt_state, "queued")

    def test_activation_is_refused(self):
        uid = self.restored()
        device = self.device.with_user(self.administrator)
        device.action_retire()
        with self.assertRaisesRegex(UserError, uid):
            device.action_activate()
        self.assertEqual(device.lifecycle, "retired")
        self.assertEqual(
            self.try_connection(device)[0], "success", "that was to be done"
        )

    def test_whatever_is_ours_is_known(self):
        """In any state, in any order, and before the first has arrived."""
        for device in (self.device, self.device_2):
            self.invoice(journal_id=device.sudo().journal_ids.id)
            self.assertEqual(self.try_connection(device)[0], "success")
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        self.run_outbox()
        documents = self.env["ereceipt.document"].sudo().search([])
        self.assertEqual(set(documents.mapped("state")), {"invalid", "valid"})
        self.assertEqual(self.try_connection(self.registration)[0], "success")
        self.device.with_user(self.administrator).action_activate()

    def test_one_sign_in_for_all_devices(self):
        uid = self.restored()
        self.registration.sudo().eg_channel = "erp"
        self.registration.with_user(self.administrator).write(
            {"client_id": "sim-erp", "client_secret": "sim-erp-secret"}
        )
        level, message = self.try_connection(self.registration)
        self.assertEqual(level, "danger")
        self.assertIn(uid, message)
        self.assertEqual(len(self.registration.problems), 1)

    def test_chain_that_others_continued_before_it_was_begun_here(self):
        with self.forgotten():
            move = self.invoice()
            self.run_outbox()
            uid = move.ereceipt_uuid
        device = self.device.with_user(self.administrator)
        device.action_retire()
        device.initial_previous_uid = "a" * 64
        device.sudo().lifecycle = "draft"
        self.assertIn("Continue chain", self.try_connection(device)[1])
        with self.assertRaisesRegex(UserError, "Continue chain"):
            device.action_activate()
        device.action_continue_chain()
        self.assertEqual(device.initial_previous_uid, uid)
        self.assertEqual(device.lifecycle, "active")
        self.assertEqual(self.try_connection(device)[0], "success")

    def test_authority_that_does_not_tell_is_told(self):
        self.invoice()
        self.run_outbox()
        self.control.fault("recent", "status", status=500, after=1)
        level, _message = self.try_connection(self.device)
        self.assertEqual(level, "danger")
        self.assertEqual(self.device.problems[0]["code"], "chain_unasked")
