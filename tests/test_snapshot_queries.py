from odoo.tests import tagged

from .snapshot_common import SnapshotCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSnapshotQueries(SnapshotCommon):
    """The number of queries does not depend on how much is posted together."""

    def count(self, number, lines=5):
        """Return the queries that reading ``number`` invoices takes beyond Odoo's own
        base lines, with nothing in memory before."""
        moves = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner_a.id,
                    "journal_id": self.journal.id,
                    "invoice_line_ids": [
                        self._line(item, 2, 10.5, self.taxes["vat"])
                        for item in self.items[:lines]
                    ],
                }
                for _number in range(number)
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        moves = moves.with_user(self.accountant)
        for move in moves:
            move._get_rounded_base_and_tax_lines()
        before = self.env.cr.sql_log_count
        receipts = moves._ereceipt_snapshots(moves._ereceipt_now())
        self.assertEqual(len(receipts), number)
        return self.env.cr.sql_log_count - before

    def test_hundred_invoices_take_as_many_queries_as_one(self):
        few, many = self.count(2), self.count(100)
        self.assertLessEqual(many, few)
        self.assertLessEqual(many, 30, "for 100 invoices of 5 lines")
