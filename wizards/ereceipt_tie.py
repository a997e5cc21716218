from datetime import timedelta

from odoo import api, fields, models


class EreceiptTie(models.TransientModel):
    """Asks for which registration and period the VAT is compared."""

    _name = "ereceipt.tie"
    _description = "Compare the VAT of a period"
    _inherit = ["ereceipt.period.mixin"]

    scope_text = fields.Char(string="What is compared", compute="_compute_scope_text")

    @api.model
    def _default_registration(self):
        # EXTENDS: all of a company's are summed up, whichever is chosen
        own = self.env["ereceipt.registration"].search(
            [("company_id", "=", self.env.company.id)]
        )
        in_use = own.sorted(lambda one: one.environment != "production")
        return in_use[:1] or super()._default_registration()

    @api.model
    def _default_period(self):
        # EXTENDS: a month is compared when it is over
        last = fields.Date.context_today(self).replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last

    @api.depends("registration_id")
    @api.depends_context("lang")
    def _compute_scope_text(self):
        for wizard in self:
            registration = wizard.registration_id.sudo()
            wizard.scope_text = registration and registration._tied_text()

    def action_compare(self):
        """Compare, and show what came of it."""
        self.ensure_one()
        tie_outs = self.env["ereceipt.tie.out"]
        tie_outs._require_user()
        self._check_period()
        made = tie_outs._begin(
            self.registration_id.sudo(), self.date_from, self.date_to
        )
        return made.with_env(self.env)._get_records_action()
