import uuid
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ..fiscal import lifecycle
from ..fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Outcome,
    Problem,
    Status,
    TransientError,
)
from ..fiscal.dispatch import Report
from ..fiscal.eg_eta import EgReceipt
from .common import EreceiptCommon

RECOVERIES = ("ask", "resend", "resend_then_duplicate")

FOLLOWS = """
           sending     unknown     submitted   cancelling
accepted   submitted   submitted   submitted   cancelling
pending    submitted   submitted   submitted   cancelling
valid      valid       valid       valid       valid
invalid    invalid     invalid     invalid     invalid
cancelling valid       valid       valid       cancelling
cancelled  cancelled   cancelled   cancelled   cancelled
rejected   rejected    rejected    rejected    rejected
duplicate  submitted   submitted   submitted   cancelling
absent     unknown     unknown     submitted   cancelling
unknown    unknown     unknown     submitted   cancelling
deferred   queued      unknown     submitted   cancelling
"""
"""What follows each answer in each open state, at its first occasion."""

STATES, *ROWS = map(str.split, FOLLOWS.strip().splitlines())

FAILURES = {
    "nothing said": (None, "unknown"),
    "transient": (TransientError("Not now."), "queued"),
    "come back later": (TransientError("Not now.", 900.0), "queued"),
    "credentials": (AuthenticationError("Who are you?"), "queued"),
    "ambiguous": (AmbiguousError("Lost."), "unknown"),
    "whole call refused": (AuthorityError("X", "No."), "queued"),
}
"""What ends a unit without an outcome, and the state of what was being sent then."""

LONGEST_WAIT = timedelta(minutes=40)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSettle(EreceiptCommon):
    """Whatever an authority answers, in whatever state: there is always a legal state
    that follows, a verdict is kept, and what may have arrived is not sent blindly."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls.invoice()
        cls.document = cls.move.ereceipt_document_id.sudo()
        cls.work = cls.env["ereceipt.work"].sudo()

    def setUp(self):
        super().setUp()
        self.begun = fields.Datetime.now()

    def recovery(self, recovery):
        self.patch(
            EgReceipt,
            "capabilities",
            replace(EgReceipt.capabilities, recovery=recovery),
        )

    @contextmanager
    def case(self, *case):
        """A case in a subtest of its own, its changes undone afterwards."""
        savepoint = self.env.cr.savepoint()
        with self.subTest(case=case):
            yield
        savepoint.close(rollback=True)
        self.env.invalidate_all(flush=False)

    def claim(self, state):
        """Bring the document to a state as the engine would, and claim it."""
        document = self.document
        if state != lifecycle.SENDING:
            if document.state == lifecycle.QUEUED:
                document._go(lifecycle.SENDING, sent_at=self.begun, attempts=1)
            ways = {
                lifecycle.UNKNOWN: (lifecycle.UNKNOWN,),
                lifecycle.SUBMITTED: (lifecycle.SUBMITTED,),
                lifecycle.CANCELLING: (lifecycle.VALID, lifecycle.CANCELLING),
            }
            if document.state != state:
                for step in ways[state]:
                    document._go(step)
        purpose = "send" if state == lifecycle.SENDING else "ask"
        unit = self.work._claimed_unit(
            document.device_id, document, purpose, uuid.uuid4().hex
        )
        self.assertEqual(document.state, state)
        return unit

    def settle(self, unit, outcome=None, error=None):
        outcomes = {outcome.key: outcome} if outcome else {}
        self.work._settle([(unit, Report(outcomes=outcomes, error=error))])

    def answer(self, state, status, **values):
        """Settle the document in a state with the authority's answer."""
        errors = (Problem("SIM-X", "No."),) if status is Status.INVALID else ()
        outcome = Outcome(self.document.id, status, errors=errors, **values)
        self.settle(self.claim(state), outcome)

    def arrived_perhaps(self):
        """Lose the answer to a first attempt, and be told twice that it did not
        arrive: it is queued again."""
        self.answer(lifecycle.SENDING, Status.UNKNOWN)
        for _time in range(2):
            self.answer(lifecycle.UNKNOWN, Status.ABSENT)
        self.assertEqual(self.document.state, lifecycle.QUEUED)

    def assert_goes_on(self):
        """Nothing is dropped: what is undecided comes up again, soon enough."""
        document = self.document
        self.assertFalse(document.lease_token)
        if document.state in lifecycle.OPEN:
            self.assertTrue(document.next_attempt_at)
            self.assertLess(document.next_attempt_at, self.begun + LONGEST_WAIT)
        else:
            self.assertFalse(document.next_attempt_at)
            self.assertTrue(document.decided_at)

    # -------------------------------------------------------------------------
    # EVERY ANSWER IN EVERY STATE
    # -------------------------------------------------------------------------

    def test_the_table_is_complete(self):
        self.assertEqual([row[0] for row in ROWS], [status.value for status in Status])
        self.assertEqual(set(STATES), lifecycle.OPEN - {lifecycle.QUEUED})

    def test_every_answer_in_every_state(self):
        cases = (
            (recovery, state, Status(status), expected)
            for recovery in RECOVERIES
            for status, *row in ROWS
            for state, expected in zip(STATES, row, strict=True)
        )
        for recovery, state, status, expected in cases:
            with self.case(recovery, state, status, expected):
                self.recovery(recovery)
                self.answer(state, status)
                self.assertEqual(self.document.state, expected)
                self.assert_goes_on()
                if expected == lifecycle.INVALID:
                    self.assertEqual(self.document.problems[0]["code"], "SIM-X")

    def test_every_failure_while_sending(self):
        for name in FAILURES:
            with self.case(name):
                error, expected = FAILURES[name]
                self.settle(self.claim(lifecycle.SENDING), error=error)
                self.assertEqual(self.document.state, expected)
                self.assert_goes_on()

    def test_every_failure_while_asking(self):
        """It stays where it was."""
        cases = ((name, state) for name in FAILURES for state in STATES[1:])
        for name, state in cases:
            with self.case(name, state):
                self.settle(self.claim(state), error=FAILURES[name][0])
                self.assertEqual(self.document.state, state)
                self.assert_goes_on()

    def test_asking_again_grows_slower(self):
        """What makes no sense for days is asked about every few minutes, not more."""
        cases = (
            (lifecycle.UNKNOWN, Status.UNKNOWN),
            (lifecycle.SUBMITTED, Status.ACCEPTED),
            (lifecycle.CANCELLING, Status.ABSENT),
        )
        for state, status in cases:
            with self.case(state, status):
                self.claim(state)
                days_ago = self.begun - timedelta(days=2)
                self.document.write({"sent_at": days_ago, "submitted_at": days_ago})
                self.answer(state, status)
                wait = self.document.next_attempt_at - fields.Datetime.now()
                self.assertGreater(wait, timedelta(minutes=5))
                self.assertLess(wait, LONGEST_WAIT)

    def test_answer_for_what_another_worker_claimed_since(self):
        """An answer that comes when its lease is over changes nothing."""
        late = self.claim(lifecycle.SENDING)
        self.document._go(lifecycle.UNKNOWN)
        asked = self.work._claimed_unit(
            self.document.device_id, self.document, "ask", uuid.uuid4().hex
        )
        self.settle(late, Outcome(self.document.id, Status.DEFERRED))
        self.assertEqual(self.document.state, lifecycle.UNKNOWN)
        self.document._go(lifecycle.SENDING, lease_token=asked.token)
        self.settle(asked, Outcome(self.document.id, Status.ABSENT))
        self.assertEqual(self.document.state, lifecycle.SENDING)
        self.assertEqual(self.document.lease_token, asked.token)

    # -------------------------------------------------------------------------
    # NEVER SENT BLINDLY
    # -------------------------------------------------------------------------

    def test_absence_is_believed_at_the_second_answer_alone(self):
        for state in (lifecycle.UNKNOWN, lifecycle.SUBMITTED):
            with self.case(state):
                self.answer(state, Status.ABSENT)
                self.assertEqual((self.document.state, self.document.asked), (state, 1))
                self.answer(state, Status.ABSENT)
                self.assertEqual(self.document.state, lifecycle.QUEUED)

    def test_what_may_have_arrived_is_queued_only_where_the_authority_lets_us(self):
        """After a lost answer, no single answer and no failure queues it: it is asked
        about, or stays to be repeated where a repeat is harmless."""
        answers = [(status, None) for status in Status]
        failures = [(None, error) for error, _state in FAILURES.values()]
        cases = (
            (recovery, state, status, error)
            for recovery in RECOVERIES
            for status, error in answers + failures
            for state in STATES
            # it is never sent again out of doubt where it can be asked about
            if (recovery, state) != ("ask", lifecycle.SENDING)
        )
        for recovery, state, status, error in cases:
            with self.case(recovery, state, status, error):
                self.recovery(recovery)
                self.answer(lifecycle.SENDING, Status.UNKNOWN)
                unit = self.claim(state)
                outcome = status and Outcome(self.document.id, status)
                self.settle(unit, outcome, error)
                self.assertNotEqual(self.document.state, lifecycle.QUEUED)
                self.assert_goes_on()

    def test_repeats_are_given_up_after_the_last_attempt(self):
        self.recovery("resend")
        self.registration.max_attempts = 2
        self.answer(lifecycle.SENDING, Status.UNKNOWN)
        self.assertEqual(self.document.state, lifecycle.UNKNOWN)
        self.answer(lifecycle.SENDING, Status.UNKNOWN)
        self.assertEqual(self.document.state, lifecycle.FAILED)
        self.document._retry()
        self.assertEqual(self.document.state, lifecycle.UNKNOWN, "not as if never sent")

    def test_given_up_and_tried_again_is_asked_about(self):
        self.registration.max_attempts = 1
        self.answer(lifecycle.SENDING, Status.UNKNOWN)
        for _time in range(2):
            self.answer(lifecycle.UNKNOWN, Status.ABSENT)
        self.assertEqual(self.document.state, lifecycle.FAILED)
        with self.assertRaisesRegex(UserError, "Try again first"):
            self.move.action_ereceipt_correct()
        self.document._retry()
        self.assertEqual(self.document.state, lifecycle.UNKNOWN)

    # -------------------------------------------------------------------------
    # A REFUSED REPEAT
    # -------------------------------------------------------------------------

    def refuse_repeat(self):
        """Refuse the repeat of what may have arrived before."""
        self.arrived_perhaps()
        self.answer(lifecycle.SENDING, Status.INVALID)

    def test_refused_repeat_is_asked_about_before_it_is_believed(self):
        self.registration.ingestion_seconds = 90
        self.refuse_repeat()
        document = self.document
        self.assertEqual(document.state, lifecycle.UNKNOWN)
        self.assertEqual(document.problems[0]["code"], "SIM-X")
        wait = document.next_attempt_at - self.begun
        self.assertGreaterEqual(wait, timedelta(seconds=89), "after the ingestion time")
        self.assertIn("refused", document.what_now)
        self.assertTrue(document._asked_already(), "nobody hurries that")
        self.assertTrue(self.move.ereceipt_problems)

    def test_what_the_authority_says_when_asked_about_a_refused_repeat(self):
        cases = (
            (Status.VALID, lifecycle.VALID, False),
            (Status.PENDING, lifecycle.SUBMITTED, False),
            (Status.ACCEPTED, lifecycle.SUBMITTED, False),
            (Status.DUPLICATE, lifecycle.SUBMITTED, False),
            (Status.INVALID, lifecycle.INVALID, True),
            (Status.ABSENT, lifecycle.INVALID, True),
            (Status.UNKNOWN, lifecycle.UNKNOWN, True),
            (Status.DEFERRED, lifecycle.UNKNOWN, True),
            (Status.CANCELLED, lifecycle.CANCELLED, None),
            (Status.REJECTED, lifecycle.REJECTED, None),
        )
        for status, expected, refused in cases:
            with self.case(status, expected, refused):
                self.refuse_repeat()
                self.answer(lifecycle.UNKNOWN, status)
                self.assertEqual(self.document.state, expected)
                if refused is not None:
                    self.assertEqual(bool(self.document.problems), refused)
                self.assertEqual(
                    bool(self.document.doubt), expected == lifecycle.UNKNOWN
                )
                self.assert_goes_on()

    def test_refused_repeat_stays_in_question_while_nobody_answers(self):
        self.refuse_repeat()
        self.settle(self.claim(lifecycle.UNKNOWN), error=TransientError("Not now."))
        self.answer(lifecycle.UNKNOWN, Status.UNKNOWN)
        self.assertEqual(self.document.state, lifecycle.UNKNOWN)
        self.answer(lifecycle.UNKNOWN, Status.ABSENT)
        self.assertEqual(self.document.state, lifecycle.INVALID)
        self.assertEqual(self.document.problems[0]["code"], "SIM-X")

    def test_first_refusal_is_believed_at_once(self):
        """Also after attempts that certainly did not arrive."""
        self.settle(self.claim(lifecycle.SENDING), error=TransientError("Not now."))
        self.answer(lifecycle.SENDING, Status.INVALID)
        self.assertEqual(self.document.state, lifecycle.INVALID)

    def test_refused_repeat_is_believed_where_a_repeat_is_the_same(self):
        """Such an authority answers a repeat as it answered the first."""
        self.recovery("resend")
        self.answer(lifecycle.SENDING, Status.UNKNOWN)
        self.answer(lifecycle.SENDING, Status.INVALID)
        self.assertEqual(self.document.state, lifecycle.INVALID)

    def test_doubt_ends_with_the_confirmation_and_comes_back_with_the_loss(self):
        """Confirmed, then lost by the authority, then refused: asked about again."""
        self.answer(lifecycle.SENDING, Status.ACCEPTED)
        self.assertFalse(self.document.doubt)
        for _time in range(2):
            self.answer(lifecycle.SUBMITTED, Status.ABSENT)
        self.assertEqual(self.document.state, lifecycle.QUEUED)
        self.answer(lifecycle.SENDING, Status.INVALID)
        self.assertEqual(self.document.state, lifecycle.UNKNOWN)

    def test_invoice_of_what_may_have_arrived_stays_locked(self):
        """Also of an authority without a chain, which locks from the first claim."""
        self.patch(
            EgReceipt, "capabilities", replace(EgReceipt.capabilities, chained=False)
        )
        self.assertFalse(self.document._locks_move())
        self.arrived_perhaps()
        self.assertTrue(self.document._locks_move())
