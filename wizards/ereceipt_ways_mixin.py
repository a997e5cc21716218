from odoo import api, fields, models
from odoo.exceptions import UserError


class EreceiptWaysMixin(models.AbstractModel):
    """The ways that are left for an invoice whose document did not get through: each
    with the reason why it is closed, if it is."""

    _name = "ereceipt.ways.mixin"
    _description = "Ways that are left for an invoice"

    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, readonly=True
    )
    document_id = fields.Many2one(
        related="move_id.ereceipt_document_id", related_sudo=False
    )
    sentence = fields.Char(related="document_id.what_now", related_sudo=False)
    correction_reason = fields.Char(
        string="Why not corrected",
        compute="_compute_ways",
        help="Why no other document can be issued in its place now.",
    )
    anew_reason = fields.Char(
        string="Why not issued anew",
        compute="_compute_ways",
        help="Why the invoice cannot be taken back and issued anew now.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("move_id")
    @api.depends_context("uid", "lang", "tz")
    def _compute_ways(self):
        self.move_id.check_access("read")
        for wizard in self:
            wizard.correction_reason = wizard._why_not_correction()
            wizard.anew_reason = wizard.move_id._ereceipt_why_not_anew()

    def _why_not_correction(self):
        """Return why no other document can be issued now, or False."""
        raise NotImplementedError

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _correct(self):
        """Issue a document in the place of this one, with what the invoice says now."""
        self.ensure_one()
        self.move_id._ereceipt_require("user")
        self._refuse(self._why_not_correction())
        return self.move_id._ereceipt_issue_by_person()

    def _return_anew(self):
        """Take the invoice back and issue it anew, with another number."""
        self.ensure_one()
        self._refuse(self.move_id._ereceipt_why_not_anew())
        return self.move_id.action_ereceipt_return_anew()

    def _refuse(self, reason):
        if reason:
            raise UserError(reason)
