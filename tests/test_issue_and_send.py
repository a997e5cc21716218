from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestIssueAndSend(EreceiptCommon):
    """The main job: a posted invoice becomes a valid e-receipt."""

    def test_posted_invoice_becomes_valid(self):
        """An accountant posts; the job sends; the authority validates."""
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(move.ereceipt_state, "queued")
        self.assertEqual(len(move.ereceipt_uuid), 64)
        self.assertEqual(document.chain_index, 1)
        self.assertFalse(document.previous_uid)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", document.problems)
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])
        self.assertEqual(document.exchange_ids.mapped("purpose"), ["query", "submit"])

    def test_chain_follows_the_numbers(self):
        """Order of the chain is the order of the numbers, whatever that of the
        records."""
        moves = self.env["account.move"].with_user(self.accountant)
        for reference in ("c", "b", "a"):
            moves |= self.invoice(post=False, ref=reference)
        moves.action_post()
        by_number = moves.sorted("sequence_number").ereceipt_document_ids
        chain = moves.ereceipt_document_ids.sorted("chain_index")
        self.assertEqual(by_number.sorted("chain_index"), chain)
        self.assertEqual(
            chain.mapped("name"), moves.sorted("sequence_number").mapped("name")
        )
        self.assertEqual(
            chain[1:].mapped("previous_uid"), chain[:-1].mapped("authority_uid")
        )

    def test_two_postings_in_one_transaction_do_not_fork(self):
        first, second = self.invoice(), self.invoice()
        self.assertEqual(second.ereceipt_document_id.previous_uid, first.ereceipt_uuid)

    def test_waiting_document_goes_where_it_is_issued(self):
        """The environment changed while it waited: it is issued in the chain of the
        one that is in force, and not in the one in which it began to wait."""
        self.device.issue_moment = "manual"
        waiting = self.invoice()
        document = waiting.ereceipt_document_id.sudo()
        self.assertEqual(document.environment, "test")
        registration = self.registration.sudo()
        registration.environment = "production"
        self.device.sudo().lifecycle = "active"
        first = self.invoice()
        (first | waiting).action_ereceipt_issue()
        documents = first.ereceipt_document_id.sudo() | document
        self.assertEqual(documents.mapped("environment"), ["production"] * 2)
        chain = documents.sorted("chain_index")
        self.assertEqual(chain.mapped("chain_index"), [1, 2])
        self.assertEqual(chain[1].previous_uid, chain[0].authority_uid)

    def test_waiting_document_goes_to_the_device_that_it_is_given(self):
        self.device.issue_moment = "manual"
        move = self.invoice()
        move.sudo().ereceipt_device_id = self.device_2
        move.action_ereceipt_issue()
        document = move.ereceipt_document_id.sudo()
        self.assertEqual(document.device_id, self.device_2)
        self.assertIn(self.device_2.serial, document.content)

    def test_defect_with_one_document_holds_no_other_back(self):
        """What cannot be written of one is written of those that travelled with it."""
        moves = self.invoice() | self.invoice() | self.invoice()
        poisoned = moves[1].ereceipt_document_id.sudo()
        work = self.registry["ereceipt.work"]
        written = work._settle_outcome

        def spoilt(self, document, unit, outcome):
            if document.id == poisoned.id:
                raise ValueError("A defect")
            return written(self, document, unit, outcome)

        with (
            patch.object(work, "_settle_outcome", spoilt),
            self.assertLogs("odoo.addons.account_ereceipt.models.ereceipt_outbox"),
        ):
            self.run_outbox(rounds=3)
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid", "sending", "valid"])
        submitted = poisoned.exchange_ids.filtered(lambda e: e.purpose == "submit")
        self.assertEqual(len(submitted), 1, "the call is kept all the same")
        self.pass_time(minutes=10)
        self.run_outbox()
        self.assertEqual(poisoned.state, "valid", "asked about, not sent again")

    def test_defect_with_one_that_waits_holds_no_other_back(self):
        self.device.problem_policy = "wait"
        values = self.item_mapping.copy_data()[0]
        self.item_mapping.unlink()
        moves = self.invoice() | self.invoice()
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting"] * 2)
        self.env["ereceipt.code.mapping"].create(values)
        spoilt = moves[0]
        model = self.registry["account.move"]
        issue = model._ereceipt_issue

        def issue_or_fail(self, **options):
            if spoilt.id in self.ids:
                raise ValueError("A defect")
            return issue(self, **options)

        with (
            patch.object(model, "_ereceipt_issue", issue_or_fail),
            self.assertLogs("odoo.addons.account_ereceipt.models"),
        ):
            self.env["ereceipt.outbox"].sudo()._recheck_waiting()
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting", "queued"])

    def test_absence_is_not_believed_twice_in_a_row(self):
        """A person who asks again at once gets no second answer that counts."""
        document = self.invoice().ereceipt_document_id.sudo()
        document._go("sending")
        document._go("submitted", asked=1)
        document.next_attempt_at = fields.Datetime.now() + timedelta(minutes=2)
        self.assertFalse(document._make_due())
        self.assertFalse(document._goes_interactively())

    def test_refused_document_shows_why(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertIn("SIM-X", str(move.ereceipt_document_id.sudo().problems))
        self.assertTrue(move.sudo().activity_ids.filtered("ereceipt_cause"))

    def test_lost_answer_is_asked_about(self):
        """The authority took it and the answer was lost: asked, never sent again."""
        self.control.fault("submit", "drop_after", times=1)
        move = self.invoice()
        self.run_outbox(rounds=1, seconds=0.1)
        self.assertEqual(move.ereceipt_state, "unknown")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_problems_block_the_posting_all_at_once(self):
        self.item_mapping.unlink()
        move = self.invoice(post=False)
        with self.assertRaises(UserError) as raised:
            move.action_post()
        self.assertIn("قلم حبر", str(raised.exception))
        self.assertEqual(move.state, "draft")

    def test_issued_invoice_cannot_be_reset(self):
        move = self.invoice()
        for values in ({"state": "draft"}, {"name": "X/1"}, {"state": "cancel"}):
            with self.assertRaises(UserError):
                move.write(values)
        with self.assertRaises(UserError):
            move.with_context(force_delete=True).unlink()

    def test_correction_stays_on_the_device_of_what_it_corrects(self):
        """Another device has another chain, in which there is no place to take."""
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        self.run_outbox()
        move.button_draft()
        move.ereceipt_device_id = self.device_2
        with self.assertRaisesRegex(UserError, "Till 1"):
            move.action_post()

    def test_registration_that_issues_is_not_archived(self):
        with self.assertRaisesRegex(UserError, "Till 1"):
            self.registration.action_archive()
        (self.device | self.device_2).action_retire()
        self.registration.action_archive()
        self.assertFalse(self.registration.active)

    def test_copy_of_the_database_makes_nothing_late(self):
        """What the original has sent meanwhile is not known in a copy."""
        move = self.invoice()
        self.registration.sudo().database_uuid = "another"
        self.pass_time(hours=25)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "queued")
