from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError


class EreceiptHrChange(models.TransientModel):
    """Tells Croatia's CIS what is different about a registered receipt: how it was paid
    and by which company, on the day of issue; the tip, within two days."""

    _name = "ereceipt.hr.change"
    _description = "Change a registered receipt"

    move_id = fields.Many2one("account.move", required=True, readonly=True)
    purpose = fields.Selection(
        [("change", "Payment and customer"), ("tip", "Tip")],
        required=True,
        default="change",
    )
    means = fields.Selection(
        selection=lambda self: (
            self.env["account.move"]
            ._fields["hr_payment_means"]
            ._description_selection(self.env)
        ),
        string="Payment means",
        required=True,
        compute="_compute_told",
        store=True,
        precompute=True,
        readonly=False,
    )
    recipient = fields.Char(
        string="Customer's OIB",
        compute="_compute_told",
        store=True,
        precompute=True,
        readonly=False,
        help="Of a company that pays at the till. Empty: none.",
    )
    currency_id = fields.Many2one(related="move_id.company_currency_id")
    tip = fields.Monetary(string="Amount of the tip")

    @api.depends("move_id")
    def _compute_told(self):
        self.move_id.check_access("read")
        for wizard in self:
            document = wizard.move_id.ereceipt_document_id.sudo()
            wizard.means = document._hr_cis_told("payment")
            wizard.recipient = document._hr_cis_told("recipient")

    def action_apply(self):
        """Have the authority told, as soon as its turn comes."""
        self.ensure_one()
        self.move_id._ereceipt_require("user")
        document = self.move_id.ereceipt_document_id
        document._hr_cis_change(*self._asked(document.sudo()))
        return self.move_id._ereceipt_notification(
            self.env._("The tax authority is told about %s.", self.move_id.name), "info"
        )

    def _asked(self, document):
        """Return the change and what it says.

        :raise UserError: nothing is different
        """
        if self.purpose == "tip":
            amount = Decimal(repr(self.currency_id.round(self.tip)))
            return "hr_tip", {"amount": str(amount), "means": self.means}
        recipient = (self.recipient or "").strip()
        if recipient != document._hr_cis_told("recipient"):
            return "hr_data", {"means": self.means, "recipient": recipient}
        if self.means != document._hr_cis_told("payment"):
            return "hr_payment", {"means": self.means}
        raise UserError(self.env._("Nothing is different from what was registered."))
