from odoo import api, fields, models
from odoo.exceptions import ValidationError

READER = "account_ereceipt.group_ereceipt_reader"


class EreceiptRegistration(models.Model):
    """Who is told of alerts, and from when on a document counts as stuck."""

    _inherit = "ereceipt.registration"

    alert_user_ids = fields.Many2many(
        "res.users",
        "ereceipt_registration_alert_user_rel",
        "registration_id",
        "user_id",
        string="Also told of alerts",
        copy=False,
        help="They get the activities and the mails that the responsible gets. Whoever "
        "does an activity first does it for all.",
    )
    stuck_hours = fields.Float(
        string="Hours until a document is stuck",
        default=4.0,
        help="A document that was issued so long ago and is not decided is told of. It "
        "does not count while it waits for its buyer, its original or a person.",
    )

    _stuck_hours_positive = models.Constraint(
        "CHECK (stuck_hours > 0)",
        "A document cannot be stuck at once: enter a number of hours above zero.",
    )

    @api.constrains("alert_user_ids", "company_id")
    def _check_alert_users(self):
        """What is told of a company is told to people who may see it."""
        for registration in self:
            company = registration.company_id
            for user in registration.alert_user_ids.sudo():
                if not _may_see(user, company):
                    raise ValidationError(
                        self.env._(
                            "%(user)s cannot be told of alerts: give the user access "
                            "to %(company)s and the role Auditor of electronic "
                            "receipts, or a role above it.",
                            user=user.name,
                            company=company.name,
                        )
                    )

    def _alert_users(self):
        # EXTENDS
        return self._users_told_of(self.company_id)

    def _end_registration(self):
        # EXTENDS
        return self

    def _users_told_of(self, company):
        """Return who is told of what is wrong in a company: the responsible, and the
        others who may (still) see it."""
        self.ensure_one()
        others = self.sudo().alert_user_ids
        return self._end_responsible() | others.filtered(lambda u: _may_see(u, company))


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    def _alert_users(self):
        # EXTENDS
        return self.registration_id._users_told_of(self.company_id)

    def _end_registration(self):
        # EXTENDS
        return self.registration_id


class EreceiptSigningKey(models.Model):
    _inherit = "ereceipt.signing.key"

    def _alert_users(self):
        # EXTENDS: those of the registrations that it signs for as well
        users = self._end_responsible()
        for registration in self.sudo().registration_ids:
            users |= registration._users_told_of(self.company_id)
        return users

    def _end_registration(self):
        # EXTENDS
        return self.sudo().registration_ids[:1]


def _may_see(user, company):
    return (
        user.active
        and not user.share
        and company in user.company_ids
        and user.has_group(READER)
    )
