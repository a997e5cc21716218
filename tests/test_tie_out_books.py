from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import EreceiptCommon
from .payment_common import PaymentKit
from .reconciliation_common import ReconciliationKit
from .tie_out_common import TieOutKit


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOutBooks(PaymentKit, TieOutKit, ReconciliationKit, EreceiptCommon):
    """The tax grids and the tax accounts: what they have that the authority and the
    invoices have not, each entry with its reason."""

    def entry(self, *lines, **values):
        """Post a journal entry; ``lines`` are (account, balance, values)."""
        moves = self.env["account.move"].with_user(self.manager)
        move = moves.create(
            {
                "move_type": "entry",
                "journal_id": self.company_data["default_journal_misc"].id,
                "date": self.today(),
                "line_ids": [
                    Command.create(
                        {"account_id": account.id, "balance": balance, **more}
                    )
                    for account, balance, more in lines
                ],
                **values,
            }
        )
        move.action_post()
        return move

    @property
    def vat_account(self):
        return self.vat.invoice_repartition_line_ids.account_id

    def test_entries_that_are_no_invoices(self):
        """An entry with the tax, and one on its account without it: the authority
        knows of neither."""
        revenue = self.company_data["default_account_revenue"]
        receivable = self.company_data["default_account_receivable"]
        with_tax = self.entry(
            (revenue, -200, {"tax_ids": [Command.set(self.vat.ids)]}),
            (receivable, 228, {}),
        )
        by_hand = self.entry((self.vat_account, 20, {}), (revenue, -20, {}))
        tie_out = self.compared()
        self.assertEqual(
            self.kinds(tie_out),
            {with_tax.name: {"entry"}, by_hand.name: {"manual"}},
        )
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual(self.figures(line), ((0, 0), (0, 0), (200, 28), 28))
        account = tie_out.line_ids.filtered("account_id")
        self.assertEqual(account.account_id, self.vat_account)
        self.assertEqual((account.account_tax, account.result), (-20, "open"))

    def test_an_invoice_without_its_grid(self):
        move = self.valid()
        sold = move.line_ids.filtered("tax_ids")
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM account_account_tag_account_move_line_rel "
                "WHERE account_move_line_id = %s",
                sold.id,
            )
        )
        self.env.invalidate_all()
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"grid"}})
        self.assertEqual(tie_out.difference_ids.net_difference, -100)
        self.assertEqual(tie_out.line_ids.grid_difference, -100)

    def test_tax_on_another_account(self):
        move = self.valid()
        tax_line = move.line_ids.filtered("tax_line_id")
        other = self.company_data["default_account_revenue"].copy()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE account_move_line SET account_id = %s WHERE id = %s",
                other.id,
                tax_line.id,
            )
        )
        self.env.invalidate_all()
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"account"}})
        self.assertEqual(tie_out.line_ids.account_difference, -14)

    def test_a_tax_that_falls_due_with_the_payment(self):
        """The authority has it with the receipt, grids and accounts with the money."""
        self.company.tax_exigibility = True
        self.vat.write(
            {
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": self.vat_account.copy(
                    {"reconcile": True}
                ).id,
            }
        )
        move = self.valid()
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"on_payment"}})
        self.assertEqual(tie_out.result, "explained")
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual(
            self.figures(line), ((100, 14), (100, 14), (0, 0), 0), "not paid"
        )
        self.pay(move, "cash")
        tie_out = self.compared()
        self.assertEqual(set(tie_out.difference_ids.mapped("kind")), {"on_payment"})
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual(
            self.figures(line), ((100, 14), (100, 14), (100, 14), 14), "paid"
        )

    def test_purchases_do_not_count(self):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self.customer.id,
                "invoice_date": self.today(),
                "invoice_line_ids": [
                    Command.create({"name": "X", "price_unit": 70.0, "quantity": 1})
                ],
            }
        )
        bill.invoice_line_ids.tax_ids = self.company_data["default_tax_purchase"]
        bill.action_post()
        self.assertFalse(self.compared().line_ids)
