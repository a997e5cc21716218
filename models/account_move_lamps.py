from odoo import api, fields, models

from ..fiscal import lifecycle

ON, HALF, WRONG, OFF = "on", "half", "wrong", "off"

AUTHORITY = {
    lifecycle.VALID: ON,
    lifecycle.CANCELLING: HALF,
    lifecycle.TO_SIGN: HALF,
    lifecycle.QUEUED: HALF,
    lifecycle.SENDING: HALF,
    lifecycle.UNKNOWN: HALF,
    lifecycle.SUBMITTED: HALF,
    lifecycle.INVALID: WRONG,
    lifecycle.REJECTED: WRONG,
    lifecycle.LATE: WRONG,
    lifecycle.FAILED: WRONG,
}
DELIVERY = {"opened": ON, "mailed": ON, "handed": ON, "failed": WRONG}
SAID_PAID = {"told": HALF, "seen": HALF, "found": ON, "missing": WRONG}
MONEY = {"paid": ON, "in_payment": HALF, "partial": HALF}


class AccountMove(models.Model):
    """The four lamps of an invoice: whether the authority holds it as valid, whether
    the customer has it, whether he says that he has paid, and whether the money is
    there. A credit note has three: nobody is asked to pay it."""

    _inherit = "account.move"

    ereceipt_lamps = fields.Json(
        string="Valid, delivered, said to be paid, paid",
        compute="_compute_ereceipt_lamps",
        compute_sudo=True,
        groups="account_ereceipt.group_ereceipt_reader",
        help="Each lamp with its name, how it burns (on, half, wrong, off), and what "
        "that means in words.",
    )

    @api.depends(
        "state",
        "move_type",
        "payment_state",
        "ereceipt_device_id",
        "ereceipt_state",
        "ereceipt_delivery",
        "ereceipt_said_paid",
    )
    @api.depends_context("lang")
    def _compute_ereceipt_lamps(self):
        lit = self.filtered(
            lambda m: (
                m.state == "posted"
                and m.is_sale_document(include_receipts=True)
                and (m.ereceipt_device_id or m.ereceipt_document_id)
            )
        )
        (self - lit).ereceipt_lamps = False
        if not lit:
            return
        rows = (
            ("valid", "ereceipt_state", AUTHORITY, self.env._("Tax authority")),
            ("delivered", "ereceipt_delivery", DELIVERY, self.env._("Customer has it")),
            ("told", "ereceipt_said_paid", SAID_PAID, self.env._("Customer says paid")),
            ("money", "payment_state", MONEY, self.env._("Money")),
        )
        labels = {
            field: dict(self._fields[field]._description_selection(self.env))
            for _name, field, _levels, _title in rows
        }
        nothing = self.env._("nothing yet")
        for move in lit:
            # nobody pays a credit note; what a customer has said all the same is shown
            unasked = move.move_type == "out_refund" and not move.ereceipt_said_paid
            move.ereceipt_lamps = [
                {
                    "name": name,
                    "level": levels.get(move[field], OFF),
                    "title": title,
                    "text": labels[field].get(move[field], nothing),
                }
                for name, field, levels, title in rows
                if name != "told" or not unasked
            ]
