"""Arithmetic of a document: the rules of receipts under other names."""

from ..arithmetic import FIFTH_DIGIT, HUNDRED, ZERO, Arithmetic, fees_of, line_total
from ..findings import Finding
from ..settings import Settings


def check(document: dict, settings: Settings) -> list[Finding]:
    """Every arithmetical fault of a document of the right structure."""
    return _Check(settings).run(document)


class _Check(Arithmetic):
    def run(self, document: dict) -> list[Finding]:
        lines = document["invoiceLines"]
        for index, line in enumerate(lines):
            self._line(line, f"invoiceLines[{index}]")
        self._totals(document, lines)
        self.tax_totals(document["taxTotals"], lines)
        return self.findings

    def _line(self, line: dict, path: str) -> None:
        if not line["quantity"]:
            self.add("SIM-QUANTITY", f"{path}.quantity", "quantity must be positive")
        self._unit_value(line["unitValue"], f"{path}.unitValue")
        sale = (line["quantity"] * line["unitValue"]["amountEGP"]).quantize(FIFTH_DIGIT)
        sales_total = line["salesTotal"]
        self.same("SIM-SALESTOTAL", f"{path}.salesTotal", sales_total, sale)
        discount = line.get("discount", {})
        self._discount(discount, line, f"{path}.discount")
        net = sales_total - discount.get("amount", ZERO)
        if net < 0:
            message = "the discount exceeds salesTotal"
            self.add("SIM-DISCOUNT", f"{path}.netTotal", message)
        self.same("SIM-NETTOTAL", f"{path}.netTotal", line["netTotal"], net)
        items_discount = line["itemsDiscount"]
        amounts = self.taxes(line, path, line["netTotal"], items_discount)
        fees = fees_of(amounts)
        name = "totalTaxableFees"
        self.same("SIM-TAXABLEFEES", f"{path}.{name}", line[name], fees)
        total = line_total(line["netTotal"], amounts, items_discount)
        self.same("SF337", f"{path}.total", line["total"], total)

    def _discount(self, discount: dict, line: dict, path: str) -> None:
        rate = discount.get("rate")
        if rate:
            wanted = rate * line["salesTotal"] / HUNDRED
            amount = discount.get("amount", ZERO)
            code, where = "SIM-DISCOUNT-RATE", f"{path}.amount"
            self.same(code, where, amount, wanted, self.tax_tolerance)

    def _unit_value(self, value: dict, path: str) -> None:
        sold = value.get("amountSold", ZERO)
        rate = value.get("currencyExchangeRate", ZERO)
        if value["currencySold"] == "EGP":
            for name, number in (("amountSold", sold), ("currencyExchangeRate", rate)):
                if number:
                    message = f"{name} must be 0 or left out for EGP"
                    self.add("SIM-RATE", f"{path}.{name}", message)
            return
        for name in ("amountSold", "currencyExchangeRate"):
            if not value.get(name):
                message = f"{name} is mandatory for a foreign currency"
                self.add("SIM-RATE", f"{path}.{name}", message)
        if not rate:
            return
        wanted = (sold * rate).quantize(FIFTH_DIGIT)
        self.same("SIM-AMOUNTEGP", f"{path}.amountEGP", value["amountEGP"], wanted)

    def _totals(self, document: dict, lines: list[dict]) -> None:
        discounts = [line.get("discount", {}).get("amount", ZERO) for line in lines]
        total = sum((line["total"] for line in lines), ZERO)
        sums = {
            "totalDiscountAmount": sum(discounts, ZERO),
            "totalSalesAmount": sum((line["salesTotal"] for line in lines), ZERO),
            "netAmount": sum((line["netTotal"] for line in lines), ZERO),
            "totalItemsDiscountAmount": sum(
                (line["itemsDiscount"] for line in lines), ZERO
            ),
            "totalAmount": total - document["extraDiscountAmount"],
        }
        for name, wanted in sums.items():
            self.same(f"SIM-{name.upper()}", name, document[name], wanted)
