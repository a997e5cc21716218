from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fiscal.contract import FiscalError

CHAIN_LOCK_CLASS = 0x65526370
"""First half of the advisory lock that a chain is extended under ("eRcp")."""


def advisory_lock(cr, lock_class, ids):
    """Take advisory locks until the end of the transaction, waiting for whoever has
    them. In id order, so that two callers cannot wait for each other.

    :param int lock_class: first half of the locks, the ids are their second halves
    """
    for record_id in sorted(ids):
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", lock_class, record_id))


class EreceiptDevice(models.Model):
    """A device's chain: where it starts, its head, and the lock to extend it."""

    _inherit = "ereceipt.device"

    # -------------------------------------------------------------------------
    # CHAIN
    # -------------------------------------------------------------------------

    def _check_chain_start(self, authority):
        """Refuse an empty start where the authority knows documents of the serial."""
        self.ensure_one()
        if not authority.capabilities.chained or self._chain_row(self.env.cr):
            return
        known = self._asked_last_uid(authority)
        if known and not self.initial_previous_uid:
            raise UserError(
                self.env._(
                    "The authority already has documents of the serial %(serial)s; the "
                    "last one is %(uid)s. Use Continue chain, so that the next "
                    "document follows it.",
                    serial=self.serial,
                    uid=known,
                )
            )

    def _asked_last_uid(self, authority):
        try:
            return authority.last_uid()
        except FiscalError as error:
            raise UserError(
                self.env._(
                    "The authority could not be asked for the last document of "
                    "%(serial)s: %(reason)s",
                    serial=self.serial,
                    reason=self.env["ereceipt.document"]._error_text(
                        error, self.env.user
                    ),
                )
            ) from error

    def _chain_lock(self):
        """Take the devices' chain locks until the end of the transaction."""
        advisory_lock(self.env.cr, CHAIN_LOCK_CLASS, self.ids)

    def _chain_head(self):
        """Return ``(index, uid, issued_at)`` of the chain's last document, to be
        called under :meth:`_chain_lock`.

        The later of what this transaction sees (its own rows) and what a fresh
        snapshot sees (rows committed while we waited for the lock).
        """
        self.ensure_one()
        self.env["ereceipt.document"].flush_model()
        rows = [self._chain_row(self.env.cr)]
        with self.env.registry.cursor() as fresh:
            rows.append(self._chain_row(fresh))
        heads = [row for row in rows if row]
        if heads:
            return max(heads)
        return (0, self.initial_previous_uid or "", None)

    def _chain_row(self, cr):
        cr.execute(
            SQL(
                "SELECT chain_index, authority_uid, issued_at FROM ereceipt_document "
                "WHERE device_id = %s AND environment = %s AND chain_index > 0 "
                "ORDER BY chain_index DESC LIMIT 1",
                self.id,
                self.environment,
            )
        )
        return cr.fetchone()

    def _next_issue_time(self, last):
        """Return the moment of issue: now, in whole seconds, never before the
        predecessor's. The wall clock and not the transaction's start, which may lie
        before another transaction's that held the lock first.

        :param datetime last: the predecessor's moment (naive UTC), or None
        :return: naive UTC datetime
        """
        now = self._wall_clock() - timedelta(
            seconds=self.registration_id._hook("clock_safety_seconds", 0)
        )
        now = now.replace(microsecond=0)
        return max(now, last) if last else now

    def _deadline(self, issued_at, replaced=None):
        """Return when the authority's window closes for a document issued then.

        :param replaced: the document that it corrects, which has a longer window
        """
        limits = self.registration_id._authority_class().limits
        if replaced and limits.correction_window:
            return replaced.issued_at + limits.correction_window
        if limits.submission_window:
            return issued_at + limits.submission_window
        return False

    @api.model
    def _wall_clock(self):
        return fields.Datetime.now()
