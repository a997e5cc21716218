from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..fiscal import lifecycle
from .account_move_lock import GUARDED


class AccountMove(models.Model):
    """Invoices that were taken back and issued anew, and what replaces what.

    A sale whose document never became valid, and never will, is *abandoned*: it and
    the credit note on it are settled in the books alone, since the authority knows
    neither. Both stay as they are from then on.
    """

    _inherit = "account.move"

    ereceipt_anew_of_id = fields.Many2one(
        "account.move",
        string="Issued in place of",
        copy=False,
        readonly=True,
        check_company=True,
        index="btree_not_null",
        help="The invoice that was taken back and issued anew as this one.",
    )
    ereceipt_anew_ids = fields.One2many(
        "account.move", "ereceipt_anew_of_id", string="Issued anew as", readonly=True
    )
    ereceipt_exempt = fields.Boolean(
        string="Settled in the books alone",
        compute="_compute_ereceipt_exempt",
        help="The sale's document never reached the tax authority as valid and never "
        "will, so neither the sale nor its credit note is issued.",
    )

    @api.depends("ereceipt_document_id.state", "reversed_entry_id.ereceipt_state")
    def _compute_ereceipt_exempt(self):
        for move in self:
            document = (
                move.ereceipt_document_id or move.reversed_entry_id.ereceipt_document_id
            ).sudo()
            move.ereceipt_exempt = bool(document) and document._is_abandoned()

    def _ereceipt_guard(self, vals):
        # EXTENDS: what is settled in the books alone stays settled
        for move in self:
            if (
                move.state == "posted"
                and move.ereceipt_exempt
                and any(
                    vals[name] != move._ereceipt_plain(name)
                    for name in GUARDED & vals.keys()
                )
            ):
                raise UserError(move._ereceipt_exempt_message())
        return super()._ereceipt_guard(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ereceipt_exempt(self):
        for move in self:
            if move.state == "posted" and move.ereceipt_exempt:
                raise UserError(move._ereceipt_exempt_message())

    def _ereceipt_exempt_message(self):
        return self.env._(
            "%(invoice)s is one of an invoice and its credit note that were settled "
            "together, because the tax authority never got the invoice. Neither can be "
            "changed; make a new invoice instead.",
            invoice=self.name,
        )

    def _ereceipt_replaces_text(self):
        """Return the sentence that the print says of what it replaces, "" if it
        replaces nothing."""
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        replaced = document.replaces_id
        if not replaced:
            replaced = self.ereceipt_anew_of_id.sudo().ereceipt_document_id
        if not replaced.issued_at:
            return ""
        issued_at = fields.Datetime.context_timestamp(self, replaced.issued_at)
        return self.env._(
            "Replaces %(number)s of %(date)s (%(uid)s), which must not be used any "
            "more.",
            number=replaced.name,
            date=format_date(self.env, issued_at.date()),
            uid=replaced.authority_uid or "-",
        )

    def _ereceipt_why_not_anew(self):
        """Return why the invoice cannot be taken back and issued anew, or False."""
        self.ensure_one()
        allowed = (
            lifecycle.VALID,
            lifecycle.INVALID,
            lifecycle.REJECTED,
            lifecycle.LATE,
        )
        if self.state != "posted" or self.move_type not in (
            "out_invoice",
            "out_receipt",
        ):
            return self.env._("Only a posted invoice can be issued anew.")
        if self.ereceipt_state not in allowed:
            return self.env._(
                "The tax authority has not decided about it: %s",
                self.ereceipt_what_now or self.env._("it was not issued."),
            )
        returned = self.reversal_move_ids.filtered(lambda m: m.state == "posted")
        if returned:
            return self.env._(
                "It was taken back already, wholly or in part, by %s. Make a new "
                "invoice for the rest.",
                ", ".join(returned.mapped("name")),
            )
        return False
