import itertools
import logging
import time

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

MOVING = lifecycle.ASKED | {lifecycle.QUEUED}
"""States in which a call to the authority brings a document on."""

TURNING = (lifecycle.NEEDS_PERSON - {lifecycle.TO_SIGN}) | {
    lifecycle.SUPERSEDED,
    lifecycle.WITHDRAWN,
    lifecycle.CANCELLED,
}
"""States in which whatever a person was asked to do before is past."""

SHORT_PAUSE = 0.5


class EreceiptDocument(models.Model):
    """What a person can do to hurry a document, and what follows a decision."""

    _inherit = "ereceipt.document"

    # -------------------------------------------------------------------------
    # STATE
    # -------------------------------------------------------------------------

    def _go(self, state, **values):
        # EXTENDS: the activities that asked for a person are done when the document
        # leaves the state that asked for one, or turns to something else
        past = self.filtered(
            lambda d: (
                d.state != state
                and (state in TURNING or d.state in lifecycle.NEEDS_PERSON)
            )
        )
        result = super()._go(state, **values)
        if past:
            self.env["ereceipt.alert"]._clear_for_documents(past)
        return result

    def _retry(self):
        """Try again what was given up, from the beginning. What the authority once
        confirmed, or may have, goes on as after a lost answer; what became late in the
        meantime is late."""
        now = fields.Datetime.now()
        for document in self:
            if document._is_late(now):
                document._go(lifecycle.LATE, next_attempt_at=False)
                self.env["ereceipt.alert"]._raise_for_documents(
                    document, "late", _lt("The authority's window has closed")
                )
                continue
            if document.depends_on_id.state == lifecycle.SUPERSEDED:
                document._follow_replacement()
                continue
            known = document.submission_ref or document.doubt
            document._go(
                lifecycle.UNKNOWN if known else lifecycle.QUEUED,
                attempts=0,
                asked=0,
                last_error=False,
                next_attempt_at=now,
            )

    def _recheck(self):
        """Issue what waited for data. A defect in doing so holds no other back."""
        self.ensure_one()
        move = self.link_ids.move_id
        try:
            with self.env.cr.savepoint():
                move.with_company(self.company_id)._ereceipt_issue(raising=False)
        except OperationalError:
            raise
        except Exception:
            _logger.exception("%s could not be looked at again", self.name)
            self.sudo().checked_at = fields.Datetime.now()

    # -------------------------------------------------------------------------
    # HURRYING
    # -------------------------------------------------------------------------

    def _goes_interactively(self):
        """Whether a call made now, with a person waiting, can bring it on."""
        self.ensure_one()
        return (
            self._authority_class().capabilities.interactive
            and self.state in MOVING
            and not self._is_late()
            and not self._asked_already()
            and not self._holding_situation()
        )

    def _asked_already(self):
        """Whether the authority said that it does not know it, and is to be asked
        again only when it had the time to show what it received: two answers in a
        row, too soon, would be believed."""
        return bool(
            self.state in (lifecycle.UNKNOWN, lifecycle.SUBMITTED)
            and self.asked
            and self.next_attempt_at
            and self.next_attempt_at > fields.Datetime.now()
        )

    def _make_due(self):
        """Let the jobs work on documents next.

        :return: those that may be hurried
        """
        hurried = self.filtered(lambda d: d.state in MOVING and not d._asked_already())
        now = fields.Datetime.now()
        later = hurried.filtered(
            lambda d: not d.next_attempt_at or d.next_attempt_at > now
        )
        if later:
            later.sudo().write({"next_attempt_at": now})
        return hurried

    def _send_and_wait(self, token, patience, say):
        """Send the document and ask about it until it is decided or the time is over.

        :param str token: of the person's request
        :param float patience: how many seconds to wait for the authority's decision,
            at least; more where the device says so
        :param say: called with the document as it stands after each call
        :return: what ``say`` returned in the end
        """
        self.ensure_one()
        began = time.monotonic()
        outbox = self.env["ereceipt.outbox"]
        goes = False

        def wanted(fresh):
            nonlocal goes
            goes = goes or fresh._goes_interactively()
            return goes

        def look(fresh):
            seconds = max(fresh.device_id.wait_seconds, patience)
            # what the jobs have taken meanwhile is waited for as well
            moves = goes or fresh.state == lifecycle.SENDING
            pause = fresh._pause_before_asking() if moves else None
            return say(fresh), pause, began + seconds

        for number in itertools.count(1):
            said, pause, until = outbox._bring_on(
                self, f"{token}-{number}", look, wanted
            )
            if pause is None or time.monotonic() + pause > until:
                return said
            time.sleep(pause)

    def _pause_before_asking(self):
        """Return the seconds until it makes sense to ask, None when it does not. To be
        asked with a fresh snapshot: a request's own is older than the answer."""
        if self.state == lifecycle.SENDING:
            return SHORT_PAUSE
        if self.state not in MOVING:
            return None
        due_at = self.next_attempt_at or fields.Datetime.now()
        seconds = (due_at - fields.Datetime.now()).total_seconds()
        # one that is due and still queued is behind what the jobs have in hand; one
        # whose call failed is tried again later, by them
        if self.state == lifecycle.QUEUED and (
            seconds > 0 or not self._goes_interactively()
        ):
            return None
        return max(seconds, SHORT_PAUSE)

    def _told(self, several):
        """Return the action that tells what happens next: of one document what now, of
        several documents the given sentence."""
        message = several
        if len(self) == 1:
            names = ", ".join(self.link_ids.move_id.mapped("name")) or self.name
            message = f"{names}: {self.what_now}"
        return self.env["account.move"]._ereceipt_notification(message, "info")
