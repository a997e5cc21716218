from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import RIN, EreceiptCommon

CHAIR = f"EG-{RIN}-CHAIR"
STOOL = f"EG-{RIN}-STOOL"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCodeSuggestions(EreceiptCommon):
    """What lacks a code shows which one may be right, and why; a person enters it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chairs = cls.env["product.category"].create({"name": "Chairs"})
        cls.office, cls.garden, cls.bar = (
            cls.make_product(name)
            for name in ("Office chair", "Garden chair", "Bar stool")
        )
        cls.give_code(CHAIR, cls.office, cls.garden)
        cls.give_code(STOOL, cls.bar)

    @classmethod
    def make_product(cls, name, **values):
        values = {"categ_id": cls.chairs.id, "taxes_id": [], **values}
        return cls.env["product.product"].create({"name": name, **values})

    @classmethod
    def give_code(cls, code, *products, company=None, **values):
        mappings = cls.env["ereceipt.code.mapping"].sudo()
        values = {"scheme": "EGS", "code": code, **values}
        return mappings._give_item_codes(
            "eg_receipt", company or cls.company, dict.fromkeys(products, values)
        )

    def rows(self, *things, user=None, **context):
        """Return the rows of the lists for products, or for units and taxes."""
        [name] = {thing._name for thing in things}
        lists = {"product.product": ("ereceipt.missing.code", "product_id")}
        mapping = "ereceipt.missing.mapping"
        lists["uom.uom"] = (mapping, "uom_id")
        lists["account.tax"] = (mapping, "tax_id")
        model, field = lists[name]
        self.env.flush_all()
        self.env.invalidate_all()  # as if it were another request
        rows = self.env[model].with_user(user or self.manager).with_context(**context)
        found = rows.search([(field, "in", [thing.id for thing in things])])
        self.assertEqual(len(found), len(things), "they lack a code")
        return found

    def told(self, thing, **arguments):
        row = self.rows(thing, **arguments)
        return row.suggestion, row.suggestion_reason

    # -------------------------------------------------------------------------
    # SIMILAR PRODUCTS
    # -------------------------------------------------------------------------

    def test_a_product_that_is_called_alike(self):
        code, reason = self.told(self.make_product("Office chair, black"))
        self.assertEqual(code, f"EGS {CHAIR}")
        self.assertIn("like Office chair; 2 products of the category", reason)
        code, reason = self.told(self.make_product("Tall bar stool"))
        self.assertEqual((code, reason), (f"EGS {STOOL}", "like Bar stool"))

    def test_what_most_of_the_category_have(self):
        code, reason = self.told(self.make_product("Recliner"))
        self.assertEqual(code, f"EGS {CHAIR}")
        self.assertIn("2 of 3 products of the category", reason)
        self.give_code(STOOL, self.garden)
        self.give_code(f"EG-{RIN}-X", self.office)
        other = self.make_product("Sofa")
        self.assertEqual(self.told(other)[0], f"EGS {STOOL}")
        self.give_code(f"EG-{RIN}-Y", self.garden)
        self.assertFalse(self.told(other)[0], "each has its own")

    def test_another_category_says_nothing(self):
        lamps = self.env["product.category"].create({"name": "Lamps"})
        self.assertFalse(
            self.told(self.make_product("Office chair", categ_id=lamps.id))[0]
        )

    def test_what_no_category_has_is_suggested_by_name_alone(self):
        for name in ("Red pencil", "Blue pencil"):
            self.give_code(f"EG-{RIN}-PENCIL", self.make_product(name, categ_id=False))
        self.assertTrue(self.told(self.make_product("Pencil red", categ_id=False))[0])
        self.assertFalse(self.told(self.make_product("Eraser", categ_id=False))[0])

    def test_a_barcode_is_one_products_own(self):
        gtin = "6221031954818"
        folding = self.make_product("Folding chair, red", barcode=gtin)
        self.give_code(gtin, folding, scheme="GS1")
        self.assertNotIn(gtin, self.told(self.make_product("Folding chair"))[0] or "")

    def test_what_was_asked_for_is_not_suggested_for(self):
        product = self.make_product("Office chair, white")
        self.give_code(f"EG-{RIN}-W", product, pending=True)
        self.assertFalse(self.told(product)[0])

    # -------------------------------------------------------------------------
    # HISTORY
    # -------------------------------------------------------------------------

    def sold(self, product, **values):
        """Sell a product that has a code, and return the valid invoice."""
        line = {
            "product_id": product.id,
            "price_unit": 10.0,
            "tax_ids": [Command.set(self.vat.ids)],
            **values,
        }
        move = self.invoice(lines=[line])
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        return move

    def test_what_a_product_was_issued_with_last(self):
        bench = self.make_product("Bench", default_code="B-1")
        rows = self.give_code(f"EG-{RIN}-BENCH", bench)
        move = self.sold(bench)
        rows[bench].unlink()
        code, reason = self.told(bench)
        self.assertEqual(code, f"EGS EG-{RIN}-BENCH")
        self.assertIn(move.ereceipt_document_id.name, reason)
        code, reason = self.told(self.make_product("Bench, long"))
        self.assertEqual((code, reason), (f"EGS EG-{RIN}-BENCH", "like Bench"))

    def test_what_was_not_valid_does_not_count(self):
        bench = self.make_product("Bench", categ_id=False, default_code="B-1")
        rows = self.give_code(f"EG-{RIN}-BENCH", bench)
        self.refused(
            lines=[
                {
                    "product_id": bench.id,
                    "price_unit": 10.0,
                    "tax_ids": [Command.set(self.vat.ids)],
                }
            ]
        )
        rows[bench].unlink()
        self.assertFalse(self.told(bench)[0])

    # -------------------------------------------------------------------------
    # UNITS AND TAXES
    # -------------------------------------------------------------------------

    def uom(self, name):
        uom = self.env["uom.uom"].create({"name": name})
        self.make_product(f"Chair by {name}", uom_id=uom.id)
        return uom

    def tax(self, name, rate=14.0, **values):
        tax = self.env["account.tax"].create(
            {"name": name, "amount": rate, "type_tax_use": "sale", **values}
        )
        self.make_product(f"Chair with {name}", taxes_id=[Command.set(tax.ids)])
        return tax

    def map_code(self, **values):
        mappings = self.env["ereceipt.code.mapping"].with_user(self.manager)
        return mappings.create({"authority": "eg_receipt", **values})

    def test_units(self):
        crate = self.uom("Big crate")
        self.map_code(kind="unit", uom_id=crate.id, code="CR")
        code, reason = self.told(self.uom("Crate, big"))
        self.assertEqual((code, reason), ("CR", "like Big crate"))
        row = self.env["ereceipt.code"].search(
            [
                ("authority", "=", "eg_receipt"),
                ("kind", "=", "unit"),
                ("code", "=", "CT"),
            ]
        )
        code, reason = self.told(self.uom(row.name))
        self.assertEqual(code, "CT")
        self.assertIn("authority's table", reason)
        self.assertFalse(self.told(self.uom("Xyzzy"))[0])

    def test_a_unit_by_what_was_issued(self):
        bundle = self.uom("Bundle of ours")
        row = self.map_code(kind="unit", uom_id=bundle.id, code="PK")
        move = self.sold(self.item, product_uom_id=bundle.id)
        row.unlink()
        code, reason = self.told(bundle)
        self.assertEqual(code, "PK")
        self.assertIn(move.ereceipt_document_id.name, reason)

    def test_a_tax_with_the_same_rate(self):
        first = self.tax("Levy A", 3.7)
        self.map_code(kind="tax", tax_id=first.id, code="T1", subcode="V009")
        second = self.tax("Levy B", 3.7)
        self.assertEqual(
            self.told(second), ("T1 V009", "like Levy A, with the same rate")
        )
        third = self.tax("Special fee", 3.7)
        self.map_code(kind="tax", tax_id=third.id, code="T2", subcode="Tbl01")
        fourth = self.tax("Special fee B", 3.7)
        self.assertEqual(self.told(fourth)[0], "T2 Tbl01", "by name: rates differ")
        self.assertFalse(self.told(self.tax("Another", 3.7))[0])
        self.assertFalse(self.told(self.tax("Levy C", 3.8))[0])

    def test_a_tax_by_what_was_issued(self):
        old = self.tax("Old VAT", 14)
        row = self.map_code(kind="tax", tax_id=old.id, code="T1", subcode="V009")
        move = self.sold(self.item, tax_ids=[Command.set(old.ids)])
        row.unlink()
        code, reason = self.told(old)
        self.assertEqual(code, "T1 V009")
        self.assertIn(move.ereceipt_document_id.name, reason)

    # -------------------------------------------------------------------------
    # USING THEM
    # -------------------------------------------------------------------------

    def test_several_are_entered_at_once(self):
        black, recliner = (
            self.make_product("Office chair, black"),
            self.make_product("Recliner"),
        )
        lamp = self.make_product("Lamp", categ_id=False)
        rows = self.rows(black, recliner, lamp)
        rows.mapped("suggestion_reason")
        every = self.env["ereceipt.code.mapping"].search([])
        notice = rows.action_use_suggestion()["params"]
        self.assertIn("2 codes", notice["message"])
        entered = self.env["ereceipt.code.mapping"].search([]) - every
        self.assertEqual(set(entered.mapped("code")), {CHAIR})
        self.assertEqual(
            entered.product_tmpl_id, (black | recliner).product_tmpl_id, "only those"
        )
        self.assertEqual(entered.company_id, self.company)
        self.assertFalse((black | recliner).filtered("ereceipt_code_missing"))
        with self.assertRaisesRegex(UserError, "No code is suggested"):
            self.rows(lamp).action_use_suggestion()

    def test_units_and_taxes_are_entered(self):
        old = self.tax("Old levy", 3.7)
        self.map_code(kind="tax", tax_id=old.id, code="T1", subcode="V009")
        tax, crate = self.tax("Levy", 3.7), self.uom("Big crate")
        self.map_code(kind="unit", uom_id=crate.id, code="CR")
        uom = self.uom("Crate, big")
        (self.rows(tax) | self.rows(uom)).action_use_suggestion()
        self.assertEqual(tax.ereceipt_mapping_ids.code, "T1")
        self.assertEqual(tax.ereceipt_mapping_ids.subcode, "V009")
        self.assertEqual(uom.ereceipt_mapping_ids.code, "CR")
        missing = self.env["ereceipt.missing.mapping"].search([])
        self.assertNotIn(tax, missing.tax_id)
        self.assertNotIn(uom, missing.uom_id)

    def test_what_was_begun_is_completed(self):
        """A row that takes the barcode, where there is none, gets the code too."""
        product = self.make_product("Office chair, black")
        row = self.map_code(
            kind="item", product_tmpl_id=product.product_tmpl_id.id, use_barcode=True
        )
        row.company_id = self.company
        self.rows(product).action_use_suggestion()
        self.assertEqual((row.code, row.use_barcode), (CHAIR, True))

    # -------------------------------------------------------------------------
    # RIGHTS AND COMPANIES
    # -------------------------------------------------------------------------

    def test_everybody_sees_and_the_manager_enters(self):
        product = self.make_product("Office chair, black")
        for user in (self.auditor, self.accountant):
            self.assertEqual(self.told(product, user=user)[0], f"EGS {CHAIR}")
            with self.assertRaises(AccessError):
                self.rows(product, user=user).action_use_suggestion()
        self.assertFalse(product.product_tmpl_id.ereceipt_mapping_ids)

    def test_companies_do_not_learn_from_each_other(self):
        other = self.env["res.company"].create(
            {"name": "Other", "country_id": self.env.ref("base.eg").id}
        )
        self.env["ereceipt.registration"].sudo().create(
            {"company_id": other.id, "authority": "eg_receipt"}
        )
        groups = ("base.group_user", "account.group_account_manager")
        both = self.make_user("both", *groups, companies=self.company | other)
        stranger = self.make_user("stranger", *groups, companies=other)
        product = self.make_product("Office chair, black")
        self.assertFalse(self.told(product, user=stranger)[0])
        self.give_code(STOOL, self.office, self.garden, company=other)
        self.assertEqual(self.told(product, user=stranger)[0], f"EGS {STOOL}")
        self.assertEqual(self.told(product)[0], f"EGS {CHAIR}")
        row = self.rows(product, user=both, allowed_company_ids=other.ids)
        row.action_use_suggestion()
        entered = product.product_tmpl_id.ereceipt_mapping_ids
        self.assertEqual((entered.company_id, entered.code), (other, STOOL))
        self.assertEqual(self.told(product)[0], f"EGS {CHAIR}")

    # -------------------------------------------------------------------------
    # QUERIES
    # -------------------------------------------------------------------------

    def test_queries_do_not_grow_with_what_is_missing(self):
        bench = self.make_product("Bench", default_code="B-1")
        rows = self.give_code(f"EG-{RIN}-BENCH", bench)
        self.sold(bench)
        rows[bench].unlink()
        few = [self.make_product(f"Office chair {n}") for n in range(3)]
        many = [*few, *(self.make_product(f"Garden chair {n}") for n in range(40))]
        counts = [self.queries(*products) for products in (few, few, many)]
        self.assertGreater(counts[1], 0)
        self.assertLessEqual(counts[2], counts[1])

    def queries(self, *products):
        rows = self.rows(*products)
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        self.assertTrue(all(rows.mapped("suggestion")))
        return self.env.cr.sql_log_count - before
