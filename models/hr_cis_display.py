from odoo import api, fields, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

IDS = {
    "jir": _lt("JIR"),
    "jir_again": _lt("JIR of the repetition"),
    "message": _lt("Message (IdPoruke)"),
    "late": _lt("Late (NakDost)"),
    "payment": _lt("Registered payment"),
    "recipient": _lt("Registered customer's OIB"),
    "tip": _lt("Registered tip"),
    "tip_payment": _lt("Payment of the tip"),
}
"""What is kept of a receipt's registration and of changes to it."""


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    @api.model
    def _ereceipt_field_words(self):
        # EXTENDS
        return {**super()._ereceipt_field_words(), "hr_": "hr_cis"}

    def _hr_cis_id_words(self):
        """Return what identifiers are called, and what their values mean."""
        means = self.env["account.move"]._fields["hr_payment_means"]
        means = dict(means._description_selection(self.env))
        late = {"true": self.env._("Yes"), "false": self.env._("No")}
        names = {key: self.env._(name) for key, name in IDS.items()}
        return names, {"late": late, "payment": means, "tip_payment": means}


class AccountMove(models.Model):
    """What is seen of a Croatian receipt on its invoice: what the authority holds now,
    which a change on the day of issue may have made different from what was posted."""

    _inherit = "account.move"

    hr_security_code = fields.Char(
        related="ereceipt_document_id.security_code", string="ZKI"
    )
    hr_registered_payment = fields.Selection(
        selection=lambda self: (
            self.env["account.move"]
            ._fields["hr_payment_means"]
            ._description_selection(self.env)
        ),
        string="Registered payment",
        compute="_compute_hr_registered",
        help="How the receipt is paid, as the tax authority holds it now.",
    )
    hr_registered_recipient = fields.Char(
        string="Registered customer's OIB", compute="_compute_hr_registered"
    )
    hr_registered_tip = fields.Monetary(
        string="Registered tip",
        compute="_compute_hr_registered",
        currency_field="company_currency_id",
    )

    @api.depends("ereceipt_document_id.state", "ereceipt_document_id.authority_ids")
    def _compute_hr_registered(self):
        for move in self:
            document = move.ereceipt_document_id.sudo()
            held = document if document.state == "valid" else document.browse()
            told = held and held._hr_cis_told("payment")
            move.hr_registered_payment = told or False
            move.hr_registered_recipient = (
                told and held._hr_cis_told("recipient")
            ) or False
            tip = (held.authority_ids or {}).get("tip") if told else None
            move.hr_registered_tip = float(tip or 0)
