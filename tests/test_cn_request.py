from odoo import Command
from odoo.exceptions import AccessError, UserError

from .cn_common import BUYER, CnNuonuoCommon
from .request_common import ORDINARY, OTHER_NUMBER, SPECIAL, RequestKit

NAME = "新抬头有限公司"


class TestCnRequest(RequestKit, CnNuonuoCommon):
    """Sales asks, finance issues."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sales = cls.make_salesperson("sales")
        cls.colleague = cls.make_salesperson("colleague")

    def setUp(self):
        super().setUp()
        self.device.sudo().issue_moment = "request"

    def by(self, user, request):
        return request.with_user(user)

    def other_title(self, **values):
        return {"buyer_name": NAME, "buyer_number": OTHER_NUMBER, **values}

    # -------------------------------------------------------------------------
    # FROM ASKING TO THE FAPIAO
    # -------------------------------------------------------------------------

    def test_from_the_wish_to_the_fapiao(self):
        move = self.invoice()
        self.assertEqual(
            (move.ereceipt_state, self.reason(move)), ("waiting", "approval")
        )
        self.assertIn("somebody asks for it", move.ereceipt_what_now)
        request = self.ask(
            move,
            self.sales,
            **self.other_title(cn_fapiao_kind=SPECIAL, cn_address="测试区1号"),
            cn_bank="测试银行",
            cn_account="6222 0000",
            cn_remark="合同 9",
            wanted_by="2030-01-01",
        )
        self.assertEqual(request.state, "asked")
        self.assertFalse(request.problems)
        self.assertIn("when the request for it is granted", move.ereceipt_what_now)
        [activity] = request.sudo().activity_ids
        self.assertEqual(activity.user_id, self.accountant)
        self.assertEqual(str(activity.date_deadline), "2030-01-01")

        self.by(self.accountant, request).action_grant()
        self.assertEqual(request.state, "granted")
        self.assertEqual(request.decided_by_id, self.accountant)
        self.assertFalse(request.sudo().activity_ids)
        self.assertEqual(move.ereceipt_state, "queued")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        sent = self.sent(move)
        self.assertEqual(sent["buyerName"], NAME)
        self.assertEqual(sent["buyerTaxNum"], OTHER_NUMBER)
        self.assertEqual(sent["buyerAddress"], "测试区1号")
        self.assertEqual(sent["buyerAccount"], "测试银行 6222 0000")
        self.assertEqual(sent["invoiceLine"], "bs")
        self.assertIn("合同 9", sent["remark"])
        self.assertEqual(self.customer.vat, BUYER, "the contact stays as it was")

    def test_who_asked_is_told_and_sees_it(self):
        move = self.invoice()
        request = self.ask(move, self.sales)
        self.by(self.accountant, request).action_grant()
        self.run_outbox()
        own = self.by(self.sales, request)
        [found] = own.read(["ereceipt_state", "ereceipt_uuid", "state"])
        self.assertEqual(found["ereceipt_state"], "valid")
        self.assertEqual(found["ereceipt_uuid"], move.ereceipt_uuid)
        told = own.message_ids.filtered(
            lambda m: self.sales.partner_id in m.notified_partner_ids
        )
        self.assertIn(move.ereceipt_uuid, " ".join(told.mapped("body")))

    def test_a_draft_is_posted_by_the_grant(self):
        move = self.invoice(post=False)
        request = self.ask(move, self.sales)
        self.by(self.accountant, request).action_grant()
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "queued"))

    def test_the_title_is_that_of_the_contact_unless_another_is_given(self):
        request = self.ask(self.invoice(), self.sales)
        self.assertEqual(request.buyer_kind, "company")
        self.assertEqual(request.buyer_name, self.customer.name)
        self.assertEqual(request.buyer_number, BUYER)
        self.assertFalse(request.difference)

    def test_numbers_are_taken_as_they_are_meant(self):
        number = " ９１11 0108-551385082q "
        request = self.ask(self.invoice(), self.sales, buyer_number=number)
        self.assertEqual(request.buyer_number, OTHER_NUMBER)

    def test_sent_back_and_asked_again(self):
        move = self.invoice()
        request = self.ask(move, self.sales)
        refusals = self.env["ereceipt.request.refusal"].with_user(self.accountant)
        action = self.by(self.accountant, request).action_send_back()
        wizard = refusals.with_context(**action["context"]).create(
            {"reason": "税号请核对"}
        )
        wizard.action_send_back()
        own = self.by(self.sales, request)
        self.assertEqual((own.state, own.reason), ("returned", "税号请核对"))
        [activity] = request.sudo().activity_ids
        self.assertEqual(activity.user_id, self.sales)
        self.assertIn("sent back", move.ereceipt_what_now)
        own.write(self.other_title())
        own.action_ask_again()
        self.assertEqual((own.state, own.reason), ("asked", False))
        [activity] = request.sudo().activity_ids
        self.assertEqual(activity.user_id, self.accountant)

    def test_withdrawn_goes_on_as_the_device_says(self):
        for moment, state, reason in (
            ("posting", "queued", False),
            ("manual", "waiting", "person"),
            ("request", "waiting", "approval"),
        ):
            with self.subTest(moment):
                self.device.sudo().issue_moment = moment
                move = self.invoice(post=False)
                request = self.ask(move, self.sales)
                move.action_post()
                self.assertEqual(self.reason(move), "approval")
                self.by(self.sales, request).action_withdraw()
                self.assertEqual(move.ereceipt_state, state)
                self.assertEqual(self.reason(move), reason)

    def test_what_was_asked_for_waits_whatever_is_paid(self):
        self.device.sudo().issue_moment = "payment"
        move = self.invoice()
        self.assertEqual(self.reason(move), "payment")
        request = self.ask(move, self.sales)
        self.assertEqual(self.reason(move), "approval")
        move._invoice_paid_hook()
        self.assertEqual(move.ereceipt_state, "waiting")
        self.by(self.accountant, request).action_grant()
        self.assertEqual(move.ereceipt_state, "queued", "who grants wants it issued")

    def test_issue_now_leads_to_the_request(self):
        move, second = self.invoice(), self.invoice()
        request = self.ask(move, self.sales)
        action = move.action_ereceipt_issue()
        self.assertEqual(
            (action["res_model"], action["res_id"]), (request._name, request.id)
        )
        action = second.action_ereceipt_what_now()
        self.assertEqual(action["context"], {"default_move_id": second.id})
        with self.assertRaisesRegex(UserError, "when a request for each is granted"):
            (move | second).action_ereceipt_issue()
        self.assertEqual((move | second).mapped("ereceipt_state"), ["waiting"] * 2)
        self.assertFalse(self.orders())

    def test_the_last_granted_title_counts(self):
        self.device.sudo().issue_moment = "payment"
        move = self.invoice(post=False)
        self.device.sudo().request_grant = "checked"
        first = self.ask(move, self.sales)
        second = self.ask(move, self.sales, **self.other_title())
        self.assertEqual((first | second).mapped("state"), ["granted"] * 2)
        move.action_post()
        move.action_ereceipt_issue()
        self.run_outbox()
        self.assertEqual(self.sent(move)["buyerName"], NAME)

    def test_red_letters_are_not_asked_for(self):
        move = self.invoice()
        self.by(
            self.accountant, self.ask(move, self.sales, **self.other_title())
        ).action_grant()
        self.run_outbox()
        credit_note = self.reversal(move)
        self.assertEqual(credit_note.ereceipt_state, "queued")
        self.run_outbox()
        self.assertEqual(
            credit_note.ereceipt_state, "valid", credit_note.ereceipt_problems
        )
        with self.assertRaisesRegex(UserError, "Only what is sold"):
            self.ask(credit_note, self.sales)

    def test_another_title_after_a_refusal(self):
        self.control.fault("issue", "issue_fails", times=1, message="抬头有误")
        move = self.invoice()
        self.by(self.accountant, self.ask(move, self.sales)).action_grant()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        request = self.ask(move, self.sales, **self.other_title())
        self.assertEqual(move.ereceipt_state, "invalid")
        self.by(self.accountant, request).action_grant()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        self.assertEqual(self.sent(move)["buyerName"], NAME)

    # -------------------------------------------------------------------------
    # WHAT IS WRONG
    # -------------------------------------------------------------------------

    def test_what_is_wrong_with_the_title(self):
        for values, sentence in (
            ({"buyer_number": False}, "needs its tax number"),
            ({"buyer_number": BUYER[:-1] + "X"}, "cannot be right"),
            ({"buyer_kind": "person"}, "take “"),
            ({"buyer_name": False}, "Enter the name"),
            (
                {"buyer_kind": "person", "buyer_number": False, "cn_fapiao_kind": "81"},
                "Only a company",
            ),
            ({"cn_address": "路" * 80, "cn_phone": "1" * 50}, "Shorten it"),
        ):
            with self.subTest(sentence), self.env.cr.savepoint() as savepoint:
                request = self.ask(self.invoice(), self.sales, **values)
                self.assertIn(sentence, str(request.problems))
                savepoint.rollback()
                self.env.invalidate_all()

    def test_what_would_be_refused_is_not_granted(self):
        move = self.invoice()
        request = self.ask(
            move,
            self.sales,
            buyer_kind="person",
            buyer_number=False,
            cn_fapiao_kind=SPECIAL,
        )
        with self.assertRaises(UserError) as raised:  # with a savepoint
            self.by(self.accountant, request).action_grant()
        self.assertIn("special fapiao", str(raised.exception))
        self.assertEqual((request.state, move.ereceipt_state), ("asked", "waiting"))
        self.by(self.accountant, request).cn_fapiao_kind = ORDINARY
        self.by(self.accountant, request).action_grant()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        self.assertNotIn("buyerTaxNum", self.sent(move))

    def test_too_long(self):
        with self.assertRaisesRegex(UserError, "at most 100 characters"):
            self.ask(self.invoice(), self.sales, buyer_name="名" * 101)

    def test_nothing_is_asked_twice_or_too_late(self):
        move = self.invoice()
        self.by(self.accountant, self.ask(move, self.sales)).action_grant()
        with self.assertRaisesRegex(UserError, "is issued already as"):
            self.ask(move, self.sales)
        self.assertFalse(move.with_user(self.sales).ereceipt_requestable)

    # -------------------------------------------------------------------------
    # THE CONTACT
    # -------------------------------------------------------------------------

    def test_the_contact_is_changed_by_a_person(self):
        request = self.ask(
            self.invoice(),
            self.sales,
            **self.other_title(cn_address="北京市海淀区1号", cn_account="6222"),
        )
        for part in (NAME, self.customer.name, OTHER_NUMBER, "6222"):
            self.assertIn(part, request.difference)
        self.by(self.accountant, request).action_grant()
        self.assertEqual(self.customer.vat, BUYER)
        manager = self.make_user(
            "keeper",
            "base.group_user",
            "base.group_partner_manager",
            "account.group_account_invoice",
        )
        self.by(manager, request).action_update_contact()
        self.assertEqual((self.customer.name, self.customer.vat), (NAME, OTHER_NUMBER))
        self.assertEqual(self.customer.street, "北京市海淀区1号")
        self.assertFalse(self.customer.bank_ids, "money is sent to those")
        self.assertNotIn(NAME, self.by(manager, request).difference)

    def test_the_contact_is_changed_by_the_device(self):
        self.device.sudo().request_updates_contact = True
        request = self.ask(self.invoice(), self.sales, **self.other_title())
        self.assertEqual(self.customer.vat, BUYER)
        self.by(self.accountant, request).action_grant()
        self.assertEqual((self.customer.name, self.customer.vat), (NAME, OTHER_NUMBER))

    # -------------------------------------------------------------------------
    # BY ITSELF
    # -------------------------------------------------------------------------

    def test_granted_at_once_where_nothing_is_found(self):
        self.device.sudo().request_grant = "checked"
        move = self.invoice()
        bad = self.ask(move, self.sales, buyer_number=BUYER[:-1] + "X")
        self.assertEqual((bad.state, move.ereceipt_state), ("asked", "waiting"))
        self.by(self.sales, bad).action_withdraw()
        good = self.ask(move, self.sales)
        self.assertEqual((good.state, move.ereceipt_state), ("granted", "queued"))

    # -------------------------------------------------------------------------
    # WHO MAY
    # -------------------------------------------------------------------------

    def test_who_asks_does_not_issue(self):
        move = self.invoice()
        request = self.ask(move, self.sales)
        own = self.by(self.sales, request)
        for attempt in (
            own.action_grant,
            own.action_send_back,
            own.action_update_contact,
            lambda: own.write({"state": "granted"}),
            lambda: own.write({"requester_id": self.colleague.id}),
            lambda: self.ask(self.invoice(), self.sales, state="granted"),
            own.unlink,
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual((request.state, move.ereceipt_state), ("asked", "waiting"))

    def test_two_persons(self):
        self.device.sudo().request_two_persons = True
        self.device.sudo().request_grant = "checked"
        move = self.invoice()
        request = self.ask(move, self.accountant)
        self.assertEqual(request.state, "asked", "nobody else has seen it")
        with self.assertRaisesRegex(UserError, "wants two persons"):
            request.action_grant()
        self.by(self.manager, request).action_grant()
        self.assertEqual(move.ereceipt_state, "queued")

    def test_what_was_decided_stays(self):
        request = self.ask(self.invoice(), self.sales)
        self.by(self.accountant, request).action_grant()
        for user in (self.sales, self.accountant, self.manager):
            with self.assertRaisesRegex(UserError, "was decided"):
                self.by(user, request).write({"buyer_name": NAME})
            with self.assertRaisesRegex(UserError, "decided already"):
                self.by(user, request).action_withdraw()
        other = self.ask(self.invoice(), self.sales)
        with self.assertRaisesRegex(UserError, "stays with its invoice"):
            other.move_id = self.invoice()

    def test_only_own_ones_are_seen(self):
        request = self.ask(self.invoice(), self.sales)
        requests = self.env["ereceipt.request"]
        self.assertFalse(requests.with_user(self.colleague).search([]))
        with self.assertRaises(AccessError):
            self.by(self.colleague, request).read(["buyer_name"])
        own_sale = self.invoice(invoice_user_id=self.colleague.id)
        other = self.ask(own_sale, self.sales)
        self.assertEqual(requests.with_user(self.colleague).search([]), other)
        for user in (self.accountant, self.auditor):
            seen = requests.with_user(user).search([])
            self.assertEqual(seen, request | other, user.name)
        with self.assertRaises(AccessError):
            self.by(self.auditor, request).write({"buyer_name": NAME})

    def test_whoever_sees_no_invoices_asks_for_none(self):
        stranger = self.make_user(
            "stranger", "base.group_user", "account_ereceipt.group_ereceipt_requester"
        )
        with self.assertRaises(AccessError):
            self.ask(self.invoice(), stranger)

    def test_other_companies_see_nothing(self):
        request = self.ask(self.invoice(), self.sales)
        other = self.env["res.company"].create({"name": "另一家公司"})
        there = self.make_salesperson("there", companies=other)
        boss = self.make_user(
            "boss",
            "base.group_user",
            "account.group_account_manager",
            "account_ereceipt.group_ereceipt_admin",
            companies=other,
        )
        for user in (there, boss):
            requests = self.env["ereceipt.request"].with_user(user)
            self.assertFalse(requests.search([]))
            with self.assertRaises(AccessError):
                self.by(user, request).read(["buyer_name"])
            with self.assertRaises(AccessError):
                self.ask(self.invoice(), user)

    def test_many_are_granted_together(self):
        moves = self.env["account.move"].union(*(self.invoice() for _n in range(3)))
        requests = self.env["ereceipt.request"].union(
            *(self.ask(move, self.sales) for move in moves)
        )
        self.by(self.accountant, requests).action_grant()
        self.run_outbox()
        self.assertEqual(moves.mapped("ereceipt_state"), ["valid"] * 3)

    def test_posting_asks_for_requests_once(self):
        """The queries do not grow with what is posted."""

        def queries(count):
            moves = self.env["account.move"].union(
                *(self.invoice(post=False) for _n in range(count))
            )
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            moves.mapped(lambda m: m._ereceipt_hold_reason())
            moves._ereceipt_granted_requests()
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertLessEqual(queries(6), queries(2))

    def test_lines_have_nothing_to_do_with_it(self):
        """What is wrong with an invoice besides its title is no problem of its
        request."""
        self.item_mapping.unlink()
        self.device.sudo().problem_policy = "wait"
        line = {
            "product_id": self.item.id,
            "price_unit": 1.0,
            "tax_ids": [Command.set(self.vat.ids)],
        }
        request = self.ask(self.invoice(lines=[line]), self.sales)
        self.assertFalse(request.problems)
