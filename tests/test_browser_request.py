from odoo.tests import HttpCase, tagged

from .by_file_common import ByFileCommon
from .cn_common import CnNuonuoCommon

SALES = "ereceipt_tour_sales"
CLERK = "ereceipt_tour_clerk"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserRequest(CnNuonuoCommon, HttpCase):
    """A salesperson in a real browser, who has the role *May ask* and no other."""

    def test_asks_for_an_invoice(self):
        sales = self.browser_user(
            SALES, "base.group_user", "account_ereceipt.group_ereceipt_requester"
        )
        self.device.sudo().issue_moment = "request"
        move = self.invoice(invoice_user_id=sales.id)
        self.invoice()
        self.start_tour(
            "/odoo/action-account_ereceipt.ereceipt_request_action",
            "account_ereceipt_ask_to_issue",
            login=SALES,
            timeout=120,
        )
        request = move.sudo().ereceipt_request_ids
        self.assertEqual((request.state, request.requester_id), ("asked", sales))
        self.assertEqual(request.buyer_number, self.customer.vat)
        request.with_user(self.accountant).action_grant()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserHandOver(ByFileCommon, HttpCase):
    """A clerk in a real browser hands a file over."""

    def test_the_form_shows_that_it_is_gone(self):
        self.browser_user(CLERK, "base.group_user", "account.group_account_invoice")
        self.invoice()
        run = self.made()
        self.start_tour(
            f"/odoo/{run._name}/{run.id}",
            "account_ereceipt_hand_over",
            login=CLERK,
            timeout=120,
        )
        self.assertEqual(run.state, "done")
