import time
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from .cn_common import SELLER, CnNuonuoCommon


class TestCnRedBuyers(CnNuonuoCommon):
    """Red letters that buyers begin at the tax bureau."""

    def run_job(self, rounds=1):
        """Run the job as its scheduler would, with the time between gone by."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for _round in range(rounds):
                with self.env.registry.cursor() as cr:
                    env = self.env(cr=cr, su=True, context={})
                    env["ereceipt.registration"].search([]).write(
                        {"cn_red_fetched_at": False, "breaker_open_until": False}
                    )
                    requests = env["ereceipt.cn.red.request"]
                    requests.search(
                        [("answer_at", "!=", False)]
                    ).answer_at = fields.Datetime.now()
                    requests.with_context(
                        cron_end_time=time.monotonic() + 30
                    )._cron_run()
        self.env.invalidate_all()

    def begun(self, move=None, number=None, **order):
        """Have a buyer ask for a red letter, and return what is fetched of it."""
        move = move or self.valid(cn_fapiao_kind="81")
        self.control.buyer_applies(number or move.ereceipt_uuid, **order)
        self.run_job()
        return self.requests()[:1]

    def requests(self, user=None):
        found = self.env["ereceipt.cn.red.request"].with_user(user or self.accountant)
        return found.search([("registration_id", "=", self.registration.id)])

    def there(self):
        [bill] = self.control.confirmations()
        return bill

    # -------------------------------------------------------------------------
    # FETCHING
    # -------------------------------------------------------------------------

    def test_fetched(self):
        move = self.valid(cn_fapiao_kind="81", quantity=2.0)
        request = self.begun(move, reason="1")
        self.assertRecordValues(
            request,
            [
                {
                    "state": "03",
                    "blue_number": move.ereceipt_uuid,
                    "move_id": move.id,
                    "buyer_name": self.customer.name,
                    "amount_untaxed": 200.0,
                    "amount_tax": 26.0,
                    "amount_total": 226.0,
                    "reason": "02",
                    "step": "answer",
                }
            ],
        )
        self.assertIn("测试设备 × 2", request.lines_text)
        self.assertIn(request.time_left, ("71 h", "72 h"))
        [activity] = request.sudo().activity_ids
        self.assertEqual(activity.user_id, self.accountant, "the clerk's user")
        self.assertIn("226", activity.note)
        self.run_job()
        self.assertEqual(len(self.requests()), 1)
        self.assertEqual(len(request.sudo().activity_ids), 1)

    def test_fetched_by_a_person(self):
        move = self.valid(cn_fapiao_kind="81")
        self.control.buyer_applies(move.ereceipt_uuid)
        requests = self.env["ereceipt.cn.red.request"].with_user(self.accountant)
        self.env.flush_all()
        with self.enter_registry_test_mode():
            requests.action_fetch()
        self.assertEqual(self.requests().move_id, move)
        with self.assertRaises(AccessError):
            requests.with_user(self.auditor).action_fetch()

    def test_our_own_are_not_among_them(self):
        move = self.valid(cn_fapiao_kind="81")
        self.control.use(move.ereceipt_uuid)
        self.reversal(move)
        self.run_outbox()
        self.run_job()
        self.assertFalse(self.requests())

    def test_more_than_a_page(self):
        self.control.settings(one_open_confirmation=False)
        move = self.valid(quantity=60.0, cn_fapiao_kind="81")
        line = {
            "blueDetailIndex": "1",
            "goodsName": self.item.name,
            "specType": "X-1",
            "unit": self.issued(move)[0]["lines"][0]["unit"],
            "num": "-1",
            "taxExcludedPrice": "100",
            "taxExcludedAmount": "-100.00",
            "taxAmount": "-13.00",
            "taxRate": "0.13",
        }
        for _count in range(51):
            self.control.buyer_applies(move.ereceipt_uuid, detail=[line])
        self.run_job()
        self.assertEqual(len(self.requests()), 51)

    def test_one_of_a_split_order(self):
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])
        move = self.valid(price=250.0, cn_fapiao_kind="81")
        row = max(self.issued(move), key=lambda row: float(row["excl"]))
        request = self.begun(move, row["number"])
        self.assertEqual(request.move_id, move)
        request.action_confirm()
        self.run_job(rounds=2)
        credit_note = self.booked(request)
        self.assertEqual(credit_note.amount_untaxed, 100.0)
        credit_note.action_post()
        self.run_outbox(rounds=4)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        self.assertIn(row["number"], credit_note.cn_red_text)

    def test_without_an_invoice_of_ours(self):
        move = self.valid(cn_fapiao_kind="81")
        document = move.ereceipt_document_id.sudo()
        self.env.cr.execute(
            "UPDATE ereceipt_document SET authority_uid = NULL WHERE id = %s",
            [document.id],
        )
        number = move.ereceipt_uuid
        self.env.invalidate_all()
        request = self.begun(move, number)
        self.assertFalse(request.move_id)
        request.action_confirm()
        self.run_job(rounds=2)
        with self.assertRaisesRegex(UserError, "No invoice of ours"):
            request.action_book()

    # -------------------------------------------------------------------------
    # CONFIRMING
    # -------------------------------------------------------------------------

    def booked(self, request):
        """Return the draft that books a red letter."""
        action = request.action_book()
        credit_note = self.env["account.move"].browse(action["res_id"])
        return credit_note.with_user(self.accountant)

    def test_confirmed_and_booked(self):
        request = self.begun()
        request.action_confirm()
        self.assertEqual(request.step, "wait")
        self.assertFalse(request.sudo().activity_ids)
        self.run_job(rounds=2)
        self.assertEqual((request.state, request.step), ("04", "book"))
        self.assertRegex(request.red_number, "^[0-9]{20}$")
        self.assertTrue(request.sudo().activity_ids, "it has to be booked")
        credit_note = self.booked(request)
        self.assertEqual(credit_note.state, "draft")
        self.assertFalse(credit_note.ereceipt_problems)
        credit_note.action_post()
        self.run_outbox(rounds=4)
        self.assertEqual(
            credit_note.ereceipt_state,
            "valid",
            credit_note.ereceipt_document_id.problems,
        )
        self.assertEqual(credit_note.ereceipt_uuid, request.red_number)
        self.assertTrue(credit_note.ereceipt_document_id.sudo()._qr_now())
        self.assertEqual(len(self.control.confirmations()), 1, "not asked for again")
        self.assertEqual(request.step, "none")
        self.assertEqual(self.booked(request), credit_note, "and not booked twice")

    def test_partial(self):
        move = self.valid(quantity=5.0, cn_fapiao_kind="81")
        sold = self.issued(move)[0]["lines"][0]
        line = {
            "blueDetailIndex": "1",
            "goodsName": sold["name"],
            "specType": sold["spec"],
            "unit": sold["unit"],
            "num": "-2",
            "taxExcludedPrice": "100",
            "taxExcludedAmount": "-200.00",
            "taxAmount": "-26.00",
            "taxRate": "0.13",
        }
        request = self.begun(move, detail=[line])
        self.assertEqual(request.amount_total, 226.0)
        request.action_confirm()
        self.run_job(rounds=2)
        credit_note = self.booked(request)
        self.assertEqual(credit_note.amount_total, 226.0)
        credit_note.action_post()
        self.run_outbox(rounds=4)
        self.assertEqual(credit_note.ereceipt_state, "valid")
        rest = self.reversal(move, quantity=3.0)
        self.run_outbox(rounds=5)
        self.assertEqual(
            rest.ereceipt_state, "valid", rest.ereceipt_document_id.problems
        )

    def test_another_amount_is_told(self):
        request = self.begun(self.valid(quantity=5.0, cn_fapiao_kind="81"))
        request.action_confirm()
        self.run_job(rounds=2)
        credit_note = self.booked(request)
        credit_note.invoice_line_ids.quantity = 4.0
        self.assertIn("Make its lines the same", str(credit_note.ereceipt_problems))
        with self.assertRaisesRegex(UserError, "Make its lines the same"):
            credit_note.action_post()

    def test_not_asked_for_beside_the_buyer(self):
        """A credit note of one's own is refused while the buyer's request is open."""
        move = self.valid(cn_fapiao_kind="81")
        self.begun(move)
        with self.assertRaisesRegex(UserError, "has asked at the tax bureau"):
            self.reversal(move)

    def test_refused(self):
        request = self.begun()
        action = request.action_refuse()
        form = Form(
            self.env[action["res_model"]]
            .with_user(self.accountant)
            .with_context(**action["context"])
        )
        form.reason = "没有退货"
        form.save().action_refuse()
        self.run_job()
        self.assertEqual(request.state, "06")
        self.assertEqual(self.there()["state"], "06")
        [exchange] = self.env["ereceipt.exchange"].search(
            [("purpose", "=", "red_confirm")]
        )
        self.assertIn("没有退货", exchange.request_text)
        with self.assertRaisesRegex(UserError, "is not agreed"):
            request.action_book()

    # -------------------------------------------------------------------------
    # ANSWERED ONCE
    # -------------------------------------------------------------------------

    def test_answered_twice_here(self):
        request = self.begun()
        request.action_confirm()
        with self.assertRaisesRegex(UserError, "has answered for"):
            request.with_user(self.manager).action_confirm()
        self.run_job()
        with self.assertRaisesRegex(UserError, "waits for nobody here"):
            request.action_confirm()

    def test_answered_there_meanwhile(self):
        """Somebody of the company agreed at the bureau: ours changes nothing, and is
        no error."""
        request = self.begun()
        request.action_confirm()
        authority = self.registration.sudo()._authority()
        with self.enter_registry_test_mode():
            authority.red_letters().answer(request.bill_uuid, True)
        self.run_job(rounds=2)
        self.assertEqual(request.state, "04")
        self.assertFalse(request.last_error)
        self.assertFalse(self.control.refusals())

    def test_answer_lost(self):
        """The bureau has taken the answer and nobody saw that: it is asked, not told
        again."""
        request = self.begun()
        self.control.fault("confirm", "drop_after", times=1)
        request.action_confirm()
        self.run_job()
        self.assertTrue(request.last_error)
        self.run_job(rounds=2)
        self.assertEqual(request.state, "04")
        self.assertFalse(self.control.refusals(), "it was not told twice")

    def test_no_line(self):
        request = self.begun()
        self.control.fault("confirm", "rate_limit", times=1)
        request.action_confirm()
        self.run_job()
        self.assertEqual(self.there()["state"], "03")
        self.assertEqual(request.step, "wait")
        self.assertTrue(request.last_error)
        self.run_job(rounds=2)
        self.assertEqual(request.state, "04")

    def test_the_bureau_does_not_carry_it_out(self):
        request = self.begun()
        self.control.fault("red", "red_request_fails", times=1)
        request.action_confirm()
        self.run_job(rounds=2)
        self.assertEqual((request.state, request.step), ("03", "answer"))
        self.assertTrue(request.sudo().activity_ids)
        request.action_confirm()
        self.run_job(rounds=2)
        self.assertEqual(request.state, "04")

    def test_72_hours_pass(self):
        request = self.begun()
        request.sudo().expires_at = fields.Datetime.now() - timedelta(hours=1)
        with self.assertRaisesRegex(UserError, "72 hours"):
            request.action_confirm()
        self.pass_72_hours()
        self.run_job()
        self.assertEqual(request.state, "07")
        self.assertFalse(request.sudo().activity_ids)

    def pass_72_hours(self):
        """Let them pass at the bureau alone, whose tokens would end as well."""
        store = self.app.store
        with store.lock:
            for bill in store.bills.values():
                bill.deadline = 0.0

    def test_72_hours_pass_before_the_bureau_is_told(self):
        request = self.begun()
        request.action_confirm()
        self.pass_72_hours()
        self.run_job()
        self.assertEqual((request.state, request.step), ("07", "none"))
        self.assertFalse(request.last_error)

    def test_void_before_it_is_seen(self):
        self.control.settings(confirm_hours=0.0)
        request = self.begun()
        self.assertFalse(request, "it is void before it is seen")

    def test_only_who_issues(self):
        request = self.begun()
        with self.assertRaises(AccessError):
            request.with_user(self.auditor).action_confirm()
        with self.assertRaises(AccessError):
            request.write({"state": "04"})
