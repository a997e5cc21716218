from odoo import fields, models


class ProductCategory(models.Model):
    _inherit = "product.category"

    ereceipt_mapping_ids = fields.One2many(
        "ereceipt.code.mapping",
        "categ_id",
        string="Codes for tax authorities",
        groups="account_ereceipt.group_ereceipt_reader",
    )
