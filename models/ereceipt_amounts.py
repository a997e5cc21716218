"""What an invoice's lines come to, as the books have it and as receipts want it.

Net amounts are the booked ones and taxes come from Odoo's rounded base lines with
their deltas, so that the lines add up to the invoice to the last unit of its
currency. Nothing is recomputed from rates.
"""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


@dataclass(slots=True)
class Reduction:
    """A discount: its amount (positive), what to call it, and its percentage where it
    was agreed as one."""

    amount: Decimal
    description: str
    rate: Decimal | None = None


@dataclass(slots=True)
class LineAmounts:
    """One invoice line in the invoice's currency.

    :ivar line: the ``account.move.line``
    :ivar quantity: sold or returned, what was taken back on the same invoice deducted
    :ivar gross: unrounded, before discounts, without taxes; never less than the net
        and the discounts together
    :ivar net: after discounts, without taxes, as booked
    :ivar taxes: ``(account.tax, amount)`` in the order of computation
    """

    line: object
    quantity: Decimal
    gross: Decimal
    net: Decimal
    taxes: list = field(default_factory=list)
    reductions: list = field(default_factory=list)

    @property
    def tax(self):
        return sum((amount for _tax, amount in self.taxes), ZERO)

    @property
    def terms(self):
        """The taxes that lower with a discount, by which Odoo groups lines."""
        return frozenset(tax.id for tax, _ in self.taxes if tax._can_be_discounted())

    def change_net(self, net, label):
        """Take up in the net what another line could not keep.

        :param label: what that was, if it lowers this one
        """
        if net < self.net:
            self.reductions.append(Reduction(self.net - net, label))
        self.net = net
        self.cover_net()

    def cover_net(self):
        """Raise the gross to the net and the discounts together: the price is what
        the books say."""
        reduced = sum((part.amount for part in self.reductions), ZERO)
        self.gross = max(self.gross, self.net + reduced)

    def change_tax(self, tax, amount):
        self.taxes = [(t, amount if t == tax else a) for t, a in self.taxes]


@dataclass(slots=True)
class MoveAmounts:
    """All of an invoice: its lines, what goes off the total of the whole, and the
    cash rounding that was added on top (positive, with its line)."""

    lines: list
    reductions: list
    rounding: Decimal = ZERO
    rounding_line: object = None


def exact(number):
    """Return a float as the Decimal that a person would read it as."""
    return Decimal(repr(round(number, 10))) + 0


def first_line(text):
    """Return the first line of a label that says something, trimmed."""
    return next(
        (part.strip() for part in (text or "").splitlines() if part.strip()), ""
    )


class AmountsReader:
    """Reads the amounts of invoices in one environment.

    Note: one reader may serve any number of invoices; it keeps nothing of them.
    """

    def __init__(self, env):
        self.env = env
        self.tax_model = env["account.tax"]

    def amounts_of(self, move):
        """Return the :class:`MoveAmounts` of one sales invoice, receipt or refund."""
        products, early_payment, rounding = self._booked(move)
        products, held, residues = self._absorb_taken_back(products, move)
        products, leftovers = self._dispatch(products, early_payment, move)
        lines = [self._line(base_line) for base_line in products + held]
        residues = [self._line(base_line) for base_line in residues]
        level_taxes(lines, residues)
        reductions = level_nets(lines, residues)
        for base_line in leftovers:
            amounts = self._line(base_line)
            if amounts.tax:
                # has no place on a receipt: stays negative, so that it is refused
                lines.append(amounts)
            elif amounts.net:
                label = first_line(amounts.line.name)
                reductions.append(Reduction(-amounts.net, label))
        lines.sort(key=lambda amounts: (amounts.line.sequence, amounts.line.id))
        result = MoveAmounts(lines, reductions)
        for base_line in rounding:
            amounts = self._line(base_line)
            if amounts.net < 0:
                label = first_line(amounts.line.name)
                reductions.append(Reduction(-amounts.net, label))
            else:
                result.rounding += amounts.net
                result.rounding_line = amounts.line
        return result

    # -------------------------------------------------------------------------
    # WHAT IS BOOKED
    # -------------------------------------------------------------------------

    def _booked(self, move):
        """Return the base lines of a move: products, early payment, cash rounding.

        The net of each is what its journal item says; the deltas of global rounding
        are in there already.
        """
        products, early_payment, rounding = [], [], []
        base_lines, _tax_lines = move._get_rounded_base_and_tax_lines()
        for base_line in base_lines:
            details = base_line["tax_details"]
            line = base_line["record"]
            details["total_excluded_currency"] = (
                base_line["sign"] * line.amount_currency
            )
            details["delta_total_excluded_currency"] = 0.0
            if base_line["special_type"] == "early_payment":
                early_payment.append(base_line)
            elif base_line["special_type"] == "cash_rounding":
                rounding.append(base_line)
            elif self._says_something(base_line):
                products.append(base_line)
        return products, early_payment, rounding

    @staticmethod
    def _says_something(base_line):
        """Whether a line sells anything: neither a quantity nor an amount means a
        line that a sales order left empty."""
        details = base_line["tax_details"]
        return bool(
            base_line["quantity"]
            or details["total_excluded_currency"]
            or any(data["tax_amount_currency"] for data in details["taxes_data"])
        )

    @staticmethod
    def _is_negative(base_line):
        """Whether a line takes something off: money, or goods that were free."""
        amount = base_line["tax_details"]["raw_total_excluded_currency"]
        return amount < 0.0 or (not amount and base_line["quantity"] < 0.0)

    # -------------------------------------------------------------------------
    # GOODS TAKEN BACK ON THE SAME INVOICE
    # -------------------------------------------------------------------------

    def _absorb_taken_back(self, base_lines, move):
        """Deduct goods taken back from a line that sells the same at the same terms.

        Odoo has a helper for it, which however splits one line over several others
        only when those stand in descending order of quantity. Here one line has to
        hold all of it; else the line stays and is spread as a discount.

        :return: ``(lines, held, residues)``: residues are what the rounding of the
            whole left of lines that were taken back wholly; where no other line can
            bear one, its own line is held, with what was taken back as its discount
        """
        positive = [line for line in base_lines if not self._is_negative(line)]
        negative = [line for line in base_lines if self._is_negative(line)]
        if not negative:
            return base_lines, [], []
        absorbed, kept = self._assign_taken_back(positive, negative)
        lines, wholly = [], []
        for position, base_line in enumerate(positive):
            if position not in absorbed:
                lines.append(base_line)
                continue
            deducted = self._deducted(base_line, absorbed[position])
            if deducted["quantity"]:
                lines.append(deducted)
            elif not self._is_void(deducted, move.currency_id):
                wholly.append((deducted, base_line["quantity"], absorbed[position]))
        held, residues = [], []
        for residue, quantity, taken_back in wholly:
            if self._can_bear(lines, residue):
                residues.append(residue)
                continue
            parts = [
                {"record": part, "tax_details": part["tax_details"]}
                for part in taken_back
            ]
            held.append({**residue, "quantity": quantity, "discount_base_lines": parts})
        return lines + kept, held, residues

    def _can_bear(self, base_lines, residue):
        """Whether what is left of a line that was taken back wholly has another place:
        its net on a line with the same taxes (if it is negative, it is taken off the
        whole), and each of its taxes on a line that has that one."""
        details = residue["tax_details"]
        keys = {self._dispatch_key(line) for line in base_lines}
        if (
            details["total_excluded_currency"] > 0
            and self._dispatch_key(residue) not in keys
        ):
            return False
        taxes = {
            data["tax"].id
            for line in base_lines
            for data in line["tax_details"]["taxes_data"]
        }
        return all(
            data["tax"].id in taxes or not data["tax_amount_currency"]
            for data in details["taxes_data"]
        )

    def _assign_taken_back(self, positive, negative):
        """Find for each line of goods taken back one that can hold all of it.

        :return: ``(absorbed, kept)``: lists of negative lines by the position of their
            positive line, and the negative lines that none can hold
        """
        left, by_terms = {}, {}
        for position, base_line in enumerate(positive):
            left[position] = base_line["quantity"]
            by_terms.setdefault(self._terms(base_line), []).append(position)
        absorbed, kept = {}, []
        for base_line in negative:
            quantity = base_line["quantity"]
            for position in by_terms.get(self._terms(base_line), ()):
                rest = round(left[position] + quantity, 10)
                if base_line["product_id"] and quantity < 0 and rest >= 0:
                    left[position] = rest
                    absorbed.setdefault(position, []).append(base_line)
                    break
            else:
                kept.append(base_line)
        return absorbed, kept

    @staticmethod
    def _terms(base_line):
        return (
            base_line["product_id"].id,
            base_line["product_uom_id"].id,
            base_line["price_unit"],
            base_line["discount"],
            tuple(base_line["tax_ids"].ids),
        )

    def _deducted(self, base_line, taken_back):
        """Return a base line less what was taken back of it."""
        details, quantity = base_line["tax_details"], base_line["quantity"]
        for part in taken_back:
            details = self.tax_model._merge_tax_details(details, part["tax_details"])
            quantity = round(quantity + part["quantity"], 10)
        return {**base_line, "tax_details": details, "quantity": quantity}

    @staticmethod
    def _is_void(base_line, currency):
        details = base_line["tax_details"]
        amounts = [details["total_excluded_currency"]]
        amounts += [data["tax_amount_currency"] for data in details["taxes_data"]]
        return all(currency.is_zero(amount) for amount in amounts)

    # -------------------------------------------------------------------------
    # DISCOUNTS AND DOWN PAYMENTS AS LINES
    # -------------------------------------------------------------------------

    def _dispatch(self, base_lines, early_payment, move):
        """Spread negative lines, and the tax of an early payment discount, over the
        lines with the same taxes.

        :return: ``(lines, leftovers)``: leftovers are negative lines that fit nowhere
        """
        early_tax = [
            self._tax_only(base_line)
            for base_line in early_payment
            if base_line["tax_details"]["taxes_data"]
        ]
        negative = [line for line in base_lines if self._is_negative(line)]
        if not negative and not early_tax:
            return base_lines, []
        positive = [line for line in base_lines if not self._is_negative(line)]
        fitting, leftovers = self._fitting(positive, negative, move.currency_id)
        for base_line in fitting + early_tax:
            base_line["special_type"] = "global_discount"
        # Odoo's helper hands out rounded taxes in descending order of the amounts
        positive.sort(
            key=lambda line: -abs(line["tax_details"]["raw_total_excluded_currency"])
        )
        spread = self.tax_model._dispatch_global_discount_lines(
            positive + fitting + early_tax, move.company_id
        )
        self.tax_model._squash_global_discount_lines(spread, move.company_id)
        lines = [line for line in spread if line["special_type"] != "global_discount"]
        return lines, leftovers

    @staticmethod
    def _tax_only(base_line):
        """Return an early payment's base line without its base, which another line
        of the same discount takes back."""
        details = dict(base_line["tax_details"])
        details["total_excluded_currency"] = 0.0
        details["raw_total_excluded_currency"] = 0.0
        return {**base_line, "tax_details": details, "_ereceipt_early": True}

    def _fitting(self, positive, negative, currency):
        """Part negative lines into those that the lines with the same taxes can bear
        and those that they cannot."""
        room = {}
        for base_line in positive:
            key = self._dispatch_key(base_line)
            amount = base_line["tax_details"]["total_excluded_currency"]
            room[key] = room.get(key, 0.0) + amount
        fitting, leftovers = [], []
        for base_line in negative:
            key = self._dispatch_key(base_line)
            amount = base_line["tax_details"]["total_excluded_currency"]
            left = room.get(key, 0.0) + amount
            if key in room and currency.compare_amounts(left, 0.0) >= 0:
                room[key] = left
                fitting.append(base_line)
            else:
                leftovers.append(base_line)
        return fitting, leftovers

    @staticmethod
    def _dispatch_key(base_line):
        """Return what Odoo's dispatching of global discounts groups lines by."""
        taxes = {data["tax"] for data in base_line["tax_details"]["taxes_data"]}
        return frozenset(tax.id for tax in taxes if tax._can_be_discounted())

    # -------------------------------------------------------------------------
    # ONE LINE
    # -------------------------------------------------------------------------

    def _line(self, base_line):
        details = base_line["tax_details"]
        unit = Decimal(1).scaleb(-base_line["currency_id"].decimal_places)

        def money(amount):
            return Decimal(repr(amount)).quantize(unit, ROUND_HALF_UP) + 0

        taxes = {}
        for data in details["taxes_data"]:
            known = taxes.get(data["tax"].id, (None, 0.0))[1]
            taxes[data["tax"].id] = (data["tax"], known + data["tax_amount_currency"])
        net = money(details["total_excluded_currency"])
        quantity, gross = exact(base_line["quantity"]), self._gross(base_line)
        if quantity < 0 < net:
            quantity = -quantity
        reductions = self._spread_reductions(base_line, money)
        own = gross - net - sum((part.amount for part in reductions), ZERO)
        if base_line["discount"] > 0 and own > 0:
            rate = exact(base_line["discount"])
            label = self.env._("Discount %(rate)s%%", rate=f"{rate.normalize():f}")
            reductions.insert(0, Reduction(own, label, rate))
        amounts = LineAmounts(
            line=base_line["record"],
            quantity=quantity,
            gross=gross,
            net=net,
            taxes=[(tax, money(amount)) for tax, amount in taxes.values()],
            reductions=reductions,
        )
        # less than the net: rounded up, or a negative discount
        amounts.cover_net()
        return amounts

    @staticmethod
    def _spread_reductions(base_line, money):
        """Return the shares of negative lines that were spread onto this line."""
        reductions = []
        for part in base_line.get("discount_base_lines", ()):
            amount = money(-part["tax_details"]["total_excluded_currency"])
            if amount > 0 and not part.get("_ereceipt_early"):
                label = first_line(part["record"]["record"].name)
                reductions.append(Reduction(amount, label))
        return reductions

    def _gross(self, base_line):
        """Return quantity times price before discounts, included taxes taken out."""
        taxes_data = base_line["tax_details"]["taxes_data"]
        if not any(data["price_include"] for data in taxes_data):
            return exact(base_line["price_unit"]) * exact(base_line["quantity"])
        undiscounted = {**base_line, "discount": 0.0}
        self.tax_model._add_tax_details_in_base_line(
            undiscounted, base_line["record"].company_id, "round_globally"
        )
        return exact(undiscounted["tax_details"]["raw_total_excluded_currency"])


# -----------------------------------------------------------------------------
# WHAT ROUNDING LEFT
# -----------------------------------------------------------------------------


def leveled(amounts, rest, sign):
    """Return amounts of which none is against ``sign``, with the same sum: what was,
    and ``rest``, is set off against the others, the largest first.

    Odoo hands out units of the currency line by line when it rounds a whole or
    spreads a discount, and a small line may get one more than it has.

    :return: ``(amounts, rest)``: the rest is what they could not bear
    """
    rest += sum((amount for amount in amounts if amount * sign < 0), ZERO)
    result = [amount if amount * sign > 0 else ZERO for amount in amounts]
    for position in sorted(range(len(result)), key=lambda i: -abs(result[i])):
        if not rest:
            break
        taken = sign * max(rest * sign, -abs(result[position]))
        result[position] += taken
        rest -= taken
    return result, rest


def level_taxes(lines, residues):
    """Level each tax over the lines that have it. Which sign is right follows from
    all of it together: a withheld tax is negative.

    :param lines: the :class:`LineAmounts` that stay
    :param residues: those of goods that were taken back wholly
    """
    bearers, rests = {}, {}
    for line in lines:
        for tax, amount in line.taxes:
            bearers.setdefault(tax, []).append((line, amount))
    for residue in residues:
        for tax, amount in residue.taxes:
            rests[tax] = rests.get(tax, ZERO) + amount
    for tax, held in bearers.items():
        amounts, rest = [amount for _line, amount in held], rests.get(tax, ZERO)
        if not rest and (min(amounts) >= 0 or max(amounts) <= 0):
            continue
        sign = -1 if sum(amounts, rest) < 0 else 1
        for (line, before), after in zip(
            held, leveled(amounts, rest, sign)[0], strict=True
        ):
            if after != before:
                line.change_tax(tax, after)


def level_nets(lines, residues):
    """Level the nets over the lines with the same taxes.

    :return: reductions of the whole: what no line with the same taxes can bear
    """
    if not residues and all(line.net >= 0 for line in lines):
        return []
    groups, rests, labels = {}, {}, {}
    for line in lines:
        groups.setdefault(line.terms, []).append(line)
    for residue in residues:
        rests[residue.terms] = rests.get(residue.terms, ZERO) + residue.net
    for amounts in (*lines, *residues):
        if amounts.net < 0:
            labels.setdefault(amounts.terms, first_line(amounts.line.name))
    reductions = []
    for terms in groups.keys() | rests.keys():
        held = groups.get(terms, [])
        nets, rest = leveled([a.net for a in held], rests.get(terms, ZERO), 1)
        for line, net in zip(held, nets, strict=True):
            if net != line.net:
                line.change_net(net, labels.get(terms, ""))
        if rest:
            reductions.append(Reduction(-rest, labels[terms]))
    return reductions
