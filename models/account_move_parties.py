from dataclasses import dataclass
from decimal import Decimal

from odoo import models

from ..fiscal.contract import Party, Payment


@dataclass(slots=True)
class Paid:
    """A part of an invoice that was really paid, and through what."""

    journal: object
    method: object
    amount: Decimal


class AccountMove(models.Model):
    """Who buys, and how it was paid."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # BUYER
    # -------------------------------------------------------------------------

    def _ereceipt_buyer(self):
        """Return the buyer as a contract Party: a business where it is a company of
        the seller's country, else a foreigner or a person. A document without a
        customer is sold to a person whom nobody asked."""
        self.ensure_one()
        partner = self.commercial_partner_id
        if not partner:
            return Party("person")
        company = self.company_id
        home = company.account_fiscal_country_id or company.country_id
        country = partner.country_id or home
        vat = partner._ereceipt_tax_number()
        identity = (partner.ereceipt_identity or "").strip()
        if country != home:
            kind, number = "foreigner", identity or vat
        elif partner.is_company:
            kind, number = "business", vat
        else:
            kind, number = "person", identity or vat
        return Party(
            kind=kind,
            id=number,
            name=(partner.name or "").strip(),
            address=partner._ereceipt_address(),
            mobile=(self.partner_id.phone or partner.phone or "").strip(),
            record=(partner._name, partner.id),
        )

    # -------------------------------------------------------------------------
    # PAYMENT
    # -------------------------------------------------------------------------

    def _ereceipt_paid_by(self):
        """Return the real payments of posted documents, in their currencies.

        Credit notes and write-offs that settle an invoice are no payments.

        :return: ``{move id: [Paid, ...]}``
        """
        paid = {}
        for move, payment, amount in self._ereceipt_reconciled():
            paid.setdefault(move.id, []).append(
                Paid(payment[0], payment[1], move._ereceipt_money(amount))
            )
        for move in self:
            for payment in move.sudo().matched_payment_ids:
                if payment.move_id or payment.state not in ("in_process", "paid"):
                    continue
                amount = payment.currency_id._convert(
                    payment.amount, move.currency_id, move.company_id, payment.date
                )
                paid.setdefault(move.id, []).append(
                    Paid(
                        payment.journal_id,
                        payment.payment_method_line_id,
                        move._ereceipt_money(amount),
                    )
                )
        return paid

    def _ereceipt_reconciled(self):
        """Yield ``(document, (journal, method line), amount)`` of every bank or cash
        entry that is reconciled with one of the documents."""
        terms = self.filtered(lambda m: m.state == "posted").line_ids.filtered(
            lambda line: line.display_type == "payment_term"
        )
        if not terms:
            return
        partials = self.env["account.partial.reconcile"].sudo()
        for partial in partials.search(
            [
                "|",
                ("debit_move_id", "in", terms.ids),
                ("credit_move_id", "in", terms.ids),
            ]
        ):
            for own, other, amount in (
                (
                    partial.debit_move_id,
                    partial.credit_move_id,
                    partial.debit_amount_currency,
                ),
                (
                    partial.credit_move_id,
                    partial.debit_move_id,
                    partial.credit_amount_currency,
                ),
            ):
                entry = other.move_id
                if own in terms and not entry.is_invoice(include_receipts=True):
                    method = entry.origin_payment_id.payment_method_line_id
                    yield own.move_id, (entry.journal_id, method), amount

    def _ereceipt_payment(self, desk, paid, total):
        """Return how the document is paid, as one contract Payment: by what was paid
        really, the device's rule where that were several ways, and the device's usual
        way where nothing was paid yet."""
        amounts = {}
        for part in paid:
            code = desk.resolver.payment(part.journal, part.method).code
            if code:
                amounts[code] = amounts.get(code, 0) + part.amount
        device = desk.device
        if len(amounts) > 1 and device.mixed_payment_rule == "code":
            method = device.mixed_payment_method
        elif amounts:
            method = max(amounts, key=amounts.get)
        else:
            method = device.payment_method
        method = self._ereceipt_hook(
            desk.registration, "payment_method", method, desk, tuple(amounts)
        )
        return (Payment(method, total),) if method else ()
