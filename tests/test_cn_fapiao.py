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

    def taxed(self, percent, policy="", **values):
        """Return a tax of some percent, with a policy if one is told."""
        name = f"{percent} % {policy} {len(values)}"
        tax = self.vat.copy({"name": name, "amount": percent, **values})
        if policy:
            self.env["ereceipt.code.mapping"].create(
                {
                    "authority": "cn_nuonuo",
                    "kind": "tax",
                    "tax_id": tax.id,
                    "code": "VAT",
                    "subcode": policy,
                }
            )
        return tax

    def priced(self, tax, price=100.0, **values):
        return {
            "product_id": self.item.id,
            "price_unit": price,
            "tax_ids": [Command.set(tax.ids)],
            **values,
        }

    def test_policies_and_their_rates(self):
        """Exempt, not taxable, simplified, reduced, refunded; and zero by itself."""
        for percent, policy, tax in (
            (0.0, "03", "0.00"),
            (0.0, "04", "0.00"),
            (0.0, "", "0.00"),
            (3.0, "08", "3.00"),
            (5.0, "09", "5.00"),
            (1.5, "10", "1.50"),
            (13.0, "11", "13.00"),
        ):
            with self.subTest(percent=percent, policy=policy):
                line = self.priced(self.taxed(percent, policy))
                [detail] = self.sent(self.valid(lines=[line]))["invoiceDetail"]
                self.assertEqual(detail.get("favouredPolicyFlag", ""), policy)
                self.assertEqual(float(detail["taxRate"]), percent / 100)
                self.assertEqual(detail["tax"], tax)
                self.assertNotIn("zeroRateFlag", detail)
        self.assertFalse(self.control.refusals())

    def test_policy_of_another_rate(self):
        for percent, policy in ((13.0, "03"), (5.0, "08"), (1.5, "")):
            with self.subTest(policy), self.assertRaisesRegex(UserError, "rate"):
                self.invoice(lines=[self.priced(self.taxed(percent, policy))])

    def test_several_rates(self):
        lines = [
            self.priced(self.vat, price=33.33, quantity=3),
            self.priced(self.vat_6, price=0.05),
            self.priced(self.taxed(0.0, "04"), price=7.0),
        ]
        move = self.valid(lines=lines)
        [row] = self.issued(move)
        self.assertEqual(float(row["incl"]), move.amount_total)
        rates = [line["taxRate"] for line in self.sent(move)["invoiceDetail"]]
        self.assertEqual(rates, ["0.13", "0.06", "0"])

    def test_discount_on_a_price_with_the_tax_in_it(self):
        included = self.taxed(13.0, price_include_override="tax_included")
        line = self.priced(included, price=113.0, quantity=2, discount=15.0)
        move = self.valid(lines=[line])
        whole, off = self.sent(move)["invoiceDetail"]
        self.assertEqual((whole["withTaxFlag"], whole["price"]), ("1", "113"))
        self.assertEqual(whole["taxIncludedAmount"], "226.00")
        self.assertEqual(off["taxIncludedAmount"], "-33.90")
        self.assertNotIn("num", off)
        for name in ("goodsName", "goodsCode", "taxRate"):
            self.assertEqual(off[name], whole[name])
        self.assertEqual(move.amount_total, 192.1)

    def test_exempt_and_discounted(self):
        line = self.priced(self.taxed(0.0, "03"), price=50.0, discount=20.0)
        lines = self.sent(self.valid(lines=[line]))["invoiceDetail"]
        self.assertEqual([one["favouredPolicyFlag"] for one in lines], ["03", "03"])
        amounts = [one["taxExcludedAmount"] for one in lines]
        self.assertEqual(amounts, ["50.00", "-10.00"])

    def test_discount_on_the_whole_is_spread_over_the_lines(self):
        lines = [
            self.priced(self.vat, price=100.0),
            self.priced(self.vat, price=50.0),
            self.priced(self.vat, price=-30.0, name="折扣"),
        ]
        move = self.valid(lines=lines)
        sent = self.sent(move)["invoiceDetail"]
        properties = [line["invoiceLineProperty"] for line in sent]
        self.assertEqual(properties, ["2", "1", "2", "1"])
        nets = [float(line["taxExcludedAmount"]) for line in sent]
        self.assertAlmostEqual(sum(nets), 120.0)
        [row] = self.issued(move)
        self.assertEqual(float(row["incl"]), move.amount_total)

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
        printed = move._ereceipt_print_values()
        self.assertEqual(printed["title"], "Fapiao")
        rows = dict(printed["rows"])
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
