"""Arithmetic that receipts and documents share (ETA SDK, /main-calculations/).

Two measures: with ``exact_sums`` sums and identities hold to 0.00001 and taxes
to 0.01; without, everything holds to 0.5, which is what ETA is said to allow.
"""

from collections import Counter
from decimal import Decimal
from typing import NamedTuple

from .codes import FIXED_SUBTYPES
from .findings import SIMPLE, Finding
from .settings import Settings

ZERO = Decimal(0)
HUNDRED = Decimal(100)
FIFTH_DIGIT = Decimal("0.00001")
FEES = tuple(f"T{number}" for number in range(5, 13))


class Arithmetic:
    """What receipts and documents have in common; collects findings."""

    def __init__(self, settings: Settings) -> None:
        exact = settings.exact_sums
        loose = settings.loose_tolerance
        self.sums = settings.sum_tolerance if exact else loose
        self.tax_tolerance = settings.tax_tolerance if exact else loose
        self.findings: list[Finding] = []

    def add(self, code: str, path: str, message: str) -> None:
        """Note a fault."""
        self.findings.append(Finding(SIMPLE, code, path, message))

    def same(
        self,
        code: str,
        path: str,
        found: Decimal,
        wanted: Decimal,
        tolerance: Decimal | None = None,
    ) -> None:
        """Note a fault when two amounts differ by more than the tolerance."""
        if abs(found - wanted) > (self.sums if tolerance is None else tolerance):
            name = path.rpartition(".")[2]
            self.add(
                code,
                path,
                f"{name} [{found}] must be [{wanted.normalize():f}], "
                f"difference [{abs(found - wanted).normalize():f}]",
            )

    def taxes(
        self, line: dict, path: str, net: Decimal, discount: Decimal
    ) -> dict[str, Decimal]:
        """Check the taxes of a line; their amounts by type.

        :param net: what the line's taxes are about
        :param discount: what goes off after tax
        """
        amounts: dict[str, Decimal] = {}
        items = line.get("taxableItems", ())
        for index, item in enumerate(items):
            kind = item["taxType"]
            if kind in amounts:
                self.add(
                    "SIM-TAXTYPE-TWICE",
                    f"{path}.taxableItems[{index}].taxType",
                    f"tax type {kind} stands twice in this line",
                )
            amounts[kind] = amounts.get(kind, ZERO) + item["amount"]
        bases = _bases(line, amounts, net, discount)
        for index, item in enumerate(items):
            self._tax(item, bases, f"{path}.taxableItems[{index}]")
        return amounts

    def _tax(self, item: dict, bases: "_Bases", path: str) -> None:
        kind, rate = item["taxType"], item.get("rate")
        if kind in ("T3", "T6"):
            if rate:
                message = f"rate of {kind}, a fixed amount, must be 0"
                self.add("SIM-FIXED-RATE", f"{path}.rate", message)
            return
        if rate is None or (not rate and item.get("subType") in FIXED_SUBTYPES):
            return
        wanted = rate * bases.of(kind) / HUNDRED
        code = "Rule42T1" if kind == "T1" else f"SIM-RULE-{kind}"
        self.same(code, f"{path}.amount", item["amount"], wanted, self.tax_tolerance)

    def tax_totals(self, rows: list[dict], lines: list[dict]) -> None:
        """``taxTotals`` has one row per type with the sum of the lines."""
        wanted: dict[str, Decimal] = {}
        for line in lines:
            for item in line.get("taxableItems", ()):
                kind = item["taxType"]
                wanted[kind] = wanted.get(kind, ZERO) + item["amount"]
        for kind, count in Counter(row["taxType"] for row in rows).items():
            if count > 1:
                message = f"tax type {kind} has {count} rows"
                self.add("SIM-TAXTOTALS-TWICE", "taxTotals", message)
        for index, row in enumerate(rows):
            path = f"taxTotals[{index}].amount"
            amount = wanted.pop(row["taxType"], ZERO)
            self.same("SIM-TAXTOTALS", path, row["amount"], amount)
        for kind, amount in wanted.items():
            if amount:
                message = f"taxTotals has no row for {kind}, sum [{amount}]"
                self.add("SIM-TAXTOTALS", "taxTotals", message)


class _Bases(NamedTuple):
    net: Decimal
    before_vat: Decimal
    t2: Decimal
    after_discount: Decimal

    def of(self, kind: str) -> Decimal:
        if kind == "T1":
            return self.before_vat + self.t2
        if kind == "T2":
            return self.before_vat
        if kind == "T4":
            return self.after_discount
        return self.net


def _bases(
    line: dict, amounts: dict[str, Decimal], net: Decimal, discount: Decimal
) -> _Bases:
    fees = fees_of(amounts)
    before_vat = (
        net + line.get("valueDifference", ZERO) + fees + amounts.get("T3", ZERO)
    )
    t2 = amounts.get("T2", ZERO)
    return _Bases(net, before_vat, t2, net - discount)


def fees_of(amounts: dict[str, Decimal]) -> Decimal:
    """The sum of the taxable fees, T5 to T12."""
    return sum((amounts.get(kind, ZERO) for kind in FEES), ZERO)


def line_total(net: Decimal, amounts: dict[str, Decimal], discount: Decimal) -> Decimal:
    """What a line comes to; T4 is withheld and so goes off."""
    taxes = sum(amounts.values(), ZERO) - 2 * amounts.get("T4", ZERO)
    return net + taxes - discount
