from odoo import fields, models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    ereceipt_device_ids = fields.Many2many(
        "ereceipt.device",
        string="Issued on",
        compute="_compute_ereceipt_device_ids",
        groups="account_ereceipt.group_ereceipt_reader",
        help="The devices on which what is posted in this journal is issued to a tax "
        "authority. They are chosen on the device.",
    )

    def _compute_ereceipt_device_ids(self):
        devices = self.env["ereceipt.device"].search(
            [("journal_ids", "in", self.ids), ("lifecycle", "!=", "retired")]
        )
        for journal in self:
            journal.ereceipt_device_ids = devices.filtered(
                lambda d, journal=journal: journal in d.journal_ids
            )
