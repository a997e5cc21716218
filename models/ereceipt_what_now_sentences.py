from datetime import timedelta

from odoo import fields, models
from odoo.tools import format_date, format_time

OVERDUE = timedelta(minutes=5)
"""How long a document may be due before the jobs are said to be off."""


class EreceiptDocument(models.Model):
    """What now: the sentence of each situation, in the reader's language."""

    _inherit = "ereceipt.document"

    # -------------------------------------------------------------------------
    # SENTENCES: WAITING
    # -------------------------------------------------------------------------

    def _say_waiting_data(self):
        return self.env._(
            "Not issued yet: something is missing (see the list). It is issued by "
            "itself within minutes when that is mended."
        )

    def _say_waiting_payment(self):
        return self.env._("It is issued when the invoice is paid.")

    def _say_waiting_original(self):
        return self.env._("It is issued when the document that it refers to is valid.")

    def _say_waiting_approval(self):
        return self.env._("It is issued when it is approved.")

    def _say_waiting_person(self):
        if self.env.user.has_group("account_ereceipt.group_ereceipt_user"):
            return self.env._("It is issued when you say so.")
        return self.env._("It is issued when somebody who issues says so.")

    # -------------------------------------------------------------------------
    # SENTENCES: ON ITS WAY
    # -------------------------------------------------------------------------

    def _say_to_sign(self):
        sentence = self.env._("It is sent by itself when it is signed.")
        return self._with_deadline(sentence)

    def _say_queued(self):
        due_at = self.next_attempt_at
        if due_at and due_at > fields.Datetime.now() and self.last_error:
            sentence = self.env._(
                "It is tried again by itself at %(time)s. %(error)s",
                time=self._moment_text(due_at),
                error=self._last_error_apart(),
            )
        elif due_at and due_at > fields.Datetime.now():
            sentence = self.env._(
                "It is sent by itself at %s.", self._moment_text(due_at)
            )
        else:
            sentence = self.env._("It is sent by itself within a minute.")
        return self._with_heartbeat(self._with_deadline(sentence))

    def _say_queued_original(self):
        original = self.depends_on_id
        return self._with_deadline(
            self.env._(
                "It is sent by itself when %(original)s, which it refers to, is "
                "valid. That one is: %(state)s.",
                original=original.name,
                state=original._state_label(),
            )
        )

    def _say_held_copy(self):
        return self.env._(
            "Nothing is sent from this database, which is a copy of another one, "
            "until an administrator confirms it on the registration."
        )

    def _say_held_registration(self):
        return self.env._(
            "Nothing is sent while its registration is archived or set to the other "
            "environment."
        )

    def _say_held_breaker(self):
        owner = self._open_breaker()
        sentence = self.env._(
            "Sending is held back until %(time)s, then it goes on by itself. "
            "%(reason)s",
            time=self._moment_text(owner.breaker_open_until),
            reason=self._set_apart(owner.breaker_reason_shown),
        )
        return self._with_deadline(sentence.strip())

    def _say_held_credentials(self):
        owner = self._open_breaker()
        sentence = self.env._(
            "Sending is held back: the authority refuses the credentials of %(owner)s. "
            "Somebody has to enter valid ones and test the connection. %(reason)s",
            owner=self._set_apart(owner.display_name),
            reason=self._set_apart(owner.breaker_reason_shown),
        )
        return self._with_deadline(sentence.strip())

    def _say_sending(self):
        return self._with_heartbeat(self.env._("It is on its way right now."))

    def _say_unknown(self):
        sentence = self.env._(
            "It was sent and the answer was lost. The authority is asked by itself "
            "at %s, before anything is sent again.",
            self._next_moment_text(),
        )
        return self._with_heartbeat(self._with_deadline(sentence))

    def _say_unknown_repeated(self):
        sentence = self.env._(
            "It was sent and the answer was lost. It is sent again by itself at %s, "
            "which the authority takes for the same document.",
            self._next_moment_text(),
        )
        return self._with_heartbeat(self._with_deadline(sentence))

    def _say_unknown_refused(self):
        sentence = self.env._(
            "It was sent again after an answer was lost, and the authority refused "
            "that. The first may have arrived all the same: the authority is asked by "
            "itself at %s, before the refusal counts.",
            self._next_moment_text(),
        )
        return self._with_heartbeat(sentence)

    def _say_submitted(self):
        return self._with_heartbeat(
            self.env._(
                "The authority has it and is validating it; it is asked again by "
                "itself at %s.",
                self._next_moment_text(),
            )
        )

    # -------------------------------------------------------------------------
    # SENTENCES: DECIDED
    # -------------------------------------------------------------------------

    def _say_valid(self):
        if not self.decided_at:
            return self.env._("The authority holds it as valid.")
        return self.env._(
            "The authority holds it as valid (%s).", self._moment_text(self.decided_at)
        )

    def _say_valid_changing(self):
        sentence = self.env._(
            "The authority holds it as valid and is told: %s.", self._change_label()
        )
        return f"{sentence} {self._last_error_apart()}".strip()

    def _say_invalid(self):
        closes_at = self._correction_closes_at()
        if not closes_at:
            return self.env._(
                "The authority refused it. Mend what is listed, then correct it: a "
                "new document takes its place."
            )
        return self.env._(
            "The authority refused it. Mend what is listed, then correct it by "
            "%(time)s: a new document takes its place.",
            time=self._moment_text(closes_at),
        )

    def _say_invalid_closed(self):
        return self.env._(
            "The authority refused it, and its window for corrections closed at "
            "%(time)s. Choose how to go on.",
            time=self._moment_text(self._correction_closes_at()),
        )

    def _say_rejected(self):
        return self.env._(
            "The buyer rejected it at the authority. Agree with the buyer, then "
            "decline that or issue another document."
        )

    def _say_rejected_declining(self):
        return self.env._(
            "The buyer rejected it, and the authority was asked to let it stand; it is "
            "asked again by itself at %s.",
            self._next_moment_text(),
        )

    def _say_rejected_closed(self):
        return self.env._(
            "The buyer rejected it at the authority, and the window for corrections "
            "has closed. Choose how to go on."
        )

    def _say_cancelling(self):
        if self._cancellation_asked_there():
            return self.env._(
                "Somebody asked at the authority, not here, to cancel it, and it has "
                "not decided."
            )
        return self.env._("The authority was asked to cancel it and has not decided.")

    def _say_cancelled(self):
        return self.env._("It is cancelled at the authority.")

    def _say_cancelled_books(self):
        return self.env._(
            "It is cancelled at the authority, and the invoice still stands here."
        )

    def _say_late(self):
        return self.env._(
            "The authority's window for it closed at %(time)s, before it got there. "
            "Nothing more happens by itself.",
            time=self._moment_text(self.deadline_at),
        )

    def _say_late_original(self):
        original = self._awaited_original()
        return self.env._(
            "The authority's window for it closed at %(time)s, before %(original)s, "
            "which it refers to, was valid. Settle that one first: it is %(state)s.",
            time=self._moment_text(self.deadline_at),
            original=original.name,
            state=original._state_label(),
        )

    def _say_correction_waiting(self):
        return self.env._(
            "The authority refused it, and its correction is posted. %(until)s",
            until=getattr(self, f"_say_waiting_{self.waiting_reason}")(),
        )

    def _say_failed(self):
        sentence = self.env._(
            "Sending was given up after %(attempts)s attempts. %(error)s",
            attempts=self.attempts,
            error=self._last_error_apart(),
        )
        return self._with_deadline(sentence.strip())

    def _say_superseded(self):
        replacement = self._replacement()
        return self.env._(
            "%(document)s took its place (%(state)s).",
            document=replacement.name,
            state=replacement._state_label(),
        )

    def _say_superseded_abandoned(self):
        anew = self.link_ids.move_id.ereceipt_anew_ids[:1]
        if anew:
            return self.env._(
                "It never reached the authority as valid and never will. %(invoice)s "
                "was issued in its place.",
                invoice=anew.display_name,
            )
        return self.env._(
            "It never reached the authority as valid and never will: invoice and "
            "credit note are settled in the books alone."
        )

    def _say_withdrawn(self):
        return self.env._(
            "It was taken back before anybody outside saw it. It does not count."
        )

    # -------------------------------------------------------------------------
    # SENTENCES: PARTS
    # -------------------------------------------------------------------------

    def _last_error_apart(self):
        """Return the last error as a part of a sentence."""
        return self._set_apart(self._last_error_text())

    def _state_label(self):
        return dict(self._selection_state())[self.state]

    def _with_deadline(self, sentence):
        """Add until when the document has to be there."""
        if not self.deadline_at or self.late_reference:
            return sentence
        return self.env._(
            "%(sentence)s It has to be there by %(time)s.",
            sentence=sentence,
            time=self._moment_text(self.deadline_at),
        )

    def _with_heartbeat(self, sentence):
        """Add how the jobs are when they should have taken care of it long ago."""
        due_at = self.next_attempt_at or self.lease_until
        if not due_at or due_at > fields.Datetime.now() - OVERDUE:
            return sentence
        return self.env._(
            "%(sentence)s The jobs are behind or off: %(heartbeat)s.",
            sentence=sentence,
            heartbeat=self.registration_id.heartbeat,
        )

    def _next_moment_text(self):
        return self._moment_text(
            max(self.next_attempt_at or fields.Datetime.now(), fields.Datetime.now())
        )

    def _moment_text(self, moment):
        """Return a moment in the reader's time zone: its time, and its date unless
        that is today."""
        reader = self._as_read()
        here = fields.Datetime.context_timestamp
        at = here(reader, moment)
        text = format_time(reader.env, at.time(), time_format="short")
        if at.date() == here(reader, fields.Datetime.now()).date():
            return text
        return self.env._(
            "%(time)s on %(date)s", time=text, date=format_date(reader.env, at.date())
        )

    def _as_read(self):
        """Return it with the reader's language and time zone in the context, as the web
        client sends them. Where they are missing Odoo would read the user, his partner
        and his company for them; they are cached with what is sent to the client."""
        usual = self.env["res.users"].context_get()
        defaults = {"lang": usual.get("lang"), "tz": usual.get("tz") or "UTC"}
        given = {name: self.env.context.get(name) for name in defaults}
        missing = {name: defaults[name] for name in defaults if not given[name]}
        return self.with_context(**missing) if missing else self
