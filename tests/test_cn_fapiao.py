from odoo import Command
from odoo.exceptions import UserError, ValidationError

from .cn_common import BUYER, CLERK, GOODS, SELLER, SERVICE, CnNuonuoCommon


class TestCnFapiao(CnNuonuoCommon):
    """An office in Shanghai: from Confirm to the number of the fapiao."""

    # -------------------------------------------------------------------------
    # ISSUE AND FOLLOW
    # -------------------------------------------------------------------------

    def test_ordinary_fapiao(self):
        move = self.invoice()
        document = move.ereceipt_document_id
        self.assertEqual(document.state, "queued")
        self.assertFalse(document.authority_uid)
        self.run_outbox()
        self.assertEqual(document.state, "valid", document.problems)
        [row] = self.issued(move)
        self.assertRegex(move.ereceipt_uuid, "^[0-9]{20}$")
        self.assertEqual(row["number"], move.ereceipt_uuid)
        order = row["order"]
        self.assertEqual(order["invoiceLine"], "pc")
        self.assertEqual(order["salerTaxNum"], SELLER)
        self.assertEqual(order["buyerTaxNum"], BUYER)
        self.assertEqual(order["clerk"], CLERK)
        self.assertFalse(self.control.refusals())

    def test_qr_code_comes_with_the_answer(self):
        move = self.valid()
        text = move.ereceipt_document_id._qr_now()
        self.assertTrue(text.startswith(f"01,32,,{move.ereceipt_uuid},113.00,"), text)
        self.assertTrue(move.ereceipt_qr_image)

    def test_lines_say_what_was_sold(self):
        move = self.valid(quantity=3.0, price=33.33)
        [line] = self.sent(move)["invoiceDetail"]
        self.assertEqual(line["goodsCode"], GOODS)
        self.assertEqual(line["specType"], "X-1")
        self.assertEqual(line["taxExcludedAmount"], "99.99")
        self.assertEqual(line["num"], "3")

    def test_special_fapiao(self):
        move = self.valid(cn_fapiao_kind="81")
        [row] = self.issued(move)
        self.assertEqual(row["order"]["invoiceLine"], "bs")
        self.assertIn(",31,,", f"{move.ereceipt_document_id._qr_now()}")

    def test_usual_kind_of_the_customer_and_the_device(self):
        self.assertEqual(self.kind(), "82")
        self.device.document_type = "81"
        self.assertEqual(self.kind(), "81")
        self.assertEqual(self.kind(partner_id=self.person.id), "82")
        self.customer.cn_fapiao_kind = "82"
        self.assertEqual(self.kind(), "82")
        self.assertEqual(self.kind(cn_fapiao_kind="81"), "81")

    def kind(self, **values):
        return self.invoice(**values).ereceipt_document_id.document_type

    def test_person_without_a_number(self):
        move = self.valid(partner_id=self.person.id)
        [row] = self.issued(move)
        self.assertEqual(row["order"]["buyerName"], "王小明")
        self.assertNotIn("buyerTaxNum", row["order"])

    def test_person_finds_it_in_his_account(self):
        self.person.ereceipt_identity = "310101199001011237"
        move = self.valid(partner_id=self.person.id)
        [row] = self.issued(move)
        self.assertEqual(row["order"]["naturalPersonFlag"], "1")
        self.assertEqual(row["order"]["buyerTaxNum"], "310101199001011237")

    def test_discount_is_a_line_of_its_own(self):
        line = {
            "product_id": self.item.id,
            "price_unit": 200.0,
            "discount": 10.0,
            "tax_ids": [Command.set(self.vat.ids)],
        }
        move = self.valid(lines=[line])
        lines = self.sent(move)["invoiceDetail"]
        properties = [one["invoiceLineProperty"] for one in lines]
        self.assertEqual(properties, ["2", "1"])

    def test_price_with_the_tax_in_it(self):
        included = self.vat.copy(
            {"name": "13% 含税", "price_include_override": "tax_included"}
        )
        line = {
            "product_id": self.item.id,
            "price_unit": 113.0,
            "tax_ids": [Command.set(included.ids)],
        }
        move = self.valid(lines=[line])
        [detail] = self.sent(move)["invoiceDetail"]
        self.assertEqual(detail["withTaxFlag"], "1")
        self.assertEqual((detail["price"], detail["tax"]), ("113", "13.00"))

    def test_exempt_by_its_policy(self):
        exempt = self.vat.copy({"name": "免税", "amount": 0.0})
        self.env["ereceipt.code.mapping"].create(
            {
                "authority": "cn_nuonuo",
                "kind": "tax",
                "tax_id": exempt.id,
                "code": "VAT",
                "subcode": "03",
            }
        )
        line = {
            "product_id": self.item.id,
            "price_unit": 50.0,
            "tax_ids": [Command.set(exempt.ids)],
        }
        move = self.valid(lines=[line])
        self.assertEqual(move.amount_total, 50.0)

    def test_code_of_the_category(self):
        self.item_mapping.unlink()
        self.item.categ_id = self.env["product.category"].create({"name": "设备"})
        self.env["ereceipt.code.mapping"].create(
            {
                "authority": "cn_nuonuo",
                "kind": "item",
                "categ_id": self.item.categ_id.id,
                "code": SERVICE,
            }
        )
        move = self.valid()
        self.assertEqual(self.sent(move)["invoiceDetail"][0]["goodsCode"], SERVICE)

    def test_print_shows_the_fapiao(self):
        move = self.valid()
        rows = dict(move._ereceipt_print_values()["rows"])
        self.assertEqual(rows["Fapiao"], move.ereceipt_uuid)
        self.assertEqual(rows["Kind of fapiao"], "Ordinary")

    # -------------------------------------------------------------------------
    # WHAT IS SAID BEFORE
    # -------------------------------------------------------------------------

    def test_problems_before_posting(self):
        self.item_mapping.unlink()
        self.company.phone = False
        move = self.invoice(post=False, cn_fapiao_kind="81", partner_id=self.person.id)
        shown = str(move.ereceipt_problems)
        for part in ("tax classification code", "telephone", "needs the buyer's tax"):
            self.assertIn(part, shown)
        with self.assertRaisesRegex(UserError, "tax classification code"):
            move.action_post()

    def test_code_has_19_digits(self):
        with self.assertRaisesRegex(ValidationError, "it has 19 digits"):
            self.item_mapping.code = "123"
        self.assertEqual(self.item_mapping.scheme, "SPBM")

    def test_device_has_a_kind_of_fapiao(self):
        self.assertEqual(self.device.document_type, "82")
        with self.assertRaisesRegex(ValidationError, "no kind of fapiao"):
            self.device.document_type = "90"

    def test_clerk_is_needed(self):
        self.device.cn_clerk = False
        with self.assertRaisesRegex(UserError, "Nobody is named who issues"):
            self.invoice()

    def test_what_was_issued_stays(self):
        move = self.valid(cn_remark="合同 7")
        with self.assertRaisesRegex(UserError, "was issued, and its fapiao says so"):
            move.cn_remark = "合同 8"

    # -------------------------------------------------------------------------
    # ON THE WAY
    # -------------------------------------------------------------------------

    def test_lost_answer_is_asked_about(self):
        self.control.fault("requestBillingNew", "drop_after", times=1)
        move = self.invoice()
        self.run_outbox(rounds=1)
        self.assertIn(move.ereceipt_state, ("unknown", "submitted", "valid"))
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(len(self.orders()), 1)
        self.assertEqual(self.orders()[0]["handed_over"], 1)

    def test_never_arrived_is_sent_again(self):
        self.control.fault("requestBillingNew", "drop_before", times=1)
        move = self.invoice()
        self.run_outbox(rounds=6)
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(len(self.orders()), 1)

    def test_refused_by_the_bureau(self):
        self.control.fault("issue", "issue_fails", times=1, message="商品编码不可用")
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertIn("商品编码不可用", str(move.ereceipt_document_id.problems))
        move.action_ereceipt_correct()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_correction_has_an_order_number_of_its_own(self):
        self.control.fault("issue", "issue_fails", times=1, message="限额")
        move = self.invoice()
        self.run_outbox()
        first = move.ereceipt_document_id.authority_ids["order"]
        move.action_ereceipt_correct()
        self.run_outbox()
        self.assertNotEqual(first, move.ereceipt_document_id.authority_ids["order"])

    def test_nothing_is_cancelled(self):
        move = self.valid()
        self.assertFalse(move.need_cancel_request)
        with self.assertRaises(UserError):
            move.ereceipt_document_id._ask_to_cancel("x")
