from odoo import api, fields, models
from odoo.exceptions import UserError

LONGEST_REASON = 500


class EreceiptCancelMixin(models.AbstractModel):
    """Asks for the reason of a cancellation, in the authority's words."""

    _name = "ereceipt.cancel.mixin"
    _description = "Reason of a cancellation"

    reason = fields.Selection(
        [
            ("Wrong buyer details", "Wrong buyer details"),
            ("Wrong invoice details", "Wrong invoice details"),
            ("other", "Another reason"),
        ],
        required=True,
        default="Wrong invoice details",
    )
    other_reason = fields.Char(string="Which one")

    def _ask(self, moves, documents):
        """Ask the authority to cancel documents, and note that on their invoices."""
        reason = self._reason()
        documents._ask_to_cancel(reason)
        body = self.env._("Cancellation asked for at the tax authority: %s", reason)
        moves._message_log_batch(bodies={move.id: body for move in moves})

    def _reason(self):
        """Return the reason in the words that the authority gets."""
        reason = self.reason
        if reason == "other":
            reason = (self.other_reason or "").strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise UserError(
                self.env._(
                    "Say why it is cancelled, in %s characters at most: the buyer "
                    "reads it.",
                    LONGEST_REASON,
                )
            )
        return reason


class EreceiptCancel(models.TransientModel):
    """Asks the authority to cancel an invoice's document, with a reason."""

    _name = "ereceipt.cancel"
    _description = "Cancel at the tax authority"
    _inherit = ["ereceipt.cancel.mixin"]

    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, readonly=True
    )
    document_id = fields.Many2one(
        related="move_id.ereceipt_document_id", related_sudo=False
    )
    cancel_until = fields.Datetime(
        related="document_id.cancel_until", related_sudo=False
    )

    def action_cancel(self):
        """Ask the authority; the invoice is cancelled here when it has agreed."""
        self.ensure_one()
        move = self.move_id
        move._ereceipt_require("user")
        move._ereceipt_check_nothing_refers()
        self._ask(move, self.document_id)
        return move._ereceipt_notification(
            self.env._(
                "The authority is asked to cancel %s. The invoice is cancelled here "
                "when it has agreed.",
                move.name,
            ),
            "info",
        )


class EreceiptCancelMany(models.TransientModel):
    """Asks the authority to cancel several documents for one reason, and tells of
    those of which it takes no cancellation why not."""

    _name = "ereceipt.cancel.many"
    _description = "Cancel several at the tax authority"
    _inherit = ["ereceipt.cancel.mixin"]

    document_ids = fields.Many2many(
        "ereceipt.document", string="Documents", required=True, readonly=True
    )
    told = fields.Char(string="What is going to happen", compute="_compute_told")

    @api.depends("document_ids")
    def _compute_told(self):
        for wizard in self:
            wizard.told = self.env._(
                "The authority will be asked to cancel %(count)s of the %(all)s "
                "documents that you chose. You will be told why the others are not.",
                count=len(wizard._fit()),
                all=len(wizard.document_ids),
            )

    def _fit(self):
        """Return the documents that can be cancelled now."""
        return self.document_ids.filtered(
            lambda d: not d.sudo()._why_not_cancelled_now()
        )

    def action_cancel(self):
        """Ask the authority; the invoices are cancelled here when it has agreed."""
        self.ensure_one()
        moves = self.document_ids.link_ids.move_id
        moves._ereceipt_require("user")
        fit = self._fit()
        if not fit:
            raise UserError(self.document_ids[:1].sudo()._why_not_cancelled_now())
        self._ask(fit.link_ids.move_id, fit)
        told = self.env._(
            "Documents that the authority is asked to cancel: %s. Their invoices are "
            "cancelled here when it has agreed.",
            len(fit),
        )
        left = self.document_ids - fit
        if not left:
            return moves._ereceipt_notification(told, "info")
        return self.env["ereceipt.bulk"]._open(told, left, asked="cancel")


class EreceiptRejection(models.TransientModel):
    """The ways that are left when a buyer has rejected an invoice."""

    _name = "ereceipt.rejection"
    _description = "Rejected by the buyer"
    _inherit = ["ereceipt.ways.mixin"]

    problems_shown = fields.Json(
        related="document_id.problems_shown", related_sudo=False
    )
    decline_reason = fields.Char(
        string="Why not declined",
        compute="_compute_ways",
        help="Why the buyer's rejection cannot be declined now.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    def _compute_ways(self):
        # EXTENDS
        result = super()._compute_ways()
        for wizard in self:
            wizard.decline_reason = wizard.document_id.sudo()._why_not_declined()
        return result

    def _why_not_correction(self):
        # OVERRIDE: not yet, while the authority decides or the rejection is pending
        document = self.document_id.sudo()
        if document.change:
            return self.env._(
                "The authority was asked to let the document stand; wait until it has "
                "decided."
            )
        if document._rejection_pending():
            return self.env._(
                "The rejection takes effect at %s. Until then the authority takes no "
                "other document with the same number.",
                document._moment_text(document.decline_until),
            )
        return False

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_decline(self):
        """Ask the authority to let the document stand."""
        self.ensure_one()
        self.move_id._ereceipt_require("user")
        self.document_id._ask_to_decline()
        self.move_id._message_log(
            body=self.env._("The buyer's rejection was declined at the tax authority.")
        )
        return self.move_id._ereceipt_notification(
            self.env._("The authority is asked to let %s stand.", self.move_id.name),
            "info",
        )

    def action_correct(self):
        """Issue a document in the place of this one."""
        return self._correct()

    def action_return_anew(self):
        """Take the invoice back and issue it anew."""
        return self._return_anew()
