from odoo import Command
from odoo.tests import HttpCase, tagged

from .cn_common import GOODS, SELLER, CnNuonuoCommon

ACCOUNTANT = "ereceipt_tour_china"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserChina(CnNuonuoCommon, HttpCase):
    """An accountant in Shanghai, in a real browser: from signing in to the number and
    the QR code of a fapiao, of several, and of the one that takes it back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_user(
            ACCOUNTANT,
            "base.group_user",
            "base.group_partner_manager",
            "account.group_account_invoice",
        )
        # the provider is asked after five seconds first
        cls.device.wait_seconds = 30
        cls.clock = cls.env["product.product"].create(
            {"name": "Wall clock", "taxes_id": [Command.set(cls.vat.ids)]}
        )
        cls.env["ereceipt.code.mapping"].with_user(cls.manager).create(
            {
                "authority": "cn_nuonuo",
                "kind": "item",
                "product_tmpl_id": cls.clock.product_tmpl_id.id,
                "code": GOODS,
            }
        )
        cls.buyer = cls.env["res.partner"].create(
            {"name": "Test Buyer", "country_id": cls.env.ref("base.cn").id}
        )

    def tour(self, name):
        """Have the accountant sign in and go through a tour."""
        self.start_tour("/web/login", f"account_ereceipt_cn_{name}", timeout=180)
        moves = self.env["account.move"].search(
            [("partner_id", "=", self.buyer.id)], order="id desc"
        )
        return moves[0]

    def test_blue(self):
        move = self.tour("blue")
        [row] = self.issued(move)
        self.assertEqual(row["number"], move.ereceipt_uuid)
        self.assertEqual(row["incl"], "90.40")

    def test_split(self):
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])
        move = self.tour("split")
        self.assertEqual(len(self.issued(move)), 3)

    def test_red(self):
        sold = self.invoice(
            partner_id=self.buyer.id,
            lines=[
                {
                    "product_id": self.clock.id,
                    "quantity": 1.0,
                    "price_unit": 80.0,
                    "tax_ids": [Command.set(self.vat.ids)],
                }
            ],
        )
        self.run_outbox()
        self.assertEqual(sold.ereceipt_state, "valid")
        red = self.tour("red")
        self.assertEqual(red.reversed_entry_id, sold)
        [bill] = self.control.confirmations()
        self.assertEqual(bill["blue"], sold.ereceipt_uuid)
        [row] = self.issued(red)
        self.assertEqual(row["number"], red.ereceipt_uuid)
