from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .cn_common import CnNuonuoCommon
from .common import EreceiptCommon


class TestCnTogether(CnNuonuoCommon):
    """Several invoices of one customer on one fapiao."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device.issue_moment = "manual"

    def invoices(self, *prices, **values):
        """Return posted invoices that wait for a person, one for each price."""
        moves = self.env["account.move"].with_user(self.accountant)
        for price in prices:
            moves |= self.invoice(price=price, **values)
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"waiting"})
        return moves

    def together(self, *prices, **values):
        """Return invoices that are on one fapiao, which is valid."""
        moves = self.invoices(*prices, **values)
        moves.action_ereceipt_issue_together()
        self.run_outbox()
        document = moves.ereceipt_document_id
        self.assertEqual(document.mapped("state"), ["valid"], document.problems)
        return moves

    def refused_together(self, *prices):
        """Return invoices whose one fapiao the bureau has refused."""
        self.control.fault("issue", "issue_fails", times=1, message="商品编码不可用")
        moves = self.invoices(*prices)
        moves.action_ereceipt_issue_together()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["invalid"] * len(moves))
        return moves

    def told(self, moves):
        """Return what the dialog says against one fapiao of invoices; nothing was
        changed."""
        before = moves.sudo().ereceipt_link_ids
        action = moves.action_ereceipt_issue_together()
        self.assertEqual(action["res_model"], "ereceipt.problems")
        dialog = self.env["ereceipt.problems"].browse(action["res_id"])
        self.env.invalidate_all()
        self.assertEqual(moves.sudo().ereceipt_link_ids, before)
        self.assertIn("Nothing was issued", dialog.intro)
        return list(dialog.alerts.values())

    def assert_says(self, alerts, *sentences):
        shown = " ".join(alert["message"] for alert in alerts)
        for sentence in sentences:
            self.assertIn(sentence, shown)

    # -------------------------------------------------------------------------
    # ISSUING
    # -------------------------------------------------------------------------

    def test_one_fapiao_of_three(self):
        moves = self.together(100.0, 33.33, 0.07, cn_remark="合同 7")
        [order] = self.orders()
        self.assertEqual(order["handed_over"], 1)
        [row] = self.issued(moves[0])
        self.assertEqual(set(moves.mapped("ereceipt_uuid")), {row["number"]})
        total = sum(moves.mapped("amount_total"))
        self.assertEqual(float(row["incl"]), round(total, 2))
        document = moves.ereceipt_document_id
        self.assertAlmostEqual(document.amount_total, total)
        lines = self.sent(moves[0])["invoiceDetail"]
        nets = [float(line["taxExcludedAmount"]) for line in lines]
        self.assertEqual(nets, [100.0, 33.33, 0.07], "in their order")
        self.assertEqual(self.sent(moves[0])["remark"], "合同 7")
        self.assertFalse(self.control.refusals())
        self.assertFalse(moves.sudo().activity_ids)

    def test_amounts_tie_out_to_the_cent(self):
        """Each invoice rounds its own tax, and the fapiao is their sum."""
        moves = self.invoices(*[0.37 + step / 100 for step in range(12)])
        moves.action_ereceipt_issue_together()
        self.run_outbox()
        [row] = self.issued(moves[0])
        cents = [round(move.amount_total * 100) for move in moves]
        self.assertEqual(round(float(row["incl"]) * 100), sum(cents))
        taxes = [round(move.amount_tax * 100) for move in moves]
        self.assertEqual(round(float(row["tax"]) * 100), sum(taxes))

    def test_each_shows_that_it_is_one_of_several(self):
        first, second = self.together(100.0, 50.0)
        self.assertEqual(first.ereceipt_together_ids, second)
        self.assertEqual(second.ereceipt_together_ids, first)
        rows = dict(second._ereceipt_print_values()["rows"])
        self.assertEqual(rows["Fapiao"], first.ereceipt_uuid)
        self.assertEqual(rows["On one fapiao with"], first.name)
        self.assertIn("169.50", rows["Total of the fapiao"])
        with Form(second) as form:
            self.assertEqual(form.ereceipt_uuid, first.ereceipt_uuid)
        alone = self.invoice(price=1.0)
        self.assertFalse(alone.ereceipt_together_ids)

    def test_remarks_of_all(self):
        moves = self.invoices(10.0, cn_remark="合同 7")
        moves |= self.invoices(20.0, cn_remark="合同 8")
        moves |= self.invoices(30.0, cn_remark="合同 7")
        moves.action_ereceipt_issue_together()
        self.run_outbox()
        self.assertEqual(self.sent(moves[0])["remark"], "合同 7；合同 8")

    def test_who_may(self):
        moves = self.invoices(10.0, 20.0)
        with self.assertRaises(AccessError):
            moves.with_user(self.auditor).action_ereceipt_issue_together()
        with self.assertRaisesRegex(UserError, "Choose the invoices"):
            moves[0].action_ereceipt_issue_together()

    def test_split_of_several(self):
        company = {"tax_number": self.company.vat, "single_limit": "100.00"}
        self.control.register(companies=[company])
        moves = self.together(80.0, 80.0)
        self.assertGreater(len(self.issued(moves[0])), 1)
        self.assertIn("\n", moves[1].cn_fapiao_text)

    # -------------------------------------------------------------------------
    # WHAT DOES NOT FIT
    # -------------------------------------------------------------------------

    def test_everything_that_differs_is_told_at_once(self):
        moves = self.invoices(10.0)
        moves |= self.invoices(20.0, partner_id=self.person.id)
        moves |= self.invoices(20.0, cn_fapiao_kind="81")
        included = self.vat.copy(
            {"name": "13% 含税", "price_include_override": "tax_included"}
        )
        line = {
            "product_id": self.item.id,
            "price_unit": 113.0,
            "tax_ids": [Command.set(included.ids)],
        }
        moves |= self.invoices(0.0, lines=[line])
        alerts = self.told(moves)
        first, person, special, priced = moves
        self.assert_says(
            alerts,
            f"{person.name} is for another customer than {first.name}",
            f"{special.name} is another kind of document than {first.name}",
            f"{priced.name} has prices with the tax in them",
        )
        self.assertNotIn("another buyer", str(alerts), "that follows from the customer")
        self.assertTrue(all("action" in alert for alert in alerts), "each has a link")

    def test_another_device_and_another_currency(self):
        administration = self.env(user=self.administrator.id)
        other = administration["ereceipt.device"].create(
            {
                "name": "Desk 2",
                "registration_id": self.registration.id,
                "cn_clerk": "李静",
                "issue_moment": "manual",
                "journal_ids": [Command.set(self.journal_2.ids)],
            }
        )
        other.action_activate()
        moves = self.invoices(10.0)
        moves |= self.invoices(20.0, journal_id=self.journal_2.id)
        self.assert_says(self.told(moves), "is issued on another device than")
        dollars = self.env.ref("base.USD")
        dollars.active = True
        moves = self.invoices(10.0)
        moves |= self.invoice(price=10.0, currency_id=dollars.id)
        self.assert_says(self.told(moves), "is in another currency than")

    def test_what_is_not_ready(self):
        moves = self.invoices(10.0)
        moves |= self.invoice(price=20.0, post=False)
        sold = self.valid_alone(40.0)
        issued = self.invoices(30.0)
        issued.action_ereceipt_issue()
        moves |= issued
        moves |= self.reversal(sold)
        alerts = self.told(moves)
        self.assert_says(
            alerts,
            "is not posted. Confirm it first",
            f"{issued.name} was issued already (Queued)",
            "takes a sale back, which it does alone",
        )

    def valid_alone(self, price):
        move = self.invoices(price)
        move.action_ereceipt_issue()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        return move

    def test_what_the_authority_would_refuse_of_the_whole(self):
        moves = self.invoices(10.0, cn_remark="备" * 150)
        moves |= self.invoices(20.0, cn_remark="注" * 150)
        self.assert_says(self.told(moves), "has a length of 301; at most 200 fit")

    def test_special_business_stands_alone(self):
        moves = self.invoices(10.0, cn_special="09")
        moves |= self.invoices(20.0)
        self.assert_says(self.told(moves), "is of another special business than")
        node = '{"certificateType": "201"}'
        farm = {"cn_special": "16", "cn_special_node": node}
        moves = self.invoices(10.0, **farm) | self.invoices(20.0, **farm)
        self.assert_says(self.told(moves), "stand on a fapiao of their own")

    # -------------------------------------------------------------------------
    # LOCKED
    # -------------------------------------------------------------------------

    def test_before_it_has_left_none_is_changed_alone(self):
        moves = self.invoices(10.0, 20.0)
        moves.action_ereceipt_issue_together()
        for move in moves:
            self.assertEqual(move.ereceipt_state, "queued")
            self.assertFalse(move.show_reset_to_draft_button)
            with self.assertRaisesRegex(UserError, "Take them apart first"):
                move.button_draft()
            with self.assertRaisesRegex(UserError, "was issued, and its fapiao"):
                move.cn_remark = "x"

    def test_once_it_is_valid_all_are_locked(self):
        moves = self.together(10.0, 20.0)
        for move in moves:
            with self.assertRaisesRegex(UserError, "Make a credit note instead"):
                move.button_draft()
            with self.assertRaisesRegex(UserError, "posted|issued"):
                move.invoice_line_ids.write({"price_unit": 5.0})
        with self.assertRaisesRegex(UserError, "Take them back with credit notes"):
            moves.action_ereceipt_take_apart()

    # -------------------------------------------------------------------------
    # TAKING APART
    # -------------------------------------------------------------------------

    def test_taken_apart_before_it_has_left(self):
        moves = self.invoices(10.0, 20.0)
        moves.action_ereceipt_issue_together()
        merged = moves.ereceipt_document_id
        moves[0].action_ereceipt_take_apart()
        self.assertEqual(merged.state, "withdrawn")
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting"] * 2)
        self.assertEqual(len(moves.ereceipt_document_id), 2)
        self.assertFalse(moves.ereceipt_together_ids)
        self.run_outbox()
        self.assertFalse(self.orders(), "nothing is sent unasked")
        moves[0].button_draft()
        moves[1].action_ereceipt_issue()
        self.run_outbox()
        self.assertEqual(moves[1].ereceipt_state, "valid")
        self.assertEqual(float(self.issued(moves[1])[0]["excl"]), 20.0)

    def test_put_together_again(self):
        moves = self.invoices(10.0, 20.0, 30.0)
        moves[:2].action_ereceipt_issue_together()
        moves[:2].action_ereceipt_take_apart()
        moves[1:].action_ereceipt_issue_together()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting", "valid", "valid"])
        self.assertEqual(moves[1].ereceipt_together_ids, moves[2])

    def test_nothing_to_take_apart(self):
        with self.assertRaisesRegex(UserError, "None of these is on one document"):
            self.invoices(10.0).action_ereceipt_take_apart()

    # -------------------------------------------------------------------------
    # REFUSED
    # -------------------------------------------------------------------------

    def test_corrected_together(self):
        moves = self.refused_together(10.0, 20.0)
        refused = moves.ereceipt_document_id
        moves[1].action_ereceipt_correct()
        self.run_outbox()
        document = moves.ereceipt_document_id
        self.assertEqual(document.state, "valid", document.problems)
        self.assertEqual(document.replaces_id, refused)
        self.assertEqual(document.link_ids.move_id, moves)
        self.assertEqual(refused.state, "superseded")
        self.assertFalse(moves.sudo().activity_ids)

    def test_one_is_changed_and_all_corrected_together(self):
        moves = self.refused_together(10.0, 20.0)
        changed, other = moves
        changed.button_draft()
        changed.invoice_line_ids.price_unit = 15.0
        action = other.action_ereceipt_correct()
        dialog = self.env["ereceipt.problems"].browse(action["res_id"])
        self.assert_says(dialog.alerts.values(), "is not posted. Confirm it, or take")
        changed.action_post()
        self.assertEqual(changed.ereceipt_document_id.waiting_reason, "person")
        other.action_ereceipt_correct()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 2)
        [row] = self.issued(other)
        self.assertEqual(float(row["excl"]), 35.0)
        self.assertEqual(moves.ereceipt_document_id.amount_total, 39.55)

    def test_corrected_separately(self):
        moves = self.refused_together(10.0, 20.0)
        refused = moves.ereceipt_document_id
        moves.action_ereceipt_take_apart()
        self.assertEqual(refused.state, "superseded")
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting"] * 2)
        moves[1].action_ereceipt_issue()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting", "valid"])
        moves[0].action_ereceipt_issue()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 2)
        self.assertEqual(moves.ereceipt_document_id.replaces_id, refused)
        numbers = set(moves.mapped("ereceipt_uuid"))
        self.assertEqual(len(numbers), 2)

    def test_what_was_cancelled_is_no_part_of_the_correction(self):
        moves = self.refused_together(10.0, 20.0)
        moves[0].button_cancel()
        moves[1].action_ereceipt_correct()
        self.run_outbox()
        self.assertEqual(moves[1].ereceipt_state, "valid")
        self.assertEqual(float(self.issued(moves[1])[0]["excl"]), 20.0)
        self.assertEqual(moves[1].ereceipt_document_id.link_ids.move_id, moves[1])

    def test_none_is_given_up_for_the_others(self):
        moves = self.refused_together(10.0, 20.0)
        self.assertIn("Take them apart", moves[0]._ereceipt_why_not_anew())

    # -------------------------------------------------------------------------
    # TAKING BACK
    # -------------------------------------------------------------------------

    def back(self, move, **line_values):
        credit_note = self.reversal(move, **line_values)
        credit_note.action_ereceipt_issue()
        self.run_outbox(rounds=5)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        return credit_note

    def test_one_of_them_is_taken_back_by_its_own_lines(self):
        """The same is sold at the same price by each of them."""
        first, second, third = self.together(100.0, 100.0, 100.0)
        self.back(second)
        [bill] = self.control.confirmations()
        self.assertEqual([line["blue"] for line in bill["lines"]], [2])
        self.assertEqual(bill["blue"], first.ereceipt_uuid)
        self.assertFalse(first._ereceipt_returns())
        self.assertEqual(second._ereceipt_returns(), second.reversal_move_ids)
        self.back(third)
        self.back(first)
        blues = [b["lines"][0]["blue"] for b in self.control.confirmations()]
        self.assertEqual(sorted(blues), [1, 2, 3])

    def test_no_more_than_its_own_is_taken_back(self):
        moves = self.together(100.0, 100.0)
        self.back(moves[0])
        again = self.reversal(moves[0])
        action = again.action_ereceipt_issue()
        dialog = self.env["ereceipt.problems"].browse(action["res_id"])
        self.assert_says(dialog.alerts.values(), "fits no line")

    def test_a_part_of_one_is_taken_back(self):
        moves = self.together(100.0, 60.0, quantity=4.0)
        self.back(moves[1], quantity=1.0)
        [bill] = self.control.confirmations()
        [line] = bill["lines"]
        self.assertEqual((line["blue"], line["num"], line["excl"]), (2, "-1", "-60.00"))


class TestTogetherElsewhere(EreceiptCommon):
    """An authority that knows no document of several invoices."""

    def test_told(self):
        self.device.issue_moment = "manual"
        moves = self.invoice() | self.invoice()
        action = moves.action_ereceipt_issue_together()
        alerts = self.env["ereceipt.problems"].browse(action["res_id"]).alerts
        self.assertEqual(len(alerts), 2)
        for alert in alerts.values():
            self.assertIn("knows no document of several invoices", alert["message"])
        self.assertEqual(moves.mapped("ereceipt_state"), ["waiting"] * 2)
