import logging
import math
import random
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import timedelta

from psycopg2 import OperationalError
from psycopg2.errors import DeadlockDetected, SerializationFailure

from odoo import api, fields, models
from odoo.tools import LazyTranslate
from odoo.tools.misc import format_duration

from ..fiscal import lifecycle

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

RUN_SECONDS = 10
"""How long a run goes on claiming when no scheduled job tells it its time."""

MAX_THREADS = 20
LANES = 4
IDLE_STEP = 0.2
LOOK_AGAIN = 1.0
"""Seconds after which a run that waits looks for what became due meanwhile."""
SHORTEST_UNIT = 10.0
"""Seconds below which no unit is begun any more."""
HANGING_AFTER = 5.0
"""Seconds after which an authority that has not answered gets no further call."""


class EreceiptOutbox(models.AbstractModel):
    """Brings frozen documents to the authorities and their verdicts back.

    A run claims units of work (documents of one device that travel or are asked about
    together), commits, lets threads make the calls with nothing locked, and writes
    each result in a transaction of its own as it comes. Several runs share the work
    through row locks: the scheduled *lanes*, other servers, a person who sends one
    document at once.

    A run claims only while its time lasts, and a call is shorter than the server's
    watchdog, so the job is never ended from outside; each claim reports progress. While
    a call that was begun in time hangs, the run serves others meanwhile, without
    getting any longer by it: whoever's call hangs gets no further one, and the last
    threads are kept for registrations with nothing under way.
    """

    _name = "ereceipt.outbox"
    _description = "Sending and following documents"

    # -------------------------------------------------------------------------
    # SCHEDULED JOBS
    # -------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Entry point of the lane jobs."""
        deadline = self.env.context.get("cron_end_time")
        self._run(deadline or time.monotonic() + RUN_SECONDS)

    @api.model
    def _wake(self):
        """Let the active lanes run as soon as this transaction is committed."""
        for lane in self._lanes():
            lane._trigger()

    @api.model
    def _lanes(self):
        """Return the lane jobs that are switched on."""
        xmlids = self.env["ir.model.data"].sudo()
        ids = [
            xmlids._xmlid_to_res_id(f"account_ereceipt.ir_cron_ereceipt_lane_{number}")
            for number in range(1, LANES + 1)
        ]
        crons = self.env["ir.cron"].sudo().with_context(active_test=False)
        # with what waking asks of them
        return crons.search_fetch(
            [("id", "in", [i for i in ids if i]), ("active", "=", True)], ["active"]
        )

    @api.model
    def _last_run(self):
        """Return when a lane last ran to its end (naive UTC), or False."""
        return max(filter(None, self._lanes().mapped("lastcall")), default=False)

    @api.model
    def _heartbeat_text(self, last_run, waiting):
        """Return the heartbeat as people read it: when the jobs ran, what waits."""
        if not self._lanes():
            return self.env._("The jobs are switched off; %s waiting", waiting)
        if not last_run:
            return self.env._("The jobs have not run yet; %s waiting", waiting)
        ago = (fields.Datetime.now() - last_run).total_seconds()
        if ago < 60:
            return self.env._("Last run just now, %s waiting", waiting)
        return self.env._(
            "Last run %(ago)s ago, %(waiting)s waiting",
            ago=self._duration_text(ago),
            waiting=waiting,
        )

    @api.model
    def _duration_text(self, seconds):
        if seconds >= 48 * 3600:
            return self.env._("%s days", int(seconds // 86400))
        return self.env._("%s h", format_duration(seconds / 3600))

    # -------------------------------------------------------------------------
    # THE RUN
    # -------------------------------------------------------------------------

    @api.model
    def _run(self, deadline, work=None):
        """Send and follow what is due until the time is over or nothing is left.

        :param work: what claims and settles, if not ``ereceipt.work``: something else
            than documents may travel in the same way
        :param float deadline: ``time.monotonic()`` after which nothing is claimed but
            what ends before calls that hang give up
        :return: how many documents were settled
        :raise Exception: claiming failed by a defect, which the scheduler has to know;
            raised when the answers that were on their way are written down
        """
        work = (self.env["ereceipt.work"] if work is None else work).sudo()
        if time.monotonic() >= deadline:
            self._commit(0, work._due_count())
            return 0
        for step in work._before_claiming():
            self._apart(step)
        with ThreadPoolExecutor(MAX_THREADS, "ereceipt") as pool:
            settled, defect = self._serve(work, pool, deadline)
        self._commit(0, work._due_count())
        if defect:
            raise defect
        return settled

    def _serve(self, work, pool, deadline):
        """Claim, call and write down, as long as :meth:`_run` says.

        :return: how many documents were settled, and the defect that ended claiming,
            or None
        """
        settled, defect = 0, None
        flying, landed = {}, []
        while True:
            over_at = self._over_at(flying, deadline)
            if over_at:
                claimed, defect = self._claim(work, flying, over_at)
                if defect:
                    deadline = -math.inf
                for unit in claimed:
                    flying[pool.submit(unit.run)] = unit
            written = bool(landed)
            if landed:
                # while the next calls are under way
                settled += self._write_down(work, landed)
                landed = []
            if flying:
                landed = self._land(flying, LOOK_AGAIN if over_at else None)
                if any(report.error for _unit, report in landed):
                    # it may speak against further calls
                    settled += self._write_down(work, landed)
                    landed = []
            elif not written and not self._sleep_until_due(work, deadline):
                return settled, defect

    def _over_at(self, flying, deadline):
        """Return when calls that are begun now have to be over (``time.monotonic()``),
        None when nothing may be begun any more.

        A registration whose authority hangs would otherwise hold back all others for
        as long as the run has to wait for it.
        """
        now = time.monotonic()
        if now < deadline:
            return math.inf
        begun_in_time = [u.over_at for u in flying.values() if u.begun_at < deadline]
        over_at = max(begun_in_time, default=now)
        return over_at if over_at - now >= SHORTEST_UNIT else None

    def _claim(self, work, flying, over_at):
        """Claim units for the free threads and commit the claim, before any call.

        :return: the units; and the defect that keeps this run from claiming any more,
            for which the answers on their way are not given up, or None
        """
        free = MAX_THREADS - len(flying)
        if not free:
            return [], None
        busy = self._busy(flying.values())
        try:
            return self._apart(lambda: work._claim_units(free, busy, over_at)), None
        except (SerializationFailure, DeadlockDetected):
            # other lanes are at work on the same
            return [], None
        except OperationalError:
            raise
        except Exception as defect:
            _logger.exception("Nothing further is sent in this run")
            self.env.cr.rollback()
            self.env.transaction.reset()
            return [], defect

    def _busy(self, units):
        """Return how many calls are under way by whom they are made for (a
        registration's id), infinitely many where one of them hangs."""
        hanging_since = time.monotonic() - HANGING_AFTER
        busy = Counter()
        for unit in units:
            hangs = unit.begun_at < hanging_since
            busy[unit.holder_id] += math.inf if hangs else 1
        return busy

    def _land(self, flying, seconds=None):
        """Wait for at least one call; return pairs of a unit and what came of it.

        :param seconds: how long to wait at most: a call that hangs holds back neither
            the verdicts that are due meanwhile nor other registrations
        """
        finished, _pending = wait(flying, seconds, FIRST_COMPLETED)
        return [(flying.pop(future), future.result()) for future in finished]

    def _count(self, landed):
        return sum(unit.count for unit, _report in landed)

    def _write_down(self, work, landed):
        """Settle the units that ended meanwhile, in one transaction. Where that cannot
        be, each is settled by itself, and then each of its documents, so that a defect
        with one holds no other back: that one stays claimed until its lease runs out,
        and is then asked about.

        :return: how many documents that were
        """
        following = []

        def settle():
            work._settle(landed)
            following[:] = [one for one in landed if work._more_follows(*one)]

        if not self._attempt(settle, self._count(landed)):
            following[:] = landed
            for unit, report in landed:
                self._write_down_one(work, unit, report)
        for unit, report in following:
            self._attempt(lambda u=unit, r=report: work._after_settling(u, r))
        return self._count(landed)

    def _write_down_one(self, work, unit, report):
        """Settle a unit, or, where its documents cannot be settled together, each."""
        one = [(unit, report)]
        if self._attempt(lambda: work._settle(one), self._count(one)):
            return
        self._attempt(lambda: work._record(one))
        for settle in work._one_by_one(unit, report):
            self._attempt(settle, 1)

    def _sleep_until_due(self, work, deadline):
        """Stay for what becomes due within this run's time (a verdict that takes the
        authority three seconds should not wait a minute for the next run).

        :return: whether there is something to stay for
        """
        due_in = work._seconds_to_next_due()
        if due_in is None or time.monotonic() + due_in >= deadline:
            return False
        self._commit()  # no transaction stays open, with an old view, while we sleep
        time.sleep(min(max(due_in, IDLE_STEP), LOOK_AGAIN))
        return True

    # -------------------------------------------------------------------------
    # TRANSACTIONS
    # -------------------------------------------------------------------------

    def _apart(self, work, done=0, tries=8):
        """Carry out ``work`` and commit; again from the start when another
        transaction got in between. ``work`` touches the database only."""
        for left in reversed(range(tries)):
            try:
                result = work()
                self.env.flush_all()
                self._commit(done)
                return result
            except (SerializationFailure, DeadlockDetected):
                self.env.cr.rollback()
                self.env.transaction.reset()
                if not left:
                    raise
                time.sleep(random.uniform(0.01, 0.1) * (tries - left))

    def _attempt(self, work, done=0):
        """Carry out ``work`` as :meth:`_apart` does, and log a defect in it.

        :return: whether it was carried out
        """
        try:
            self._apart(work, done)
        except OperationalError:
            raise
        except Exception:
            _logger.exception("A part of the jobs of e-receipts was not carried out")
            self.env.cr.rollback()
            self.env.transaction.reset()
            return False
        return True

    def _commit(self, done=0, remaining=None):
        """Commit and tell the scheduler, where there is one, how far we are."""
        if remaining is None:
            # reported progress with work left keeps the job's place in the schedule
            remaining = 1
        self.env["ir.cron"]._commit_progress(done, remaining=remaining)

    # -------------------------------------------------------------------------
    # ONE DOCUMENT, AT ONCE
    # -------------------------------------------------------------------------

    @api.model
    def _send_now(self, document, token):
        """Send one document while a person waits, through the same claim as the jobs.

        :param str token: made by the client, the same in every re-run of a request
        :return: the document's state afterwards
        """
        return self._bring_on(document, token, lambda fresh: fresh.state)

    @api.model
    def _bring_on(self, document, token, look, wanted=lambda fresh: True):
        """Send, or ask about, one document while a person waits.

        Runs in cursors of its own: the claim is committed before the call and the
        result after it, so that a request that Odoo runs again finds its own claim
        and does not send twice.

        :param look: carried out on the document (in sudo, with the person's language)
            as it stands afterwards, in the last of these transactions, whose cache
            knows it already
        :param wanted: says of the document, before it is claimed, whether it is to be
        :return: what ``look`` returned
        """
        document.ensure_one()

        def fresh(work):
            return work.env["ereceipt.document"].browse(document.id)

        def looked_at(work):
            return self._look(fresh(work), look)

        def claim(work):
            unit = None
            if wanted(fresh(work)):
                unit = work._claim_one(document.id, f"now:{token}")
            return unit, None if unit else looked_at(work)

        def finish(work):
            work._wake_for(unit)
            return looked_at(work)

        unit, seen = self._now_apart(claim)
        if unit:
            seen = self._settle_now(unit, unit.run(), finish)
        document.invalidate_recordset()
        result, error = seen
        if error:
            raise error
        return result

    def _look(self, document, look):
        """Return what ``look(document)`` returns and None, or None and its error, to be
        raised after the commit: a defect in what a person is told undoes nothing."""
        document.env.flush_all()
        try:
            with document.env.cr.savepoint(flush=False):
                return look(document), None
        except OperationalError:
            raise
        except Exception as error:
            _logger.exception("Nobody is told what became of document %s", document.id)
            return None, error

    def _settle_now(self, unit, report, then=None):
        """Write down what came of a unit, in cursors of its own.

        :param then: carried out with ``ereceipt.work`` in the last of them
        :return: what ``then`` returned
        """

        def settle(work):
            work._settle([(unit, report)])
            more = work._more_follows(unit, report)
            return more, then(work) if then and not more else None

        more, result = self._now_apart(settle)
        if more:
            self._now_apart(lambda work: work._after_settling(unit, report))
            if then:
                # breakers count in cursors of their own, which only a new one sees
                result = self._now_apart(then)
        return result

    def _now_apart(self, carry_out, tries=8):
        """Carry out ``carry_out(ereceipt.work)`` in a cursor of its own and commit;
        again when another transaction got in between. It touches the database only."""
        for left in reversed(range(tries)):
            try:
                with self.env.registry.cursor() as cr:
                    return carry_out(self.env(cr=cr, su=True)["ereceipt.work"])
            except (SerializationFailure, DeadlockDetected):
                if not left:
                    raise
                time.sleep(random.uniform(0.01, 0.1) * (tries - left))

    # -------------------------------------------------------------------------
    # UPKEEP
    # -------------------------------------------------------------------------

    @api.model
    def _cron_upkeep(self):
        """Entry point of the upkeep job: look again at what waits, warn in time, seal
        and purge exchanges. A defect in one of these stops none of the others."""
        for step in self._upkeep_steps():
            self._attempt(step, 1)
        self._commit(remaining=0)

    @api.model
    def _upkeep_steps(self):
        """Return what the upkeep job carries out, in this order.

        Hook: the glue of an authority adds its own.
        """
        return [
            self._recheck_waiting,
            self._warn_of_deadlines,
            self.env["ereceipt.end.mixin"]._warn_of_ends,
            self.env["ereceipt.signing.key"]._forget_old_pins,
            self.env["ereceipt.signing.key"]._notice_silent_agents,
            self.env["ereceipt.seal"]._seal,
            self.env["ereceipt.seal"]._verify_some,
            self.env["ereceipt.exchange"]._purge,
            self.env["ereceipt.number"]._look_for_gaps,
            self.env["ereceipt.alert.cause"]._keep,
        ]

    @api.model
    def _upkeep_runs(self):
        """Whether the upkeep job is switched on and ran within the last day."""
        job = self.env.ref("account_ereceipt.ir_cron_ereceipt_upkeep", False)
        job = job and job.sudo()
        # one that never ran counts from when it was made
        last = job and job.active and (job.lastcall or job.create_date)
        return bool(last and last >= fields.Datetime.now() - timedelta(days=1))

    @api.autovacuum
    def _gc_notice_upkeep_off(self):
        """Tell of an upkeep job that does not run, which cannot tell of itself: Odoo's
        own daily job looks. Where it runs, it looks by itself."""
        if not self._upkeep_runs():
            self.env["ereceipt.alert.cause"]._keep(by_upkeep=False)

    @api.model
    def _recheck_waiting(self):
        """Issue what waited for data that somebody has mended since."""
        self.env["account.move"].sudo()._ereceipt_recheck_waiting()

    @api.model
    def _warn_of_deadlines(self):
        """Tell somebody, well before, which documents have not arrived yet."""
        for registration in self.env["ereceipt.registration"].search([]):
            documents = registration._documents_near_deadline()
            refused = documents.filtered(lambda d: d.state in lifecycle.REFUSED)
            self.env["ereceipt.alert"]._raise_for_documents(
                documents - refused,
                "deadline",
                _lt("Not at the tax authority yet"),
            )
            self.env["ereceipt.alert"]._raise_for_documents(
                refused,
                "deadline",
                _lt("The authority's window for correcting it closes soon"),
            )
