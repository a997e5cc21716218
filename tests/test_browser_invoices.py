from odoo.tests import HttpCase, tagged

from ..dev.certificates import PASSWORD, certifier, seal
from .common import RIN
from .invoice_common import BUYER_RIN, EgInvoiceCommon

ACCOUNTANT = "ereceipt_tour_accountant"
ADMINISTRATOR = "ereceipt_tour_administrator"
MANAGER = "ereceipt_tour_manager"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserInvoices(EgInvoiceCommon, HttpCase):
    """ETA's e-invoices in a real browser: an administrator sets their key up, and an
    accountant goes the ways that are there only for them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_user(ACCOUNTANT, "base.group_user", "account.group_account_invoice")
        cls.browser_user(
            ADMINISTRATOR, "base.group_user", "account_ereceipt.group_ereceipt_admin"
        )

    def tour(self, move, name):
        """Have the accountant go through a tour that begins at an invoice."""
        address = f"/odoo/customer-invoices/{move.id}"
        tour = f"account_ereceipt_{name}"
        self.start_tour(address, tour, login=ACCOUNTANT, timeout=60)

    def there(self, move):
        """Return what the simulator holds of an invoice."""
        rows = self.control.documents(raw=False)
        [row] = [row for row in rows if row["uuid"] == move.ereceipt_uuid]
        return row

    # -------------------------------------------------------------------------
    # THE KEY
    # -------------------------------------------------------------------------

    def offer_key_file(self):
        """Lay a key file where the browser of the tour takes it from."""
        self.env["ir.attachment"].create(
            {
                "name": "company.p12",
                "url": "/ereceipt_tour/company.p12",
                "type": "binary",
                "public": True,
                "mimetype": "application/x-pkcs12",
                "raw": seal("Company", issuer=certifier()).p12(PASSWORD.encode()),
            }
        )

    def test_key_is_set_up_and_signs(self):
        """The password is wrong first; then the certificate is shown, the registration
        gets the key, and ETA takes what it has signed."""
        self.invoicing.signing_key_id = False
        self.offer_key_file()
        self.start_tour(
            "/odoo", "account_ereceipt_set_up_key", login=ADMINISTRATOR, timeout=60
        )
        key = self.invoicing.signing_key_id
        self.assertEqual((key.name, key.kind), ("Company's seal", "file"))
        self.assertIn("Company", key.subject)
        move = self.valid()
        self.assertEqual(self.there(move)["status"], "Valid")
        self.assertTrue(key.last_used_at)

    # -------------------------------------------------------------------------
    # REJECTED BY THE BUYER
    # -------------------------------------------------------------------------

    def test_rejection_is_declined(self):
        move = self.rejected()
        self.tour(move, "decline_rejection")
        self.assertEqual(move.ereceipt_document_id.sudo().change, "decline")
        self.run_outbox()
        self.assertEqual(self.there(move)["status"], "Valid")
        self.tour(move, "went_on")

    # -------------------------------------------------------------------------
    # CANCELLED
    # -------------------------------------------------------------------------

    def test_invoice_is_cancelled(self):
        self.control.settings(finality="immediate")
        move = self.valid()
        self.tour(move, "request_cancel")
        self.assertEqual(move.state, "posted", "it stands until ETA has decided")
        self.run_outbox()
        self.assertEqual(self.there(move)["status"], "Cancelled")
        self.tour(move, "cancelled")

    # -------------------------------------------------------------------------
    # CODES
    # -------------------------------------------------------------------------

    def test_codes_are_searched_and_suggested(self):
        self.browser_user(MANAGER, "base.group_user", "account.group_account_manager")
        tea, chair, black = self.env["product.product"].create(
            [
                {"name": "Black tea"},
                {"name": "Office chair", "categ_id": self.item.categ_id.id},
                {"name": "Office chair, black", "categ_id": self.item.categ_id.id},
            ]
        )
        own = f"EG-{RIN}-TEA"
        self.control.register(
            item_codes=[
                {"item_type": "EGS", "code": code, "name": "Black tea", "rins": [rin]}
                for code, rin in ((own, RIN), (f"EG-{BUYER_RIN}-TEA", BUYER_RIN))
            ]
        )
        mappings = self.env["ereceipt.code.mapping"].with_user(self.manager)
        values = {"scheme": "EGS", "code": f"EG-{RIN}-CHAIR", "pending": False}
        mappings._give_item_codes("eg_receipt", self.company, {chair: values})
        self.start_tour(
            "/odoo/action-account_ereceipt.ereceipt_missing_code_action",
            "account_ereceipt_search_code",
            login=MANAGER,
            timeout=60,
        )
        self.assertEqual(tea.product_tmpl_id.ereceipt_mapping_ids.code, own)
        given = black.product_tmpl_id.ereceipt_mapping_ids
        self.assertEqual(given.code, f"EG-{RIN}-CHAIR")
        self.assertEqual(given.create_uid.login, MANAGER)
