"""What requestBillingNew asks of an order but its lines (5.2 points 5 and 7)."""

from __future__ import annotations

import re
from typing import Any

from . import fields, lines, special
from .names import KINDS
from .registry import Company, Registry
from .settings import Settings
from .shapes import Findings, check, is_moment, measure, text

_MOST_COPIES = 5
_MOST_ELEMENTS = 10
_REMARK = 200
_NODES = (*fields.NODES, *fields.STRANGE_NODES, "invoiceDetail")
_PAPERS = {"ec": ("04", "05"), "es": ("1130", "1140", "1160", "1170")}


def checked(
    order: dict[str, Any], company: Company, registry: Registry, settings: Settings
) -> tuple[Findings, list[dict[str, Any]]]:
    """Everything that is wrong with an order, and its lines where nothing is."""
    found = Findings(settings)
    filled = _filled(order, company)
    check(found, filled, "order", fields.ORDER, _NODES)
    found.problems = [
        problem._replace(path=problem.path.removeprefix("order."))
        for problem in found.problems
    ]
    _check_kind(found, order, company)
    _check_buyer(found, order)
    _check_delivery(found, order)
    _check_values(found, order)
    _check_elements(found, order)
    made = lines.checked(found, order, company, registry)
    special.check_special(found, order, made)
    return found, made


def _filled(order: dict[str, Any], company: Company) -> dict[str, Any]:
    """The order with what the seller has set in the platform's console."""
    defaults = {"salerTel": company.telephone, "salerAddress": company.address}
    missing = {name: value for name, value in defaults.items() if not text(order, name)}
    return {**order, **missing}


def seller_complete(order: dict[str, Any], company: Company) -> dict[str, Any]:
    """The order as it is kept: with the seller's own data, without lines."""
    filled = _filled(order, company)
    if not text(filled, "salerAccount"):
        filled["salerAccount"] = company.bank_account
    filled.pop("invoiceDetail", None)
    return filled


def _check_kind(found: Findings, order: dict[str, Any], company: Company) -> None:
    if text(order, "invoiceType") != "1":
        detail = "is 1 here; red letters go through a confirmation and fastInvoiceRed"
        found.add("invoiceType", detail, "E9101")
    line = text(order, "invoiceLine")
    if line not in KINDS:
        detail = f"{line or 'p'!r} is not simulated: bs, pc, es, ec are"
        found.add("invoiceLine", detail)
    elif line not in company.kinds:
        found.add("invoiceLine", f"the seller may not issue {line}", "E9338")
    if text(order, "proxyInvoiceFlag") not in ("", "0"):
        found.add("proxyInvoiceFlag", "is for other kinds of invoices", "E9107")
    for name in ("invoiceCode", "invoiceNum", "billInfoNo"):
        if text(order, name):
            found.add(name, "is for red letters of other kinds", "E9102")
    if text(order, "listFlag") not in ("", "0"):
        found.add("listFlag", "is 0 for electronic invoices")
    paper = text(order, "paperInvoiceType")
    if paper and paper not in _PAPERS.get(line, ()):
        found.add("paperInvoiceType", f"{paper!r} is not for {line}")


def _check_buyer(found: Findings, order: dict[str, Any]) -> None:
    line, number = text(order, "invoiceLine"), text(order, "buyerTaxNum")
    settings = found.settings
    found.choice(order, "", "naturalPersonFlag", "0", "1")
    found.choice(order, "", "taxNumVerifyFlag", "0", "1")
    found.choice(order, "", "naturalPersonVerifyFlag", "0", "1")
    natural = text(order, "naturalPersonFlag") == "1"
    if line in KINDS and KINDS[line].special and not number:
        found.add("buyerTaxNum", f"is missing; {line} needs it")
    elif natural and not number and settings.natural_person_number == "required":
        found.add("buyerTaxNum", "is missing; a natural person's number is needed")
    if number and not re.fullmatch("[0-9A-Z]{15,20}", number):
        detail = "has not 15 to 20 digits and capital letters"
        found.odd(settings.buyer_number_form, "buyerTaxNum", detail)
    if natural and line != "pc":
        found.add("naturalPersonFlag", "is for pc only")
    both = text(order, "buyerAddress") + text(order, "buyerTel")
    if measure(settings, both) > 100:
        found.add("buyerAddress", "address and telephone are longer than 100 together")
    found.choice(order, "", "managerCardType", *special.CARD_TYPES)


def _check_delivery(found: Findings, order: dict[str, Any]) -> None:
    found.choice(order, "", "pushMode", "-1", "0", "1", "2")
    mode = text(order, "pushMode") or "1"
    if mode in ("1", "2") and not text(order, "buyerPhone"):
        found.add("buyerPhone", f"is missing; pushMode {mode} needs it")
    if mode in ("0", "2") and not text(order, "email"):
        found.add("email", f"is missing; pushMode {mode} needs it")
    for copies, main in (("ccPhone", "buyerPhone"), ("ccEmail", "email")):
        rows = [row for row in text(order, copies).split(",") if row]
        if rows and not text(order, main):
            found.add(copies, f"is only allowed beside {main}")
        if len(rows) > _MOST_COPIES:
            found.add(copies, "has more than 5 rows")


def _check_values(found: Findings, order: dict[str, Any]) -> None:
    when = text(order, "invoiceDate")
    if when and not is_moment(when):
        found.add("invoiceDate", "is no moment yyyy-MM-dd HH:mm:ss")
    if measure(found.settings, text(order, "remark")) > _REMARK:
        found.add("remark", "is longer than 200")
    found.choice(order, "", "showBankAccountType", "0", "1", "2", "3")
    found.choice(order, "", "surveyAnswerType", "1", "2", "3")
    for name in ("extensionNumber", "terminalNumber"):
        value = text(order, name)
        if value and not (value.isascii() and value.isdecimal()):
            found.add(name, "has other characters than digits")


def _check_elements(found: Findings, order: dict[str, Any]) -> None:
    name, path = "additionalElementName", "additionalElementList"
    rows = order.get(path)
    if not rows:
        if text(order, name):
            found.add(path, f"is missing beside {name}")
        return
    if not text(order, name):
        found.add(name, f"is missing beside {path}")
    if not isinstance(rows, list) or len(rows) > _MOST_ELEMENTS:
        found.add(path, "has up to 10 rows")
        return
    for position, row in enumerate(rows):
        check(found, row, f"{path}[{position}]", fields.ELEMENT)
