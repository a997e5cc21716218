"""The lines of an order (spec china 1.1, 2.6; 5.2 point 6).

A line that passes is kept as a dictionary of text: ``name``, ``code``, ``short``,
``spec``, ``unit``, ``price``, ``num``, ``rate``, ``excl``, ``tax``, ``incl``,
``property`` (0 normal, 1 discount, 2 discounted), ``with_tax``, ``policy``,
``own`` (selfCode and dField1 to 5), and ``index``, which counts from 1.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from . import amounts, special
from .fields import LINE
from .registry import Company, Registry
from .settings import Settings
from .shapes import Findings, check, join, text

MOST_LINES = 2000
NORMAL, DISCOUNT, DISCOUNTED = "0", "1", "2"
_POLICIES = tuple(f"{number:02}" for number in range(1, 19))
# Policies that name a rate.
_POLICY_RATES = {
    "03": ("0",),
    "04": ("0",),
    "08": ("0.03",),
    "09": ("0.05",),
    "10": ("0.015", "0.05"),
}
_OWN = ("selfCode", "dField1", "dField2", "dField3", "dField4", "dField5")


def checked(
    found: Findings, order: dict[str, Any], company: Company, registry: Registry
) -> list[dict[str, Any]]:
    """The lines of an order, as far as they are well-formed; notes what is wrong."""
    rows = order.get("invoiceDetail")
    if not isinstance(rows, list) or not rows:
        found.add("invoiceDetail", "has no lines", "E9122")
        return []
    if len(rows) > MOST_LINES:
        found.add("invoiceDetail", f"has {len(rows)} lines; 2000 are allowed")
        return []
    differential = text(order, "invoiceDifferenceType") == "02"
    made = []
    for position, row in enumerate(rows):
        path = f"invoiceDetail[{position}]"
        if check(found, row, path, LINE):
            line = _line(found, row, path, differential)
            line["index"] = position + 1
            _find_code(found, row, path, line, company, registry)
            made.append(line)
    if len(made) == len(rows):
        _check_discounts(found, made)
        _check_totals(found, made, special.deducted(order))
    return made


def _line(
    found: Findings, row: dict[str, Any], path: str, differential: bool
) -> dict[str, Any]:
    found.choice(row, path, "withTaxFlag", "0", "1")
    found.choice(row, path, "invoiceLineProperty", NORMAL, DISCOUNT, DISCOUNTED)
    found.choice(row, path, "favouredPolicyFlag", "0", *_POLICIES)
    rate = amounts.rate(found, row, path)
    policy = text(row, "favouredPolicyFlag")
    line = {
        "name": text(row, "goodsName"),
        "spec": text(row, "specType"),
        "unit": text(row, "unit"),
        "rate": text(row, "taxRate"),
        "property": text(row, "invoiceLineProperty") or NORMAL,
        "with_tax": text(row, "withTaxFlag") == "1",
        "policy": "" if policy == "0" else policy,
        "own": {name: text(row, name) for name in _OWN if text(row, name)},
    }
    _check_empty(found, row, path)
    _check_policy(found, path, line["policy"], rate)
    num, price = _quantities(found, row, path, line["property"])
    line["num"] = text(row, "num") if num is not None else ""
    line["price"] = text(row, "price") if price is not None else ""
    given = _amounts(found, row, path, rate, num, price)
    for name, amount in zip(("excl", "tax", "incl"), given, strict=True):
        line[name] = str(amount or amounts.ZERO)
    if None not in given:
        _check_sums(found, path, line, None if differential else rate)
        if num is not None and price is not None:
            shown = line["incl"] if line["with_tax"] else line["excl"]
            _check_price(found, path, num, price, Decimal(shown))
    return line


def _check_sums(
    found: Findings, path: str, line: dict[str, Any], rate: Decimal | None
) -> None:
    """A line's three amounts; the tax only where a rate is given."""
    excl, tax, incl = (Decimal(line[name]) for name in ("excl", "tax", "incl"))
    sign = -1 if line["property"] == DISCOUNT else 1
    if excl * sign <= 0 or incl * sign <= 0 or tax * sign < 0:
        what = "negative" if sign < 0 else "positive"
        found.add(path, f"the amounts of such a line are {what}")
    if excl + tax != incl:
        found.add(join(path, "taxIncludedAmount"), f"{excl} + {tax} != {incl}", "E9130")
    if rate is not None:
        difference = amounts.tax_difference(excl, rate, tax)
        if difference > found.settings.tax_tolerance:
            found.add(join(path, "tax"), f"is {difference} off", "E9131")


def _check_empty(found: Findings, row: dict[str, Any], path: str) -> None:
    """Fields that 数电 invoices do not have."""
    for name in ("zeroRateFlag", "favouredPolicyName"):
        if text(row, name):
            found.add(join(path, name), "has to be empty for this kind of invoice")
    if text(row, "deduction") not in ("", "0"):
        found.add(join(path, "deduction"), "is not supported for this kind of invoice")


def _check_policy(
    found: Findings, path: str, policy: str, rate: Decimal | None
) -> None:
    named = _POLICY_RATES.get(policy)
    if named and rate is not None and rate not in {Decimal(value) for value in named}:
        found.odd(
            found.settings.policy_rates,
            join(path, "favouredPolicyFlag"),
            f"{policy} goes with the rate {' or '.join(named)}",
        )


def _quantities(
    found: Findings, row: dict[str, Any], path: str, property_: str
) -> tuple[Decimal | None, Decimal | None]:
    num = amounts.quantity(found, row, path, "num")
    price = amounts.quantity(found, row, path, "price")
    if bool(text(row, "num")) != bool(text(row, "price")):
        found.add(join(path, "price"), "price and num come together or not at all")
    if price is not None and price <= 0:
        found.add(join(path, "price"), "is not positive")
    if property_ == DISCOUNT:
        if text(row, "num") or text(row, "price"):
            found.odd(
                found.settings.discount_quantity,
                join(path, "num"),
                "a discount has neither price nor num",
            )
    elif num is not None and num <= 0:
        code = found.settings.quantity_sign_code
        found.add(join(path, "num"), "is not positive", code)
    return num, price


def _amounts(
    found: Findings,
    row: dict[str, Any],
    path: str,
    rate: Decimal | None,
    num: Decimal | None,
    price: Decimal | None,
) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Tax-exclusive amount, tax, tax-inclusive amount: given, or computed."""
    given = {name: amounts.amount(found, row, path, name) for name in amounts.AMOUNTS}
    missing = [name for name in amounts.AMOUNTS if not text(row, name)]
    if not missing:
        return given["taxExcludedAmount"], given["tax"], given["taxIncludedAmount"]
    if not text(row, "price"):
        found.add(path, f"without price, {', '.join(missing)} must be given", "E9123")
        return None, None, None
    if rate is None or num is None or price is None:
        return None, None, None
    total = amounts.cents(num * price)
    if text(row, "withTaxFlag") == "1":
        excl = amounts.cents(total / (1 + rate))
        return excl, total - excl, total
    tax = amounts.cents(total * rate)
    return total, tax, total + tax


def _check_price(
    found: Findings, path: str, num: Decimal, price: Decimal, shown: Decimal
) -> None:
    difference = abs(num * price - shown)
    if difference > found.settings.price_tolerance:
        found.odd(
            found.settings.price_check,
            join(path, "price"),
            f"num x price is {difference} off the amount",
        )


def _find_code(
    found: Findings,
    row: dict[str, Any],
    path: str,
    line: dict[str, Any],
    company: Company,
    registry: Registry,
) -> None:
    """Take the line's tax classification code, or look it up by name."""
    settings, code = found.settings, text(row, "goodsCode")
    where = join(path, "goodsCode")
    if not code and not settings.goods_matching:
        found.add(where, "is missing", "E9121")
    elif not code:
        code = company.goods.get(line["name"], "")
        if not code:
            found.add(where, f"nothing matches {line['name']!r}", "E9138")
    elif len(code) != 19 or not (code.isascii() and code.isdecimal()):
        found.add(where, "is not 19 digits", "E9121")
    elif code not in registry.goods and settings.unknown_goods_codes == "refused":
        found.add(where, f"there is no code {code}", "E9121")
    line["code"] = code
    line["short"] = registry.goods.get(code, "")


def _check_discounts(found: Findings, lines: list[dict[str, Any]]) -> None:
    """A discount stands directly after the one line that it is for."""
    previous: dict[str, Any] = {"property": NORMAL}
    for line in [*lines, {"property": NORMAL, "index": len(lines) + 1}]:
        path = f"invoiceDetail[{line['index'] - 1}]"
        if line["property"] == DISCOUNT and previous["property"] != DISCOUNTED:
            found.add(path, "no discounted line stands before it", "E9110")
        elif line["property"] == DISCOUNT:
            _check_discount(found, path, line, previous)
        elif previous["property"] == DISCOUNTED:
            before = f"invoiceDetail[{previous['index'] - 1}]"
            found.add(before, "no discount stands after it", "E9110")
        previous = line


def _check_discount(
    found: Findings, path: str, line: dict[str, Any], main: dict[str, Any]
) -> None:
    if line["name"] != main["name"]:
        found.add(join(path, "goodsName"), "is not the discounted line's", "E9105")
    if amounts.parse(line["rate"]) != amounts.parse(main["rate"]):
        found.add(join(path, "taxRate"), "is not the discounted line's", "E9112")
    if line["code"] != main["code"]:
        found.add(join(path, "goodsCode"), "is not the discounted line's")
    for name in ("excl", "tax", "incl"):
        if -Decimal(line[name]) > Decimal(main[name]):
            found.add(path, "is more than the discounted line", "E9108")
            return


def _check_totals(
    found: Findings, lines: list[dict[str, Any]], deducted: Decimal | None
) -> None:
    off = _tax_differences(found.settings, lines, deducted)
    if off > found.settings.tax_total_tolerance:
        text_ = f"the taxes are {off} off together"
        found.odd(found.settings.tax_total, "invoiceDetail", text_, "E9131")
    if not found.problems and sum(Decimal(line["incl"]) for line in lines) <= 0:
        found.add("invoiceDetail", "the total is not positive")


def _tax_differences(
    settings: Settings, lines: list[dict[str, Any]], deducted: Decimal | None
) -> Decimal:
    """How far the lines' taxes are off together. Of a differential invoice, the tax is
    on what the deduction leaves; where that is of several lines, or not looked at,
    nobody can tell."""
    if deducted is not None and (
        len(lines) != 1 or settings.differential_tax == "ignored"
    ):
        return Decimal(0)
    off = Decimal(0)
    for line in lines:
        rate = amounts.parse(line["rate"])
        if rate is not None:
            taxed = Decimal(line["excl"]) - (deducted or 0)
            off += amounts.tax_difference(taxed, rate, Decimal(line["tax"]))
    return off
