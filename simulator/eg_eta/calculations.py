"""Arithmetic of a receipt (ETA SDK, /main-calculations/).

Two measures: with ``exact_sums`` sums and identities hold to 0.00001 and taxes
to 0.01; without, everything holds to 0.5, which is what ETA is said to allow.
"""

from collections import Counter
from decimal import Decimal

from .codes import FIXED_SUBTYPES
from .findings import SIMPLE, Finding
from .settings import Settings

ZERO = Decimal(0)
_HUNDRED = Decimal(100)
_FIFTH_DIGIT = Decimal("0.00001")
FEES = tuple(f"T{number}" for number in range(5, 13))


def check(document: dict, settings: Settings) -> list[Finding]:
    """Every arithmetical fault of a document of the right structure."""
    return _Check(settings).run(document)


class _Check:
    def __init__(self, settings: Settings) -> None:
        exact = settings.exact_sums
        loose = settings.loose_tolerance
        self.sums = settings.sum_tolerance if exact else loose
        self.taxes = settings.tax_tolerance if exact else loose
        self.findings: list[Finding] = []

    def run(self, document: dict) -> list[Finding]:
        lines = document["itemData"]
        for index, line in enumerate(lines):
            self._line(line, f"itemData[{index}]")
        self._totals(document, lines)
        self._tax_totals(document, lines)
        return self.findings

    def _add(self, code: str, path: str, message: str) -> None:
        self.findings.append(Finding(SIMPLE, code, path, message))

    def _same(
        self,
        code: str,
        path: str,
        found: Decimal,
        wanted: Decimal,
        tolerance: Decimal | None = None,
    ) -> None:
        if abs(found - wanted) > (self.sums if tolerance is None else tolerance):
            name = path.rpartition(".")[2]
            self._add(
                code,
                path,
                f"{name} [{found}] must be [{wanted.normalize():f}], "
                f"difference [{abs(found - wanted).normalize():f}]",
            )

    def _line(self, line: dict, path: str) -> None:
        if not line["quantity"]:
            self._add("SIM-QUANTITY", f"{path}.quantity", "quantity must be positive")
        sale = (line["quantity"] * line["unitPrice"]).quantize(_FIFTH_DIGIT)
        self._same("SIM-TOTALSALE", f"{path}.totalSale", line["totalSale"], sale)
        net = line["totalSale"] - commercial_discount(line)
        if net < 0:
            message = "commercial discounts exceed totalSale"
            self._add("SIM-DISCOUNT", f"{path}.netSale", message)
        self._same("SIM-NETSALE", f"{path}.netSale", line["netSale"], net)
        amounts = self._taxes(line, path)
        total = (
            line["netSale"]
            + sum(amounts.values(), ZERO)
            - 2 * amounts.get("T4", ZERO)
            - item_discount(line)
        )
        self._same("SF337", f"{path}.total", line["total"], total)

    def _taxes(self, line: dict, path: str) -> dict[str, Decimal]:
        amounts: dict[str, Decimal] = {}
        items = line.get("taxableItems", ())
        for index, item in enumerate(items):
            kind = item["taxType"]
            if kind in amounts:
                self._add(
                    "SIM-TAXTYPE-TWICE",
                    f"{path}.taxableItems[{index}].taxType",
                    f"tax type {kind} stands twice in this line",
                )
            amounts[kind] = amounts.get(kind, ZERO) + item["amount"]
        bases = _bases(line, amounts)
        for index, item in enumerate(items):
            self._tax(item, bases, f"{path}.taxableItems[{index}]")
        return amounts

    def _tax(self, item: dict, bases: "_Bases", path: str) -> None:
        kind, rate = item["taxType"], item.get("rate")
        if kind in ("T3", "T6"):
            if rate:
                message = f"rate of {kind}, a fixed amount, must be 0"
                self._add("SIM-FIXED-RATE", f"{path}.rate", message)
            return
        if rate is None or (not rate and item["subType"] in FIXED_SUBTYPES):
            return
        wanted = rate * bases.of(kind) / _HUNDRED
        code = "Rule42T1" if kind == "T1" else f"SIM-RULE-{kind}"
        self._same(code, f"{path}.amount", item["amount"], wanted, self.taxes)

    def _totals(self, document: dict, lines: list[dict]) -> None:
        extra = amounts_of(document.get("extraReceiptDiscountData"))
        sums = (
            ("totalSales", _sum(lines, "totalSale")),
            ("netAmount", _sum(lines, "netSale")),
            ("totalAmount", _sum(lines, "total") - extra),
        )
        for name, wanted in sums:
            self._same(f"SIM-{name.upper()}", name, document[name], wanted)
        for name in ("feesAmount", "adjustment"):
            if document.get(name):
                self._add(f"SIM-{name.upper()}", name, f"{name} must be 0")
        commercial = document.get("totalCommercialDiscount")
        if commercial is not None and commercial > document["totalSales"]:
            message = "totalCommercialDiscount exceeds totalSales"
            self._add("SIM-TOTALCOMMERCIALDISCOUNT", "totalCommercialDiscount", message)
        for name, listed, single in (
            (
                "totalCommercialDiscount",
                "commercialDiscountData",
                "additionalCommercialDiscount",
            ),
            ("totalItemsDiscount", "itemDiscountData", "additionalItemDiscount"),
        ):
            self._total_discount(document, lines, name, listed, single)

    def _total_discount(
        self, document: dict, lines: list[dict], name: str, listed: str, single: str
    ) -> None:
        found = document.get(name)
        if found is None:
            return
        sum_listed = sum((amounts_of(line.get(listed)) for line in lines), ZERO)
        sum_all = sum_listed + sum((_single(line, single) for line in lines), ZERO)
        # Whether ETA counts the additional discounts here is not known.
        if abs(found - sum_listed) > self.sums:
            self._same(f"SIM-{name.upper()}", name, found, sum_all)

    def _tax_totals(self, document: dict, lines: list[dict]) -> None:
        wanted: dict[str, Decimal] = {}
        for line in lines:
            for item in line.get("taxableItems", ()):
                kind = item["taxType"]
                wanted[kind] = wanted.get(kind, ZERO) + item["amount"]
        rows = document.get("taxTotals", [])
        for kind, count in Counter(row["taxType"] for row in rows).items():
            if count > 1:
                message = f"tax type {kind} has {count} rows"
                self._add("SIM-TAXTOTALS-TWICE", "taxTotals", message)
        for index, row in enumerate(rows):
            path = f"taxTotals[{index}].amount"
            amount = wanted.pop(row["taxType"], ZERO)
            self._same("SIM-TAXTOTALS", path, row["amount"], amount)
        for kind, amount in wanted.items():
            if amount:
                message = f"taxTotals has no row for {kind}, sum [{amount}]"
                self._add("SIM-TAXTOTALS", "taxTotals", message)


class _Bases:
    def __init__(self, net: Decimal, before_vat: Decimal, t2: Decimal, after: Decimal):
        self.net = net
        self.before_vat = before_vat
        self.t2 = t2
        self.after_discount = after

    def of(self, kind: str) -> Decimal:
        if kind == "T1":
            return self.before_vat + self.t2
        if kind == "T2":
            return self.before_vat
        if kind == "T4":
            return self.after_discount
        return self.net


def _bases(line: dict, amounts: dict[str, Decimal]) -> _Bases:
    net = line["netSale"]
    fees = sum((amounts.get(kind, ZERO) for kind in FEES), ZERO)
    before_vat = (
        net + line.get("valueDifference", ZERO) + fees + amounts.get("T3", ZERO)
    )
    t2 = amounts.get("T2", ZERO)
    return _Bases(net, before_vat, t2, net - item_discount(line))


def commercial_discount(line: dict) -> Decimal:
    """What goes off a line before tax."""
    return amounts_of(line.get("commercialDiscountData")) + _single(
        line, "additionalCommercialDiscount"
    )


def item_discount(line: dict) -> Decimal:
    """What goes off a line after tax."""
    return amounts_of(line.get("itemDiscountData")) + _single(
        line, "additionalItemDiscount"
    )


def amounts_of(rows: list[dict] | None) -> Decimal:
    """Sum of ``amount``."""
    return sum((row["amount"] for row in rows), ZERO) if rows else ZERO


def _single(line: dict, name: str) -> Decimal:
    row: dict | None = line.get(name)
    return row["amount"] if row else ZERO


def _sum(lines: list[dict], name: str) -> Decimal:
    return sum((line[name] for line in lines), ZERO)
