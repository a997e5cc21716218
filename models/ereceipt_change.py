from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.contract import AuthorityError, Status

_lt = LazyTranslate(__name__)

FOLLOWED_EVERY = timedelta(hours=6)
"""How often the authority is asked about what it has decided, while a buyer may still
reject it. Its own notifications make it sooner."""

AFTER_END = timedelta(minutes=1)

CALMING = 24
LONGEST_CALM = timedelta(hours=1)
"""What is being cancelled, which a buyer may leave open for days, is asked about after
one part in so many of the time that it has taken, and within so long at the latest: ten
minutes in the first four hours, an hour after a day."""

CANCEL = "cancel"
DECLINE = "decline"


class EreceiptDocument(models.Model):
    """What a person asks the authority to change about a document that it has.

    To *cancel* a valid one, with a reason, while the authority's window for that is
    open: the document is *cancelling* from then on, the request leaves like a document
    does, and the authority is asked until it has decided, since a buyer may decline. To
    *decline* the buyer's rejection: the document stays *rejected* until the authority
    holds it as valid again. A request that the authority refuses leaves the document as
    it was, and says why.

    Somebody may also ask for the cancellation at the authority itself. The document is
    *cancelling* then as well, as soon as that is noticed, without anything asked for.

    An authority may take other changes of valid documents, which it decides at once
    (hook ``change_call``).
    """

    _inherit = "ereceipt.document"

    change = fields.Selection(
        [(CANCEL, "Cancel it"), (DECLINE, "Decline the buyer's rejection")],
        string="Asked for",
        readonly=True,
    )
    change_reason = fields.Char(string="Reason given", readonly=True)
    change_data = fields.Json(
        readonly=True, help="What else the authority is told, by its own names."
    )
    change_by_id = fields.Many2one("res.users", string="Asked by", readonly=True)
    change_sent_at = fields.Datetime(string="Asked at", readonly=True)
    cancel_until = fields.Datetime(
        string="Can be cancelled until", readonly=True, help="As the authority says."
    )
    reject_until = fields.Datetime(
        string="Buyer can reject until", readonly=True, help="As the authority says."
    )
    decline_until = fields.Datetime(
        string="Rejection can be declined until",
        readonly=True,
        help="As the authority says.",
    )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _can_be_cancelled(self):
        """Whether the authority may be asked now to cancel the document."""
        self.ensure_one()
        return (
            self.state == lifecycle.VALID
            and self._authority_class().capabilities.cancellable
            and self._window_open(self.cancel_until)
        )

    def _cancellation_asked_there(self):
        """Whether it is being cancelled and nobody here has asked for that."""
        self.ensure_one()
        return self.state == lifecycle.CANCELLING and self.change != CANCEL

    def _why_not_declined(self):
        """Return why the buyer's rejection cannot be declined (any more), or False."""
        self.ensure_one()
        if self.state != lifecycle.REJECTED:
            return self.env._("%s is not rejected by its buyer.", self.name)
        if not self._authority_class().capabilities.declinable:
            return self.env._("The authority lets nobody decline a rejection.")
        if self.change:
            return self.env._("The authority is asked to let it stand already.")
        if not self._window_open(self.decline_until):
            return self.env._(
                "A rejection could be declined until %s only.",
                self._moment_text(self.decline_until),
            )
        return False

    def _rejection_pending(self):
        """Whether the buyer's rejection has not taken effect yet: until it has, the
        authority holds the document, and takes no other one with its number."""
        self.ensure_one()
        return bool(
            self.state == lifecycle.REJECTED
            and self.decline_until
            and self.decline_until > fields.Datetime.now()
        )

    @api.model
    def _window_open(self, until):
        """An authority that named no end is asked, and answers for itself."""
        return not until or until > fields.Datetime.now()

    def _ask_to_cancel(self, reason):
        """Have documents cancelled at the authority.

        :raise UserError: the authority takes no cancellation of one of them (now)
        """
        for document in self:
            if not document._can_be_cancelled():
                raise UserError(document._why_not_cancelled())
        self._go(
            lifecycle.CANCELLING,
            change=CANCEL,
            change_reason=reason,
            change_by_id=self.env.uid,
            change_sent_at=False,
            next_attempt_at=fields.Datetime.now(),
            last_error=False,
        )
        self.env["ereceipt.outbox"].sudo()._wake()

    def _why_not_cancelled(self):
        self.ensure_one()
        if self.state != lifecycle.VALID:
            return self.env._(
                "Only what the authority holds as valid can be cancelled there; "
                "%(document)s is: %(state)s.",
                document=self.name,
                state=self._state_label(),
            )
        if not self._authority_class().capabilities.cancellable:
            return self.env._(
                "The authority cancels no documents of this kind. Make a credit note "
                "for %s instead.",
                self.name,
            )
        return self.env._(
            "The authority cancelled documents like %(document)s until %(time)s only. "
            "Make a credit note instead.",
            document=self.name,
            time=self._moment_text(self.cancel_until),
        )

    def _ask_to_decline(self):
        """Have the buyers' rejections of documents declined.

        :raise UserError: one of them cannot be declined (any more)
        """
        for document in self:
            reason = document._why_not_declined()
            if reason:
                raise UserError(reason)
        self.sudo().write(
            {
                "change": DECLINE,
                "change_reason": False,
                "change_by_id": self.env.uid,
                "change_sent_at": False,
                "next_attempt_at": fields.Datetime.now(),
                "last_error": False,
            }
        )
        self.env["ereceipt.outbox"].sudo()._wake()

    def _follow(self):
        """Let the authority be asked now and then while something may still happen to
        what it has decided."""
        self.ensure_one()
        now = fields.Datetime.now()
        ends = [
            until
            for until in (self.reject_until, self.cancel_until, self.decline_until)
            if until and until > now
        ]
        asked_for = self.change and self.change_sent_at
        if not ends and not asked_for:
            at = False
        else:
            at = min([now + FOLLOWED_EVERY, *(until + AFTER_END for until in ends)])
        if self.next_attempt_at != at:
            self.sudo().next_attempt_at = at

    def _ask_for_change(self, change, data):
        """Have a valid document changed in a way that its authority decides at once.

        :param str change: one of the column's values
        :param dict data: by the authority's own names
        :raise UserError: another change is on its way, or the document is not valid
        """
        self.ensure_one()
        if self.state != lifecycle.VALID:
            raise UserError(
                self.env._(
                    "Only what the authority has can be changed there; %(document)s "
                    "is: %(state)s.",
                    document=self.name,
                    state=self._state_label(),
                )
            )
        if self.change:
            raise UserError(
                self.env._(
                    "The authority is asked for something about %s already. Wait until "
                    "it has answered.",
                    self.name,
                )
            )
        self.sudo().write(
            {
                "change": change,
                "change_data": data,
                "change_by_id": self.env.uid,
                "change_sent_at": False,
                "next_attempt_at": fields.Datetime.now(),
                "last_error": False,
            }
        )
        self.env["ereceipt.outbox"].sudo()._wake()

    def _change_label(self):
        """Return what is asked for, in words."""
        return dict(self._fields["change"]._description_selection(self.env)).get(
            self.change, ""
        )

    def _change_told(self):
        """Return what is asked for, in the words of who is responsible."""
        lang = self.registration_id.responsible_id.lang
        return self.with_context(lang=lang)._change_label()

    def _end_change(self, **values):
        """Forget what was asked for: it is decided."""
        self.filtered("change").sudo().write(
            {"change": False, "change_sent_at": False, "change_data": False, **values}
        )


class EreceiptWork(models.AbstractModel):
    """Asking for a change, as a unit of work of one document."""

    _inherit = "ereceipt.work"

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    def _sql_due_call(self):
        # EXTENDS: what a person asked for, and valid documents of which the authority
        # may still think otherwise
        return SQL("%s OR d.state IN ('valid', 'rejected')", super()._sql_due_call())

    def _sql_purposes(self):
        # EXTENDS
        change = SQL("WHEN %s THEN 'change'", self._sql_to_change())
        return [change, *super()._sql_purposes()]

    def _sql_to_change(self):
        return SQL("d.change IS NOT NULL AND d.change_sent_at IS NULL")

    def _states_for(self, purpose, authority_class):
        # EXTENDS
        if purpose == "change":
            return [lifecycle.CANCELLING, lifecycle.REJECTED, lifecycle.VALID]
        states = super()._states_for(purpose, authority_class)
        if purpose == "ask":
            states += [lifecycle.VALID, lifecycle.REJECTED]
        return states

    def _sql_for(self, purpose):
        # EXTENDS
        condition = super()._sql_for(purpose)
        if purpose == "change":
            return SQL("%s AND %s", condition, self._sql_to_change())
        if purpose == "ask":
            return SQL("%s AND NOT (%s)", condition, self._sql_to_change())
        return condition

    def _most_at_once(self, registration, purpose):
        # EXTENDS
        if purpose == "change":
            return 1
        return super()._most_at_once(registration, purpose)

    def _unit_values(self, device, documents, purpose):
        # EXTENDS
        values = super()._unit_values(device, documents, purpose)
        if purpose == "change":
            values["change"] = self._change_call(documents)
        return values

    @api.model
    def _change_call(self, document):
        """Return what is called, as ``call(authority, contract document)``."""
        if document.change == DECLINE:
            return _decline
        if document.change == CANCEL:
            return partial(_cancel, reason=document.change_reason or "")
        return document.registration_id._hook("change_call", None, document)

    # -------------------------------------------------------------------------
    # SETTLING
    # -------------------------------------------------------------------------

    def _settle_unit_change(self, unit, report, documents):
        """Write what the authority said to the request: refused, or taken and from now
        on asked about."""
        for document in documents.filtered("change"):
            outcome = report.outcomes.get(document.id)
            if outcome is not None and document.change not in (CANCEL, DECLINE):
                self._settle_change(document, unit, outcome)
            elif outcome is not None:
                document.sudo().change_sent_at = fields.Datetime.now()
                self._settle_outcome(document, unit, outcome)
            elif isinstance(report.error, AuthorityError):
                self._refuse_change(document, unit, report.error)
            else:
                self._ask_again(
                    document, report.error, self._error_text(unit, report.error)
                )

    def _settle_change(self, document, unit, outcome):
        """Write what came of a change that the authority decides at once. One whose
        answer was lost is asked for again: the same once more changes nothing."""
        if outcome.status != Status.VALID:
            error = unit.report.error
            self._ask_again(document, error, self._error_text(unit, error))
            return
        told = self._told(document, unit, outcome)
        if told:
            document.sudo().write(told)
        done = document._change_told()
        document._end_change(last_error=False, lease_token=False, next_attempt_at=False)
        document._follow()
        self._log(document, _lt("Done at the tax authority: %s.", done))

    def _refuse_change(self, document, unit, error):
        """The document stays what it was, and somebody is told why."""
        message = self._error_text(unit, error)
        if document.state == lifecycle.CANCELLING:
            document._go(lifecycle.VALID, last_error=message)
            return
        summary = _lt("Refused by the tax authority: %s", document._change_told())
        if document.change == DECLINE:
            summary = _lt("The rejection could not be declined")
        document._end_change(
            last_error=message, next_attempt_at=False, lease_token=False
        )
        self.env["ereceipt.alert"]._raise_for_documents(
            document, "change", summary, message
        )

    def _settle_outcome(self, document, unit, outcome):
        # EXTENDS
        result = super()._settle_outcome(document, unit, outcome)
        if document.state in lifecycle.FOLLOWED:
            document._follow()
        return result

    def _settle_valid(self, document, unit, outcome):
        # EXTENDS: what is confirmed once more was decided before
        if document.state != lifecycle.VALID:
            asked_there = document._cancellation_asked_there()
            result = super()._settle_valid(document, unit, outcome)
            if asked_there:
                self._log(
                    document,
                    _lt(
                        "The cancellation that somebody asked for at the tax authority "
                        "was declined: the document stands."
                    ),
                )
            return result
        return document.sudo().write({"lease_token": False})

    def _settle_rejected(self, document, unit, outcome):
        # EXTENDS: alike
        if document.state != lifecycle.REJECTED:
            return super()._settle_rejected(document, unit, outcome)
        return document.sudo().write({"lease_token": False})

    def _settle_cancelling(self, document, unit, outcome):
        """Its cancellation is asked for and not decided. Where nobody here did that,
        somebody did it at the authority."""
        if document.state == lifecycle.CANCELLING:
            return self._settle_pending(document, unit, outcome)
        document._go(
            lifecycle.CANCELLING,
            lease_token=False,
            next_attempt_at=self._in_seconds(self._half_the_time(document)),
        )
        registration = document.registration_id
        reader = registration.responsible_id
        return self.env["ereceipt.alert"]._raise_for_documents(
            document,
            "change",
            _lt("Somebody asked at the tax authority to cancel it"),
            " ".join(registration._problem_texts(outcome.errors, reader)),
        )

    @api.model
    def _tell_decided(self, documents):
        # EXTENDS: a document that stands was not cancelled, or its rejection was
        # declined
        result = super()._tell_decided(documents)
        for document in documents:
            if document.state != lifecycle.VALID or not document.change:
                continue
            if document.change not in (CANCEL, DECLINE):
                # asked for meanwhile, and still to be done
                continue
            if document.change == CANCEL:
                self._tell_not_cancelled(document)
            document._end_change()
            document._follow()
        return result

    def _tell_not_cancelled(self, document):
        refused = document.last_error
        self.env["ereceipt.alert"]._raise_for_documents(
            document,
            "change",
            _lt("The authority refused to cancel it")
            if refused
            else _lt("Not cancelled: the buyer or the authority declined"),
            refused,
        )

    def _half_the_time(self, document):
        # EXTENDS: calmer the longer a cancellation takes. One that was asked for at the
        # authority is measured from the verdict before it, since nobody here waits
        seconds = super()._half_the_time(document)
        since = document.change_sent_at or document.decided_at
        if document.state != lifecycle.CANCELLING or not since:
            return seconds
        taken = fields.Datetime.now() - since
        calm = min(taken / CALMING, LONGEST_CALM)
        return max(seconds, calm.total_seconds())

    def _told(self, document, unit, outcome):
        # EXTENDS: until when it can be cancelled, rejected, declined
        values = super()._told(document, unit, outcome)
        for name, until in outcome.windows.items():
            until = until.replace(tzinfo=None, microsecond=0)
            if document[f"{name}_until"] != until:
                values[f"{name}_until"] = until
        return values


def _cancel(authority, document, reason):
    return authority.cancel(document, reason)


def _decline(authority, document):
    return authority.decline(document)
