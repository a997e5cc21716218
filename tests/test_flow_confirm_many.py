from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged

from ..wizards import ereceipt_confirmation
from .common import EreceiptCommon

LOGIN = "ereceipt_many"


class ConfirmManyCommon(EreceiptCommon):
    """Groups of three, so that a few drafts are many."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.enterClassContext(patch.object(ereceipt_confirmation, "TOGETHER", 3))
        cls.uncoded = cls.env["product.product"].create(
            {"name": "ممحاة", "taxes_id": [Command.set(cls.vat.ids)]}
        )

    @classmethod
    def drafts(cls, count, product=None, **values):
        moves = cls.env["account.move"].with_user(cls.accountant)
        line = {
            "product_id": (product or cls.item).id,
            "quantity": 1,
            "price_unit": 10,
            "tax_ids": [Command.set(cls.vat.ids)],
        }
        return moves.concat(
            *(cls.invoice(post=False, lines=[line], **values) for _ in range(count))
        )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestConfirmMany(ConfirmManyCommon):
    """Many drafts are confirmed group by group; none keeps another back."""

    def start(self, moves):
        """Return the confirmation that the list's *Confirm* opens."""
        return self.opened(moves.action_validate_moves_with_confirmation())

    def opened(self, action):
        self.assertEqual(action["tag"], "account_ereceipt.confirm_many")
        confirmation = self.env["ereceipt.confirmation"].with_user(self.accountant)
        return confirmation.browse(action["params"]["confirmation_id"])

    def groups(self, confirmation):
        """Confirm group by group as the client does; return what each said."""
        said = [confirmation.confirm_group()]
        while said[-1]["left"]:
            said.append(confirmation.confirm_group())
        return said

    def dialog(self, action):
        self.assertEqual(action["res_model"], "ereceipt.problems")
        self.assertEqual(action["views"], [(False, "form")])
        dialogs = self.env["ereceipt.problems"].with_user(self.accountant)
        return dialogs.browse(action["res_id"])

    def test_few_are_confirmed_at_once(self):
        moves = self.drafts(3)
        self.assertFalse(moves.action_validate_moves_with_confirmation())
        self.assertEqual(set(moves.mapped("state")), {"posted"})

    def test_other_entries_are_left_to_odoo(self):
        self.device.action_retire()
        moves = self.drafts(5)
        self.assertFalse(moves.action_validate_moves_with_confirmation())
        self.assertEqual(set(moves.mapped("state")), {"posted"})

    def test_groups_and_progress(self):
        moves = self.drafts(7)
        confirmation = self.start(moves)
        self.assertEqual(set(moves.mapped("state")), {"draft"}, "nothing yet")
        said = self.groups(confirmation)
        self.assertEqual([each["left"] for each in said], [4, 1, 0])
        self.assertEqual([each["percent"] for each in said], [42, 85, 100])
        self.assertIn("3 of 7", said[0]["text"])
        self.assertEqual(moves.mapped("ereceipt_state"), ["queued"] * 7)
        action = confirmation.conclude()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn("7 were confirmed", action["params"]["message"])

    def test_chain_follows_the_numbers(self):
        """Drafts of two days and two journals on one till, in no order."""
        self.device.date_policy = "keep"
        self.device_2.journal_ids = False
        self.device.journal_ids |= self.journal_2
        today = self.today()
        moves = self.env["account.move"]
        for days, journal in ((0, 2), (1, 1), (0, 1), (1, 2), (0, 1), (1, 1), (0, 2)):
            moves |= self.drafts(
                1,
                invoice_date=today - timedelta(days=days),
                journal_id=(self.journal if journal == 1 else self.journal_2).id,
            )
        self.assertEqual(moves.ereceipt_device_id, self.device)
        self.groups(self.start(moves))
        documents = moves.ereceipt_document_id.sudo().sorted("chain_index")
        chain = documents.link_ids.move_id
        self.assertEqual(len(chain), 7)
        self.assertEqual(
            chain,
            chain.sorted(
                lambda m: (m.journal_id.id, m.sequence_prefix, m.sequence_number)
            ),
        )
        for before, after in zip(documents, documents[1:], strict=False):
            self.assertEqual(after.previous_uid, before.authority_uid)
        ours = chain.filtered(lambda m: m.journal_id == self.journal)
        self.assertEqual(ours.mapped("date"), sorted(ours.mapped("date")))

    def test_what_is_wrong_holds_no_other_back(self):
        """One that the authority would refuse, and one that Odoo itself does."""
        good = self.drafts(5)
        refused = self.drafts(1, self.uncoded)
        nobody = self.drafts(1)
        nobody.partner_id = False
        confirmation = self.start(good | refused | nobody)
        self.groups(confirmation)
        self.assertEqual(set(good.mapped("ereceipt_state")), {"queued"})
        self.assertEqual((refused | nobody).mapped("state"), ["draft"] * 2)
        dialog = self.dialog(confirmation.conclude())
        self.assertIn("5 were confirmed. 2 cannot be confirmed yet", dialog.intro)
        self.assertEqual(dialog.wrong_ids, refused | nobody)
        self.assertFalse(dialog.others_text)
        alerts = list(dialog.alerts.values())
        self.assertIn("ممحاة", str(alerts))
        self.assertIn("Customer", str(alerts), "Odoo's own words")
        self.assertTrue(all("action" in alert for alert in alerts))
        opened = dialog.action_open_wrong()
        self.assertEqual(opened["domain"], [("id", "in", (refused | nobody).ids)])

    def test_stopped_in_between(self):
        moves = self.drafts(7)
        confirmation = self.start(moves)
        confirmation.confirm_group()
        dialog = self.dialog(confirmation.conclude())
        self.assertIn("3 were confirmed. 4 are still drafts.", dialog.intro)
        self.assertEqual(len(dialog.other_ids), 4)
        again = self.opened(dialog.action_post_others())
        self.groups(again)
        self.assertEqual(set(moves.mapped("state")), {"posted"})

    def test_confirmed_by_somebody_else_meanwhile(self):
        moves = self.drafts(5)
        confirmation = self.start(moves)
        moves[0].action_post()
        moves[1].unlink()
        self.groups(confirmation)
        remaining = moves.exists()
        self.assertEqual(set(remaining.mapped("state")), {"posted"})
        self.assertIn("3 were confirmed", confirmation.conclude()["params"]["message"])

    def test_drafts_that_odoo_asks_about_come_afterwards(self):
        """Drafts of tomorrow: Odoo's own dialog opens when the others are done, and
        what is chosen there is done group by group as well."""
        self.device.date_policy = "keep"
        tomorrow = self.today() + timedelta(days=1)
        now, later = self.drafts(4), self.drafts(5, invoice_date=tomorrow)
        confirmation = self.start(now | later)
        self.groups(confirmation)
        self.assertEqual(set(now.mapped("state")), {"posted"})
        self.assertEqual(set(later.mapped("state")), {"draft"})
        action = confirmation.conclude()
        self.assertEqual(action["res_model"], "validate.account.move")
        self.assertTrue(action["views"][0][0], "Odoo's view")
        wizard = self.env["validate.account.move"].with_user(self.accountant)
        wizard = wizard.browse(action["res_id"])
        confirmation = self.opened(wizard.validate_move())
        self.groups(confirmation)
        self.assertEqual(set(later.mapped("auto_post")), {"at_date"})
        message = confirmation.conclude()["params"]["message"]
        self.assertIn("0 were confirmed. 5 are confirmed by themselves", message)

    def test_drafts_of_tomorrow_confirmed_now(self):
        self.device.date_policy = "keep"
        tomorrow = self.today() + timedelta(days=1)
        good = self.drafts(4, invoice_date=tomorrow)
        wrong = self.drafts(1, self.uncoded, invoice_date=tomorrow)
        wizard = self.env["validate.account.move"].with_user(self.accountant)
        wizard = wizard.create(
            {"move_ids": [Command.set((good | wrong).ids)], "force_post": True}
        )
        confirmation = self.opened(wizard.validate_move())
        self.groups(confirmation)
        self.assertEqual(set(good.mapped("ereceipt_state")), {"queued"})
        self.assertEqual(wrong.state, "draft")
        self.assertEqual(self.dialog(confirmation.conclude()).wrong_ids, wrong)

    def test_who_may_not_post_gets_one_error(self):
        moves = self.drafts(4)
        confirmation = self.start(moves)
        with self.assertRaises(AccessError):
            confirmation.with_user(self.auditor).confirm_group()
        self.assertEqual(set(moves.mapped("state")), {"draft"})


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestConfirmManyTour(ConfirmManyCommon, HttpCase):
    """An accountant confirms a whole list in a browser."""

    def test_list(self):
        """Seven drafts, one of them wrong: six are confirmed, one dialog says what is
        wrong with the other."""
        self.browser_user(LOGIN, "base.group_user", "account.group_account_manager")
        moves = self.drafts(6) | self.drafts(1, self.uncoded)
        action = self.env.ref("account.action_move_out_invoice_type")
        self.start_tour(
            f"/odoo/action-{action.id}",
            "account_ereceipt_confirm_many",
            login=LOGIN,
            timeout=120,
        )
        self.assertEqual(moves.mapped("state"), ["posted"] * 6 + ["draft"])
        self.assertEqual(moves[:6].mapped("ereceipt_state"), ["queued"] * 6)
