from datetime import datetime, timezone
from decimal import Decimal
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal.contract import AuthorityError
from ..fiscal.hr_cis.changes import new_data, new_payment, refuse_hopeless, tip
from ..fiscal.hr_cis.moments import local_day
from .hr_cis import AUTHORITY

CHANGES = {
    "hr_payment": lambda data: new_payment(data["means"]),
    "hr_data": lambda data: new_data(data["means"], data["recipient"]),
    "hr_tip": lambda data: tip(Decimal(data["amount"]), data["means"]),
}
"""What CIS can be asked for about a registered receipt, from what is stored of it."""


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    change = fields.Selection(
        selection_add=[
            ("hr_payment", "Change of the payment means"),
            ("hr_data", "Change of payment means and customer"),
            ("hr_tip", "Tip"),
        ]
    )

    def _hr_cis_change(self, change, data):
        """Have CIS change something about a registered receipt.

        :param str change: one of :data:`CHANGES`
        :param dict data: ``means``, and ``recipient`` (OIB, "" for none) or ``amount``
        :raise UserError: CIS would refuse it, with every reason
        """
        self.ensure_one()
        if self.authority != AUTHORITY:
            raise UserError(
                self.env._("%s is no receipt of Croatia's tax authority.", self.name)
            )
        made = CHANGES[change](data)
        now = datetime.now(timezone.utc)
        try:
            refuse_hopeless(made, self.sudo()._contract_document(), now)
        except AuthorityError as error:
            texts = self.env["ereceipt.registration"]._problem_texts(error.errors)
            raise UserError("\n".join(texts)) from error
        self._ask_for_change(change, data)


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    @api.model
    def _hr_cis_change_call(self, document):
        """Return what is called for a change, with authority, document and signer."""
        made = CHANGES[document.change](document.change_data)
        return partial(_change, change=made)

    @api.model
    def _hr_cis_told_payment(self, document):
        return document._hr_cis_told("payment")

    @api.model
    def _hr_cis_takes_payment(self, document):
        """Whether the payment means can be changed: on the day of issue."""
        issued_at = document.issued_at.replace(tzinfo=timezone.utc)
        return local_day(datetime.now(timezone.utc)) == local_day(issued_at)

    @api.model
    def _hr_cis_change_payment(self, document, method):
        return document._hr_cis_change("hr_payment", {"means": method})


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_hr_change(self):
        """Ask how the receipt was paid really, and by which company."""
        return self._hr_cis_open_change("change", self.env._("Change payment"))

    def action_hr_tip(self):
        """Ask for the tip that was given with the receipt."""
        return self._hr_cis_open_change("tip", self.env._("Tip"))

    def _hr_cis_open_change(self, purpose, title):
        self.ensure_one()
        self._ereceipt_require("user")
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "ereceipt.hr.change",
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id, "default_purpose": purpose},
        }


def _change(authority, document, change, signer):
    return authority.change(document, change, signer)
