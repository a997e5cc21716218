from odoo import models
from odoo.tools import ormcache

VAT, EXEMPT, OUTSIDE = "Pdv", "IznosOslobPdv", "IznosNePodlOpor"

CHART_TAXES = {
    "VAT_S_IN_ROC_25": VAT,
    "VAT_S_IN_ROC_13": VAT,
    "VAT_S_IN_ROC_5": VAT,
    "VAT_S_EU_G": EXEMPT,
    "VAT_S_EU_S": OUTSIDE,
    "VAT_S_EX_O": EXEMPT,
    "VAT_S_reverse_O": OUTSIDE,
    "VAT_S_carried_other_state_O": OUTSIDE,
    "VAT_S_person_not_in_ROC_O": OUTSIDE,
    "VAT_S_new_transport_other_state_O": EXEMPT,
    "VAT_S_other_exempt_O": EXEMPT,
    "VAT_P_install_assemb_goods_O": OUTSIDE,
}
"""What the sales taxes of Odoo's chart for Croatia are to CIS, by their names there.
Supplies that are taxed elsewhere or by the buyer are outside the scope of the seller's
tax; those that the law frees are exempt (spec croatia 4.3)."""


class EreceiptCodeMapping(models.Model):
    """What Odoo's taxes and ways of paying are to CIS."""

    _inherit = "ereceipt.code.mapping"

    def _hr_cis_payment_defaults(self):
        return {"cash": "G", "credit": "K", "bank": "T"}

    def _hr_cis_foreign_tax(self, tax):
        code = CHART_TAXES.get(self._hr_cis_chart_name(tax.id))
        return (code, "", ()) if code else None

    @ormcache("tax_id")
    def _hr_cis_chart_name(self, tax_id):
        """Return the name that a tax has in a chart of accounts, "" if it is not from
        one."""
        names = self.env["ir.model.data"].sudo()
        found = names.search(
            [("model", "=", "account.tax"), ("res_id", "=", tax_id)], limit=1
        )
        return (found.name or "").partition("_")[2] if found else ""
