from collections import Counter
from decimal import Decimal

from odoo.tests import tagged

from ..models.ereceipt_amounts import exact
from .snapshot_common import SnapshotCommon

ZERO = Decimal(0)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSnapshotAmounts(SnapshotCommon):
    """The amounts of receipts are those of the books, to the last piastre."""

    def snapshot(self, move):
        moment = self.env["account.move"]._ereceipt_now()
        return move._ereceipt_snapshots(moment)[move.id]

    def assert_as_booked(self, move, receipt):
        lines = sum((line.total for line in receipt.lines), ZERO)
        off = sum((discount.amount for discount in receipt.discounts), ZERO)
        self.assertEqual(lines - off, receipt.total, move.ref)
        for line in receipt.lines:
            discounts = sum((part.amount for part in line.discounts), ZERO)
            self.assertGreaterEqual(line.gross, line.net + discounts, move.ref)

    def random_documents(self, seed, method):
        """Post 60 random documents as the accountant; return how many had which
        problem."""
        moves = self.random_moves(seed, 60, method).with_user(self.accountant)
        receipts = moves._ereceipt_snapshots(moves._ereceipt_now())
        moves.action_post()
        posted = moves._ereceipt_snapshots(moves._ereceipt_now())
        found = Counter()
        for move in moves:
            receipt = posted[move.id]
            as_draft = receipts[move.id].lines == receipt.lines
            self.assertTrue(as_draft, (move.ref, "differs from its draft"))
            self.assert_as_booked(move, receipt)
            omitted = exact(move.amount_total) - receipt.total
            if omitted:
                self.assertTrue(move.invoice_cash_rounding_id, move.ref)
                self.assertGreater(omitted, 0)
            document = move.ereceipt_document_id.sudo()
            codes = {problem["code"] for problem in document.problems or []}
            found.update(codes)
            self.assertEqual(document.state, "waiting" if codes else "queued")
            if move.invoice_payment_term_id != self.term_early:
                self.assertFalse(codes, (move.ref, document.problems))
        return found

    def test_random_round_globally(self):
        found = self.random_documents(1, "round_globally")
        self.assertEqual(set(found), {"tax_formula"}, "early payment lowers the tax")

    def test_random_round_per_line(self):
        found = self.random_documents(2, "round_per_line")
        self.assertEqual(set(found), {"tax_formula"}, "early payment lowers the tax")
