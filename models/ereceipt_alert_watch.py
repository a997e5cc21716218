import itertools
from datetime import timedelta, timezone
from typing import Any, NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import html2plaintext

from ..fiscal import lifecycle
from ..fiscal.clocks import least_offset
from ..fiscal.findings import CLOCK_SLACK
from ..fiscal.retry import Breaker
from .ereceipt_registration_display import ALIVE_WITHIN

MOVING = ("queued", "sending", "unknown", "submitted")
"""States in which a document is brought on by the jobs, and may get stuck."""

CALLS_LOOKED_AT = 3
"""The clock is wrong when so many of the last calls say so, and no other."""

WATCHED_MODELS = ("ereceipt.registration", "ereceipt.device", "ereceipt.signing.key")

KNOWN_CAUSES = (
    "stuck",
    "clock",
    "jobs",
    "seal",
    "breaker",
    "unusable",
    "key",
    "reconciliation",
    "reconciliation_failed",
)

DAY = timedelta(days=1)


class Cause(NamedTuple):
    """Something that is wrong now.

    :ivar record: what it is about, and who is told follows from
    :ivar detail: tells causes of one kind on one record apart
    :ivar data: what its sentence is made of, in the language of who reads it
    :ivar text: what was reported, as it came
    """

    kind: str
    record: Any
    company: Any
    registration: Any
    documents: Any
    detail: str = ""
    data: Any = None
    text: str = ""

    @property
    def key(self):
        """What makes it the same cause as one that is open already."""
        return (
            self.kind,
            self.record._name,
            self.record.id,
            self.company.id,
            self.detail,
        )


class EreceiptAlertWatch(models.AbstractModel):
    """Sees what is wrong now, from what is stored anyhow: nothing is counted on the
    way of documents for it. A copy of the database sees nothing."""

    _name = "ereceipt.alert.watch"
    _description = "What is wrong now"

    @api.model
    def _watches(self, by_upkeep=True):
        """Return pairs of kinds of alerts and a method that returns the causes of
        these kinds that are true now.

        Hook: the glue of an authority adds its own.

        :param bool by_upkeep: the upkeep job asks, so it runs
        """
        registrations = self.env["ereceipt.registration"].sudo().search([])
        here = registrations._sends_here()
        return [
            (
                ("refused", "late", "failed", "cancelled", "stuck"),
                lambda: self._watch_documents(here),
            ),
            (("deadline",), lambda: self._watch_deadlines(here)),
            (("login", "breaker"), lambda: self._watch_breakers(here)),
            (("unusable",), lambda: self._watch_devices(here)),
            (("key",), lambda: self._watch_keys(here)),
            (("end",), self._watch_ends),
            (("clock",), lambda: self._watch_clock(here)),
            (("jobs",), lambda: self._watch_jobs(here, by_upkeep)),
            (
                ("reconciliation", "reconciliation_failed"),
                lambda: self._watch_reconciliations(here),
            ),
            (("seal",), lambda: self._watch_seals(here)),
            (("other",), lambda: self._watch_activities(here)),
        ]

    def _cause(self, kind, record, registration=None, **values):
        """Return a cause on a registration, a device or a key."""
        if registration is None:
            registration = record
        return Cause(
            kind,
            record,
            values.pop("company", record.company_id),
            registration,
            values.pop("documents", self.env["ereceipt.document"].sudo()),
            **values,
        )

    # -------------------------------------------------------------------------
    # DOCUMENTS
    # -------------------------------------------------------------------------

    def _watch_documents(self, registrations):
        """Documents that a person has to do something about, or that do not come on:
        one alert of each kind for a registration and company."""
        found = {}
        for registration, documents in self._troubled(registrations):
            for document in documents:
                kind = self._trouble_of(document)
                if kind:
                    key = (kind, registration, document.company_id)
                    found.setdefault(key, []).append(document.id)
        documents = self.env["ereceipt.document"].sudo()
        return [
            self._cause(
                kind, registration, company=company, documents=documents.browse(ids)
            )
            for (kind, registration, company), ids in found.items()
        ]

    def _troubled(self, registrations):
        """Return pairs of a registration and the documents to look at."""
        now = fields.Datetime.now()
        documents = self.env["ereceipt.document"].sudo()
        cancelled = Domain("id", "in", documents._cancelled_but_posted().ids)
        domains = []
        for registration in registrations:
            late = now - timedelta(hours=registration.stuck_hours)
            wrong = Domain("state", "in", [*lifecycle.REFUSED, "late", "failed"])
            stuck = Domain("state", "in", MOVING) & Domain("issued_at", "<", late)
            domains.append(
                Domain("registration_id", "=", registration.id)
                & Domain("environment", "=", registration.environment)
                & (wrong | cancelled | stuck)
            )
        if not domains:
            return []
        # what is looked at of each, and no more
        documents = documents.search_fetch(
            Domain.OR(domains),
            [
                "state",
                "waiting_reason",
                "company_id",
                "registration_id",
                "held_code",
                "by_file",
                "depends_on_id",
                "kind",
            ],
            order="id",
        )
        return documents.grouped("registration_id").items()

    def _trouble_of(self, document):
        """Return what is wrong with a document, or False."""
        if document.state in lifecycle.REFUSED:
            # one whose correction was posted waits for that
            return "refused" if not document.waiting_reason else False
        if document.state in ("late", "failed", "cancelled"):
            return document.state
        return "stuck" if self._is_stuck(document) else False

    def _is_stuck(self, document):
        """Whether nothing but the jobs and the authority is waited for."""
        if document.held_code or document.by_file:
            return False
        original = document.depends_on_id
        if document.state == "queued" and original and original.state != "valid":
            return False
        registration = document.registration_id
        return not (
            document.state == "submitted"
            and registration._authority_class().capabilities.withdrawable
            and registration._hook("waits_for_buyer", True, document)
        )

    def _watch_deadlines(self, registrations):
        """Documents whose window closes soon."""
        return [
            self._cause("deadline", registration, company=company, documents=documents)
            for registration in registrations
            for company, documents in registration._documents_near_deadline()
            .filtered(lambda d, r=registration: d.environment == r.environment)
            .grouped("company_id")
            .items()
        ]

    # -------------------------------------------------------------------------
    # CONNECTION
    # -------------------------------------------------------------------------

    def _watch_breakers(self, registrations):
        """Registrations and devices whose calls are held back because they failed;
        a pause that the authority asked for is none."""
        failing = [
            ("breaker_failures", ">=", Breaker().threshold),
            ("breaker_open_until", "!=", False),
        ]
        devices = self.env["ereceipt.device"].sudo()
        devices = devices.search(
            [*failing, ("registration_id", "in", registrations.ids)]
        )
        return [
            self._cause(
                "login" if record.breaker_credentials else "breaker",
                record,
                registration,
                data=record.breaker_said or None,
                text=record.breaker_reason or "",
            )
            for record, registration in [
                *((r, r) for r in registrations.filtered_domain(failing)),
                *((d, d.registration_id) for d in devices),
            ]
        ]

    def _watch_devices(self, registrations):
        """Devices of which it was found that nothing can be sent for them, until
        something was."""
        asked = self._asked_for(
            "ereceipt.device", [("ereceipt_cause", "=", "unusable")]
        )
        for activity in asked:
            device = self.env["ereceipt.device"].sudo().browse(activity.res_id)
            if device.registration_id not in registrations:
                continue
            sent = self.env["ereceipt.exchange"].sudo()
            sent = sent.search_count(
                [
                    ("device_id", "=", device.id),
                    ("registration_id", "=", device.registration_id.id),
                    ("outcome", "=", "ok"),
                    ("started_at", ">=", activity.create_date),
                ],
                limit=1,
            )
            if not sent:
                text = activity.note or ""
                yield self._cause(
                    "unusable", device, device.registration_id, text=_plain(text)
                )

    def _watch_keys(self, registrations):
        """Keys that could not sign."""
        keys = registrations.signing_key_id.filtered(
            lambda k: (
                k.last_error
                and (not k.ready_at or k.ready_at > fields.Datetime.now() or k.failures)
            )
        )
        return [
            self._cause("key", key, key.registration_ids[:1], text=key.last_error or "")
            for key in keys
        ]

    def _watch_ends(self):
        """What ends soon, once for each step at which somebody is told."""
        mixin = self.env["ereceipt.end.mixin"]
        steps, last = mixin._end_steps(), mixin._last_day_told()
        for model in mixin._models_that_end():
            near = Domain.OR(Domain(d, "<=", last) for d in model._ereceipt_ends)
            for record in model.sudo().search(near):
                for name, end, days in record._ends_due():
                    step = min(step for step in steps if days <= step)
                    yield self._cause(
                        "end",
                        record,
                        record._end_registration(),
                        detail=f"{name} {end} {step}",
                        data={"name": name, "end": str(end)},
                    )

    # -------------------------------------------------------------------------
    # THIS SERVER
    # -------------------------------------------------------------------------

    def _watch_clock(self, registrations):
        """Registrations whose last answers bear a time that is more than a minute from
        this server's."""
        for registration in registrations:
            offsets = self._clock_offsets(registration)
            if offsets and all(abs(offset) > CLOCK_SLACK for offset in offsets):
                seconds = round(offsets[0].total_seconds())
                # a clock runs on: what is said of it changes only with the minutes
                yield self._cause(
                    "clock", registration, data={"seconds": seconds // 10 * 10}
                )

    def _clock_offsets(self, registration):
        """Return by how much the authority's clock was ahead of ours, at least, in the
        last answers that tell the time, the latest first."""
        calls = self.env["ereceipt.exchange"].sudo()
        calls = calls.search_fetch(
            [("registration_id", "=", registration.id), ("status", ">", 0)],
            ["started_at", "duration", "response_headers"],
            limit=CALLS_LOOKED_AT,
        )
        offsets = (_clock_offset(call) for call in calls)
        return [offset for offset in offsets if offset is not None]

    def _watch_jobs(self, registrations, by_upkeep):
        """Registrations of which documents are due that no job takes up."""
        outbox = self.env["ereceipt.outbox"]
        if not by_upkeep and not outbox._upkeep_runs():
            return [
                self._cause("jobs", registration, data={"upkeep": True})
                for registration in registrations
            ]
        since = fields.Datetime.now() - ALIVE_WITHIN
        last = outbox._last_run()
        if outbox._lanes() and last and last >= since:
            return []
        due = self.env["ereceipt.document"].sudo()
        due = due._read_group(
            [
                ("registration_id", "in", registrations.ids),
                ("next_attempt_at", "<", since),
                ("state", "in", MOVING),
            ],
            ["registration_id", "environment"],
            ["__count"],
        )
        told = fields.Datetime.to_string(last) if last else False
        return [
            self._cause("jobs", registration, data={"last": told, "waiting": count})
            for registration, environment, count in due
            if environment == registration.environment
        ]

    # -------------------------------------------------------------------------
    # PROOF
    # -------------------------------------------------------------------------

    def _watch_reconciliations(self, registrations):
        """Registrations with open differences, or whose last reconciliation stopped."""
        counts = self.env["ereceipt.reconciliation.line"].sudo()
        counts = counts._read_group(
            [
                ("registration_id", "in", registrations.ids),
                ("state", "in", ("open", "begun")),
                ("reconciliation_id.state", "=", "done"),
            ],
            ["registration_id"],
            ["__count"],
        )
        for registration, count in counts:
            yield self._cause("reconciliation", registration, data={"count": count})
        for registration in registrations:
            last = self.env["ereceipt.reconciliation"].sudo()
            last = last.search(
                [
                    ("registration_id", "=", registration.id),
                    ("state", "in", ("done", "failed")),
                ],
                order="id desc",
                limit=1,
            )
            if last.state == "failed":
                yield self._cause(
                    "reconciliation_failed", registration, text=last.error or ""
                )

    def _watch_seals(self, registrations):
        """All registrations, where a seal does not verify: seals cover the calls of
        all of them."""
        wrong = self.env["ereceipt.seal"]._seals_found_wrong()
        if not wrong:
            return []
        text = "\n".join(itertools.chain.from_iterable(wrong.values()))
        return [
            self._cause("seal", registration, text=text)
            for registration in registrations
        ]

    # -------------------------------------------------------------------------
    # WHATEVER ELSE
    # -------------------------------------------------------------------------

    def _watch_activities(self, registrations):
        """What else a person was asked to do about a registration, device or key."""
        known = Domain("ereceipt_cause", "in", KNOWN_CAUSES)
        known |= Domain("ereceipt_cause", "=like", "end:%")
        for name in WATCHED_MODELS:
            for activity in self._asked_for(name, ~known):
                record = self.env[name].sudo().browse(activity.res_id)
                registration = record._end_registration()
                if registration in registrations:
                    yield self._cause(
                        "other",
                        record,
                        registration,
                        detail=activity.ereceipt_cause,
                        text=activity.summary or "",
                    )

    def _asked_for(self, model, domain):
        """Return the open activities with causes on records of a model, one of each."""
        activities = self.env["mail.activity"].sudo()
        activities = activities.search(
            Domain("res_model", "=", model)
            & Domain("ereceipt_cause", "!=", False)
            & Domain(domain)
        )
        keys = activities.grouped(lambda a: (a.res_id, a.ereceipt_cause))
        first = [group[0].id for group in keys.values()]
        records = self.env[model].sudo().with_context(active_test=False)
        there = records.browse(activities.mapped("res_id")).exists().ids
        return activities.browse(first).filtered(lambda a: a.res_id in there)


def _plain(html):
    return html2plaintext(html) if html else ""


def _clock_offset(call):
    headers = call.response_headers or {}
    [date] = [v for k, v in headers.items() if k.lower() == "date"][:1] or [""]
    began = call.started_at.replace(tzinfo=timezone.utc)
    return least_offset(date, began, call.duration)
