from odoo import api, models

from .ereceipt_code_fields import code_rows, codes_in_use, show_codes


class UomUom(models.Model):
    _inherit = "uom.uom"

    ereceipt_mapping_ids = code_rows("uom_id")
    ereceipt_code_info = codes_in_use()

    @api.depends("ereceipt_mapping_ids.code")
    @api.depends_context("company", "lang")
    def _compute_ereceipt_code_info(self):
        show_codes("unit", self)
