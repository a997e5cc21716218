from odoo.tests import Form

from .cn_common import CnNuonuoCommon


class TestCnShown(CnNuonuoCommon):
    """What is read of a fapiao, a registration and its calls."""

    def issued(self):
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        return move

    def test_the_content_is_in_words(self):
        """Members and codes are named, in the reader's language."""
        self.env["res.lang"]._activate_lang("zh_CN")
        move = self.issued()
        document = move.ereceipt_document_id.with_user(self.accountant)
        shown = document.content_readable
        self.assertIn("Tax classification code", shown)
        self.assertIn("Normal line", shown)
        self.assertNotIn("order_no", shown)
        # the bytes stay what they are
        self.assertIn("order_no", document.content_pretty)

    def test_the_kind_stands_on_the_posted_invoice(self):
        """Also where nobody has chosen it."""
        move = self.issued()
        self.assertFalse(move.cn_fapiao_kind)
        seen = Form(move.with_user(self.accountant))
        self.assertIn("82", seen.cn_fapiao_kind_issued)
        self.assertIn("Ordinary fapiao", seen.cn_fapiao_kind_issued)

    def test_a_problem_of_the_invoice_itself_opens_nothing(self):
        """The form that it stands on is the one that it would open."""
        problem = {"code": "x", "message": "Wrong.", "values": {}, "path": ""}
        move = self.issued()
        document = move.ereceipt_document_id.sudo()
        document.problems = [
            {**problem, "record": ["account.move", move.id]},
            {**problem, "record": ["res.partner", self.customer.id]},
        ]
        move.invalidate_recordset(["ereceipt_problems"])
        own, other = move.with_user(self.accountant).ereceipt_problems.values()
        self.assertNotIn("action", own)
        self.assertEqual(other["action"]["res_model"], "res.partner")

    def test_activation_tests_the_registration_too(self):
        """Its devices sign in as one, so what one has shown counts for it."""
        self.assertTrue(self.registration.tested_at)
        self.assertNotIn("Not tested", self.registration.connection_text)
        self.registration.sudo().problems = [{"code": "x", "message": "Wrong."}]
        self.registration.invalidate_recordset(["connection_text"])
        self.assertIn("failed", self.registration.connection_text)

    def test_buyers_red_letters_are_counted(self):
        self.assertEqual(self.registration.cn_red_request_count, 0)

    def test_nobody_is_told_of_a_registration_that_is_being_set_up(self):
        """Whoever tests it reads what is wrong."""
        alerts = self.registration.activity_ids
        self.device.action_retire()
        self.registration.sudo()._breaker_opened("Refused.")
        self.assertEqual(self.registration.activity_ids, alerts)
        self.device.action_take_back()
        self.device.action_activate()
        self.registration.sudo()._breaker_opened("Refused.")
        self.assertGreater(len(self.registration.activity_ids), len(alerts))

    def test_the_number_of_eight_characters_is_not_shown(self):
        """Another module has a field for the numbers of old paper fapiao."""
        move = self.issued()
        self.assertIn("fapiao", move._fields, "China's own module is installed")
        seen = Form(move.with_user(self.accountant))
        self.assertTrue(seen._get_modifier("fapiao", "invisible"))
