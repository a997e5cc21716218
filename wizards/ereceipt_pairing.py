from odoo import api, fields, models


class EreceiptPairing(models.TransientModel):
    """Shows the code for pairing an agent, once: it is in this dialog and nowhere
    else."""

    _name = "ereceipt.pairing"
    _description = "Pair a signing agent"

    key_id = fields.Many2one(
        "ereceipt.signing.key", string="Signing key", required=True, readonly=True
    )
    code = fields.Char(compute="_compute_code")
    address = fields.Char(string="Address of this Odoo", compute="_compute_code")
    fingerprint = fields.Char(string="Fingerprint of its certificate", readonly=True)
    fingerprint_problem = fields.Char(string="Why there is none", readonly=True)
    pairing_until = fields.Datetime(string="Good until", related="key_id.pairing_until")

    @api.depends_context("ereceipt_pairing_code")
    def _compute_code(self):
        for wizard in self:
            wizard.code = self.env.context.get("ereceipt_pairing_code", False)
            wizard.address = wizard.get_base_url()
