from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    TransientError,
)
from ..fiscal.retry import Backoff
from .ereceipt_alert import in_language

_lt = LazyTranslate(__name__)

ASKS_BEFORE_ABSENT = 2
SHORTEST_POLL = timedelta(seconds=3)
LONGEST_POLL = timedelta(minutes=10)


class EreceiptWork(models.AbstractModel):
    """Settling units: writing down what the authority said of each document.

    Everything here works from what is in memory, so that it can be carried out again
    when another transaction got in between.
    """

    _inherit = "ereceipt.work"

    @api.model
    def _settle(self, landed):
        """Write the outcomes of units, and every call that was made for them.

        :param landed: pairs of a unit and the report of its calls
        """
        self._record(landed)
        ids = [key for unit, _report in landed for key in unit.document_ids]
        self._settle_documents(landed, self.env["ereceipt.document"].browse(ids))

    def _record(self, landed):
        """Keep the calls that were made for units."""
        self.env["ereceipt.exchange"]._record(
            (unit, exchange) for unit, report in landed for exchange in report.exchanges
        )

    def _one_by_one(self, unit, report):
        """Return what settles each of a unit's documents by itself, to be called."""
        documents = self.env["ereceipt.document"].browse(unit.document_ids)
        return [partial(self._settle_documents, [(unit, report)], d) for d in documents]

    def _settle_documents(self, landed, documents):
        """Write what came of those of the units' documents that nobody else took
        over."""
        documents._load_links()
        before = {document: document.state for document in documents}
        answered = []
        for unit, report in landed:
            own = (documents & documents.browse(unit.document_ids)).filtered(
                # whose lease had run out was taken over by somebody else
                lambda d, unit=unit: d.lease_token == unit.token
            )
            getattr(self, f"_settle_unit_{unit.purpose}")(unit, report, own)
            answered.append((report, own))
        self._tell_decided(documents.filtered(lambda d: d.state != before[d]))
        for report, own in answered:
            self._tell_warnings(report, own)

    def _settle_unit_send(self, unit, report, documents):
        sending = documents.filtered(lambda d: d.state == lifecycle.SENDING)
        self._settle_outcomes(unit, report, sending)

    def _settle_unit_ask(self, unit, report, documents):
        asked = lifecycle.ASKED | lifecycle.FOLLOWED
        self._settle_outcomes(
            unit, report, documents.filtered(lambda d: d.state in asked)
        )

    def _settle_outcomes(self, unit, report, documents):
        """Write the authority's answer for each document."""
        for document in documents:
            outcome = report.outcomes.get(document.id)
            if outcome is None:
                self._settle_unanswered(document, unit, report.error)
            else:
                self._settle_outcome(document, unit, outcome)

    @api.model
    def _more_follows(self, unit, report):
        """Whether a unit's end means something for more than its documents."""
        registration = self.env["ereceipt.registration"].browse(unit.registration_id)
        device = self.env["ereceipt.device"].browse(unit.device_id)
        if report.error is not None or hasattr(self, f"_after_unit_{unit.purpose}"):
            return True
        for one in (registration, device):
            one.fetch(["breaker_failures", "breaker_open_until"])
            if one.breaker_failures or one.breaker_open_until:
                return True
        return False

    @api.model
    def _wake_for(self, unit):
        """Wake the lanes where a unit of which a person has waited for the end leaves
        something to do: with its documents, or with what waited for them."""
        documents = self.env["ereceipt.document"].browse(unit.document_ids)
        if any(document.next_attempt_at for document in documents) or self._any_due():
            self.env["ereceipt.outbox"]._wake()

    @api.model
    def _after_settling(self, unit, report):
        """Draw what follows for more than the unit's documents, in transactions of
        its own."""
        getattr(self, f"_after_unit_{unit.purpose}", self._count_for_breakers)(
            unit, report
        )

    def _count_for_breakers(self, unit, report):
        registration = self.env["ereceipt.registration"].browse(unit.registration_id)
        device = self.env["ereceipt.device"].browse(unit.device_id)
        if report.error is None:
            registration._breaker_succeeded()
            device._breaker_succeeded()
            return
        owner = device if registration._needs_device_credentials() else registration
        reason = self._error_text(unit, report.error)
        registration._breaker_count(report.error, reason, signs_in=owner)

    # -------------------------------------------------------------------------
    # WITHOUT AN OUTCOME
    # -------------------------------------------------------------------------

    def _settle_unanswered(self, document, unit, error):
        """The unit ended before this document had its outcome."""
        message = self._error_text(unit, error)
        if unit.purpose != "send":
            self._ask_again(document, error, message)
        elif isinstance(error, AuthenticationError):
            self._back_to_queue(document, message, 0.0, counts=False)
        elif isinstance(error, AmbiguousError):
            self._to_unknown(document, message)
        elif isinstance(error, TransientError | AuthorityError):
            retry_after = getattr(error, "retry_after", None)
            delay = Backoff().delay(document.attempts, retry_after)
            self._back_to_queue(document, message, delay)
        else:
            self._to_unknown(document, message)

    def _ask_again(self, document, error, message):
        """It stays where it was, and is asked about less and less often."""
        retry_after = getattr(error, "retry_after", None)
        delay = Backoff().delay(document.asked + 1, retry_after)
        delay = max(delay, self._half_the_time(document))
        document.sudo().write(
            {
                "next_attempt_at": self._in_seconds(delay),
                "last_error": message,
                "lease_token": False,
            }
        )

    def _back_to_queue(self, document, message, delay, counts=True):
        """It was certainly not sent this time: try again later, or give up."""
        attempts = document.attempts if counts else document.attempts - 1
        if attempts >= document.registration_id.max_attempts:
            self._give_up(document, message)
            return
        # one that may have arrived before is still unknown where nobody asks about it
        in_doubt = document.doubt and document._is_repeatable()
        document._go(
            lifecycle.UNKNOWN if in_doubt else lifecycle.QUEUED,
            attempts=attempts,
            last_error=message,
            next_attempt_at=self._in_seconds(delay),
        )

    def _give_up(self, document, message):
        document._go(
            lifecycle.FAILED, asked=0, last_error=message, next_attempt_at=False
        )
        self.env["ereceipt.alert"]._raise_for_documents(
            document, "failed", _lt("Sending was given up"), message
        )

    def _to_unknown(self, document, message):
        """It may have arrived: ask soon, or repeat it, and that not for ever."""
        repeatable = document._is_repeatable()
        delay = Backoff(first=5.0).delay(document.attempts if repeatable else 1)
        document._go(
            lifecycle.UNKNOWN,
            last_error=message,
            next_attempt_at=self._in_seconds(delay),
        )
        if repeatable and document.attempts >= document.registration_id.max_attempts:
            self._give_up(document, message)

    # -------------------------------------------------------------------------
    # WITH AN OUTCOME
    # -------------------------------------------------------------------------

    def _settle_outcome(self, document, unit, outcome):
        """Write one outcome; each status has its method."""
        told = self._told(document, unit, outcome)
        if told:
            document.sudo().write(told)
        status = lifecycle.read_as(document.state, outcome.status)
        getattr(self, f"_settle_{status.value}")(document, unit, outcome)

    def _told(self, document, unit, outcome):
        """Return what the authority told of a document besides its status, as values
        that the document does not have yet."""
        values = {}
        ids = dict(outcome.authority_ids)
        if ids:
            values["authority_ids"] = {**(document.authority_ids or {}), **ids}
        submission = ids.get("submission")
        if submission and submission != document.submission_ref:
            values["submission_ref"] = submission
        if outcome.uid and not document.authority_uid:
            values["authority_uid"] = outcome.uid
        if (
            unit.authority.capabilities.printable_at == "answer"
            and not document.qr_answered
        ):
            values |= self._link_values(document, unit, values)
        return values

    def _link_values(self, document, unit, values):
        """Return the text of the QR code that comes with the authority's answer, as the
        document's or beside the one that it had before."""
        uid = document.authority_uid or values.get("authority_uid")
        if not uid:
            return {}
        ids = values.get("authority_ids") or document.authority_ids or {}
        known = replace(unit.by_key[document.id], uid=uid, authority_ids=ids)
        link = unit.authority.link(known)
        if not link or link == document.qr:
            return {}
        return {"qr_answered" if document.qr else "qr": link}

    def _settle_accepted(self, document, unit, outcome):
        first_poll = document._authority_class().limits.first_poll.total_seconds()
        self._to_submitted(document, outcome.retry_after or first_poll)

    def _settle_duplicate(self, document, unit, outcome):
        """The authority says that it has it: ask what became of it. When it may be sent
        again does not matter for that."""
        self._to_submitted(document, min(outcome.retry_after or 5.0, 15.0))

    def _to_submitted(self, document, seconds):
        """The authority has what was sent; ask about it after so many seconds."""
        document._go(
            lifecycle.SUBMITTED,
            submitted_at=fields.Datetime.now(),
            asked=0,
            last_error=False,
            next_attempt_at=self._in_seconds(seconds),
        )

    def _settle_pending(self, document, unit, outcome):
        seconds = max(self._half_the_time(document), outcome.retry_after or 0.0)
        values = {
            "next_attempt_at": self._in_seconds(seconds),
            "asked": 0,
            "lease_token": False,
        }
        if document.state in lifecycle.FOLLOWED | {lifecycle.CANCELLING}:
            document.sudo().write(values)
            return
        if not document.submitted_at:
            values["submitted_at"] = document.sent_at or fields.Datetime.now()
        # what was refused as a repeat had arrived all the same
        document._go(lifecycle.SUBMITTED, problems=False, **values)

    def _settle_valid(self, document, unit, outcome):
        values = {"problems": False, "last_error": False}
        if not document.submitted_at:
            values["submitted_at"] = fields.Datetime.now()
        document._go(lifecycle.VALID, **values)

    def _settle_invalid(self, document, unit, outcome):
        found = self._explained(document, unit.authority, outcome)
        problems = document._problems_json(found)
        if (
            document.state == lifecycle.SENDING
            and document.doubt
            and not document._is_repeatable()
        ):
            self._doubt_refusal(document, problems)
            return
        document._go(lifecycle.INVALID, problems=problems, last_error=False)

    def _doubt_refusal(self, document, problems):
        """A repeat was refused, and the first may have arrived: ask, when the authority
        had the time to show it, before the refusal is believed."""
        document._go(
            lifecycle.UNKNOWN,
            doubt="refused",
            problems=problems,
            last_error=False,
            # asked after the ingestion time, one answer is enough
            asked=ASKS_BEFORE_ABSENT - 1,
            next_attempt_at=self._in_seconds(
                document.registration_id._ingestion_seconds()
            ),
        )

    def _settle_cancelled(self, document, unit, outcome):
        document._go(lifecycle.CANCELLED)

    def _settle_rejected(self, document, unit, outcome):
        found = self._explained(document, unit.authority, outcome)
        document._go(lifecycle.REJECTED, problems=document._problems_json(found))

    def _settle_unknown(self, document, unit, outcome):
        error = unit.report.error
        message = self._error_text(unit, error)
        if document.state == lifecycle.SENDING:
            self._to_unknown(document, message)
        else:
            self._ask_again(document, error, message)

    def _settle_deferred(self, document, unit, outcome):
        """Nothing was said to the authority about it this time, so it is where it was:
        what was to be asked about may have arrived and is not sent again."""
        if unit.purpose == "send":
            wait = outcome.retry_after or 0.0
            self._back_to_queue(document, document.last_error, wait, counts=False)
            return
        delay = Backoff(first=5.0).delay(1, outcome.retry_after)
        document.sudo().write(
            {"next_attempt_at": self._in_seconds(delay), "lease_token": False}
        )

    def _settle_absent(self, document, unit, outcome):
        """The authority does not know it. Believed only when it says so again, after
        the time that it may take to show what it received."""
        asked = document.asked + 1
        if asked < ASKS_BEFORE_ABSENT:
            ingestion = document.registration_id._ingestion_seconds()
            document.sudo().write(
                {
                    "asked": asked,
                    "next_attempt_at": self._in_seconds(ingestion),
                    "lease_token": False,
                }
            )
        elif document.doubt == "refused":
            document._go(lifecycle.INVALID, asked=0)
        else:
            self._believe_absent(document)

    def _believe_absent(self, document):
        """Hook: the authority never got it, or lost it."""
        if document._is_late():
            document._go(lifecycle.LATE, next_attempt_at=False, asked=0)
            self.env["ereceipt.alert"]._raise_for_documents(
                document, "late", _lt("The authority's window has closed")
            )
        elif document.attempts >= document.registration_id.max_attempts:
            self._give_up(document, document.last_error)
        else:
            document._go(
                lifecycle.QUEUED,
                asked=0,
                doubt="arrived",
                submission_ref=False,
                next_attempt_at=fields.Datetime.now(),
            )

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _error_text(self, unit, error):
        """Return what went wrong, in the language of who is responsible."""
        registration = self.env["ereceipt.registration"].browse(unit.registration_id)
        return self.env["ereceipt.document"]._error_text(
            error, registration.responsible_id
        )

    def _half_the_time(self, document):
        """Return half the seconds that the authority has taken so far, within bounds:
        how long to leave it in peace before it is asked again."""
        now = fields.Datetime.now()
        since = document.submitted_at or document.sent_at or now
        wait = min(max((now - since) / 2, SHORTEST_POLL), LONGEST_POLL)
        return wait.total_seconds()

    def _in_seconds(self, seconds):
        return fields.Datetime.now() + timedelta(seconds=seconds)

    def _tell_decided(self, documents):
        """Log verdicts on the invoices, and ask for a person where one is needed."""
        by_state = defaultdict(lambda: self.env["ereceipt.document"])
        for document in documents:
            by_state[document.state] |= document
        refused = by_state[lifecycle.INVALID] | by_state[lifecycle.REJECTED]
        if refused:
            self._log(refused, _lt("Refused by the tax authority."))
            self.env["ereceipt.alert"]._raise_for_documents(
                refused, "refused", _lt("Refused by the tax authority")
            )
        valid = by_state[lifecycle.VALID]
        if valid:
            self.env["ereceipt.alert"]._clear_for_documents(valid)
            self._log(
                valid.filtered("device_id.log_valid"),
                _lt("Valid at the tax authority."),
            )

    def _tell_warnings(self, report, documents):
        """Have a person look at answers that count although something is wrong with
        them."""
        for document in documents:
            outcome = report.outcomes.get(document.id)
            if outcome is None or not outcome.warnings:
                continue
            registration = document.registration_id
            texts = registration._problem_texts(
                outcome.warnings, registration.responsible_id
            )
            self._log(document, "\n".join(texts))
            self.env["ereceipt.alert"]._raise_for_documents(
                document,
                "answer",
                _lt("The authority's answer is not beyond doubt"),
                "\n".join(texts),
            )

    def _log(self, documents, body):
        """Log a text, or a lazy translation, on the invoices of documents, in the
        language of who is responsible for their registration."""
        for registration, theirs in documents.grouped("registration_id").items():
            moves = theirs.link_ids.move_id
            if not moves:
                continue
            lang = registration.responsible_id.lang
            text = in_language(self.with_context(lang=lang).env, body)
            moves._message_log_batch(bodies=dict.fromkeys(moves.ids, text))
