from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class EreceiptWorkMixin(models.AbstractModel):
    """Which rows of a table a run of the outbox may take, and how it locks them.

    A model inherits it and says of which table (``_works_on``) and which of its rows
    are due at a moment (:meth:`_sql_due`). The rows have ``next_attempt_at``.
    """

    _name = "ereceipt.work.mixin"
    _description = "Work that becomes due"

    _works_on = None

    # -------------------------------------------------------------------------
    # WHAT IS DUE
    # -------------------------------------------------------------------------

    @api.model
    def _sql_due(self, at):
        """Hook: return FROM and WHERE of the rows (``d``) that may be worked on at a
        moment."""
        raise NotImplementedError

    @api.model
    def _due_count(self):
        """Return how many rows could be worked on right now."""
        due = self._sql_due(fields.Datetime.now())
        [(count,)] = self.env.execute_query(SQL("SELECT count(*) %s", due))
        return count

    @api.model
    def _any_due(self):
        """Whether anything could be worked on right now."""
        due = self._sql_due(fields.Datetime.now())
        [(found,)] = self.env.execute_query(SQL("SELECT EXISTS (SELECT 1 %s)", due))
        return found

    @api.model
    def _seconds_to_next_due(self):
        """Return in how many seconds something becomes due, None if nothing will."""
        due = self._sql_due(fields.Datetime.now() + timedelta(days=1))
        [(at,)] = self.env.execute_query(SQL("SELECT min(d.next_attempt_at) %s", due))
        if at is None:
            return None
        return max((at - fields.Datetime.now()).total_seconds(), 0.0)

    # -------------------------------------------------------------------------
    # LOCKING
    # -------------------------------------------------------------------------

    def _locked(self, condition):
        """Return the rows (``d``) of which a condition is true and that nobody else
        has locked, locked."""
        return self._locking(
            SQL(
                "SELECT d.id FROM %s d WHERE %s "
                "ORDER BY d.id FOR NO KEY UPDATE SKIP LOCKED",
                SQL.identifier(self.env[self._works_on]._table),
                condition,
            )
        )

    def _locking(self, query):
        """Return the rows that a locking query finds. Another lane that was quicker
        makes it fail, which is usual and nothing for the server's log."""
        self.env.cr.execute(query, log_exceptions=False)
        rows = self.env.cr.fetchall()
        return self.env[self._works_on].browse(row[0] for row in rows)
