"""The lines as they are issued, by the tolerances of spec china 2.6."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from ...messages import _
from ..amounts import LARGEST, price_gap, tax_gap
from ..fapiao import DISCOUNT, FapiaoLine
from .document import MOST_LINES
from .findings import Findings, yuan


def check_amounts(found: Findings) -> None:
    """Check each line, the sum of their differences, and the total."""
    fapiao = found.fapiao
    assert fapiao is not None
    deducted = _deducted(found.receipt.data.get("differential"))
    gaps = Decimal(0)
    for index, line in enumerate(fapiao.lines):
        path, record = f"lines[{index}]", found.sources[index]
        gap = tax_gap(line, deducted if not index else Decimal(0))
        gaps += gap
        if gap > found.settings.tax_tolerance:
            _add_tax(found, line, path, record, gap)
        _check_line(found, line, path, record)
    _check_sums(found, gaps)


def _deducted(vouchers: Any) -> Decimal:
    """Return what the tax is not reckoned of; 0 if it cannot be read."""
    total = Decimal(0)
    for voucher in vouchers or ():
        text = voucher.get("differenceTaxtotal") if isinstance(voucher, Mapping) else ""
        try:
            total += Decimal(str(text))
        except ArithmeticError:
            return Decimal(0)
    return total if total.is_finite() else Decimal(0)


def _add_tax(
    found: Findings, line: FapiaoLine, path: str, record: Any, gap: Decimal
) -> None:
    found.add(
        "E9131",
        _(
            "The tax of “%(line)s” is %(tax)s, which is %(gap)s from %(rate)s %% of"
            " %(net)s; at most %(most)s is taken. Correct the tax of the line."
        ),
        path,
        record,
        line=line.name[:60],
        tax=yuan(line.tax),
        gap=yuan(gap),
        rate=line.rate * 100,
        net=yuan(line.net),
        most=yuan(found.settings.tax_tolerance),
    )


def _check_line(found: Findings, line: FapiaoLine, path: str, record: Any) -> None:
    if line.nature == DISCOUNT:
        if line.net >= 0 or line.tax > 0:
            found.add(
                "E9108",
                _(
                    "The discount on “%(line)s” is no reduction: it comes to %(net)s"
                    " before and %(tax)s of tax. Correct price and discount."
                ),
                path,
                record,
                line=line.name[:60],
                net=yuan(line.net),
                tax=yuan(line.tax),
            )
        return
    if line.price is not None and line.price <= 0:
        found.add(
            "price_lost",
            _(
                "The price of “%(line)s” is too small to be written with eight"
                " decimals. Choose a larger unit."
            ),
            path,
            record,
            line=line.name[:60],
        )
    elif price_gap(line) > found.settings.price_tolerance:
        found.add(
            "price_imprecise",
            _(
                "Quantity times price of “%(line)s” is %(gap)s off its amount, since a"
                " price has at most eight decimals. Choose a larger unit."
            ),
            path,
            record,
            line=line.name[:60],
            gap=yuan(price_gap(line)),
        )


def _check_sums(found: Findings, gaps: Decimal) -> None:
    fapiao, receipt, settings = found.fapiao, found.receipt, found.settings
    assert fapiao is not None
    if len(fapiao.lines) > MOST_LINES:
        found.add(
            "too_many_lines",
            _(
                "The fapiao would have %(count)s lines, discounts included; at most"
                " %(most)s fit. Split the document."
            ),
            "lines",
            receipt.record,
            count=len(fapiao.lines),
            most=MOST_LINES,
        )
    told = any(one.code == "E9131" for one in found.problems)
    if settings.sum_tolerance and gaps > settings.sum_tolerance and not told:
        found.add(
            "tax_differences",
            _(
                "The differences of the lines' taxes add up to %(gaps)s; at most"
                " %(most)s is taken. Split the document, or correct the taxes."
            ),
            "lines",
            receipt.record,
            gaps=yuan(gaps),
            most=yuan(settings.sum_tolerance),
        )
    if abs(fapiao.total) != receipt.total or _too_large(
        (fapiao.net, fapiao.tax, fapiao.total)
    ):
        found.add(
            "total",
            _(
                "The document comes to %(total)s, but its lines to %(sum)s. Correct the"
                " lines, and leave rounding to the payment."
            ),
            "lines",
            receipt.record,
            total=yuan(receipt.total),
            sum=yuan(abs(fapiao.total)),
        )


def _too_large(amounts: Iterable[Decimal]) -> bool:
    return any(abs(amount) >= LARGEST for amount in amounts)
