from .cn_common import SELLER, CnNuonuoCommon


class TestCnAnew(CnNuonuoCommon):
    """A fapiao is taken back and issued anew, in one go."""

    def anew(self, move, post=True):
        """Take an invoice back, and return its credit note and the new one."""
        wizard = (
            self.env["ereceipt.return.anew"]
            .with_user(self.accountant)
            .create({"move_id": move.id, "reason": "抬头有误", "post_new": post})
        )
        wizard.action_return_anew()
        return move.reversal_move_ids, move.ereceipt_anew_ids

    def test_taken_back_and_issued_anew(self):
        move = self.valid(cn_fapiao_kind="81", cn_remark="合同 7")
        red, new = self.anew(move)
        self.assertEqual(new.ereceipt_document_id.depends_on_id.state, "queued")
        self.run_outbox(rounds=6)
        self.assertEqual(red.ereceipt_state, "valid", red.ereceipt_problems)
        self.assertEqual(new.ereceipt_state, "valid", new.ereceipt_problems)
        [bill] = self.control.confirmations()
        self.assertEqual(bill["reason"], "2", "the provider's word for issued wrongly")
        self.assertEqual((new.cn_fapiao_kind, new.cn_remark), ("81", "合同 7"))
        self.assertNotEqual(new.ereceipt_uuid, move.ereceipt_uuid)
        self.assertEqual(move.payment_state, "reversed")

    def test_as_a_draft_first(self):
        move = self.valid()
        red, new = self.anew(move, post=False)
        self.assertEqual((red.state, new.state), ("posted", "draft"))
        self.run_outbox(rounds=5)
        new.invoice_line_ids.quantity = 3.0
        new.action_post()
        self.assertFalse(new.ereceipt_document_id.depends_on_id, "it is valid already")
        self.run_outbox()
        self.assertEqual(new.ereceipt_state, "valid")

    def waiting(self):
        """Return a sale that the buyer has used, its red letter, and the new one."""
        move = self.valid(cn_fapiao_kind="81")
        self.control.use(move.ereceipt_uuid)
        red, new = self.anew(move)
        self.run_outbox(rounds=4)
        self.assertEqual(red.ereceipt_state, "submitted")
        self.assertEqual(new.ereceipt_state, "queued", "it waits for the buyer's word")
        self.assertIn(red.name, new.ereceipt_what_now)
        return move, red, new

    def test_waits_for_the_buyer(self):
        _move, red, new = self.waiting()
        [bill] = self.control.confirmations()
        self.control.buyer(bill["bill_id"], True)
        self.run_outbox(rounds=6)
        self.assertEqual((red.ereceipt_state, new.ereceipt_state), ("valid", "valid"))

    def test_buyer_refuses(self):
        """Nothing is issued anew; when he agrees at the second time, it is."""
        _move, red, new = self.waiting()
        [bill] = self.control.confirmations()
        self.control.buyer(bill["bill_id"], False)
        self.run_outbox(rounds=3)
        self.assertEqual(red.ereceipt_state, "invalid")
        self.assertEqual(new.ereceipt_state, "queued")
        red.action_ereceipt_correct()
        self.run_outbox(rounds=2)
        [bill] = [b for b in self.control.confirmations() if b["state"] == "02"]
        self.control.buyer(bill["bill_id"], True)
        self.run_outbox(rounds=6)
        self.assertEqual((red.ereceipt_state, new.ereceipt_state), ("valid", "valid"))
        orders = [row["orderNo"] for row in self.control.orders()]
        self.assertEqual(len(orders), len(set(orders)))

    def test_given_up(self):
        """The buyer goes on refusing: credit note and new invoice are taken out of the
        books again."""
        _move, red, new = self.waiting()
        red.action_ereceipt_withdraw()
        self.run_outbox(rounds=3)
        new.button_draft()
        new.button_cancel()
        red.button_draft()
        red.button_cancel()
        self.assertEqual((red.state, new.state), ("cancel", "cancel"))

    def test_split(self):
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])
        move = self.valid(price=250.0)
        red, new = self.anew(move)
        self.run_outbox(rounds=8)
        self.assertEqual(
            (red.ereceipt_state, new.ereceipt_state),
            ("valid", "valid"),
            red.ereceipt_problems,
        )
        self.assertEqual(len(self.control.confirmations()), 3)
