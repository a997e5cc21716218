from odoo.tests import HttpCase, tagged

from .cn_common import CnNuonuoCommon
from .request_common import OTHER_NUMBER


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserTitle(CnNuonuoCommon, HttpCase):
    """A customer in a real browser, without an account: from the link to his invoice to
    the title that the clerk sees."""

    def test_customer_fills_in_his_title(self):
        self.device.sudo().write(
            {"issue_moment": "request", "request_by_customer": True}
        )
        move = self.invoice()
        self.start_tour(
            move.get_portal_url(), "account_ereceipt_title", login=None, timeout=120
        )
        request = move.sudo().ereceipt_request_ids
        self.assertEqual(request.buyer_name, "浏览器有限公司")
        self.assertEqual(request.buyer_number, OTHER_NUMBER)
        self.assertEqual((request.cn_fapiao_kind, request.state), ("81", "asked"))
        request.with_user(self.accountant).action_grant()
        self.run_outbox()
        self.assertEqual(self.sent(move)["buyerName"], "浏览器有限公司")
        stands = "account_ereceipt_title_stands"
        self.start_tour(move.sudo()._ereceipt_title_url(), stands, login=None)
