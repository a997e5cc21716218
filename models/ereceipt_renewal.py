from datetime import datetime, time

import pytz

from odoo import api, fields, models

from ..fiscal import lifecycle

RENEWED_AT_ONCE = 100
UNSENT = (lifecycle.TO_SIGN, lifecycle.QUEUED)


class EreceiptDocument(models.Model):
    """Issuing anew what nobody outside has seen.

    A document without a place in a chain that has neither left this database nor been
    handed to the customer need not be late, nor be signed with another day's date: it
    is withdrawn, and its invoice is issued once more, with the present time.
    """

    _inherit = "ereceipt.document"

    def _may_be_issued_anew(self):
        """Whether nobody outside has seen the document, and none follows it."""
        self.ensure_one()
        return (
            self.state in UNSENT
            and not self.doubt
            and not self.handed_over_at
            and not self.late_reference
            and not self._authority_class().capabilities.chained
        )

    def _issue_anew(self):
        """Issue documents with the present time, and leave those for later whose key is
        away: they would wait for their signature on the next day as well.

        :return: the documents that were withdrawn
        """
        renewed = self.browse()
        for document in self[:RENEWED_AT_ONCE]:
            if document.registration_id._signs_documents() and (
                document._signing_situation() != "to_sign"
            ):
                continue
            move = document.link_ids.move_id.with_company(document.company_id)
            document._withdraw()
            if len(move) > 1:
                move._ereceipt_sorted()._ereceipt_put_together()
            move._message_log_batch(
                bodies={
                    one.id: self.env._(
                        "Issued with another day's date: it was not sent on the day "
                        "on which it was issued first."
                    )
                    for one in move
                }
            )
            move._ereceipt_issue(by_person=True, raising=False)
            renewed |= document
        return renewed


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    def _before_claiming(self):
        # EXTENDS
        return (*super()._before_claiming(), self._renew_unsigned)

    @api.model
    def _too_late(self, documents):
        # EXTENDS: what nobody outside has seen is not late
        unseen = documents.filtered(lambda d: d._may_be_issued_anew())
        unseen._issue_anew()
        return super()._too_late(documents - unseen)

    @api.model
    def _renew_unsigned(self, registrations=None):
        """Issue anew what is going to be signed on a later day than it was issued on:
        the authority wants the day of the signature."""
        if registrations is None:
            registrations = self.env["ereceipt.registration"].search(
                [("signing_key_id.ready_at", "!=", False)]
            )
        for registration in registrations._sends_here():
            documents = self.env["ereceipt.document"].search(
                [
                    ("registration_id", "=", registration.id),
                    ("state", "=", lifecycle.TO_SIGN),
                    ("issued_at", "<", self._start_of_day(registration)),
                    ("environment", "=", registration.environment),
                ],
                order="id",
                limit=RENEWED_AT_ONCE,
            )
            documents.filtered(lambda d: d._may_be_issued_anew())._issue_anew()

    @api.model
    def _start_of_day(self, registration):
        """Return when the present day began at the authority (naive UTC)."""
        zone = pytz.timezone(registration._authority_class().limits.zone)
        today = pytz.utc.localize(fields.Datetime.now()).astimezone(zone).date()
        midnight = zone.localize(datetime.combine(today, time()))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)
