from odoo import api, models

from .ereceipt_amounts import exact
from .ereceipt_code_fields import code_rows, codes_in_use, show_codes


class AccountTax(models.Model):
    _inherit = "account.tax"

    ereceipt_mapping_ids = code_rows("tax_id")
    ereceipt_code_info = codes_in_use()

    @api.depends("ereceipt_mapping_ids.code", "ereceipt_mapping_ids.subcode")
    @api.depends_context("company", "lang")
    def _compute_ereceipt_code_info(self):
        show_codes("tax", self)

    def _ereceipt_percentage(self):
        """Return the percentage of the net amount, None if the tax is no percentage.

        Note: self.ensure_one()
        """
        self.ensure_one()
        if self.amount_type == "percent":
            return exact(self.amount)
        if self.amount_type == "division" and self.amount < 100:
            return exact(100 * self.amount / (100 - self.amount))
        return None
