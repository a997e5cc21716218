import logging
from datetime import timedelta, timezone
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL, float_compare, format_datetime

from ..fiscal.cn_nuonuo.error_catalogue import CREDIT_LINE
from ..fiscal.cn_nuonuo.moments import local_day
from ..fiscal.cn_nuonuo.probing import NOTHING_LEFT, credit_problems
from ..fiscal.cn_nuonuo.session import CREDIT_REFRESH
from ..fiscal.contract import FiscalError
from .cn_nuonuo import AUTHORITY

_logger = logging.getLogger(__name__)

ASK_EVERY = timedelta(minutes=90)
"""How often the bureau is asked by itself: sixteen times a day."""

MOST_A_DAY = 20
"""How often it may be asked in a day, by whomever (spec china 1.1)."""

SHORTEST_PAUSE = timedelta(minutes=5)
"""Between two questions of which each is worth its place among those twenty."""

ANSWERED_WITHIN = timedelta(minutes=30)
"""How long the provider is asked for the bureau's answer; then the question counts as
lost."""

LOW, SHORT = "low", "short"
"""Little is left; more waits than is left."""


class EreceiptRegistration(models.Model):
    """How much of its monthly credit line a company may still invoice.

    The bureau is asked on a schedule (a *refresh*, which is counted), and the provider
    some minutes later for what it said. What calls were made is known by the calls
    that are kept, whoever made them. Somebody is warned once when little is left and
    once when more waits to be issued than is left; each warning is closed when it is
    true no more.
    """

    _inherit = "ereceipt.registration"

    cn_currency_id = fields.Many2one(
        "res.currency", string="Yuan", compute="_compute_cn_currency_id"
    )
    cn_credit_left = fields.Monetary(
        string="Left of the credit line",
        currency_field="cn_currency_id",
        readonly=True,
        copy=False,
        program_only=True,
        help="What the company may still invoice this month, before tax, when the "
        "bureau was last asked.",
    )
    cn_credit_total = fields.Monetary(
        string="Credit line",
        currency_field="cn_currency_id",
        readonly=True,
        copy=False,
        program_only=True,
    )
    cn_credit_at = fields.Datetime(
        string="Credit line last told", readonly=True, copy=False, program_only=True
    )
    cn_credit_told = fields.Json(
        string="Warned of the credit line",
        readonly=True,
        copy=False,
        program_only=True,
        help="What somebody was warned of and is still so.",
    )
    cn_credit_warn_percent = fields.Integer(
        string="Warn below",
        default=10,
        tracking=True,
        help="Percent of the credit line below which somebody is warned. 0: never.",
    )
    cn_credit_text = fields.Char(
        string="Left this month", compute="_compute_cn_credit_text"
    )
    cn_credit_warning = fields.Char(
        string="Warning of the credit line", compute="_compute_cn_credit_text"
    )

    _cn_credit_percent = models.Constraint(
        "CHECK (cn_credit_warn_percent BETWEEN 0 AND 100)",
        "The share of the credit line below which somebody is warned is from 0 to 100 "
        "percent.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("authority")
    def _compute_cn_currency_id(self):
        yuan = self.env.ref("base.CNY", raise_if_not_found=False)
        self.cn_currency_id = yuan or self.env["res.currency"]

    @api.depends("cn_credit_left", "cn_credit_total", "cn_credit_at", "cn_credit_told")
    @api.depends_context("lang", "tz")
    def _compute_cn_credit_text(self):
        for registration in self:
            registration.cn_credit_text = registration._cn_credit_told_text()
            summaries = registration._cn_credit_summaries()
            told = registration.cn_credit_told or []
            registration.cn_credit_warning = " ".join(
                f"{summaries[cause]}." for cause in told if cause in summaries
            )

    def _cn_credit_told_text(self):
        if not self.cn_credit_at:
            return self.env._("Not told yet")
        return self.env._(
            "%(left)s of %(total)s before tax, as of %(time)s",
            left=self._cn_yuan(self.cn_credit_left),
            total=self._cn_yuan(self.cn_credit_total),
            time=format_datetime(self.env, self.cn_credit_at),
        )

    def _cn_nuonuo_cockpit_facts(self):
        """Return what the overview says of the credit line."""
        return [
            self.env["ereceipt.cockpit"]._row(
                self.env._("Credit line of %s", self.name),
                note=" ".join(
                    filter(None, (self.cn_credit_text, self.cn_credit_warning))
                ),
                level="warning" if self.cn_credit_warning else "",
            )
        ]

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def _before_identity_change(self, vals):
        # EXTENDS: another environment has another credit line
        result = super()._before_identity_change(vals)
        self.filtered("cn_credit_at").sudo().write(
            {"cn_credit_left": 0, "cn_credit_total": 0, "cn_credit_at": False}
        )
        return result

    # -------------------------------------------------------------------------
    # ASKING
    # -------------------------------------------------------------------------

    @api.model
    def _cn_follow_credit(self):
        """Ask for each company's credit line when it is time, and warn of it."""
        known = self.search([("authority", "=", AUTHORITY)])._sends_here()
        for registration in known:
            device = registration.device_ids.filtered(
                lambda d: d.lifecycle == "active"
            )[:1]
            if device:
                registration._cn_look_at_credit(device)

    def _cn_nuonuo_after_probe(self, found, devices):
        """Renew the credit line when a person tests the connection, and believe what
        the bureau says now rather than what the provider knew before. Where the bureau
        takes its time, the upkeep job reads it later."""
        registration = self.sudo()
        # nothing is called for what is issued by file
        device = devices.sudo().filtered(lambda d: d.issued_by != "file")[:1]
        broken = any(problem.code != NOTHING_LEFT for problem in found)
        if not device or broken or not registration._sends_here():
            return found
        if not registration._cn_may_ask_credit():
            return found
        registration._cn_ask_credit(device, "refresh_credit_line")
        credit = registration._cn_ask_credit(device, "credit_line")
        if not _is_told(credit):
            return found
        # when all calls are made: nothing is locked while they last
        keep = partial(registration._cn_keep_credit, self.env.cr, credit)
        self.env.cr.precommit.add(keep)
        return credit_problems(credit, device._contract_device().record)

    def _cn_look_at_credit(self, device):
        """Ask what is to be asked now, through a device's account, and keep what was
        told."""
        call = self._cn_credit_call()
        credit = self._cn_ask_credit(device, call) if call else None
        # not in this transaction: the breaker may have written the same row meanwhile
        self._breaker_apart(partial(self._cn_keep_credit, credit=credit))
        self.invalidate_recordset()

    def _cn_ask_credit(self, device, call):
        """Make a call of the session about the credit line.

        :return: what it returns, None where it fails
        """
        try:
            with self._calling(device) as authority:
                return getattr(authority.session(), call)()
        except FiscalError as error:
            _logger.info("The credit line of %s is not told: %s", self.name, error)
        return None

    def _cn_credit_call(self):
        """Return which call of the session is to be made now, None for none."""
        now = fields.Datetime.now()
        if self.breaker_open_until and self.breaker_open_until > now:
            return None
        asked = self._cn_credit_asked()
        if asked and now - asked <= ANSWERED_WITHIN:
            answered = self.cn_credit_at and self.cn_credit_at >= asked
            return None if answered else "credit_line"
        due = (
            not asked
            or not self.cn_credit_at
            or now - asked >= ASK_EVERY
            or _month(asked) != _month(now)
        )
        return "refresh_credit_line" if due and self._cn_may_ask_credit() else None

    def _cn_credit_asked(self):
        """Return when the bureau was last asked, by whomever, or False."""
        last = self.env["ereceipt.exchange"].sudo()
        return last.search(self._cn_credit_asks(), order="id desc", limit=1).started_at

    def _cn_credit_asks(self):
        """Return the domain of the calls that count."""
        return [("registration_id", "=", self.id), ("purpose", "=", CREDIT_REFRESH)]

    def _cn_may_ask_credit(self):
        """Whether the bureau may be asked once more today."""
        now = fields.Datetime.now()
        asked = self._cn_credit_asked()
        if asked and now - asked < SHORTEST_PAUSE:
            return False
        since = ("started_at", ">", now - timedelta(days=1))
        exchanges = self.env["ereceipt.exchange"].sudo()
        count = exchanges.search_count(
            [*self._cn_credit_asks(), since], limit=MOST_A_DAY
        )
        return count < MOST_A_DAY

    def _cn_may_ask_for(self, document):
        """Whether the bureau may be asked for the sake of a held document: one asks for
        all of them."""
        first = self._cn_held_for_credit(limit=1)
        return document == first and self._cn_may_ask_credit()

    def _cn_held_for_credit(self, limit=None):
        return self.env["ereceipt.document"].search(
            [("registration_id", "=", self.id), ("held_code", "=", CREDIT_LINE)],
            order="id",
            limit=limit,
        )

    # -------------------------------------------------------------------------
    # KEEPING AND WARNING
    # -------------------------------------------------------------------------

    def _cn_keep_credit(self, cr, credit):
        """Keep what was told, and warn, in a transaction of its own.

        :param credit: the session's ``CreditLine``, None where nothing was asked
        """
        registration = self.with_env(self.env(cr=cr, su=True))
        if _is_told(credit):
            registration.write(
                {
                    "cn_credit_left": float(credit.available),
                    "cn_credit_total": float(credit.total or 0),
                    "cn_credit_at": fields.Datetime.now(),
                }
            )
            registration._cn_held_for_credit()._resume()
        registration._cn_warn_of_credit()
        registration.env.flush_all()

    def _cn_warn_of_credit(self):
        """Warn of what is so and was not told, and close what is so no more."""
        now = fields.Datetime.now()
        if not self.cn_credit_at or _month(self.cn_credit_at) != _month(now):
            return
        alerts = self.env["ereceipt.alert"]
        true = self._cn_credit_causes()
        told = set(self.cn_credit_told or [])
        reader = self.with_context(lang=self._end_responsible().lang)
        summaries = reader._cn_credit_summaries()
        for cause in sorted(set(true) - told):
            note = reader._cn_credit_note(cause, true[cause])
            alerts._raise(self, f"cn_credit:{cause}", summaries[cause], note)
        for cause in told - set(true):
            alerts._clear(self, f"cn_credit:{cause}")
        if set(true) != told:
            self.cn_credit_told = sorted(true) or False

    def _cn_credit_causes(self):
        """Return what is to be warned of, with the amount it is about."""
        left, total = self.cn_credit_left, self.cn_credit_total
        causes = {}
        if _is_less(left, total * self.cn_credit_warn_percent / 100):
            causes[LOW] = left
        waiting = self._cn_waiting_net()
        if _is_less(left, waiting):
            causes[SHORT] = waiting
        return causes

    def _cn_waiting_net(self):
        """Return the net amount of all sales that are posted and not issued yet."""
        [(net,)] = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(sum(m.amount_untaxed), 0) FROM account_move m
                WHERE m.id IN (
                  SELECT l.move_id FROM ereceipt_document d
                  JOIN ereceipt_document_move l ON l.document_id = d.id
                  WHERE d.registration_id = %s AND d.environment = %s
                    AND d.kind IN ('sale', 'debit')
                    AND (d.state = 'waiting' OR (
                      d.next_attempt_at IS NOT NULL AND (
                        d.state IN ('queued', 'sending', 'unknown')
                        OR (d.state = 'submitted' AND d.held_code IS NOT NULL)))))
                """,
                self.id,
                self.environment,
            )
        )
        return float(net)

    def _cn_credit_summaries(self):
        return {
            LOW: self.env._("Little is left of the month's credit line for fapiao"),
            SHORT: self.env._("More waits to be issued than the credit line has left"),
        }

    def _cn_credit_note(self, cause, amount):
        values = {
            "left": self._cn_yuan(self.cn_credit_left),
            "total": self._cn_yuan(self.cn_credit_total),
            "amount": self._cn_yuan(amount),
        }
        if cause == LOW:
            return self.env._(
                "%(left)s of %(total)s, before tax, is what the company may still "
                "invoice this month. Ask the tax bureau to raise the credit line "
                "before it is used up.",
                **values,
            )
        return self.env._(
            "Invoices of %(amount)s before tax wait to be issued, and %(left)s is left "
            "of the credit line. What exceeds it is held until the tax bureau raises "
            "the line, or the next month begins.",
            **values,
        )

    def _cn_yuan(self, amount):
        return self.cn_currency_id.format(amount)


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS
        follow = self.env["ereceipt.registration"]._cn_follow_credit
        return [*super()._upkeep_steps(), follow]


def _month(moment):
    """Return year and month in China of a time (naive UTC)."""
    day = local_day(moment.replace(tzinfo=timezone.utc))
    return day.year, day.month


def _is_told(credit):
    """Whether the session's ``CreditLine``, or None, says what is left."""
    return bool(credit and credit.progress == "done" and credit.available is not None)


def _is_less(amount, other):
    return float_compare(amount, other, precision_digits=2) < 0
