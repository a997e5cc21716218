import logging
import math
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL

from ..fiscal.retry import Backoff
from ..fiscal.webhook import Message, Result, deliver
from .ereceipt_outbox import RUN_SECONDS
from .ereceipt_work import KEPT_THREADS, LEASE_MARGIN

_logger = logging.getLogger(__name__)

MOST_AT_ONCE = 4
"""How many calls one receiver gets at the same time."""

BACKOFF = Backoff(first=15.0, longest=3600.0)
UNUSABLE_PAUSE = 600.0


@dataclass(slots=True)
class Errand:
    """One delivery on its way to its receiver.

    Made and settled by the main thread; :meth:`run` is all that a thread does.

    :ivar begun_at: ``time.monotonic()`` at which it was claimed
    :ivar over_at: by which its call is over
    """

    delivery_id: int
    webhook_id: int
    message: Message
    token: str
    begun_at: float
    over_at: float
    count: int = field(default=1, init=False)

    @property
    def holder_id(self):
        """For whom its call is made: what hangs for one holds no other back."""
        return self.webhook_id

    def run(self) -> Result:
        """Make the call. Never raises."""
        return deliver(self.message)


class EreceiptWebhookWork(models.AbstractModel):
    """Claiming and settling deliveries, for a run of the outbox that carries nothing
    else: it has a job, threads and transactions of its own, so that neither a slow nor
    a dead receiver holds an authority's documents back.

    Receivers do not hold each other back either: one whose call hangs gets no further
    one, one that fails gets one at a time, and then none for growing pauses.
    """

    _name = "ereceipt.webhook.work"
    _inherit = ["ereceipt.work.mixin"]
    _description = "Claiming and settling deliveries to web hooks"
    _works_on = "ereceipt.webhook.delivery"

    @api.model
    def _cron_run(self):
        """Entry point of the job."""
        deadline = self.env.context.get("cron_end_time")
        deadline = deadline or time.monotonic() + RUN_SECONDS
        self.env["ereceipt.outbox"]._run(deadline, self)

    # -------------------------------------------------------------------------
    # WHAT IS DUE
    # -------------------------------------------------------------------------

    @api.model
    def _sql_due(self, at):
        """Return FROM and WHERE of what may be sent at a moment.

        A copied database, an archived hook, one without a secret, an open breaker hold
        back; and so does an earlier event of the same document.
        """
        # the table has to show what this transaction claimed, or it claims it again
        self.env.flush_all()
        return SQL(
            """
            FROM ereceipt_webhook_delivery d
            JOIN ereceipt_webhook w ON w.id = d.webhook_id
            WHERE d.state = 'pending'
              AND d.next_attempt_at <= %(at)s
              AND w.active
              AND w.secret_sealed IS NOT NULL
              AND w.database_uuid = %(here)s
              AND (w.breaker_open_until IS NULL OR w.breaker_open_until <= %(now)s)
              AND NOT EXISTS (
                SELECT 1 FROM ereceipt_webhook_delivery e
                WHERE e.webhook_id = d.webhook_id
                  AND e.document_id = d.document_id
                  AND e.id < d.id
                  AND e.state IN ('pending', 'sending')
              )
            """,
            at=at,
            now=fields.Datetime.now(),
            here=self.env["ereceipt.registration"]._database_uuid(),
        )

    def _before_claiming(self):
        """Return what a run does first, each in a transaction of its own."""
        return (self._recover_leases, self._give_up_old)

    @api.model
    def _recover_leases(self):
        """Take over what a run that died had claimed. The receiver may have it: it
        gets it again."""
        now = fields.Datetime.now()
        self._locked(SQL("d.state = 'sending' AND d.lease_until < %s", now)).write(
            {"state": "pending", "next_attempt_at": now, "lease_token": False}
        )

    @api.model
    def _give_up_old(self):
        """Give up what was not taken for too long."""
        old = self._locked(
            SQL("d.state = 'pending' AND d.give_up_at < %s", fields.Datetime.now())
        )
        old.write({"state": "dead", "next_attempt_at": False})
        for hook, deliveries in old.grouped("webhook_id").items():
            if hook.active:
                hook._raise_dead_alert(deliveries[:1].error or False)

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    @api.model
    def _claim_units(self, free, busy, over_at=math.inf):
        """Claim what is due and return it as errands.

        :param int free: how many may be claimed
        :param dict busy: how many calls are under way, by hook id
        :param float over_at: ``time.monotonic()`` by which their calls have to be over
        """
        due = self._sql_due(fields.Datetime.now())
        waiting = self.env.execute_query(
            SQL(
                "SELECT d.webhook_id %s GROUP BY 1 ORDER BY min(d.next_attempt_at), 1",
                due,
            )
        )
        errands = []
        for (hook_id,) in waiting:
            hook = self.env["ereceipt.webhook"].browse(hook_id)
            under_way = busy.get(hook_id, 0)
            kept = KEPT_THREADS if under_way or hook.breaker_failures else 0
            most = 1 if hook.breaker_failures else MOST_AT_ONCE
            room = min(free - len(errands) - kept, most - under_way)
            if room > 0:
                errands += self._claim_for(hook, room, over_at)
        return errands

    def _claim_for(self, hook, room, over_at):
        """Claim up to so many deliveries for one receiver."""
        try:
            secrets, policy = hook._signing_secrets(), hook._policy()
        except OperationalError:
            raise
        except Exception as error:
            # what is wrong with one hook holds no other back
            _logger.exception("Nothing can be sent to web hook %s", hook.id)
            hook._breaker_hold(UNUSABLE_PAUSE, str(error))
            return []
        deliveries = self._locking(
            SQL(
                "SELECT d.id %s AND d.webhook_id = %s ORDER BY d.id LIMIT %s "
                "FOR NO KEY UPDATE OF d SKIP LOCKED",
                self._sql_due(fields.Datetime.now()),
                hook.id,
                room,
            )
        )
        deliveries.fetch(["event", "event_id", "happened_at", "attempts"])
        deliveries.fetch(["told"])
        begun_at = time.monotonic()
        over_at = min(begun_at + hook.call_timeout, over_at)
        token = self._mark_claimed(deliveries, over_at - begun_at)
        return [
            Errand(
                delivery_id=delivery.id,
                webhook_id=hook.id,
                message=Message(
                    url=hook.url,
                    event=delivery.event,
                    event_id=delivery.event_id,
                    attempt=delivery.attempts,
                    body=delivery._message_text().encode(),
                    secrets=secrets,
                    policy=policy,
                    seconds=over_at - begun_at,
                ),
                token=token,
                begun_at=begun_at,
                over_at=over_at,
            )
            for delivery in deliveries
        ]

    def _mark_claimed(self, deliveries, seconds):
        """Write that deliveries are a run's own until its lease runs out; return the
        lease's token."""
        token = uuid.uuid4().hex
        now = fields.Datetime.now()
        values = {
            "state": "sending",
            "lease_token": token,
            "lease_until": now + timedelta(seconds=seconds + LEASE_MARGIN),
            "sent_at": now,
        }
        for attempts, alike in deliveries.grouped("attempts").items():
            alike.write({**values, "attempts": attempts + 1})
        return token

    # -------------------------------------------------------------------------
    # SETTLING
    # -------------------------------------------------------------------------

    @api.model
    def _settle(self, landed):
        """Write down what came of calls.

        :param landed: pairs of an errand and its :class:`~..fiscal.webhook.Result`
        """
        ids = [errand.delivery_id for errand, _result in landed]
        deliveries = self.env["ereceipt.webhook.delivery"].browse(ids).exists()
        own = deliveries.grouped("id")
        for errand, result in landed:
            delivery = own.get(errand.delivery_id)
            # whose lease had run out was taken over by another run
            if delivery and delivery.lease_token == errand.token:
                delivery.write(self._settled_values(delivery, result))
        for delivery in deliveries:
            if delivery.state == "dead":
                delivery.webhook_id._raise_dead_alert(delivery.error)

    def _settled_values(self, delivery, result):
        now = fields.Datetime.now()
        values = {
            "lease_token": False,
            "lease_until": False,
            "next_attempt_at": False,
            "status": result.status or 0,
            "seconds": result.seconds,
            "error": False,
        }
        if result.error is None:
            return {**values, "state": "done", "delivered_at": now}
        values["error"] = self._reason(delivery.webhook_id, result)
        wait = BACKOFF.delay(delivery.attempts, result.error.retry_after)
        at = now + timedelta(seconds=wait)
        if result.gone or at > delivery.give_up_at:
            return {**values, "state": "dead"}
        return {**values, "state": "pending", "next_attempt_at": at}

    def _reason(self, hook, result):
        return self.env["ereceipt.document"]._error_text(
            result.error, hook._alert_users()[:1]
        )

    @api.model
    def _record(self, landed):
        """Nothing but what the delivery says is kept of a call."""

    @api.model
    def _one_by_one(self, errand, result):
        """An errand carries one delivery: what cannot be settled is sent again."""
        return ()

    @api.model
    def _more_follows(self, errand, result):
        """Whether a call's end means something for more than its delivery."""
        hook = self.env["ereceipt.webhook"].browse(errand.webhook_id)
        hook.fetch(["breaker_failures", "breaker_open_until"])
        return bool(result.error or hook.breaker_failures or hook.breaker_open_until)

    @api.model
    def _after_settling(self, errand, result):
        """Draw what follows for the receiver, in transactions of its own."""
        hook = self.env["ereceipt.webhook"].browse(errand.webhook_id)
        if result.gone:
            hook._stop(self._reason(hook, result))
        elif result.error is None or result.of_message:
            hook._breaker_succeeded()
        else:
            hook._breaker_count(result.error, self._reason(hook, result))
