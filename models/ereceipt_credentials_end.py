from odoo import api, models


class EreceiptRegistration(models.Model):
    """When the credentials of a registration end, and those of its devices."""

    _name = "ereceipt.registration"
    _inherit = ["ereceipt.registration", "ereceipt.end.mixin"]

    _ereceipt_ends = ("credentials_end",)

    @api.depends("active", "device_ids.ends_soon")
    def _compute_ends(self):
        return super()._compute_ends()

    def _end_counts(self, name):
        # EXTENDS: a copy of the database, which does not send, tells nobody
        counts = super()._end_counts(name) and bool(self._sends_here())
        if name == "credentials_end":
            return counts and not self._needs_device_credentials()
        return counts

    def _end_responsible(self):
        # EXTENDS
        return self.responsible_id or self.env.ref("base.user_admin")

    def _end_owners(self):
        # EXTENDS
        return [*self, *self.device_ids]

    def _end_cure(self, name):
        # EXTENDS
        if name == "credentials_end":
            return self._credentials_cure()
        return super()._end_cure(name)

    def _credentials_cure(self):
        return self.env._(
            "Nothing can be sent with them afterwards. Let the authority's portal make "
            "new ones, type them here, and enter when those end."
        )


class EreceiptDevice(models.Model):
    """When the credentials of a device end."""

    _name = "ereceipt.device"
    _inherit = ["ereceipt.device", "ereceipt.end.mixin"]

    _ereceipt_ends = ("credentials_end",)

    @api.depends("active", "lifecycle", "registration_id")
    def _compute_ends(self):
        return super()._compute_ends()

    def _end_counts(self, name):
        # EXTENDS
        registration = self.registration_id
        counts = (
            super()._end_counts(name)
            and self.active
            and self.lifecycle != "retired"
            and bool(registration._sends_here())
        )
        if name == "credentials_end":
            return counts and registration._needs_device_credentials()
        return counts

    def _end_responsible(self):
        # EXTENDS
        return self.registration_id._end_responsible()

    def _end_cure(self, name):
        # EXTENDS
        if name == "credentials_end":
            return self.registration_id._credentials_cure()
        return super()._end_cure(name)
