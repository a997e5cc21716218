from odoo import api, fields, models

from ..fiscal import authority_class, lifecycle
from .account_move_delivery import MAILED

REPLACEMENT = "replacement"
"""Cause of the activity that asks to give the customer another document."""


class AccountMove(models.Model):
    """When a customer got a document, and that he gets another one in its place."""

    _inherit = "account.move"

    def _ereceipt_handed_over(self, way=None):
        """Note that the customers have these invoices now: the first time counts. Who
        may only look, as an auditor, hands nothing over by printing.

        Writes at once: a request that Odoo runs on a read-only connection is run
        again before anything is rendered.

        :param way: how they got them, as the column that says when: ``MAILED``, of
            which the last time counts, or ``OPENED``
        """
        if self.env.user._is_internal() and not self.has_access("write"):
            return
        gone = (lifecycle.SUPERSEDED, lifecycle.WITHDRAWN)
        now = fields.Datetime.now()
        standing = self.sudo().ereceipt_link_ids.document_id.filtered(
            lambda d: d.issued_at and d.state not in gone
        )
        if way:
            standing.filtered(lambda d: way == MAILED or not d[way]).write({way: now})
        documents = standing.filtered(lambda d: not d.handed_over_at)
        if not documents:
            return
        owed = documents.filtered(lambda d: d._owes_replacement())
        documents.write({"handed_over_at": now})
        documents.flush_recordset(["handed_over_at"])
        if owed:
            self.env["ereceipt.alert"]._clear(owed.link_ids.move_id, REPLACEMENT)

    def _ereceipt_freeze(self, snapshots):
        # EXTENDS: a stored PDF shows the document that is replaced now
        documents = super()._ereceipt_freeze(snapshots)
        documents.filtered("replaces_id").link_ids.move_id._ereceipt_forget_print()
        return documents

    def _ereceipt_load_told(self):
        """Read at once what is asked of invoices when their documents are decided: of
        the many columns of an invoice those few."""
        self.fetch(
            [
                "name",
                "state",
                "ereceipt_document_id",
                "ereceipt_state",
                "ereceipt_mail_settings",
                "ereceipt_anew_of_id",
            ]
        )

    def _ereceipt_forget_print(self):
        """Detach the stored PDFs, so that the next one is made anew."""
        self.filtered("invoice_pdf_report_id")._detach_attachments()
        self.invalidate_recordset(["invoice_pdf_report_id", "invoice_pdf_report_file"])


class IrActionsReport(models.Model):
    _inherit = "ir.actions.report"

    def _render_qweb_pdf(self, report_ref, res_ids=None, data=None):
        # EXTENDS account: who prints an invoice gives it to the customer
        if res_ids and self._is_invoice_report(report_ref):
            ids = [res_ids] if isinstance(res_ids, int) else res_ids
            self.env["account.move"].browse(ids)._ereceipt_handed_over()
        return super()._render_qweb_pdf(report_ref, res_ids=res_ids, data=data)


class EreceiptDocument(models.Model):
    """What follows when a document is valid: mail that waited for that, and the
    document for the customer who holds one that does not count."""

    _inherit = "ereceipt.document"

    def _replaced_in_hand(self):
        """Return the document that the customer holds and that this one replaces."""
        self.ensure_one()
        replaced = self.replaces_id
        while replaced and not replaced.handed_over_at:
            replaced = replaced.replaces_id
        if replaced:
            return replaced
        anew_of = self.link_ids.move_id.ereceipt_anew_of_id.ereceipt_document_id
        return anew_of.filtered("handed_over_at")[:1]

    def _owes_replacement(self):
        """Whether the customer holds a document in whose place he should get this one,
        and has not got it yet."""
        return bool(
            self and not self.handed_over_at and self.sudo()._replaced_in_hand()
        )

    def _deliver_waiting(self):
        """Hand valid documents over to the mailing job: mail that waited for them, and
        replacements for customers who hold a document that does not count.

        A replacement leaves when it is valid and not before, so that no customer gets
        a second document that does not count.
        """
        moves = self.link_ids.move_id
        if not moves:
            return
        moves._ereceipt_load_told()
        concerned = moves.filtered(
            lambda m: m.ereceipt_mail_settings or m.ereceipt_anew_of_id
        )
        concerned |= self.filtered("replaces_id").link_ids.move_id
        self._forget_prints_without_answer()
        mailed = self.env["account.move"]
        for move in concerned:
            if move.ereceipt_mail_settings:
                move.write(
                    {
                        "sending_data": move.ereceipt_mail_settings,
                        "ereceipt_mail_settings": False,
                    }
                )
                mailed |= move
            elif move.ereceipt_document_id._owes_replacement():
                mailed |= move.ereceipt_document_id._mail_replacement(move)
        if not mailed:
            return
        job = self.env.ref("account.ir_cron_account_move_send", False)
        if job:
            job.sudo()._trigger()

    def _forget_prints_without_answer(self):
        """Detach PDFs that were made before the authority's answer, where what it
        brings belongs on the print."""
        for code, documents in self.grouped("authority").items():
            if authority_class(code).capabilities.printable_at == "answer":
                documents.link_ids.move_id._ereceipt_forget_print()

    def _mail_replacement(self, move):
        """Have the document mailed in the place of one that does not count, or ask a
        person to hand it over where the customer gets no mail.

        :return: the invoice if it is mailed
        """
        user = move.invoice_user_id or self.registration_id.responsible_id
        methods = self.env["account.move.send"]._get_default_sending_methods(move)
        if "email" not in methods or not move.partner_id.email:
            self.env["ereceipt.alert"]._raise_for_documents(
                self,
                REPLACEMENT,
                self.env._("Give the customer the document that counts"),
                self.env._("He holds one that the tax authority did not accept."),
            )
            return move.browse()
        move.sending_data = {
            "author_user_id": user.id,
            "author_partner_id": user.partner_id.id,
        }
        return move


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    @api.model
    def _tell_decided(self, documents):
        # EXTENDS
        result = super()._tell_decided(documents)
        documents.filtered(lambda d: d.state == lifecycle.VALID)._deliver_waiting()
        return result
