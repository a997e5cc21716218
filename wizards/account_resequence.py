import json

from odoo import models
from odoo.exceptions import UserError


class AccountResequenceWizard(models.TransientModel):
    _inherit = "account.resequence.wizard"

    def resequence(self):
        # EXTENDS account: say which numbers the tax authority has, all at once
        renamed = self.env["account.move"].browse(int(i) for i in self._new_ids())
        issued = renamed.filtered(lambda m: m.ereceipt_locked or m.ereceipt_exempt)
        if issued:
            raise UserError(
                self.env._(
                    "These numbers were issued to the tax authority and cannot change: "
                    "%(numbers)s. Choose invoices without them.",
                    numbers=", ".join(issued.sorted("name").mapped("name")),
                )
            )
        return super().resequence()

    def _new_ids(self):
        """Return the ids of the entries that get a number, as the wizard keeps them."""
        return json.loads(self.new_values)
