from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import RIN
from .invoice_common import EgInvoiceCommon

BRICK = "10000051"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgCodeRequest(EgInvoiceCommon):
    """EGS codes are registered at ETA and followed until it has decided."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        category = cls.env["product.category"].create({"name": "Tableware"})
        cls.cup, cls.plate = cls.env["product.product"].create(
            [
                {
                    "name": name,
                    "default_code": code,
                    "categ_id": category.id,
                    "taxes_id": [Command.set(cls.vat.ids)],
                }
                for name, code in (("Cup", "CUP 1"), ("Plate", False))
            ]
        )
        cls.code = f"EG-{RIN}-CUP-1"

    def setUp(self):
        super().setUp()
        self.control.settings(codes_must_be_registered=True)

    def wizard(self, products, user=None, brick=BRICK):
        """Open the wizard from *Products without code* and fill it in."""
        form = Form(
            self.env["ereceipt.eg.code.request"]
            .with_user(user or self.manager)
            .with_context(active_model="ereceipt.missing.code", active_ids=products.ids)
        )
        if brick:
            form.brick = brick
        wizard = form.save()
        for line in wizard.line_ids:
            line.name_ar = line.name_ar or "كوب"
        return wizard

    def calls(self):
        """Return what was called about codes, the last first."""
        exchanges = self.env["ereceipt.exchange"].sudo()
        return exchanges.search([("registration_id", "=", self.invoicing.id)])

    def registered(self, product):
        wizard = self.wizard(product)
        self.press(wizard.action_register)
        self.assertEqual(wizard.line_ids.state, "registered", wizard.line_ids.refusal)
        return self.row(product)

    def row(self, product):
        return product.product_tmpl_id.ereceipt_mapping_ids.with_user(self.manager)

    def decide(self, row, status, reason=""):
        self.control.decide_code(int(row.eg_request_ref), status, reason)

    def upkeep(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr, su=True)["ereceipt.outbox"]._cron_upkeep()
        self.env.invalidate_all()

    def told(self, record):
        """Return what somebody was asked to do about a product or a registration."""
        record = getattr(record, "product_tmpl_id", record)
        return (
            self.env["mail.activity"]
            .sudo()
            .search([("res_model", "=", record._name), ("res_id", "=", record.id)])
        )

    def sell(self, product):
        self.desk.problem_policy = "wait"
        line = {
            "product_id": product.id,
            "price_unit": 10.0,
            "tax_ids": [Command.set(self.vat.ids)],
        }
        return self.sell_to_business(lines=[line])

    # -------------------------------------------------------------------------
    # REGISTERING
    # -------------------------------------------------------------------------

    def test_what_waits_for_an_approval_goes_on_by_itself(self):
        row = self.registered(self.cup)
        self.assertEqual((row.scheme, row.code), ("EGS", self.code))
        self.assertTrue(row.pending)
        (asked,) = self.control.code_requests()
        self.assertEqual(str(asked["id"]), row.eg_request_ref)
        self.assertEqual(asked["values"]["parentCode"], BRICK)
        move = self.sell(self.cup)
        self.assertEqual(move.ereceipt_state, "waiting")
        self.upkeep()
        self.assertTrue(row.pending, "ETA has not decided")
        self.decide(row, "Approved")
        self.upkeep()
        self.assertTrue(row.pending, "ETA was asked within the hour")
        self.pass_hour()
        self.upkeep()
        self.assertFalse(row.pending)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)

    def pass_hour(self):
        past = fields.Datetime.now() - timedelta(minutes=61)
        self.invoicing.sudo().eg_codes_asked_at = past

    def test_a_refused_code_is_told_and_stays_pending(self):
        row = self.registered(self.cup)
        self.decide(row, "Rejected", "No such brick")
        self.press(row.action_eg_ask)
        self.assertTrue(row.pending)
        self.assertEqual(row.eg_refusal, "No such brick")
        activity = self.told(self.cup)
        self.assertIn("No such brick", activity.note)
        self.assertEqual(activity.user_id, self.invoicing.responsible_id)
        self.press(row.action_eg_ask)
        self.assertEqual(len(self.told(self.cup)), 1, "it is told once")
        again = self.registered(self.cup)
        self.assertEqual(again, row)
        self.assertFalse(row.eg_refusal)
        self.assertFalse(self.told(self.cup), "it was asked for again")

    def test_a_code_that_eta_does_not_take_says_why(self):
        wizard = self.wizard(self.cup | self.plate)
        self.control.register(
            item_codes=[{"item_type": "EGS", "code": self.code, "rins": [RIN]}]
        )
        self.press(wizard.action_register)
        refused, taken = wizard.line_ids
        self.assertEqual((refused.state, taken.state), ("refused", "registered"))
        self.assertIn("exists already", refused.refusal)
        self.assertFalse(self.row(self.cup))
        self.assertTrue(self.row(self.plate).pending)
        self.assertFalse(wizard.is_done)

    def test_an_answer_that_was_lost_is_found_again(self):
        self.control.fault("code_request", "drop_after", times=1)
        row = self.registered(self.cup)
        (asked,) = self.control.code_requests()
        self.assertEqual(str(asked["id"]), row.eg_request_ref)

    def test_nothing_is_written_when_eta_cannot_be_asked(self):
        self.invoicing.with_user(self.administrator).client_secret = "wrong"
        wizard = self.wizard(self.cup)
        with self.assertRaises(UserError):
            self.press(wizard.action_register)
        self.assertFalse(self.row(self.cup))

    # -------------------------------------------------------------------------
    # WHAT IS KEPT OF THE CALLS
    # -------------------------------------------------------------------------

    def test_calls_are_kept_without_secrets_and_sealed(self):
        row = self.registered(self.cup)
        self.press(row.action_eg_ask)
        calls = self.calls()
        codes = calls.filtered(lambda call: call.purpose == "codes")
        self.assertEqual(codes.mapped("method"), ["GET", "POST"])
        self.assertEqual(set(codes.mapped("outcome")), {"ok"})
        self.assertIn(self.code, codes[1].request_text)
        self.assertEqual(codes.company_id, self.company)
        self.assertFalse(codes.device_id)
        self.assertEqual(codes[0].purpose_text, "Item codes")
        for call in calls:
            kept = str([call.request_text, call.response_text, call.request_headers])
            self.assertNotIn("sim-erp-secret", kept)
            self.assertNotRegex(kept, r"Bearer (?!\*\*\*)")
        self.env["ereceipt.seal"]._seal()
        self.assertFalse(self.env["ereceipt.seal"]._verify())

    def test_a_call_that_failed_is_kept(self):
        self.invoicing.with_user(self.administrator).client_secret = "wrong"
        wizard = self.wizard(self.cup)
        before = self.calls()
        self.refusal(wizard.action_register)
        [call] = self.calls() - before
        self.assertEqual((call.purpose, call.outcome), ("token", "authentication"))

    def test_refused_credentials_hold_every_call_back(self):
        self.invoicing.with_user(self.administrator).client_secret = "wrong"
        wizard = self.wizard(self.cup)
        self.refusal(wizard.action_register)
        self.assertGreater(self.invoicing.breaker_open_until, fields.Datetime.now())
        self.assertIn("held back", self.told(self.invoicing).mapped("summary")[0])
        before = self.calls()
        self.assertIn("held back until", self.refusal(wizard.action_register))
        self.assertEqual(self.calls(), before, "nothing was called")

    def test_what_eta_does_not_let_us_do_stops_no_invoices(self):
        self.control.fault("code_request", "status", times=9, status=403)
        wizard = self.wizard(self.cup)
        self.refusal(wizard.action_register)
        self.assertIn(403, self.calls().mapped("status"))
        self.assertFalse(self.invoicing.breaker_open_until)
        self.assertFalse(self.invoicing.breaker_failures)

    def test_failures_are_counted_and_forgotten_when_a_call_comes_through(self):
        row = self.registered(self.cup)
        self.control.fault("code_requests", "status", times=1, status=500)
        notice = self.press(row.action_eg_ask)["params"]
        self.assertEqual(notice["type"], "danger")
        self.assertEqual(self.invoicing.breaker_failures, 1)
        self.press(row.action_eg_ask)
        self.assertEqual(self.invoicing.breaker_failures, 0)

    def test_upkeep_asks_nothing_while_calls_are_held_back(self):
        row = self.registered(self.cup)
        self.decide(row, "Approved")
        self.pass_hour()
        until = fields.Datetime.now() + timedelta(minutes=5)
        self.invoicing.sudo().write(
            {"breaker_open_until": until, "breaker_reason": "It is down."}
        )
        before = self.calls()
        self.upkeep()
        self.assertEqual(self.calls(), before)
        notice = self.press(row.action_eg_ask)["params"]
        self.assertIn("It is down.", notice["message"])
        self.assertTrue(row.pending)
        self.invoicing.with_user(self.administrator).action_close_breaker()
        self.pass_hour()
        self.upkeep()
        self.assertFalse(row.pending)

    # -------------------------------------------------------------------------
    # THE LINES
    # -------------------------------------------------------------------------

    def test_all_problems_are_told_at_once(self):
        wizard = self.wizard(self.cup | self.plate, brick="12")
        wizard.line_ids.name_ar = False
        wizard.line_ids[1].item_code = self.code
        for line in wizard.line_ids:
            for part in ("GPC brick", "Arabic", "another product"):
                self.assertIn(part, line.problem)
        with self.assertRaisesRegex(UserError, "GPC brick"):
            wizard.action_register()
        self.assertFalse(self.control.code_requests())

    def test_the_brick_of_the_category_is_taken_over(self):
        self.registered(self.cup)
        wizard = self.wizard(self.plate, brick=False)
        line = wizard.line_ids
        self.assertEqual(line.brick, BRICK)
        self.assertEqual(line.item_code, f"EG-{RIN}-{self.plate.id}")
        self.assertEqual(line.name, "Plate")

    def test_what_has_a_code_or_was_asked_for_is_not_proposed(self):
        self.registered(self.cup)
        with self.assertRaisesRegex(UserError, "was asked for"):
            self.wizard(self.cup | self.item)

    # -------------------------------------------------------------------------
    # RIGHTS
    # -------------------------------------------------------------------------

    def test_who_has_not_the_role_is_refused(self):
        for user in (self.accountant, self.auditor):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.wizard(self.cup, user=user)
                with self.assertRaises(AccessError):
                    self.row(self.cup).with_user(user).action_eg_ask()
        row = self.registered(self.cup)
        with self.assertRaises(AccessError):
            row.eg_request_ref = "1"
