from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestConfirm(EreceiptCommon):
    """Problems are shown before anything is posted, all of them, with what to open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.uncoded, cls.uncoded_2 = cls.env["product.product"].create(
            [
                {"name": name, "taxes_id": [Command.set(cls.vat.ids)]}
                for name in ("ممحاة", "مسطرة")
            ]
        )

    def draft(self, product=None, **values):
        line = {
            "product_id": (product or self.item).id,
            "quantity": 1,
            "price_unit": 10,
            "tax_ids": [Command.set(self.vat.ids)],
        }
        return self.invoice(post=False, lines=[line], **values)

    def dialog(self, action):
        self.assertEqual(action["res_model"], "ereceipt.problems")
        self.assertEqual(action["target"], "new")
        return (
            self.env["ereceipt.problems"]
            .with_user(self.accountant)
            .browse(action["res_id"])
        )

    def confirm(self, moves):
        """Press *Confirm* on the form."""
        return moves.with_context(ereceipt_dialog=True).action_post()

    # -------------------------------------------------------------------------
    # FORM
    # -------------------------------------------------------------------------

    def test_form_shows_every_problem_and_posts_nothing(self):
        move = self.draft(self.uncoded, partner_id=self.partner_a.id)
        move.write(
            {
                "invoice_line_ids": [
                    Command.create({"product_id": self.uncoded_2.id, "price_unit": 5})
                ]
            }
        )
        dialog = self.dialog(self.confirm(move))
        self.assertEqual(move.state, "draft")
        self.assertIn("Nothing was posted", dialog.intro)
        self.assertGreaterEqual(len(dialog.alerts), 2)
        for alert in dialog.alerts.values():
            self.assertEqual(alert["level"], "danger")
        opened = [
            (alert["action"]["res_model"], alert["action"]["res_id"])
            for alert in dialog.alerts.values()
            if "action" in alert
        ]
        self.assertIn(("product.product", self.uncoded.id), opened)
        self.assertFalse(dialog.others_text)

    def test_form_without_problems_posts(self):
        move = self.draft()
        self.assertFalse(move._ereceipt_find_problems())
        self.assertFalse(self.confirm(move))
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "queued"))

    def test_jobs_and_the_api_get_one_error_with_everything(self):
        moves = self.draft(self.uncoded) | self.draft(self.uncoded_2)
        with self.assertRaises(UserError) as raised:
            moves.action_post()
        self.assertEqual(str(raised.exception).count("cannot be issued"), 2)
        for product in moves.invoice_line_ids.product_id:
            self.assertIn(f"“\u2068{product.name}\u2069”", str(raised.exception))
        self.assertEqual(set(moves.mapped("state")), {"draft"})

    def test_device_that_lets_documents_wait_posts(self):
        self.device.problem_policy = "wait"
        move = self.draft(self.uncoded)
        self.assertFalse(self.confirm(move))
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "waiting"))

    def test_what_is_issued_later_is_not_looked_at_yet(self):
        self.device.issue_moment = "payment"
        move = self.draft(self.uncoded)
        self.assertFalse(self.confirm(move))
        self.assertEqual((move.state, move.ereceipt_state), ("posted", "waiting"))

    def test_what_the_registration_is_not_obliged_to_is_not_looked_at(self):
        self.registration.obliged_from = self.today() + timedelta(days=1)
        move = self.draft(self.uncoded, invoice_date=self.today())
        self.assertFalse(self.confirm(move))
        self.assertEqual(move.state, "posted")
        self.assertFalse(move.ereceipt_document_id)

    def test_old_invoice_date_is_told_before_posting(self):
        """An invoice of last month would be dated today by the authority."""
        move = self.draft(invoice_date=self.today() - timedelta(days=40))
        dialog = self.dialog(self.confirm(move))
        self.assertIn("the VAT would fall into another period", str(dialog.alerts))
        self.device.date_policy = "keep"
        self.assertFalse(self.confirm(move))
        self.assertEqual(move.state, "posted")

    # -------------------------------------------------------------------------
    # INTERACTIVE
    # -------------------------------------------------------------------------

    def test_device_that_waits_sends_in_a_second_request(self):
        self.device.wait_seconds = 3
        move = self.draft()
        action = self.confirm(move)
        self.assertEqual(action["tag"], "account_ereceipt.send_now")
        self.assertEqual(action["params"]["move_id"], move.id)
        self.assertEqual(move.state, "posted")
        self.assertEqual(self.control.requests()["counts"].get("submit", 0), 0)
        self.assertFalse(self.draft().action_post(), "jobs do not wait")

    # -------------------------------------------------------------------------
    # LIST
    # -------------------------------------------------------------------------

    def test_list_shows_the_problems_of_all_and_posts_the_others(self):
        good = self.draft() | self.draft()
        wrong = self.draft(self.uncoded) | self.draft(self.uncoded_2)
        action = (good | wrong).action_validate_moves_with_confirmation()
        dialog = self.dialog(action)
        self.assertEqual(set((good | wrong).mapped("state")), {"draft"})
        self.assertEqual(dialog.other_ids, good)
        self.assertIn("2 others can be posted", dialog.others_text)
        told = "\n".join(alert["message"] for alert in dialog.alerts.values())
        for move in wrong:
            # an Arabic name is set apart from the figures beside it
            customer = f"\u2068{move.partner_id.name}\u2069"
            self.assertIn(f"{move.display_name}, {customer}, ", told)
        self.assertTrue(all("action" in alert for alert in dialog.alerts.values()))
        dialog.action_post_others()
        self.assertEqual(set(good.mapped("state")), {"posted"})
        self.assertEqual(set(wrong.mapped("state")), {"draft"})
        self.assertEqual(good.mapped("ereceipt_state"), ["queued"] * 2)

    def test_list_without_problems_posts(self):
        good = self.draft() | self.draft()
        self.assertFalse(good.action_validate_moves_with_confirmation())
        self.assertEqual(good.mapped("ereceipt_state"), ["queued"] * 2)

    def test_confirmation_of_future_dates_goes_on_with_the_others(self):
        """A draft of tomorrow is asked about by Odoo's own dialog; only when it is to
        be posted now is it looked at, and then the others are posted as chosen."""
        tomorrow = self.today() + timedelta(days=1)
        self.device.date_policy = "keep"
        good = self.draft(invoice_date=tomorrow)
        wrong = self.draft(self.uncoded, invoice_date=tomorrow)
        action = (good | wrong).action_validate_moves_with_confirmation()
        self.assertEqual(action["res_model"], "validate.account.move")
        wizard = self.env["validate.account.move"].with_user(self.accountant)
        wizard = wizard.browse(action["res_id"])
        wizard.force_post = True
        dialog = self.dialog(wizard.validate_move())
        self.assertEqual(set((good | wrong).mapped("state")), {"draft"})
        dialog.action_post_others()
        self.assertEqual((good.state, wrong.state), ("posted", "draft"))
        self.assertEqual(good.ereceipt_state, "queued")

    def test_future_dates_wait_for_their_day(self):
        tomorrow = self.today() + timedelta(days=1)
        wrong = self.draft(self.uncoded, invoice_date=tomorrow)
        action = wrong.action_validate_moves_with_confirmation()
        wizard = self.env["validate.account.move"].with_user(self.accountant)
        wizard.browse(action["res_id"]).validate_move()
        self.assertEqual((wrong.state, wrong.auto_post), ("draft", "at_date"))

    def test_many_invoices_are_cut_off(self):
        wrong = self.draft(self.uncoded)
        for _number in range(50):
            wrong |= wrong[0].copy()
        dialog = self.dialog(wrong.action_validate_moves_with_confirmation())
        self.assertEqual(dialog.more, "And 1 more have problems.")
