from datetime import timedelta

from psycopg2.errors import SerializationFailure
from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

from ..fiscal.contract import AmbiguousError, AuthenticationError, TransientError
from ..fiscal.retry import Breaker
from .ereceipt_said import Said

CREDENTIALS_PAUSE = timedelta(hours=1)


class EreceiptBreakerMixin(models.AbstractModel):
    """Holds back calls while they cannot succeed.

    Transport, firewall and TLS failures in a row open the breaker for a growing
    pause; refused credentials open it at once. When the pause is over one call is let
    through: its success closes the breaker, its failure opens it for longer. Business
    errors never count.
    """

    _name = "ereceipt.breaker.mixin"
    _inherit = ["ereceipt.guard.mixin"]
    _description = "Breaker"

    breaker_failures = fields.Integer(
        string="Failures in a row",
        copy=False,
        readonly=True,
        program_only=True,
        help="Calls that failed one after another; after some of them sending is "
        "held back.",
    )
    breaker_open_until = fields.Datetime(
        string="Held back until", copy=False, readonly=True, program_only=True
    )
    breaker_reason = fields.Char(
        string="Why held back", copy=False, readonly=True, program_only=True
    )
    breaker_said = fields.Json(
        string="What the reason was made of",
        copy=False,
        readonly=True,
        program_only=True,
        help="So that each reader is told it in his own language.",
    )
    breaker_reason_shown = fields.Char(
        string="Reason for holding back", compute="_compute_breaker_reason_shown"
    )
    breaker_credentials = fields.Boolean(
        string="Credentials refused",
        copy=False,
        readonly=True,
        program_only=True,
        help="Calls are held back because the authority refused who we are.",
    )

    @api.depends("breaker_reason", "breaker_said")
    @api.depends_context("lang", "tz")
    def _compute_breaker_reason_shown(self):
        said = self.env["ereceipt.document"]._said_text
        for record in self:
            text = said(record.breaker_said, record.breaker_reason)
            record.breaker_reason_shown = text

    def _breaker_count(self, error, reason, signs_in=None):
        """Draw for the breaker what a call's end means.

        :param error: what went wrong with the call, None if nothing
        :param str reason: the same as a sentence for the person who looks
        :param signs_in: whose credentials the call used, if not those of ``self``
        """
        self.ensure_one()
        if isinstance(error, AuthenticationError):
            (signs_in or self)._breaker_failed(reason, credentials=True)
        elif isinstance(error, TransientError) and error.retry_after:
            self._breaker_hold(error.retry_after, reason)
        elif isinstance(error, TransientError | AmbiguousError):
            self._breaker_failed(reason)
        elif error is None:
            self._breaker_succeeded()

    def _breaker_failed(self, reason, credentials=False):
        """Count a failure and open the breaker when it is time.

        :param str reason: a sentence for the person who looks
        :param bool credentials: whether the authority refused who we are
        :return: whether the breaker opened by this failure
        """
        self.ensure_one()
        breaker = Breaker()
        now = fields.Datetime.now()
        table = SQL.identifier(self._table)

        def count(cr):
            cr.execute(
                SQL(
                    "SELECT breaker_failures, breaker_open_until FROM %s WHERE id = %s "
                    "FOR NO KEY UPDATE",
                    table,
                    self.id,
                )
            )
            failures, open_before = cr.fetchone()
            failures = (failures or 0) + 1
            pause = breaker.pause_after(failures)
            until = now + timedelta(seconds=pause) if pause else None
            if credentials:
                until = now + CREDENTIALS_PAUSE
                failures = max(failures, breaker.threshold)
            cr.execute(
                SQL(
                    "UPDATE %s SET breaker_failures = %s, breaker_open_until = "
                    "GREATEST(breaker_open_until, %s), breaker_reason = %s, "
                    "breaker_said = %s, breaker_credentials = %s WHERE id = %s",
                    table,
                    failures,
                    until,
                    *_kept(reason),
                    credentials,
                    self.id,
                )
            )
            return bool(until and not open_before)

        opened = self._breaker_apart(count)
        if opened:
            self._breaker_opened(reason)
        return opened

    def _breaker_hold(self, seconds, reason):
        """Hold calls back for as long as the authority asked; that is no failure."""
        self.ensure_one()
        until = fields.Datetime.now() + timedelta(seconds=seconds)

        def hold(cr):
            cr.execute(
                SQL(
                    "UPDATE %s SET breaker_open_until = "
                    "GREATEST(breaker_open_until, %s), breaker_reason = %s, "
                    "breaker_said = %s WHERE id = %s",
                    SQL.identifier(self._table),
                    until,
                    *_kept(reason),
                    self.id,
                )
            )

        self._breaker_apart(hold)

    def _breaker_succeeded(self):
        """Close the breaker: a call came through. What the authority asked to wait is
        waited all the same when it was one that was under way already."""
        now = fields.Datetime.now()
        for record in self:
            until = record.breaker_open_until
            if record.breaker_failures or (until and until <= now):
                record._breaker_close()

    def _breaker_reset(self):
        """Close the breaker because of what a person did.

        It is an ordinary write of the person's transaction, which often has written
        the same row already: a cursor apart would wait for that for ever.
        """
        self.sudo().write(
            {
                "breaker_failures": 0,
                "breaker_open_until": False,
                "breaker_reason": False,
                "breaker_said": False,
                "breaker_credentials": False,
            }
        )
        for record in self:
            record._breaker_closed()

    def _breaker_close(self):
        self.ensure_one()

        def close(cr):
            cr.execute(
                SQL(
                    "UPDATE %s SET breaker_failures = 0, breaker_open_until = NULL, "
                    "breaker_reason = NULL, breaker_said = NULL, "
                    "breaker_credentials = FALSE "
                    "WHERE id = %s",
                    SQL.identifier(self._table),
                    self.id,
                )
            )

        self._breaker_apart(close)
        self._breaker_closed()

    def _breaker_apart(self, work, tries=5):
        """Run ``work(cr)`` in a short transaction of its own, again if another worker
        counted at the same moment."""
        self.flush_recordset()
        for left in reversed(range(tries)):
            try:
                with self.env.registry.cursor() as cr:
                    result = work(cr)
                break
            except SerializationFailure:
                if not left:
                    raise
        self.invalidate_recordset(
            [
                "breaker_failures",
                "breaker_open_until",
                "breaker_reason",
                "breaker_said",
                "breaker_credentials",
            ]
        )
        return result

    def _breaker_opened(self, reason):
        """Hook: tell somebody that calls are held back."""

    def _breaker_closed(self):
        """Hook: take back what :meth:`_breaker_opened` told."""


def _kept(reason):
    """Return a reason as the columns keep it: as it was said, and what it was made
    of."""
    said = Said.source(reason)
    return reason and str(reason), Json(said) if said else None
