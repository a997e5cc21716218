"""The lines: amounts that can be sent, and taxes that have a place in the message."""

from __future__ import annotations

from typing import Any

from ...contract import Line, TaxAmount
from ...messages import _
from ..amounts import FEE, LARGEST, OTHER, base_of, is_amount, is_rate, takes_net
from ..code_tables import table
from ..facts import clean
from .findings import Findings

_LONGEST_NAME = 100


def check_lines(found: Findings) -> bool:
    """Check every line and the total.

    :return: whether the amounts can be summed up
    """
    receipt = found.receipt
    usable = _check_amount(found, receipt.total, "IznosUkupno", receipt)
    for index, line in enumerate(receipt.lines):
        path = f"lines[{index}]"
        amounts = [line.net, *(tax.amount for tax in line.taxes)]
        if line.data.get("tax_base") is not None:
            amounts.append(line.data["tax_base"])
        # a list: each of them is to be looked at
        checked = [_check_amount(found, one, path, line) for one in amounts]
        rates = [_check_tax(found, tax, path, line) for tax in line.taxes]
        if all(checked) and all(rates):
            _check_place(found, line, path)
        else:
            usable = False
    return usable


def _check_amount(found: Findings, value: Any, path: str, where: Any) -> bool:
    if is_amount(value):
        return True
    found.add(
        "amount_unusable",
        _(
            "%(value)s is no amount that the authority takes: whole cents, less than"
            " %(most)s. Correct it on the document."
        ),
        path,
        where.record,
        value=str(value),
        most=LARGEST,
    )
    return False


def _check_tax(found: Findings, tax: TaxAmount, path: str, line: Line) -> bool:
    record = tax.record or line.record
    name = clean(tax.name)
    if tax.type not in table("tax_type"):
        found.add(
            "tax_type",
            _(
                "It is not known what the tax “%(tax)s” is to the authority. Map it to"
                " VAT, consumption tax, exempt, margin scheme, out of scope or a fee."
            ),
            path,
            record,
            tax=name or tax.type,
        )
        return False
    if tax.rate is not None and not is_rate(tax.rate):
        found.add(
            "rate_unusable",
            _(
                "The tax “%(tax)s” has the rate %(rate)s, which the authority does not"
                " take: percent with at most two decimals. Correct the tax."
            ),
            path,
            record,
            tax=name or tax.type,
            rate=str(tax.rate),
        )
        return False
    if tax.type in (FEE, OTHER) and not 0 < len(name) <= _LONGEST_NAME:
        found.add(
            "tax_name",
            _(
                "The name “%(name)s” is printed with its amount and needs 1 to %(most)s"
                " characters. Correct the tax's name."
            ),
            path,
            record,
            name=name,
            most=_LONGEST_NAME,
        )
        return False
    if tax.rate is None and not _may_lack_rate(tax):
        found.add(
            "rate_missing",
            _("The tax “%(tax)s” needs a rate in percent. Correct the tax."),
            path,
            record,
            tax=name or tax.type,
        )
        return False
    return True


def _may_lack_rate(tax: TaxAmount) -> bool:
    return tax.type == FEE or (takes_net(tax) and not tax.amount)


def _check_place(found: Findings, line: Line, path: str) -> None:
    """Check that a line's net has one place in the message."""
    if not found.settings.in_vat:
        return
    places = [tax for tax in line.taxes if takes_net(tax)]
    if not places and not base_of(line):
        return
    if not places and not line.net:
        return  # a tax on what stands in another line
    if len(places) == 1:
        return
    found.add(
        "line_taxes",
        _(
            "The line “%(line)s” has no tax that tells what it is to VAT. Give it one:"
            " a VAT rate, exempt, margin scheme, out of scope or a fee."
        )
        if not places
        else _(
            "The line “%(line)s” has several taxes that each tell what it is to VAT:"
            " %(taxes)s. Leave one of them."
        ),
        path,
        line.record,
        line=clean(line.description)[:60],
        taxes=", ".join(clean(tax.name) or tax.type for tax in places),
    )
