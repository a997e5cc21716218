from odoo import api, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle

GUARDED = frozenset({"state", "name", "journal_id", "move_type"})
WITHDRAWABLE = frozenset({lifecycle.WAITING, lifecycle.TO_SIGN, lifecycle.QUEUED})


class AccountMove(models.Model):
    """What was issued does not change: guards below every button."""

    _inherit = "account.move"

    def write(self, vals):
        # EXTENDS account: guard what an issued document says of its invoice
        if GUARDED & vals.keys():
            self._ereceipt_guard(vals)
        return super().write(vals)

    def _ereceipt_guard(self, vals):
        """Raise when a change would contradict an issued document; take back what
        nobody outside has seen when an invoice is reset."""
        for move in self:
            changed = {
                name
                for name in GUARDED & vals.keys()
                if vals[name] != move._ereceipt_plain(name)
            }
            if not changed or not move.sudo().ereceipt_link_ids:
                continue
            locking = move._ereceipt_locking_documents()
            if locking:
                raise UserError(move._ereceipt_locked_message(locking[0]))
            if move.state == "posted" and "state" in changed:
                move._ereceipt_withdraw()

    def _ereceipt_plain(self, name):
        value = self[name]
        return value.id if isinstance(value, models.BaseModel) else value

    def _ereceipt_locking_documents(self):
        """Return the documents because of which the invoice may not change."""
        self.ensure_one()
        return self.sudo().ereceipt_link_ids.document_id.filtered(
            lambda d: d.environment == d.registration_id.environment and d._locks_move()
        )

    def _ereceipt_withdraw(self):
        """Take back the documents that have not left, because of a reset."""
        documents = self.sudo().ereceipt_link_ids.document_id
        documents.filtered(lambda d: d.state in WITHDRAWABLE)._withdraw()

    def _ereceipt_locked_message(self, document):
        """Return why the invoice cannot change and which way there is instead."""
        self.ensure_one()
        if self.move_type == "out_refund":
            way = self.env._("Make a new invoice instead.")
        else:
            way = self.env._("Make a credit note instead.")
        return self.env._(
            "%(invoice)s was issued to the tax authority as %(uid)s, so it can no "
            "longer be reset, renamed, moved to another journal or deleted. %(way)s",
            invoice=self.name,
            uid=document.authority_uid or document.name,
            way=way,
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ereceipt(self):
        """Never delete what was issued, whatever the context says."""
        for move in self:
            documents = move.sudo().ereceipt_link_ids.document_id
            issued = documents.filtered("content_sha256")
            if issued:
                raise UserError(move._ereceipt_locked_message(issued[0]))
            documents.unlink()
