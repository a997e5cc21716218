from psycopg2 import IntegrityError

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from ..models.ereceipt_resolver import CodeResolver, is_gtin
from .snapshot_common import AUTHORITY, RIN, SnapshotCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCodeResolver(SnapshotCommon):
    """Which code a product, unit, tax or payment gets, and where it is from."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.food = cls.env["product.category"].create({"name": "Food"})
        cls.bread = cls.env["product.category"].create(
            {"name": "Bread", "parent_id": cls.food.id}
        )
        cls.size = cls.env["product.attribute"].create(
            {
                "name": "Size",
                "value_ids": [
                    Command.create({"name": "Small"}),
                    Command.create({"name": "Large"}),
                ],
            }
        )
        cls.template = cls.env["product.template"].create(
            {
                "name": "Loaf",
                "categ_id": cls.bread.id,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": cls.size.id,
                            "value_ids": [Command.set(cls.size.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        cls.small, cls.large = cls.template.product_variant_ids

    def resolver(self, company=None, **records):
        env = self.env(user=self.accountant)
        return CodeResolver(env, AUTHORITY, company or self.company).load(**records)

    def item(self, product, company=None):
        return self.resolver(company, products=product).item(product)

    # -------------------------------------------------------------------------
    # ITEMS
    # -------------------------------------------------------------------------

    def test_narrowest_row_wins(self):
        """Category above, category, product, variant: each beats the ones before."""
        self.assertEqual(self.item(self.small).code, "")
        steps = (
            ({"categ_id": self.food.id}, "10001001"),
            ({"categ_id": self.bread.id}, "10001002"),
            ({"product_tmpl_id": self.template.id}, "10001003"),
            ({"product_id": self.small.id}, "10001004"),
        )
        for reference, code in steps:
            row = self.map_code(scheme="GS1", code=code, **reference)
            found = self.item(self.small)
            self.assertEqual((found.scheme, found.code), ("GS1", code))
            self.assertEqual(found.mapping_id, row.id)
        self.assertEqual(self.item(self.large).code, "10001003", "the other variant")

    def test_company_row_before_shared_row(self):
        self.map_code(categ_id=self.bread.id, scheme="GS1", code="10001001")
        self.map_code(
            categ_id=self.bread.id,
            scheme="GS1",
            code="10001002",
            company_id=self.company.id,
        )
        other = self.env["res.company"].create({"name": "Other"})
        self.assertEqual(self.item(self.small).code, "10001002")
        self.assertEqual(self.item(self.small, other).code, "10001001")

    def test_branch_uses_its_parents_row_unless_it_has_one(self):
        branch = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        self.map_code(
            categ_id=self.bread.id,
            scheme="GS1",
            code="10001001",
            company_id=self.company.id,
        )
        self.assertEqual(self.item(self.small, branch).code, "10001001")
        self.map_code(
            categ_id=self.bread.id, scheme="GS1", code="10001002", company_id=branch.id
        )
        self.assertEqual(self.item(self.small, branch).code, "10001002")
        self.assertEqual(self.item(self.small).code, "10001001")

    def test_barcode_only_where_a_row_says_so_and_it_is_a_gtin(self):
        self.small.barcode = "6223001000013"
        self.assertTrue(is_gtin(self.small.barcode))
        self.assertFalse(self.item(self.small).code)
        row = self.map_code(categ_id=self.food.id, use_barcode=True)
        found = self.item(self.small)
        self.assertEqual((found.scheme, found.code), ("GS1", "6223001000013"))
        self.assertEqual(found.origin, "barcode")
        self.small.barcode = "6223001000014"
        self.assertFalse(self.item(self.small).code, "wrong check digit")
        row.write({"scheme": "GS1", "code": "10000025"})
        self.assertEqual(self.item(self.small).code, "10000025", "the row's own")

    def test_gtin(self):
        for good in ("96385074", "036000291452", "4006381333931", "10614141000415"):
            self.assertTrue(is_gtin(good), good)
        for bad in ("", None, "4006381333932", "400638133393", "٤٠٠٦٣٨١٣٣٣٩٣١"):
            self.assertFalse(is_gtin(bad), bad)

    def test_code_that_waits_for_approval_is_none(self):
        self.map_code(categ_id=self.food.id, scheme="GS1", code="10000025")
        row = self.map_code(
            product_tmpl_id=self.template.id,
            scheme="EGS",
            code=f"EG-{RIN}-1",
            pending=True,
        )
        found = self.item(self.small)
        self.assertEqual((found.code, found.pending), ("", True))
        self.assertIn("not approved yet", self.template.ereceipt_code_info)
        row.pending = False
        self.assertEqual(self.item(self.small).code, f"EG-{RIN}-1")

    def test_form_says_where_the_code_is_from(self):
        self.map_code(categ_id=self.food.id, scheme="GS1", code="10000025")
        info = self.template.ereceipt_code_info
        self.assertIn("GS1 10000025", info)
        self.assertIn("Product category Food", info)
        self.map_code(product_id=self.small.id, scheme="GS1", code="10000026")
        self.template.invalidate_recordset()
        info = self.template.ereceipt_code_info
        self.assertIn("10000025", info)
        self.assertIn("10000026", info)
        self.assertIn("Small", info)

    # -------------------------------------------------------------------------
    # UNITS, TAXES, PAYMENTS
    # -------------------------------------------------------------------------

    def test_units(self):
        units = {
            name: self.env.ref(f"uom.product_uom_{name}")
            for name in ("unit", "dozen", "kgm", "meter", "litre", "hour")
        }
        own = self.env["uom.uom"].create({"name": "Tray"})
        uoms = self.env["uom.uom"].union(own, *units.values())
        resolver = self.resolver(uoms=uoms)
        found = {name: resolver.unit(uom).code for name, uom in units.items()}
        if "l10n_eg_unit_code_id" not in uoms._fields:
            self.assertEqual(
                found,
                {
                    "unit": "EA",
                    "dozen": "DZN",
                    "kgm": "KGM",
                    "meter": "M",
                    "litre": "LTR",
                    "hour": "HUR",
                },
            )
        self.assertEqual(resolver.unit(own).code, "")
        self.map_code(kind="unit", uom_id=units["unit"].id, code="BOX")
        found = self.resolver(uoms=uoms).unit(units["unit"])
        self.assertEqual((found.code, found.origin), ("BOX", "mapping"))

    def test_taxes(self):
        """A row, else the country module's field; a rate alone says nothing."""
        tax = self.company_data["default_tax_sale"].copy({"name": "Unmapped"})
        if "l10n_eg_eta_code" not in tax._fields:
            self.skipTest("the country module is not installed")
        tax.l10n_eg_eta_code = False
        self.assertFalse(self.resolver(taxes=tax).tax(tax).code)
        tax.l10n_eg_eta_code = "t2_tbl01"
        found = self.resolver(taxes=tax).tax(tax)
        self.assertEqual((found.code, found.subcode), ("T2", "Tbl01"))
        self.assertEqual(found.field, ("account.tax", "l10n_eg_eta_code"))
        self.assertIn("ETA Code", tax.ereceipt_code_info)
        self.map_code(kind="tax", tax_id=tax.id, code="T1", subcode="V009")
        found = self.resolver(taxes=tax).tax(tax)
        self.assertEqual((found.code, found.subcode), ("T1", "V009"))

    def test_payments(self):
        cash = self.company_data["default_journal_cash"]
        bank = self.company_data["default_journal_bank"]
        line = bank.inbound_payment_method_line_ids[:1]
        resolver = self.resolver(journals=cash | bank, payment_method_lines=line)
        self.assertEqual(resolver.payment(cash).code, "C")
        self.assertEqual(resolver.payment(bank, line).code, "O")
        self.map_code(kind="payment", journal_id=bank.id, code="VO")
        self.map_code(kind="payment", payment_method_line_id=line.id, code="V")
        resolver = self.resolver(journals=cash | bank, payment_method_lines=line)
        self.assertEqual(resolver.payment(bank).code, "VO")
        self.assertEqual(resolver.payment(bank, line).code, "V")

    def test_queries_do_not_grow(self):
        def count(number):
            products = self.env["product.product"].create(
                [{"name": f"P{n}", "categ_id": self.bread.id} for n in range(number)]
            )
            for product in products:
                self.map_code(product_id=product.id, scheme="GS1", code="10000025")
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            resolver = self.resolver(products=products)
            codes = [resolver.item(product).code for product in products]
            self.assertEqual(codes, ["10000025"] * number)
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(5), count(60))

    # -------------------------------------------------------------------------
    # ROWS
    # -------------------------------------------------------------------------

    def test_codes_are_checked_against_the_tables(self):
        tax = self.taxes["vat"]
        tax.ereceipt_mapping_ids.unlink()
        unit = self.env.ref("uom.product_uom_unit")
        for values in (
            {"kind": "unit", "uom_id": unit.id, "code": "PIECE"},
            {"kind": "unit", "uom_id": unit.id},
            {"kind": "tax", "tax_id": tax.id, "code": "T99"},
            {"kind": "tax", "tax_id": tax.id, "code": "T1", "subcode": "W004"},
            {"categ_id": self.food.id, "scheme": "EAN", "code": "1"},
            {"categ_id": self.food.id, "scheme": "EGS", "code": "FOOD"},
            {"categ_id": self.food.id, "scheme": "GS1", "code": "10 20"},
            {"categ_id": self.food.id, "scheme": "GS1", "code": "12345"},
            {"categ_id": self.food.id, "scheme": "GS1", "code": "4006381333932"},
            {"categ_id": self.food.id, "code": "10000025"},
            {"categ_id": self.food.id},
        ):
            with self.assertRaises(ValidationError, msg=values):
                self.map_code(**values)

    def test_one_row_per_thing_and_company(self):
        self.map_code(categ_id=self.food.id, scheme="GS1", code="10000025")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.map_code(categ_id=self.food.id, scheme="GS1", code="10000026")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.map_code(
                categ_id=self.bread.id,
                product_id=self.small.id,
                scheme="GS1",
                code="10000025",
            )

    def test_tax_row_belongs_to_the_taxs_company(self):
        row = self.taxes["vat"].ereceipt_mapping_ids
        self.assertEqual(row.company_id, self.company)

    def test_pickers_write_the_codes(self):
        tax = self.taxes["exempt"].copy({"name": "Another"})
        tables = self.env["ereceipt.code"]
        with Form(
            self.env["ereceipt.code.mapping"].with_context(default_kind="tax")
        ) as form:
            self.assertEqual(form.authority, AUTHORITY, "the only one in use")
            form.tax_id = tax
            domain = [("authority", "=", AUTHORITY)]
            form.code_id = tables.search([*domain, ("code", "=", "T1")])
            form.subcode_id = tables.search([*domain, ("code", "=", "V003")])
        row = form.record
        self.assertEqual((row.code, row.subcode), ("T1", "V003"))
        self.assertEqual(row.subcode_id.name, "Exempted good or service")

    def test_code_system_is_told_by_the_code(self):
        rows = self.env["ereceipt.code.mapping"].with_context(default_kind="item")
        for code, scheme in (("EG-674859545-77", "EGS"), ("10000025", "GS1")):
            with Form(rows) as form:
                form.product_tmpl_id = self.small.product_tmpl_id.copy()
                form.code = code
            self.assertEqual(form.record.scheme, scheme)

    def test_who_may_change_codes(self):
        row = self.map_code(categ_id=self.food.id, scheme="GS1", code="10000025")
        as_accountant = row.with_user(self.accountant)
        self.assertEqual(as_accountant.code, "10000025")
        with self.assertRaises(AccessError):
            as_accountant.code = "10000026"
        manager = self.accountant.copy({"login": "manager"})
        manager.group_ids = self.env.ref("account.group_account_manager")
        row.with_user(manager).code = "10000026"

    def test_other_companies_rows_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other"})
        row = self.map_code(
            categ_id=self.food.id, scheme="GS1", code="10000025", company_id=other.id
        )
        rows = self.env["ereceipt.code.mapping"].with_user(self.accountant)
        self.assertNotIn(row.id, rows.search([]).ids)

    # -------------------------------------------------------------------------
    # WHAT IS MISSING
    # -------------------------------------------------------------------------

    def missing(self):
        products = self.env["product.product"].with_company(self.company)
        found = products.search([("ereceipt_code_missing", "=", True)])
        return found & (self.small | self.large | self.items)

    def test_products_without_code_are_found(self):
        self.assertEqual(self.missing(), self.small | self.large)
        self.assertTrue(self.small.ereceipt_code_missing)
        self.assertTrue(self.template.ereceipt_code_missing)
        row = self.map_code(product_id=self.small.id, scheme="GS1", code="10000025")
        self.assertEqual(self.missing(), self.large)
        row.pending = True
        self.assertEqual(self.missing(), self.small | self.large)
        self.map_code(categ_id=self.food.id, use_barcode=True)
        self.large.barcode = "6223001000013"
        self.assertEqual(self.missing(), self.small)
        self.map_code(categ_id=self.bread.id, scheme="GS1", code="10000025")
        self.assertFalse(self.missing())
        self.env.invalidate_all()
        self.assertFalse(self.template.ereceipt_code_missing)
        templates = self.env["product.template"]
        with_code = templates.search([("ereceipt_code_missing", "=", False)])
        self.assertIn(self.template, with_code)

    def test_most_sold_stands_first(self):
        lines = [
            self._line(self.large, 1, 10, self.taxes["vat"]),
            self._line(self.large, 1, 20, self.taxes["vat"]),
            self._line(self.small, 1, 10, self.taxes["vat"]),
        ]
        move = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": self.partner_a.id,
                "journal_id": self.journal.id,
                "invoice_line_ids": lines,
            }
        )
        move.action_post()
        self.env.flush_all()
        rows = self.env["ereceipt.missing.code"].with_user(self.accountant).search([])
        self.assertEqual(rows[:2].product_id, self.large | self.small)
        self.assertEqual(rows[:2].mapped("line_count"), [2, 1])
        self.assertNotIn(self.items[0], rows.product_id, "has a code")
        self.assertEqual(rows[0].action_open_product()["res_id"], self.large.id)
