from odoo import api, models
from odoo.exceptions import ValidationError

from ..fiscal.contract import FiscalError
from ..fiscal.transport import check_address


class EreceiptRegistration(models.Model):
    """Where the credentials of a registration and its devices are sent: they are
    forgotten when that changes."""

    _inherit = "ereceipt.registration"

    @api.depends("authority", "company_id", "environment")
    def _compute_forgets_secrets(self):
        return super()._compute_forgets_secrets()

    @api.model_create_multi
    def create(self, vals_list):
        registrations = super().create(vals_list)
        registrations._check_addresses()
        return registrations

    def _check_addresses(self):
        """Refuse addresses to which nothing is ever sent.

        :raise ValidationError: names every one of them
        """
        wrong = []
        for registration in self:
            for address in registration._endpoints().values():
                try:
                    check_address(address)
                except FiscalError as error:
                    text = self.env["ereceipt.document"]._error_text
                    wrong.append(text(error, self.env.user))
        if wrong:
            raise ValidationError("\n".join(dict.fromkeys(wrong)))

    def _ereceipt_secret_target(self):
        # EXTENDS
        self.ensure_one()
        if not self.authority or not self.environment:
            return None
        return (
            self.company_id.id,
            self.authority,
            self.environment,
            self._endpoints(),
            (self._settings().get("extra_ca") or "").strip(),
        )

    def _ereceipt_secret_owners(self):
        # EXTENDS
        return [*self, *self._all_devices()]

    def _ereceipt_target_changed(self, sealed):
        # EXTENDS
        self._check_addresses()
        result = super()._ereceipt_target_changed(sealed)
        for owner in self._ereceipt_secret_owners():
            owner._untested()
        if sealed:
            self._message_log(
                body=self.env._(
                    "The authority is reached elsewhere from now on: the stored "
                    "credentials of this registration and its devices were forgotten, "
                    "but for those typed at the same time."
                )
            )
        return result

    def _untested(self):
        self.sudo().write({"tested_at": False, "problems": False})
        self._breaker_reset()


class EreceiptDevice(models.Model):
    """A device's credentials go where its registration says."""

    _inherit = "ereceipt.device"

    @api.depends("registration_id")
    def _compute_forgets_secrets(self):
        return super()._compute_forgets_secrets()

    def _ereceipt_secret_target(self):
        # EXTENDS
        self.ensure_one()
        return self.registration_id.id

    def _ereceipt_target_changed(self, sealed):
        # EXTENDS
        result = super()._ereceipt_target_changed(sealed)
        self._untested()
        return result

    def _untested(self):
        """What was tried and known of the credentials counts no more."""
        self.sudo().write({"tested_at": False, "problems": False})
        self._breaker_reset()
        if self.credentials_end and not self._ereceipt_sealed():
            self.credentials_end = False
