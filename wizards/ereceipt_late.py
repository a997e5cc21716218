from odoo import fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle

LONGEST_REFERENCE = 50


class EreceiptLate(models.TransientModel):
    """The ways that are left when the authority's window for a document has closed."""

    _name = "ereceipt.late"
    _description = "Document that is too late"
    _inherit = ["ereceipt.ways.mixin"]

    late_reference = fields.Char(
        string="Request number",
        help="The number that the authority's portal gave to the granted request.",
    )
    reference_reason = fields.Char(
        string="Why not sent again",
        compute="_compute_ways",
        help="Why the same document cannot be sent with a granted request now.",
    )
    anew_way = fields.Char(
        string="Way back",
        compute="_compute_ways",
        help="What issuing anew means for this invoice.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    def _compute_ways(self):
        # EXTENDS
        result = super()._compute_ways()
        for wizard in self:
            wizard.reference_reason = wizard._why_not_reference()
            wizard.anew_way = wizard.move_id._ereceipt_anew_way()
        return result

    def _why_not_reference(self):
        """Return why the same document cannot be sent with a granted request, or
        False."""
        if self.document_id.state != lifecycle.LATE:
            return self.env._(
                "The authority has refused this document; it cannot be sent again."
            )
        if not self.env.user.has_group("account_ereceipt.group_ereceipt_manager"):
            return self.env._("A manager of electronic receipts does this.")
        return False

    def _why_not_correction(self):
        # OVERRIDE: not any more, once the window for corrections has closed
        document = self.document_id.sudo()
        closes_at = document._correction_closes_at()
        if closes_at and closes_at <= fields.Datetime.now():
            return self.env._(
                "The authority's window for corrections closed at %s.",
                document._moment_text(closes_at),
            )
        return False

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_send_again(self):
        """Send the same bytes once more, in the name of the granted request."""
        self.ensure_one()
        self.move_id._ereceipt_require("manager")
        self._refuse(self._why_not_reference())
        reference = (self.late_reference or "").strip()
        if not reference or len(reference) > LONGEST_REFERENCE:
            raise UserError(
                self.env._(
                    "Type the number of the late-submission request that the "
                    "authority's portal has granted."
                )
            )
        self.document_id._go(
            lifecycle.QUEUED,
            late_reference=reference,
            attempts=0,
            next_attempt_at=fields.Datetime.now(),
        )
        self.move_id._message_log(
            body=self.env._(
                "Sent again with the late-submission request %s.", reference
            )
        )
        self.env["ereceipt.outbox"].sudo()._wake()
        return self.move_id._ereceipt_await_answer() or {
            "type": "ir.actions.act_window_close"
        }

    def action_correct(self):
        """Issue a document in the place of this one."""
        return self._correct()

    def action_return_anew(self):
        """Take the invoice back and issue it anew."""
        return self._return_anew()
