from odoo import api, fields, models
from odoo.tools.translate import LazyGettext

from .ereceipt_said import Said

ACTIVITY_TYPE = "account_ereceipt.mail_activity_type_ereceipt"


def in_language(env, text):
    """Return a text that may be a lazy translation, or know what it was made of, in an
    environment's language: jobs run in one of their own, and write to people who read
    another."""
    said = Said.source(text)
    if said:
        return env["ereceipt.document"]._said_text(said, text)
    return env._(text) if isinstance(text, LazyGettext) else text


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

        :param summary: a text, or a lazy translation, which everybody gets in his own
            language; so for ``note``
        :param user: who is to do it; if None, everybody who is told of alerts of the
            registration or device. The first of them who does it does it for all.
        :param date deadline: until when; today if None
        """
        if self._open_activities(record, cause):
            return
        users = record._alert_users() if user is None else user
        for one in users or self.env.ref("base.user_admin"):
            self._schedule(record, cause, summary, note, one, deadline)

    @api.model
    def _clear(self, records, cause):
        """Close the activities of a cause; where several people have one for it, the
        first is done, which takes the others away."""
        activities = self._open_activities(records, cause)
        if records._name.startswith("ereceipt."):
            alike = activities.grouped(lambda a: (a.res_id, a.ereceipt_cause))
            activities = activities.browse(group[0].id for group in alike.values())
        activities.action_feedback()

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
        reading = self.with_context(lang=user.lang).env
        record.sudo().with_context(lang=user.lang).activity_schedule(
            ACTIVITY_TYPE,
            date_deadline=deadline,
            summary=in_language(reading, summary),
            note=in_language(reading, note),
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

    def _action_done(self, feedback=False, attachment_ids=None):
        # EXTENDS mail: others who were asked to do the same are not any more
        others = self._ereceipt_others()
        result = super()._action_done(feedback, attachment_ids)
        others.unlink()
        return result

    def _ereceipt_others(self):
        """Return the activities of other people for the same causes. Those on invoices
        are one person's each, and many: they are not looked up."""
        shared = self.sudo().filtered(
            lambda a: a.ereceipt_cause and (a.res_model or "").startswith("ereceipt.")
        )
        if not shared:
            return shared
        keys = {(a.res_model, a.res_id, a.ereceipt_cause) for a in shared}
        others = self.sudo().search(
            [
                ("res_model", "in", shared.mapped("res_model")),
                ("res_id", "in", shared.mapped("res_id")),
                ("ereceipt_cause", "in", shared.mapped("ereceipt_cause")),
                ("id", "not in", self.ids),
            ]
        )
        return others.filtered(
            lambda a: (a.res_model, a.res_id, a.ereceipt_cause) in keys
        )
