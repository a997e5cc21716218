from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AccountMove(models.Model):
    """How an invoice was paid, and what its authority was told of that."""

    _inherit = "account.move"

    ereceipt_payment_differs = fields.Char(
        string="E-receipt: paid otherwise",
        compute="_compute_ereceipt_payment_differs",
        search="_search_ereceipt_payment_differs",
        compute_sudo=True,
        groups="account_ereceipt.group_ereceipt_reader",
    )
    ereceipt_can_tell_payment = fields.Boolean(
        compute="_compute_ereceipt_payment_differs",
        compute_sudo=True,
        groups="account_ereceipt.group_ereceipt_reader",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_document_id.change", "payment_state")
    @api.depends_context("lang")
    def _compute_ereceipt_payment_differs(self):
        self.ereceipt_payment_differs = False
        self.ereceipt_can_tell_payment = False
        for row in self._ereceipt_payment_differences():
            row.move_id.ereceipt_payment_differs = row.explanation
            row.move_id.ereceipt_can_tell_payment = row.can_tell

    def _search_ereceipt_payment_differs(self, operator, value):
        if operator not in ("in", "not in") or set(value) != {False}:
            return NotImplemented
        rows = self.env["ereceipt.payment.difference"].sudo()
        found = rows._search([("state", "!=", "new")])
        differs = Domain("id", "in", found.subselect("move_id"))
        return ~differs if operator == "in" else differs

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ereceipt_tell_payment(self):
        """Have the authority told how it was paid really."""
        self._ereceipt_require("user")
        rows = self._ereceipt_payment_differences()
        if not rows:
            raise UserError(
                self.env._("The tax authority was told of these payments rightly.")
            )
        return rows.action_tell()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _invoice_paid_hook(self):
        # EXTENDS account: runs inside a reconciliation, so it only notes it
        res = super()._invoice_paid_hook()
        self.env["ereceipt.payment.difference"]._look_at(self)
        return res

    def _ereceipt_payment_differences(self):
        return self.env["ereceipt.payment.difference"].search(
            [("move_id", "in", self.ids), ("state", "!=", "new")]
        )

    def _ereceipt_paid_codes(self):
        """Return how invoices were paid really, as the authority's codes by id, nothing
        for what was not paid, or in a way without a code."""
        payments = self._ereceipt_paid_by()
        paid = self.filtered(lambda m: m.id in payments and m.ereceipt_device_id)
        codes = {}
        for desk, moves in paid._ereceipt_desks(payments):
            for move in moves:
                total = move._ereceipt_money(move.amount_total)
                found = move._ereceipt_payment(desk, payments[move.id], total)
                codes[move.id] = found[0].method if found else ""
        return codes
