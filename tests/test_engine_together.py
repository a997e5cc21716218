from contextlib import contextmanager
from unittest.mock import patch

from odoo.tests import tagged

from ..fiscal.contract import Outcome, Problem, Status
from .common import EreceiptCommon
from .toy_authority import toy, toy_till


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTogether(EreceiptCommon):
    """Calls that carry one document each are claimed in groups, and what comes of them
    is written down in groups: cheaply, and without one holding back the others."""

    def setUp(self):
        super().setUp()
        self.authority = toy(self, parallel_calls=16)
        self.till = toy_till(self, self.authority)
        self.work = self.env["ereceipt.work"].sudo()

    def issue(self, count):
        journal_id = self.till.sudo().journal_ids.id
        return self.env["account.move"].union(
            *(self.invoice(journal_id=journal_id) for _number in range(count))
        )

    @contextmanager
    def defect(self, method, documents):
        """Let writing down (``method``) fail for some documents."""
        cls = self.env.registry["ereceipt.work"]
        original = getattr(cls, method)

        def failing(work, document, *args):
            if document.id in documents.ids:
                raise ValueError("A defect of a test")
            return original(work, document, *args)

        logged = self.assertLogs("odoo.addons.account_ereceipt", "ERROR")
        with patch.object(cls, method, failing), logged:
            yield

    def defect_in_claiming(self, after):
        """Let claiming fail after it went well so often; return the list of tries."""
        cls = self.env.registry["ereceipt.work"]
        original, claims = cls._claim_units, []

        def failing(work, *args):
            claims.append(args)
            if len(claims) > after:
                raise ValueError("A defect of a test")
            return original(work, *args)

        self.patch(cls, "_claim_units", failing)
        return claims

    def run_with_defect(self):
        """Run the sending job, whose claiming fails; return what it raises."""
        raised = None
        # not assertRaises, which takes back what was written down before
        with self.assertLogs("odoo.addons.account_ereceipt", "ERROR"):
            try:
                self.run_outbox(rounds=1, seconds=1)
            except ValueError as error:
                raised = error
        self.env.invalidate_all()
        return raised

    def landed(self, units):
        return [(unit, unit.run()) for unit in units]

    def test_each_travels_alone_and_once(self):
        moves = self.issue(12)
        self.run_outbox()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})
        self.assertEqual(set(self.authority.desk.taken.values()), {1})
        self.assertEqual(self.authority.desk.calls, ["submit"] * 12)

    def test_units_of_one_claim_are_settled_apart(self):
        """They share a token, and an answer is its own document's all the same."""
        documents = self.issue(3).ereceipt_document_id.sudo()
        units = self.work._claim_units(20, {})
        self.assertEqual([u.document_ids for u in units], [[d.id] for d in documents])
        self.assertEqual(len({unit.token for unit in units}), 1)
        first, second, third = self.landed(units)
        self.work._settle([second])
        self.assertEqual(documents.mapped("state"), ["sending", "valid", "sending"])
        self.work._settle([first, third])
        self.assertEqual(documents.mapped("state"), ["valid"] * 3)

    def test_a_defect_with_one_holds_no_other_back(self):
        moves = self.issue(5)
        bad = moves[2].ereceipt_document_id.sudo()
        with self.defect("_settle_outcome", bad):
            self.run_outbox(rounds=1, seconds=1)
        states = [move.ereceipt_state for move in moves]
        self.assertEqual(states, ["valid", "valid", "sending", "valid", "valid"])
        self.assertEqual(self.authority.desk.calls, ["submit"] * 5)

    def test_a_defect_in_claiming_gives_up_no_answer(self):
        """What is on its way is written down, and nothing further is begun; then the
        scheduler is told."""
        self.till.sudo().registration_id.parallel_calls = 3
        moves = self.issue(5)
        claims = self.defect_in_claiming(after=1)
        defect = self.run_with_defect()
        self.assertEqual(str(defect), "A defect of a test")
        self.assertEqual(len(claims), 2)
        states = sorted(moves.mapped("ereceipt_state"))
        self.assertEqual(states, ["queued"] * 2 + ["valid"] * 3)
        self.assertEqual(self.authority.desk.calls, ["submit"] * 3)

    def test_the_scheduler_is_told_where_nothing_could_be_claimed(self):
        moves = self.issue(2)
        claims = self.defect_in_claiming(after=0)
        self.assertEqual(str(self.run_with_defect()), "A defect of a test")
        self.assertEqual(len(claims), 1)
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"queued"})
        self.assertFalse(self.authority.desk.calls)

    def test_warnings_stay_when_the_verdict_clears_what_was_asked_before(self):
        move = self.issue(1)
        warning = Problem("odd", "Look at it.")
        self.authority.desk.reactions.append(
            lambda documents: [
                Outcome(d.key, Status.VALID, warnings=(warning,)) for d in documents
            ]
        )
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        activities = move.activity_ids.sudo().mapped("ereceipt_cause")
        self.assertEqual(activities, ["answer"])

    def test_statements_do_not_grow_with_each_call(self):
        """Twelve more calls cost few statements more than four."""
        counts = []
        for number in (4, 16):
            self.issue(number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            units = self.work._claim_units(20, {})
            self.assertEqual(len(units), number)
            self.env.flush_all()
            self.env.invalidate_all()
            self.work._settle(self.landed(units))
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[1] - counts[0], 12)
