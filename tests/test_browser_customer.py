from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .portal_common import PortalKit

ACCOUNTANT = "ereceipt_tour_accountant"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserCustomer(PortalKit, EreceiptCommon, HttpCase):
    """A customer and an accountant in a real browser: from the old link to the document
    that counts, to *I have paid*, to the lamps."""

    def test_from_the_old_link_to_the_lamps(self):
        accountant = self.browser_user(
            ACCOUNTANT, "base.group_user", "account.group_account_invoice"
        )
        sale = self.invoice(user=accountant)
        self.run_outbox()
        old = self.link(sale)
        move = self.invoice(user=accountant)
        move.sudo().ereceipt_anew_of_id = sale
        self.start_tour(old, "account_ereceipt_customer_led_on", login=None)
        self.run_outbox()
        self.start_tour(self.link(move), "account_ereceipt_customer_paid", login=None)
        [notice] = move.ereceipt_notice_ids
        self.assertEqual((notice.reference, notice.amount), ("TRF 4711", 114.0))
        self.assertEqual(move.activity_ids.user_id, accountant)
        address = f"/odoo/customer-invoices/{move.id}"
        self.start_tour(address, "account_ereceipt_lamps", login=ACCOUNTANT)
        self.assertEqual(notice.state, "seen")
        self.assertFalse(move.activity_ids)
        self.start_tour(
            "/odoo/customer-invoices", "account_ereceipt_lamps_list", login=ACCOUNTANT
        )
