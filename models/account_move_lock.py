from odoo import api, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle

GUARDED = frozenset({"state", "name", "journal_id", "move_type", "ereceipt_device_id"})
DERIVED = frozenset({"ereceipt_document_id", "ereceipt_state", "ereceipt_uuid"})
"""What follows from an invoice's documents: stored, so that lists can be searched by
it, and never anybody's to write."""

TOLD = frozenset(
    {
        "move_id",
        "product_id",
        "quantity",
        "product_uom_id",
        "price_unit",
        "discount",
        "tax_ids",
        "currency_id",
        "balance",
        "debit",
        "credit",
        "amount_currency",
    }
)
"""What a document says of a line."""

UNTOLD_LINES = frozenset(
    {"payment_term", "cogs", "line_section", "line_subsection", "line_note"}
)
WITHDRAWABLE = frozenset({lifecycle.WAITING, lifecycle.TO_SIGN, lifecycle.QUEUED})


class AccountMove(models.Model):
    """What was issued does not change: guards below every button."""

    _inherit = "account.move"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS account
        for vals in vals_list:
            self._ereceipt_refuse_derived(vals)
        return super().create(vals_list)

    def write(self, vals):
        # EXTENDS account: guard what an issued document says of its invoice
        self._ereceipt_refuse_derived(vals)
        if GUARDED & vals.keys():
            self._ereceipt_guard(vals)
        if self.env.context.get("skip_readonly_check") and self._ereceipt_issued():
            # anybody may send a context; Odoo's own check holds for these regardless
            self = self.with_context(skip_readonly_check=False)
        return super().write(vals)

    def _ereceipt_refuse_derived(self, vals):
        derived = DERIVED & vals.keys()
        if derived:
            raise UserError(
                self.env._(
                    "%(fields)s follow from the documents of an invoice and cannot be "
                    "written.",
                    fields=", ".join(sorted(derived)),
                )
            )

    def _ereceipt_issued(self):
        """Return the posted entries that may not change because of their documents."""
        return self.filtered(
            lambda m: m.state == "posted" and m._ereceipt_locking_documents()
        )

    def _ereceipt_guard(self, vals):
        """Raise when a change would contradict an issued document; take back what
        nobody outside has seen when an invoice is reset."""
        for move in self:
            changed = {
                name
                for name in GUARDED & vals.keys()
                if vals[name] != move._ereceipt_plain(name)
            }
            if not changed or not move.sudo().ereceipt_link_ids:
                continue
            locking = move._ereceipt_locking_documents()
            if locking:
                raise UserError(move._ereceipt_locked_message(locking[0]))
            if move.state == "posted" and "state" in changed:
                move._ereceipt_withdraw()

    def _ereceipt_plain(self, name):
        value = self[name]
        return value.id if isinstance(value, models.BaseModel) else value

    def _ereceipt_locking_documents(self):
        """Return the documents because of which the invoice may not change."""
        self.ensure_one()
        return self.sudo().ereceipt_link_ids.document_id.filtered(
            lambda d: d.environment == d.registration_id.environment and d._locks_move()
        )

    def _ereceipt_withdraw(self):
        """Take back the documents that have not left, because of a reset."""
        documents = self.sudo().ereceipt_link_ids.document_id
        documents.filtered(lambda d: d.state in WITHDRAWABLE)._withdraw()

    def _ereceipt_locked_message(self, document):
        """Return why the invoice cannot change and which way there is instead."""
        self.ensure_one()
        if self.move_type == "out_refund":
            way = self.env._("Make a new invoice instead.")
        else:
            way = self.env._("Make a credit note instead.")
        return self.env._(
            "%(invoice)s was issued to the tax authority as %(uid)s, so it can no "
            "longer be changed, reset, renamed, moved to another journal or deleted. "
            "%(way)s",
            invoice=self.name,
            uid=document.authority_uid or document.name,
            way=way,
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ereceipt(self):
        """Never delete what was issued, whatever the context says."""
        for move in self:
            documents = move.sudo().ereceipt_link_ids.document_id
            issued = documents.filtered("content_sha256")
            if issued:
                raise UserError(move._ereceipt_locked_message(issued[0]))
            documents.unlink()


class AccountMoveLine(models.Model):
    """The lines that a document tells of stay as they were told."""

    _inherit = "account.move.line"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS account
        lines = super().create(vals_list)
        lines._ereceipt_guard_told()
        return lines

    def write(self, vals):
        # EXTENDS account
        touched = TOLD & vals.keys()
        if touched:
            will_change = self.env["account.move"]._field_will_change
            self.filtered(
                lambda line: (
                    line.parent_state == "posted"
                    and any(will_change(line, vals, name) for name in touched)
                )
            )._ereceipt_guard_told()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ereceipt(self):
        """Never delete a line of what was issued, whatever the context says."""
        self._ereceipt_guard_told()

    def _ereceipt_guard_told(self):
        told = self.filtered(lambda line: line.display_type not in UNTOLD_LINES)
        issued = told.move_id._ereceipt_issued()[:1]
        if issued:
            document = issued._ereceipt_locking_documents()[0]
            raise UserError(issued._ereceipt_locked_message(document))
