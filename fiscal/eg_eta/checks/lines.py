"""The lines of a document: what was sold, its codes, and whether its numbers can be
worked with."""

from __future__ import annotations

import re
from decimal import Decimal

from ...contract import Discount, Line
from ...findings import whether
from ...messages import _
from ..amounts import LineFigures, decimal_of
from ..code_tables import codes
from ..gs1 import is_gs1
from ..jsontext import clean
from .findings import Findings, check_text, fits_decimals, is_amount, is_number
from .words import in_words

MOST_LINES = 300

_EGS = re.compile(r"EG-[0-9]+-.+")


def computable(found: Findings) -> bool:
    """Tell whether every number is finite, so that amounts can be computed; notes
    those that are not."""
    before = len(found.problems)
    receipt = found.receipt
    if not is_number(receipt.total):
        _unusable(found, found.form.total, None, receipt.total)
    for discount in receipt.discounts:
        _check_discount(found, discount, found.form.discounts, None)
    for index, line in enumerate(receipt.lines):
        path = f"{found.form.lines}[{index}]."
        _check_numbers(found, line, path)
        for tax in line.taxes:
            if not is_number(tax.amount):
                _unusable(found, path + "taxableItems", line, tax.amount)
            elif tax.rate is not None and not is_number(tax.rate):
                _unusable(found, path + "taxableItems", line, tax.rate)
    return len(found.problems) == before


def _check_numbers(found: Findings, line: Line, path: str) -> None:
    quantity, net, form = line.quantity, line.net, found.form
    before = len(found.problems)
    if not is_number(quantity) or quantity <= 0 or not fits_decimals(quantity):
        found.add(
            "quantity_unusable",
            _(
                "The quantity of “%(product)s” is %(quantity)s; the authority takes a"
                " quantity above 0 with at most 5 decimals. Correct it on the line."
            ),
            path + "quantity",
            line.record,
            product=line.description,
            quantity=quantity,
        )
    if not is_number(net) or net < 0 or not fits_decimals(net):
        found.add(
            "net_unusable",
            _(
                "The amount of “%(product)s” is %(amount)s; the authority takes none"
                " below 0 and at most 5 decimals. Set it off against the line that it"
                " reduces."
            ),
            path + form.line_net,
            line.record,
            product=line.description,
            amount=found.money(net),
        )
    if len(found.problems) > before:
        return  # price and discounts follow from these: what is wrong is told once
    if not is_number(line.gross) or line.gross < 0:
        _unusable(found, path + form.line_price, line, line.gross)
    for discount in line.discounts:
        _check_discount(found, discount, path + form.line_discounts, line)
    for discount in line.data.get("item_discounts", ()):
        _check_discount(found, discount, path + form.item_discounts, line)
    difference = decimal_of(line.data.get("value_difference", 0))
    if not is_amount(difference):
        _unusable(found, path + "valueDifference", line, difference)


def _unusable(found: Findings, path: str, line: Line | None, value: object) -> None:
    found.add(
        "amount_unusable",
        _(
            "%(field)s of “%(product)s” is %(value)s; the authority takes numbers of at"
            " least 0 and with at most 5 decimals. Correct the amounts of the line."
        )
        if line
        else _(
            "%(field)s is %(value)s; the authority takes numbers of at least 0 and"
            " with at most 5 decimals. Correct the amounts of the document."
        ),
        path,
        line.record if line else None,
        field=in_words(path),
        value=value,
        product=line.description if line else "",
    )


def _check_discount(
    found: Findings, discount: Discount, path: str, line: Line | None
) -> None:
    amount, rate = discount.amount, discount.rate
    if not is_number(amount) or amount < 0:
        _unusable(found, path + ".amount", line, amount)
    if rate is not None and not is_amount(rate):
        _unusable(found, path + ".rate", line, rate)
    if not found.form.described:
        return
    record = line.record if line else None
    if not clean(discount.description):
        found.add(
            "discount_unnamed",
            _("A discount has no description. Describe it."),
            path + ".description",
            record,
        )
    check_text(found, discount.description, path + ".description", 50, "line", record)


def check_lines(found: Findings) -> None:
    """Check how many lines there are, and each line's texts, codes and price."""
    lines = found.receipt.lines
    if not 1 <= len(lines) <= MOST_LINES:
        found.add(
            "line_count",
            _(
                "The receipt has %(count)s lines; the authority takes 1 to %(most)s."
                " Split the document."
            ),
            found.form.lines,
            None,
            count=len(lines),
            most=MOST_LINES,
        )
    for index, line in enumerate(lines):
        path = f"{found.form.lines}[{index}]."
        check_line(found, line, path)
        _check_internal_code(found, line, path)
        if found.figures is not None:
            check_price(found, line, found.figures.lines[index], path)


def check_line(found: Findings, line: Line, path: str) -> None:
    """Check a line's texts and codes."""
    if not clean(line.description):
        found.add(
            "description_missing",
            _("A line has no description. Describe what was sold."),
            path + "description",
            line.record,
        )
    for text, member, limit in (
        (line.description, "description", 500),
        (line.internal_code, "internalCode", 50),
        (line.item_code, "itemCode", 100),
    ):
        check_text(found, text, path + member, limit, "line", line.record)
    _check_item_code(found, line, path)
    _check_unit(found, line, path)


def _check_internal_code(found: Findings, line: Line, path: str) -> None:
    # a line without a product is told of once, with its item code
    if not clean(line.internal_code) and not line.free_text:
        found.add(
            "internal_code_missing",
            _(
                "The product “%(product)s” has no internal reference. Enter one on the"
                " product."
            ),
            path + "internalCode",
            line.record,
            product=line.description,
        )


def _check_item_code(found: Findings, line: Line, path: str) -> None:
    code = clean(line.item_code)
    _check_item_scheme(found, line, path)
    if not code and line.free_text:
        found.add(
            "product_missing",
            _(
                "“%(line)s” is sold without a product, so it has no item code. Choose"
                " a product on this line."
            ),
            path + "itemCode",
            line.record,
            line=line.description,
        )
    elif not code:
        found.add(
            "item_code_missing",
            _(
                "The product “%(product)s” has no item code (GS1 or EGS) registered"
                " with the authority. Enter it on the product or its category."
            ),
            path + "itemCode",
            line.record,
            product=line.description,
        )
    elif line.item_scheme == "EGS" and not _EGS.fullmatch(code):
        found.add(
            "egs_code_malformed",
            _(
                "The EGS code “%(code)s” of the product “%(product)s” does not look"
                " like EG-<registration number>-<code>. Correct it on the product."
            ),
            path + "itemCode",
            line.record,
            code=code,
            product=line.description,
        )
    elif line.item_scheme == "GS1" and not is_gs1(code):
        found.add(
            "gs1_code_malformed",
            _(
                "The GS1 code “%(code)s” of the product “%(product)s” cannot be right:"
                " the number of a barcode has 8, 12, 13 or 14 digits, the last of which"
                " follows from the others; a GPC brick has 8 and begins with 10."
                " Correct it on the product."
            ),
            path + "itemCode",
            line.record,
            code=code,
            product=line.description,
        )


def _check_item_scheme(found: Findings, line: Line, path: str) -> None:
    # a product without any code is told so once, with its code
    if (line.item_scheme or clean(line.item_code)) and line.item_scheme not in codes(
        "item_type"
    ):
        found.add(
            "item_scheme_unknown",
            whether(
                line.item_scheme,
                _(
                    "“%(scheme)s” is no kind of item code. Choose GS1 or EGS for the"
                    " product “%(product)s”."
                ),
                _(
                    "The item code of the product “%(product)s” is of no kind. Choose"
                    " GS1 or EGS for it."
                ),
            ),
            path + "itemType",
            line.record,
            scheme=line.item_scheme,
            product=line.description,
        )


def _check_unit(found: Findings, line: Line, path: str) -> None:
    if line.unit in codes("unit"):
        return
    message = (
        _(
            "The unit of measure “%(unit)s” has the code “%(code)s”, which the"
            " authority does not know. Map the unit to one of its codes."
        )
        if line.unit
        else _(
            "The unit of measure “%(unit)s” of “%(product)s” has no code of the"
            " authority. Map the unit to one of its codes."
        )
    )
    found.add(
        "unit_unknown" if line.unit else "unit_missing",
        message,
        path + "unitType",
        line.record,
        unit=line.unit_name,
        code=line.unit,
        product=line.description,
    )


def check_price(found: Findings, line: Line, figures: LineFigures, path: str) -> None:
    """Check that gross less discounts is the net but for rounding: what is not
    explained would be printed as another price."""
    gross, discounts = line.gross, sum([d.amount for d in line.discounts], Decimal(0))
    tolerance = found.amount_tolerance + line.quantity * found.price_step
    if abs(gross - discounts - line.net) > tolerance:
        found.add(
            "price_unexplained",
            _(
                "“%(product)s” comes to %(gross)s before and %(net)s after discounts of"
                " %(discounts)s, which does not add up. Correct the line's price or"
                " discount."
            ),
            path + found.form.line_gross,
            line.record,
            product=line.description,
            gross=found.money(gross),
            net=found.money(line.net),
            discounts=found.money(discounts),
        )
    if figures.total < 0:
        found.add(
            "line_total_negative",
            _(
                "The total of “%(product)s” is below 0 after withheld taxes and"
                " discounts. Correct the line's taxes."
            ),
            path + "total",
            line.record,
            product=line.description,
        )
