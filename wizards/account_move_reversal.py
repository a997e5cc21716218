from odoo import api, models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    @api.model
    def default_get(self, fields):
        # EXTENDS account: a credit note is dated the authority's day
        moves = self.env["account.move"]
        if self.env.context.get("active_model") == moves._name:
            moves = moves.browse(self.env.context.get("active_ids"))
        there = self._ereceipt_there(moves)
        return super(AccountMoveReversal, there).default_get(fields)

    def _prepare_default_reversal(self, move):
        # EXTENDS account: what is today there is not a day to be posted later
        there = self._ereceipt_there(move)
        return super(AccountMoveReversal, there)._prepare_default_reversal(move)

    def _ereceipt_there(self, moves):
        """Return the wizard with the time zone of the authority that has the documents
        of invoices, or unchanged where there is not exactly one."""
        registrations = moves.ereceipt_device_id.sudo().registration_id
        zones = {one._authority_class().limits.zone for one in registrations}
        return self.with_context(tz=zones.pop()) if len(zones) == 1 else self
