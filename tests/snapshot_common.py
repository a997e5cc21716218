import random
from decimal import Decimal

from odoo import Command

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

AUTHORITY = "eg_receipt"
RIN = "674859545"
QUANTITIES = (1, 1, 2, 3, 7, 12, 0.5, 0.333, 0.005, 1.25, 40, 1000)
ZERO = Decimal(0)
DISCOUNTS = (0, 0, 0, 0, 5, 10, 12.5, 33.33, 66.67, 100)


class SnapshotCommon(AccountTestInvoicingCommon):
    """An Egyptian company with every kind of tax that a shop meets, and a generator
    of random invoices that posts them as an accountant would."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("eg")
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.vat = RIN
        # shops weigh to the gram; Odoo's default is two decimals
        cls.env.ref("uom.decimal_product_uom").digits = 5
        cls.accountant = cls.env["res.users"].create(
            {
                "name": "accountant",
                "login": "snapshot_accountant",
                "tz": "Africa/Cairo",
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [
                    Command.set(cls.env.ref("account.group_account_invoice").ids)
                ],
            }
        )
        cls.usd = cls.setup_other_currency("USD", rates=[("2020-01-01", 1 / 48.731)])
        cls._make_device()
        cls.taxes = cls._make_taxes()
        cls.items = cls._make_items()
        cls.term_early = cls.env["account.payment.term"].create(
            {
                "name": "2% within 10 days",
                "early_discount": True,
                "discount_percentage": 2,
                "discount_days": 10,
                "early_pay_discount_computation": "mixed",
            }
        )

    @classmethod
    def get_default_groups(cls):
        admin = cls.env.ref("account_ereceipt.group_ereceipt_admin")
        return super().get_default_groups() | admin

    @classmethod
    def _make_device(cls):
        """Make a device that issues, without asking an authority about it."""
        cls.registration = cls.env["ereceipt.registration"].create(
            {"company_id": cls.company.id, "authority": AUTHORITY}
        )
        cls.journal = cls.company_data["default_journal_sale"]
        cls.device = cls.env["ereceipt.device"].create(
            {
                "name": "Till 1",
                "registration_id": cls.registration.id,
                "serial": "TILL-0001",
                "journal_ids": [Command.set(cls.journal.ids)],
                "activity_code": "4711",
                "address_governorate": "Cairo",
                "address_city": "Nasr City",
                "address_street": "16 Test Street",
                "address_building": "14",
                "problem_policy": "wait",
                "date_policy": "keep",
            }
        )
        cls.device.sudo().lifecycle = "active"

        cls.reason = cls.env["ereceipt.code"].search(
            [
                ("authority", "=", AUTHORITY),
                ("kind", "=", "return_reason"),
                ("code", "=", "B"),
            ]
        )
        cls.partner_a.ereceipt_identity = "29001011234567"

    @classmethod
    def map_code(cls, **values):
        """Make a mapping row; ``kind`` is item unless given."""
        return cls.env["ereceipt.code.mapping"].create(
            {"authority": AUTHORITY, "kind": "item", **values}
        )

    @classmethod
    def _make_taxes(cls):
        def tax(name, amount, codes, **values):
            values = {"amount_type": "percent", "type_tax_use": "sale", **values}
            taxes = cls.env["account.tax"]
            group = cls.company_data["default_tax_sale"].tax_group_id
            made = taxes.create(
                {"name": name, "amount": amount, "tax_group_id": group.id, **values}
            )
            code, subcode = codes
            cls.map_code(kind="tax", tax_id=made.id, code=code, subcode=subcode)
            return made

        included = {"price_include_override": "tax_included"}
        return {
            "vat": tax("VAT 14", 14, ("T1", "V009")),
            "vat_included": tax("VAT 14 incl", 14, ("T1", "V009"), **included),
            "exempt": tax("Exempt 0", 0, ("T1", "V003")),
            "withheld": tax("WH -3", -3, ("T4", "W004")),
            "table": tax(
                "Table 8", 8, ("T2", "Tbl01"), sequence=0, include_base_amount=True
            ),
            "fixed": tax(
                "Stamp 2.5",
                2.5,
                ("T6", "ST02"),
                amount_type="fixed",
                sequence=0,
                include_base_amount=True,
            ),
            "none": cls.env["account.tax"],
        }

    @classmethod
    def _make_items(cls):
        items = cls.env["product.product"].create(
            [
                {"name": f"Item {number}", "default_code": f"ITEM{number}"}
                for number in range(8)
            ]
        )
        for item in items:
            cls.map_code(
                product_tmpl_id=item.product_tmpl_id.id,
                scheme="EGS",
                code=f"EG-{RIN}-{item.default_code}",
            )
        return items

    # -------------------------------------------------------------------------
    # BY HAND
    # -------------------------------------------------------------------------

    def make(self, *lines, move_type="out_invoice", **values):
        return (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": self.partner_a.id,
                    "invoice_date": "2026-11-01",
                    "journal_id": self.journal.id,
                    "invoice_payment_term_id": False,
                    "invoice_line_ids": list(lines),
                    **values,
                }
            )
        )

    def sell(self, quantity, price, tax="vat", item=0, **values):
        """Return the command of a line."""
        taxes = self.env["account.tax"].union(
            *(self.taxes[name] for name in tax.split("+"))
        )
        product = self.items[item] if item is not None else self.items[:0]
        values = {"name": product.name or "Something", **values}
        return self._line(product, quantity, price, taxes, **values)

    def receipt(self, move):
        receipt = move._ereceipt_snapshots(move._ereceipt_now())[move.id]
        lines = sum((line.total for line in receipt.lines), ZERO)
        off = sum((part.amount for part in receipt.discounts), ZERO)
        self.assertEqual(lines - off, receipt.total)
        return receipt

    def codes(self, move):
        """Post, and return the codes of what is wrong."""
        move.action_post()
        return {p["code"] for p in move.ereceipt_document_id.sudo().problems or ()}

    # -------------------------------------------------------------------------
    # GENERATOR
    # -------------------------------------------------------------------------

    @classmethod
    def _tax_set(cls, rng):
        names = rng.choice(
            [
                ("vat",),
                ("vat",),
                ("vat_included",),
                ("vat_included",),
                ("exempt",),
                ("none",),
                ("vat", "withheld"),
                ("table", "vat"),
                ("vat", "fixed"),
            ]
        )
        return cls.env["account.tax"].union(*(cls.taxes[name] for name in names))

    @classmethod
    def _line(cls, product, quantity, price, taxes, discount=0, **values):
        return Command.create(
            {
                "product_id": product.id,
                "name": product.name,
                "quantity": quantity,
                "price_unit": price,
                "discount": discount,
                "tax_ids": [Command.set(taxes.ids)],
                **values,
            }
        )

    @classmethod
    def _random_lines(cls, rng):
        lines, total_by_taxes = [], {}
        for _number in range(rng.randint(1, 6)):
            product, taxes = rng.choice(cls.items), cls._tax_set(rng)
            quantity, discount = rng.choice(QUANTITIES), rng.choice(DISCOUNTS)
            price = round(
                rng.choice((9.99, 33.33, 100, 0.35, 1234.57)) * rng.random(), 2
            )
            price = max(price, 0.01)
            lines.append(cls._line(product, quantity, price, taxes, discount))
            amount = quantity * price * (1 - discount / 100)
            total_by_taxes[taxes] = total_by_taxes.get(taxes, 0) + amount
            if quantity >= 2 and rng.random() < 0.15:
                back = -rng.choice((1, 0.5, quantity))
                lines.append(cls._line(product, back, price, taxes, discount))
                total_by_taxes[taxes] += back * price * (1 - discount / 100)
        for taxes, amount in total_by_taxes.items():
            if rng.random() < 0.3 and amount > 1:
                name = rng.choice(("Loyalty discount", "Down payment"))
                values = {"product_id": False, "name": name}
                taxes = taxes.filtered(lambda tax: tax._can_be_discounted())
                price = round(amount * rng.choice((0.1, 0.333, 0.9)), 2)
                negative = rng.choice(((-1, price), (1, -price)))
                lines.append(cls._line(cls.items[:0], *negative, taxes, **values))
        rng.shuffle(lines)
        return lines

    @classmethod
    def _random_values(cls, rng, number):
        values = {
            "move_type": rng.choice(("out_invoice", "out_receipt", "out_refund")),
            "partner_id": cls.partner_a.id,
            "invoice_date": "2026-11-01",
            "ref": f"random {number}",
            "journal_id": cls.journal.id,
            "invoice_payment_term_id": False,
            "invoice_line_ids": cls._random_lines(rng),
        }
        if values["move_type"] == "out_refund":
            values["ereceipt_return_reason_id"] = cls.reason.id
            values["ereceipt_original_issued_at"] = "2026-10-01 12:00:00"
        if rng.random() < 0.3:
            values["currency_id"] = cls.usd.id
        elif rng.random() < 0.25:
            # not in a foreign currency: Odoo itself cannot balance some of those
            rounding = rng.choice((cls.cash_rounding_a, cls.cash_rounding_b))
            values["invoice_cash_rounding_id"] = rounding.id
        elif rng.random() < 0.15:
            values["invoice_payment_term_id"] = cls.term_early.id
        return values

    @classmethod
    def random_moves(cls, seed, count, rounding_method):
        """Return ``count`` random draft sales documents with a total above zero."""
        rng = random.Random(seed)
        cls.company.tax_calculation_rounding_method = rounding_method
        moves = cls.env["account.move"].create(
            [cls._random_values(rng, number) for number in range(count)]
        )
        nothing = moves.filtered(lambda move: move.amount_total <= 0)
        nothing.unlink()
        return moves - nothing
