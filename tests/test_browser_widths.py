from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit
from .tie_out_common import TieOutKit

ACCOUNTANT = "ereceipt_wide"

LOADED = "document.querySelector('.o_list_renderer tr.o_data_row')"

MEASURE = """
(async () => {
    await new Promise((done) => setTimeout(done, 1000));
    const list = document.querySelector(".o_list_renderer");
    const { left, right } = list.getBoundingClientRect();
    const shown = "thead th, tr.o_data_row button, tfoot td";
    for (const element of list.querySelectorAll(shown)) {
        const box = element.getBoundingClientRect();
        if (box.right > right + 1 || box.left < left - 1) {
            console.error(`Off the list: ${element.outerHTML} ${box.right} ${right}`);
            return;
        }
    }
    const whole = "td[name=state_here], td[name=state], td[name=result], tfoot td span";
    for (const element of list.querySelectorAll(whole)) {
        if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth) {
            console.error(`Cut off: ${element.outerHTML} ${element.scrollWidth}`);
            return;
        }
    }
    console.log("test successful");
})();
"""
"""Fails where a column, a button of a row or a total does not fit beside the others."""


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserWidths(TieOutKit, ReconciliationKit, EreceiptCommon, HttpCase):
    """On a usual screen lists show all of their columns and buttons."""

    browser_size = "1400x900"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser_user(ACCOUNTANT, "base.group_user", "account.group_account_invoice")

    def measure(self, address):
        self.browser_js(address, MEASURE, LOADED, login=ACCOUNTANT, timeout=120)

    def test_differences_with_all_their_buttons(self):
        moves = self.valid(2)
        self.control.cancel(moves[0].ereceipt_uuid, "On the portal")
        self.invoice()
        reconciliation = self.reconciled()
        self.assertEqual(len(reconciliation.line_ids), 2)
        self.measure(f"/odoo/ereceipt-reconciliations/{reconciliation.id}")

    def test_taxes_with_their_totals(self):
        self.valid(price=437462.55)
        self.invoice(price=98765432.1)
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "open")
        self.measure(f"/odoo/ereceipt-tie-outs/{tie_out.id}")
