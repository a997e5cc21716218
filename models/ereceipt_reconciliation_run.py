import logging
import time
from datetime import timedelta, timezone
from decimal import Decimal

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.contract import FiscalError, Listed, Status
from ..fiscal.reconciling import Held, Matcher
from ..fiscal.retry import Backoff
from .ereceipt_reconciliation import AFTER_START

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

RUN_SECONDS = 20
"""How long a run goes on when no scheduled job tells it its time."""

READ_SECONDS = 30.0
"""How long the authority's list is read in one go; a longer piece is halved. With a
run's own time and a last call that hangs it stays below the server's watchdog."""

SHORTEST_WINDOW = 60
READ_AT_ONCE = 500
"""So many of our documents are in memory with their content."""

ASKED_AT_ONCE = 50
MOST_FAILURES = 6

READ = [
    "name",
    "authority_uid",
    "state",
    "issued_at",
    "sent_at",
    "submitted_at",
    "decided_at",
    "gone_at",
    "former_ids",
    "authority_ids",
    "amount_total",
    "currency_id",
    "device_id",
    "registration_id",
    "content",
    "attempts",
    "late_reference",
    "handed_over_at",
]


class TooMuch(Exception):
    """The piece of the period is too long to be read in one go."""


class EreceiptReconciliation(models.Model):
    """The job: going through the period, piece by piece."""

    _inherit = "ereceipt.reconciliation"

    # -------------------------------------------------------------------------
    # SCHEDULED JOB
    # -------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Entry point of the job: begin what is due daily, go on with what runs, and
        carry out what people have asked to adopt."""
        deadline = self.env.context.get("cron_end_time")
        self._run(deadline or time.monotonic() + RUN_SECONDS)

    @api.model
    def _run(self, deadline):
        """Reconcile until the time is over or nothing is left.

        :param float deadline: ``time.monotonic()``
        """
        outbox = self.env["ereceipt.outbox"]
        outbox._attempt(self._begin_daily)
        self.env["ereceipt.reconciliation.line"].sudo()._adopt_begun(deadline)
        while time.monotonic() < deadline:
            one = self._next()
            if not one:
                break
            one._step()
        outbox._commit(0, len(self._next()))

    @api.model
    def _next(self):
        """Return the reconciliation to go on with, oldest first. A copy of the database
        asks no authority."""
        here = self.env["ereceipt.registration"]._database_uuid()
        return self.sudo().search(
            [
                ("state", "in", ("draft", "running")),
                ("registration_id.active", "=", True),
                ("registration_id.database_uuid", "=", here),
                "|",
                ("retry_at", "=", False),
                ("retry_at", "<=", fields.Datetime.now()),
            ],
            order="id",
            limit=1,
        )

    @api.model
    def _begin_daily(self):
        """Begin one for each registration that has none of today."""
        registrations = self.env["ereceipt.registration"].sudo().search([])
        daily = registrations._sends_here().filtered("reconcile_days")
        for registration in daily.filtered(lambda one: one._has_to_compare()):
            first, last = registration._daily_period()
            domain = [
                ("registration_id", "=", registration.id),
                ("environment", "=", registration.environment),
                ("origin", "=", "job"),
                ("date_to", "=", last),
            ]
            if not self.sudo().search_count(domain, limit=1):
                self._begin(registration, first, last, origin="job")

    # -------------------------------------------------------------------------
    # ONE PIECE
    # -------------------------------------------------------------------------

    def _step(self):
        """Carry out one piece of the work. Nothing that goes wrong here holds another
        reconciliation back."""
        self.ensure_one()
        outbox = self.env["ereceipt.outbox"]
        try:
            if self.environment != self.registration_id.environment:
                outbox._apart(self._give_up_environment)
            elif self.state == "draft":
                outbox._apart(self._start)
            elif self.device_index < len(self._devices()):
                self._compare_piece()
            else:
                outbox._apart(self._close_piece, 1)
        except TooMuch:
            outbox._apart(self._halve)
        except FiscalError as error:
            text = self.env["ereceipt.document"]._error_text(
                error, self.registration_id.responsible_id
            )
            outbox._apart(lambda: self._set_aside(text))
        except OperationalError:
            raise
        except Exception as error:
            _logger.exception("%s cannot go on", self.display_name)
            self.env.cr.rollback()
            self.env.transaction.reset()
            text = self._named(f"{type(error).__name__}: {error}")
            outbox._apart(lambda: self._put_off(text))

    def _start(self):
        self.write(
            {
                "state": "running",
                "started_at": fields.Datetime.now(),
                "ends_at": fields.Datetime.now() + AFTER_START,
            }
        )
        self.write({"position": self._bounds()[0], "device_queue": self._new_queue()})

    def _give_up_environment(self):
        """The registration speaks to another environment than it did."""
        self.write(
            {
                "state": "failed",
                "finished_at": fields.Datetime.now(),
                "error": self.env._(
                    "The registration has changed its environment since. Reconcile "
                    "the period again."
                ),
            }
        )

    def _halve(self):
        self.window_seconds = max(self.window_seconds // 2, SHORTEST_WINDOW)

    def _put_off(self, text):
        """Try again later, or give up for a person to look at it."""
        failures = self.failures + 1
        values = {"failures": failures, "error": text}
        if failures >= MOST_FAILURES:
            values |= {"state": "failed", "finished_at": fields.Datetime.now()}
            self.env["ereceipt.alert"]._raise(
                self.registration_id,
                "reconciliation_failed",
                _lt("The reconciliation with the authority does not go on"),
                text,
            )
        else:
            seconds = Backoff(first=60.0).delay(failures)
            values["retry_at"] = fields.Datetime.now() + timedelta(seconds=seconds)
        self.write(values)

    def _compare_piece(self):
        """Read the authority's side of the next piece with no transaction open, then
        compare, keep what differs and how far that is, in one transaction."""
        start, end = self.position, self._bounds()[1]
        until = min(start + timedelta(seconds=self.window_seconds), end)
        device = self._devices()[self.device_index]
        index = self.device_index
        theirs = []
        if until > start and self.way != "own":
            theirs = self._read_there(device, start, until)
        self.env["ereceipt.outbox"]._apart(
            lambda: self._compare(index, device, start, until, theirs), 1
        )

    def _read_there(self, device, start, until):
        """Return what the authority holds of a piece of the period.

        :raise FiscalError:
        :raise TooMuch: it takes too long
        """
        over_at = time.monotonic() + READ_SECONDS
        by_device = device or self._any_device()
        documents = self._contract_documents(start, until) if self.way == "ask" else ()
        with self.registration_id.sudo()._calling(by_device) as authority:
            # what is read is no part of any transaction
            self.env["ereceipt.outbox"]._commit()
            if self.way == "ask":
                rows = _asked(authority, documents)
            else:
                rows = authority.list_documents(_aware(start), _aware(until))
            theirs = []
            for row in rows:
                theirs.append(row)
                if time.monotonic() > over_at and self._can_be_halved(start, until):
                    raise TooMuch
        return theirs

    def _can_be_halved(self, start, until):
        return (until - start).total_seconds() > SHORTEST_WINDOW

    def _any_device(self):
        """Return a device through which a whole taxpayer is asked about: none, where
        the authority knows no devices."""
        if self.registration_id._authority_class().capabilities.serials:
            return self.env["ereceipt.device"]
        return self.registration_id.sudo().device_ids[:1]

    def _contract_documents(self, start, until):
        return [
            document._contract_document()
            for batch in self._batches(self.env["ereceipt.device"], start, until)
            for document in batch
            if document.state not in (lifecycle.WITHDRAWN, lifecycle.TO_SIGN)
        ]

    def _compare(self, index, device, start, until, theirs):
        """Compare a piece and write down what came of it, unless another run has."""
        if (
            not self.try_lock_for_update()
            or (index, start) != (self.device_index, self.position)
            or self._devices()[index] != device
        ):
            return
        matcher = Matcher(self._terms())
        ours = self._held(device, start, until)
        findings = matcher.alone(ours) if self.way == "own" else None
        if findings is None:
            findings = matcher.day(ours, theirs)
        self.env["ereceipt.reconciliation.line"].sudo()._keep(self, device, findings)
        values = {
            **self._counted(matcher.counts),
            **self._answered(),
            "position": until,
        }
        if until >= self._bounds()[1]:
            values |= self._turn_done()
        self.write(values)

    # -------------------------------------------------------------------------
    # OUR SIDE
    # -------------------------------------------------------------------------

    def _batches(self, device, start, until):
        """Yield our documents of a piece of the period, some hundreds at a time, read
        and to be forgotten afterwards."""
        domain = Domain(
            [
                ("registration_id", "=", self.registration_id.id),
                ("environment", "=", self.environment),
                ("issued_at", ">=", start),
                ("issued_at", "<", until),
                ("content_sha256", "!=", False),
            ]
        )
        if device:
            domain &= Domain("device_id", "=", device.id)
        yield from self._read_batches(domain)

    def _read_batches(self, domain):
        last = 0
        rows = self.env["ereceipt.document"].sudo()
        while True:
            batch = rows.search(
                domain & Domain("id", ">", last), order="id", limit=READ_AT_ONCE
            )
            if not batch:
                return
            # one query for all, the content too, which is not read ahead otherwise
            batch.fetch(READ)
            yield batch
            last = batch[-1].id
            batch.invalidate_recordset(READ, flush=False)

    def _held(self, device, start, until):
        """Yield our documents as they are compared."""
        for batch in self._batches(device, start, until):
            yield from self._as_held(batch)

    def _as_held(self, documents):
        authorities = {}
        for document in documents:
            device = document.device_id
            if device not in authorities:
                authorities[device] = device._authority_offline()
            yield document._as_held(authorities[device], self.way == "list")

    # -------------------------------------------------------------------------
    # THE END
    # -------------------------------------------------------------------------

    def _close_piece(self):
        """Bring together some of what is left, or end the reconciliation."""
        lines = self.env["ereceipt.reconciliation.line"].sudo()
        left = lines.search(
            [
                ("reconciliation_id", "=", self.id),
                ("is_left", "=", True),
                ("uid_there", "!=", False),
                ("id", ">", self.closed_line_id),
            ],
            order="id",
            limit=READ_AT_ONCE,
        )
        if left:
            self._bring_together(left)
            self.closed_line_id = left[-1].id
        else:
            self._finish()

    def _bring_together(self, left):
        """Look whether documents of the authority that have no counterpart on their day
        have one on another."""
        by_uid = {line.uid_there: line for line in left}
        found = {}

        def find(batch):
            uids = [listed.uid for listed in batch]
            uids += [uid.lower() for uid in uids]
            numbers = [listed.number for listed in batch if listed.number]
            domain = Domain(
                [
                    ("registration_id", "=", self.registration_id.id),
                    ("environment", "=", self.environment),
                    ("content_sha256", "!=", False),
                ]
            ) & (Domain("authority_uid", "in", uids) | Domain("name", "in", numbers))
            for documents in self._read_batches(domain):
                for held in self._as_held(documents):
                    found[held.key] = held
                    yield held
            unmatched = left.search(
                [
                    ("reconciliation_id", "=", self.id),
                    ("is_left", "=", True),
                    ("uid_there", "=", False),
                    ("document_id", "in", list(found)),
                ]
            )
            missing.update({line.document_id.id: line for line in unmatched})

        missing = {}
        matcher = Matcher(self._terms())
        gone = left.browse()
        rows = [line._listed() for line in left]
        for resolved in matcher.close(rows, find, missing.__contains__):
            line = by_uid[resolved.theirs.uid]
            if resolved.ours:
                gone |= line | missing.get(resolved.ours.key, left.browse())
            elif line.kind == resolved.findings[0].kind.value:
                continue
            else:
                gone |= line
            left._keep(self, line.device_id, resolved.findings)
        counted = matcher.counts
        counted.here = counted.there = 0
        self.write(self._counted(counted))
        gone._forget()

    def _finish(self):
        lines = self.env["ereceipt.reconciliation.line"].sudo()
        lines._close_earlier(self)
        self.write(
            {
                "state": "done",
                "finished_at": fields.Datetime.now(),
                "error": False,
                "retry_at": False,
            }
        )
        alert = self.env["ereceipt.alert"]
        self.invalidate_recordset(["open_count"])
        if self.open_count:
            alert._take_back(self.registration_id, "reconciliation")
            alert._raise(
                self.registration_id,
                "reconciliation",
                _lt("%s differences from the tax authority's books", self.open_count),
            )
        else:
            alert._clear(self.registration_id, "reconciliation")
        alert._clear(self.registration_id, "reconciliation_failed")


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _as_held(self, authority, is_listed):
        """Return the document as it is compared with an authority's.

        :param bool is_listed: it is compared with a list, so what it says counts; else
            only what became of it
        """
        self.ensure_one()
        moments = (self.issued_at, self.sent_at, self.submitted_at)
        moments += (self.decided_at, self.gone_at)
        common = {
            "key": self.id,
            "uid": self.authority_uid or "",
            "state": self.state,
            "issued_at": _aware(self.issued_at),
            "moved_at": _aware(max(filter(None, moments))),
            "former_uids": self._former_uids(),
            "cent": Decimal(1).scaleb(-self.currency_id.decimal_places),
        }
        if not is_listed:
            return Held(number=self.name, **common)
        try:
            said = authority.as_listed(self._contract_document())
        except ValueError:
            _logger.warning("The content of %s cannot be read", self.name)
            return Held(number=self.name, **common)
        return Held(
            number=said.number,
            total=said.total,
            buyer_id=said.buyer_id,
            device_serial=said.device_serial,
            **(common | {"issued_at": said.issued_at or common["issued_at"]}),
        )


def _aware(moment):
    return moment and moment.replace(tzinfo=timezone.utc)


def _asked(authority, documents):
    """Yield what an authority without a list says of each of our documents, as a list
    would. What it does not know it does not list."""
    for start in range(0, len(documents), ASKED_AT_ONCE):
        batch = documents[start : start + ASKED_AT_ONCE]
        by_key = {document.key: document for document in batch}
        for outcome in authority.query(batch):
            if outcome.status is Status.ABSENT:
                continue
            document = by_key[outcome.key]
            yield Listed(
                uid=outcome.uid or document.uid or document.number,
                number=document.number,
                status=outcome.status,
                authority_ids=outcome.authority_ids,
            )
