import logging
import math
import time
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.tools import SQL, LazyTranslate

from ..fiscal import authority_classes, dispatch, lifecycle
from .ereceipt_unit import Unit

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

INTERACTIVE_LIMIT = 4
"""How many documents of one registration may be sent by waiting people at once."""

KEPT_THREADS = 4
"""How many of the threads are kept for registrations with nothing under way, and no
failure behind them: those that hang or are slow never fill them all."""

LEASE_MARGIN = 15
"""Seconds by which a lease outlives the longest call."""


class EreceiptWork(models.AbstractModel):
    """Claiming documents: which are due, and whose turn it is."""

    _name = "ereceipt.work"
    _inherit = ["ereceipt.work.mixin"]
    _description = "Claiming and settling documents"
    _works_on = "ereceipt.document"

    # -------------------------------------------------------------------------
    # WHAT IS DUE
    # -------------------------------------------------------------------------

    @api.model
    def _sql_due(self, at):
        """Return FROM and WHERE of what may be worked on at a moment.

        A copied database, an archived registration, another environment and an open
        breaker hold documents back; a document whose original is not valid waits.
        """
        # the table has to show what this transaction claimed, or it claims it again
        self.env.flush_all()
        return SQL(
            """
            FROM ereceipt_document d
            JOIN ereceipt_device v ON v.id = d.device_id
            JOIN ereceipt_registration r ON r.id = d.registration_id
            WHERE d.next_attempt_at <= %(at)s
              AND r.active
              AND r.environment = d.environment
              AND r.database_uuid = %(here)s
              AND (
                (
                  (r.breaker_open_until IS NULL OR r.breaker_open_until <= %(now)s)
                  AND (v.breaker_open_until IS NULL OR v.breaker_open_until <= %(now)s)
                  AND (%(call)s)
                )
                OR (%(offline)s)
              )
            """,
            at=at,
            now=fields.Datetime.now(),
            here=self.env["ereceipt.registration"]._database_uuid(),
            call=self._sql_due_call(),
            offline=self._sql_due_offline(),
        )

    def _sql_due_call(self):
        """Hook: return which documents (``d``) a call to the authority brings on."""
        return SQL(
            """
            d.state IN ('submitted', 'unknown', 'cancelling')
            OR (
              d.state = 'queued'
              AND (
                d.depends_on_id IS NULL
                OR EXISTS (
                  SELECT 1 FROM ereceipt_document o
                  WHERE o.id = d.depends_on_id AND o.state = 'valid'
                )
              )
            )
            """
        )

    def _sql_due_offline(self):
        """Hook: return which documents (``d``) something without a call brings on."""
        return SQL("FALSE")

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    @api.model
    def _claim_units(self, free, busy, over_at=math.inf):
        """Claim what is due and return it as units of work.

        :param int free: how many units may be claimed
        :param dict busy: how many calls are under way, by registration id; infinitely
            many where nothing further is to be claimed
        :param float over_at: ``time.monotonic()`` by which their calls have to be over
        """
        units = []
        busy = dict(busy)
        groups = self._due_groups()
        while groups and len(units) < free:
            more = []
            # all have their turn before any gets more
            share = max(1, (free - len(units) - KEPT_THREADS) // len(groups))
            for device_id, purpose in groups:
                device = self.env["ereceipt.device"].browse(device_id)
                count = min(share, self._room(device, busy, free - len(units)))
                claimed = self._claim_group(device, purpose, count, over_at)
                units += claimed
                registration_id = device.registration_id.id
                busy[registration_id] = busy.get(registration_id, 0) + len(claimed)
                if claimed and len(claimed) == count:
                    more.append((device_id, purpose))
            groups = more
        return units

    def _room(self, device, busy, free):
        """Return how many more calls may be begun for a device: as many as its
        registration may have under way, one where a breaker is being tried again. The
        last threads go to registrations with nothing under way.

        :param dict busy: as for :meth:`_claim_units`
        :param int free: how many threads have nothing to do
        """
        registration = device.registration_id
        under_way = busy.get(registration.id, 0)
        tried = registration.breaker_failures
        kept = KEPT_THREADS if under_way or tried else 0
        room = free - kept
        if not kept:
            room = min(room, max(1, room - KEPT_THREADS))
        capability = registration._authority_class().capabilities.parallel_calls
        most = min(registration.parallel_calls, capability)
        if tried or device.breaker_failures:
            most = 1
        return max(min(room, most - under_way), 0)

    def _due_groups(self):
        """Return ``(device id, purpose)``, the longest waiting first."""
        return self.env.execute_query(
            SQL(
                "SELECT d.device_id, CASE %s ELSE 'ask' END AS purpose %s "
                "GROUP BY 1, 2 ORDER BY min(d.next_attempt_at), 1, 2",
                SQL(" ").join(self._sql_purposes()),
                self._sql_due(fields.Datetime.now()),
            )
        )

    def _sql_purposes(self):
        """Hook: return, as branches of a ``CASE``, what is done with a due document
        (``d``) other than asking about it."""
        return [
            SQL(
                "WHEN d.state = 'queued' OR "
                "(d.state = 'unknown' AND d.authority = ANY(%s)) THEN 'send'",
                self._resending_authorities(),
            )
        ]

    def _resending_authorities(self):
        """Return the codes of authorities to which a repeat is harmless."""
        return [
            code
            for code, authority in authority_classes().items()
            if authority.capabilities.recovery != "ask"
        ]

    def _claim_group(self, device, purpose, count, over_at):
        """Claim up to so many calls' worth of one device's due documents.

        :return: a list of units, empty when other workers have them all
        """
        if count <= 0:
            return []
        authority_class = device.registration_id._authority_class()
        strict = purpose == "send" and authority_class.capabilities.order == "strict"
        if strict:
            count = 1  # what comes next waits until this has left
        documents = self._locked_due(device, purpose, count, strict)
        documents._load_links()
        documents._load_content()
        units = self._make_units(device, documents, purpose, count, over_at)
        for unit in units[:1]:
            claimed = [key for one in units for key in one.document_ids]
            self._mark_claimed(documents.browse(claimed), unit)
        return units

    def _make_units(self, device, documents, purpose, count, over_at):
        """Divide documents of one device into up to so many units, with one token for
        all of them, so that they are claimed in one go."""
        most = self._most_at_once(device.registration_id, purpose)
        token = uuid.uuid4().hex
        shared = {}
        units = []
        while documents and len(units) < count:
            together = documents[:most].with_prefetch(documents.ids)
            if purpose == "ask":
                reference = documents[0].submission_ref
                together = together.filtered_domain(
                    [("submission_ref", "=", reference)]
                )
            unit = self._make_unit(device, together, purpose, token, over_at, shared)
            if not unit:
                break
            units.append(unit)
            documents -= documents.browse(unit.document_ids)
        return units

    def _most_at_once(self, registration, purpose):
        """Hook: return how many documents one unit takes at most."""
        limits = registration._authority_class().limits
        return min(
            registration.documents_per_call,
            limits.documents_per_call or registration.documents_per_call,
        )

    def _states_for(self, purpose, authority_class):
        """Hook: return the states of documents that are claimed for a purpose."""
        resends = authority_class.capabilities.recovery != "ask"
        if purpose == "send":
            return ["queued", "unknown"] if resends else ["queued"]
        asked = ["submitted", "cancelling"]
        return asked if resends else [*asked, "unknown"]

    def _sql_for(self, purpose):
        """Hook: return a further condition on the documents (``d``) that are claimed
        for a purpose."""
        return SQL("TRUE")

    def _locked_due(self, device, purpose, units, strict):
        """Lock due documents that nobody else has, for so many units, in the order of
        the chain."""
        registration = device.registration_id
        authority_class = registration._authority_class()
        return self._locking(
            SQL(
                "SELECT d.id %s AND d.device_id = %s AND d.state = ANY(%s) AND %s %s "
                "ORDER BY d.submission_ref NULLS FIRST, d.id LIMIT %s "
                "FOR NO KEY UPDATE OF d SKIP LOCKED",
                self._sql_due(fields.Datetime.now()),
                device.id,
                self._states_for(purpose, authority_class),
                self._sql_for(purpose),
                self._sql_strict(fields.Datetime.now()) if strict else SQL(""),
                self._most_at_once(registration, purpose) * units,
            )
        )

    def _sql_strict(self, waiting_beyond):
        """Hold back what an earlier document of its chain has not left before.

        :param waiting_beyond: queued documents that are due until then go along
        """
        return SQL(
            "AND NOT EXISTS (SELECT 1 FROM ereceipt_document p "
            "WHERE p.device_id = d.device_id AND p.environment = d.environment "
            "AND ((p.chain_index < d.chain_index AND p.chain_index > 0) "
            "OR p.authority_uid = d.previous_uid) AND "
            "(p.state IN ('sending', 'unknown', 'to_sign') OR (p.state = 'queued' AND "
            "p.next_attempt_at > %s)))",
            waiting_beyond,
        )

    def _unit_values(self, device, documents, purpose):
        """Hook: return what a unit of that purpose is given besides.

        :raise Exception: the device cannot be used here
        """
        return {}

    def _claimed_unit(self, device, documents, purpose, token):
        """Return a unit of documents, claimed; None where the device cannot be used."""
        unit = self._make_unit(device, documents, purpose, token)
        if unit:
            self._mark_claimed(documents.browse(unit.document_ids), unit)
        return unit

    def _make_unit(
        self, device, documents, purpose, token, over_at=math.inf, shared=None
    ):
        """Return a unit of as many of the documents as fit, from the first on; None
        where the device cannot be used.

        :param dict shared: what the units of a device that are made together have in
            common, put in by the first
        """
        shared = {} if shared is None else shared
        now = time.monotonic()
        over_at = min(now + device.registration_id._unit_seconds(), over_at)
        report = dispatch.Report()
        try:
            if not shared:
                shared["connection"] = device._connection(over_at)
            authority = device.registration_id._authority_class()(
                replace(shared["connection"], recorder=report.exchanges.append)
            )
            contract_documents = [d._contract_document() for d in documents]
            values = self._unit_values(device, documents, purpose)
            if purpose == "send":
                fitting = authority.fits(contract_documents)
                documents = documents[:fitting]
                contract_documents = contract_documents[:fitting]
        except OperationalError:
            raise
        except Exception as error:
            # one device that is set up wrongly holds nobody else back
            _logger.exception("Nothing can be sent for %s", device.display_name)
            self._hold_unusable(device, documents, purpose, str(error))
            return None
        return Unit(
            purpose=purpose,
            authority=authority,
            documents=contract_documents,
            registration_id=device.registration_id.id,
            device_id=device.id,
            token=token,
            begun_at=now,
            over_at=over_at,
            give_up_at=over_at - device.registration_id.call_timeout,
            report=report,
            **values,
        )

    def _mark_claimed(self, documents, unit):
        """Write that documents are a worker's own until its lease runs out.

        :param unit: the unit that has them, or one of those that have them
        """
        now = fields.Datetime.now()
        seconds = unit.over_at - unit.begun_at + LEASE_MARGIN
        until = now + timedelta(seconds=seconds)
        if unit.purpose != "send":
            documents.write({"next_attempt_at": until, "lease_token": unit.token})
            return
        alike = documents.grouped(lambda d: (d.attempts, d.sent_at))
        for (attempts, sent_at), group in alike.items():
            group.with_prefetch(documents.ids)._go(
                lifecycle.SENDING,
                sent_at=sent_at or now,
                attempts=attempts + 1,
                asked=0,
                lease_token=unit.token,
                lease_until=until,
            )

    def _hold_unusable(self, device, documents, purpose, reason):
        """Put documents off whose device or credentials cannot be used here.

        Hook: it may be something else that cannot be used.
        """
        later = fields.Datetime.now() + timedelta(minutes=10)
        documents.write({"next_attempt_at": later, "last_error": reason})
        self.env["ereceipt.alert"]._raise(
            device,
            "unusable",
            _lt("Nothing can be sent for this device"),
            reason,
        )

    @api.model
    def _purpose_of(self, document):
        """Return what would be done with one document."""
        self.env.flush_all()
        [(purpose,)] = self.env.execute_query(
            SQL(
                "SELECT CASE %s ELSE 'ask' END FROM ereceipt_document d "
                "WHERE d.id = %s",
                SQL(" ").join(self._sql_purposes()),
                document.id,
            )
        )
        return purpose

    @api.model
    def _claim_one(self, document_id, token):
        """Claim one document for a person who waits.

        :return: a Unit, or None when it is not due, not ours to send, or when enough
            people are waiting already
        """
        document = self.env["ereceipt.document"].browse(document_id)
        device = document.device_id
        waiting = self.env["ereceipt.document"].search_count(
            [
                ("registration_id", "=", document.registration_id.id),
                ("state", "=", "sending"),
                ("lease_token", "=like", "now:%"),
            ]
        )
        if waiting >= INTERACTIVE_LIMIT:
            return None
        purpose = self._purpose_of(document)
        capabilities = document._authority_class().capabilities
        strict = purpose == "send" and capabilities.order == "strict"
        due = self._locking(
            SQL(
                "SELECT d.id %s AND d.id = %s %s FOR NO KEY UPDATE OF d SKIP LOCKED",
                self._sql_due(fields.Datetime.now() + timedelta(days=365)),
                document.id,
                # alone, so that nothing earlier goes along
                self._sql_strict(datetime.min) if strict else SQL(""),
            )
        )
        if not due or document._is_late():
            return None
        document._load_content()
        return self._claimed_unit(device, document, purpose, token)

    # -------------------------------------------------------------------------
    # LEASES AND WINDOWS
    # -------------------------------------------------------------------------

    def _before_claiming(self):
        """Hook: return what a run does first, each in a transaction of its own."""
        return (self._recover_leases, self._mark_late)

    @api.model
    def _recover_leases(self):
        """Take over what a worker that died had claimed: it may have been sent."""
        self._locked(
            SQL("d.state = 'sending' AND d.lease_until < %s", fields.Datetime.now())
        )._go(lifecycle.UNKNOWN, next_attempt_at=fields.Datetime.now())

    @api.model
    def _mark_late(self):
        """Stop sending what the authority would refuse as too late. A copy of the
        database knows nothing of what the original has sent meanwhile."""
        documents = self._locked(
            SQL(
                "d.state IN ('queued', 'to_sign') AND d.deadline_at <= %s "
                "AND d.late_reference IS NULL AND EXISTS ("
                "SELECT 1 FROM ereceipt_registration r WHERE r.id = d.registration_id "
                "AND r.active AND r.environment = d.environment "
                "AND r.database_uuid = %s)",
                fields.Datetime.now(),
                self.env["ereceipt.registration"]._database_uuid(),
            )
        )
        if documents:
            self._too_late(documents)

    @api.model
    def _too_late(self, documents):
        """Hook: say of documents whose window has closed that they are late."""
        if documents:
            documents._go(lifecycle.LATE, next_attempt_at=False)
            self.env["ereceipt.alert"]._raise_for_documents(
                documents, "late", _lt("The authority's window has closed")
            )
