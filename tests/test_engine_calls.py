from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import ADDRESS, RIN, EreceiptCommon

QUICK = {"seconds": 0.2, "rounds": 1}
"""One run of the job, too short to wait for anything in it."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEngineCalls(EreceiptCommon):
    """What becomes of documents when calls fail, and of calls that keep failing."""

    def submissions(self):
        return self.control.requests()["counts"].get("submit", 0)

    def pass_breakers(self):
        """Let the time go by for which calls are held back."""
        self.env.flush_all()
        for table in ("ereceipt_registration", "ereceipt_device"):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET breaker_open_until = breaker_open_until - %s",
                    SQL.identifier(table),
                    timedelta(days=1),
                )
            )
        self.env.invalidate_all()

    def causes(self, record):
        """Return why somebody is asked to do something about a record."""
        activities = self.env["mail.activity"].sudo()
        found = activities.search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return found.filtered("ereceipt_cause").mapped("ereceipt_cause")

    def another_registration(self):
        """Return an invoice of a till on another registration, not sent yet."""
        self.control.register(
            devices=[
                {
                    "serial": "SIM-POS-0003",
                    "rin": RIN,
                    "client_id": "sim-pos-0003",
                    "secrets": ["sim-secret-0003"],
                }
            ]
        )
        registration = self.registration.copy(
            {"environment": "production", "company_id": self.company.id}
        )
        journal = self.journal.copy({"name": "Till 3", "code": "TIL3"})
        device = self.device.copy(
            {
                "registration_id": registration.id,
                "serial": "SIM-POS-0003",
                "journal_ids": [Command.set(journal.ids)],
                "client_id": "sim-pos-0003",
                "client_secret": "sim-secret-0003",
                **ADDRESS,
            }
        )
        device.action_activate()
        return self.invoice(journal_id=journal.id)

    # -------------------------------------------------------------------------
    # THE BREAKER
    # -------------------------------------------------------------------------

    def open_breaker(self):
        """Let a firewall answer until calls are held back."""
        self.control.fault("submit", "waf_html")
        moves = self.invoice() | self.invoice(journal_id=self.journal_2.id)
        for _round in range(10):
            self.run_outbox(**QUICK)
            if self.registration.breaker_open_until:
                return moves
        self.fail("The breaker did not open.")

    def test_breaker_opens_and_holds_its_registration_alone(self):
        moves = self.open_breaker()
        self.assertGreaterEqual(self.registration.breaker_failures, 5)
        self.assertIn("firewall", self.registration.breaker_reason)
        self.assertEqual(self.causes(self.registration), ["breaker"])
        self.assertEqual(moves.mapped("ereceipt_state"), ["queued"] * 2)
        self.assertIn("held back until", moves[0].ereceipt_what_now)
        called = self.submissions()
        self.run_outbox(seconds=0.2, rounds=2)
        self.assertEqual(self.submissions(), called, "held back means not called")
        self.control.clear_faults()
        other = self.another_registration()
        self.run_outbox()
        self.assertEqual(other.ereceipt_state, "valid")
        self.assertEqual(moves.mapped("ereceipt_state"), ["queued"] * 2)

    def test_one_call_tries_whether_it_works_again(self):
        moves = self.open_breaker()
        failures = self.registration.breaker_failures
        self.pass_breakers()
        called = self.submissions()
        self.run_outbox(**QUICK)
        self.assertEqual(self.submissions(), called + 1, "two tills are due")
        self.assertEqual(self.registration.breaker_failures, failures + 1)
        until = self.registration.breaker_open_until
        self.assertGreater(until, fields.Datetime.now() + timedelta(seconds=90))
        self.assertEqual(self.causes(self.registration), ["breaker"], "told once")

        self.control.clear_faults()
        self.pass_breakers()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 2)
        self.assertFalse(self.registration.breaker_failures)
        self.assertFalse(self.registration.breaker_open_until)
        self.assertFalse(self.causes(self.registration), "taken back on recovery")

    def test_an_administrator_lets_calls_through_at_once(self):
        moves = self.open_breaker()
        self.control.clear_faults()
        self.registration.with_user(self.administrator).action_close_breaker()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 2)

    def test_what_is_wrong_with_documents_holds_nobody_back(self):
        self.control.fault("submit", "invalid", code="SIM-X", message="No.")
        moves = self.env["account.move"]
        for _number in range(6):
            moves |= self.invoice()
            self.run_outbox(rounds=2, seconds=0.2)
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"invalid"})
        self.assertFalse(self.registration.breaker_failures)
        self.assertFalse(self.causes(self.registration))

    def test_refused_credentials_hold_their_device_alone(self):
        self.control.device("SIM-POS-0001", secrets=["another one"])
        self.control.revoke_tokens()
        held, other = self.invoice(), self.invoice(journal_id=self.journal_2.id)
        self.run_outbox()
        self.assertEqual(other.ereceipt_state, "valid")
        self.assertEqual(held.ereceipt_state, "queued")
        self.assertFalse(held.ereceipt_document_id.attempts, "not its fault")
        self.assertGreater(
            self.device.breaker_open_until,
            fields.Datetime.now() + timedelta(minutes=50),
        )
        self.assertFalse(self.device_2.breaker_open_until)
        self.assertFalse(self.registration.breaker_open_until)
        self.assertEqual(self.causes(self.device), ["breaker"])

        self.device.with_user(self.administrator).client_secret = "another one"
        self.device.with_user(self.administrator).action_test_connection()
        self.assertFalse(self.causes(self.device))
        self.run_outbox()
        self.assertEqual(held.ereceipt_state, "valid")

    # -------------------------------------------------------------------------
    # SINGLE FAILURES
    # -------------------------------------------------------------------------

    def test_the_authority_says_when_to_come_back(self):
        self.control.fault("submit", "rate_limit", seconds=600, times=1)
        move = self.invoice()
        self.run_outbox(**QUICK)
        soon = fields.Datetime.now() + timedelta(seconds=570)
        self.assertGreater(self.registration.breaker_open_until, soon)
        self.assertGreater(move.ereceipt_document_id.next_attempt_at, soon)
        self.assertFalse(self.registration.breaker_failures, "no failure")
        self.assertFalse(self.causes(self.registration))
        self.run_outbox(seconds=0.2, rounds=2)
        self.assertEqual(self.submissions(), 1)
        self.pass_breakers()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_token_that_ends_in_between(self):
        """A call without a valid token was not carried out: it is made again at once
        with a new one, and nothing is sent twice."""
        self.control.fault("submit", "unauthorized", times=1)
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])
        self.assertFalse(self.device.breaker_open_until)

    def test_firewall_page_is_no_answer(self):
        self.control.fault("submit", "waf_html", times=1)
        move = self.invoice()
        self.run_outbox(**QUICK)
        document = move.ereceipt_document_id
        self.assertEqual((document.state, document.attempts), ("queued", 1))
        self.assertIn("firewall", document.last_error)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_spoilt_answers_are_asked_about(self):
        """Whatever came back, the authority may have taken it."""
        for kind in ("bad_json", "truncated", "empty", "wrong_shape", "drop_after"):
            spoilt = {} if kind == "drop_after" else {"processed": True}
            self.control.fault("submit", kind, times=1, **spoilt)
            move = self.invoice()
            self.run_outbox(**QUICK)
            with self.subTest(kind):
                self.assertEqual(move.ereceipt_state, "unknown")
                self.run_outbox()
                self.assertEqual(move.ereceipt_state, "valid")
                self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_absence_is_believed_at_the_second_answer(self):
        self.control.fault("submit", "drop_before", times=1)
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        self.run_outbox(**QUICK)
        self.assertEqual((document.state, document.asked), ("unknown", 0))
        before = fields.Datetime.now()
        self.run_outbox(**QUICK)
        self.assertEqual((document.state, document.asked), ("unknown", 1))
        self.assertGreater(document.next_attempt_at, before, "not again at once")
        self.assertFalse(self.taken(move))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def refuse_the_repeat(self, lost):
        """Lose the answer to a first attempt, show nothing of it when asked, and refuse
        the second attempt."""
        self.control.settings(validation_seconds=3600, duplicate_seconds=0)
        self.control.fault("submit", lost, times=1)
        self.control.fault(
            "submit", "status", status=400, code="SIM-X", message="No.", after=1
        )
        move = self.invoice()
        self.run_outbox(rounds=4, seconds=0.2)
        self.assertEqual(self.submissions(), 2)
        return move

    def test_refused_repeat_of_what_had_arrived(self):
        """It is valid at the authority, so it is here: whatever the repeat was told."""
        move = self.refuse_the_repeat("drop_after")
        self.control.settle()
        self.run_outbox(**QUICK)
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(move.ereceipt_problems)
        self.assertFalse(self.causes(move))
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_refused_repeat_of_what_is_still_validated(self):
        """The refusal waits for the question, with what it said."""
        self.registration.ingestion_seconds = 60
        move = self.refuse_the_repeat("drop_after")
        document = move.ereceipt_document_id.sudo()
        self.assertEqual((document.state, document.doubt), ("unknown", "refused"))
        self.assertIn("No.", str(move.ereceipt_problems))
        self.assertEqual(self.causes(move), [])

    def test_refused_repeat_of_what_never_arrived(self):
        move = self.refuse_the_repeat("drop_before")
        self.run_outbox(**QUICK)
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertIn("No.", str(move.ereceipt_problems))
        self.assertEqual(self.causes(move), ["refused"])
        self.assertFalse(self.taken(move))

    def test_worker_that_died_is_asked_about(self):
        """A lease that ran out: it may have been sent."""
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        past = fields.Datetime.now() - timedelta(minutes=5)
        document._go(
            "sending", sent_at=past, attempts=1, lease_token="x", lease_until=past
        )
        self.run_outbox(**QUICK)
        self.assertIn(document.state, ("unknown", "queued"))
        self.assertFalse(self.submissions())
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    # -------------------------------------------------------------------------
    # THE END
    # -------------------------------------------------------------------------

    def test_what_is_late_is_not_sent(self):
        move = self.invoice()
        self.pass_time(hours=25)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "late")
        self.assertEqual(self.causes(move), ["late"])
        self.assertFalse(self.submissions())

    def test_somebody_is_warned_before_it_is_late(self):
        self.control.fault("submit", "waf_html")
        move = self.invoice()
        upkeep = self.env["ereceipt.outbox"].sudo()
        upkeep._warn_of_deadlines()
        self.assertFalse(self.causes(move))
        self.pass_time(hours=13)
        upkeep._warn_of_deadlines()
        upkeep._warn_of_deadlines()
        self.assertEqual(self.causes(move), ["deadline"])
        self.control.clear_faults()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(self.causes(move))

    def test_given_up_after_the_last_attempt(self):
        self.registration.max_attempts = 2
        self.control.fault("submit", "waf_html")
        move = self.invoice()
        self.run_outbox(rounds=4, seconds=0.2)
        document = move.ereceipt_document_id
        self.assertEqual((document.state, document.attempts), ("failed", 2))
        self.assertIn("firewall", document.last_error)
        self.assertEqual(self.causes(move), ["failed"])
        self.assertEqual(self.submissions(), 2)
        self.assertTrue(move.ereceipt_locked)
