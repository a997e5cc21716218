from odoo import api, fields, models

ACTIVITY_TYPE = "account_ereceipt.mail_activity_type_ereceipt"
OUTLASTING = frozenset({"paid"})
"""Causes that have nothing to do with what the authority decides."""


class EreceiptAlert(models.AbstractModel):
    """Asks a person to do something: an activity, once per cause, closed when the
    cause is gone."""

    _name = "ereceipt.alert"
    _description = "Alerts of electronic receipts"

    @api.model
    def _raise(self, record, cause, summary, note=False, user=None, deadline=None):
        """Schedule an activity on a record unless it is there.

        :param user: who is to do it; the responsible of a registration or a device
            if None
        :param date deadline: until when; today if None
        """
        if self._open_activities(record, cause):
            return
        if user is None:
            user = record._end_responsible()
        self._schedule(record, cause, summary, note, user, deadline)

    @api.model
    def _clear(self, records, cause):
        """Close the activities of a cause."""
        self._open_activities(records, cause).action_feedback()

    @api.model
    def _take_back(self, records, cause):
        """Remove the activities of a cause that nobody has done: another one takes
        their place."""
        self._open_activities(records, cause).unlink()

    @api.model
    def _raise_for_documents(self, documents, cause, summary, note=False):
        """Schedule an activity on the invoices of documents, for who posted them."""
        moves = documents.link_ids.move_id
        told = self._open_activities(moves, cause).mapped("res_id")
        for document in documents:
            for move in document.link_ids.move_id:
                if move.id in told:
                    continue
                user = move.invoice_user_id or document.registration_id.responsible_id
                self._schedule(move, cause, summary, note or False, user)

    @api.model
    def _clear_for_documents(self, documents):
        """Close every activity of ours on the invoices of documents, but for those
        that their decision does not end."""
        moves = documents.link_ids.move_id
        if moves:
            self._open_activities(moves).filtered(
                lambda activity: activity.ereceipt_cause not in OUTLASTING
            ).action_feedback()

    def _schedule(self, record, cause, summary, note, user, deadline=None):
        record.sudo().with_context(lang=user.lang).activity_schedule(
            ACTIVITY_TYPE,
            date_deadline=deadline,
            summary=summary,
            note=note,
            user_id=user.id or self.env.ref("base.user_admin").id,
            ereceipt_cause=cause,
        )

    def _open_activities(self, records, cause=None):
        domain = [
            ("res_model", "=", records._name),
            ("res_id", "in", records.ids),
            ("ereceipt_cause", "!=", False),
        ]
        if cause:
            domain.append(("ereceipt_cause", "=", cause))
        return self.env["mail.activity"].sudo().search(domain)


class MailActivity(models.Model):
    _inherit = "mail.activity"

    ereceipt_cause = fields.Char(
        string="Cause in e-receipts",
        index="btree_not_null",
        readonly=True,
        groups=fields.NO_ACCESS,
        help="What the activity was made for, so that it ends by itself.",
    )
