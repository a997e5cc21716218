from dataclasses import replace
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from ..fiscal import lifecycle
from ..fiscal.contract import AmbiguousError
from .common import EreceiptCommon
from .toy_authority import toy, toy_till

TOKEN = "0123456789abcdef"


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
