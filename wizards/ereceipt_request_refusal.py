from odoo import fields, models

LONGEST = 200


class EreceiptRequestRefusal(models.TransientModel):
    """Sends requests back to who asked, with the reason."""

    _name = "ereceipt.request.refusal"
    _description = "Send a request back"

    request_ids = fields.Many2many("ereceipt.request", string="Requests", required=True)
    reason = fields.Char(
        required=True,
        size=LONGEST,
        help="What has to be mended. Customers see it in the portal and by mail.",
    )

    def action_send_back(self):
        """Tell who asked what has to be mended."""
        self.ensure_one()
        self.request_ids._send_back(self.reason)
        return {"type": "ir.actions.act_window_close"}
