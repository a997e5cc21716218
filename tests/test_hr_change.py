from odoo.exceptions import AccessError, UserError

from .hr_common import BUYER_OIB, HrCisCommon


class TestHrChange(HrCisCommon):
    """What may still be said of a registered receipt: payment means and customer on its
    day, the tip for two days more."""

    def ask(self, move, user=None, **values):
        wizard = (
            self.env["ereceipt.hr.change"]
            .with_user(user or self.accountant)
            .create({"move_id": move.id, **values})
        )
        return wizard.action_apply()

    def activities(self, move):
        return move.sudo().activity_ids.filtered("ereceipt_cause").mapped("summary")

    def test_payment_means(self):
        move = self.valid()
        jir, content = move.ereceipt_uuid, move.ereceipt_document_id.sudo().content
        self.ask(move, means="K")
        document = move.ereceipt_document_id
        self.assertEqual((document.state, document.change), ("valid", "hr_payment"))
        self.assertIn("Change of the payment means", document.what_now)
        self.run_outbox()
        row = self.registered_as(move)
        self.assertEqual((row["payment"], row["jir"]), ("K", jir))
        self.assertFalse(document.change)
        self.assertFalse(document.sudo().next_attempt_at)
        self.assertEqual(document.sudo().content, content)
        self.assertEqual(dict(move._ereceipt_print_values()["rows"])["Payment"], "Card")
        # and once more, from what it is now
        self.ask(move, means="O")
        self.run_outbox()
        self.assertEqual(self.registered_as(move)["payment"], "O")

    def test_company_that_asks_for_its_oib(self):
        move = self.valid()
        self.ask(move, recipient=BUYER_OIB)
        self.run_outbox()
        self.assertEqual(self.registered_as(move)["buyer"], BUYER_OIB)
        self.ask(move, recipient="")
        self.run_outbox()
        self.assertFalse(self.registered_as(move)["buyer"])

    def test_tip(self):
        move = self.valid()
        self.ask(move, purpose="tip", tip=5.5, means="K")
        self.run_outbox()
        [tip] = self.registered_as(move)["tips"]
        self.assertIn("5.50", str(tip))
        self.assertEqual(self.registered_as(move)["total"], "125.00")

    def test_what_cis_would_refuse_is_not_asked(self):
        move = self.invoice()
        with self.assertRaisesRegex(UserError, "has no JIR yet"):
            self.ask(move, means="K")
        self.run_outbox()
        with self.assertRaisesRegex(UserError, "Nothing is different"):
            self.ask(move)
        with self.assertRaisesRegex(UserError, "OIB “123” is wrong"):
            self.ask(move, recipient="123")
        self.pass_time(days=1)
        with self.assertRaisesRegex(UserError, "on that day only"):
            self.ask(move, means="K")
        self.pass_time(days=2)
        with self.assertRaisesRegex(UserError, "within 2 days"):
            self.ask(move, purpose="tip", tip=1.0)

    def test_one_at_a_time(self):
        move = self.valid()
        self.ask(move, means="K")
        with self.assertRaisesRegex(UserError, "asked for something"):
            self.ask(move, purpose="tip", tip=1.0)

    def test_refused(self):
        move = self.valid()
        self.control.fault("promijeniNacPlac", "refuse", times=1, code="s008")
        self.ask(move, means="K")
        self.run_outbox()
        document = move.ereceipt_document_id
        self.assertEqual((document.state, document.change), ("valid", False))
        self.assertTrue(document.last_error)
        self.assertTrue(self.activities(move))
        self.assertEqual(self.registered_as(move)["payment"], "G")

    def test_lost_answer_is_asked_again(self):
        move = self.valid()
        self.control.fault("promijeniNacPlac", "drop_after", times=1)
        self.ask(move, means="K")
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_document_id.change, "hr_payment")
        self.run_outbox()
        self.assertFalse(move.ereceipt_document_id.change)
        self.assertEqual(self.registered_as(move)["payment"], "K")

    def test_answer_that_nobody_signed_counts_and_is_told(self):
        self.control.fault("racuni", "unsigned", times=1)
        move = self.valid()
        self.assertTrue(move.ereceipt_uuid)
        self.assertTrue(self.activities(move))

    def test_not_past_the_authority(self):
        move = self.valid()
        with self.assertRaisesRegex(UserError, "use Change payment"):
            move.hr_payment_means = "K"

    def test_roles(self):
        move = self.valid()
        self.assertTrue(move.action_hr_change())
        for user in (self.auditor, self.administrator):
            with self.assertRaises(AccessError):
                self.ask(move, user=user, means="K")

    def test_receipts_and_electronic_invoices_exclude_each_other(self):
        send = self.env["account.move.send"]
        if "l10n_hr_mer_connection_state" in self.company._fields:
            self.company.sudo().l10n_hr_mer_connection_state = "active"
        receipt = self.valid(partner_id=self.business.id)
        invoice = self.invoice(partner_id=self.business.id, hr_payment_means="T")
        self.assertFalse(send._is_applicable_to_move("mojeracun", receipt))
        self.assertTrue(send._is_applicable_to_move("mojeracun", invoice))
