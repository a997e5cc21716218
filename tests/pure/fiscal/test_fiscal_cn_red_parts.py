"""Red letters of several fapiao, and those that buyers begin, with the simulator."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from cn_kit import codes, line, receipt
from cn_rig import SELLER, office

from fiscal.cn_nuonuo.fapiao import thaw
from fiscal.cn_nuonuo.red_parts import PARTS, kept_states, standing
from fiscal.cn_nuonuo.split import SPLIT, parts_of
from fiscal.contract import (
    AmbiguousError,
    AuthorityError,
    Original,
    Status,
    TransientError,
)
from fiscal.together import together

THREE = receipt(line("250.00"), document_type="81")
MIXED = receipt(
    line("60.00", description="甲"),
    line("90.00", description="乙", quantity=Decimal(3)),
    line("150.00", description="丙", discount="10.00", quantity=Decimal(2)),
    line("20.00", "6", description="丁"),
    document_type="81",
)


@pytest.fixture()
def desk():
    with office() as made:
        company = {"tax_number": SELLER, "single_limit": "100.00"}
        made.control.register(companies=[company])
        yield made


def numbers(blue):
    """The fapiao of a sale, the smallest last; their order means nothing."""
    parts = parts_of(blue.authority_ids, thaw(blue.content))
    largest = sorted(parts, key=lambda part: -sum(one.net for one in part.lines))
    return [part.number for part in largest]


def red(desk, blue, base, *lines, taken=(), former=b"", begun=None, **changes):
    """A red letter on some lines of a sale, as it is frozen."""
    lines = lines or base.lines
    made = replace(
        base,
        kind="return",
        lines=lines,
        total=sum((one.total for one in lines), Decimal(0)),
        original=Original(blue.uid),
    )
    made = desk.own.refer(
        made,
        blue.content,
        taken,
        ids=blue.authority_ids,
        former=former,
        begun=begun or {},
    )
    return desk.issue(made, **changes)


def kept(document, outcome):
    ids = {**document.authority_ids, **outcome.authority_ids}
    return replace(document, uid=outcome.uid, authority_ids=ids)


def settled(desk, document):
    """Ask twice: what is agreed by the first question is issued by the second."""
    document = kept(document, desk.settled(document))
    outcome = desk.settled(document)
    return kept(document, outcome), outcome


def sums(document):
    """What a red letter takes back, by fapiao."""
    fapiao = thaw(document.content)
    found = {}
    for one in fapiao.lines:
        blue = fapiao.red.parts[one.part - 1].blue_number
        found[blue] = found.get(blue, Decimal(0)) - one.total
    return found


def test_of_several_invoices_each_takes_back_its_own(desk):
    """Two invoices say the same, and their one order is split."""
    first = receipt(line("80.00"), number="INV/1", document_type="81")
    second = replace(first, number="INV/2")
    blue = desk.issued(together([first, second]))
    parts = parts_of(blue.authority_ids, thaw(blue.content))
    assert len(parts) > 1
    source = {(p.number, one.index): one.source for p in parts for one in p.lines}
    for number, place in (("INV/1", 1), ("INV/2", 2)):
        back = replace(second, kind="return", original=Original(blue.uid, number))
        made = desk.own.refer(back, blue.content, ids=blue.authority_ids)
        blues = [part["blue_number"] for part in made.data["parts"]]
        taken = [(one.data["part"], one.data["blue_line"]) for one in made.lines]
        assert {source[blues[part - 1], index] for part, index in taken} == {place}


# -- of what a split order consists ---------------------------------------------------


@pytest.mark.parametrize("base", [THREE, MIXED])
def test_the_parts_make_up_the_document(desk, base):
    blue = desk.issued(base)
    fapiao = thaw(blue.content)
    parts = parts_of(blue.authority_ids, fapiao)
    assert [part.number for part in parts] == blue.authority_ids["numbers"].split(",")
    together = sum(one.net + one.tax for part in parts for one in part.lines)
    assert together == fapiao.total
    for part in parts:
        (there,) = desk.control.invoices(number=part.number)
        assert sum(one.net for one in part.lines) == Decimal(there["excl"])
        assert sum(one.tax for one in part.lines) == Decimal(there["tax"])
        for one in part.lines:
            (line_there,) = [x for x in there["lines"] if x["index"] == one.index]
            assert line_there["name"] == fapiao.lines[one.source - 1].name


def test_one_fapiao_is_one_part(desk):
    blue = desk.issued(receipt(line("50.00")))
    assert SPLIT not in blue.authority_ids
    (part,) = parts_of(blue.authority_ids, thaw(blue.content))
    assert part.number == blue.uid


@pytest.mark.parametrize("text", ["", "no JSON", "[[1]]", '[["1",[["x"]]]]', "7"])
def test_what_cannot_be_read_is_not_known(desk, text):
    blue = desk.issued(THREE)
    ids = {**blue.authority_ids, SPLIT: text}
    assert parts_of(ids, thaw(blue.content)) == ()


# -- taking back ----------------------------------------------------------------------


@pytest.mark.parametrize("base", [THREE, MIXED])
def test_all_of_it(desk, base):
    blue = desk.issued(base)
    document = red(desk, blue, base)
    assert sum(sums(document).values()) == base.total
    assert desk.submit(document).status is Status.ACCEPTED
    document, outcome = settled(desk, document)
    assert outcome.status is Status.VALID, desk.why()
    assert outcome.warnings == ()
    states = kept_states(outcome.authority_ids)
    assert {state.blue_number for state in states} == set(numbers(blue))
    assert outcome.uid == states[0].red_number
    for state in states:
        (there,) = desk.control.invoices(number=state.red_number)
        assert there["red"]["blue"] == state.blue_number
        (sold,) = desk.control.invoices(number=state.blue_number)
        assert Decimal(there["incl"]) == -Decimal(sold["incl"])
    assert desk.own.parse(document.content).total == base.total
    assert desk.own.build(desk.own.parse(document.content)).content == document.content


def test_part_by_part_until_nothing_is_left(desk):
    blue = desk.issued(MIXED)
    first = red(desk, blue, MIXED, MIXED.lines[1])
    desk.submit(first)
    assert settled(desk, first)[1].status is Status.VALID, desk.why()
    others = [MIXED.lines[i] for i in (0, 2, 3)]
    rest = red(desk, blue, MIXED, *others, taken=[first.content])
    desk.submit(rest)
    assert settled(desk, rest)[1].status is Status.VALID, desk.why()
    over = replace(
        MIXED,
        kind="return",
        lines=MIXED.lines[:1],
        total=MIXED.lines[0].total,
        original=Original(blue.uid),
    )
    taken = [first.content, rest.content]
    over = desk.own.refer(over, blue.content, taken, ids=blue.authority_ids)
    assert "blue_line" in codes(desk.own.check(over))


def test_a_piece_of_a_line_on_several(desk):
    blue = desk.issued(THREE)
    one = line("120.00", quantity=Decimal("0.48"))
    document = red(desk, blue, THREE, one)
    taken = sums(document)
    assert sorted(taken.values()) == [Decimal("22.60"), Decimal("113.00")]
    desk.submit(document)
    assert settled(desk, document)[1].status is Status.VALID, desk.why()


# -- never twice ----------------------------------------------------------------------


def test_an_answer_is_lost(desk):
    blue = desk.issued(THREE)
    document = red(desk, blue, THREE)
    desk.control.fault("saveInvoiceRedConfirm", "drop_after", times=1, after=1)
    with pytest.raises(AmbiguousError):
        desk.submit(document)
    outcome = desk.settled(document)
    assert outcome.status is Status.ABSENT, "the third was not asked for"
    again = replace(kept(document, outcome), sent_at=document.issued_at)
    assert desk.submit(again).status is Status.ACCEPTED
    assert settled(desk, again)[1].status is Status.VALID
    assert len(desk.control.confirmations()) == 3
    assert desk.why() == []


def test_the_line_breaks_after_the_first(desk):
    blue = desk.issued(THREE)
    document = red(desk, blue, THREE)
    desk.control.fault("saveInvoiceRedConfirm", "rate_limit", times=1, after=1)
    with pytest.raises(AmbiguousError):
        desk.submit(document)
    assert len(desk.control.confirmations()) == 1


def test_what_was_learned_in_time_counts(desk):
    """Asking about one takes several calls: the second is asked about next time."""
    first, second = (red(desk, desk.issued(THREE), THREE) for _count in range(2))
    for document in (first, second):
        desk.submit(document)
    desk.control.settle()
    desk.control.fault("queryInvoiceRedConfirm", "rate_limit", times=1, after=3)
    outcomes = desk.own.query([first, second])
    assert [outcome.key for outcome in outcomes] == [first.key]
    desk.control.fault("queryInvoiceRedConfirm", "rate_limit", times=1)
    with pytest.raises(TransientError):
        desk.own.query([second])


# -- the buyer refuses one ------------------------------------------------------------


def partly(desk):
    blue = desk.issued(THREE)
    desk.control.use(numbers(blue)[1])
    document = red(desk, blue, THREE)
    desk.submit(document)
    document, outcome = settled(desk, document)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_state"] == "02"
    (bill,) = [b for b in desk.control.confirmations() if b["state"] == "02"]
    desk.control.buyer(bill["bill_id"], False)
    document, outcome = settled(desk, document)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_partly_refused", "red_05"]
    return blue, document


def test_what_stands_is_carried_over(desk):
    blue, document = partly(desk)
    former = standing(document.content, document.authority_ids)
    assert {p.blue_number for p in thaw(former).red.parts} == {
        numbers(blue)[0],
        numbers(blue)[2],
    }
    desk.later(seconds=5)
    again = red(desk, blue, THREE, former=former)
    parts = thaw(again.content).red.parts
    assert [part.asked for part in parts] == [True, True, False]
    desk.submit(again)
    (bill,) = [b for b in desk.control.confirmations() if b["state"] == "15"]
    desk.control.settle()
    desk.control.buyer(bill["bill_id"], True)
    assert settled(desk, again)[1].status is Status.VALID
    assert len(desk.control.confirmations()) == 4


def test_what_stands_has_to_stay(desk):
    blue, document = partly(desk)
    former = standing(document.content, document.authority_ids)
    made = replace(
        THREE,
        kind="return",
        lines=(line("50.00", quantity=Decimal("0.2")),),
        total=Decimal("56.50"),
        original=Original(blue.uid),
    )
    made = desk.own.refer(made, blue.content, ids=blue.authority_ids, former=former)
    assert "red_standing" in codes(desk.own.check(made))


def test_nothing_stands_of_what_was_refused_altogether(desk):
    blue = desk.issued(THREE)
    for number in numbers(blue):
        desk.control.use(number)
    document = red(desk, blue, THREE)
    desk.submit(document)
    document, _outcome = settled(desk, document)
    for bill in desk.control.confirmations():
        desk.control.buyer(bill["bill_id"], False)
    document, outcome = settled(desk, document)
    assert codes(outcome.errors) == ["red_05"] * 3
    assert standing(document.content, document.authority_ids) == b""


def test_withdrawn(desk):
    blue = desk.issued(THREE)
    for number in numbers(blue)[1:]:
        desk.control.use(number)
    document = red(desk, blue, THREE)
    desk.submit(document)
    document, _outcome = settled(desk, document)
    outcome = desk.own.withdraw(document)
    assert outcome.status is Status.PENDING
    document, outcome = settled(desk, kept(document, outcome))
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_partly_refused", "red_08", "red_08"]
    with pytest.raises(AuthorityError, match="none to withdraw"):
        desk.own.withdraw(document)


def test_one_is_not_taken_at_all(desk):
    """Another one is open for it at the bureau: the others are taken back."""
    blue = desk.issued(THREE)
    desk.control.buyer_applies(numbers(blue)[1])
    desk.control.settle()
    document = red(desk, blue, THREE)
    outcome = desk.submit(document)
    assert outcome.status is Status.ACCEPTED
    document, outcome = settled(desk, kept(document, outcome))
    assert outcome.status is Status.INVALID
    assert outcome.errors[0].code == "red_partly_refused"
    assert sum(s.issued for s in kept_states(outcome.authority_ids)) == 2


# -- buyers ---------------------------------------------------------------------------


def test_what_a_buyer_begins_is_booked(desk):
    blue = desk.issued(THREE)
    wanted = numbers(blue)[2]
    desk.control.buyer_applies(wanted, reason="1")
    desk.control.settle()
    letters = desk.own.red_letters()
    (request,) = letters.of_buyers(desk.now(), {})
    assert (request.blue_number, request.reason) == (wanted, "02")
    assert (request.net, request.tax) == (Decimal("50.00"), Decimal("6.50"))
    assert [item.net for item in request.items] == [Decimal("50.00")]
    assert letters.answer(request.bill_uuid, True).state in ("03", "04")
    desk.control.settle()
    assert letters.answer(request.bill_uuid, True).state == "04", "and not again"
    (now,) = letters.of_buyers(desk.now(), {request.bill_uuid: request.asked_at})
    assert (now.state, now.issued) == ("04", True)
    begun = {
        "blue_number": wanted,
        "bill_uuid": now.bill_uuid,
        "order_no": now.order_no,
    }
    one = line("50.00", quantity=Decimal("0.2"))
    document = red(desk, blue, THREE, one, begun=begun)
    assert desk.submit(document).status is Status.ACCEPTED
    outcome = desk.query(document)
    assert outcome.status is Status.VALID
    assert outcome.uid == letters.issued([now.order_no])[now.order_no]
    assert len(desk.control.confirmations()) == 1
    assert desk.why() == []


def test_a_buyer_is_refused(desk):
    blue = desk.issued(receipt(line("50.00")))
    desk.control.buyer_applies(blue.uid)
    desk.control.settle()
    letters = desk.own.red_letters()
    (request,) = letters.of_buyers(desk.now(), {})
    letters.answer(request.bill_uuid, False, "没有退货")
    desk.control.settle()
    assert letters.find(request.bill_uuid).state == "06"
    assert letters.of_buyers(desk.now(), {}) == []


def test_a_buyer_waits_too_long(desk):
    blue = desk.issued(receipt(line("50.00")))
    desk.control.buyer_applies(blue.uid)
    desk.control.settle()
    letters = desk.own.red_letters()
    (request,) = letters.of_buyers(desk.now(), {})
    desk.later(hours=73)
    assert letters.answer(request.bill_uuid, True).state == "07"


def test_lines_that_are_not_told(desk):
    desk.control.settings(red_tells_detail=False)
    blue = desk.issued(receipt(line("50.00")))
    desk.control.buyer_applies(blue.uid)
    desk.control.settle()
    (request,) = desk.own.red_letters().of_buyers(desk.now(), {})
    assert (request.items, request.net) == ((), Decimal("50.00"))


def test_what_is_kept_of_the_parts_is_read_again(desk):
    assert kept_states({PARTS: "[1]"}) == []
    assert kept_states({PARTS: json.dumps([{"blue_number": "1"}])})[0].open
