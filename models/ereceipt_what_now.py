from dataclasses import dataclass

from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle

_lt = LazyTranslate(__name__)


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
    "held_credentials": Step("danger", LOOK, _lt("Enter the credentials")),
    "sending": Step("info"),
    "unknown": ASK_NOW,
    "unknown_repeated": Step("info", "action_ereceipt_ask", _lt("Send again now")),
    "unknown_refused": Step("warning"),
    "submitted": ASK_NOW,
    "submitted_held": Step("warning", "action_ereceipt_ask", _lt("Try again now")),
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
method ``_say_<situation>`` (in ``ereceipt_what_now_sentences``)."""


class EreceiptDocument(models.Model):
    """What now: one sentence and at most one button for each situation."""

    _inherit = "ereceipt.document"

    what_now = fields.Char(string="What now", compute="_compute_what_now")
    what_now_level = fields.Char(
        string="How it stands",
        compute="_compute_what_now",
        help="The colour in which its situation is shown.",
    )
    what_now_action = fields.Char(
        string="What the button does", compute="_compute_what_now"
    )
    what_now_label = fields.Char(
        string="What stands on the button", compute="_compute_what_now"
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends(
        "state",
        "waiting_reason",
        "doubt",
        "held_code",
        "authority_ids",
        "next_attempt_at",
        "last_error",
        "problems",
        "depends_on_id.state",
        "replaced_by_ids",
        "change",
        "link_ids.move_id.state",
        "registration_id.signing_key_id.ready_at",
        "registration_id.breaker_open_until",
        "registration_id.breaker_credentials",
        "device_id.breaker_open_until",
        "device_id.breaker_credentials",
    )
    @api.depends_context("lang", "tz", "uid")
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
        breaker = self._open_breaker()
        if breaker:
            return "held_credentials" if breaker.breaker_credentials else "held_breaker"
        if self.state == lifecycle.QUEUED and self._waits_for_original():
            return "queued_original"
        return False

    def _open_breaker(self):
        """Return the registration or device whose breaker holds the document back: one
        whose credentials are refused, or that for the longest. An empty registration
        if none does."""
        now = fields.Datetime.now()
        owners = [
            owner
            for owner in (self.registration_id, self.device_id)
            if owner.breaker_open_until and owner.breaker_open_until > now
        ]
        if not owners:
            return self.env["ereceipt.registration"]
        # credentials first: a pause is over by itself, they are not mended by it
        return max(owners, key=lambda o: (o.breaker_credentials, o.breaker_open_until))

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
        successor = self._successors()[-1:]
        return successor and (successor._replacement() or successor)

    def _successors(self):
        """Return what was made to stand in the document's place, the last one last:
        its corrections, or the documents of the invoices that were issued anew."""
        self.ensure_one()
        anew = self.link_ids.move_id.ereceipt_anew_ids.ereceipt_document_id
        return (self.replaced_by_ids or anew).sorted("id")

    def _stands_in_books(self):
        return any(move.state == "posted" for move in self.link_ids.move_id)
