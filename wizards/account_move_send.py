from odoo import models


class AccountMoveSendWizard(models.TransientModel):
    _inherit = "account.move.send.wizard"

    def action_send_and_print(self, allow_fallback_pdf=False):
        # EXTENDS account: what must not be mailed yet is mailed when it is valid
        self.ensure_one()
        if "email" in (self.sending_methods or ()) and (
            self.move_id._ereceipt_mail_waits()
        ):
            if self.alerts:
                self._raise_danger_alerts(self.alerts)
            settings = self._ereceipt_settings_stored(self._get_sending_settings())
            return self.move_id._ereceipt_mail_when_valid(settings)
        return super().action_send_and_print(allow_fallback_pdf=allow_fallback_pdf)


class AccountMoveSendBatchWizard(models.TransientModel):
    _inherit = "account.move.send.batch.wizard"

    def action_send_and_print(self, force_synchronous=False, allow_fallback_pdf=False):
        # EXTENDS account: the same for each of the invoices; refused ones stay
        self.ensure_one()
        mailed = self.move_ids.filtered(
            lambda m: "email" in self._get_default_sending_methods(m)
        )
        waiting = mailed.filtered(lambda m: m._ereceipt_mail_waits())
        refused = mailed.filtered(lambda m: m._ereceipt_mail_refused())
        result = super().action_send_and_print(force_synchronous, allow_fallback_pdf)
        (waiting | refused).sending_data = False
        later = waiting and waiting._ereceipt_mail_when_valid()
        return later if waiting == self.move_ids else result
