import logging
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pytz
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date

from ..fiscal import lifecycle

_logger = logging.getLogger(__name__)

READER = "account_ereceipt.group_ereceipt_reader"
UNDECIDED = ("waiting", "to_sign", "queued", "sending", "unknown", "submitted")
AHEAD = timedelta(days=60)
"""Of what ends so soon a digest tells."""


class Week(NamedTuple):
    """A week from Monday to Sunday, as a person's calendar has it.

    :ivar start: its first moment, naive UTC
    :ivar end: the first moment after it, naive UTC
    """

    monday: date
    start: datetime
    end: datetime


class Figure(NamedTuple):
    """A line of a digest; ``before`` is of the week before, "" where that says
    nothing."""

    label: str
    value: str
    before: str = ""


class ResUsers(models.Model):
    _inherit = "res.users"

    ereceipt_digest = fields.Boolean(
        string="Weekly digest of e-receipts",
        help="A mail at the beginning of each week: what was issued, accepted and "
        "refused in the last one, what waits, and what ends soon.",
    )
    ereceipt_digest_on = fields.Date(
        string="Week of the last digest", copy=False, groups=fields.NO_ACCESS
    )

    @property
    def SELF_READABLE_FIELDS(self):
        # EXTENDS base
        return [*super().SELF_READABLE_FIELDS, "ereceipt_digest"]

    @property
    def SELF_WRITEABLE_FIELDS(self):
        # EXTENDS base
        return [*super().SELF_WRITEABLE_FIELDS, "ereceipt_digest"]


class EreceiptDigest(models.AbstractModel):
    """Mails the figures of the last week to whoever wants them, one mail a week with
    a part for each registration that the person sees. All of it is read with that
    person's rights and said in his language."""

    _name = "ereceipt.digest"
    _description = "Weekly digest of electronic receipts"

    @api.model
    def _cron_send(self):
        """Entry point of the job: it runs several times a day, so that nobody misses a
        week because the server was off on Monday. A copy of the database mails none.
        """
        subscribers = self.env["res.users"].sudo()
        subscribers = subscribers.search([("ereceipt_digest", "=", True)])
        for user in subscribers:
            try:
                with self.env.cr.savepoint():
                    self._send_last_week(user)
            except OperationalError:
                raise
            except Exception:
                _logger.exception("%s gets no digest of e-receipts", user.login)

    def _send_last_week(self, user):
        """Mail a user the digest of the last week, once."""
        week = _last_week(user.tz)
        sent = user.ereceipt_digest_on
        if (sent and sent >= week.monday) or not user.has_group(READER):
            return
        user.ereceipt_digest_on = week.monday
        reader = self.with_user(user).with_context(
            lang=user.lang, tz=user.tz, allowed_company_ids=user.company_ids.ids
        )
        registrations = reader.env["ereceipt.registration"].search([])
        parts = [
            reader._part(registration, week)
            for registration in registrations.filtered(lambda r: r.sudo()._sends_here())
        ]
        if not parts:
            return
        last_day = week.monday + timedelta(days=6)
        self.env["ereceipt.mail"]._send_to(
            user,
            reader.env._(
                "E-receipts from %(first)s to %(last)s",
                first=format_date(reader.env, week.monday),
                last=format_date(reader.env, last_day),
            ),
            "account_ereceipt.digest_mail",
            {"parts": parts, "base_url": user.get_base_url()},
        )

    # -------------------------------------------------------------------------
    # FIGURES
    # -------------------------------------------------------------------------

    def _part(self, registration, week):
        """Return what a digest says of a registration."""
        return {
            "name": registration.display_name,
            "is_test": registration.environment == "test",
            "figures": [
                *self._figures_of_week(registration, week),
                *self._figures_of_now(registration),
            ],
            "ends": self._ends_ahead(registration),
        }

    def _documents(self, registration):
        return Domain("registration_id", "=", registration.id) & Domain(
            "environment", "=", registration.environment
        )

    def _figures_of_week(self, registration, week):
        """Return the figures of the week, beside those of the week before."""
        now, before = week, _week_before(week)
        documents, own = self.env["ereceipt.document"], self._documents(registration)
        counted = [
            (self.env._("Issued"), "issued_at", Domain("content_sha256", "!=", False)),
            (self.env._("Valid"), "decided_at", Domain("state", "=", "valid")),
            (
                self.env._("Refused"),
                "decided_at",
                Domain("state", "in", list(lifecycle.REFUSED)),
            ),
        ]
        figures = [
            Figure(
                label,
                *(
                    str(documents.search_count(own & domain & _within(column, when)))
                    for when in (now, before)
                ),
            )
            for label, column, domain in counted
        ]
        label = self.env._("Seconds to an answer: usual, and of the slowest twentieth")
        times = [self._answer_times(registration, when) for when in (now, before)]
        return [*figures, Figure(label, *times)]

    def _answer_times(self, registration, week):
        """Return the median and the 95th percentile of the calls' durations."""
        [(usual, slow)] = self.env.execute_query(
            SQL(
                "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY duration), "
                "percentile_cont(0.95) WITHIN GROUP (ORDER BY duration) "
                "FROM ereceipt_exchange WHERE registration_id = %s "
                "AND started_at >= %s AND started_at < %s",
                registration.id,
                week.start,
                week.end,
            )
        )
        return "–" if usual is None else f"{usual:.1f} / {slow:.1f}"

    def _figures_of_now(self, registration):
        """Return what waits, is late and differs as the digest is written."""
        documents, own = self.env["ereceipt.document"], self._documents(registration)
        [(waiting, oldest)] = documents._read_group(
            own & Domain("state", "in", UNDECIDED),
            [],
            ["__count", "create_date:min"],
        )
        differences = self.env["ereceipt.reconciliation.line"].search_count(
            [
                ("registration_id", "=", registration.id),
                ("state", "in", ("open", "begun")),
            ]
        )
        alerts = self.env["ereceipt.alert.cause"].search_count(
            [("registration_id", "=", registration.id), ("closed_at", "=", False)]
        )
        age = "–"
        if oldest:
            seconds = (fields.Datetime.now() - oldest).total_seconds()
            age = self.env["ereceipt.outbox"]._duration_text(seconds)
        count = documents.search_count
        return [
            Figure(self.env._("Waiting now"), str(waiting)),
            Figure(self.env._("The oldest of them waits for"), age),
            Figure(
                self.env._("Too late or given up now"),
                str(count(own & Domain("state", "in", ("late", "failed")))),
            ),
            Figure(self.env._("Open differences"), str(differences)),
            Figure(self.env._("Open alerts"), str(alerts)),
        ]

    def _ends_ahead(self, registration):
        """Return sentences about what ends within the next weeks."""
        until = fields.Date.context_today(self) + AHEAD
        sentences = []
        for model in self.env["ereceipt.end.mixin"]._models_that_end():
            for name in model._ereceipt_ends:
                for record in model.search([(name, "<=", until)], order=name):
                    mine = record.sudo()._end_registration() == registration
                    if mine and record.sudo()._end_counts(name):
                        said = record._end_sentence(name, record[name])
                        sentences.append(f"{record.display_name}: {said}")
        return sentences


def _last_week(tz):
    """Return the last week that is over where somebody is."""
    zone = pytz.timezone(tz or "UTC")
    today = datetime.now(zone).date()
    return _week(today - timedelta(days=today.weekday() + 7), zone)


def _week_before(week):
    days = timedelta(days=7)
    return Week(week.monday - days, week.start - days, week.start)


def _week(monday, zone):
    start, end = (
        zone.localize(datetime.combine(day, time()))
        .astimezone(pytz.utc)
        .replace(tzinfo=None)
        for day in (monday, monday + timedelta(days=7))
    )
    return Week(monday, start, end)


def _within(column, week):
    return Domain(column, ">=", week.start) & Domain(column, "<", week.end)
