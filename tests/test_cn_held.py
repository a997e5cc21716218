from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError

from .cn_common import SELLER, CnNuonuoCommon


class TestCnHeld(CnNuonuoCommon):
    """Issuing waits while the clerk is logged out, and goes on by itself."""

    def held(self, **account):
        """Return an invoice that the bureau holds, for how the clerk's account is."""
        self.control.account(SELLER, **account)
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "submitted")
        return move

    def logged_out(self):
        return self.held(logged_in=False)

    def activities(self):
        return self.device.sudo().activity_ids

    def wizard(self, **values):
        values = {"device_id": self.device.id, **values}
        return self.env["ereceipt.cn.session"].with_user(self.accountant).create(values)

    def opened(self, move):
        """Return the dialog as it opens from an invoice."""
        action = move.with_user(self.accountant).action_cn_log_in()
        return (
            self.env[action["res_model"]]
            .with_user(self.accountant)
            .browse(action["res_id"])
        )

    # -------------------------------------------------------------------------
    # HELD
    # -------------------------------------------------------------------------

    def test_held_while_logged_out(self):
        move = self.logged_out()
        document = move.ereceipt_document_id
        self.assertEqual(document.held_code, "not_logged_in")
        self.assertIn("clerk has logged in", move.ereceipt_what_now)
        self.assertEqual(move.ereceipt_action, "action_cn_log_in")
        self.assertIn("not logged in", str(move.ereceipt_problems))
        self.assertTrue(move.ereceipt_locked)

    def test_the_clerk_is_asked_once(self):
        self.logged_out()
        self.invoice()
        self.run_outbox()
        activity = self.activities()
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.accountant)
        self.assertIn("not logged in", activity.note)

    def test_goes_on_by_itself(self):
        moves = self.logged_out() | self.invoice()
        self.run_outbox()
        self.control.account(SELLER, logged_in=True)
        self.run_outbox(rounds=5)
        for move in moves:
            self.assertEqual(move.ereceipt_state, "valid")
            self.assertFalse(move.ereceipt_document_id.held_code)
        self.assertFalse(self.activities())
        self.assertEqual(len(self.orders()), 2)
        self.assertEqual({row["handed_over"] for row in self.orders()}, {1})

    def test_stays_held_while_nothing_is_mended(self):
        move = self.logged_out()
        self.run_outbox(rounds=4)
        self.assertEqual(move.ereceipt_document_id.held_code, "not_logged_in")
        order = move.ereceipt_document_id.authority_ids["order"]
        [row] = self.control.invoices(order)
        self.assertFalse(row["retries"], "no try is spent")

    def test_held_again_waits_longer(self):
        """The provider says that the clerk is logged in, and the bureau does not."""
        self.control.fault("issue", "issue_fails", message="请登录后重试")
        document = self.invoice().ereceipt_document_id
        for _round in range(8):
            self.run_outbox(rounds=1)
            if document.held_times == 2:
                break
        self.assertEqual(document.held_times, 2)
        self.assertEqual(document.held_code, "not_logged_in")
        wait = document.next_attempt_at - fields.Datetime.now()
        self.assertGreater(wait.total_seconds(), 400)

    def test_held_documents_do_not_wake_each_other(self):
        moves = self.logged_out() | self.invoice()
        self.run_outbox()
        first, other = moves.ereceipt_document_id.sudo()
        far = fields.Datetime.now() + timedelta(hours=1)
        for held_for, woken in ((0, False), (2, True)):
            now = fields.Datetime.now()
            first.held_code = "not_logged_in"
            other.next_attempt_at = far
            other.held_at = now - timedelta(minutes=held_for)
            self.env["ereceipt.work"].sudo()._goes_on(first)
            self.assertFalse(first.held_code)
            self.assertEqual(other.next_attempt_at < far, woken)

    def test_credit_line(self):
        company = {"tax_number": SELLER, "credit_line": "50.00"}
        self.control.register(companies=[company])
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_document_id.held_code, "credit_line")
        self.assertEqual(move.ereceipt_action, "action_ereceipt_ask")
        self.control.register(companies=[{**company, "credit_line": "5000.00"}])
        self.control.settings(credit_refresh_seconds=0)
        self.hours_pass(1)
        self.run_outbox(rounds=6)
        self.assertEqual(move.ereceipt_state, "valid")

    def test_given_up_after_twenty_tries(self):
        move = self.logged_out()
        self.control.account(SELLER, logged_in=True)
        self.control.fault("reInvoice", "refuse", code="E9613", message="重试次数超限")
        self.run_outbox(rounds=3)
        self.assertEqual(move.ereceipt_state, "invalid")
        self.assertIn("twenty times", str(move.ereceipt_document_id.problems))

    # -------------------------------------------------------------------------
    # SESSION
    # -------------------------------------------------------------------------

    def test_log_in_by_qr_code(self):
        move = self.logged_out()
        with self.enter_registry_test_mode():
            wizard = self.opened(move)
            self.assertIn("is not logged in", wizard.state_text)
            self.assertFalse(wizard.qr_image)
            wizard.action_get_code()
            self.assertTrue(wizard.qr_image)
            self.assertIn("Scan it with", wizard.state_text)
            wizard.action_check()
            self.assertFalse(wizard.is_good)
            self.control.scan(SELLER)
            wizard.action_scanned()
        self.assertTrue(wizard.is_good, wizard.state_text)
        self.run_outbox(rounds=4)
        self.assertEqual(move.ereceipt_state, "valid")

    def test_a_code_is_used_again_while_it_is_good(self):
        move = self.logged_out()
        with self.enter_registry_test_mode():
            first = self.opened(move)
            first.action_get_code()
            second = self.opened(move)
            second.action_get_code()
            self.assertEqual(second.qr_text, first.qr_text)
            # whoever wants another one has to wait for the bureau
            second.action_get_code()
            self.assertIn("once a minute", second.state_text)
            self.assertEqual(second.qr_text, first.qr_text)
            self.control.settings(clock_offset=61)
            second.action_get_code()
        self.assertNotEqual(second.qr_text, first.qr_text)

    def test_messages_are_limited_alike(self):
        move = self.logged_out()
        with self.enter_registry_test_mode():
            wizard = self.opened(move)
            wizard.action_send_message()
            self.assertEqual(wizard.way, "message")
            wizard.action_send_message()
        self.assertIn("once a minute", wizard.state_text)

    def test_who_is_logged_in_is_told_so(self):
        move = self.logged_out()
        self.control.account(SELLER, logged_in=True)
        with self.enter_registry_test_mode():
            wizard = self.opened(move)
            self.assertIn("Nothing has to be done", wizard.state_text)
            self.assertFalse(wizard.is_good)
            wizard.action_check()
        self.assertTrue(wizard.is_good)
        self.assertIn("is logged in", wizard.state_text)

    def test_the_provider_is_away(self):
        move = self.logged_out()
        self.registration.sudo().cn_api_url = "http://127.0.0.1:9/"
        with self.enter_registry_test_mode():
            wizard = self.opened(move)
        self.assertIn("is not known", wizard.state_text)

    def test_the_provider_takes_its_time(self):
        """No request waits for it: the dialog looks again until it is there."""
        self.logged_out()
        self.control.settings(session_seconds=60)
        wizard = self.wizard()
        with self.enter_registry_test_mode():
            wizard.action_get_code()
            self.assertFalse(wizard.qr_image)
            self.assertEqual(wizard.look_again(), "code")
            self.assertIn("in a moment", wizard.state_text)
            self.control.settings(clock_offset=61)
            self.assertFalse(wizard.look_again())
            self.assertTrue(wizard.qr_image)
            self.control.scan(SELLER)
            wizard.action_scanned()
            self.assertFalse(wizard.is_good)
            self.assertEqual(wizard.look_again(), "login")
            self.control.settings(clock_offset=122)
            self.assertFalse(wizard.look_again())
        self.assertTrue(wizard.is_good, wizard.state_text)

    def test_the_provider_takes_too_long(self):
        """The dialog stops looking, and says what to do."""
        self.logged_out()
        self.control.settings(session_seconds=60)
        wizard = self.wizard()
        over = fields.Datetime.now() - timedelta(seconds=1)
        with self.enter_registry_test_mode():
            wizard.action_get_code()
            wizard.awaited_until = over
            self.assertFalse(wizard.look_again())
            self.assertIn("Press “Show it”", wizard.state_text)
            # who presses it has it looked for anew
            wizard.action_show_code()
            self.assertEqual(wizard.look_again(), "code")
            self.control.settings(clock_offset=61)
            wizard.look_again()
            wizard.action_scanned()
            wizard.awaited_until = over
            self.assertFalse(wizard.look_again())
        self.assertIn("not logged in yet", wizard.state_text)

    def test_the_provider_refuses_while_it_is_awaited(self):
        """Nobody has pressed a button, so it is said in the dialog."""
        self.logged_out()
        self.control.settings(session_seconds=60)
        wizard = self.wizard()
        with self.enter_registry_test_mode():
            wizard.action_get_code()
            self.control.fault("getQrCode", "refuse", message="次数超限")
            self.assertFalse(wizard.look_again())
        self.assertIn("次数超限", wizard.state_text)

    def test_log_in_by_text_message(self):
        self.logged_out()
        wizard = self.wizard()
        with self.enter_registry_test_mode():
            with self.assertRaisesRegex(UserError, "Enter the code"):
                wizard.action_enter_message()
            wizard.action_send_message()
            wizard.message_code = self.control.sms(SELLER)
            wizard.action_enter_message()
        self.assertTrue(wizard.is_good, wizard.state_text)

    def test_show_the_face(self):
        move = self.held(real_person="2", known="2")
        self.assertEqual(move.ereceipt_document_id.held_code, "person_check")
        self.control.settings(certification_refresh_seconds=0)
        with self.enter_registry_test_mode():
            wizard = self.opened(move)
            self.assertEqual(wizard.purpose, "person")
            self.assertIn("wants to see the face", wizard.state_text)
            wizard.action_get_code()
            self.assertTrue(wizard.qr_image)
            wizard.action_check()
            self.assertFalse(wizard.is_good)
            self.control.scan(SELLER, "person")
            wizard.action_scanned()
        self.assertTrue(wizard.is_good, wizard.state_text)
        self.run_outbox(rounds=4)
        self.assertEqual(move.ereceipt_state, "valid")

    def test_not_for_the_account_of_another_company(self):
        company = self.env["res.company"].create({"name": "别的公司"})
        groups = ("base.group_user", "account.group_account_invoice")
        stranger = self.make_user("stranger", *groups, companies=company)
        wizard = self.wizard().with_user(stranger)
        wizard = wizard.create({"device_id": self.device.id})
        for method in ("action_get_code", "action_check", "action_send_message"):
            with self.assertRaises(AccessError):
                getattr(wizard, method)()

    def test_calls_are_kept(self):
        before = self.env["ereceipt.exchange"].search_count([])
        with self.enter_registry_test_mode():
            self.wizard().action_check()
        self.assertGreater(self.env["ereceipt.exchange"].search_count([]), before)

    def test_the_provider_refuses(self):
        self.control.fault("getQrCode", "refuse", message="次数超限")
        with self.enter_registry_test_mode():
            with self.assertRaisesRegex(UserError, "次数超限"):
                self.wizard().action_show_code()
            wizard = self.wizard()
            wizard.action_get_code()
        self.assertIn("次数超限", wizard.state_text)
