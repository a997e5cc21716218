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
        # or the form would offer it, which has no device
        cls.journal_2.active = False
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

    def make(self, name):
        """Have the accountant sign in and make something; return it."""
        tour = f"account_ereceipt_cn_make_{name}"
        self.start_tour("/web/login", tour, timeout=180)
        moves = self.env["account.move"].search(
            [("partner_id", "=", self.buyer.id)], order="id desc"
        )
        self.assertEqual(
            (moves[0].state, moves[0].ereceipt_state), ("posted", "queued")
        )
        return moves[0]

    def see(self, move, name="valid"):
        """Let the job run, and have the accountant see what came of it."""
        self.run_outbox(rounds=4)
        self.start_tour(
            f"/odoo/customer-invoices/{move.id}",
            f"account_ereceipt_cn_see_{name}",
            login=ACCOUNTANT,
            timeout=120,
        )

    def test_blue(self):
        move = self.make("one")
        self.see(move)
        [row] = self.issued(move)
        self.assertEqual(row["number"], move.ereceipt_uuid)
        self.assertEqual(row["incl"], "90.40")

    def test_split(self):
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        self.control.register(companies=[company])
        move = self.make("split")
        self.see(move, "split")
        self.assertEqual(len(self.issued(move)), 3)

    def test_red(self):
        line = {
            "product_id": self.clock.id,
            "quantity": 1.0,
            "price_unit": 80.0,
            "tax_ids": [Command.set(self.vat.ids)],
        }
        sold = self.invoice(partner_id=self.buyer.id, lines=[line])
        self.run_outbox()
        self.assertEqual(sold.ereceipt_state, "valid")
        red = self.make("red")
        self.assertEqual(red.reversed_entry_id, sold)
        self.see(red)
        [bill] = self.control.confirmations()
        self.assertEqual(bill["blue"], sold.ereceipt_uuid)
        [row] = self.issued(red)
        self.assertEqual(row["number"], red.ereceipt_uuid)

    def test_the_clerk_logs_in(self):
        """The code and the login appear by themselves, when the bureau is there."""
        self.control.account(SELLER, logged_in=False)
        self.control.settings(session_seconds=2)
        move = self.invoice(partner_id=self.buyer.id)
        self.run_outbox()
        self.assertEqual(move.ereceipt_document_id.held_code, "not_logged_in")
        address = f"/odoo/customer-invoices/{move.id}"
        for step in ("get_code", "scanned"):
            tour = f"account_ereceipt_cn_{step}"
            self.start_tour(address, tour, login=ACCOUNTANT, timeout=120)
            if step == "get_code":
                self.control.scan(SELLER)
        self.run_outbox(rounds=4)
        self.assertEqual(move.ereceipt_state, "valid")
