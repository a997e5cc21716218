from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..fiscal import lifecycle
from .account_move_lock import GUARDED
from .ereceipt_document import TAKES_BACK

NEVER_VALID = (lifecycle.INVALID, lifecycle.REJECTED, lifecycle.LATE)
NEVER_LEFT = (
    lifecycle.WAITING,
    lifecycle.TO_SIGN,
    lifecycle.QUEUED,
    lifecycle.FAILED,
    *NEVER_VALID,
)
"""States of a return of a sale that is not valid: the authority holds nothing of it."""


class AccountMove(models.Model):
    """Invoices that were taken back and issued anew, and what replaces what.

    A sale whose document never became valid, and never will, is *abandoned*: it and
    the credit notes on it are settled in the books alone, since the authority knows
    none of them. They stay as they are from then on. The same goes for a return that
    never became valid.

    There are three ways (:meth:`_ereceipt_anew_way`):

    - ``return``: the authority holds the sale as valid; the credit note is issued.
    - ``anew``: it does not; what is wrong is reversed in the books alone, a sale
      together with its returns, and copies of all are issued in their place.
    - ``settle``: nothing is left to be issued, since all of the sale was returned, or
      the sale of a return is no more; the documents are given up, and that is all.
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
        recursive=True,
        help="The sale's document never reached the tax authority as valid and never "
        "will, so neither the sale nor its credit note is issued.",
    )

    @api.depends("ereceipt_document_id.state", "reversed_entry_id.ereceipt_exempt")
    def _compute_ereceipt_exempt(self):
        for move in self:
            document = move.ereceipt_document_id.sudo()
            if document and document.state != lifecycle.WITHDRAWN:
                move.ereceipt_exempt = document._is_abandoned()
            else:
                move.ereceipt_exempt = move.reversed_entry_id.ereceipt_exempt

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

    # -------------------------------------------------------------------------
    # WAYS
    # -------------------------------------------------------------------------

    def _ereceipt_why_not_anew(self):
        """Return why the invoice, or the credit note, cannot be taken back and issued
        anew, or False."""
        self.ensure_one()
        if self.state != "posted" or not self.is_sale_document(include_receipts=True):
            return self.env._("Only a posted invoice can be issued anew.")
        refund = self.move_type == "out_refund"
        if refund and self.ereceipt_state == lifecycle.VALID:
            return self.env._(
                "The tax authority holds this return as valid. Make a new invoice."
            )
        if self.ereceipt_state not in (lifecycle.VALID, *NEVER_VALID):
            return self.env._(
                "The tax authority has not decided about it: %s",
                self.ereceipt_what_now or self.env._("it was not issued."),
            )
        if refund:
            return self._ereceipt_why_not_before_sale()
        return self._ereceipt_why_returned()

    def _ereceipt_why_returned(self):
        """Return that the sale was taken back already, at the authority as well, or
        False."""
        self.ensure_one()
        returned = self._ereceipt_returns()
        registered = self.ereceipt_state == lifecycle.VALID
        if not returned or not (
            registered or returned - returned._ereceipt_never_left()
        ):
            return False
        names = ", ".join(returned.mapped("name"))
        if self._ereceipt_all_returned(returned):
            return self.env._(
                "%s took all of it back already. If it was sold all the same, make a "
                "new invoice.",
                names,
            )
        return self.env._(
            "A part of it was taken back already, by %s. Make a new invoice for the "
            "rest.",
            names,
        )

    def _ereceipt_all_returned(self, returned):
        """Whether credit notes take all of the sale back."""
        amount = sum(returned.mapped("amount_total"))
        left = self.currency_id.compare_amounts(self.amount_total, amount)
        return bool(returned) and left <= 0

    def _ereceipt_why_not_before_sale(self):
        """Return that the sale of a return has to be settled first, or False."""
        original = self.ereceipt_document_id.sudo()._awaited_original()
        if not original:
            return False
        return self.env._(
            "The sale %(sale)s, which it refers to, is not valid: it is %(state)s. "
            "Settle that one first.",
            sale=original.name,
            state=original._state_label(),
        )

    def _ereceipt_returns(self):
        """Return the posted credit notes on a sale, by whichever way they refer to it,
        that are not settled in the books alone already."""
        self.ensure_one()
        documents = self.sudo().ereceipt_link_ids.document_id
        frozen = documents.search(
            [
                ("kind", "in", TAKES_BACK),
                "|",
                ("depends_on_id", "in", documents.ids),
                ("original_uid", "in", [d.authority_uid or "" for d in documents]),
                ("registration_id", "in", documents.registration_id.ids),
            ]
        )
        found = frozen.link_ids.move_id | documents._typed_waiting_returns()
        found = self.reversal_move_ids | found.with_env(self.env)
        return found.filtered(lambda m: m.state == "posted" and not m.ereceipt_exempt)

    def _ereceipt_never_left(self):
        """Return the credit notes of which the authority never got anything."""
        return self.filtered(
            lambda m: not m.ereceipt_state or m.ereceipt_state in NEVER_LEFT
        )

    def _ereceipt_anew_way(self):
        """Return ``return``, ``anew`` or ``settle`` (see the class)."""
        self.ensure_one()
        if self.ereceipt_state == lifecycle.VALID:
            return "return"
        if self.move_type == "out_refund":
            sale = self.ereceipt_document_id.sudo().depends_on_id
            return "settle" if sale and sale._is_no_more() else "anew"
        everything = self._ereceipt_all_returned(self._ereceipt_returns())
        return "settle" if everything else "anew"

    def _ereceipt_kept_anew(self):
        """Hook: return what is issued anew with an invoice although a copy of it lacks
        it, as values."""
        self.ensure_one()
        return {}

    def _ereceipt_abandon(self):
        """Give up the documents of these for good."""
        for document in self.ereceipt_document_id.sudo():
            if document.state == lifecycle.WAITING:
                document._go(lifecycle.WITHDRAWN)
            else:
                document._go(lifecycle.SUPERSEDED, waiting_reason=False)


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _is_no_more(self):
        """Whether there is nothing at the authority that a return could refer to, and
        never will be: cancelled there, given up, or taken out of the books."""
        self.ensure_one()
        latest = self._replacement() or self
        return latest.state in (lifecycle.CANCELLED, lifecycle.SUPERSEDED) or (
            latest.state != lifecycle.VALID
            and set(latest.link_ids.move_id.mapped("state")) == {"cancel"}
        )
