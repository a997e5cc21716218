from .cn_common import SELLER, CnNuonuoCommon


class TestCnSplit(CnNuonuoCommon):
    """What is more than one fapiao may have is split by the provider."""

    def setUp(self):
        super().setUp()
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])

    def test_all_fapiao_of_the_order_are_shown(self):
        move = self.valid(price=250.0)
        rows = self.issued(move)
        self.assertGreater(len(rows), 1)
        lines = move.cn_fapiao_text.splitlines()
        self.assertEqual(len(lines), len(rows))
        for line, row in zip(lines, rows, strict=True):
            self.assertIn(row["number"], line)
        self.assertEqual(move.ereceipt_uuid, rows[0]["number"])
        totals = move.ereceipt_document_id._cn_nuonuo_parts()
        self.assertEqual(sum(float(total) for _number, total in totals), 282.5)
        self.assertFalse(self.told(move))

    def test_one_fapiao_is_no_split(self):
        self.assertFalse(self.valid(price=50.0).cn_fapiao_text)

    def test_sums_that_differ_are_told(self):
        self.control.fault("queryInvoiceResult", "wrong_total")
        move = self.invoice(price=250.0)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertIn("of what was issued is", self.told(move))

    def told(self, move):
        activities = move.sudo().activity_ids
        return " ".join(activities.mapped(lambda a: a.note or ""))

    def test_print_has_all_numbers(self):
        move = self.valid(price=250.0)
        rows = move._ereceipt_print_values()["rows"]
        printed = [text for name, text in rows if name == "Fapiao"]
        issued = self.issued(move)
        self.assertEqual(len(printed), len(issued))
        for row in issued:
            [text] = [text for text in printed if text.startswith(row["number"])]
            self.assertIn("¥", text, "each with its amount")

    def test_a_login_that_ends_in_the_middle_holds_the_rest(self):
        self.control.fault("issue", "logs_out", times=1, after=1)
        move = self.invoice(price=250.0)
        self.run_outbox(rounds=2)
        document = move.ereceipt_document_id
        self.assertEqual(move.ereceipt_state, "submitted")
        self.assertEqual(document.held_code, "not_logged_in")
        numbers = [row["number"] for row in self.issued(move)]
        self.assertEqual(len(list(filter(None, numbers))), 1)
        self.assertFalse(self.told(move), "nothing for the accountant to do")
        self.control.account(SELLER, logged_in=True)
        self.run_outbox(rounds=4)
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(len(self.issued(move)), 3)
        self.assertEqual(len(move.cn_fapiao_text.splitlines()), 3)
        [order] = self.orders()
        self.assertEqual(order["handed_over"], 1)
