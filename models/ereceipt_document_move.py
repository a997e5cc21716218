from odoo import api, fields, models
from odoo.exceptions import UserError


class EreceiptDocumentMove(models.Model):
    """That a document stands for an entry, wholly or (split) in part.

    A model of its own and not a many2many, whose rows would vanish with the entry.
    """

    _name = "ereceipt.document.move"
    _description = "Document of an entry"

    document_id = fields.Many2one(
        "ereceipt.document", required=True, ondelete="cascade", index=True
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True)

    _pair_unique = models.Constraint(
        "UNIQUE (document_id, move_id)", "The document stands for that entry already."
    )

    def write(self, vals):
        """Refuse to let an issued document stand for something else."""
        if {"document_id", "move_id"} & vals.keys():
            self._unlink_except_never_issued()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never_issued(self):
        issued = self.document_id.filtered("content_sha256")[:1]
        if issued:
            raise UserError(
                self.env._(
                    "%s was issued; which entry it stands for cannot change any more.",
                    issued.name,
                )
            )
