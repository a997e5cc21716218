from odoo.exceptions import UserError

from .cn_common import SELLER, CnNuonuoCommon


class TestCnRedSplit(CnNuonuoCommon):
    """A sale on several fapiao is taken back fapiao by fapiao, by one credit note."""

    def setUp(self):
        super().setUp()
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])

    def bills(self):
        """Return the requests by the fapiao that each takes back."""
        found = {}
        for bill in self.control.confirmations():
            found.setdefault(bill["blue"], []).append(bill)
        return found

    def three(self, **values):
        """Return a sale of 250.00 on three fapiao, with their numbers, that of the
        smallest last: their order means nothing."""
        move = self.valid(price=250.0, **values)
        rows = sorted(self.issued(move), key=lambda row: -float(row["excl"]))
        self.assertEqual([row["excl"] for row in rows], ["100.00", "100.00", "50.00"])
        return move, [row["number"] for row in rows]

    def reds(self, credit_note):
        """Return what the bureau has issued for a credit note, by what it takes
        back."""
        rows = self.control.invoices()
        blues = {blue for blue, bills in self.bills().items() if bills}
        return {
            row["red"]["blue"]: row
            for row in rows
            if row["red"] and row["number"] and row["red"]["blue"] in blues
        }

    # -------------------------------------------------------------------------
    # WHAT IS TAKEN BACK
    # -------------------------------------------------------------------------

    def test_all_of_it(self):
        move, numbers = self.three()
        credit_note = self.reversal(move)
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        self.assertFalse(self.control.refusals())
        bills = self.bills()
        self.assertEqual(sorted(bills), sorted(numbers))
        self.assertEqual([len(rows) for rows in bills.values()], [1, 1, 1])
        reds = self.reds(credit_note)
        self.assertEqual(
            sum(float(row["incl"]) for row in reds.values()), -move.amount_total
        )
        self.assertIn(
            credit_note.ereceipt_uuid, [row["number"] for row in reds.values()]
        )
        for number in numbers:
            self.assertRegex(
                credit_note.cn_red_text, f"{number}.*{reds[number]['number']}"
            )
        self.assertFalse(credit_note.sudo().activity_ids)
        self.assertTrue(credit_note.ereceipt_document_id.sudo()._qr_now())

    def test_print_tells_which_takes_back_which(self):
        move, numbers = self.three()
        credit_note = self.reversal(move)
        self.run_outbox(rounds=5)
        rows = dict(credit_note._ereceipt_print_values()["rows"])
        for number in numbers:
            self.assertIn(number, rows["Red fapiao"])
        self.assertNotIn("Fapiao", rows)

    def test_files_of_each(self):
        move, numbers = self.three()
        credit_note = self.reversal(move)
        self.run_outbox(rounds=6)
        document = credit_note.ereceipt_document_id.sudo()
        names = " ".join(document.file_ids.mapped("name"))
        for row in self.reds(credit_note).values():
            self.assertIn(row["number"], names)

    def test_a_part_touches_as_few_fapiao_as_may_be(self):
        """50.00 is just what one of them has; 30.00 is a part of one."""
        move, numbers = self.three(quantity=1.0)
        first = self.reversal(move, quantity=0.2)
        self.run_outbox(rounds=5)
        self.assertEqual(
            first.ereceipt_state, "valid", first.ereceipt_document_id.problems
        )
        self.assertEqual(list(self.bills()), numbers[2:])
        second = self.reversal(move, quantity=0.12)
        self.run_outbox(rounds=5)
        self.assertEqual(
            second.ereceipt_state, "valid", second.ereceipt_document_id.problems
        )
        [(blue, [bill])] = [p for p in self.bills().items() if p[0] != numbers[2]]
        self.assertIn(blue, numbers)
        self.assertEqual([line["excl"] for line in bill["lines"]], ["-30.00"])

    def test_the_rest_after_a_part(self):
        move, numbers = self.three()
        self.reversal(move, quantity=0.12)
        self.run_outbox(rounds=5)
        rest = self.reversal(move, quantity=0.88)
        self.run_outbox(rounds=5)
        self.assertEqual(
            rest.ereceipt_state, "valid", rest.ereceipt_document_id.problems
        )
        taken = sum(
            float(line["incl"])
            for bills in self.bills().values()
            for bill in bills
            for line in bill["lines"]
        )
        self.assertAlmostEqual(taken, -move.amount_total, 2)
        with self.assertRaises(UserError):
            self.reversal(move, quantity=0.1)

    def test_several_lines(self):
        line = {"product_id": self.item.id, "tax_ids": self.vat.ids}
        lines = [
            {**line, "name": name, "quantity": 1, "price_unit": price}
            for name, price in (("甲", 60.0), ("乙", 90.0), ("丙", 150.0))
        ]
        move = self.valid(lines=lines)
        credit_note = self.reversal(move, post=False)
        credit_note.invoice_line_ids.filtered(lambda r: r.name != "乙").unlink()
        credit_note.action_post()
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        [(blue, bills)] = self.bills().items()
        [sold] = [row for row in self.issued(move) if row["number"] == blue]
        self.assertIn("乙", [line["name"] for line in sold["lines"]])
        self.assertEqual([line["name"] for line in bills[0]["lines"]], ["乙"])

    def test_without_their_lines_it_stays_refused(self):
        move, _numbers = self.three()
        document = move.ereceipt_document_id.sudo()
        ids = {n: v for n, v in document.authority_ids.items() if n != "_split"}
        document.authority_ids = ids
        with self.assertRaisesRegex(UserError, "did not tell which lines"):
            self.reversal(move)

    # -------------------------------------------------------------------------
    # NEVER ASKED TWICE
    # -------------------------------------------------------------------------

    def test_answer_lost_in_the_middle(self):
        """The second of three requests arrives, and its answer does not."""
        move, numbers = self.three()
        self.control.fault("saveInvoiceRedConfirm", "drop_after", times=1, after=1)
        credit_note = self.reversal(move)
        self.run_outbox(rounds=9)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        bills = self.bills()
        self.assertEqual(sorted(bills), sorted(numbers))
        self.assertEqual([len(rows) for rows in bills.values()], [1, 1, 1])
        self.assertFalse(self.control.refusals(), "none was asked for again")

    def test_line_breaks_in_the_middle(self):
        """The first arrives, and then there is no line for a while: the credit note
        stays locked, and only the others are asked for later."""
        move, numbers = self.three()
        self.control.fault("saveInvoiceRedConfirm", "rate_limit", times=1, after=1)
        credit_note = self.reversal(move)
        self.run_outbox(rounds=1)
        with self.assertRaises(UserError):
            credit_note.button_draft()
        self.run_outbox(rounds=9)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        self.assertEqual([len(rows) for rows in self.bills().values()], [1, 1, 1])

    # -------------------------------------------------------------------------
    # THE BUYER
    # -------------------------------------------------------------------------

    def waiting(self):
        """Return a credit note of which two fapiao are taken back, and the third waits
        for the buyer, who has used it; and that one's number."""
        move, numbers = self.three(cn_fapiao_kind="81")
        self.control.use(numbers[1])
        credit_note = self.reversal(move)
        self.run_outbox(rounds=4)
        self.assertEqual(credit_note.ereceipt_state, "submitted")
        self.assertIn("2 are taken back, 0 refused", credit_note.ereceipt_what_now)
        self.assertIn(f"{numbers[1]}: the buyer has to", credit_note.cn_red_text)
        return credit_note, numbers

    def refuse(self, blue):
        [bill] = [b for b in self.bills()[blue] if b["state"] == "02"]
        self.control.buyer(bill["bill_id"], False)

    def partly_refused(self):
        credit_note, numbers = self.waiting()
        self.refuse(numbers[1])
        self.run_outbox(rounds=4)
        self.assertEqual(credit_note.ereceipt_state, "invalid")
        return credit_note, numbers

    def test_buyer_agrees_to_the_last(self):
        credit_note, numbers = self.waiting()
        [bill] = self.bills()[numbers[1]]
        self.control.buyer(bill["bill_id"], True)
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "valid")

    def test_buyer_refuses_one_of_three(self):
        credit_note, numbers = self.partly_refused()
        problems = str(credit_note.ereceipt_problems)
        self.assertIn("2 of 3 fapiao were taken back", problems)
        self.assertIn("The buyer refused", problems)
        self.assertRegex(credit_note.cn_red_text, f"{numbers[1]}: refused")
        credit_note.action_ereceipt_correct()
        self.run_outbox(rounds=4)
        bills = self.bills()
        self.assertEqual([len(bills[n]) for n in numbers], [1, 2, 1])
        self.assertEqual(credit_note.ereceipt_state, "submitted")
        self.control.buyer(bills[numbers[1]][-1]["bill_id"], True)
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        for number in numbers:
            self.assertRegex(credit_note.cn_red_text, f"{number}: taken back by")
        self.assertFalse(self.control.refusals())

    def test_72_hours_pass_for_one_of_three(self):
        self.control.settings(confirm_hours=0.0)
        move, numbers = self.three(cn_fapiao_kind="81")
        self.control.use(numbers[1])
        credit_note = self.reversal(move)
        self.run_outbox(rounds=5)
        self.assertEqual(credit_note.ereceipt_state, "invalid")
        self.assertIn("within 72 hours", str(credit_note.ereceipt_problems))

    def test_what_stands_is_not_taken_out_of_the_books(self):
        credit_note, _numbers = self.partly_refused()
        with self.assertRaises(UserError):
            credit_note.button_cancel()
        self.assertEqual(credit_note.state, "posted")
        credit_note.button_draft()
        with self.assertRaisesRegex(UserError, "stands so"):
            credit_note.button_cancel()
        with self.assertRaises(UserError):
            credit_note.unlink()

    def test_less_is_booked_when_the_buyer_goes_on_refusing(self):
        """The credit note comes down to what the bureau has taken back."""
        credit_note, numbers = self.partly_refused()
        credit_note.button_draft()
        credit_note.invoice_line_ids.quantity = 0.6
        credit_note.action_post()
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        bills = self.bills()
        self.assertEqual([len(bills[n]) for n in numbers], [1, 1, 1])

    def test_what_stands_stays_on_it(self):
        credit_note, _numbers = self.partly_refused()
        credit_note.button_draft()
        credit_note.invoice_line_ids.quantity = 0.2
        with self.assertRaisesRegex(UserError, "Put its lines back"):
            credit_note.action_post()

    def test_what_stands_counts_for_others(self):
        """Another credit note cannot take back what one that was refused in part has
        taken back already."""
        credit_note, numbers = self.partly_refused()
        with self.assertRaises(UserError):
            self.reversal(credit_note.reversed_entry_id)
