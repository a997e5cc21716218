from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.ereceipt_reconciliation import LONGEST_PERIOD


class EreceiptPeriodMixin(models.AbstractModel):
    """Asks for a registration and a period of which something is compared."""

    _name = "ereceipt.period.mixin"
    _description = "Period of a registration"

    registration_id = fields.Many2one(
        "ereceipt.registration",
        required=True,
        default=lambda self: self._default_registration(),
    )
    date_from = fields.Date(
        string="From",
        required=True,
        default=lambda self: self._default_period()[0],
    )
    date_to = fields.Date(
        string="Until",
        required=True,
        default=lambda self: self._default_period()[1],
    )

    @api.model
    def _default_registration(self):
        """Offer the registration where there is only one."""
        found = self.env["ereceipt.registration"].search([], limit=2)
        return found if len(found) == 1 else found.browse()

    @api.model
    def _default_period(self):
        """Hook: return first and last day that are offered: this month so far."""
        today = fields.Date.context_today(self)
        return today.replace(day=1), today

    def _check_period(self):
        """Raise where nothing can be compared.

        :raise UserError: the period is none, or too long, or the registration belongs
            to a company that the person does not work in now
        """
        self.ensure_one()
        registration = self.registration_id
        registration.check_access("read")
        if self.date_to < self.date_from:
            raise UserError(self.env._("The period ends before it begins."))
        if self.date_to - self.date_from > LONGEST_PERIOD:
            raise UserError(
                self.env._("Choose %s days at most.", LONGEST_PERIOD // timedelta(1))
            )
        if registration.company_id not in self.env.companies:
            raise UserError(
                self.env._(
                    "%s belongs to another company. Switch to it first.",
                    registration.display_name,
                )
            )
