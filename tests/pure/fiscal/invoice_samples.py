"""Invoices to test with: good ones, and what hypothesis makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

from eta_samples import (
    ANY_DECIMAL,
    ANY_TEXT,
    LINE,
    NOW,
    RIN,
    cents,
    connection,
    lines,
    sale,
)
from hypothesis import strategies as st
from signing_kit import seal

from fiscal.contract import (
    Address,
    Built,
    Discount,
    Document,
    Line,
    Original,
    Party,
    Receipt,
    Returnable,
    TaxAmount,
)
from fiscal.eg_eta import EgInvoice
from fiscal.signing.software import SoftwareKey

D = Decimal
UUID = "5Z40TP7SXAKADVH8WX71PXNE10"
OTHER_UUID = "1Z40TP7SXAKADVH8WX71PXNE11"

CUSTOMER = Party(
    "business",
    "313717919",
    "شركة المشتري",
    Address("EG", "Giza", "Dokki", "7 Tahrir", "3"),
    record=("res.partner", 7),
)
ABROAD = Party(
    "foreigner",
    "IE1234567",
    "Buyer Ltd",
    Address("IE", "Leinster", "Dublin", "Main Street", "1"),
    record=("res.partner", 8),
)
EXPORT: dict[str, Any] = {
    "document_type": "EI",
    "buyer": ABROAD,
    "data": {"service_delivery_date": date(2026, 2, 28)},
}


def invoicing(**settings: Any) -> EgInvoice:
    """The authority with a clock at NOW and the given settings."""
    return EgInvoice(connection(settings=settings))


def invoice(*sold: Line, **changes: Any) -> Receipt:
    """A good invoice of the given lines (one plain line by default)."""
    sold = sold or (LINE,)
    discounts = changes.get("discounts", ())
    total = sum((line.total for line in sold), D(0))
    total -= sum((d.amount for line in sold for d in _after(line)), D(0))
    values: dict[str, Any] = {
        "number": "INV/2026/0001",
        "buyer": CUSTOMER,
        "total": total - sum((d.amount for d in discounts), D(0)),
        "payments": (),
        "previous_uid": "",
    }
    return sale(*sold, **{**values, **changes})


def _after(line: Line) -> tuple[Discount, ...]:
    return line.data.get("item_discounts", ())


def original(**changes: Any) -> Original:
    """The invoice that a note refers to: two of the plain item, ten days ago."""
    values: dict[str, Any] = {
        "uid": UUID,
        "number": "INV/2026/0000",
        "issued_at": NOW - timedelta(days=10),
        "buyer": CUSTOMER,
        "returnable": {("P-1", f"EG-{RIN}-0001"): Returnable(D(2), D(100))},
        "record": ("account.move", 4),
    }
    return Original(**{**values, **changes})


def credit(*sold: Line, **changes: Any) -> Receipt:
    """A good credit note."""
    return invoice(*sold, **{"kind": "credit", "original": original(), **changes})


@cache
def company_key(vateg: str = f"VATEG-{RIN}") -> SoftwareKey:
    """A company's key with its certificate."""
    return SoftwareKey.from_pkcs12(seal(vateg=vateg).p12(), "secret")


def document_of(built: Built, key: int = 1, **changes: Any) -> Document:
    """A frozen document as the engine hands it over."""
    values: dict[str, Any] = {
        "key": key,
        "uid": "",
        "number": "INV/2026/0001",
        "content": built.content,
        "issued_at": NOW,
        "signature": built.signature,
    }
    return Document(**{**values, **changes})


# -- what hypothesis draws -------------------------------------------------------------

CURRENCIES = ("EGP", "EGP", "USD", "KWD", "JPY")
_NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cn"]))
_SOME = _NAMES.map(lambda text: f"t{text[:20]}")


@st.composite
def _addresses(draw: st.DrawFn, country: st.SearchStrategy[str]) -> Address:
    parts = {
        name: draw(_SOME) for name in ("governorate", "city", "street", "building")
    }
    return Address(country=draw(country), **parts, floor=draw(_SOME | st.just("")))


@st.composite
def buyers(draw: st.DrawFn) -> Party:
    """A buyer of any kind, most of them complete."""
    kind = draw(st.sampled_from(["business", "business", "person", "foreigner"]))
    number = {
        "person": st.just("29001011234567") | st.just(""),
        "foreigner": st.text("AB0123", min_size=3, max_size=20),
        "business": st.sampled_from(["313717919", RIN]),
    }[kind]
    country = st.just("EG") if kind != "foreigner" else st.sampled_from(["IE", "SA"])
    address = draw(_addresses(country))
    if kind == "person":
        address = draw(st.sampled_from([address, Address(), replace(address, city="")]))
    return Party(kind, draw(number), "n" + draw(_SOME), address)


_ORDERS = st.fixed_dictionaries(
    {},
    optional={
        "purchase_order_reference": _SOME,
        "sales_order_description": _SOME,
        "proforma_number": _SOME,
        "service_delivery_date": st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        "payment": st.fixed_dictionaries(
            {}, optional={"bank_name": _SOME, "iban": _SOME, "terms": _SOME}
        ),
        "delivery": st.fixed_dictionaries(
            {},
            optional={
                "approach": _SOME,
                "country_of_origin": st.sampled_from(["EG", "FR", ""]),
                "gross_weight": st.decimals(0, 1000, places=3),
                "date_validity": st.datetimes(
                    datetime(2020, 1, 1), datetime(2030, 1, 1)
                ).map(lambda m: m.replace(microsecond=0, tzinfo=timezone.utc)),
            },
        ),
    },
)


@st.composite
def _sold(draw: st.DrawFn, digits: int) -> Line:
    line = draw(lines(digits))
    data: dict[str, Any] = {}
    withheld = any(tax.type == "T4" for tax in line.taxes)  # on what is left
    if line.total > 5 and not withheld and draw(st.booleans()):
        data["item_discounts"] = (Discount(D(1), "after"),)
    if draw(st.integers(0, 5)) == 0:
        data |= {
            "weight_unit": "KGM",
            "weight_quantity": draw(st.decimals(0, 9, places=2)),
        }
    return replace(line, data=data)


@st.composite
def plausible_invoices(
    draw: st.DrawFn, currencies: tuple[str, ...] = CURRENCIES
) -> Receipt:
    """An invoice or a note as an engine would hand it over; most are good."""
    currency = draw(st.sampled_from(currencies))
    digits = {"KWD": 3, "JPY": 0}.get(currency, 2)
    sold = draw(st.lists(_sold(digits), min_size=1, max_size=6))
    if not any(line.taxes for line in sold):
        exempt = TaxAmount("T1", "V003", D(0), D(0), "exempt")
        sold[0] = replace(sold[0], taxes=(exempt,))
    buyer = draw(buyers())
    kind = draw(st.sampled_from(["sale", "sale", "credit", "return", "debit"]))
    data = draw(_ORDERS)
    changes: dict[str, Any] = {}
    if buyer.kind == "foreigner" and draw(st.booleans()):
        changes["document_type"] = draw(st.sampled_from(["EI", "ei"]))
        data = {"service_delivery_date": date(2026, 2, 1), **data}
    if kind != "sale":
        uid = UUID if changes or draw(st.booleans()) else ""
        changes["original"] = Original(uid, "X", NOW - timedelta(days=3), buyer)
        if uid and draw(st.booleans()):
            data = {**data, "references": (OTHER_UUID,)}
    total = sum((line.total for line in sold), D(0))
    discounts = ()
    if total > 20 and draw(st.booleans()):
        discounts = (Discount(cents(total / draw(st.integers(20, 90)), digits), "x"),)
    return invoice(
        *sold,
        kind=kind,
        number="N" + draw(st.text("0123456789/-", max_size=20)),
        currency=currency,
        currency_rate=draw(
            st.sampled_from([D(1), D("48.7312345"), D("0.32"), D("159.123456")])
            | st.decimals("0.1", 200, places=6)
        ),
        buyer=buyer,
        discounts=discounts,
        data=data,
        **changes,
    )


@st.composite
def wild_invoices(draw: st.DrawFn) -> Receipt:
    """Anything that the value objects can hold, starting from something plausible."""
    receipt = draw(plausible_invoices())
    line = replace(
        receipt.lines[0],
        **draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "quantity": ANY_DECIMAL,
                    "gross": ANY_DECIMAL,
                    "net": ANY_DECIMAL,
                    "description": ANY_TEXT,
                    "internal_code": ANY_TEXT,
                    "item_code": ANY_TEXT,
                    "unit": ANY_TEXT,
                    "discounts": st.tuples(
                        st.builds(
                            Discount, ANY_DECIMAL, ANY_TEXT, st.none() | ANY_DECIMAL
                        )
                    ),
                    "taxes": st.just(())
                    | st.tuples(
                        st.builds(
                            TaxAmount,
                            st.sampled_from(["T1", "T2", "T4", "T3", "T99"]),
                            st.sampled_from(["V009", "W001", "Tbl01", "Tbl02", ""]),
                            st.none() | ANY_DECIMAL,
                            ANY_DECIMAL,
                            ANY_TEXT,
                        )
                    ),
                    "data": st.fixed_dictionaries(
                        {},
                        optional={
                            "weight_unit": ANY_TEXT | st.just(5),
                            "weight_quantity": ANY_DECIMAL,
                            "value_difference": ANY_DECIMAL | st.just("x"),
                        },
                    ),
                },
            )
        ),
    )
    anything = ANY_TEXT | st.none() | st.integers() | st.just([]) | st.just({})
    whole: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "number": ANY_TEXT,
                "issued_at": st.datetimes() | st.datetimes(timezones=st.timezones()),
                "currency": ANY_TEXT,
                "currency_rate": ANY_DECIMAL,
                "company_currency": st.sampled_from(["", "EGP", "EUR"]),
                "total": ANY_DECIMAL,
                "document_type": ANY_TEXT | st.sampled_from(["I", "C", "ED", "EI"]),
                "lines": st.just(()),
                "original": st.builds(
                    Original,
                    ANY_TEXT | st.just(UUID),
                    ANY_TEXT,
                    st.none() | st.datetimes(timezones=st.timezones()),
                    st.none() | buyers(),
                ),
                "seller": st.builds(Party, st.just("business"), ANY_TEXT, ANY_TEXT),
                "buyer": st.builds(
                    Party,
                    st.sampled_from(["business", "person", "foreigner"]),
                    ANY_TEXT,
                    ANY_TEXT,
                ),
                "data": st.fixed_dictionaries(
                    {},
                    optional={
                        "purchase_order_reference": anything,
                        "service_delivery_date": anything | st.datetimes(),
                        "payment": anything
                        | st.dictionaries(st.just("iban"), anything),
                        "delivery": anything
                        | st.fixed_dictionaries(
                            {},
                            optional={
                                "country_of_origin": anything,
                                "net_weight": ANY_DECIMAL | anything,
                                "date_validity": anything | st.datetimes(),
                            },
                        ),
                        "references": st.lists(ANY_TEXT | st.just(UUID), max_size=3),
                    },
                ),
            },
        )
    )
    return replace(receipt, **{"lines": (line, *receipt.lines[1:]), **whole})
