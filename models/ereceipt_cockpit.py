from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_time

from ..fiscal import lifecycle

PERIODS = (1, 7, 30)
"""Days that the overview may look back, today included."""

DOCUMENT_VIEWS = ("list", "kanban", "form", "graph", "pivot")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the overview tells of.

    :ivar environment: whose documents count; those of the test environment never mix
        with the others
    :ivar days: how long the period is, today included
    :ivar since: when it began, at the reader's midnight (naive UTC)
    :ivar now: the moment of looking (naive UTC)
    """

    environment: str
    days: int
    since: datetime
    now: datetime

    @property
    def everything(self):
        """The domain of all documents that may count."""
        return [("environment", "=", self.environment)]

    @property
    def undone(self):
        """The domain of those with which something is still to happen."""
        return [*self.everything, ("state", "in", sorted(lifecycle.UNDONE))]

    @property
    def period(self):
        """The domain of those that were issued in the period."""
        since = fields.Datetime.to_string(self.since)
        return [*self.everything, ("issued_at", ">=", since)]


class EreceiptCockpit(models.AbstractModel):
    """The figures of the day, each with what is behind it.

    The client action ``account_ereceipt.cockpit`` shows what :meth:`_figures` returns
    as it is: tiles, a table of devices and states, a course of days, and sections of
    rows. A row is made by :meth:`_row`; its ``open`` is the action that leads to the
    records that it counts, by the domain it counts them by. Everything is counted by
    the database, under the reader's own rights: the number of queries depends neither
    on documents nor on devices. Whoever has more to tell adds to :meth:`_sections`.
    """

    _name = "ereceipt.cockpit"
    _description = "Overview of electronic receipts"

    # -------------------------------------------------------------------------
    # THE WHOLE
    # -------------------------------------------------------------------------

    @api.model
    def _figures(self, environment, days):
        """Return everything that the overview shows, in the reader's language.

        :param environment: whose documents count; None for what the company is in
        :param int days: one of :data:`PERIODS`
        :raise UserError: there is no such environment or period
        :rtype: dict
        """
        environments = self._environments()
        if not environments:
            return {"start": self._first_steps()}
        scope = self._scope(environment or environments[-1], days)
        sections = self._sections(scope)
        others = any(row["asks"] for section in sections for row in section["rows"])
        sections.insert(0, self._person_section(scope, others))
        return {
            "start": False,
            "environment": scope.environment,
            "environments": self._choices("environment", environments),
            "days": scope.days,
            "periods": self._choices("days", PERIODS),
            "at": self._clock_text(scope.now),
            **self._document_figures(scope, others),
            "sections": [one for one in sections if one["rows"]],
        }

    @api.model
    def _sections(self, scope):
        """Return sections of rows, the most urgent ones first, below the documents that
        need a person.

        Hook: other parts of the product add their own (:meth:`_section`).
        """
        return [
            self._further_section(scope),
            self._deadline_section(scope),
            self._error_section(scope),
            self._failure_section(scope),
            self._jobs_section(scope),
            self._ends_section(scope),
            self._answers_section(scope),
            self._rework_section(scope),
        ]

    # -------------------------------------------------------------------------
    # SCOPE
    # -------------------------------------------------------------------------

    @api.model
    def _environments(self):
        """Return the environments of the registrations that the reader sees, test
        first; empty where there never was one."""
        registrations = self.env["ereceipt.registration"]
        ever = registrations.with_context(active_test=False)
        groups = ever._read_group([], ["environment"])
        return sorted((name for (name,) in groups), key=lambda name: name != "test")

    @api.model
    def _scope(self, environment, days):
        """Return the Scope; a day begins at the reader's midnight."""
        if days not in PERIODS or environment not in ("test", "production"):
            raise UserError(self.env._("There is no overview of such a period."))
        now = fields.Datetime.now()
        zone = self.env.tz
        today = now.replace(tzinfo=pytz.utc).astimezone(zone).date()
        first = datetime.combine(today - timedelta(days=days - 1), time.min)
        since = zone.localize(first).astimezone(pytz.utc).replace(tzinfo=None)
        return Scope(environment, days, since, now)

    @api.model
    def _choices(self, what, values):
        """Return values to choose from, each with its label."""
        labels = {
            "test": self.env._("Test"),
            "production": self.env._("Production"),
            1: self.env._("Today"),
            7: self.env._("7 days"),
            30: self.env._("30 days"),
        }
        return [{"name": what, "value": v, "label": labels[v]} for v in values]

    # -------------------------------------------------------------------------
    # FIRST STEPS
    # -------------------------------------------------------------------------

    @api.model
    def _first_steps(self):
        """Return what a company without any registration does first."""
        company = self.env.company
        may = self.env["ereceipt.registration"].has_access("create")
        done, to_do = self.env._("Done"), self.env._("To do")
        told = self.env._("An administrator of electronic receipts does that.")
        return {
            "title": self.env._("Nothing is issued to a tax authority yet"),
            "steps": [
                {
                    "done": is_done,
                    "state": done if is_done else to_do,
                    "label": label,
                    "note": note,
                }
                for is_done, label, note in self._steps_of(company)
            ],
            "open": self._open_form("ereceipt.registration") if may else False,
            "button": self.env._("Make the registration"),
            "ask": False if may else told,
        }

    @api.model
    def _steps_of(self, company):
        """Return ``(whether it is done, what, why)`` of each first step."""
        return [
            (
                bool(company.vat),
                self.env._("Give the company its tax registration number"),
                self.env._("The authority knows %s by it.", company.name),
            ),
            (
                False,
                self.env._("Register with the tax authority"),
                self.env._(
                    "Choose the authority and begin in its test environment: its "
                    "documents have no legal value."
                ),
            ),
            (
                False,
                self.env._("Add a device for each till or desk that issues"),
                self.env._("With the journals that post on it."),
            ),
            (
                False,
                self.env._("Test the connection and activate the device"),
                self.env._(
                    "From then on, what is posted in its journals is issued. The "
                    "registration has a list of what is left to do."
                ),
            ),
        ]

    # -------------------------------------------------------------------------
    # PARTS
    # -------------------------------------------------------------------------

    @api.model
    def _section(self, name, title, rows):
        """Return a section; one without rows is not shown."""
        rows = [row for row in rows if row]
        return {"name": name, "title": title, "rows": rows}

    @api.model
    def _row(
        self, label, count=None, text="", note="", level="", opens=False, asks=False
    ):
        """Return a row, or a tile.

        :param str label: what it is about
        :param count: a number of records, None where ``text`` says it all
        :param str text: a figure as people read it
        :param str note: what else is worth knowing
        :param str level: Bootstrap's word for its colour, "" for none
        :param opens: the action that shows what is behind it
        :param bool asks: nothing happens by itself: somebody has to do something that
            is not told of any document
        """
        return {
            "label": label,
            "count": count,
            "text": text,
            "note": note,
            "level": level,
            "open": opens,
            "asks": asks,
        }

    @api.model
    def _open_documents(self, name, domain, first="list", **context):
        """Return the action that opens documents."""
        others = [kind for kind in DOCUMENT_VIEWS if kind != first]
        return self._open_list(
            "ereceipt.document", name, domain, (first, *others), **context
        )

    @api.model
    def _open_list(self, model, name, domain, kinds=("list", "form"), **context):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [[False, kind] for kind in kinds],
            "domain": domain,
            "context": context,
            "target": "current",
        }

    @api.model
    def _open_form(self, model, record_id=False):
        return {
            "type": "ir.actions.act_window",
            "res_model": model,
            "res_id": record_id,
            "views": [[False, "form"]],
            "target": "current",
        }

    # -------------------------------------------------------------------------
    # TEXTS
    # -------------------------------------------------------------------------

    @api.model
    def _clock_text(self, moment):
        at = fields.Datetime.context_timestamp(self, moment)
        return format_time(self.env, at.time(), time_format="short")

    @api.model
    def _ago_text(self, scope, moment):
        """Return how long ago something was, "" if never."""
        if not moment:
            return ""
        seconds = max((scope.now - moment).total_seconds(), 0)
        return self.env["ereceipt.outbox"]._duration_text(seconds)

    @api.model
    def _oldest_text(self, scope, moment):
        ago = self._ago_text(scope, moment)
        return self.env._("The oldest for %s", ago) if ago else ""

    @api.model
    def _percent_text(self, part, whole):
        share = 100 * part / whole if whole else 0
        rounded = round(share) if share >= 10 or not share else round(share, 1)
        return self.env._("%s %%", self._figure_text(rounded))

    @api.model
    def _figure_text(self, number):
        return self.env["ereceipt.document"]._number_text(Decimal(str(number)))

    @api.model
    def _seconds_text(self, seconds):
        """Return a time that an answer took."""
        if seconds is None:
            return ""
        if seconds >= 120:
            return self.env["ereceipt.outbox"]._duration_text(seconds)
        digits = 2 if seconds < 10 else 0
        return self.env._("%s s", self._figure_text(round(seconds, digits)))


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    @api.model
    @api.readonly
    def cockpit(self, environment=None, days=7):
        """Return what the overview shows to the reader (:class:`EreceiptCockpit`).

        :param environment: ``test`` or ``production``; None for what the company is in
        :param int days: how long the period is, today included: 1, 7 or 30
        :raise AccessError: who asks may not read documents
        """
        self.check_access("read")
        return self.env["ereceipt.cockpit"]._figures(environment, days)
