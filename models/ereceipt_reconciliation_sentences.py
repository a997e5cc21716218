from odoo import api, models

from ..fiscal.reconciling import Kind


class EreceiptReconciliationLine(models.Model):
    """What each kind of difference is called, and what it means for who reads it."""

    _inherit = "ereceipt.reconciliation.line"

    @api.model
    def _kind_labels(self):
        """Return the names of the kinds."""
        _ = self.env._
        return {
            Kind.MISSING_THERE: _("Missing there"),
            Kind.NOT_SENT: _("Not sent yet"),
            Kind.LATE: _("Late"),
            Kind.GIVEN_UP: _("Given up"),
            Kind.LOST: _("Answer lost, not there"),
            Kind.MISSING_HERE: _("Missing here"),
            Kind.FOREIGN_DEVICE: _("Missing here, foreign device"),
            Kind.GONE_THERE: _("Unknown here, cancelled there"),
            Kind.REFUSED_THERE: _("Unknown here, refused there"),
            Kind.UID: _("Another identifier"),
            Kind.FORMER: _("An earlier identifier"),
            Kind.NUMBER: _("Another number"),
            Kind.TWICE_THERE: _("Twice there"),
            Kind.TWICE_HERE: _("Twice here"),
            Kind.AMOUNT: _("Another amount"),
            Kind.DAY: _("Another day"),
            Kind.TIME: _("Another time"),
            Kind.PARTY: _("Another buyer"),
            Kind.DEVICE: _("Another device"),
            Kind.ARRIVED: _("Arrived, not known here"),
            Kind.DECIDED: _("Decided there, open here"),
            Kind.CANCELLED_THERE: _("Cancelled there"),
            Kind.CANCELLING_THERE: _("Being cancelled there"),
            Kind.REJECTED_THERE: _("Rejected there"),
            Kind.INVALID_THERE: _("Refused there"),
            Kind.VALID_THERE: _("Refused here, valid there"),
            Kind.NOT_CANCELLED: _("Cancelled here, stands there"),
            Kind.NOT_REJECTED: _("Rejected here, stands there"),
            Kind.UNDECIDED_THERE: _("Decided here, open there"),
            Kind.REPLACED_STANDS: _("Replaced here, stands there"),
            Kind.WITHDRAWN_STANDS: _("Withdrawn here, stands there"),
            Kind.UNCLEAR_THERE: _("State not clear"),
            Kind.UNANSWERED: _("Not answered"),
        }

    @api.model
    def _explanations(self):
        """Return a sentence for each kind: what it means and what to do."""
        return {**self._explain_absence(), **self._explain_content()} | (
            self._explain_states()
        )

    def _explain_absence(self):
        _ = self.env._
        return {
            Kind.MISSING_THERE: _(
                "The authority had it, by what we know, and does not list it. Ask it "
                "again about this document."
            ),
            Kind.NOT_SENT: _(
                "It was issued and is not at the authority yet. See what it waits for, "
                "or send it now."
            ),
            Kind.LATE: _(
                "The authority's window closed before it got there. Open the invoice "
                "and choose one of the ways that are left."
            ),
            Kind.GIVEN_UP: _("Sending was given up. Mend the cause and send it again."),
            Kind.LOST: _(
                "It was sent, the answer was lost, and the authority does not list it. "
                "Ask again: what it does not know is sent once more by itself."
            ),
            Kind.MISSING_HERE: _(
                "The authority holds a document that is not in the books. Adopt it, or "
                "say where it is booked."
            ),
            Kind.FOREIGN_DEVICE: _(
                "The authority holds a document of the company from a device that is "
                "not set up here. Adopt it, or say where it is booked."
            ),
            Kind.GONE_THERE: _(
                "The authority holds a cancelled or rejected document that is not in "
                "the books. Nothing stands, so there is nothing to book."
            ),
            Kind.REFUSED_THERE: _(
                "The authority refused a document that is not in the books: an attempt "
                "of another program that came to nothing."
            ),
            Kind.TWICE_THERE: _(
                "The authority holds a second document with the number of one of ours. "
                "If it is the same sale, cancel one there or take it back."
            ),
            Kind.TWICE_HERE: _(
                "Two documents of ours claim one identifier of the authority. Only one "
                "of them can be right."
            ),
        }

    def _explain_content(self):
        _ = self.env._
        return {
            Kind.UID: _(
                "The authority has a document with this number under another "
                "identifier: it was sent by another program, or from a copy."
            ),
            Kind.FORMER: _(
                "The authority knows it by an identifier again that it had forgotten "
                "once. Links and QR codes with the present one may lead nowhere."
            ),
            Kind.NUMBER: _("The authority has it under another number."),
            Kind.AMOUNT: _(
                "The totals differ. What the authority holds counts for the tax: "
                "correct it with a credit note, or the books."
            ),
            Kind.DAY: _(
                "The authority dates it on another day, perhaps in another tax period."
            ),
            Kind.TIME: _("The authority has another time of the same day."),
            Kind.PARTY: _("The authority has another buyer."),
            Kind.DEVICE: _("The authority has it on another device."),
        }

    def _explain_states(self):
        _ = self.env._
        return {
            Kind.ARRIVED: _(
                "It is at the authority, and we did not know. Take its answer, so that "
                "it is not sent a second time."
            ),
            Kind.DECIDED: _("The authority has decided. Take its answer."),
            Kind.CANCELLED_THERE: _(
                "It was cancelled at the authority, perhaps on its portal. Take the "
                "answer, then cancel the invoice in the books."
            ),
            Kind.CANCELLING_THERE: _(
                "Somebody asked at the authority to cancel it, which is not decided."
            ),
            Kind.REJECTED_THERE: _(
                "Its buyer rejected it at the authority. Take the answer, then decline "
                "or correct it."
            ),
            Kind.INVALID_THERE: _(
                "The authority holds it as refused. Take its answer, then correct it."
            ),
            Kind.VALID_THERE: _(
                "We took it for refused, and the authority holds it as valid. Take its "
                "answer before anything is sent in its place."
            ),
            Kind.NOT_CANCELLED: _(
                "It is cancelled here and stands at the authority. Take its answer, or "
                "cancel it there as well."
            ),
            Kind.NOT_REJECTED: _(
                "It is rejected here and stands at the authority: the rejection was "
                "declined or taken back. Take its answer."
            ),
            Kind.UNDECIDED_THERE: _(
                "It is decided here, and the authority is still at it. Ask again."
            ),
            Kind.REPLACED_STANDS: _(
                "Another document took its place here, and it stands at the authority: "
                "the sale counts twice there. Cancel it there or take it back."
            ),
            Kind.WITHDRAWN_STANDS: _(
                "It was taken back here before it was sent, as we thought, and stands "
                "at the authority. Cancel it there or take it back."
            ),
            Kind.UNCLEAR_THERE: _(
                "The authority's word for its state is not known here. Ask again."
            ),
            Kind.UNANSWERED: _("The authority did not answer. Ask again."),
        }
