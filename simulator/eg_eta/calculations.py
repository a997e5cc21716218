"""Arithmetic of a receipt (ETA SDK, /main-calculations/)."""

from decimal import Decimal

from .arithmetic import FIFTH_DIGIT, ZERO, Arithmetic, line_total
from .findings import Finding
from .settings import Settings


def check(document: dict, settings: Settings) -> list[Finding]:
    """Every arithmetical fault of a document of the right structure."""
    return _Check(settings).run(document)


class _Check(Arithmetic):
    def run(self, document: dict) -> list[Finding]:
        lines = document["itemData"]
        for index, line in enumerate(lines):
            self._line(line, f"itemData[{index}]")
        self._totals(document, lines)
        self.tax_totals(document.get("taxTotals", []), lines)
        return self.findings

    def _line(self, line: dict, path: str) -> None:
        if not line["quantity"]:
            self.add("SIM-QUANTITY", f"{path}.quantity", "quantity must be positive")
        sale = (line["quantity"] * line["unitPrice"]).quantize(FIFTH_DIGIT)
        self.same("SIM-TOTALSALE", f"{path}.totalSale", line["totalSale"], sale)
        net = line["totalSale"] - commercial_discount(line)
        if net < 0:
            message = "commercial discounts exceed totalSale"
            self.add("SIM-DISCOUNT", f"{path}.netSale", message)
        self.same("SIM-NETSALE", f"{path}.netSale", line["netSale"], net)
        discount = item_discount(line)
        amounts = self.taxes(line, path, line["netSale"], discount)
        total = line_total(line["netSale"], amounts, discount)
        self.same("SF337", f"{path}.total", line["total"], total)

    def _totals(self, document: dict, lines: list[dict]) -> None:
        extra = amounts_of(document.get("extraReceiptDiscountData"))
        sums = (
            ("totalSales", _sum(lines, "totalSale")),
            ("netAmount", _sum(lines, "netSale")),
            ("totalAmount", _sum(lines, "total") - extra),
        )
        for name, wanted in sums:
            self.same(f"SIM-{name.upper()}", name, document[name], wanted)
        for name in ("feesAmount", "adjustment"):
            if document.get(name):
                self.add(f"SIM-{name.upper()}", name, f"{name} must be 0")
        commercial = document.get("totalCommercialDiscount")
        if commercial is not None and commercial > document["totalSales"]:
            message = "totalCommercialDiscount exceeds totalSales"
            self.add("SIM-TOTALCOMMERCIALDISCOUNT", "totalCommercialDiscount", message)
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
            self.same(f"SIM-{name.upper()}", name, found, sum_all)


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
