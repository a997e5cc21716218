from collections import defaultdict

from odoo import api, fields, models

from ..fiscal import lifecycle
from .ereceipt_document import TAKES_BACK


class EreceiptDocument(models.Model):
    """What a sale's document does not say of itself: that it was taken back, wholly or
    in part, though the authority holds it as valid still."""

    _inherit = "ereceipt.document"

    taken_back_text = fields.Text(
        string="Taken back by",
        compute="_compute_taken_back_text",
        help="The documents by which it was taken back, with their numbers at the "
        "authority.",
    )

    is_taken_back = fields.Boolean(
        string="Taken back in full", compute="_compute_taken_back_text"
    )

    @api.depends("authority_uid", "state", "amount_total")
    @api.depends_context("lang")
    def _compute_taken_back_text(self):
        returns = self._standing_returns_by_sale()
        for document in self:
            backs = returns[document._sale_key(document.authority_uid)]
            left = document.amount_total - sum(abs(back.amount_total) for back in backs)
            document.is_taken_back = bool(backs) and (
                document.currency_id.compare_amounts(left, 0.0) <= 0
            )
            document.taken_back_text = "\n".join(
                self.env._(
                    "%(name)s: %(amount)s, number %(number)s (%(state)s)",
                    name=back.name,
                    amount=back.currency_id.format(abs(back.amount_total)),
                    number=back.authority_uid or "–",
                    state=back._state_label(),
                )
                for back in backs
            )

    def _standing_returns_by_sale(self):
        """Return the documents that take these sales back, by the key of the sale, the
        oldest first."""
        found = defaultdict(self.browse)
        numbers = [uid for uid in self.mapped("authority_uid") if uid]
        if numbers:
            standing = self.search(
                [
                    ("original_uid", "in", numbers),
                    ("kind", "in", TAKES_BACK),
                    ("state", "in", list(lifecycle.STANDING)),
                ],
                order="id",
            )
            for back in standing:
                found[back._sale_key(back.original_uid)] |= back
        return found


class AccountMove(models.Model):
    _inherit = "account.move"

    ereceipt_taken_back_text = fields.Text(
        related="ereceipt_document_id.taken_back_text", string="E-receipt taken back by"
    )
    ereceipt_is_taken_back = fields.Boolean(
        related="ereceipt_document_id.is_taken_back",
        string="E-receipt taken back in full",
    )
