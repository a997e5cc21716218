import base64
import binascii
import hashlib
import json
from datetime import date, datetime, time, timedelta, timezone

import pytz

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..fiscal import authority_classes, lifecycle
from .ereceipt_api import VERSION
from .ereceipt_document_told import moment_text

MOST_ROWS = 500
LONGEST_TRANSACTION = timedelta(hours=1)
"""How far the last page's cursor goes back at most for a transaction that is open."""


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    # what changed comes in this order, page by page
    _changed_index = models.Index("(write_date, id)")


class EreceiptApi(models.AbstractModel):
    """Listing documents, page by page, in the order in which they changed."""

    _inherit = "ereceipt.api"

    @api.model
    @api.readonly
    def list(
        self,
        states=None,
        authority=None,
        environment=None,
        company=None,
        issued_from=None,
        issued_to=None,
        changed_since=None,
        cursor=None,
        limit=100,
    ):
        """Return documents, those that changed longest ago first.

        :param list states: of these states only
        :param str authority: code of an authority
        :param str environment: ``test`` or ``production``
        :param int company: id
        :param str issued_from: first day, ``2026-11-01``, by the authority's clock
        :param str issued_to: last day
        :param str changed_since: moment with its zone, ``2026-11-29T08:00:00Z``
        :param str cursor: from the answer before; the other arguments stay the same
        :param int limit: documents per page, up to 500
        :return: ``documents``; ``more`` whether there are more now; ``cursor`` for the
            next page or, after the last, for what changes later. The last cursor goes
            back to before what was being written at the time: nothing is missed, and
            what is known already may come again (same ``id`` and ``changed_at``)
        :raise ApiError: the call is not understood
        :raise AccessError: the user may not read documents
        """
        self._require("reader")
        asked = {
            "states": states,
            "authority": authority,
            "environment": environment,
            "company": company,
            "issued_from": issued_from,
            "issued_to": issued_to,
            "changed_since": changed_since,
        }
        domain = self._list_domain(**asked)
        if isinstance(limit, bool) or not isinstance(limit, int):
            self._bad_argument(self.env._("“limit” has to be a number."))
        if not 1 <= limit <= MOST_ROWS:
            self._bad_argument(self.env._("“limit” has to be from 1 to %s.", MOST_ROWS))
        mark = _fingerprint(asked)
        after = self._read_cursor(cursor, mark) if cursor is not None else None
        # before the page is read: what ends in between is told again
        horizon = self._oldest_transaction()
        rows = self._list_rows(domain, after, limit + 1)
        page, more = rows[:limit], len(rows) > limit
        last = page[-1] if page else after
        if last and not more:
            last = min(last, (horizon, 0))
        documents = self.env["ereceipt.document"].browse(key for _at, key in page)
        return {
            "version": VERSION,
            "documents": documents._told_outside(),
            "more": more,
            "cursor": _write_cursor(last or (horizon, 0), mark),
        }

    def _list_rows(self, domain, after, limit):
        """Return when documents changed and their ids, in that order."""
        documents = self.env["ereceipt.document"]
        query = documents._search(domain)
        at = SQL.identifier(query.table, "write_date")
        key = SQL.identifier(query.table, "id")
        if after:
            query.add_where(SQL("(%s, %s) > (%s, %s)", at, key, *after))
        query.order = SQL("%s, %s", at, key)
        query.limit = limit
        return self.env.execute_query(query.select(at, key))

    def _oldest_transaction(self):
        """Return the moment (naive UTC) before which everything is committed: what a
        transaction writes bears the moment at which it began."""
        [(began,)] = self.env.execute_query(
            SQL(
                "SELECT min(xact_start) AT TIME ZONE 'UTC' FROM pg_stat_activity "
                "WHERE datname = current_database() "
                "AND backend_type = 'client backend'"
            )
        )
        now = fields.Datetime.now()
        return max(began or now, now - LONGEST_TRANSACTION)

    # -------------------------------------------------------------------------
    # ARGUMENTS
    # -------------------------------------------------------------------------

    def _list_domain(
        self,
        states,
        authority,
        environment,
        company,
        issued_from,
        issued_to,
        changed_since,
    ):
        domain = Domain("company_id", "in", self.env.companies.ids)
        if states is not None:
            domain &= Domain("state", "in", self._known_states(states))
        for name, value, known in (
            ("authority", authority, tuple(authority_classes())),
            ("environment", environment, ("test", "production")),
            ("company", company, tuple(self.env.companies.ids)),
        ):
            if value is None:
                continue
            if value not in known:
                self._bad_argument(
                    self.env._(
                        "“%(argument)s” has to be one of these: %(values)s.",
                        argument=name,
                        values=", ".join(map(str, known)),
                    )
                )
            column = "company_id" if name == "company" else name
            domain &= Domain(column, "=", value)
        if changed_since is not None:
            domain &= Domain("write_date", ">=", self._moment(changed_since))
        return domain & self._period_domain(issued_from, issued_to)

    def _known_states(self, states):
        known = lifecycle.STATES
        if not isinstance(states, list) or not all(state in known for state in states):
            self._bad_argument(
                self.env._("“states” has to be a list of these: %s.", ", ".join(known))
            )
        return states

    def _period_domain(self, first, last):
        """Return what was issued on days by each authority's own clock."""
        first = self._day(first, "issued_from")
        last = self._day(last, "issued_to")
        if not first and not last:
            return Domain.TRUE
        either = []
        for code, authority in authority_classes().items():
            zone = pytz.timezone(authority.limits.zone)
            domain = Domain("authority", "=", code)
            if first:
                domain &= Domain("issued_at", ">=", _midnight(first, zone))
            if last:
                after = _midnight(last + timedelta(days=1), zone)
                domain &= Domain("issued_at", "<", after)
            either.append(domain)
        return Domain.OR(either)

    def _day(self, text, argument):
        if text is None:
            return None
        try:
            day = date.fromisoformat(text)
            if not 1900 <= day.year <= 2999:
                raise ValueError(text)
            return day
        except (TypeError, ValueError):
            self._bad_argument(
                self.env._("“%s” has to be a day, written 2026-11-01.", argument)
            )

    def _moment(self, text):
        """Return a moment in UTC, without zone."""
        try:
            moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
            if moment.tzinfo is None or not 1900 <= moment.year <= 2999:
                raise ValueError(text)
        except (AttributeError, TypeError, ValueError):
            self._bad_argument(
                self.env._(
                    "“changed_since” has to be a moment with its zone, written "
                    "2026-11-29T08:00:00Z."
                )
            )
        return moment.astimezone(timezone.utc).replace(tzinfo=None)

    def _read_cursor(self, cursor, mark):
        """Return when the last document changed and its id."""
        try:
            given, at, key = json.loads(base64.urlsafe_b64decode(cursor))
            moment = datetime.fromisoformat(at.replace("Z", ""))
            if given != mark or not isinstance(key, int):
                raise ValueError(cursor)
        except (AttributeError, TypeError, ValueError, binascii.Error):
            self._bad_argument(
                self.env._(
                    "“cursor” has to be one that an answer gave, with the same other "
                    "arguments."
                )
            )
        return moment, key


def _fingerprint(asked):
    text = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _write_cursor(position, mark):
    moment, key = position
    text = json.dumps([mark, moment_text(moment, "microseconds"), key])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _midnight(day, zone):
    """Return the beginning of a day in a zone, as naive UTC."""
    moment = zone.localize(datetime.combine(day, time()))
    return moment.astimezone(timezone.utc).replace(tzinfo=None)
