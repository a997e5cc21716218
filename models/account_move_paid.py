from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .ereceipt_payment_notice import OPEN


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    paid_by_customer = fields.Boolean(
        string="Customers tell that they have paid",
        default=True,
        tracking=True,
        help="On the page of their invoice in the portal, with a reference: somebody "
        "gets an activity to find the payment. Nothing is booked.",
    )


class AccountMove(models.Model):
    """What an invoice shows of what its customer says."""

    _inherit = "account.move"

    ereceipt_notice_ids = fields.One2many(
        "ereceipt.payment.notice",
        "move_id",
        string="Customer's words that it is paid",
        readonly=True,
        copy=False,
        groups="account_ereceipt.group_ereceipt_reader",
    )
    ereceipt_said_paid = fields.Selection(
        selection=lambda self: self.env["ereceipt.payment.notice"]._selection_state(),
        string="Customer says paid",
        compute="_compute_ereceipt_said_paid",
        compute_sudo=True,
        search="_search_ereceipt_said_paid",
        groups="account_ereceipt.group_ereceipt_reader",
        help="What became of the customer's last word that he has paid.",
    )
    ereceipt_said_paid_text = fields.Char(
        string="What the customer says",
        compute="_compute_ereceipt_said_paid",
        compute_sudo=True,
        groups="account_ereceipt.group_ereceipt_reader",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_notice_ids.state")
    @api.depends_context("lang")
    def _compute_ereceipt_said_paid(self):
        # a slice of records reads for itself: all at once before
        self.ereceipt_notice_ids.mapped("state")
        for move in self:
            notice = move.ereceipt_notice_ids.sorted("id")[-1:]
            move.ereceipt_said_paid = notice.state
            move.ereceipt_said_paid_text = notice._sentence() if notice else False

    def _search_ereceipt_said_paid(self, operator, value):
        return self._ereceipt_search_sql("ereceipt_said_paid", operator, value)

    def _field_to_sql(self, alias, field_expr, query=None):
        # EXTENDS: what is grouped by and searched for is no column, so that nothing
        # is written where invoices are posted and paid
        if field_expr == "ereceipt_said_paid":
            self._check_field_access(self._fields[field_expr], "read")
            return SQL(
                "(SELECT %s FROM ereceipt_payment_notice n"
                " WHERE n.move_id = %s ORDER BY n.id DESC LIMIT 1)",
                self._ereceipt_columns("ereceipt.payment.notice", "n")("state"),
                SQL.identifier(alias, "id"),
            )
        return super()._field_to_sql(alias, field_expr, query)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ereceipt_paid_seen(self):
        """Note that somebody has seen what the customers say."""
        self._ereceipt_open_notices().action_seen()

    def action_ereceipt_paid_find(self):
        """Open what may be the payment that the customer speaks of."""
        self.ensure_one()
        return self._ereceipt_open_notices().action_find()

    def action_ereceipt_paid_open(self):
        """Open what the customer says."""
        self.ensure_one()
        return self._ereceipt_open_notices()._get_records_action()

    def _ereceipt_open_notices(self):
        """Return what the customers say and nobody has answered.

        :raise UserError: nothing
        """
        self._ereceipt_require("user")
        found = self.ereceipt_notice_ids.filtered(lambda n: n.state in OPEN)
        if not found:
            raise UserError(
                self.env._("The customer says nothing of a payment at the moment.")
            )
        return found
