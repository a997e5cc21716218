from odoo import fields, models


class ValidateAccountMove(models.TransientModel):
    _inherit = "validate.account.move"

    def validate_move(self):
        # EXTENDS account: look first at what would be posted right away
        moves = self.move_ids
        if not self.force_hash:
            moves = moves.filtered(lambda m: not m.restrict_mode_hash_table)
        if not self.force_post:
            today = fields.Date.context_today(self)
            moves = moves.filtered(lambda m: (m.date or m.invoice_date) <= today)
        dialog = moves._ereceipt_confirm_dialog(self.move_ids, confirmation=self)
        if dialog:
            return dialog
        result = super().validate_move()
        return moves._ereceipt_await_answer() or result
