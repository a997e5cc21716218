from datetime import timedelta

from odoo import api, fields, models

from ..fiscal import authority_classes

PURGE_BATCH = 2000
RETENTION_PARAMETER = "account_ereceipt.retention_days"
DAYS_OF_YEAR = 366


def least_days():
    """Return for how many days the law wants kept what was exchanged with each
    authority, by its code. No setting goes below.

    The laws' years begin when the business year ends, which may be a year after a call:
    there is one more of them for that.
    """
    return {
        code: (authority.limits.retention_years + 1) * DAYS_OF_YEAR
        for code, authority in authority_classes().items()
    }


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    retention_days = fields.Integer(
        string="Days that exchanges are kept",
        compute="_compute_retention_days",
        help="Requests and answers are kept word by word for so many days: as the "
        "settings say, and never for fewer than the authority's law wants.",
    )

    @api.depends("authority")
    def _compute_retention_days(self):
        for registration in self:
            registration.retention_days = self.env["ereceipt.exchange"]._retention_days(
                registration.authority
            )


class EreceiptExchange(models.Model):
    """How long the bodies of exchanges are kept: as the company sets, never for less
    than the law of their authority wants. Rows and seals stay for good."""

    _inherit = "ereceipt.exchange"

    @api.model
    def _retention_days(self, authority):
        """Return for how many days the bodies of exchanges with an authority are kept.

        :param authority: its code; of one that is not known any more, as of the one
            that wants the most
        """
        keep = self.env["ir.config_parameter"].sudo().get_param(RETENTION_PARAMETER)
        least = least_days()
        return max(
            int(keep or 0), least.get(authority) or max(least.values(), default=0)
        )

    def _least_retention(self):
        """Return for how many days the row's bodies have to be kept by law."""
        self.ensure_one()
        least = least_days()
        return least.get(self.registration_id.authority) or max(least.values())

    @api.model
    def _purge(self):
        """Empty the bodies of rows older than the retention; their seals stay."""
        rows = self.sudo()
        registrations = self.env["ereceipt.registration"].sudo()
        registrations = registrations.with_context(active_test=False).search([])
        left = PURGE_BATCH
        by_authority = registrations.grouped("authority")
        for authority, own in (*by_authority.items(), (None, registrations.browse())):
            whose = ("registration_id", "in", own.ids if authority else [False])
            left -= rows._purge_of(authority, whose, left)
            if left <= 0:
                break

    def _purge_of(self, authority, whose, limit):
        """Empty the bodies of rows of one authority; return of how many."""
        days = self._retention_days(authority)
        old = self.search(
            [
                whose,
                ("started_at", "<", fields.Datetime.now() - timedelta(days=days)),
                ("purged_at", "=", False),
                ("seal_id", "!=", False),
            ],
            limit=limit,
        )
        if old:
            old.write(
                {
                    "request_gzip": False,
                    "response_gzip": False,
                    "purged_at": fields.Datetime.now(),
                }
            )
        return len(old)
