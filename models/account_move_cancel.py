from odoo import api, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle
from ..fiscal.contract import Problem
from ..fiscal.messages import _
from .ereceipt_change import CANCEL


class AccountMove(models.Model):
    """Cancelling an invoice at the authority, and in the books after it.

    Where the authority lets documents be cancelled, *Request Cancel* takes the place of
    *Reset to Draft* while its window is open. The invoice stays as it is until the
    authority has decided, and is cancelled here when the document is there.
    """

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    def _need_cancel_request(self):
        # EXTENDS account
        document = self.ereceipt_document_id.sudo()
        return super()._need_cancel_request() or bool(
            self.state == "posted" and document and document._can_be_cancelled()
        )

    @api.depends("ereceipt_state", "state")
    def _compute_need_cancel_request(self):
        # EXTENDS account
        return super()._compute_need_cancel_request()

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def button_request_cancel(self):
        # EXTENDS account
        result = super().button_request_cancel()
        document = self.ereceipt_document_id.sudo()
        if not document or not document._can_be_cancelled():
            return result
        self._ereceipt_require("user")
        self._ereceipt_check_nothing_refers()
        return self._ereceipt_wizard_action(
            "ereceipt.cancel", self.env._("Cancel at the tax authority")
        )

    def action_ereceipt_rejection(self):
        """Open the ways that a buyer's rejection leaves."""
        self.ensure_one()
        self._ereceipt_require("user")
        return self._ereceipt_wizard_action(
            "ereceipt.rejection", self.env._("The buyer rejected it")
        )

    def action_ereceipt_cancel_in_books(self):
        """Cancel here what was cancelled at the authority."""
        self._ereceipt_require("user")
        wrong = self.filtered(lambda m: m.ereceipt_state != lifecycle.CANCELLED)
        if wrong:
            raise UserError(
                self.env._(
                    "%s is not cancelled at the tax authority.", wrong[0].display_name
                )
            )
        self.filtered(lambda m: m.state == "posted").button_cancel()
        return True

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS: while a rejection can be declined there is no place for another one
        problems = super()._ereceipt_own_problems(at_posting)
        replaced = self._ereceipt_replaced()
        if replaced and replaced._rejection_pending():
            problems.append(
                Problem(
                    "rejection_pending",
                    _(
                        "The buyer's rejection of %(document)s takes effect at "
                        "%(time)s; until then the tax authority takes no other "
                        "document with this number. Wait for that, or return the "
                        "invoice and issue it anew with another number."
                    ),
                    record=("account.move", self.id),
                    values={
                        "document": replaced.name,
                        "time": replaced._moment_text(replaced.decline_until),
                    },
                )
            )
        return problems

    def _ereceipt_check_nothing_refers(self):
        """Refuse to cancel what a credit note takes back already."""
        self.ensure_one()
        standing = self._ereceipt_standing_reversals()
        if standing:
            raise UserError(self._ereceipt_say_taken_back(standing))

    def _ereceipt_standing_reversals(self):
        """Return the credit notes that take the invoice back."""
        return self.reversal_move_ids.filtered(
            lambda m: m.state == "posted" and m.ereceipt_state in lifecycle.STANDING
        )

    def _ereceipt_say_taken_back(self, standing):
        return self.env._(
            "%(invoice)s is taken back by %(credit_notes)s already, so it "
            "cannot be cancelled as well.",
            invoice=self.display_name,
            credit_notes=", ".join(standing.mapped("name")),
        )


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _cancel_in_books(self):
        """Cancel the invoices whose documents are cancelled at the authority because
        somebody here asked for it; ask a person about the others, and where the books
        do not allow it (a lock date, say)."""
        for document in self:
            reason = document._why_not_cancelled_in_books()
            if not reason:
                continue
            self.env["ereceipt.alert"]._raise_for_documents(
                document,
                "cancelled",
                self.env._("Cancelled at the tax authority: cancel the invoice here"),
                reason,
            )

    def _why_not_cancelled_in_books(self):
        """Cancel the document's invoices, or return why not."""
        self.ensure_one()
        moves = self.link_ids.move_id.filtered(lambda m: m.state == "posted")
        if not moves:
            return False
        if self.change != CANCEL:
            return self.env._("It was cancelled there by somebody else.")
        try:
            with self.env.cr.savepoint():
                moves.with_company(self.company_id).button_cancel()
        except UserError as error:
            return str(error)
        return False


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    @api.model
    def _tell_decided(self, documents):
        # EXTENDS
        result = super()._tell_decided(documents)
        cancelled = documents.filtered(lambda d: d.state == lifecycle.CANCELLED)
        if cancelled:
            self._log(cancelled, self.env._("Cancelled at the tax authority."))
            cancelled._cancel_in_books()
        return result
