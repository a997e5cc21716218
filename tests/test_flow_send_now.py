from dataclasses import replace

from odoo.exceptions import UserError
from odoo.tests import RecordCapturer, tagged

from ..fiscal.eg_eta import EgReceipt
from .common import EreceiptCommon

TOKEN = "0123456789abcdef0123456789abcdef"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSendNow(EreceiptCommon):
    """One document is sent while a person waits."""

    def send_now(self, move, token=TOKEN):
        """Carry out the client's second request."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            result = move.ereceipt_send_now(token)
        self.env.invalidate_all()
        return result

    def test_button_returns_the_clients_action(self):
        move = self.invoice()
        action = move.action_ereceipt_what_now()
        self.assertEqual(action["tag"], "account_ereceipt.send_now")
        self.assertEqual(action["params"]["move_id"], move.id)
        self.assertEqual(self.control.requests()["counts"].get("submit", 0), 0)
        self.assertEqual(move.ereceipt_state, "queued")

    def test_sent_and_valid_at_once(self):
        move = self.invoice()
        result = self.send_now(move)
        self.assertEqual(result["state"], "valid", result)
        self.assertEqual(result["type"], "success")
        self.assertIn(move.name, result["message"])
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_request_that_runs_again_sends_once(self):
        """Odoo carries a request out again: the second run sends nothing."""
        move = self.invoice()
        self.send_now(move)
        self.send_now(move)
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_only_this_document_is_sent(self):
        move, other = self.invoice(), self.invoice()
        self.send_now(other)
        self.assertEqual(other.ereceipt_state, "valid")
        self.assertEqual(move.ereceipt_state, "queued")

    def test_jobs_are_woken_where_something_is_left_to_do(self):
        move, other = self.invoice(), self.invoice()
        lane = self.env.ref("account_ereceipt.ir_cron_ereceipt_lane_1")
        triggers = self.env["ir.cron.trigger"].sudo()
        woken = []
        for one in (other, move):
            with RecordCapturer(triggers, [("cron_id", "=", lane.id)]) as captured:
                self.send_now(one)
            woken.append(len(captured.records))
        # each time after sending, to ask; after the answer only if one is waiting
        self.assertEqual(woken, [2, 1])

    def test_lost_answer_is_asked_about_while_waiting(self):
        self.control.fault("submit", "drop_after", times=1)
        move = self.invoice()
        result = self.send_now(move)
        self.assertIn(result["state"], ("unknown", "submitted", "valid"))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_refusal_is_told(self):
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice()
        result = self.send_now(move)
        self.assertEqual((result["state"], result["type"]), ("invalid", "danger"))
        self.assertIn("refused", result["message"])

    def test_authority_that_does_not_answer_leaves_it_queued(self):
        self.control.revoke_tokens()
        self.control.fault("token", "status", status=500)
        move = self.invoice()
        result = self.send_now(move)
        self.assertEqual(result["state"], "queued")
        self.assertIn("tried again by itself", result["message"])

    def test_absent_is_not_believed_sooner_because_a_person_asks(self):
        """Asked once and not known: a person who asks again does not make the second,
        decisive, question come before the authority's ingestion time."""
        self.registration.sudo().ingestion_seconds = 120
        self.control.fault("submit", "drop_before", times=1)
        move = self.invoice()
        self.run_outbox(rounds=1, seconds=0.1)
        self.assertEqual(move.ereceipt_state, "unknown")
        self.make_due()
        self.run_outbox(rounds=1, seconds=0.1)
        document = move.ereceipt_document_id.sudo()
        self.assertEqual((document.state, document.asked), ("unknown", 1))
        asked = self.control.requests()["counts"]
        due_at = document.next_attempt_at
        self.send_now(move)
        action = move.action_ereceipt_ask()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("asked by itself", action["params"]["message"])
        self.assertEqual(document.next_attempt_at, due_at)
        self.assertEqual(self.control.requests()["counts"], asked)

    def test_several_are_left_to_the_jobs(self):
        moves = self.invoice() | self.invoice()
        documents = moves.ereceipt_document_ids.sudo()
        documents.write({"next_attempt_at": "2099-01-01 00:00:00"})
        lane = self.env.ref("account_ereceipt.ir_cron_ereceipt_lane_1")
        triggers = self.env["ir.cron.trigger"].sudo()
        with RecordCapturer(triggers, [("cron_id", "=", lane.id)]) as captured:
            action = moves.action_ereceipt_send_now()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(len(captured.records), 1)
        self.run_outbox()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})

    def test_what_cannot_be_hurried_is_told(self):
        move = self.invoice()
        with self.assertRaisesRegex(UserError, "undecided"):
            move.action_ereceipt_ask()
        self.run_outbox()
        with self.assertRaisesRegex(UserError, "waiting to be sent"):
            move.action_ereceipt_send_now()

    def test_authority_that_cannot_be_waited_for(self):
        self.patch(
            EgReceipt,
            "capabilities",
            replace(EgReceipt.capabilities, interactive=False),
        )
        self.device.wait_seconds = 3
        move = self.invoice(post=False)
        self.assertFalse(move.with_context(ereceipt_dialog=True).action_post())
        action = move.action_ereceipt_send_now()
        self.assertEqual(action["tag"], "display_notification")
        self.assertEqual(self.send_now(move)["state"], "queued")

    def test_token_is_checked(self):
        move = self.invoice()
        for token in ("", "x", "a" * 65, "%" * 16, None, 7):
            with self.assertRaisesRegex(UserError, "no usable token"):
                self.send_now(move, token)
        with self.assertRaisesRegex(UserError, "no document"):
            self.send_now(self.invoice(post=False))

    def test_nobody_sends_from_a_copied_database(self):
        move = self.invoice()
        self.registration.sudo().database_uuid = "another"
        result = self.send_now(move)
        self.assertEqual(result["state"], "queued")
        self.assertIn("copy", result["message"])
        self.assertEqual(self.control.requests()["counts"].get("submit", 0), 0)
