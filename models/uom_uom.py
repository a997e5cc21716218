from odoo import api, fields, models


class UomUom(models.Model):
    _inherit = "uom.uom"

    ereceipt_mapping_ids = fields.One2many(
        "ereceipt.code.mapping",
        "uom_id",
        string="Codes for tax authorities",
        groups="account_ereceipt.group_ereceipt_reader",
    )
    ereceipt_code_info = fields.Text(
        string="Codes in use",
        compute="_compute_ereceipt_code_info",
        groups="account_ereceipt.group_ereceipt_reader",
    )

    @api.depends("ereceipt_mapping_ids.code")
    @api.depends_context("company", "lang")
    def _compute_ereceipt_code_info(self):
        saved = self._origin
        texts = self.env["ereceipt.code.mapping"]._describe("unit", saved)
        for uom in self:
            uom.ereceipt_code_info = texts.get(uom._origin.id, "")
