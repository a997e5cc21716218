from decimal import Decimal

from odoo.tests import tagged

from ..models.ereceipt_amounts import exact, leveled
from .snapshot_common import SnapshotCommon

D = Decimal
ZERO = D(0)
CENT = D("0.01")


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSnapshotLeveling(SnapshotCommon):
    """What rounding leaves with the wrong sign is set off, to the last unit."""

    def test_no_line_is_left_with_a_tax_of_the_wrong_sign(self):
        """Rounding by the biggest tax falls on a line that is taken back wholly; what
        is left of it has to go where there is tax."""
        lines = (
            self.sell(1000, 15.17, "table+vat"),
            self.sell(-1000, 15.17, "table+vat"),
            self.sell(1, 29.40, item=1),
            self.sell(0.005, 26.16, "table+vat", item=2),
        )
        for move_type in ("out_invoice", "out_refund"):
            move = self.make(
                *lines,
                move_type=move_type,
                invoice_cash_rounding_id=self.cash_rounding_b.id,
            )
            receipt = self.receipt(move)
            codes = [line.internal_code for line in receipt.lines]
            self.assertEqual(codes, ["ITEM1", "ITEM2"])
            taxes = [tax.amount for line in receipt.lines for tax in line.taxes]
            self.assertGreaterEqual(min(taxes), 0)
            self.assertEqual(sum(taxes), exact(move.amount_tax))
            self.assertEqual(receipt.total, exact(move.amount_total))
            missing = {"return_reason_missing", "sale_date_missing"}
            self.assertLessEqual(self.codes(move), missing)

    def test_taken_back_wholly_where_only_its_tax_has_a_place(self):
        """A piastre of net too much was taken back, and one of tax too little: the
        tax goes where there is tax, the net off the whole."""
        self.company.tax_calculation_rounding_method = "round_globally"
        move = self.make(
            self.sell(40, 71.94, "vat+fixed"),
            self.sell(-1, 0.17, "table+vat", item=None, name="Loyalty"),
            self.sell(1.25, 2.56, "exempt", item=1),
            self.sell(-40, 71.94, "vat+fixed"),
            self.sell(0.5, 0.91, "vat+withheld", item=2),
            self.sell(0.005, 384.34, "table+vat", item=3, discount=10),
        )
        back = move.invoice_line_ids[0] | move.invoice_line_ids[3]
        self.assertTrue(sum(back.mapped("amount_currency")), "nothing is left to place")
        receipt = self.receipt(move)
        codes = [line.internal_code for line in receipt.lines]
        self.assertEqual(codes, ["ITEM1", "ITEM2", "ITEM3"])
        self.assertEqual(receipt.discounts[0].amount, CENT)
        self.assertFalse(self.codes(move))

    def test_leveling_keeps_the_sum_and_leaves_no_wrong_sign(self):
        for amounts, rest, sign, wanted, left in (
            ([D(5), -CENT], ZERO, 1, [D("4.99"), ZERO], ZERO),
            # more is wrong than the largest line can bear alone
            ([CENT, -CENT, -CENT, CENT, CENT], ZERO, 1, [ZERO] * 4 + [CENT], ZERO),
            ([D("0.3"), D("-0.1"), D("-0.2")], ZERO, 1, [ZERO] * 3, ZERO),
            ([D(-3), CENT], ZERO, -1, [D("-2.99"), ZERO], ZERO),
            ([D(-3), CENT], -CENT, -1, [D("-3.00"), ZERO], ZERO),
            ([ZERO, ZERO], CENT, 1, [CENT, ZERO], ZERO),
            ([CENT], -2 * CENT, 1, [ZERO], -CENT),
            ([], -CENT, 1, [], -CENT),
        ):
            self.assertEqual(leveled(amounts, rest, sign), (wanted, left))
