import time

from odoo import models

from odoo.addons.account_ereceipt.models.ereceipt_outbox import RUN_SECONDS

from .ereceipt_work import ONE_DEVICE

IDENTITY = "account_ereceipt.device."


class EreceiptDevice(models.Model):
    """What is due of a device is one of queue_job's jobs, a *batch*.

    No second one is put in the queue while one waits there. Two that are carried out at
    the same time share the documents through row locks, as the scheduled lanes do.
    """

    _inherit = "ereceipt.device"

    def _enqueue_send(self):
        """Put a job in the queue for each of these that has none waiting there."""
        for device in self:
            device.with_delay(
                identity_key=f"{IDENTITY}{device.id}",
                priority=3,
                description=self.env._("Electronic receipts of %s", device.name),
            )._job_send()

    def _job_send(self):
        """Send and follow what is due of this device, as a lane does for all.

        What is left when its time is over goes on in another job, so that other devices
        and other modules have their turn.

        :return: what is shown as the result of the job
        """
        self.ensure_one()
        outbox = self.env["ereceipt.outbox"].with_context(**{ONE_DEVICE: self.id})
        if not outbox._lanes():
            return self.env._("Sending is switched off.")
        settled = outbox._run(time.monotonic() + RUN_SECONDS)
        if outbox.env["ereceipt.work"]._any_due():
            self._enqueue_send()
        return self.env._("%s documents settled.", settled)
