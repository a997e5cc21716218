import math
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..fiscal import lifecycle
from ..fiscal.contract import AmbiguousError, TransientError
from ..models.ereceipt_outbox import HANGING_AFTER, MAX_THREADS
from ..models.ereceipt_work import KEPT_THREADS
from .common import EreceiptCommon
from .toy_authority import toy, toy_till

TOKEN = "0123456789abcdef"
HANGING = 20.0
"""Seconds for which an authority says nothing."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestClaim(EreceiptCommon):
    """What is claimed to be sent or asked about, whoever claims it."""

    def send_now(self, move):
        """Do what a waiting person's request does, once; return the state then."""
        self.make_due()
        self.env.flush_all()
        with self.enter_registry_test_mode():
            document = move.ereceipt_document_id.sudo()
            state = self.env["ereceipt.outbox"]._send_now(document, TOKEN)
        self.env.invalidate_all()
        return state

    def toy_invoice(self, **capabilities):
        """Return a toy authority's desk and an invoice of its till."""
        authority = toy(self, **capabilities)
        device = toy_till(self, authority)
        move = self.invoice(journal_id=device.sudo().journal_ids.id)
        self.assertEqual(move.ereceipt_state, "queued")
        return authority.desk, move

    # -------------------------------------------------------------------------
    # ONE DOCUMENT, AT ONCE
    # -------------------------------------------------------------------------

    def lose_first_answer(self, recovery):
        desk, move = self.toy_invoice(recovery=recovery)
        desk.lose_answer(AmbiguousError("Lost."))
        self.assertEqual(self.send_now(move), "unknown")
        return desk, move

    def test_lost_answer_is_resolved_by_repeating_where_that_is_the_way(self):
        """The authority cannot be asked; the person's second try repeats."""
        desk, move = self.lose_first_answer("resend")
        self.assertIn("sent again by itself", move.ereceipt_what_now)
        self.assertEqual(self.send_now(move), "valid")
        self.assertEqual(desk.calls, ["submit", "submit"])

    def test_lost_answer_is_asked_about_where_that_is_the_way(self):
        desk, move = self.lose_first_answer("ask")
        self.assertIn("is asked by itself", move.ereceipt_what_now)
        self.assertEqual(self.send_now(move), "valid")
        self.assertEqual(desk.calls, ["submit", "query"])

    def test_person_and_lane_do_the_same(self):
        """In each state, for each way of recovery."""
        work = self.env["ereceipt.work"].sudo()
        authority = toy(self)
        device = toy_till(self, authority)
        move = self.invoice(journal_id=device.sudo().journal_ids.id)
        document = move.ereceipt_document_id.sudo()
        ways = (
            (),
            ("sending", "unknown"),
            ("sending", "submitted"),
            ("sending", "valid", "cancelling"),
        )
        for recovery in ("ask", "resend", "resend_then_duplicate"):
            capabilities = replace(authority.capabilities, recovery=recovery)
            self.patch(authority, "capabilities", capabilities)
            for way in ways:
                purposes = []
                for claim in (
                    lambda: work._claim_one(document.id, "now:x"),
                    lambda: work._claim_units(1, {})[0],
                ):
                    savepoint = self.env.cr.savepoint()
                    for state in way:
                        document._go(state)
                    document.next_attempt_at = fields.Datetime.now()
                    purposes.append(claim().purpose)
                    savepoint.close(rollback=True)
                    self.env.invalidate_all(flush=False)
                with self.subTest(recovery=recovery, way=way):
                    self.assertEqual(*purposes)

    def test_person_overtakes_nobody_where_order_is_strict(self):
        authority = toy(self, chained=True, order="strict")
        device = toy_till(self, authority)
        first, second = (
            self.invoice(journal_id=device.sudo().journal_ids.id).ereceipt_document_id
            for _number in range(2)
        )
        work = self.env["ereceipt.work"].sudo()
        for later in (timedelta(), timedelta(hours=1)):
            first.sudo().next_attempt_at = fields.Datetime.now() + later
            self.assertFalse(work._claim_one(second.id, "now:x"))
        self.assertTrue(work._claim_one(first.id, "now:x"))
        self.assertFalse(work._claim_one(second.id, "now:x"))
        first.sudo()._go(lifecycle.SUBMITTED)
        self.assertTrue(work._claim_one(second.id, "now:x"))

    def test_correction_is_not_overtaken_by_what_follows_it(self):
        authority = toy(self, chained=True, order="strict")
        device = toy_till(self, authority)
        device.registration_id.chain_after_correction = "correction"
        journal_id = device.sudo().journal_ids.id
        move = self.invoice(journal_id=journal_id)
        document = move.ereceipt_document_id.sudo()
        document._go(lifecycle.SENDING)
        document._go(lifecycle.INVALID)
        move.action_ereceipt_correct()
        following = self.invoice(journal_id=journal_id).ereceipt_document_id
        work = self.env["ereceipt.work"].sudo()
        correction = move.ereceipt_document_id.sudo()
        self.assertEqual(following.previous_uid, correction.authority_uid)
        correction.next_attempt_at = fields.Datetime.now() + timedelta(hours=1)
        self.assertFalse(work._claim_units(1, {}))
        correction._go(lifecycle.SENDING)
        correction._go(lifecycle.SUBMITTED, next_attempt_at=False)
        [unit] = work._claim_units(1, {})
        self.assertEqual(unit.document_ids, following.ids)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestFairness(EreceiptCommon):
    """Authorities that do not answer hold nobody back but themselves."""

    def deaf_tills(self, count, calls):
        """Set up tills of so many authorities that answer only when they are released,
        each with enough work for so many calls at once."""
        released = threading.Event()
        self.addCleanup(released.set)

        def say_nothing(documents):
            released.wait(HANGING)
            raise TransientError("Nobody answered.")

        for number in range(count):
            authority = toy(self, f"deaf_{number}", parallel_calls=4)
            authority.desk.reactions.extend([say_nothing] * 100)
            device = toy_till(self, authority)
            for _number in range(calls):
                self.invoice(journal_id=device.sudo().journal_ids.id)
        return released

    def release_when(self, happened, released):
        """Release the authorities as soon as something happened, looked at from outside
        the run; return what tells whether it did while they hung."""

        def watch():
            end = time.monotonic() + HANGING - 2
            while time.monotonic() < end and not released.is_set():
                if happened():
                    seen.append(True)
                    released.set()
                time.sleep(0.05)

        seen = []
        watcher = threading.Thread(target=watch)
        watcher.start()
        self.addCleanup(watcher.join)
        return seen

    def test_healthy_authority_is_served_while_others_hang(self):
        """Five that hang would take all threads, by four calls each, until their
        time-outs; what was issued after them is sent, asked about and valid."""
        released = self.deaf_tills(5, calls=4)
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(3)))
        counts = self.control.requests
        seen = self.release_when(lambda: counts()["counts"].get("details"), released)
        self.run_outbox(rounds=1, seconds=1)
        self.assertTrue(seen, "it was not even sent while the others hung")
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})

    def test_last_threads_are_kept_for_who_has_nothing_under_way(self):
        self.deaf_tills(5, calls=5)
        work = self.env["ereceipt.work"].sudo()
        units = work._claim_units(MAX_THREADS, {})
        calls = Counter(unit.registration_id for unit in units)
        self.assertEqual(len(units), MAX_THREADS - KEPT_THREADS)
        self.assertEqual(work._claim_units(KEPT_THREADS, calls), [], "kept")
        for _number in range(2):
            self.invoice()
            self.invoice(journal_id=self.journal_2.id)
        [unit] = work._claim_units(KEPT_THREADS, calls)
        self.assertEqual(unit.registration_id, self.registration.id)

    def test_who_failed_before_does_not_get_the_last_threads(self):
        """So that many that hang in turn do not fill them all."""
        self.invoice()
        self.registration.sudo().breaker_failures = 1
        work = self.env["ereceipt.work"].sudo()
        self.assertEqual(work._claim_units(KEPT_THREADS, {}), [])
        self.assertEqual(len(work._claim_units(KEPT_THREADS + 1, {})), 1)

    def test_registration_with_a_call_that_hangs_gets_no_further_one(self):
        self.deaf_tills(1, calls=4)
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            work, outbox = env["ereceipt.work"], env["ereceipt.outbox"]
            [unit] = work._claim_units(KEPT_THREADS + 1, {})
            flying = {object(): unit}
            unit.begun_at -= HANGING_AFTER + 1
            self.assertEqual(outbox._claim(work, flying, math.inf), ([], None))
            unit.begun_at += HANGING_AFTER
            units, _defect = outbox._claim(work, flying, math.inf)
            self.assertEqual(len(units), 3)
