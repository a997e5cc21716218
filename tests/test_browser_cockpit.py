from odoo import Command
from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon

ACCOUNTANT, FOUNDER = "ereceipt_tour_cockpit", "ereceipt_tour_founder"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserCockpit(EreceiptCommon, HttpCase):
    """The overview in a real browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_user(ACCOUNTANT, "base.group_user", "account.group_account_invoice")

    def test_from_the_overview_to_what_is_behind_it(self):
        self.control.fault(
            "submit", "invalid", times=1, code="Rule42T1", message="Wrong."
        )
        refused = self.invoice()
        self.run_outbox()
        self.assertEqual(refused.ereceipt_state, "invalid")
        self.invoice(journal_id=self.journal_2.id)
        self.start_tour(
            "/odoo", "account_ereceipt_cockpit", login=ACCOUNTANT, timeout=180
        )

    def test_first_steps(self):
        other = self.env["res.company"].create({"name": "شركة أخرى"})
        founder = self.browser_user(
            FOUNDER, "base.group_user", "account_ereceipt.group_ereceipt_admin"
        )
        founder.write({"company_ids": [Command.set(other.ids)], "company_id": other.id})
        self.start_tour(
            "/odoo/ereceipt-overview",
            "account_ereceipt_cockpit_start",
            login=FOUNDER,
            timeout=120,
        )
