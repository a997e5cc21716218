from datetime import timezone
from decimal import Decimal

from odoo import models

from ..fiscal import lifecycle

COLUMNS = (
    "name",
    "kind",
    "document_type",
    "authority",
    "environment",
    "company_id",
    "currency_id",
    "amount_total",
    "state",
    "waiting_reason",
    "doubt",
    "problems",
    "last_error",
    "last_error_said",
    "authority_uid",
    "authority_number",
    "authority_ids",
    "security_code",
    "qr",
    "qr_answered",
    "content_sha256",
    "issued_at",
    "sent_at",
    "submitted_at",
    "decided_at",
    "deadline_at",
    "depends_on_id",
    "replaces_id",
    "write_date",
)


class EreceiptDocument(models.Model):
    """What other systems are told of a document: the same in every answer of the
    programming interface and in every message to a web hook."""

    _inherit = "ereceipt.document"

    def _told_outside(self):
        """Return a dict of plain values for each document, in the order of ``self``.

        The names are a promise to other systems: some may be added, none is changed or
        taken away. Amounts are texts with the decimals of their currency, moments are
        UTC (``2026-11-29T08:00:00Z``), what there is not is null. ``docs/api.md`` tells
        what each means.

        As many queries for a thousand as for one.
        """
        documents = self.sudo()
        documents.fetch(COLUMNS)
        moves = documents.link_ids.move_id
        moves.fetch(["name", "ref", "move_type"])
        return [document._told_outside_one() for document in documents]

    def _told_outside_one(self):
        uid = self.authority_uid or None
        return {
            "id": self.id,
            "number": self.name,
            "kind": self.kind,
            "document_type": self._type_shown()[0] or None,
            "authority": self.authority,
            "environment": self.environment,
            "company_id": self.company_id.id,
            "state": self.state,
            "waiting_for": self.waiting_reason or None,
            "under_way": self.state in lifecycle.OPEN,
            "settled": self.state in lifecycle.SETTLED,
            "in_doubt": bool(self.doubt),
            "uid": uid,
            "authority_number": self.authority_number or None,
            "authority_ids": self.authority_ids or {},
            "security_code": self.security_code or None,
            "qr": self._qr_now() or None,
            "sha256": self.content_sha256 or None,
            "total": _amount(self.amount_total, self.currency_id),
            "currency": self.currency_id.name or None,
            "issued_at": moment_text(self.issued_at),
            "sent_at": moment_text(self.sent_at),
            "received_at": moment_text(self.submitted_at),
            "decided_at": moment_text(self.decided_at),
            "deadline_at": moment_text(self.deadline_at),
            "changed_at": moment_text(self.write_date, "microseconds"),
            "refers_to": self.depends_on_id.id or None,
            "replaces": self.replaces_id.id or None,
            "replaced_by": self.replaced_by_ids[-1:].id or None,
            "invoices": [
                {"id": move.id, "number": move.name, "reference": move.ref or None}
                for move in self.link_ids.move_id
            ],
            "problems": [
                {
                    "code": problem["code"],
                    "message": self._problem_text(problem),
                    "path": problem.get("path") or None,
                }
                for problem in self.problems or []
            ],
            "error": self._last_error_text() or None,
        }


def moment_text(value, precision="seconds"):
    """Return a moment (naive UTC) as ISO 8601 writes it, None for none."""
    if not value:
        return None
    text = value.replace(tzinfo=timezone.utc).isoformat(timespec=precision)
    return text.replace("+00:00", "Z")


def _amount(value, currency):
    """Return an amount with the decimals of its currency."""
    if not currency:
        return None
    places = Decimal(1).scaleb(-currency.decimal_places)
    return str(Decimal(repr(value)).quantize(places))
