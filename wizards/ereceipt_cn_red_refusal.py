from odoo import fields, models
from odoo.exceptions import UserError

LONGEST_REASON = 200
"""What the bureau takes (spec china 1.1, confirm)."""


class EreceiptCnRedRefusal(models.TransientModel):
    """Refuses a red letter that a buyer asks for, with a reason that he reads."""

    _name = "ereceipt.cn.red.refusal"
    _description = "Refuse a buyer's red letter"

    request_id = fields.Many2one(
        "ereceipt.cn.red.request", string="Red letter", required=True, readonly=True
    )
    buyer_name = fields.Char(related="request_id.buyer_name", related_sudo=False)
    reason = fields.Char(required=True, help="The buyer reads it.")

    def action_refuse(self):
        """Have the bureau told.

        :raise UserError: the reason is too long, or it waits for us no more
        """
        self.ensure_one()
        reason = (self.reason or "").strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise UserError(
                self.env._(
                    "Say why it is refused, in %s characters at most: the buyer reads "
                    "it.",
                    LONGEST_REASON,
                )
            )
        self.request_id._ask_to_answer("refuse", reason)
        return {"type": "ir.actions.act_window_close"}
