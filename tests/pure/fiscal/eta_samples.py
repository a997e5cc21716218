"""Receipts to test with: good ones, and what hypothesis makes of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fiscal.contract import (
    Address,
    Connection,
    Device,
    Discount,
    Line,
    Original,
    Party,
    Payment,
    Receipt,
    Returnable,
    TaxAmount,
)
from fiscal.eg_eta import EgReceipt
from fiscal.eg_eta.code_tables import codes, table

VECTORS = Path(__file__).parent / "vectors"
EXPECTED = json.loads((VECTORS / "expected.json").read_text(encoding="utf-8"))

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc)
RIN = "674859545"
SERIAL = "SIM-POS-0001"
HASH = "ab" * 32

DEVICE = Device(
    SERIAL,
    "0",
    "4711",
    Address("EG", "Cairo", "Nasr City", "16 Test Street", "14"),
    record=("ereceipt.device", 1),
)
SELLER = Party("business", RIN, "شركة تجربة", record=("res.company", 1))
PERSON = Party("person", record=("res.partner", 7))
VAT = TaxAmount(
    "T1",
    "V009",
    Decimal(14),
    Decimal("14.00"),
    "VAT 14%",
    ("account.tax", 3),
)
LINE = Line(
    "Plain item",
    Decimal(2),
    Decimal(100),
    Decimal("100.00"),
    "P-1",
    "EGS",
    f"EG-{RIN}-0001",
    "EA",
    "Units",
    taxes=(VAT,),
    record=("account.move.line", 11),
)


def connection(**changes: Any) -> Connection:
    """A connection whose clock stands at NOW."""
    values: dict[str, Any] = {
        "environment": "test",
        "device": DEVICE,
        "seller_id": RIN,
        "wall_clock": lambda: NOW,
    }
    return Connection(**{**values, **changes})


def authority(**settings: Any) -> EgReceipt:
    """The authority with a clock at NOW and the given settings."""
    return EgReceipt(connection(settings=settings))


def sale(*lines: Line, **changes: Any) -> Receipt:
    """A good sale of the given lines (one plain line by default), its total fitting."""
    lines = lines or (LINE,)
    discounts = changes.get("discounts", ())
    total = sum((line.total for line in lines), Decimal(0))
    values: dict[str, Any] = {
        "kind": "sale",
        "number": "S-0001",
        "issued_at": NOW,
        "currency": "EGP",
        "seller": SELLER,
        "buyer": PERSON,
        "device": DEVICE,
        "lines": lines,
        "total": total - sum((d.amount for d in discounts), Decimal(0)),
        "payments": (Payment("C", total),),
        "previous_uid": HASH,
        "record": ("account.move", 5),
    }
    return Receipt(**{**values, **changes})


def returned(*lines: Line, **changes: Any) -> Receipt:
    """A good return of a sale ten days ago."""
    original = Original(
        "cd" * 32,
        "S-0000",
        NOW - timedelta(days=10),
        PERSON,
        {("P-1", f"EG-{RIN}-0001"): Returnable(Decimal(2), Decimal(100))},
        ("account.move", 4),
    )
    return sale(*lines, **{"kind": "return", "original": original, **changes})


def cents(value: Decimal, digits: int = 2) -> Decimal:
    """Round as a currency is booked."""
    return value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def rounded(value: Fraction) -> Fraction:
    """Round half up to the authority's five decimals."""
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return Fraction(decimal.quantize(Decimal("0.00001"), ROUND_HALF_UP))


def returnable_of(receipt: Receipt) -> dict[tuple[str, str], Returnable]:
    """What may be returned of a sale: all of it."""
    left: dict[tuple[str, str], Returnable] = {}
    for line in receipt.lines:
        key = (line.internal_code, line.item_code)
        former = left.get(key, Returnable(Decimal(0), Decimal(0)))
        left[key] = Returnable(
            former.quantity + line.quantity, former.amount + line.net
        )
    return left


# -- what hypothesis draws -------------------------------------------------------------

_SUBTYPES = [code for code in table("tax_subtype").values() if code.parent != "T4"]
_PLAIN_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"]), max_size=20
)
ANY_TEXT = st.text(max_size=30) | st.sampled_from(
    ["", " ", "قميص", 'a "b" \\ c', "x\x85y\u2028z", "\ud800", "\ufeff", "{}", "null"]
)
ANY_DECIMAL = st.decimals(allow_nan=True, allow_infinity=True) | st.sampled_from(
    [Decimal(text) for text in ("0", "-0", "1E+9", "1E-9", "0E+99999", "1E+999999")]
)


def amounts(most: str = "99999.99", digits: int = 2) -> st.SearchStrategy[Decimal]:
    """Booked amounts of at least 0."""
    return st.decimals(0, most, places=digits)


@st.composite
def taxes(draw: st.DrawFn, net: Decimal, digits: int = 2) -> tuple[TaxAmount, ...]:
    """Taxes of a line as they are booked: each by ETA's formula, then rounded."""
    chosen = draw(
        st.lists(
            st.sampled_from(_SUBTYPES), max_size=4, unique_by=lambda code: code.parent
        )
    )
    chosen.sort(key=lambda code: (code.parent in ("T1", "T2"), code.parent == "T1"))
    result = []
    base_of_vat = net
    for code in chosen:
        fixed = code.parent in ("T3", "T6", "T14") or (
            code.code[-2:] in ("02", "04") and code.parent not in ("T1", "T2", "T5")
        )
        if fixed:
            rate, amount = None, draw(amounts("99.99", digits))
        else:
            rate = draw(st.decimals(0, 40, places=2))
            base = base_of_vat if code.parent in ("T1", "T2") else net
            amount = cents(base * rate / 100, digits)
        if code.parent in {f"T{n}" for n in (2, 3, 5, 6, 7, 8, 9, 10, 11, 12)}:
            base_of_vat += amount
        result.append(TaxAmount(code.parent, code.code, rate, amount, code.code))
    if draw(st.booleans()) and net > 10:
        rate = draw(st.sampled_from([Decimal(-1), Decimal("-0.5"), Decimal(-3)]))
        amount = cents(net * rate / 100, digits)
        result.append(TaxAmount("T4", "W004", rate, amount, "WHT"))
    return tuple(draw(st.permutations(result)))


@st.composite
def lines(draw: st.DrawFn, digits: int = 2) -> Line:
    """A line as Odoo would book it: quantity, price and discount, rounded net."""
    quantity = draw(st.decimals("0.00001", 5000, places=draw(st.integers(0, 5))))
    quantity = quantity or Decimal(1)
    price = draw(st.decimals(0, 3000, places=draw(st.integers(0, 6))))
    gross = quantity * price
    percent = draw(st.sampled_from([Decimal(n) for n in (0, 0, 5, 33, 100)]))
    discount = gross * percent / 100
    net = cents(gross - discount, digits)
    discounts = ()
    if percent:
        name = draw(_PLAIN_TEXT.filter(str.strip))
        discounts = (Discount(discount, f"x{name}", percent),)
    return Line(
        "d" + draw(_PLAIN_TEXT),
        quantity,
        gross,
        net,
        "c" + draw(st.text("abc0123", max_size=8)),
        "EGS",
        f"EG-{RIN}-{draw(st.integers(1, 10**6))}",
        draw(st.sampled_from(sorted(codes("unit")))),
        discounts=discounts,
        taxes=draw(taxes(net, digits)),
    )


@st.composite
def parties(draw: st.DrawFn) -> Party:
    """A buyer of any kind."""
    kind = draw(st.sampled_from(["person", "person", "foreigner", "business"]))
    number = {
        "person": st.just("29001011234567") | st.just(""),
        "foreigner": st.text("AB0123", min_size=3, max_size=20),
        "business": st.sampled_from(["313717919", RIN, "12"]),
    }[kind]
    name = "n" + draw(_PLAIN_TEXT)
    return Party(kind, draw(number), name, mobile=draw(st.text("0123", max_size=9)))


CURRENCIES = ("EGP", "EGP", "EGP", "USD", "KWD")


@st.composite
def plausible(
    draw: st.DrawFn, currencies: tuple[str, ...] = (*CURRENCIES, "JPY")
) -> Receipt:
    """A sale as an engine would hand it over; most are good."""
    currency = draw(st.sampled_from(currencies))
    digits = {"KWD": 3, "JPY": 0}.get(currency, 2)
    sold = draw(st.lists(lines(digits), min_size=1, max_size=6))
    total = sum((line.total for line in sold), Decimal(0))
    discounts = ()
    if total > 1 and draw(st.booleans()):
        part = cents(total / draw(st.integers(2, 50)), digits)
        discounts = (Discount(part, "Voucher"),)
        total -= part
    return sale(
        *sold,
        number="N" + draw(st.text("0123456789/-", max_size=20)),
        currency=currency,
        currency_rate=draw(st.decimals("0.01", 200, places=6)),
        document_type=draw(st.sampled_from(["", "S", "sr", "SC", "SS", "SP", "SU"])),
        buyer=draw(parties()),
        total=total,
        discounts=discounts,
        payments=(Payment(draw(st.sampled_from(["C", "V", "VO", "O"])), total),),
        data=draw(
            st.sampled_from(
                [
                    {},
                    {"order_delivery_mode": "TO", "order_name_code": "Table 4"},
                    {"gross_weight": Decimal("1.5"), "net_weight": Decimal(1)},
                ]
            )
        ),
    )


@st.composite
def wild(
    draw: st.DrawFn, currencies: tuple[str, ...] = (*CURRENCIES, "JPY")
) -> Receipt:
    """Anything that the value objects can hold, starting from something plausible."""
    receipt = draw(plausible(currencies))
    line = receipt.lines[0]
    changes: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "quantity": ANY_DECIMAL,
                "gross": ANY_DECIMAL,
                "net": ANY_DECIMAL,
                "description": ANY_TEXT,
                "internal_code": ANY_TEXT,
                "item_scheme": st.sampled_from(["GS1", "EGS", ""]),
                "item_code": ANY_TEXT,
                "unit": ANY_TEXT,
                "discounts": st.tuples(
                    st.builds(Discount, ANY_DECIMAL, ANY_TEXT, st.none() | ANY_DECIMAL)
                ),
                "taxes": st.tuples(
                    st.builds(
                        TaxAmount,
                        st.sampled_from(["T1", "T4", "T3", "T99"]),
                        st.sampled_from(["V009", "W001", "Tbl02", ""]),
                        st.none() | ANY_DECIMAL,
                        ANY_DECIMAL,
                        ANY_TEXT,
                    )
                ),
            },
        )
    )
    whole: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "kind": st.sampled_from(["sale", "return", "credit", "debit"]),
                "number": ANY_TEXT,
                "issued_at": st.datetimes() | st.datetimes(timezones=st.timezones()),
                "currency": ANY_TEXT,
                "currency_rate": ANY_DECIMAL,
                "company_currency": st.sampled_from(["", "EGP", "EUR"]),
                "total": ANY_DECIMAL,
                "document_type": ANY_TEXT | st.sampled_from(["R", "RWR"]),
                "previous_uid": ANY_TEXT | st.just(HASH),
                "replaces_uid": ANY_TEXT | st.just(HASH),
                "reason": st.sampled_from(["", "I", "B"]),
                "payments": st.just(())
                | st.tuples(st.builds(Payment, ANY_TEXT, ANY_DECIMAL)),
                "lines": st.just(()),
                "original": st.builds(
                    Original,
                    ANY_TEXT | st.just(HASH),
                    ANY_TEXT,
                    st.none() | st.datetimes(timezones=st.timezones()),
                ),
                "seller": st.builds(Party, st.just("business"), ANY_TEXT, ANY_TEXT),
                "buyer": st.builds(
                    Party,
                    st.sampled_from(["business", "person", "foreigner"]),
                    ANY_TEXT,
                    ANY_TEXT,
                ),
                "device": st.builds(Device, ANY_TEXT, ANY_TEXT, ANY_TEXT),
            },
        )
    )
    changed = replace(line, **changes)
    return replace(receipt, **{"lines": (changed, *receipt.lines[1:]), **whole})
