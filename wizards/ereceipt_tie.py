from datetime import timedelta

from odoo import api, fields, models


class EreceiptTie(models.TransientModel):
    """Asks for which registration and period the VAT is compared."""

    _name = "ereceipt.tie"
    _description = "Compare the VAT of a period"
    _inherit = ["ereceipt.period.mixin"]

    scope_text = fields.Char(string="What is compared", compute="_compute_scope_text")

    @api.model
    def _default_period(self):
        # EXTENDS: a month is compared when it is over
        last = fields.Date.context_today(self).replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last

    @api.depends("registration_id")
    @api.depends_context("lang")
    def _compute_scope_text(self):
        for wizard in self:
            wizard.scope_text = False
            registration = wizard.registration_id.sudo()
            if not registration:
                continue
            company = registration.company_id.name
            others = registration._tied_registrations() - registration
            if others:
                wizard.scope_text = self.env._(
                    "All of the VAT of %(company)s is compared, %(others)s included.",
                    company=company,
                    others=", ".join(others.mapped("display_name")),
                )
            else:
                wizard.scope_text = self.env._(
                    "All of the VAT of %s is compared.", company
                )

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
