import base64

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form

from .cn_common import GOODS, SERVICE, CnNuonuoCommon

CHAIR, PAPER = "1050201010000000000", "1060105010000000000"
TABLE = (
    "商品和服务税收分类编码表\n"
    "合并编码,货物和劳务名称,商品和服务分类简称,关键字,汇总项\n"
    f"1050200000000000000,家具类,家具,,Y\n"
    f"{CHAIR},木制椅凳,家具,办公椅、餐椅、木凳,\n"
    f"{PAPER},书写用纸,纸制品,复印纸、打印纸,\n"
)


class TestCnCodes(CnNuonuoCommon):
    """Tax classification codes: found by Chinese words in the bureau's table, and
    suggested by what was issued before and by what things are called."""

    def load(self, text=TABLE, encoding="utf-8", user=None):
        wizards = self.env["ereceipt.code.import"].with_user(user or self.manager)
        wizard = wizards.create({"file": base64.b64encode(text.encode(encoding))})
        return wizard.action_import()

    def found(self, text):
        """Return the codes that a picker shows for what somebody types."""
        tables = self.env["ereceipt.code"].with_user(self.manager)
        domain = [("authority", "=", "cn_nuonuo"), ("kind", "=", "item")]
        ids = [row_id for row_id, _name in tables.name_search(text, domain)]
        return tables.browse(ids).mapped("code")

    def goods(self, name, **values):
        return self.env["product.product"].create(
            {"name": name, "taxes_id": [Command.set(self.vat.ids)], **values}
        )

    def suggested(self, product, user=None):
        self.env.flush_all()
        self.env.invalidate_all()
        rows = self.env["ereceipt.missing.code"].with_user(user or self.manager)
        row = rows.search([("product_id", "=", product.id)])
        self.assertEqual(len(row), 1)
        return row.suggestion, row.suggestion_reason

    # -------------------------------------------------------------------------
    # THE TABLE
    # -------------------------------------------------------------------------

    def test_found_by_code_name_and_keyword(self):
        for encoding in ("utf-8", "utf-8-sig", "gb18030"):
            self.load(encoding=encoding)
            self.assertEqual(self.found("复印纸"), [PAPER])
            self.assertEqual(self.found("木制"), [CHAIR])
            self.assertEqual(self.found(PAPER[:7]), [PAPER])
            self.assertFalse(self.found("家具类"), "nothing is sold as a heading")

    def test_another_file_takes_its_place(self):
        self.load()
        notice = self.load(TABLE.replace(f"{CHAIR},木制椅凳", f"{GOODS},椅凳"))
        self.assertIn("1 codes were added, 0 changed, and 1 taken", str(notice))
        self.assertEqual(self.found("办公椅"), [GOODS])
        self.load()
        self.assertEqual(self.found("办公椅"), [CHAIR])

    def test_what_is_shipped_stays(self):
        tables = self.env["ereceipt.code"]
        shipped = tables.search_count(
            [("authority", "=", "cn_nuonuo"), ("given", "=", False)]
        )
        self.load()
        tables.sudo()._write_rows("cn_nuonuo", tables._shipped("cn_nuonuo"))
        self.assertEqual(self.found("办公椅"), [CHAIR])
        self.assertEqual(
            shipped,
            tables.search_count(
                [("authority", "=", "cn_nuonuo"), ("given", "=", False)]
            ),
        )

    def test_everything_wrong_is_told_and_nothing_is_taken(self):
        bad = TABLE + "123,坏的,,,\n1.09E+18,缩短的,,,\n" + f"{PAPER},又一次,,,\n"
        with self.assertRaises(UserError) as raised:
            self.load(bad)
        for part in ("Row 6", "Row 7", "Row 8", "twice", "19 digits"):
            self.assertIn(part, str(raised.exception))
        self.assertFalse(self.found("办公椅"))
        for text in ("a,b\n1,2\n", "合并编码,名称\n"):
            with self.assertRaises(UserError):
                self.load(text)

    def test_chosen_by_a_word_on_a_code_of_ones_own(self):
        self.load()
        product = self.goods("办公椅")
        mappings = self.env["ereceipt.code.mapping"].with_user(self.manager)
        with Form(mappings) as form:
            form.authority = "cn_nuonuo"
            form.kind = "item"
            form.product_tmpl_id = product.product_tmpl_id
            self.assertTrue(form.has_item_table)
            form.item_code_id = self.env["ereceipt.code"].search([("code", "=", CHAIR)])
        self.assertEqual((form.record.code, form.record.scheme), (CHAIR, "SPBM"))
        self.assertEqual(form.record.item_code_id.name, "木制椅凳")

    # -------------------------------------------------------------------------
    # SUGGESTIONS
    # -------------------------------------------------------------------------

    def test_by_a_word_of_the_table(self):
        product = self.goods("A4复印纸 70g", categ_id=False)
        self.assertFalse(self.suggested(product)[0])
        self.load()
        code, reason = self.suggested(product)
        self.assertEqual(code, f"SPBM {PAPER}")
        self.assertIn("“复印纸” in the authority's table", reason)

    def test_by_what_is_called_alike(self):
        furniture = self.env["product.category"].create({"name": "家具"})
        chair = self.goods("办公椅", categ_id=furniture.id)
        mappings = self.env["ereceipt.code.mapping"].with_user(self.manager)
        mappings._give_item_codes("cn_nuonuo", self.company, {chair: {"code": CHAIR}})
        code, reason = self.suggested(self.goods("黑色办公椅", categ_id=furniture.id))
        self.assertEqual((code, reason), (f"SPBM {CHAIR}", "like 办公椅"))
        self.assertFalse(self.suggested(self.goods("书柜", categ_id=furniture.id))[0])

    def test_by_what_was_issued_before(self):
        self.item.default_code = "CN-1"
        self.item_mapping.code = SERVICE
        move = self.valid()
        self.item_mapping.unlink()
        code, reason = self.suggested(self.item)
        self.assertEqual(code, f"SPBM {SERVICE}")
        self.assertIn(move.name, reason)
        rows = self.env["ereceipt.missing.code"].with_user(self.manager)
        rows.search([("product_id", "=", self.item.id)]).action_use_suggestion()
        self.assertEqual(self.item.ereceipt_mapping_ids.code, SERVICE)
        self.assertEqual(self.item.ereceipt_mapping_ids.scheme, "SPBM")
