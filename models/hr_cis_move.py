from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError

from ..fiscal.contract import Problem
from ..fiscal.messages import _
from .hr_cis import AUTHORITY

TOLD = frozenset({"hr_payment_means", "hr_paper_number", "hr_paper_issued_at"})
"""What a receipt says of its invoice beyond its lines."""

SENT_AS_INVOICE = "l10n_hr_mer_document_eid"
"""Where Odoo's own module for electronic invoices keeps what its provider gave."""


class AccountMove(models.Model):
    """What only Croatia's CIS wants of an invoice."""

    _inherit = "account.move"

    hr_is_receipt = fields.Boolean(compute="_compute_hr_is_receipt")
    hr_payment_means = fields.Selection(
        [
            ("G", "Cash"),
            ("K", "Card"),
            ("T", "Bank transfer"),
            ("O", "Other, or several"),
        ],
        string="Payment means",
        copy=False,
        help="How the receipt is paid (NacinPlac). Empty: by the payments, the payment "
        "method, the payment term, or what is usual on the device.",
    )
    hr_paper_number = fields.Char(
        string="Number in the paper book",
        size=100,
        copy=False,
        help="Of a receipt that was written by hand while the device was down.",
    )
    hr_paper_issued_at = fields.Datetime(
        string="Written at",
        copy=False,
        help="When the receipt in the paper book was handed over. Empty: now.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_device_id")
    def _compute_hr_is_receipt(self):
        for move in self:
            move.hr_is_receipt = move.ereceipt_device_id.sudo().authority == AUTHORITY

    @api.depends(
        "hr_payment_means",
        "invoice_payment_term_id",
        "preferred_payment_method_line_id",
    )
    def _compute_ereceipt_device_id(self):
        # EXTENDS: how it is paid decides whether it is a receipt of the till
        return super()._compute_ereceipt_device_id()

    def _ereceipt_choose_device(self, devices):
        # EXTENDS: what goes another way is no receipt
        own = devices.filtered(
            lambda d: (
                d.registration_id.authority != AUTHORITY
                or not d.registration_id._hr_cis_elsewhere(self)
            )
        )
        return super()._ereceipt_choose_device(own)

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        # EXTENDS account: what the authority was told changes by its own way only
        touched = TOLD & vals.keys()
        for move in self.filtered("ereceipt_document_id") if touched else ():
            changed = [name for name in touched if vals[name] != move[name]]
            if changed and move._ereceipt_issued():
                raise UserError(
                    self.env._(
                        "%s was issued. On the day of issue its payment means can be "
                        "changed at the tax authority: use Change payment there.",
                        move.name,
                    )
                )
        return super().write(vals)

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _hr_cis_document_type(self, device):
        return ""

    def _hr_cis_receipt_data(self, device):
        return {
            "operator_oib": device.hr_operator_oib or self._hr_cis_operator_oib(),
            "paper_number": (self.hr_paper_number or "").strip(),
        }

    def _hr_cis_issue_moment(self, now):
        """Return when the receipt was issued: from the paper book, in the past.

        :param datetime now: naive UTC
        """
        written = self.hr_paper_number and self.hr_paper_issued_at
        return min(written.replace(microsecond=0), now) if written else now

    def _hr_cis_payment_method(self, desk, codes):
        """Return the payment means of a receipt.

        :param codes: those of what was paid really
        """
        if self.hr_payment_means:
            return self.hr_payment_means
        if codes:
            return codes[0] if len(set(codes)) == 1 else "O"
        return self._hr_cis_expected_payment(desk.resolver, desk.device)

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS account_ereceipt
        problems = super()._ereceipt_own_problems(at_posting)
        registration = self.ereceipt_device_id.sudo().registration_id
        if registration.authority == AUTHORITY and self._hr_cis_sent_as_invoice():
            problems.append(
                Problem(
                    "sent_as_invoice",
                    _(
                        "This invoice was sent as an electronic invoice (eRačun), so "
                        "it is no receipt as well. Take it off its device."
                    ),
                    record=(self._name, self.id),
                )
            )
        return problems

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _hr_cis_operator_oib(self):
        """Return the OIB of who issues: whoever posts; where a job does that later, the
        salesperson, or who made the invoice."""
        self.ensure_one()
        people = [self.invoice_user_id, self.create_uid]
        if self.env.uid != SUPERUSER_ID:
            people.insert(0, self.env.user)
        oibs = (one.sudo().partner_id._hr_cis_operator_oib() for one in people if one)
        return next(filter(None, oibs), "")

    def _hr_cis_is_business(self):
        """Whether the buyer is a company in Croatia."""
        partner = self.commercial_partner_id
        home = self.company_id.account_fiscal_country_id or self.company_id.country_id
        return partner.is_company and (partner.country_id or home) == home

    def _hr_cis_expected_payment(self, resolver=None, device=None):
        """Return how an invoice is going to be paid while nothing was paid: as chosen,
        as the sale was that it takes back, by its payment method, by bank when it is
        payable later, else as usual on the device ("" without one)."""
        self.ensure_one()
        if self.hr_payment_means:
            return self.hr_payment_means
        sold = self.reversed_entry_id.ereceipt_document_id.sudo()
        if sold and sold._hr_cis_told("payment"):
            return sold._hr_cis_told("payment")
        code = self._hr_cis_preferred_payment(resolver)
        if code:
            return code
        if self._hr_cis_is_payable_later():
            return "T"
        return (device and device.payment_method) or ""

    def _hr_cis_preferred_payment(self, resolver):
        """Return the code of the payment method that is agreed, "" if none is; without
        a resolver that of its journal's kind."""
        method = self.preferred_payment_method_line_id
        if not method:
            return ""
        if resolver:
            return resolver.payment(method.journal_id, method).code
        defaults = self.env["ereceipt.code.mapping"]._hr_cis_payment_defaults()
        return defaults.get(method.journal_id.type, "")

    def _hr_cis_is_payable_later(self):
        lines = self.invoice_payment_term_id.line_ids
        return any(line.nb_days for line in lines)

    def _hr_cis_sent_as_invoice(self):
        return SENT_AS_INVOICE in self._fields and bool(self.sudo()[SENT_AS_INVOICE])


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        # EXTENDS account: what is a receipt is no electronic invoice as well
        if method == "mojeracun" and move.hr_is_receipt:
            return False
        return super()._is_applicable_to_move(method, move, **move_data)


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _hr_cis_told(self, name):
        """Return what the authority holds now, False where it is no receipt.

        :param str name: ``payment`` or ``recipient``
        """
        self.ensure_one()
        if self.authority != AUTHORITY or not self.content_sha256:
            return False
        changed = (self.authority_ids or {}).get(name)
        if changed is not None:
            return changed
        receipt = self._read_contents()[self.id]
        if name == "payment":
            return receipt.payments[0].method
        return receipt.buyer.id if receipt.buyer.kind == "business" else ""
