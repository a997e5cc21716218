from decimal import Decimal

from odoo import Command
from odoo.tests import tagged

from .snapshot_common import SnapshotCommon

D = Decimal
ZERO = D(0)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSnapshotCases(SnapshotCommon):
    """One case each of what an accountant puts on an invoice."""

    # -------------------------------------------------------------------------
    # DISCOUNTS
    # -------------------------------------------------------------------------

    def test_discount_line_takes_each_lines_own_share_of_tax(self):
        """Odoo's dispatching confuses the shares of lines in ascending order."""
        move = self.make(
            self.sell(1, 100),
            self.sell(1, 900, item=1),
            self.sell(1, -100, item=None, name="Loyalty"),
        )
        small, large = self.receipt(move).lines
        self.assertEqual((small.net, small.taxes[0].amount), (D(90), D("12.60")))
        self.assertEqual((large.net, large.taxes[0].amount), (D(810), D("113.40")))
        self.assertEqual(small.gross, D(100))
        self.assertEqual(
            [(part.amount, part.description) for part in small.discounts],
            [(D(10), "Loyalty")],
        )
        self.assertFalse(self.codes(move))

    def test_line_discount_and_discount_line_together(self):
        move = self.make(
            self.sell(3, 33.33, discount=10),
            self.sell(1, -9.99, item=None, name="Voucher\nof last week"),
        )
        line = self.receipt(move).lines[0]
        self.assertEqual(line.gross, D("99.99"))
        self.assertEqual(line.net, D("80.00"))
        self.assertEqual(
            [(part.amount, part.description, part.rate) for part in line.discounts],
            [(D("10.00"), "Discount 10%", D(10)), (D("9.99"), "Voucher", None)],
        )
        self.assertFalse(self.codes(move))

    def test_whole_discount(self):
        move = self.make(self.sell(2, 50, discount=100), self.sell(1, 10, item=1))
        free = self.receipt(move).lines[0]
        self.assertEqual((free.gross, free.net), (D(100), ZERO))
        self.assertEqual(free.discounts[0].amount, D(100))
        self.assertFalse(self.codes(move))

    def test_untaxed_discount_goes_off_the_total(self):
        move = self.make(
            self.sell(1, 100), self.sell(1, -10, tax="none", item=None, name="Gift")
        )
        receipt = self.receipt(move)
        self.assertEqual(len(receipt.lines), 1)
        self.assertEqual(receipt.lines[0].net, D(100))
        self.assertEqual(receipt.discounts[0].amount, D(10))
        self.assertEqual(receipt.total, D(104))
        self.assertFalse(self.codes(move))

    def test_taxed_discount_larger_than_what_it_reduces_is_refused(self):
        move = self.make(
            self.sell(1, 100, tax="exempt"),
            self.sell(1, 20),
            self.sell(1, -50, item=None, name="Down payment"),
        )
        self.receipt(move)
        self.assertIn("net_unusable", self.codes(move))

    def test_untaxed_discount_larger_than_what_it_reduces(self):
        """It fits nowhere among the lines, but the total can bear it."""
        move = self.make(
            self.sell(1, 20, tax="none"),
            self.sell(1, 100),
            self.sell(1, -50, tax="none", item=None, name="Down payment"),
        )
        receipt = self.receipt(move)
        self.assertEqual([line.net for line in receipt.lines], [D(20), D(100)])
        self.assertEqual(receipt.discounts[0].amount, D(50))
        self.assertFalse(self.codes(move))

    def test_long_discount_label_is_cut(self):
        label = "Down payment of the first of October by bank transfer, 2026"
        move = self.make(self.sell(1, 100), self.sell(-1, 50, item=None, name=label))
        self.assertFalse(self.codes(move))
        part = self.receipt(move).lines[0].discounts[0]
        self.assertEqual(part.description, label[:50].strip())

    # -------------------------------------------------------------------------
    # GOODS TAKEN BACK
    # -------------------------------------------------------------------------

    def test_goods_taken_back_lower_the_quantity(self):
        move = self.make(self.sell(3, 10), self.sell(-1, 10), self.sell(1, 5, item=1))
        receipt = self.receipt(move)
        first, second = receipt.lines
        self.assertEqual((first.quantity, first.net), (D(2), D(20)))
        self.assertEqual((first.gross, first.discounts), (D(20), ()))
        self.assertEqual(second.quantity, D(1))
        self.assertFalse(self.codes(move))

    def test_goods_taken_back_wholly_vanish(self):
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            move = self.make(
                self.sell(1, 33.33, "vat_included"),
                self.sell(-1, 33.33, "vat_included"),
                self.sell(3, 33.33, "vat_included", item=1),
                self.sell(7, 0.35, "vat_included", item=2),
            )
            items = [line.internal_code for line in self.receipt(move).lines]
            self.assertEqual(items, ["ITEM1", "ITEM2"])
            self.assertFalse(self.codes(move))

    def test_what_global_rounding_leaves_of_goods_taken_back(self):
        """The books round the whole, so that what was sold and taken back is a piastre
        apart, and no other line has its taxes."""
        self.company.tax_calculation_rounding_method = "round_globally"
        for tax in ("exempt", "vat"):
            for price, left in ((81.27, "-0.01"), (80.8, "0.01")):
                move = self.make(
                    self.sell(40, 908.06, tax),
                    self.sell(-40, 908.06, tax),
                    *(self.sell(0.005, price, "none", item=i) for i in (1, 2, 3)),
                )
                booked = sum(move.invoice_line_ids[:2].mapped("amount_currency"))
                self.assertAlmostEqual(booked, -float(left))
                receipt = self.receipt(move)
                if left == "0.01":
                    self.assertEqual(receipt.lines[0].net, D(left))
                else:
                    self.assertEqual(receipt.discounts[0].amount, -D(left))
                self.assertFalse(self.codes(move), (tax, price))

    def test_goods_taken_back_at_another_price_are_a_discount(self):
        move = self.make(self.sell(3, 10), self.sell(-1, 8))
        line = self.receipt(move).lines[0]
        self.assertEqual((line.quantity, line.net), (D(3), D(22)))
        self.assertEqual(line.discounts[0].amount, D(8))
        self.assertFalse(self.codes(move))

    def test_free_goods_taken_back(self):
        move = self.make(
            self.sell(2, 10, discount=100),
            self.sell(-1, 10, discount=100),
            self.sell(1, 10, item=1),
            self.sell(-1, 7, item=2, discount=100),
        )
        receipt = self.receipt(move)
        self.assertEqual([line.quantity for line in receipt.lines], [D(1), D(1)])
        self.assertFalse(self.codes(move))

    def test_empty_lines_are_nothing(self):
        move = self.make(
            self.sell(0, 10),
            Command.create({"display_type": "line_section", "name": "Section"}),
            Command.create({"display_type": "line_note", "name": "Note"}),
            self.sell(1, 10, item=1),
        )
        self.assertEqual(len(self.receipt(move).lines), 1)

    # -------------------------------------------------------------------------
    # TAXES
    # -------------------------------------------------------------------------

    def test_included_prices_lose_no_piastre(self):
        """3 times 33.33 with tax is 99.99, whichever way the company rounds."""
        for method in ("round_per_line", "round_globally"):
            self.company.tax_calculation_rounding_method = method
            move = self.make(
                self.sell(1, 33.33, "vat_included"),
                self.sell(1, 33.33, "vat_included", item=1),
                self.sell(1, 33.33, "vat_included", item=2),
            )
            receipt = self.receipt(move)
            self.assertEqual(receipt.total, D("99.99"))
            for line in receipt.lines:
                self.assertAlmostEqual(line.gross, D("29.2368421053"), 1)
            self.assertFalse(self.codes(move))

    def test_withheld_tax_is_negative(self):
        move = self.make(self.sell(1, 100, "vat+withheld"))
        receipt = self.receipt(move)
        withheld = receipt.lines[0].taxes[1]
        self.assertEqual((withheld.type, withheld.subtype), ("T4", "W004"))
        self.assertEqual((withheld.amount, withheld.rate), (D(-3), D(-3)))
        self.assertEqual(receipt.total, D(111))
        self.assertFalse(self.codes(move))

    def test_exemption_is_named(self):
        move = self.make(self.sell(1, 100, "exempt"))
        tax = self.receipt(move).lines[0].taxes[0]
        self.assertEqual((tax.type, tax.subtype), ("T1", "V003"))
        self.assertEqual((tax.rate, tax.amount), (ZERO, ZERO))
        self.taxes["exempt"].ereceipt_mapping_ids.unlink()
        self.taxes["exempt"].invalidate_recordset()
        if "l10n_eg_eta_code" in self.taxes["exempt"]._fields:
            self.taxes["exempt"].l10n_eg_eta_code = False
        tax = self.receipt(move).lines[0].taxes[0]
        self.assertEqual((tax.type, tax.name), ("", "Exempt 0"))
        self.assertEqual(self.codes(move), {"tax_code_missing"})

    def test_tax_without_code_is_refused_by_name(self):
        self.taxes["vat"].ereceipt_mapping_ids.unlink()
        move = self.make(self.sell(1, 100))
        tax = self.receipt(move).lines[0].taxes[0]
        self.assertEqual((tax.type, tax.name), ("", "VAT 14"))
        self.assertEqual(tax.record, ("account.tax", self.taxes["vat"].id))
        self.assertEqual(self.codes(move), {"tax_code_missing"})

    def test_tax_group_is_its_parts(self):
        group = self.env["account.tax"].create(
            {
                "name": "Table and VAT",
                "amount_type": "group",
                "type_tax_use": "sale",
                "children_tax_ids": [
                    Command.set((self.taxes["table"] | self.taxes["vat"]).ids)
                ],
            }
        )
        move = self.make(self._line(self.items[0], 1, 100, group))
        taxes = self.receipt(move).lines[0].taxes
        self.assertEqual([tax.type for tax in taxes], ["T2", "T1"])
        self.assertEqual([tax.amount for tax in taxes], [D(8), D("15.12")])
        self.assertFalse(self.codes(move))

    def test_tax_amount_changed_by_hand(self):
        move = self.make(self.sell(1, 10), self.sell(1, 20, item=1))
        tax_line = move.line_ids.filtered("tax_repartition_line_id")
        receivable = move.line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        move.write(
            {
                "line_ids": [
                    Command.update(tax_line.id, {"amount_currency": -4.21}),
                    Command.update(receivable.id, {"amount_currency": 34.21}),
                ]
            }
        )
        self.assertEqual(self.receipt(move).total, D("34.21"))
        self.assertFalse(self.codes(move))

    # -------------------------------------------------------------------------
    # ROUNDING, CURRENCY, CREDIT NOTES
    # -------------------------------------------------------------------------

    def rounded(self, price, **values):
        return self.make(
            self.sell(1, price, "none"),
            invoice_cash_rounding_id=self.cash_rounding_a.id,
            **values,
        )

    def test_rounding_upwards_by_the_devices_policy(self):
        move = self.rounded(10.01)
        self.assertEqual(move.amount_total, 10.05)
        self.assertEqual(self.receipt(move).total, D("10.01"), "left out")
        self.device.write(
            {
                "rounding_policy": "item",
                "rounding_item_scheme": "EGS",
                "rounding_item_code": "EG-674859545-ROUND",
            }
        )
        receipt = self.receipt(move)
        self.assertEqual(receipt.total, D("10.05"))
        self.assertEqual(receipt.lines[1].net, D("0.04"))
        self.device.rounding_policy = "refuse"
        self.assertIn("rounding_added", self.codes(move))
        self.device.rounding_policy = "item"
        move = self.rounded(10.01)
        self.assertFalse(self.codes(move))

    def test_rounding_downwards_is_a_discount(self):
        self.cash_rounding_a.rounding_method = "DOWN"
        move = self.rounded(10.04)
        receipt = self.receipt(move)
        self.assertEqual(receipt.total, D("10.00"))
        self.assertEqual(receipt.discounts[0].amount, D("0.04"))
        self.assertFalse(self.codes(move))

    def test_foreign_currency(self):
        move = self.make(self.sell(3, 9.99, "vat_included"), currency_id=self.usd.id)
        receipt = self.receipt(move)
        self.assertEqual((receipt.currency, receipt.company_currency), ("USD", "EGP"))
        self.assertEqual(receipt.total, D("29.97"))
        self.assertAlmostEqual(receipt.currency_rate, D("48.731"), 4)
        self.assertFalse(self.codes(move))

    def test_currency_without_a_rate(self):
        """Odoo takes 1 for a rate that nobody entered; the authority is not told so,
        nor when the rate is entered and the invoice still has the other one."""
        self.usd.rate_ids.unlink()
        move = self.make(self.sell(1, 100), currency_id=self.usd.id)
        self.assertEqual(move.invoice_currency_rate, 1)

        def problems():
            found = move._ereceipt_find_problems().get(move.id, ())
            return [(problem.code, problem.record) for problem in found]

        unknown = [("exchange_rate_unknown", ("res.currency", self.usd.id))]
        self.assertEqual(problems(), unknown)
        rate = {"currency_id": self.usd.id, "name": "2026-10-01", "rate": 0.02}
        self.env["res.currency.rate"].create(rate)
        self.assertEqual(problems(), unknown)
        self.env.invalidate_all()  # as in the next request
        move.refresh_invoice_currency_rate()
        self.assertFalse(problems())
        self.assertEqual(self.receipt(move).currency_rate, D(50))

    def test_currency_with_a_rate_of_a_later_day_or_a_typed_one(self):
        self.usd.rate_ids.name = "2026-11-02"
        move = self.make(self.sell(1, 100), currency_id=self.usd.id)
        self.assertFalse(self.receipt(move).currency_rate, "the rate of a day to come")
        move.invoice_currency_rate = 0.025
        self.assertEqual(self.receipt(move).currency_rate, D(40))

    def test_credit_note_is_positive(self):
        move = self.make(
            self.sell(2, 10, discount=10),
            self.sell(1, -1, item=None, name="Loyalty"),
            move_type="out_refund",
        )
        receipt = self.receipt(move)
        self.assertEqual(receipt.kind, "return")
        line = receipt.lines[0]
        self.assertEqual((line.quantity, line.net), (D(2), D(17)))
        self.assertEqual(line.taxes[0].amount, D("2.38"))
        self.assertEqual(receipt.total, D("19.38"))

    def test_early_payment_lowers_the_tax_of_its_lines(self):
        move = self.make(
            self.sell(1, 100),
            self.sell(1, 300, item=1),
            self.sell(1, 50, "exempt", item=2),
            invoice_payment_term_id=self.term_early.id,
        )
        receipt = self.receipt(move)
        self.assertEqual(
            [(line.net, line.taxes[0].amount) for line in receipt.lines],
            [(D(100), D("13.72")), (D(300), D("41.16")), (D(50), ZERO)],
        )
        self.assertEqual(self.codes(move), {"tax_formula"}, "ETA has no such thing")

    # -------------------------------------------------------------------------
    # WORDS AND CODES
    # -------------------------------------------------------------------------

    def test_description_and_internal_code(self):
        product = self.items[1]
        move = self.make(
            self.sell(1, 10, item=1, name=f"[ITEM1] {product.name}\nin blue"),
            self.sell(1, 10, item=1, name=False),
        )
        first, second = self.receipt(move).lines
        self.assertEqual(first.description, "Item 1")
        self.assertEqual(second.description, "Item 1")
        self.assertEqual(first.internal_code, "ITEM1")
        self.assertEqual(first.record, ("product.product", product.id))
        self.assertEqual((first.unit, first.unit_name), ("EA", "Units"))
        product.default_code = False
        line = self.receipt(move).lines[0]
        self.assertEqual(line.internal_code, f"ID{product.id}")

    def test_line_without_product_points_to_the_invoice(self):
        move = self.make(self.sell(1, 10, item=None, name="Repair"))
        line = self.receipt(move).lines[0]
        self.assertEqual(line.description, "Repair")
        self.assertEqual(line.record, ("account.move", move.id))
        self.assertEqual(line.unit, "EA")
        codes = self.codes(move)
        self.assertIn("product_missing", codes)
        self.assertNotIn("item_code_missing", codes)

    # -------------------------------------------------------------------------
    # BUYERS
    # -------------------------------------------------------------------------

    def buyer(self, **values):
        # numbers as people write them, where Odoo's module that checks them is missing
        partners = self.env["res.partner"].with_context(no_vat_validation=True)
        partner = partners.create({"name": "Someone", **values})
        return self.make(self.sell(1, 1), partner_id=partner.id)._ereceipt_buyer()

    def test_buyers(self):
        egypt, france = self.env.ref("base.eg"), self.env.ref("base.fr")
        company = {"is_company": True, "country_id": egypt.id}
        buyer = self.buyer(vat="EG 674-859-545", **company)
        self.assertEqual((buyer.kind, buyer.id), ("business", "674859545"))
        buyer = self.buyer(vat="/", **company)
        self.assertEqual((buyer.kind, buyer.id), ("business", ""))
        buyer = self.buyer(ereceipt_identity="29001011234567")
        self.assertEqual((buyer.kind, buyer.id), ("person", "29001011234567"))
        buyer = self.buyer(country_id=egypt.id)
        self.assertEqual((buyer.kind, buyer.id, buyer.name), ("person", "", "Someone"))
        buyer = self.buyer(country_id=france.id, ereceipt_identity="19AB12345")
        self.assertEqual((buyer.kind, buyer.id), ("foreigner", "19AB12345"))

    def test_contact_buys_for_his_company(self):
        company = self.env["res.partner"].create(
            {"name": "Trading Co", "is_company": True, "vat": "674859545"}
        )
        contact = self.env["res.partner"].create(
            {"name": "Mona", "parent_id": company.id, "phone": "0100 123 4567"}
        )
        move = self.make(self.sell(1, 1), partner_id=contact.id)
        buyer = move._ereceipt_buyer()
        self.assertEqual((buyer.kind, buyer.name), ("business", "Trading Co"))
        self.assertEqual(buyer.mobile, "0100 123 4567")
        self.assertEqual(buyer.record, ("res.partner", company.id))

    def test_receipt_without_customer(self):
        move = self.make(self.sell(1, 1), move_type="out_receipt", partner_id=False)
        self.assertEqual(move._ereceipt_buyer().kind, "person")
        self.assertFalse(self.receipt(move).buyer.name)

    # -------------------------------------------------------------------------
    # PAYMENTS
    # -------------------------------------------------------------------------

    def pay(self, move, journal, amount=None):
        wizard = (
            self.env["account.payment.register"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": journal.id})
        )
        if amount:
            wizard.amount = amount
            wizard.payment_difference_handling = "open"
        wizard.action_create_payments()

    def method(self, move):
        payments = self.receipt(move).payments
        return [(payment.method, payment.amount) for payment in payments]

    def test_payment_methods(self):
        cash = self.company_data["default_journal_cash"]
        bank = self.company_data["default_journal_bank"]
        move = self.make(self.sell(1, 100, "none"))
        self.assertEqual(self.method(move), [("C", D(100))], "the device's usual one")
        self.device.payment_method = "V"
        self.assertEqual(self.method(move), [("V", D(100))])
        self.device.issue_moment = "manual"
        move.action_post()
        self.pay(move, cash, 40)
        self.assertEqual(self.method(move), [("C", D(100))], "what was paid decides")
        self.pay(move, bank, 60)
        self.assertEqual(self.method(move), [("O", D(100))], "the largest")
        self.device.write({"mixed_payment_rule": "code", "mixed_payment_method": "P"})
        self.assertEqual(self.method(move), [("P", D(100))])

    def test_credit_note_is_no_payment(self):
        self.device.issue_moment = "manual"
        move = self.make(self.sell(1, 100, "none"))
        move.action_post()
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id})
        )
        refund = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        refund.action_post()
        (refund.line_ids | move.line_ids).filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        ).reconcile()
        self.assertEqual(self.method(move), [("C", D(100))])
