from datetime import timedelta

from odoo import api, fields, models

from .ereceipt_device import IDENTITY

PATIENCE = timedelta(seconds=60)
"""How long a job waits in the queue before the scheduled jobs send by themselves."""


class EreceiptOutbox(models.AbstractModel):
    """The scheduled lanes hand what is due to queue_job.

    They wake after a posting and each minute, as always. Where nobody takes the jobs
    (the runner is off, or its server is), they send by themselves.
    """

    _inherit = "ereceipt.outbox"

    @api.model
    def _cron_run(self):
        # EXTENDS: hand the work over where somebody takes it
        work = self.env["ereceipt.work"].sudo()
        for step in work._before_claiming():
            self._apart(step)
        due = {device_id for device_id, _purpose in work._due_groups()}
        devices = self.env["ereceipt.device"].sudo().browse(sorted(due))
        self._apart(devices._enqueue_send)
        if devices and self._jobs_are_left():
            return super()._cron_run()
        return self._commit(remaining=0)

    @api.model
    def _jobs_are_left(self):
        """Whether jobs of ours have waited for long and none was begun meanwhile."""
        since = fields.Datetime.now() - PATIENCE
        jobs = self.env["queue.job"].sudo()
        ours = [("identity_key", "=like", f"{IDENTITY}%")]
        waiting = [
            *ours,
            ("state", "in", ("pending", "enqueued")),
            ("date_created", "<", since),
            "|",
            ("eta", "=", False),
            ("eta", "<", since),
        ]
        if not jobs.search_count(waiting, limit=1):
            return False
        begun = [*ours, ("date_started", ">=", since)]
        return not jobs.search_count(begun, limit=1)
