from odoo import api, models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    @api.model
    def default_get(self, fields):
        # EXTENDS account: a credit note is dated the authority's day
        moves = self.env["account.move"]
        if self.env.context.get("active_model") == moves._name:
            moves = moves.browse(self.env.context.get("active_ids"))
        there = moves._ereceipt_there(self)
        return super(AccountMoveReversal, there).default_get(fields)

    def _prepare_default_reversal(self, move):
        # EXTENDS account: what is today there is not a day to be posted later
        there = move._ereceipt_there(self)
        return super(AccountMoveReversal, there)._prepare_default_reversal(move)
