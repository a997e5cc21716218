"""Sums by tax, and why they differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timezone
from decimal import Decimal
from itertools import product

import pytest
from cn_kit import authority as nuonuo
from cn_kit import document as fapiao_document
from cn_kit import line as fapiao_line
from cn_kit import receipt as fapiao
from eta_samples import authority as eg_receipts
from eta_samples import plausible, sale
from hr_kit import authority as cis
from hr_kit import document as croatian_document
from hr_kit import line as croatian_line
from hr_kit import receipt as croatian
from hr_kit import tax
from hypothesis import assume, given
from hypothesis import strategies as st
from invoice_samples import invoice, invoicing, plausible_invoices

from fiscal import lifecycle
from fiscal.contract import Discount, Document, Line, TaxAmount, TaxTotal
from fiscal.eg_eta.amounts import tax_rows as egyptian_rows
from fiscal.hr_cis.amounts import tax_rows
from fiscal.tying_out import (
    COUNTED,
    EXPLAINED,
    NO_CODE,
    NO_TAX,
    Case,
    Kind,
    Share,
    Side,
    TaxKey,
    judge,
    judge_entry,
    key_of,
    rows_of,
    totals_of,
)

D = Decimal
ONE_CENT = D("0.01")


def line(net, *taxes, **data):
    return Line("X", D(1), D(net), D(net), taxes=taxes, data=data)


def vat(amount, rate="14", type_="T1", subtype="V009"):
    return TaxAmount(type_, subtype, rate and D(rate), D(amount))


def share(there_net, there_tax, here_net, here_tax):
    return Share(*map(D, (there_net, there_tax, here_net, here_tax)))


# -- keys -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (D("14"), "14"),
        (D("14.00"), "14"),
        (D("0"), "0"),
        (D("-0.5"), "-0.5"),
        (D("100"), "100"),
        (D("13.043478"), "13.04"),
        (None, ""),
    ],
)
def test_rates_are_one_text(rate, text):
    key = key_of(TaxTotal("T1", "V009", rate, D(1), D(1)))
    assert key == TaxKey("T1", "V009", text)
    assert TaxKey.parse(str(key)) == key


# -- sums -----------------------------------------------------------------------------


def test_a_net_counts_under_each_of_its_taxes():
    taxed = line("100", vat("14"), vat("-3", "-3", "T4", "W001"))
    assert [(r.type, r.net, r.tax) for r in rows_of(taxed)] == [
        ("T1", D(100), D(14)),
        ("T4", D(100), D(-3)),
    ]


def test_what_bears_no_tax_and_what_has_no_code():
    assert rows_of(line("5")) == (TaxTotal(NO_TAX, "", None, D(5), D(0)),)
    [row] = rows_of(line("5", TaxAmount("", "", D(9), D("0.45"))))
    assert (row.type, row.net) == (NO_CODE, D(5))


def test_the_same_tax_twice_on_a_line_counts_once():
    [row] = rows_of(line("100", vat("7"), vat("7")))
    assert (row.net, row.tax) == (D(100), D(14))


def test_returns_are_negative_and_other_currencies_converted():
    receipt = replace(
        sale(),
        kind="return",
        currency="USD",
        currency_rate=D("48.371"),
        lines=(line("33.33", vat("4.67")), line("1.00", vat("0.14"))),
        discounts=(Discount(D("2"), "X"),),
    )
    none, taxed = totals_of(receipt)
    assert (none.type, none.net) == (NO_TAX, D("96.74"))
    assert (taxed.net, taxed.tax) == (D("-1660.58"), D("-232.66"))


def test_a_document_of_nothing_has_a_row():
    assert totals_of(replace(sale(), lines=())) == (
        TaxTotal(NO_TAX, "", None, D(0), D(0)),
    )


AMOUNTS = st.decimals(0, 10**6, places=2)
TAXES = st.builds(
    TaxAmount,
    st.sampled_from(["T1", "T2", ""]),
    st.sampled_from(["V009", "V001"]),
    st.sampled_from([D(14), D(5), D(0), None]),
    AMOUNTS,
)
LINES = st.builds(
    lambda net, taxes: line(net, *taxes), AMOUNTS, st.lists(TAXES, max_size=3)
)
CROATIAN = st.builds(
    TaxAmount,
    st.sampled_from(["Pdv", "Pnp", "OstaliPor", "IznosOslobPdv", "Naknade"]),
    st.just(""),
    st.sampled_from([D(25), D(0), None]),
    AMOUNTS,
)
CROATIAN_LINES = st.builds(
    lambda net, taxes: line(net, *taxes), AMOUNTS, st.lists(CROATIAN, max_size=3)
)


@pytest.mark.parametrize(
    ("lines", "rows"),
    [(LINES, rows_of), (LINES, egyptian_rows), (CROATIAN_LINES, tax_rows)],
)
def test_rows_are_linear(lines, rows):
    """What the books are told apart by: three times a line are three times its rows."""

    @given(lines)
    def check(one):
        thrice = replace(
            one,
            net=one.net * 3,
            taxes=tuple(replace(t, amount=t.amount * 3) for t in one.taxes),
        )
        assert rows(thrice) == tuple(
            replace(row, net=row.net * 3, tax=row.tax * 3) for row in rows(one)
        )

    check()


@given(st.lists(LINES, min_size=1, max_size=6))
def test_sums_lose_nothing(lines):
    receipt = replace(sale(), lines=tuple(lines), discounts=())
    totals = totals_of(receipt)
    taxes = sum((tax.amount for one in lines for tax in one.taxes), D(0))
    assert sum((row.tax for row in totals), D(0)) == taxes
    assert len({key_of(row) for row in totals}) == len(totals)


def test_fees_are_taxes_however_they_are_booked():
    on_top = line("10", TaxAmount("Naknade", "", None, D("0.30")))
    own = line("0.30", TaxAmount("Naknade", "", D(0), D(0)))
    [above], [alone] = tax_rows(on_top), tax_rows(own)
    assert key_of(above) == key_of(alone) == TaxKey("Naknade", "", "")
    assert (above.net, above.tax) == (alone.net, alone.tax) == (D(0), D("0.30"))


# -- what is frozen -------------------------------------------------------------------


def kept(authority, receipt, **changes):
    """Freeze a receipt, and return what its document counts for."""
    built = authority.build(receipt)
    document = Document(1, "", receipt.number, built.content, receipt.issued_at)
    return authority.tax_totals(replace(document, **changes))


def figures(rows):
    return {key_of(row): (row.net, row.tax) for row in rows if row.net or row.tax}


@given(plausible(("EGP",)))
def test_an_egyptian_receipt_says_what_was_booked(receipt):
    authority, receipt = eg_receipts(), replace(receipt, currency_rate=D(1))
    assume(not authority.check(receipt))
    totals = kept(authority, receipt)
    booked = totals_of(receipt, authority.tax_rows)
    assert figures(totals.rows) == figures(booked)
    assert totals.lines == len(receipt.lines)


@given(plausible_invoices(("EGP",)))
def test_an_egyptian_invoice_says_what_was_booked(receipt):
    authority, receipt = invoicing(), replace(receipt, currency_rate=D(1))
    assume(not authority.check(receipt))
    booked = totals_of(receipt, authority.tax_rows)
    assert figures(kept(authority, receipt).rows) == figures(booked)


def test_an_egyptian_invoice_counts_in_pounds():
    abroad = replace(
        invoice(), currency="USD", currency_rate=D("50"), lines=(line_of_invoice(),)
    )
    [row] = kept(invoicing(), abroad).rows
    assert (row.net, row.tax) == (D("5000"), D("700"))


def line_of_invoice():
    return replace(invoice().lines[0], net=D(100), gross=D(100), taxes=(vat("14"),))


def test_a_day_is_that_of_the_authority():
    late = datetime(2026, 2, 28, 22, 30, tzinfo=timezone.utc)
    assert kept(eg_receipts(), replace(sale(), issued_at=late)).day == date(2026, 3, 1)


def test_a_croatian_receipt_says_what_was_booked():
    sold = croatian(
        croatian_line("40.00", tax("Pdv", "10.00", "25"), tax("Pnp", "1.20", "3")),
        croatian_line("7.50", tax("IznosOslobPdv")),
        croatian_line("0.30", tax("Naknade", name="Deposit")),
    )
    for receipt in (sold, replace(sold, kind="return")):
        totals = cis().tax_totals(croatian_document(receipt))
        assert figures(totals.rows) == figures(totals_of(receipt, tax_rows))
        assert TaxKey("Naknade", "", "") in figures(totals.rows)


def test_a_fapiao_says_what_was_booked_on_the_bureaus_day():
    receipt = fapiao(
        fapiao_line("100.00", "13"), fapiao_line("50.00", "6", discount="5.00")
    )
    document = fapiao_document(receipt)
    totals = nuonuo().tax_totals(document)
    assert figures(totals.rows) == figures(totals_of(receipt))
    assert totals.day == date(2026, 10, 1)
    told = replace(document, authority_ids={"issued_at": "2026-10-31T16:30:00+00:00"})
    assert nuonuo().tax_totals(told).day == date(2026, 11, 1)


@pytest.mark.parametrize("authority", [eg_receipts, invoicing, cis, nuonuo])
def test_what_is_no_document_is_refused(authority):
    document = Document(1, "", "1", b"{}", sale().issued_at)
    with pytest.raises(ValueError):
        authority().tax_totals(document)


# -- reasons --------------------------------------------------------------------------


def case(state="valid", counted=True, booked=True, elsewhen=False, *shares, **more):
    shares = shares or (share("100", "14", "0", "0"),)
    return Case(state, counted, booked, elsewhen, shares, **more)


@pytest.mark.parametrize(
    ("given_case", "kind"),
    [
        (case("valid", True, False, True), Kind.BOOKED_ELSEWHEN),
        (case("valid", True, False), Kind.NOT_BOOKED),
        (case("cancelling", True, False), Kind.NOT_BOOKED),
        (case("valid", False), Kind.COUNTED_ELSEWHEN),
        (case("valid", True, True, True), Kind.BOOKED_ELSEWHEN),
        (case("", False), Kind.NOT_REPORTED),
        (case("", False, elsewhere=True), Kind.ELSEWHERE),
        (case("queued", False), Kind.UNDECIDED),
        (case("late", False), Kind.REFUSED),
        (case("rejected", False), Kind.UNDONE),
        (case(), Kind.AMOUNT),
    ],
)
def test_reasons(given_case, kind):
    assert judge(given_case) is kind


def test_every_state_has_a_reason():
    for state, counted, booked, elsewhen in product(
        lifecycle.TRANSITIONS, (False, True), (False, True), (False, True)
    ):
        if (counted and state not in COUNTED) or not (counted or booked):
            continue
        assert judge(case(state, counted, booked, elsewhen)) in Kind


def test_the_same_under_another_code():
    shares = (share("100", "14", "0", "0"), share("0", "0", "100", "14"))
    assert judge(case("valid", True, True, False, *shares)) is Kind.CODE
    shares = (share("100", "14", "0", "0"), share("0", "0", "100", "13"))
    assert judge(case("valid", True, True, False, *shares)) is Kind.AMOUNT


def test_rounding_is_another_currencys_alone():
    close = share("1612.21", "225.71", "1612.21", "225.89")
    told = case("valid", True, True, False, close)
    assert judge(told) is Kind.AMOUNT
    assert judge(replace(told, unit=D("0.48"))) is Kind.ROUNDING
    assert judge(replace(told, unit=D("0.10"))) is Kind.AMOUNT
    assert judge(replace(told, unit=D("0.10"), lines=2)) is Kind.ROUNDING


def test_entries():
    assert judge_entry(Side.GRIDS, is_sale=True, on_payment=True) is Kind.ON_PAYMENT
    assert judge_entry(Side.GRIDS, is_sale=False, on_payment=False) is Kind.ENTRY
    assert judge_entry(Side.GRIDS, is_sale=True, on_payment=False) is Kind.GRID
    assert judge_entry(Side.ACCOUNTS, is_sale=True, on_payment=False) is Kind.ACCOUNT


def test_what_needs_nobody_is_named():
    assert Kind.UNDECIDED in EXPLAINED
    assert not EXPLAINED & {Kind.NOT_REPORTED, Kind.AMOUNT, Kind.MANUAL, Kind.CODE}
