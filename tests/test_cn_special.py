import json

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form

from .cn_common import SERVICE, CnNuonuoCommon

FREIGHT = {
    "transportTool": "2",
    "transportToolNum": "沪A12345",
    "origin": "上海",
    "destination": "北京",
    "goodsName": "零配件",
}


class TestCnSpecial(CnNuonuoCommon):
    """Fapiao of special businesses: what they tell beyond their lines."""

    CONSTRUCTION = {
        "cn_special": "03",
        "cn_place": "上海市浦东新区",
        "cn_place_address": "测试路1号",
        "cn_project": "测试大厦",
        "cn_land_vat_number": "TD0000000001",
        "cn_cross_city": "1",
    }
    LEASE = {
        "cn_special": "06",
        "cn_place": "上海市浦东新区",
        "cn_place_address": "测试路2号",
        "cn_area_unit": "平方米",
        "cn_certificate": "沪房地浦字(2020)第1号",
        "cn_lease_start": "2026-01-01",
        "cn_lease_end": "2026-12-31",
    }

    def problems(self, **values):
        """Return the sentences that a draft's form shows."""
        found = self.invoice(post=False, **values).ereceipt_problems or {}
        return " ".join(alert["message"] for alert in found.values())

    def back(self, move, **line_values):
        """Return the credit note of an invoice when it is valid."""
        credit_note = self.reversal(move, **line_values)
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        return credit_note

    # -------------------------------------------------------------------------
    # CONSTRUCTION
    # -------------------------------------------------------------------------

    def test_construction(self):
        move = self.valid(**self.CONSTRUCTION)
        order = self.sent(move)
        self.assertEqual(order["specificFactor"], "3")
        self.assertEqual(
            order["invoiceBuildingInfo"],
            {
                "buildingAddress": "上海市浦东新区",
                "detailedAddress": "测试路1号",
                "itemName": "测试大厦",
                "landVatItemNo": "TD0000000001",
                "crossCityFlag": "1",
            },
        )
        [line] = order["invoiceDetail"]
        self.assertFalse({"unit", "specType", "num", "price"} & line.keys())
        self.assertFalse(self.control.refusals())

    def test_construction_lacks_what_it_needs(self):
        values = {**self.CONSTRUCTION, "cn_project": False, "cn_place": " "}
        told = self.problems(**values)
        self.assertIn("“Construction project” is missing", told)
        self.assertIn("“Place” is missing", told)
        with self.assertRaisesRegex(UserError, "“Place” is missing"):
            self.invoice(**values)

    def test_construction_has_one_line(self):
        line = {"product_id": self.item.id, "price_unit": 5.0}
        told = self.problems(**self.CONSTRUCTION, lines=[line, line])
        self.assertIn("has exactly one line, and the document has 2", told)

    def test_long_texts(self):
        values = {**self.CONSTRUCTION, "cn_land_vat_number": "1" * 17}
        self.assertIn("cannot be used as “Land VAT number”", self.problems(**values))
        values = {**self.CONSTRUCTION, "cn_place_address": "路" * 120}
        self.assertIn("at most 120 fit", self.problems(**values))

    def test_construction_is_taken_back(self):
        move = self.valid(quantity=2.0, **self.CONSTRUCTION)
        credit_note = self.back(move)
        self.assertEqual(credit_note.cn_project, "测试大厦")
        [row] = self.issued(credit_note)
        self.assertEqual(row["red"]["blue"], move.ereceipt_uuid)

    def test_a_part_of_construction_is_taken_back(self):
        move = self.valid(price=100.0, **self.CONSTRUCTION)
        self.back(move, price_unit=40.0)
        [bill] = self.control.confirmations()
        [line] = bill["lines"]
        self.assertEqual((line["excl"], line["num"]), ("-40.00", ""))
        self.back(move, price_unit=60.0)
        with self.assertRaisesRegex(UserError, "fits no line|are left of"):
            self.reversal(move, price_unit=1.0)

    # -------------------------------------------------------------------------
    # LEASE
    # -------------------------------------------------------------------------

    def test_lease(self):
        move = self.valid(quantity=100.0, price=10.0, **self.LEASE)
        order = self.sent(move)
        self.assertEqual(order["specificFactor"], "6")
        self.assertEqual(
            order["realPropertyRentInfo"],
            {
                "realPropertyAddress": "上海市浦东新区",
                "detailAddress": "测试路2号",
                "rentStartDate": "2026-01-01",
                "rentEndDate": "2026-12-31",
                "crossCityFlag": "0",
                "realPropertyCertificate": "沪房地浦字(2020)第1号",
                "unit": "2",
            },
        )
        [line] = order["invoiceDetail"]
        self.assertEqual(line["num"], "100")
        self.assertFalse({"unit", "specType"} & line.keys())

    def test_lease_lacks_what_it_needs(self):
        values = {
            **self.LEASE,
            "cn_place_address": "2号楼",
            "cn_lease_start": "2027-01-01",
            "cn_area_unit": False,
        }
        told = self.problems(**values)
        self.assertIn("must contain one of 街 路 村 乡 镇 道", told)
        self.assertIn("after its end on", told)
        self.assertIn("“Unit of area” is missing", told)

    def test_a_part_of_a_lease_is_taken_back(self):
        move = self.valid(quantity=10.0, **self.LEASE)
        credit_note = self.back(move, quantity=4.0)
        [bill] = self.control.confirmations()
        self.assertEqual([line["num"] for line in bill["lines"]], ["-4"])
        self.assertFalse(credit_note.cn_lease_start, "a copy has a period of its own")

    def test_product_is_the_property(self):
        office = self.env["product.product"].create(
            {
                "name": "301室",
                "taxes_id": [Command.set(self.vat.ids)],
                "cn_special": "06",
                "cn_place": "上海市浦东新区",
                "cn_place_address": "测试路3号",
                "cn_area_unit": "平方米",
            }
        )
        self.env["ereceipt.code.mapping"].create(
            {
                "authority": "cn_nuonuo",
                "kind": "item",
                "product_tmpl_id": office.product_tmpl_id.id,
                "code": SERVICE,
            }
        )
        line = {"product_id": office.id, "price_unit": 900.0}
        period = {"cn_lease_start": "2026-01-01", "cn_lease_end": "2026-01-31"}
        move = self.valid(lines=[line], **period)
        self.assertEqual(move.cn_special_used, "06")
        node = self.sent(move)["realPropertyRentInfo"]
        self.assertEqual(node["detailAddress"], "测试路3号")
        # what is said of the product afterwards changes nothing of what was issued
        office.write({"cn_place_address": "测试路9号"})
        self.assertIn("测试路3号", move.cn_special_text)
        own = self.valid(lines=[line], **period, cn_place_address="测试路4号")
        node = self.sent(own)["realPropertyRentInfo"]
        self.assertEqual(node["detailAddress"], "测试路4号")
        plain = self.valid(lines=[line], cn_special="none")
        self.assertEqual(self.sent(plain)["specificFactor"], "0")

    # -------------------------------------------------------------------------
    # THE RARER ONES
    # -------------------------------------------------------------------------

    def test_freight(self):
        rows = [FREIGHT, {**FREIGHT, "destination": "广州"}]
        move = self.valid(cn_special="04", cn_special_node=json.dumps(rows))
        order = self.sent(move)
        self.assertEqual(order["specificFactor"], "4")
        self.assertEqual(order["invoiceGoodsTransports"], rows)
        self.assertIn("广州", move.cn_special_text)

    def test_sale_of_real_estate(self):
        node = {
            "realPropertyAddress": "上海市浦东新区",
            "detailAddress": "测试路5号",
            "crossCityFlag": "0",
            "unit": "2",
        }
        move = self.valid(cn_special="05", cn_special_node=json.dumps(node))
        self.assertEqual(self.sent(move)["realPropertySellInfo"], node)

    def test_passengers_and_nobody(self):
        move = self.valid(cn_special="09")
        self.assertEqual(self.sent(move)["specificFactor"], "9")

    def test_farm_products_purchased(self):
        node = '{"certificateType": "201"}'
        move = self.valid(cn_special="16", cn_special_node=node)
        self.assertEqual(self.sent(move)["certificateType"], "201")

    def test_fuel(self):
        self.assertEqual(self.sent(self.valid(cn_special="01"))["specificFactor"], "1")

    def test_what_is_typed_is_looked_at(self):
        for text, sentence in (
            ("[{", "cannot be read from line 1, column 3 on"),
            (json.dumps([{**FREIGHT, "color": "red"}]), "has no “color (row 1)”"),
            (json.dumps([{**FREIGHT, "origin": ""}]), "“origin (row 1)” is missing"),
            (json.dumps([{**FREIGHT, "origin": "上" * 81}]), "cannot be used as"),
            (json.dumps(FREIGHT), "a list of 1 to 2000 rows"),
            ("", "a list of 1 to 2000 rows"),
        ):
            with self.subTest(text):
                told = self.problems(cn_special="04", cn_special_node=text)
                self.assertIn(sentence, told)

    def test_margin(self):
        voucher = {
            "voucherType": "09",
            "taxtotal": "60.00",
            "differenceTaxtotal": "50.00",
            "remark": "合同",
            "voucherSource": "1",
        }
        told = self.problems(cn_vouchers=json.dumps([voucher]))
        self.assertIn("The tax of", told, "it is reckoned of the margin")
        told = self.problems(cn_vouchers="[{}]")
        self.assertIn("“voucherType (row 1)” is missing", told)

    # -------------------------------------------------------------------------
    # PEOPLE
    # -------------------------------------------------------------------------

    def test_form_shows_what_was_chosen(self):
        moves = self.env["account.move"].with_user(self.accountant)
        with Form(moves.with_context(default_move_type="out_invoice")) as form:
            form.partner_id = self.customer
            form.journal_id = self.journal
            form.cn_special = "06"
            self.assertEqual(form.cn_special_used, "06")
            form.cn_place = "上海市浦东新区"
            form.cn_place_address = "测试路2号"
            form.cn_area_unit = "平方米"
            form.cn_lease_start = "2026-01-01"
            form.cn_lease_end = "2026-12-31"
            with form.invoice_line_ids.new() as line:
                line.product_id = self.item
        move = form.record
        move.action_post()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        form = Form(moves.with_context(default_move_type="out_invoice"))
        form.journal_id = self.journal
        form.cn_special = "04"
        self.assertIn("transportTool", form.cn_special_names)
        with self.assertRaises(AssertionError):
            form.cn_lease_start = "2026-01-01"

    def test_print(self):
        move = self.valid(**self.LEASE)
        rows = dict(move._ereceipt_print_values()["rows"])
        self.assertEqual(rows["Special business"], "Lease of real estate")
        self.assertEqual(rows["Place"], "上海市浦东新区测试路2号")
        self.assertEqual(rows["Leased"], "2026-01-01 – 2026-12-31")
        self.assertNotIn("Construction project", rows)
        plain = dict(self.valid()._ereceipt_print_values()["rows"])
        self.assertNotIn("Special business", plain)

    def test_what_was_issued_stays(self):
        move = self.valid(**self.LEASE)
        for values in (
            {"cn_special": "03"},
            {"cn_place": "x"},
            {"cn_lease_end": "2027-12-31"},
            {"cn_special_node": "{}"},
            {"cn_vouchers": "[]"},
        ):
            with (
                self.subTest(values),
                self.assertRaisesRegex(UserError, "was issued, and its fapiao says so"),
            ):
                move.write(values)
        move.write({"cn_lease_end": "2026-12-31", "cn_place": "上海市浦东新区"})
