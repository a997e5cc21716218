from odoo import api, fields, models
from odoo.fields import Domain

from ..fiscal import authority_classes


class EreceiptRegistration(models.Model):
    """The name of a registration: the one that a person gave it, else that of the
    authority and the company, in the language of whoever reads it."""

    _inherit = "ereceipt.registration"

    given_name = fields.Char(
        help="Empty: it is named after the authority and the company, for each reader "
        "in his own language.",
    )
    name = fields.Char(
        compute="_compute_name", inverse="_inverse_name", search="_search_name"
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("given_name", "authority", "company_id.name", "environment")
    @api.depends_context("lang")
    def _compute_name(self):
        for registration in self:
            registration.name = (
                registration.given_name or registration._automatic_name()
            )

    def _inverse_name(self):
        """Keep what a person typed; a form that is saved sends the automatic name, too,
        in whatever language it was shown."""
        langs = [code for code, _name in self.env["res.lang"].get_installed()]
        for registration in self:
            automatic = {
                registration.with_context(lang=lang)._automatic_name() for lang in langs
            }
            typed = registration.name
            registration.given_name = False if typed in automatic else typed
        # in every language, and what is shown when nobody names it any more
        self.invalidate_recordset(["name", "display_name"])

    def _search_name(self, operator, value):
        # a company has a few registrations, and SQL knows no translated names
        every = self.with_context(active_test=False).search(Domain.TRUE)
        found = every.filtered_domain([("name", operator, value)])
        return Domain("id", "in", found.ids)

    @api.depends("name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        return super()._compute_display_name()

    def _automatic_name(self):
        """Return what it is called when nobody named it, in the user's language; False
        while its authority or company is not chosen."""
        self.ensure_one()
        if self.authority not in authority_classes() or not self.company_id:
            return False
        authority = dict(self._selection_authority())[self.authority]
        company = self.company_id.name
        if self.environment == "test":
            return self.env._(
                "%(authority)s of %(company)s (test)",
                authority=authority,
                company=company,
            )
        return self.env._(
            "%(authority)s of %(company)s", authority=authority, company=company
        )
