from odoo import api, models
from odoo.tools import SQL

ONE_DEVICE = "ereceipt_job_device_id"
"""Key of the context: the device of which a job sends the documents."""


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    @api.model
    def _sql_due(self, at):
        # EXTENDS: a job of queue_job looks at one device
        due = super()._sql_due(at)
        device_id = self.env.context.get(ONE_DEVICE)
        return SQL("%s AND d.device_id = %s", due, device_id) if device_id else due
