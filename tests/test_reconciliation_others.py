from ..fiscal import lifecycle
from .cn_common import CnNuonuoCommon
from .hr_common import HrCisCommon
from .invoice_common import EgInvoiceCommon
from .reconciliation_common import ReconciliationKit


class TestReconciliationOfInvoices(ReconciliationKit, EgInvoiceCommon):
    """ETA's invoices: listed for the whole taxpayer, with what their buyers did."""

    def sold(self, **values):
        move = self.sell_to_business(**values)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        return move

    def compare(self):
        return self.reconciled(days=1, registration=self.invoicing)

    def test_rejected_and_cancelled_on_the_portal(self):
        fine, rejected, cancelled = (self.sold() for _number in range(3))
        self.control.document_state(rejected.ereceipt_uuid, "reject")
        self.control.document_state(cancelled.ereceipt_uuid, "cancel")
        reconciliation = self.compare()
        self.assertEqual(reconciliation.matched_count, 1, fine.name)
        found = self.found(reconciliation)
        self.assertEqual(found[rejected.name], {"rejected_there"})
        self.assertLessEqual(
            found[cancelled.name], {"cancelling_there", "cancelled_there"}
        )
        reconciliation.line_ids.with_user(self.accountant).action_take()
        self.assertEqual(rejected.ereceipt_state, "rejected")
        self.assertIn(cancelled.ereceipt_state, ("cancelling", "cancelled"))
        self.assertFalse(self.compare().open_count)

    def test_totals_are_compared_in_pounds(self):
        dollar = self.env.ref("base.USD")
        dollar.active = True
        dollar.rate_ids.unlink()
        self.env["res.currency.rate"].create(
            {"currency_id": dollar.id, "name": "2020-01-01", "rate": 0.0207}
        )
        move = self.sold(currency_id=dollar.id)
        self.assertEqual(move.ereceipt_document_id.currency_id, dollar)
        reconciliation = self.compare()
        self.assertFalse(reconciliation.line_ids.mapped("kind"))
        self.assertEqual(reconciliation.matched_count, 1)
        self.control.document_state(move.ereceipt_uuid, "reject")
        [line] = self.compare().line_ids
        self.assertEqual(line.currency_id, self.company.currency_id)

    def test_adopt_an_invoice(self):
        move = self.sold()
        total = move.amount_total
        uid = self.lose(move)
        line = self.lines(self.compare(), "missing_here")
        line.action_adopt()
        self.run_job()
        self.assertEqual(line.state, "done", line.note)
        draft = line.move_id
        self.assertEqual(draft.partner_id, self.business)
        self.assertEqual(draft.amount_total, total)
        self.assertEqual(line.document_id.authority_uid, uid)
        draft.with_user(self.accountant).action_post()
        self.assertEqual(draft.ereceipt_state, "valid")
        self.assertFalse(self.compare().open_count)

    def test_nothing_changed_while_nobody_looks(self):
        """Asking for a list changes no document, whatever it says."""
        move = self.sold()
        self.control.document_state(move.ereceipt_uuid, "reject")
        self.compare()
        self.assertEqual(move.ereceipt_state, "valid")


class TestReconciliationOfFapiao(ReconciliationKit, CnNuonuoCommon):
    """China has no list that is public: each document is asked about."""

    def test_each_is_asked_about(self):
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(3)))
        self.run_outbox()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})
        reconciliation = self.reconciled(days=0)
        self.assertEqual(reconciliation.way, "ask")
        self.assertFalse(reconciliation.line_ids.mapped("kind"))
        self.assertEqual(reconciliation.matched_count, 3)
        self.assertEqual(reconciliation.there_count, 3)
        waiting = self.invoice()
        self.assertEqual(
            self.found(self.reconciled(days=0)), {waiting.name: {"not_sent"}}
        )


class TestReconciliationOfReceipts(ReconciliationKit, HrCisCommon):
    """Croatia can neither list nor be asked: our own states speak."""

    def test_only_what_never_got_there(self):
        sent, stuck = self.invoice(), self.invoice()
        stuck.ereceipt_document_id.sudo()._go(lifecycle.FAILED, next_attempt_at=False)
        self.run_outbox()
        self.assertEqual(sent.ereceipt_state, "valid")
        before = len(self.control.requests()["rows"])
        reconciliation = self.reconciled(days=0)
        self.assertEqual(reconciliation.way, "own")
        self.assertEqual(
            self.found(reconciliation),
            {stuck.ereceipt_document_id.name: {"given_up"}},
        )
        self.assertEqual(len(self.control.requests()["rows"]), before)
        reconciliation.line_ids.with_user(self.manager).action_resend()
        self.run_outbox()
        self.assertFalse(self.reconciled(days=0).open_count)

    def test_what_was_confirmed_just_now_agrees(self):
        """Nobody is asked, so there is nothing to be patient for, nor a number of
        documents there."""
        self.registration.with_user(self.administrator).reconcile_patience = 60
        self.invoice()
        self.run_outbox()
        self.invoice()
        reconciliation = self.reconciled(days=0)
        self.assertEqual(reconciliation.here_count, 2)
        self.assertEqual(reconciliation.matched_count, 1)
        self.assertEqual(reconciliation.moving_count, 1)
        labels = [label for label, _text in reconciliation._summary()]
        self.assertNotIn("Documents there", labels)
