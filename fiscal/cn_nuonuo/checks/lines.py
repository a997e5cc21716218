"""The receipt's lines: names, codes, quantities, and one VAT each."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from ...contract import Line, TaxAmount
from ...messages import _
from ..amounts import LARGEST, VAT, is_amount, is_quantity, vat_of
from ..builder import CONSTRUCTION, is_nothing, special_of, takes_back
from ..code_tables import table, vat_rates
from ..text import clean
from .findings import Findings

_CODE = re.compile(r"[0-9]{19}")
_EXEMPT = ("03", "04")
_REDUCED, _REDUCED_RATE = "10", Decimal("1.5")
_RATES = {"08": Decimal(3), "09": Decimal(5), _REDUCED: _REDUCED_RATE}
_MOST = Decimal(10) ** 15


def check_lines(found: Findings) -> bool:
    """Check every line and the total.

    :return: whether the amounts can be used
    """
    receipt = found.receipt
    usable = _amount(found, receipt.total, "total", receipt)
    if not receipt.lines:
        found.add(
            "E9122",
            _("The document has no lines. Add what is sold."),
            "lines",
            receipt.record,
        )
    for index, line in enumerate(receipt.lines):
        path = f"lines[{index}]"
        left_out = found.settings.zero_lines == "leave_out"
        if left_out and _finite(line) and is_nothing(line):
            continue
        _check_words(found, line, path)
        # all of them are to be looked at
        checks = [
            _check_figures(found, line, path),
            _check_quantity(found, line, path),
            _check_tax(found, line, path),
        ]
        usable = usable and all(checks)
    return usable


def _finite(line: Line) -> bool:
    values = [line.net, line.gross, *(tax.amount for tax in line.taxes)]
    return all(isinstance(one, Decimal) and one.is_finite() for one in values)


def _amount(found: Findings, value: Any, path: str, where: Any) -> bool:
    if is_amount(value) and value >= 0:
        return True
    found.add(
        "amount_unusable",
        _(
            "%(value)s is no amount that a fapiao takes: whole cents, not negative,"
            " less than %(most)s. Correct it on the document."
        ),
        path,
        where.record,
        value=str(value),
        most=LARGEST,
    )
    return False


def _check_words(found: Findings, line: Line, path: str) -> None:
    name = clean(line.description)
    if not name:
        found.add(
            "name_missing",
            _("A line says nothing of what is sold. Enter a description."),
            path,
            line.record,
        )
    code = clean(line.item_code)
    if code and not _CODE.fullmatch(code):
        found.add(
            "tax_code",
            _(
                "“%(code)s” is no tax classification code: it has 19 digits. Correct"
                " the code of “%(line)s”."
            ),
            path,
            line.record,
            code=code,
            line=name[:60],
        )
    elif not code and found.settings.codes_required and line.free_text:
        found.add(
            "E9121",
            _(
                "“%(line)s” is sold without a product, so it has no tax classification"
                " code. Choose a product on this line."
            ),
            path,
            line.record,
            line=name[:60],
        )
    elif not code and found.settings.codes_required:
        found.add(
            "E9121",
            _(
                "“%(line)s” has no tax classification code (19 digits). Map one to the"
                " product."
            ),
            path,
            line.record,
            line=name[:60],
        )


def _check_figures(found: Findings, line: Line, path: str) -> bool:
    amounts = [line.net, *(tax.amount for tax in line.taxes)]
    checked = [_amount(found, one, path, line) for one in amounts]
    gross = line.gross
    if line.discounts and not _is_gross(gross):
        checked.append(_amount(found, gross, path, line))
    if not all(checked):
        return False
    if is_nothing(line):
        found.add(
            "line_zero",
            _(
                "“%(line)s” costs nothing, and a fapiao has no such lines. Take it"
                " off, or tell in the registration that they are left out."
            ),
            path,
            line.record,
            line=clean(line.description)[:60],
        )
        return False
    return True


def _is_gross(value: Any) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and 0 <= value < LARGEST


def _check_quantity(found: Findings, line: Line, path: str) -> bool:
    if special_of(found.receipt) == CONSTRUCTION or line.data.get("amount_only"):
        return True
    if is_quantity(line.quantity) and line.quantity < _MOST:
        return True
    found.add(
        "quantity",
        _(
            "The quantity of “%(line)s” is %(quantity)s; a fapiao takes positive ones"
            " with at most eight decimals. Correct it."
        ),
        path,
        line.record,
        line=clean(line.description)[:60],
        quantity=str(line.quantity),
    )
    return False


def _check_tax(found: Findings, line: Line, path: str) -> bool:
    tax = vat_of(line)
    if tax is None or tax.type != VAT or tax.rate is None:
        found.add(
            "line_tax",
            _(
                "The line “%(line)s” needs exactly one tax, a VAT with a rate in"
                " percent, and has: %(taxes)s. Correct its taxes; what is exempt or"
                " not taxable has 0 %% and says so by its policy."
            ),
            path,
            line.record,
            line=clean(line.description)[:60],
            taxes=", ".join(clean(one.name) or one.type for one in line.taxes) or "-",
        )
        return False
    return _check_rate(found, line, tax, path)


def _check_rate(found: Findings, line: Line, tax: TaxAmount, path: str) -> bool:
    record, rate = tax.record or line.record, tax.rate
    name, policy = clean(tax.name) or tax.type, clean(tax.subtype)
    assert rate is not None
    known = rate.is_finite() and 0 <= rate < 100 and rate == round(rate, 3)
    if known and found.settings.strict_rates and not takes_back(found.receipt):
        known = rate in vat_rates()
    if not known or (rate == _REDUCED_RATE and policy != _REDUCED):
        found.add(
            "rate",
            _(
                "The tax “%(tax)s” has the rate %(rate)s %%, which is none of VAT (1.5"
                " %% only with policy 10). Correct the tax."
            ),
            path,
            record,
            tax=name,
            rate=str(rate),
        )
    _check_policy(found, line, tax, path, known)
    return known


def _check_policy(
    found: Findings, line: Line, tax: TaxAmount, path: str, known: bool
) -> None:
    """Check a policy, and that the rate is its own.

    :param known: the rate can be compared
    """
    record, rate = tax.record or line.record, tax.rate
    name, policy = clean(tax.name) or tax.type, clean(tax.subtype)
    if policy and policy not in table("tax_subtype"):
        found.add(
            "policy",
            _(
                "“%(policy)s” is no preferential policy of VAT: 01 to 18. Correct what"
                " the tax “%(tax)s” is mapped to."
            ),
            path,
            record,
            policy=policy,
            tax=name,
        )
    wanted = Decimal(0) if policy in _EXEMPT else _RATES.get(policy)
    if known and wanted is not None and rate != wanted:
        found.add(
            "policy_rate",
            _(
                "With policy %(policy)s the rate is %(wanted)s %%, and the tax"
                " “%(tax)s” has %(rate)s %%. Correct rate or policy."
            ),
            path,
            record,
            policy=policy,
            wanted=wanted,
            tax=name,
            rate=rate,
        )
