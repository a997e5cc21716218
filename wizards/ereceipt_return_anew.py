from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle


class EreceiptReturnAnew(models.TransientModel):
    """Takes an issued invoice back and issues it anew, in one go.

    What the authority holds as valid is returned there too. What never became valid
    there is abandoned: its credit note is a matter of the books alone.
    """

    _name = "ereceipt.return.anew"
    _description = "Return and issue anew"

    move_id = fields.Many2one("account.move", required=True, readonly=True)
    company_id = fields.Many2one(related="move_id.company_id", related_sudo=False)
    is_registered = fields.Boolean(compute="_compute_is_registered")
    date = fields.Date(
        required=True,
        compute="_compute_defaults",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    reason = fields.Char(required=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer of the new invoice",
        required=True,
        compute="_compute_defaults",
        compute_sudo=False,
        store=True,
        readonly=False,
        precompute=True,
    )
    post_new = fields.Boolean(
        string="Post the new invoice at once",
        help="Otherwise it is opened as a draft, to be changed first.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("move_id")
    def _compute_defaults(self):
        self.move_id.check_access("read")
        for wizard in self:
            move = wizard.move_id
            wizard.partner_id = move.partner_id
            wizard.date = move._ereceipt_local_date(move.ereceipt_device_id)

    @api.depends("move_id.ereceipt_state")
    def _compute_is_registered(self):
        for wizard in self:
            wizard.is_registered = wizard.move_id.ereceipt_state == lifecycle.VALID

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_return_anew(self):
        """Post the credit note and open, or post, the new invoice."""
        self.ensure_one()
        move = self.move_id
        move._ereceipt_require("user")
        reason = move._ereceipt_why_not_anew()
        if reason:
            raise UserError(reason)
        if not self.is_registered:
            move.ereceipt_document_id._go(lifecycle.SUPERSEDED)
        anew = self._reverse()
        return self._post_new(anew) or anew._get_records_action()

    def _reverse(self):
        """Post the credit note.

        :return: the draft that stands in the invoice's place
        """
        move = self.move_id
        zone = move.ereceipt_device_id.sudo().registration_id._authority_class()
        reversal = (
            self.env["account.move.reversal"]
            .with_context(
                active_model="account.move",
                active_ids=move.ids,
                # what is today there is not a day to be posted later
                tz=zone.limits.zone,
            )
            .create(
                {
                    "date": self.date,
                    "reason": self.reason,
                    "journal_id": move.journal_id.id,
                }
            )
        )
        reversal.modify_moves()
        anew = reversal.new_move_ids
        if move.reversal_move_ids.filtered(lambda m: m.state == "draft"):
            raise UserError(
                self.env._("The date of return lies in the future. Choose today.")
            )
        anew.write(
            {
                "ereceipt_anew_of_id": move.id,
                **(
                    {"partner_id": self.partner_id.id}
                    if self.partner_id != move.partner_id
                    else {}
                ),
            }
        )
        return anew

    def _post_new(self, anew):
        """Post the new invoice where the person wants that.

        :return: what is to be shown instead of it: its problems, or the waiting
        """
        if not self.post_new:
            return False
        opened = anew._get_records_action()
        dialog = anew._ereceipt_confirm_dialog()
        if dialog:
            return dialog
        anew.action_post()
        return anew._ereceipt_await_answer(opened)
