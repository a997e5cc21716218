from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from odoo import models
from odoo.tools import float_compare

from ..fiscal.contract import (
    Discount,
    Line,
    Party,
    Problem,
    Receipt,
    TaxAmount,
)
from ..fiscal.messages import Money, _
from .ereceipt_amounts import ZERO, AmountsReader, exact, first_line
from .ereceipt_resolver import CodeResolver

DISCOUNT_TEXT = 50
"""Authorities take short descriptions of discounts."""

RATE_DECIMALS = 9


@dataclass(slots=True)
class Desk:
    """What all receipts of one device and company share while they are made."""

    device: object
    registration: object
    resolver: CodeResolver
    seller: Party
    contract_device: object
    unit: object
    items: dict
    taxes: dict
    rates: dict


class AccountMove(models.Model):
    """From a posted (or saved draft) sales document to the receipt to be issued.

    Everything is read for many entries together; the number of queries does not
    depend on how many there are.
    """

    _inherit = "account.move"

    def _ereceipt_snapshots(self, issued_at):
        """Return what would be issued for each sales document.

        The place in a chain is not in it yet. Returns of one sale that stand in
        ``self`` count one after the other against what is left to return of it.

        :param datetime issued_at: aware UTC
        :return: ``{move id: contract.Receipt}``
        """
        receipts = {}
        reader = AmountsReader(self.env)
        payments = self._ereceipt_paid_by()
        originals = self._ereceipt_originals()
        for desk, moves in self._ereceipt_desks(payments):
            for move in moves:
                receipt = move._ereceipt_snapshot(
                    desk,
                    reader.amounts_of(move),
                    payments.get(move.id, ()),
                    originals.get(move.id),
                    issued_at,
                )
                receipts[move.id] = receipt
                originals.count(move.id, receipt)
        return receipts

    def _ereceipt_desks(self, payments):
        """Yield a :class:`Desk` and its entries, for each device and company."""
        xmlids = self.env["ir.model.data"].sudo()
        # from the cache, which env.ref checks with a query
        unit = self.env["uom.uom"].browse(
            xmlids._xmlid_to_res_id("uom.product_uom_unit")
        )
        for (device, company), moves in self.grouped(
            lambda move: (move.ereceipt_device_id, move.company_id)
        ).items():
            device = device.sudo()
            registration = device.registration_id
            lines = moves.invoice_line_ids
            resolver = CodeResolver(self.env, registration.authority, company).load(
                products=lines.product_id,
                uoms=lines.product_uom_id | unit,
                taxes=lines.tax_ids.flatten_taxes_hierarchy(),
                journals=self.env["account.journal"].union(
                    *(part.journal for m in moves for part in payments.get(m.id, ()))
                ),
                payment_method_lines=self.env["account.payment.method.line"].union(
                    *(part.method for m in moves for part in payments.get(m.id, ()))
                ),
            )
            yield (
                Desk(
                    device=device,
                    registration=registration,
                    resolver=resolver,
                    seller=registration._seller_party(),
                    contract_device=device._contract_device(),
                    unit=unit,
                    items={},
                    taxes={},
                    rates={},
                ),
                moves,
            )

    def _ereceipt_snapshot(self, desk, amounts, paid, original, issued_at):
        """Return the receipt of one entry from what was read for many."""
        self.ensure_one()
        lines = [self._ereceipt_line(desk, line) for line in amounts.lines]
        total = self._ereceipt_money(self.amount_total)
        if amounts.rounding and desk.device.rounding_policy == "omit":
            total -= amounts.rounding
        elif amounts.rounding:
            lines.append(self._ereceipt_rounding_line(desk, amounts))
        reference = original.reference if original else None
        if original and original.schemes:
            lines = _as_sold(lines, original.schemes)
        foreign = self.currency_id != self.company_currency_id
        hook = self._ereceipt_hook
        return Receipt(
            kind=self._ereceipt_kind(desk.registration),
            number=self.name or "",
            issued_at=issued_at,
            currency=self.currency_id.name,
            seller=desk.seller,
            buyer=(original and original.buyer) or self._ereceipt_buyer(),
            device=desk.contract_device,
            lines=tuple(lines),
            total=total,
            document_type=(original.document_type if original else "")
            or hook(
                desk.registration,
                "document_type",
                desk.device.document_type,
                desk.device,
            ),
            currency_rate=self._ereceipt_rate(desk) if foreign else Decimal(1),
            company_currency=self.company_currency_id.name,
            currency_record=(self.currency_id._name, self.currency_id.id),
            document_date=self.invoice_date or None,
            payments=self._ereceipt_payment(desk, paid, total),
            discounts=tuple(_discount(part) for part in amounts.reductions),
            original=reference,
            reason=original.reason if original else "",
            data=hook(desk.registration, "receipt_data", {}, desk.device),
            record=(self._name, self.id),
        )

    def _ereceipt_kind(self, registration):
        """Return what the document is in commerce: a credit note is a return, and the
        reversal of a credit note (an invoice to Odoo) is a sale again. An authority may
        have credit and debit notes instead."""
        kind = "return" if self.move_type == "out_refund" else "sale"
        return self._ereceipt_hook(registration, "kind", kind)

    def _ereceipt_hook(self, registration, name, default, *args):
        """Call ``_<authority>_<name>(*args)`` where the glue of an authority has it.

        Hooks: ``receipt_data(device)``, ``line_data(line)``, ``parse_reference(text)``,
        ``reason_before_start()``, ``kind()``, ``document_type(device)``,
        ``payment_method(desk, codes)``, ``issue_moment(now)``,
        ``print_rows(document)``, ``differences(receipt, first)``,
        ``merged_data(receipts)``.
        """
        method = getattr(self, f"_{registration.authority}_{name}", None)
        return method(*args) if method else default

    # -------------------------------------------------------------------------
    # AMOUNTS
    # -------------------------------------------------------------------------

    def _ereceipt_money(self, amount):
        unit = Decimal(1).scaleb(-self.currency_id.decimal_places)
        return Decimal(repr(amount)).quantize(unit, ROUND_HALF_UP) + 0

    def _ereceipt_rate(self, desk):
        """Return company currency per one unit of the document's, 0 where nobody said
        what that is."""
        rate = self.invoice_currency_rate
        if not rate or self._ereceipt_rate_assumed(desk):
            return ZERO
        return exact(round(1 / rate, RATE_DECIMALS))

    def _ereceipt_rate_assumed(self, desk):
        """Whether the rate is what Odoo takes where it knows none: that of a later day,
        else 1, which stays on the invoice when the rate is entered afterwards."""
        day = self._get_invoice_currency_rate_date()
        key = (self.currency_id, day)
        if key not in desk.rates:
            desk.rates[key] = self._ereceipt_rate_known(day)
        known, expected = desk.rates[key]
        if not known:
            return _same_rate(self.invoice_currency_rate, expected)
        return _same_rate(self.invoice_currency_rate, 1) and not _same_rate(expected, 1)

    def _ereceipt_rate_known(self, day):
        """Return whether anybody entered the rate of a day, and what Odoo takes it
        for. Rates may be those of the company's currency to one that has none."""
        expected = self._get_expected_currency_rate_at(day)
        rates = self.env["res.currency.rate"].sudo()
        telling = [self.currency_id.id]
        if not _same_rate(expected, 1):
            telling.append(self.company_currency_id.id)
        domain = [
            ("currency_id", "in", telling),
            ("company_id", "in", (False, self.company_id.root_id.id)),
            ("name", "<=", day),
        ]
        return bool(rates.search_count(domain, limit=1)), expected

    # -------------------------------------------------------------------------
    # LINES
    # -------------------------------------------------------------------------

    def _ereceipt_line(self, desk, amounts):
        line = amounts.line
        product, uom = line.product_id, line.product_uom_id or desk.unit
        item, internal_code = self._ereceipt_item(desk, product)
        return Line(
            description=self._ereceipt_description(line),
            quantity=amounts.quantity,
            gross=amounts.gross,
            net=amounts.net,
            internal_code=internal_code,
            item_scheme=item.scheme,
            item_code=item.code,
            unit=desk.resolver.unit(uom).code if uom else "",
            unit_name=uom.name if uom else "",
            discounts=tuple(_discount(part) for part in amounts.reductions),
            taxes=self._ereceipt_taxes(desk, amounts),
            data=self._ereceipt_hook(desk.registration, "line_data", {}, line),
            record=(product._name, product.id) if product else (self._name, self.id),
            free_text=not product,
        )

    @staticmethod
    def _ereceipt_item(desk, product):
        """Return a product's item code and its internal code."""
        if product.id not in desk.items:
            code = product._ereceipt_internal_code() if product else ""
            desk.items[product.id] = (desk.resolver.item(product), code)
        return desk.items[product.id]

    @staticmethod
    def _ereceipt_description(line):
        """Return the first line of the label, without the reference that Odoo puts
        before a product's name."""
        product = line.product_id
        text = first_line(line.name)
        if product.default_code:
            text = text.removeprefix(f"[{product.default_code}]").strip()
        return text or product.name or ""

    def _ereceipt_taxes(self, desk, amounts):
        """Return a line's taxes, also those without an amount: an exemption has to be
        declared, and one whose code nobody entered has to be seen."""
        taxes = []
        for tax, amount in amounts.taxes:
            if tax.id not in desk.taxes:
                code = desk.resolver.tax(tax)
                desk.taxes[tax.id] = (code, tax._ereceipt_percentage(), tax.name)
            code, rate, name = desk.taxes[tax.id]
            taxes.append(
                TaxAmount(
                    type=code.code,
                    subtype=code.subcode,
                    rate=rate,
                    amount=amount,
                    name=name,
                    record=("account.tax", tax.id),
                )
            )
        return tuple(taxes)

    def _ereceipt_rounding_line(self, desk, amounts):
        """Return cash rounding upwards as the item that the device has for it."""
        device, unit = desk.device, desk.unit
        code = device.rounding_item_code or ""
        return Line(
            description=first_line(amounts.rounding_line.name),
            quantity=Decimal(1),
            gross=amounts.rounding,
            net=amounts.rounding,
            internal_code=code,
            item_scheme=device.rounding_item_scheme or "",
            item_code=code,
            unit=desk.resolver.unit(unit).code if unit else "",
            unit_name=unit.name if unit else "",
            record=(device._name, device.id),
        )

    # -------------------------------------------------------------------------
    # PROBLEMS
    # -------------------------------------------------------------------------

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS account_ereceipt
        problems = super()._ereceipt_own_problems(at_posting)
        rounding = self.line_ids.filtered(
            lambda line: (
                line.display_type == "rounding" and not line.tax_repartition_line_id
            )
        )
        added = self.direction_sign * sum(rounding.mapped("amount_currency"))
        policy = self.ereceipt_device_id.sudo().rounding_policy
        if added > 0 and policy == "refuse":
            problems.append(
                Problem(
                    "rounding_added",
                    _(
                        "The cash rounding adds %(amount)s to the invoice, which has "
                        "no place in the tax authority's document. Use a rounding "
                        "downwards, or another policy on the device."
                    ),
                    record=(self._name, self.id),
                    values={
                        "amount": Money(
                            self._ereceipt_money(added), self.currency_id.name
                        )
                    },
                )
            )
        return problems


def _same_rate(one, other):
    return not float_compare(one, other, RATE_DECIMALS)


def _discount(reduction):
    text = reduction.description[:DISCOUNT_TEXT].strip()
    return Discount(reduction.amount, text, reduction.rate)


def _as_sold(lines, schemes):
    """Return the lines of a return with the codes that its sale has for them, where
    product or item codes were changed since: the authority knows what was sold.

    :param schemes: the code system of each sold item, by internal and item code
    """
    by_internal, by_item = {}, {}
    for key in schemes:
        by_internal.setdefault(key[0], []).append(key)
        by_item.setdefault(key[1], []).append(key)
    aligned = []
    for line in lines:
        key = (line.internal_code, line.item_code)
        if key not in schemes:
            keys = by_internal.get(key[0]) or (key[1] and by_item.get(key[1])) or ()
            key = keys[0] if len(keys) == 1 else key
        if key in schemes:
            line = replace(
                line,
                internal_code=key[0],
                item_code=key[1],
                item_scheme=schemes[key],
            )
        aligned.append(line)
    return aligned
