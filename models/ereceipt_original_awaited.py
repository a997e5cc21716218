from odoo import api, models

from ..fiscal import lifecycle


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _wake_waiting_for(self):
        """Issue what waited for these documents: notes and returns whose authority
        gives the identifier that they name with its answer."""
        moves = self.link_ids.move_id
        if not moves:
            return
        waiting = self.sudo().search(
            [
                ("state", "=", lifecycle.WAITING),
                ("waiting_reason", "=", "original"),
                ("link_ids.move_id.reversed_entry_id", "in", moves.ids),
            ]
        )
        for document in waiting:
            document._recheck()


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    @api.model
    def _tell_decided(self, documents):
        # EXTENDS
        result = super()._tell_decided(documents)
        documents.filtered(lambda d: d.state == lifecycle.VALID)._wake_waiting_for()
        return result
