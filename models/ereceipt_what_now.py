from dataclasses import dataclass
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import LazyTranslate, format_date, format_time

from ..fiscal import lifecycle

_lt = LazyTranslate(__name__)

OVERDUE = timedelta(minutes=5)
"""How long a document may be due before the jobs are said to be off."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a situation asks for.

    :ivar level: the colour that it is shown in (Bootstrap's word)
    :ivar action: method of the invoice behind the one button, "" for none
    :ivar label: what stands on that button
    """

    level: str
    action: str = ""
    label: str = ""


ISSUE_NOW = Step("warning", "action_ereceipt_issue", _lt("Issue now"))
ASK_NOW = Step("info", "action_ereceipt_ask", _lt("Ask now"))
CORRECT = Step("danger", "action_ereceipt_correct", _lt("Correct"))
CHOOSE = Step("danger", "action_ereceipt_late", _lt("Choose a way"))
OPEN_ORIGINAL = ("action_ereceipt_open_original", _lt("Open the original"))
LOOK = "action_ereceipt_open_registration"

STEPS = {
    "waiting_data": Step(
        "warning", "action_ereceipt_issue", _lt("Check again and issue")
    ),
    "waiting_payment": ISSUE_NOW,
    "waiting_original": Step(
        "warning", "action_ereceipt_issue", _lt("Check again and issue")
    ),
    "waiting_approval": Step("warning"),
    "waiting_person": ISSUE_NOW,
    "to_sign": Step("info"),
    "to_sign_away": Step(
        "warning", "action_ereceipt_open_signing", _lt("Open the signing key")
    ),
    "queued": Step("info", "action_ereceipt_send_now", _lt("Send now")),
    "queued_original": Step("info", *OPEN_ORIGINAL),
    "held_copy": Step("danger", LOOK, _lt("Open the registration")),
    "held_registration": Step("danger", LOOK, _lt("Open the registration")),
    "held_breaker": Step("danger", LOOK, _lt("Open the registration")),
    "sending": Step("info"),
    "unknown": ASK_NOW,
    "unknown_repeated": Step("info", "action_ereceipt_ask", _lt("Send again now")),
    "unknown_refused": Step("warning"),
    "submitted": ASK_NOW,
    "valid": Step("success"),
    "valid_changing": Step("info"),
    "invalid": CORRECT,
    "invalid_closed": CHOOSE,
    "rejected": Step("danger", "action_ereceipt_rejection", _lt("Choose a way")),
    "rejected_declining": ASK_NOW,
    "rejected_closed": CHOOSE,
    "correction_waiting": Step(
        "warning", "action_ereceipt_correct", _lt("Correct now")
    ),
    "cancelling": ASK_NOW,
    "cancelled": Step("info"),
    "cancelled_books": Step(
        "danger", "action_ereceipt_cancel_in_books", _lt("Cancel it here")
    ),
    "late": CHOOSE,
    "late_original": Step("danger", *OPEN_ORIGINAL),
    "failed": Step("danger", "action_ereceipt_retry", _lt("Try again")),
    "superseded": Step(
        "info", "action_ereceipt_open_replacement", _lt("Open what replaces it")
    ),
    "superseded_abandoned": Step("info"),
    "withdrawn": Step("info"),
}
"""Every situation of a document, with what it asks for; its sentence is said by the
method ``_say_<situation>``."""


class EreceiptDocument(models.Model):
    """What now: one sentence and at most one button for each situation."""

    _inherit = "ereceipt.document"

    what_now = fields.Char(string="What now", compute="_compute_what_now")
    what_now_level = fields.Char(compute="_compute_what_now")
    what_now_action = fields.Char(compute="_compute_what_now")
    what_now_label = fields.Char(compute="_compute_what_now")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends(
        "state",
        "waiting_reason",
        "doubt",
        "next_attempt_at",
        "last_error",
        "problems",
        "depends_on_id.state",
        "replaced_by_ids",
        "change",
        "link_ids.move_id.state",
        "registration_id.signing_key_id.ready_at",
        "registration_id.breaker_open_until",
        "device_id.breaker_open_until",
    )
    @api.depends_context("lang", "tz")
    def _compute_what_now(self):
        for document in self:
            whole = document.sudo()
            situation = whole._situation()
            step = STEPS[situation]
            document.what_now = getattr(whole, f"_say_{situation}")()
            document.what_now_level = step.level
            document.what_now_action = step.action or False
            document.what_now_label = step.label and self.env._(step.label)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_what_now(self):
        """Do what the situation asks for, on the invoice."""
        self.ensure_one()
        return self.link_ids.move_id[:1].action_ereceipt_what_now()

    # -------------------------------------------------------------------------
    # SITUATION
    # -------------------------------------------------------------------------

    def _situation(self):
        """Return the key into :data:`STEPS`."""
        self.ensure_one()
        if self.state == lifecycle.WAITING:
            return f"waiting_{self.waiting_reason or 'data'}"
        if self.state in (lifecycle.QUEUED, lifecycle.UNKNOWN, lifecycle.SUBMITTED):
            return self._holding_situation() or self._moving_situation()
        if self.state == lifecycle.TO_SIGN:
            return self._signing_situation()
        if self.state == lifecycle.CANCELLED and self._stands_in_books():
            return "cancelled_books"
        if self.state == lifecycle.VALID and self.change:
            return "valid_changing"
        if self.state == lifecycle.REJECTED and self.change:
            return "rejected_declining"
        if self.state in lifecycle.REFUSED:
            if not self._correction_open():
                return f"{self.state}_closed"
            return "correction_waiting" if self.waiting_reason else self.state
        if self.state == lifecycle.LATE and self._awaited_original():
            return "late_original"
        if self.state == lifecycle.SUPERSEDED and self._is_abandoned():
            return "superseded_abandoned"
        return self.state

    def _moving_situation(self):
        """Return the situation of what the jobs work on."""
        if self.state != lifecycle.UNKNOWN:
            return self.state
        if self.doubt == "refused":
            return "unknown_refused"
        return "unknown_repeated" if self._is_repeatable() else "unknown"

    def _holding_situation(self):
        """Return what keeps the jobs from working on the document, or False."""
        if self.registration_id.is_foreign_database:
            return "held_copy"
        if (
            not self.registration_id.active
            or self.registration_id.environment != self.environment
        ):
            return "held_registration"
        if self._open_breaker():
            return "held_breaker"
        if self.state == lifecycle.QUEUED and self._waits_for_original():
            return "queued_original"
        return False

    def _open_breaker(self):
        """Return the registration or device whose breaker holds the document back the
        longest, an empty registration if none does."""
        now = fields.Datetime.now()
        owners = [
            owner
            for owner in (self.registration_id, self.device_id)
            if owner.breaker_open_until and owner.breaker_open_until > now
        ]
        if not owners:
            return self.env["ereceipt.registration"]
        return max(owners, key=lambda owner: owner.breaker_open_until)

    def _waits_for_original(self):
        return bool(self.depends_on_id and self.depends_on_id.state != lifecycle.VALID)

    def _awaited_original(self):
        """Return the document of the sale that has to be settled first: not valid yet,
        and it may still become so. Empty when there is none."""
        self.ensure_one()
        original = self.depends_on_id
        original = original and (original._replacement() or original)
        if original and (original.state == lifecycle.VALID or original._is_no_more()):
            return original.browse()
        return original

    def _correction_closes_at(self):
        """Return when the window for correcting the document closes, False where the
        authority sets none."""
        self.ensure_one()
        if not self._authority_class().limits.correction_window:
            return False
        return self.device_id._deadline(fields.Datetime.now(), self)

    def _correction_open(self):
        closes_at = self._correction_closes_at()
        return not closes_at or closes_at > fields.Datetime.now()

    def _is_abandoned(self):
        """Whether it was given up for good: no document takes its place, its invoice
        and the credit note on it are settled in the books alone."""
        self.ensure_one()
        return self.state == lifecycle.SUPERSEDED and not self.replaced_by_ids

    def _replacement(self):
        """Return the document that stands in the place of this one in the end: its
        last correction, or that of the invoice that was issued anew. Empty when
        nothing does."""
        self.ensure_one()
        anew = self.link_ids.move_id.ereceipt_anew_ids.ereceipt_document_id
        successor = (self.replaced_by_ids or anew).sorted("id")[-1:]
        return successor and (successor._replacement() or successor)

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
        return self.env._("It is issued when you say so.")

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
                error=self.last_error,
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
            reason=owner.breaker_reason or "",
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
        return f"{sentence} {self.last_error}" if self.last_error else sentence

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
        return self.env._("The authority was asked to cancel it and has not decided.")

    def _say_cancelled(self):
        return self.env._("It is cancelled at the authority.")

    def _say_cancelled_books(self):
        return self.env._(
            "It is cancelled at the authority, and the invoice still stands here."
        )

    def _stands_in_books(self):
        return any(move.state == "posted" for move in self.link_ids.move_id)

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
            error=self.last_error or "",
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
        here = fields.Datetime.context_timestamp
        text = format_time(self.env, here(self, moment).time(), time_format="short")
        day = here(self, moment).date()
        if day == here(self, fields.Datetime.now()).date():
            return text
        return self.env._(
            "%(time)s on %(date)s", time=text, date=format_date(self.env, day)
        )
