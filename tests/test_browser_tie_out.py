from datetime import timedelta

from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .tie_out_common import TieOutKit

ACCOUNTANT = "ereceipt_tour_tie_out"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserTieOut(TieOutKit, EreceiptCommon, HttpCase):
    """The end of a month in a real browser: which tax differs, through which invoice;
    and what is still to be paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_user(ACCOUNTANT, "base.group_user", "account.group_account_invoice")

    def test_a_difference_leads_to_its_invoice(self):
        web = self.journal.copy({"name": "Web", "code": "WEB"})
        self.invoice(journal_id=web.id)
        self.invoice()
        self.run_outbox()
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "open")
        address = f"/odoo/ereceipt-tie-outs/{tie_out.id}"
        self.start_tour(address, "account_ereceipt_tie_out", login=ACCOUNTANT)

    def test_valid_and_not_paid(self):
        move = self.invoice()
        self.customer.ereceipt_identity = "29001011234567"
        self.invoice(price=98765432.1)
        self.run_outbox()
        term = move.line_ids.filtered(lambda line: line.display_type == "payment_term")
        term.sudo().date_maturity = self.today() - timedelta(days=100)
        self.start_tour(
            "/odoo/ereceipt-unpaid", "account_ereceipt_unpaid", login=ACCOUNTANT
        )
