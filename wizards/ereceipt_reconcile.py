from odoo import api, fields, models
from odoo.exceptions import UserError


class EreceiptReconcile(models.TransientModel):
    """Asks for which registration and period our books are compared."""

    _name = "ereceipt.reconcile"
    _description = "Reconcile with a tax authority"
    _inherit = ["ereceipt.period.mixin"]

    way_text = fields.Char(string="How", compute="_compute_way_text")

    @api.depends("registration_id")
    @api.depends_context("lang")
    def _compute_way_text(self):
        texts = {
            "list": self.env._(
                "The authority's list is read day by day and compared with the books."
            ),
            "ask": self.env._(
                "The authority has no list: it is asked about each document. What only "
                "it has cannot be found."
            ),
            "own": self.env._(
                "The authority has no list and cannot be asked. Only what never got "
                "there can be found."
            ),
        }
        for wizard in self:
            registration = wizard.registration_id.sudo()
            wizard.way_text = (
                texts[registration._reconciled_by()] if registration else False
            )

    def action_start(self):
        """Have the job compare, and show how far it is."""
        self.ensure_one()
        reconciliations = self.env["ereceipt.reconciliation"]
        reconciliations._require("user")
        self._check_period()
        registration = self.registration_id
        if not registration.sudo()._sends_here():
            raise UserError(
                self.env._(
                    "%s is not used by this database, so nothing is asked through it.",
                    registration.display_name,
                )
            )
        if not registration.sudo()._has_to_compare():
            raise UserError(
                self.env._(
                    "No device of %s is active or has issued anything, so there is "
                    "nothing to compare.",
                    registration.display_name,
                )
            )
        going = reconciliations._begin(
            registration.sudo(), self.date_from, self.date_to
        )
        return going.with_env(self.env)._get_records_action()


class EreceiptExplanation(models.TransientModel):
    """Asks why differences stay as they are."""

    _name = "ereceipt.explanation"
    _description = "Why a difference stays"

    line_ids = fields.Many2many("ereceipt.reconciliation.line", string="Differences")
    reason = fields.Char(required=True)

    def action_explain(self):
        """Note the reason on each of the differences."""
        self.ensure_one()
        self.line_ids._explain(self.reason)
        return {"type": "ir.actions.act_window_close"}
