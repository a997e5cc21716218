from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle

LONGEST_REFERENCE = 50


class EreceiptLate(models.TransientModel):
    """The ways that are left when the authority's window for a document has closed."""

    _name = "ereceipt.late"
    _description = "Document that is too late"

    move_id = fields.Many2one("account.move", required=True, readonly=True)
    document_id = fields.Many2one(
        related="move_id.ereceipt_document_id", related_sudo=False
    )
    sentence = fields.Char(related="document_id.what_now", related_sudo=False)
    late_reference = fields.Char(
        string="Request number",
        help="The number that the authority's portal gave to the granted request.",
    )
    reference_reason = fields.Char(compute="_compute_ways")
    correction_reason = fields.Char(compute="_compute_ways")
    anew_reason = fields.Char(compute="_compute_ways")
    anew_way = fields.Char(compute="_compute_ways")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("move_id")
    @api.depends_context("uid", "lang", "tz")
    def _compute_ways(self):
        self.move_id.check_access("read")
        for wizard in self:
            wizard.reference_reason = wizard._why_not_reference()
            wizard.correction_reason = wizard._why_not_correction()
            wizard.anew_reason = wizard._why_not_anew()
            wizard.anew_way = wizard.move_id._ereceipt_anew_way()

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
        """Return why no correction can be issued, or False."""
        document = self.document_id.sudo()
        closes_at = document._correction_closes_at()
        if closes_at and closes_at <= fields.Datetime.now():
            return self.env._(
                "The authority's window for corrections closed at %s.",
                document._moment_text(closes_at),
            )
        return False

    def _why_not_anew(self):
        """Return why the invoice cannot be taken back and issued anew, or False."""
        return self.move_id._ereceipt_why_not_anew()

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
        """Issue a correction in the document's place."""
        self.ensure_one()
        self.move_id._ereceipt_require("user")
        self._refuse(self._why_not_correction())
        return self.move_id._ereceipt_issue_by_person()

    def action_return_anew(self):
        """Take the invoice back and issue it anew."""
        self.ensure_one()
        self._refuse(self._why_not_anew())
        return self.move_id.action_ereceipt_return_anew()

    def _refuse(self, reason):
        if reason:
            raise UserError(reason)
