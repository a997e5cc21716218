from odoo import api, fields, models

from .ereceipt_amounts import exact


class AccountTax(models.Model):
    _inherit = "account.tax"

    ereceipt_mapping_ids = fields.One2many(
        "ereceipt.code.mapping",
        "tax_id",
        string="Codes for tax authorities",
        groups="account_ereceipt.group_ereceipt_reader",
    )
    ereceipt_code_info = fields.Text(
        string="Codes in use",
        compute="_compute_ereceipt_code_info",
        groups="account_ereceipt.group_ereceipt_reader",
    )

    @api.depends("ereceipt_mapping_ids.code", "ereceipt_mapping_ids.subcode")
    @api.depends_context("company", "lang")
    def _compute_ereceipt_code_info(self):
        saved = self._origin
        texts = self.env["ereceipt.code.mapping"]._describe("tax", saved)
        for tax in self:
            tax.ereceipt_code_info = texts.get(tax._origin.id, "")

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
