from odoo import fields, models


class EreceiptNumberExplanation(models.TransientModel):
    """Asks what became of numbers."""

    _name = "ereceipt.number.explanation"
    _description = "What became of numbers"

    number_ids = fields.Many2many("ereceipt.number", string="Numbers")
    reason = fields.Char(required=True)

    def action_explain(self):
        """Note the reason on each of the numbers, once and for all."""
        self.ensure_one()
        self.number_ids._explain(self.reason)
        return {"type": "ir.actions.act_window_close"}
