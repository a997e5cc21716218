from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import clean_context

from ..fiscal import lifecycle


class EreceiptReturnAnew(models.TransientModel):
    """Takes an issued invoice back and issues it anew, in one go.

    What the authority holds as valid is returned there too. What never became valid
    there is abandoned: its reversal is a matter of the books alone. A sale takes the
    returns along that wait for it, since they can name nothing; where they return all
    of it, nothing is left to be issued.
    """

    _name = "ereceipt.return.anew"
    _description = "Return and issue anew"

    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, readonly=True
    )
    company_id = fields.Many2one(related="move_id.company_id", related_sudo=False)
    way = fields.Selection(
        [
            ("return", "Returned at the authority"),
            ("anew", "Reversed in the books alone"),
            ("settle", "Settled in the books alone"),
        ],
        string="What is done",
        compute="_compute_way",
    )
    returned_text = fields.Char(string="What was returned", compute="_compute_way")
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
    @api.depends_context("lang")
    def _compute_way(self):
        for wizard in self:
            move = wizard.move_id
            wizard.way = move._ereceipt_anew_way() if move else False
            returns = wizard._returns()
            wizard.returned_text = (
                self.env._(
                    "The same is done with what was returned of it: %s.",
                    ", ".join(returns.mapped("name")),
                )
                if returns
                else False
            )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_return_anew(self):
        """Reverse what is wrong and open, or post, what stands in its place."""
        self.ensure_one()
        move = self.move_id
        move._ereceipt_require("user")
        reason = move._ereceipt_why_not_anew()
        if reason:
            raise UserError(reason)
        way, moves = self.way, move | self._returns()
        if way != "return":
            # found by what it names until now, and with the sale from now on
            moves.filtered(
                lambda m: m != move and not m.reversed_entry_id
            ).reversed_entry_id = move
            moves._ereceipt_abandon()
        if way == "settle":
            return self._settled(moves)
        # the defaults of this dialog are none of what it opens
        clean = self.env(context=clean_context(self.env.context))
        anew = clean["account.move"]
        for each in moves:
            anew |= self._reverse(each, anew[:1])
        return self._post_new(anew) or anew._get_records_action(
            name=self.env._("Issued anew")
        )

    def _returns(self):
        """Return the credit notes that share the fate of the sale."""
        move = self.move_id
        if move.move_type == "out_refund" or move.ereceipt_state == lifecycle.VALID:
            return move.browse()
        return move._ereceipt_returns()

    def _settled(self, moves):
        """Log that nothing is issued of these, and say so."""
        text = self.env._(
            "%(invoices)s: settled in the books alone. The tax authority holds none of "
            "them. %(reason)s",
            invoices=", ".join(moves.mapped("name")),
            reason=self.reason,
        )
        moves._message_log_batch(bodies={move.id: text for move in moves})
        return moves._ereceipt_notification(text)

    def _reverse(self, move, sale):
        """Post the reversal of an invoice or credit note.

        :param sale: the draft in the place of its sale, if that is issued anew as well
        :return: the draft that stands in its place
        """
        before = move.reversal_move_ids
        reversal = (
            self.env["account.move.reversal"]
            .with_context(
                active_model="account.move",
                active_ids=move.ids,
                ereceipt_anew=True,
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
        if (move.reversal_move_ids - before).filtered(lambda m: m.state == "draft"):
            raise UserError(
                self.env._("The date of return lies in the future. Choose today.")
            )
        anew.write({"ereceipt_anew_of_id": move.id, **self._kept_values(move, sale)})
        return anew

    def _kept_values(self, move, sale):
        """Return what a copy of an invoice lacks."""
        values = move._ereceipt_kept_anew()
        if self.partner_id != self.move_id.partner_id:
            values["partner_id"] = self.partner_id.id
        if move.move_type == "out_refund":
            values["reversed_entry_id"] = (sale or move.reversed_entry_id).id
            if not sale:
                for name in ("original_uid", "original_issued_at", "return_reason_id"):
                    value = move._ereceipt_plain(f"ereceipt_{name}")
                    values[f"ereceipt_{name}"] = value
        return values

    def _post_new(self, anew):
        """Post what is issued anew where the person wants that.

        :return: what is to be shown instead of it: its problems, or the waiting
        """
        if not self.post_new:
            return False
        opened = anew._get_records_action(name=self.env._("Issued anew"))
        dialog = anew._ereceipt_confirm_dialog()
        if dialog:
            return dialog
        anew.action_post()
        return anew._ereceipt_await_answer(opened)
