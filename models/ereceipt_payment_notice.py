from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_amount, format_date

from odoo.addons.base.models.ir_qweb_fields import nl2br

OPEN = ("told", "seen")
LONGEST = {"reference": 80, "note": 300}
"""Characters that a customer may type."""

SETTLED = ("in_payment", "paid", "reversed")
"""Payment states of invoices in which nothing has to be found any more."""

TOLD = "paid"
"""Cause of the activity of who is to find the payment."""


class EreceiptPaymentNotice(models.Model):
    """A customer's word that he has paid an invoice, and with which reference.

    Its life: *told* by the customer in the portal, whereupon a person gets an activity;
    *seen* by who has looked and found nothing on the bank yet; then *found*, by a
    person or by itself as soon as the invoice is paid, or *not found*, with an answer
    that the customer gets, who may then tell anew. As long as one is open the customer
    can tell no second one.

    It proves nothing and books nothing: it says what to look for. What the customer
    wrote never changes.
    """

    _name = "ereceipt.payment.notice"
    _description = "Customer's word that an invoice is paid"
    _inherit = ["ereceipt.guard.mixin", "ereceipt.portal.form"]
    _order = "id desc"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        ondelete="cascade",
        index=True,
        readonly=True,
        program_only=True,
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    customer_id = fields.Many2one(
        related="move_id.commercial_partner_id", string="Customer", store=True
    )
    payment_state = fields.Selection(related="move_id.payment_state")
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_residual = fields.Monetary(related="move_id.amount_residual")

    # --- what the customer said ---
    reference = fields.Char(required=True, readonly=True, program_only=True)
    paid_on = fields.Date(string="Paid on", readonly=True, program_only=True)
    amount = fields.Monetary(string="Amount paid", readonly=True, program_only=True)
    note = fields.Text(readonly=True, program_only=True)
    teller_id = fields.Many2one(
        "res.partner",
        string="Told by",
        readonly=True,
        program_only=True,
        help="Who was signed in. Empty: somebody who had the link of the invoice.",
    )

    # --- what became of it ---
    state = fields.Selection(
        selection="_selection_state",
        default="told",
        required=True,
        readonly=True,
        program_only=True,
    )
    answer = fields.Text(
        string="Answer to the customer",
        help="Why the payment is not found. The customer gets it by mail and sees it "
        "in the portal.",
    )
    is_unreachable = fields.Boolean(
        string="No mail can be sent",
        compute="_compute_is_unreachable",
        compute_sudo=True,
        help="Who is to get the answer has no e-mail address.",
    )
    decided_by_id = fields.Many2one(
        "res.users", string="Seen by", readonly=True, program_only=True
    )
    decided_at = fields.Datetime(string="Seen on", readonly=True, program_only=True)

    _one_open = models.UniqueIndex(
        "(move_id) WHERE state IN ('told', 'seen')",
        "The customer has told already that this invoice is paid.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_state(self):
        return [
            ("told", self.env._("Told, nobody has looked yet")),
            ("seen", self.env._("Seen, not on the bank yet")),
            ("found", self.env._("Payment found")),
            ("missing", self.env._("Payment not found")),
        ]

    @api.depends("teller_id.email", "move_id.partner_id.email")
    def _compute_is_unreachable(self):
        for notice in self:
            notice.is_unreachable = not notice._answered().email

    @api.depends("move_id.name", "reference")
    def _compute_display_name(self):
        for notice in self:
            # an auditor reads what was told, and no invoices
            name = notice.sudo().move_id.name
            notice.display_name = f"{name}: {notice.reference}"

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        # EXTENDS: an answer that was given stays
        if not self.env.su and self.filtered(lambda n: n.state not in OPEN):
            raise UserError(
                self.env._("The customer was answered already. Nothing changes now.")
            )
        return super().write(vals)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_seen(self):
        """Note that somebody has looked, and expects the payment."""
        self._of_state(("told",))._decide("seen")

    def action_found(self):
        """Note that the payment is there."""
        self._of_state(OPEN)._decide("found")

    def action_missing(self):
        """Tell the customers that their payment is not found, and why.

        :raise UserError: an answer is missing
        """
        for notice in self._of_state(OPEN):
            if not (notice.answer or "").strip():
                raise UserError(
                    self.env._(
                        "Write under “Answer to the customer” why the payment of %s is "
                        "not found; then send it.",
                        notice.move_id.name,
                    )
                )
            notice._decide("missing")
            notice._tell_missing()

    def action_find(self):
        """Open what may be the payment: money of this customer that is not reconciled,
        and lines of bank statements that nobody has assigned and that have the
        reference or the amount."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What may be the payment"),
            "res_model": "account.move.line",
            "view_mode": "list,form",
            "domain": list(self._candidates()),
            "context": {"create": False},
            "help": self._say_none_found(),
        }

    def _say_none_found(self):
        """Return what stands where nothing may be the payment."""
        return Markup("<p class='o_view_nocontent_smiling_face'>%s</p><p>%s</p>") % (
            self.env._("Nothing that may be the payment is booked yet"),
            self.env._(
                "Looked for: money of this customer that is not reconciled, and lines "
                "of bank statements with the reference %s, the customer, or the "
                "amount. Import the statement, and look again.",
                self.reference,
            ),
        )

    def action_open_move(self):
        """Open the invoice."""
        self.ensure_one()
        return self.move_id._get_records_action()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _of_state(self, states):
        """Return the notices that are in one of the states, for who may decide.

        :raise AccessError: the person may not
        :raise UserError: there is none
        """
        self.check_access("write")
        self.move_id._ereceipt_require("user")
        found = self.filtered(lambda notice: notice.state in states)
        if not found:
            raise UserError(
                self.env._("There is nothing to do: the customer has his answer.")
            )
        return found

    def _decide(self, state):
        """Write what became of it, and end the activities."""
        self.sudo().write(
            {
                "state": state,
                "decided_by_id": self.env.user.id,
                "decided_at": fields.Datetime.now(),
            }
        )
        self.env["ereceipt.alert"]._clear(self.move_id, TOLD)

    def _answered(self):
        """Return who gets the answer: who told it, if he is one of the customer's."""
        self.ensure_one()
        theirs = self.teller_id.commercial_partner_id == self.customer_id
        return self.teller_id if self.teller_id and theirs else self.move_id.partner_id

    def _tell_missing(self):
        """Send the answer to the customer, with the link to his invoice."""
        move = self.move_id
        to = self._answered()
        said = move.with_context(lang=to.lang)
        move.message_post(
            body=said.env._(
                "We could not find your payment with the reference %(reference)s: "
                "%(answer)s",
                reference=self.reference,
                answer=nl2br(self.answer.strip()),
            ),
            partner_ids=to.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _ask_to_find(self):
        """Have somebody find the payment: whose invoice it is, if he has the role."""
        for notice in self:
            move = notice.move_id
            user = move.invoice_user_id
            if not user.has_group("account_ereceipt.group_ereceipt_user"):
                user = move.ereceipt_device_id.registration_id.responsible_id
            said = notice.with_context(lang=user.lang)
            self.env["ereceipt.alert"]._raise(
                move,
                TOLD,
                said.env._("Find the payment: the customer says that he has paid"),
                said._sentence(),
                user=user,
            )

    @api.model
    def _end_paid(self):
        """Note of what is paid by now that the payment is found: a step of the upkeep,
        so that nothing is done for it where payments are booked."""
        paid = self.sudo().search(
            [("state", "in", OPEN), ("move_id.payment_state", "in", SETTLED)]
        )
        if paid:
            paid._decide("found")

    def _candidates(self):
        """Return the domain of the journal items that may be the payment; who may read
        them is asked where it is used."""
        move = self.move_id.sudo()
        company = move.company_id
        left = Domain("parent_state", "=", "posted") & Domain("reconciled", "=", False)
        left &= Domain("company_id", "=", company.id)
        theirs = Domain("account_id.account_type", "=", "asset_receivable")
        theirs &= Domain("balance", "<", 0)
        theirs &= Domain("partner_id", "child_of", move.commercial_partner_id.id)
        banks = move.env["account.journal"].search(
            [("company_id", "=", company.id), ("type", "in", ("bank", "cash"))]
        )
        unassigned = Domain("account_id", "in", banks.suspense_account_id.ids)
        unassigned &= Domain("statement_line_id", "!=", False)
        unassigned &= (
            Domain("name", "ilike", self.reference)
            | Domain("partner_id", "child_of", move.commercial_partner_id.id)
            | Domain("amount_currency", "=", -(self.amount or move.amount_residual))
        )
        return left & (theirs | unassigned)

    def _sentence(self):
        """Return what the customer said, in one sentence of text."""
        self.ensure_one()
        parts = [self.env._("The customer says that he has paid.")]
        if self.amount:
            money = format_amount(self.env, self.amount, self.currency_id)
            parts.append(self.env._("Amount: %s.", money))
        if self.paid_on:
            parts.append(self.env._("On: %s.", format_date(self.env, self.paid_on)))
        parts.append(self.env._("Reference: %s.", self.reference))
        if self.note:
            parts.append(self.env._("Note: %s", self.note))
        return " ".join(parts)


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS
        return [*super()._upkeep_steps(), self.env["ereceipt.payment.notice"]._end_paid]


class EreceiptCockpit(models.AbstractModel):
    _inherit = "ereceipt.cockpit"

    @api.model
    def _further_of_customers(self):
        # EXTENDS
        return (
            *super()._further_of_customers(),
            (
                "ereceipt.payment.notice",
                self.env._("Customers who say paid"),
                [("state", "in", list(OPEN))],
            ),
        )
