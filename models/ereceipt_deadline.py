from datetime import timedelta

from odoo import api, fields, models

from ..fiscal import authority_classes, lifecycle


class EreceiptRegistration(models.Model):
    """How long before an authority's window closes somebody is warned."""

    _inherit = "ereceipt.registration"

    warn_before_hours = fields.Float(
        string="Hours to warn before a deadline",
        compute="_compute_warn_before_hours",
        store=True,
        readonly=False,
        help="How long before the authority's window closes somebody is told that a "
        "document has not arrived yet.",
    )

    @api.depends("authority")
    def _compute_warn_before_hours(self):
        """Take what is usual with the authority, until somebody types another one."""
        for registration in self:
            authority = authority_classes().get(registration.authority)
            if authority:
                seconds = authority.limits.warn_before.total_seconds()
                registration.warn_before_hours = seconds / 3600
            else:
                registration.warn_before_hours = registration.warn_before_hours

    def _warn_until(self, now):
        """Return until when windows close of which somebody is told now (naive UTC).

        Hook ``warn_until``: hours before a time of day are counted on its clock.
        """
        self.ensure_one()
        until = now + timedelta(hours=self.warn_before_hours)
        return self._hook("warn_until", until, now)

    def _documents_near_deadline(self):
        """Return the documents whose window closes soon and that are not accepted."""
        self.ensure_one()
        now = fields.Datetime.now()
        return self.env["ereceipt.document"].search(
            [
                ("registration_id", "=", self.id),
                ("state", "in", ("queued", "to_sign", "unknown", *lifecycle.REFUSED)),
                ("closes_at", "<=", self._warn_until(now)),
                ("closes_at", ">", now),
                ("late_reference", "=", False),
            ]
        )
