"""Whatever a receipt says: its message fits the authority's schema, or it is refused
with a reason; and what was built is read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hr_kit import (
    BUYER,
    DEVICE,
    ISSUED,
    NOW,
    OIB,
    OPERATOR,
    authority,
    built,
    company,
    key_of,
    receipt,
)
from hypothesis import event, given, settings
from hypothesis import strategies as st

from fiscal.contract import AmbiguousError, Document, Line, Party, Payment, TaxAmount
from fiscal.hr_cis.answers import read_reply
from fiscal.hr_cis.builder import OPERATIONS, frozen, thaw
from fiscal.hr_cis.schema import schema_problems
from fiscal.hr_cis.soap import unwrap
from fiscal.hr_cis.trust import Trust
from fiscal.xmltext import parse

CENTS = st.integers(-10_000, 10_000).map(lambda cents: Decimal(cents) / 100)
NASTY = st.sampled_from(["NaN", "Infinity", "1e30", "0.001", "-0.00"]).map(Decimal)
TEXTS = st.text(max_size=30) | st.sampled_from(["Naknada", "<&>\x00", "a" * 150])
NUMBERS = st.sampled_from(["1", "12", "012", "0", "", "x", "1" * 21, "POSL1", "Č"])
TYPES = st.sampled_from(
    [
        *("Pdv", "Pdv", "Pnp", "OstaliPor", "IznosOslobPdv", "IznosMarza"),
        *("IznosNePodlOpor", "Naknade", "T1"),
    ]
)
RATES = st.sampled_from([*map(Decimal, ("25", "13", "5", "0", "3", "24.123"))])


def fitting(net):
    """One to two taxes as they should be: what the net is to VAT, and a local one."""

    def tax(kind, rate, name):
        worth = net * rate / 100 if kind in ("Pdv", "Pnp") else Decimal(0)
        return TaxAmount(kind, "", rate, worth.quantize(Decimal("0.01")), name)

    places = st.sampled_from(
        [
            *(("Pdv", rate) for rate in ("25", "13", "5", "0")),
            *((kind, "0") for kind in ("IznosOslobPdv", "IznosNePodlOpor")),
            *((kind, "0") for kind in ("IznosMarza", "Naknade")),
        ]
    )
    names = st.text("Povratna naknada <&>čćž", min_size=1, max_size=30)
    place = st.builds(
        lambda kind, name: tax(kind[0], Decimal(kind[1]), f"x{name}"), places, names
    )
    local = st.just(tax("Pnp", Decimal(3), ""))
    return st.tuples(place) | st.tuples(place, local)


LOOSE = st.lists(
    st.builds(TaxAmount, TYPES, st.just(""), RATES | st.none(), CENTS | NASTY, TEXTS),
    max_size=2,
).map(tuple)


@st.composite
def lines(draw, loose):
    net = draw(CENTS | NASTY if loose else CENTS)
    rows = draw(LOOSE if loose else fitting(net))
    return Line(draw(TEXTS), Decimal(1), net, net, taxes=rows)


@st.composite
def receipts(draw):
    """Any receipt; in every second one nothing but its amounts may be wrong."""
    loose = draw(st.booleans())

    def either(right, wrong):
        return draw(right | wrong if loose else right)

    made = tuple(draw(st.lists(lines(loose), min_size=1, max_size=4)))
    amounts = [one.total for one in made]
    total = sum(amounts, Decimal(0)) if all(a.is_finite() for a in amounts) else None
    if total is None or (loose and draw(st.booleans())):
        total = draw(CENTS | NASTY)
    device = {
        "premises": either(st.just("POSL1"), NUMBERS),
        "device_number": either(st.just("12"), NUMBERS),
        "numbering": either(st.sampled_from("PN"), st.just("?")),
        "operator_oib": either(st.just(OPERATOR), st.sampled_from(["", "1"])),
    }
    hours = either(st.just(0), st.sampled_from([-800, 9]))
    methods = either(st.sampled_from("GKTO"), st.just("?"))
    buyers = [Party("person"), Party("business", BUYER)]
    return receipt(
        *made,
        kind=draw(st.sampled_from(["sale", "return", "credit", "debit"])),
        total=total,
        issued_at=ISSUED + timedelta(hours=hours),
        device=replace(DEVICE, data=device),
        buyer=either(st.sampled_from(buyers), st.just(Party("business", "1"))),
        payments=(Payment(methods, total),),
        data={
            "sequence_number": either(st.integers(1, 10**20 - 1), st.integers()),
            "paper_number": either(st.just(""), TEXTS),
        },
    )


KEY = key_of(company())


@given(base=receipts(), in_vat=st.sampled_from([True, True, True, False]))
@settings(max_examples=150, deadline=None)
def test_a_receipt_fits_the_schema_or_is_refused_with_a_reason(base, in_vat):
    cis = authority(in_vat=in_vat)
    problems = cis.check(base)
    event("refused" if problems else "issued")
    if problems:
        assert all(one.code and one.text.endswith(".") for one in problems)
        return
    made = cis.build(base, KEY)
    envelope = cis.envelope([Document(1, "", "", made.content, ISSUED)], KEY)
    assert schema_problems(unwrap(envelope.content)) == []
    # written anew from what it says it is the same, to the byte
    read = cis.parse(made.content)
    assert read.total == abs(base.total)
    again = cis.build(read, KEY)
    assert (again.content, again.code, again.qr) == (made.content, made.code, made.qr)


@st.composite
def right_receipts(draw):
    """Receipts in which nothing is wrong."""
    made = []
    for net in draw(st.lists(st.integers(0, 100_000), min_size=1, max_size=5)):
        amount = Decimal(net) / 100
        kind, rate = draw(
            st.sampled_from(
                [("Pdv", "25"), ("Pdv", "5"), ("Pdv", "0"), ("IznosOslobPdv", "0")]
            )
        )
        worth = (amount * Decimal(rate) / 100).quantize(Decimal("0.01"))
        rows = (TaxAmount(kind, "", Decimal(rate), worth),)
        if draw(st.booleans()):
            local = (amount * 3 / 100).quantize(Decimal("0.01"))
            rows += (TaxAmount("Pnp", "", Decimal(3), local),)
        made.append(Line("x", Decimal(1), amount, amount, taxes=rows))
    return receipt(*made, kind=draw(st.sampled_from(["sale", "return"])))


@given(base=right_receipts())
@settings(max_examples=150, deadline=None)
def test_right_receipts_are_issued(base):
    assert authority().check(base) == []
    made = built(base)
    assert frozen(thaw(made.content)[0], "sha256") == made.content
    assert OIB.encode() in made.content


@given(
    content=st.binary(max_size=200)
    | st.text("<>/&;!DOCTYPEsoapEnvelopeBody=\"' :", max_size=80).map(str.encode)
)
@settings(max_examples=300, deadline=None)
def test_no_answer_breaks_the_reader(content):
    try:
        parse(content)
        read_reply(content, OPERATIONS["racuni"], "x", Trust((), ""), NOW)
    except (ValueError, AmbiguousError):
        return
    raise AssertionError("nothing of this is an answer")
