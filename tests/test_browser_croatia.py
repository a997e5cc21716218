from odoo.tests import HttpCase, tagged

from .hr_common import OPERATOR, HrCisCommon

ACCOUNTANT = "ereceipt_tour_croatia"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserCroatia(HrCisCommon, HttpCase):
    """An accountant at a till in Zagreb, in a real browser: from Confirm to the JIR,
    and what may still be said of the receipt on its day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = cls.browser_user(
            ACCOUNTANT, "base.group_user", "account.group_account_invoice"
        )
        user.tz = "Europe/Zagreb"
        user.partner_id.hr_operator_oib = OPERATOR

    def tour(self, move, name):
        """Have the accountant go through a tour that begins at an invoice."""
        address = f"/odoo/customer-invoices/{move.id}"
        tour = f"account_ereceipt_hr_{name}"
        self.start_tour(address, tour, login=ACCOUNTANT, timeout=60)

    def test_confirmed_and_paid_by_card_after_all(self):
        move = self.invoice(post=False)
        self.tour(move, "confirm_and_change_payment")
        row = self.registered_as(move)
        self.assertEqual((row["number"], row["payment"]), ("1/POSL1/1", "G"))
        self.assertEqual(row["jir"], move.ereceipt_uuid)
        self.assertEqual(move.ereceipt_document_id.sudo().change, "hr_payment")
        self.run_outbox()
        row = self.registered_as(move)
        self.assertEqual((row["payment"], row["jir"]), ("K", move.ereceipt_uuid))
        self.tour(move, "payment_changed")

    def test_tip(self):
        move = self.valid()
        self.tour(move, "tip")
        self.run_outbox()
        [tip] = self.registered_as(move)["tips"]
        self.assertEqual((tip["amount"], tip["payment"]), ("2.50", "K"))
        self.tour(move, "tip_reported")
