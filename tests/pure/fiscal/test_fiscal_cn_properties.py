"""Whatever a receipt says: what the checks let pass keeps the rules, reckoned here once
more; and what was built is read back and built alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

from cn_kit import BLUE, ISSUED, SELLER, authority, line, receipt, samples
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fiscal.cn_nuonuo.answers import outcome_of, requests_of, rows_of
from fiscal.cn_nuonuo.callbacks import read_hint
from fiscal.cn_nuonuo.code_tables import table
from fiscal.cn_nuonuo.fapiao import freeze, thaw
from fiscal.cn_nuonuo.numbering import is_order_number, order_number
from fiscal.cn_nuonuo.wording import (
    KINDS,
    NATURES,
    REASONS,
    SPECIALS,
    UNITS,
    of_bureau,
)
from fiscal.contract import Discount, Document, Original

CENT = Decimal("0.01")
CENTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents) / 100)
NASTY = st.sampled_from(["NaN", "Infinity", "1e30", "0.001", "-0.01"]).map(Decimal)
RATES = st.sampled_from(["0", "1", "1.5", "3", "5", "6", "9", "13", "17"])
QUANTITIES = st.one_of(
    st.integers(1, 100).map(Decimal),
    st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-8)),
    st.integers(1, 10**8).map(Decimal),
)
TEXTS = st.text(max_size=20) | st.sampled_from(["测试", "a\nb", "<b>", '"\\', "x" * 95])


TAME = st.builds(
    lambda net, rate, cents, quantity, included, off: line(
        net,
        rate,
        tax=max(
            (net * Decimal(rate) / 100).quantize(CENT, ROUND_HALF_UP)
            + Decimal(cents) / 100,
            Decimal(0),
        ),
        policy="10" if rate == "1.5" else "",
        discount=off,
        quantity=quantity,
        data={"tax_included": included},
    ),
    st.integers(1, 10_000_000).map(lambda cents: Decimal(cents) / 100),
    RATES,
    st.integers(-5, 5),
    st.integers(1, 10**5).map(lambda n: Decimal(n) / 8),
    st.booleans(),
    st.just(Decimal(0)) | st.integers(1, 10**5).map(lambda n: Decimal(n) / 100),
)


@st.composite
def lines(draw):
    if draw(st.integers(0, 7)):
        return draw(TAME)
    net, rate = draw(CENTS), draw(RATES)
    right = (net * Decimal(rate) / 100).quantize(CENT, ROUND_HALF_UP)
    tax = right + Decimal(draw(st.sampled_from([0, 0, 0, 1, -1, 6, -6, 7]))) / 100
    policy = draw(st.sampled_from(["", "", "01", "03", "08", "10"]))
    made = line(
        net,
        rate,
        tax=draw(st.just(tax) | NASTY) if draw(st.integers(0, 9)) == 0 else max(tax, 0),
        policy=policy,
        description=draw(TEXTS),
        quantity=draw(QUANTITIES),
        unit_name=draw(st.sampled_from(["", "台", "kg"])),
        data=draw(st.sampled_from([{}, {"tax_included": True}, {"amount_only": True}])),
    )
    off = draw(st.just(Decimal(0)) | CENTS)
    if off:
        extra = draw(st.sampled_from(["0", "0.004", "0.3333"]))
        gross = made.net + off + Decimal(extra)
        made = replace(made, gross=gross, discounts=(Discount(off, ""),))
    return made


@st.composite
def receipts(draw):
    own = draw(st.lists(lines(), min_size=1, max_size=5))
    total = sum((one.total for one in own), Decimal(0))
    return receipt(
        *own,
        total=total,
        number=draw(st.sampled_from(["INV/2026/00042", "1", "发票-7"])),
        document_type=draw(st.sampled_from(["", "81", "82"])),
        data=draw(st.sampled_from([{}, {"tax_included": True}, {"remark": "a  b"}])),
    )


def check_order(order, base):
    """The rules of spec china 2.6, reckoned from the texts that are sent."""
    excl = incl = gaps = Decimal(0)
    before = None
    for one in order["invoiceDetail"]:
        net, tax, total, rate = (
            Decimal(one[name])
            for name in ("taxExcludedAmount", "tax", "taxIncludedAmount", "taxRate")
        )
        assert net + tax == total
        assert abs(net * rate - tax) <= Decimal("0.06")
        gaps += abs(net * rate - tax)
        assert ("price" in one) == ("num" in one)
        if "price" in one:
            price, num = Decimal(one["price"]), Decimal(one["num"])
            base_amount = total if one["withTaxFlag"] == "1" else net
            assert price > 0 and num > 0
            assert abs(price * num - base_amount) <= Decimal("0.01")
            for text in (one["price"], one["num"]):
                assert len(text) <= 16 and len(text.partition(".")[2]) <= 8
        if one["invoiceLineProperty"] == "1":
            assert before["invoiceLineProperty"] == "2"
            same = ("goodsName", "taxRate", "goodsCode")
            assert [one[n] for n in same] == [before[n] for n in same]
            assert net < 0 and tax <= 0 and "price" not in one
            assert -net <= Decimal(before["taxExcludedAmount"])
        elif before is not None:
            assert before["invoiceLineProperty"] != "2"
        assert 0 < len(one["goodsName"]) <= 90
        before, excl, incl = one, excl + net, incl + total
    assert before["invoiceLineProperty"] != "2"
    assert gaps <= Decimal("1.27")
    assert incl == base.total
    assert excl == sum(one.net for one in base.lines)


@settings(deadline=None, max_examples=150)
@given(receipts())
def test_what_passes_keeps_the_rules(base):
    own = authority()
    if own.check(base):
        event("refused")
        return
    event("passes")
    content = own.build(base).content
    order = json.loads(own.envelope([made_of(content)]).content)["order"]
    check_order(order, base)
    assert freeze(thaw(content)) == content
    assert own.build(own.parse(content)).content == content


@settings(deadline=None, max_examples=60)
@given(receipts(), st.sampled_from(["01", "02", "03", "04"]))
def test_what_is_taken_back_is_the_sale_in_red(base, reason):
    named = tuple(
        replace(one, data={**one.data, "blue_line": index})
        for index, one in enumerate(base.lines, 1)
    )
    red = replace(
        base, kind="return", lines=named, original=Original(BLUE), reason=reason
    )
    own = authority()
    if own.check(red):
        return
    content = own.build(red).content
    body = json.loads(own.envelope([made_of(content)]).content)
    net = tax = Decimal(0)
    for one in body["detail"]:
        net += Decimal(one["taxExcludedAmount"])
        tax += Decimal(one["taxAmount"])
        assert Decimal(one["taxExcludedAmount"]) <= 0 >= Decimal(one["taxAmount"])
        assert Decimal(one.get("num", "-1")) < 0
        assert Decimal(one.get("taxExcludedPrice", "1")) > 0
    assert net + tax == -red.total
    assert of_bureau(REASONS, body["redReason"]) == reason
    assert own.build(own.parse(content)).content == content


def made_of(content):
    return Document(1, "", "N", content, ISSUED)


def test_words_go_both_ways():
    for words, names in (
        (KINDS, set(table("document_type"))),
        (NATURES, {"00", "01", "02"}),
        (REASONS, set(table("return_reason"))),
        (UNITS, set(table("area_unit"))),
    ):
        assert set(words) == names
        assert len(set(words.values())) == len(words)
        assert {of_bureau(words, own) for own in words.values()} == names
    assert set(SPECIALS) <= set(table("special"))
    assert of_bureau(KINDS, "es") == ""


@given(
    st.text(max_size=40),
    st.text(max_size=40),
    st.integers(0, 10**8),
    st.integers(1, 10**6),
)
def test_order_numbers(number, other, seconds, more):
    moment = ISSUED - timedelta(seconds=seconds)
    made = order_number(SELLER, number, moment)
    assert is_order_number(made)
    assert made == order_number(SELLER, number, moment)
    if number != other:
        assert made != order_number(SELLER, other, moment)
    assert made != order_number(SELLER, number, moment - timedelta(seconds=more))
    assert made != order_number("X", number, moment)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2", "20", "22", "24", "3", BLUE, "1e999", "授信额度不足"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("orderNo", "status", "failCause", "allElectronicInvoiceNumber"),
                    *("invoiceNo", "invoiceTime", "exTaxAmount", "orderAmount"),
                    *("qrCode", "list", "billStatus", "billId", "requestStatus"),
                    *("operater", "content", "c_orderno"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_any_answer_is_read_or_refused(value):
    content = authority().build(receipt()).content
    for read in (rows_of, requests_of):
        try:
            rows = read(value)
        except TypeError:
            continue
        if rows and read is rows_of:
            outcome = outcome_of(made_of(content), thaw(content), rows)
            assert all(type(text) is str for text in outcome.authority_ids.values())
            assert all("%(" not in one.text for one in outcome.errors)


@settings(deadline=None)
@given(JSON | st.just(samples("callback_form")))
def test_any_call_back_is_read_or_refused(value):
    try:
        hint = read_hint(json.dumps(value).encode())
    except ValueError:
        return
    assert hint.topic in ("fapiao", "red", "other")


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content):
    for read in (read_hint, thaw):
        try:
            read(content)
        except ValueError:
            continue
