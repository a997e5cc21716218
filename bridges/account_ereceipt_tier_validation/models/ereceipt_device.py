from odoo import fields, models


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    post_approved = fields.Boolean(
        string="Confirm when approved",
        default=True,
        tracking=True,
        help="An invoice that is approved in tiers is confirmed, and so issued, the "
        "moment the last tier has approved it, if who approves last may confirm it. "
        "Otherwise a person confirms it afterwards.",
    )
