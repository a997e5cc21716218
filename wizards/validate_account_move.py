from odoo import Command, fields, models


class ValidateAccountMove(models.TransientModel):
    _inherit = "validate.account.move"

    def validate_move(self):
        # EXTENDS account: look first at what would be posted right away
        chosen = self._ereceipt_chosen()
        many = self.env["ereceipt.confirmation"]._start(chosen, validation=self)
        if many:
            return many
        moves = self._ereceipt_right_away(chosen)
        dialog = moves._ereceipt_confirm_dialog(self.move_ids, confirmation=self)
        if dialog:
            return dialog
        result = super().validate_move()
        return moves._ereceipt_await_answer() or result

    def _ereceipt_chosen(self):
        """Return what Odoo confirms when the person has chosen what is on the form."""
        moves = self.move_ids
        if not self.force_hash:
            moves = moves.filtered(lambda m: not m.restrict_mode_hash_table)
        return moves

    def _ereceipt_right_away(self, moves):
        """Return those of the drafts that are not left for their dates."""
        if self.force_post:
            return moves
        today = fields.Date.context_today(moves._ereceipt_there(self))
        return moves.filtered(lambda m: (m.date or m.invoice_date) <= today)

    def _ereceipt_validate_only(self, moves):
        """Confirm these together, and only these, as Odoo does; return its action."""
        self.move_ids = [Command.set(moves.ids)]
        return super().validate_move()
