"""Fapiao from the receipt to the files, at the strict simulator."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from cn_kit import GOODS, codes, line, order_of, person, receipt
from cn_rig import COMPANY, EVERYTHING, SELLER, office
from hypothesis import Phase, given, settings
from test_fiscal_cn_check import (
    CONSTRUCTION,
    FREIGHT,
    LEASE,
    SALE,
    TRAVELLER,
    VOUCHER,
    special,
)
from test_fiscal_cn_properties import receipts

from fiscal.contract import (
    AmbiguousError,
    AuthorityError,
    Status,
    TransientError,
)

BLUE = {
    "plain": receipt(),
    "special fapiao": receipt(document_type="81"),
    "everything": EVERYTHING,
    "tax included": replace(EVERYTHING, data={"tax_included": True}),
    "wholly discounted": receipt(line("0.00", discount="10.00"), line("5.00")),
    "nobody": receipt(buyer=person()),
    "natural person": receipt(buyer=person("张三", "110101199003070000")),
    "not taxable": receipt(line("100.00", "0", policy="04")),
    "simplified": receipt(line("100.00", "3", policy="01")),
    "reduced": receipt(line("100.00", "1.5", policy="10")),
    "six cents": receipt(line("100.00", tax="13.06")),
    "construction": special(
        "03", CONSTRUCTION, line("100.00", "9", item_code="3050100000000000000")
    ),
    "lease": special("06", LEASE, line("100.00", "9", item_code="3040502020200000000")),
    "sale of real estate": special("05", SALE, line("100.00", "9")),
    "freight": special("04", [FREIGHT], line("100.00", "9")),
    "passengers": special("09", [TRAVELLER], line("100.00", "9")),
    "fuel": special("01", None),
    "farm products purchased": special("16", {"certificateType": "201"}),
    "margin": receipt(line("150.00", tax="6.50"), data={"differential": [VOUCHER]}),
    "zero rate": receipt(line("100.00", "0")),
}


@pytest.mark.parametrize("name", BLUE)
def test_issued(desk, name):
    document = desk.issue(BLUE[name])
    outcome = desk.submit(document)
    assert outcome.status is Status.ACCEPTED, desk.why()
    assert desk.query(document).status is Status.PENDING
    outcome = desk.settled(document)
    assert outcome.status is Status.VALID, outcome
    assert outcome.warnings == ()
    (theirs,) = desk.control.invoices(order_of(document))
    base = BLUE[name]
    assert Decimal(theirs["incl"]) == base.total
    assert Decimal(theirs["excl"]) == sum(one.net for one in base.lines)
    assert theirs["number"] == outcome.uid
    (order,) = desk.control.orders(order_of(document))
    assert order["warnings"] == []
    link = desk.own.link(replace(document, authority_ids=outcome.authority_ids))
    assert link.startswith(f"01,{'31' if base.document_type == '81' else '32'},,")


@pytest.mark.parametrize("name", ["everything", "special fapiao", "natural person"])
def test_files(desk, name):
    desk.control.register(
        companies=[{"tax_number": SELLER, "xml": True, "name": "测试销售有限公司"}]
    )
    document = desk.issued(BLUE[name])
    files = desk.own.fetch_files(document)
    assert [(one.name, one.original) for one in files] == [
        (f"{document.uid}.ofd", True),
        (f"{document.uid}.xml", True),
        (f"{document.uid}.pdf", False),
    ]
    assert [[p.text for p in one.problems] for one in files] == [[], [], []]
    assert desk.own.fetch_pdf(document) == files[2].content


# -- lost answers and refusals --------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop_after", "truncated", "empty", "bad_json"])
def test_a_lost_answer_is_asked_for(desk, kind):
    desk.control.fault("requestBillingNew", kind, times=1)
    document = desk.issue()
    with pytest.raises(AmbiguousError):
        desk.submit(document)
    assert desk.settled(document).status is Status.VALID
    assert desk.submit(document).status is Status.DUPLICATE
    assert len(desk.control.invoices(order_of(document))) == 1


def test_what_never_arrived_is_absent(desk):
    desk.control.fault("requestBillingNew", "drop_before", times=1)
    document = desk.issue()
    with pytest.raises(AmbiguousError):
        desk.submit(document)
    assert desk.query(document).status is Status.ABSENT
    assert desk.submit(document).status is Status.ACCEPTED


@pytest.mark.parametrize("kind", ["waf_html", "rate_limit"])
def test_what_was_stopped_before_is_sent_again(desk, kind):
    desk.control.fault("requestBillingNew", kind, times=1)
    document = desk.issue()
    with pytest.raises(TransientError):
        desk.submit(document)
    assert desk.submit(document).status is Status.ACCEPTED


def test_refused(desk):
    desk.control.fault(
        "requestBillingNew", "refuse", times=1, code="E9138", message="<b>编码</b>"
    )
    outcome = desk.submit(desk.issue())
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["E9138"]
    assert "E9138 编码" in outcome.errors[0].text


def test_many_at_once(desk):
    documents = [desk.issue() for _index in range(53)]
    for document in documents[:52]:
        assert desk.submit(document).status is Status.ACCEPTED
    desk.control.settle()
    before = len(desk.exchanges)
    outcomes = desk.own.query(documents)
    assert [one.status for one in outcomes] == [Status.VALID] * 52 + [Status.ABSENT]
    assert len(desk.exchanges) - before == 2
    desk.control.settings(query_missing="refused")
    outcomes = desk.own.query(documents)
    assert [one.status for one in outcomes] == [Status.VALID] * 52 + [Status.ABSENT]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "logs_out"}, "not_logged_in"),
        ({"kind": "asks_person"}, "person_check"),
        ({"kind": "issue_fails", "message": "购方税号有误"}, "issue_failed"),
    ],
)
def test_failed_and_tried_again(desk, fault, code):
    desk.control.fault("issue", **fault, times=1)
    document = desk.issue()
    desk.submit(document)
    outcome = desk.settled(document)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == [code]
    desk.control.account(SELLER, logged_in=True, real_person="1")
    assert desk.own.re_invoice(document).status is Status.ACCEPTED
    assert desk.settled(document).status is Status.VALID
    with pytest.raises((AuthorityError, AmbiguousError)):
        desk.own.re_invoice(document)


def test_the_credit_line(desk):
    desk.control.register(
        companies=[
            {
                "tax_number": SELLER,
                "name": "测试销售有限公司",
                "credit_line": "100.00",
            }
        ]
    )
    document = desk.issue()
    desk.submit(document)
    assert codes(desk.settled(document).errors) == ["credit_line"]


def test_files_that_were_not_signed(desk):
    desk.control.fault("issue", "sign_fails", times=1)
    document = desk.issue()
    desk.submit(document)
    outcome = desk.settled(document)
    assert outcome.status is Status.VALID
    assert codes(outcome.warnings) == ["layout_failed"]


def test_split(desk):
    document = desk.issue(receipt(line("250000.00", quantity=Decimal(25))))
    assert desk.submit(document).status is Status.ACCEPTED, desk.why()
    outcome = desk.settled(document)
    assert outcome.status is Status.VALID
    assert outcome.warnings == ()
    numbers = outcome.authority_ids["numbers"].split(",")
    assert len(numbers) == 3 and outcome.uid == numbers[0]
    totals = map(Decimal, outcome.authority_ids["totals"].split(","))
    assert sum(totals) == Decimal("282500.00")
    files = desk.own.fetch_files(replace(document, uid=outcome.uid))
    assert {one.name[:20] for one in files} == set(numbers)
    assert all(one.problems == () for one in files)


def test_a_total_that_is_told_wrongly(desk):
    document = desk.issued()
    desk.control.fault("queryInvoiceResult", "wrong_total", times=1)
    assert codes(desk.query(document).warnings) == ["amount_differs"]


def test_delivered_again(desk):
    document = desk.issued()
    desk.own.deliver(document, email="a@example.com")
    (theirs,) = desk.control.invoices(order_of(document))
    assert theirs["mailed"] == "1"
    with pytest.raises(AuthorityError):
        desk.own.deliver(replace(document, uid="2" * 20), phone="13800000000")


def test_codes_that_the_vendor_finds(desk):
    base = receipt(line("10.00", item_code=""))
    desk.own = desk.authority(settings={"codes_required": False})
    desk.control.register(
        companies=[
            {
                "tax_number": SELLER,
                "name": "测试销售有限公司",
                "goods": {"测试设备": GOODS},
            }
        ]
    )
    desk.issued(base)


@settings(deadline=None, max_examples=40, phases=[Phase.generate])
@given(receipts())
def test_what_passes_the_checks_is_taken(base):
    """Two readings of the same papers: what this one lets pass the other takes."""
    desk = _DESK[0]
    made = replace(base, seller=COMPANY)
    if desk.own.check(made):
        return
    document = desk.issue(base)
    assert desk.submit(document).status is Status.ACCEPTED, desk.why()
    outcome = desk.settled(document)
    assert (outcome.status, outcome.warnings) == (Status.VALID, ())
    (order,) = desk.control.orders(order_of(document))
    assert order["warnings"] == []


_DESK = []


@pytest.fixture(autouse=True, scope="module")
def _one_desk():
    with office() as made:
        _DESK.append(made)
        made.control.register(
            companies=[
                {
                    **{"tax_number": SELLER, "name": "测试销售有限公司"},
                    **{"credit_line": "1e15", "single_limit": "1e15"},
                }
            ]
        )
        yield
    _DESK.clear()
