"""Fapiao and red letters from the receipt to the files, at the strict simulator."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from cn_kit import GOODS, SERVICE, codes, line, order_of, person, receipt
from cn_rig import COMPANY, SELLER, office
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
    AuthenticationError,
    AuthorityError,
    Original,
    Status,
    TransientError,
)


@pytest.fixture
def desk():
    with office() as made:
        yield made


EVERYTHING = receipt(
    line(
        "190.00",
        discount="10.00",
        quantity=Decimal(2),
        unit_name="台",
        data={"spec": "T-1"},
    ),
    line("50.00", "6", description="测试服务", item_code=SERVICE),
    line("33.33", "9", tax="3.05", quantity=Decimal("3.7"), unit_name="kg"),
    line("100.00", "0", policy="03"),
    line("88.50", data={"tax_included": True}, quantity=Decimal(3)),
    line("12.00", data={"amount_only": True}),
    data={
        "remark": "测试数据",
        "buyer_account": "测试银行 0001",
        "agent": {"name": "张三", "card_type": "201", "card_number": "1101"},
    },
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
    # its sum of the differences does not know of deductions
    assert order["warnings"] == [] or name == "margin"
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


# -- red letters ----------------------------------------------------------------------


def reds(desk, blue, *lines, base=None, **changes):
    base = base or EVERYTHING
    values = {
        "kind": "return",
        "original": Original(blue.uid),
        "lines": lines or base.lines,
        "document_type": base.document_type,
        "buyer": base.buyer,
        "data": {} if lines else {"scope": "full"},
    }
    chosen = lines or base.lines
    values["total"] = sum((one.total for one in chosen), Decimal(0))
    return desk.issue(receipt(), **{**values, **changes})


def test_taken_back_at_once(desk):
    blue = desk.issued(EVERYTHING)
    red = reds(desk, blue)
    assert desk.submit(red).status is Status.ACCEPTED, desk.why()
    assert desk.query(red).status is Status.PENDING
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID, outcome
    assert outcome.warnings == ()
    assert outcome.authority_ids["red_state"] == "01"
    (theirs,) = desk.control.invoices(order_of(red))
    assert theirs["number"] == outcome.uid
    assert Decimal(theirs["incl"]) == -EVERYTHING.total
    files = desk.own.fetch_files(replace(red, uid=outcome.uid))
    assert [one.problems for one in files] == [()] * len(files)
    again = reds(desk, blue)
    outcome = desk.submit(again)
    assert codes(outcome.errors) == ["E9103"]


def test_taken_back_in_parts(desk):
    blue = desk.issued(EVERYTHING)
    # lines 1 and 2 are the discounted one and its discount
    part = line(
        "95.00",
        quantity=Decimal(1),
        unit_name="台",
        data={"blue_line": 1, "spec": "T-1"},
    )
    service = line(
        "20.00",
        "6",
        description="测试服务",
        item_code=SERVICE,
        data={"blue_line": 3, "amount_only": True},
    )
    red = reds(desk, blue, part, service, reason="04")
    assert desk.submit(red).status is Status.ACCEPTED, desk.why()
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID
    assert outcome.warnings == ()
    (theirs,) = desk.control.invoices(order_of(red))
    assert Decimal(theirs["incl"]) == -(part.total + service.total)


def waiting(desk):
    """A red letter that waits for its buyer, who has used the fapiao."""
    base = receipt(document_type="81")
    blue = desk.issued(base)
    desk.control.use(blue.uid)
    red = reds(desk, blue, base=base)
    desk.submit(red)
    outcome = desk.settled(red)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_state"] == "02"
    return red, outcome.authority_ids["bill_id"]


def test_the_buyer_agrees(desk):
    red, bill = waiting(desk)
    desk.control.buyer(bill, True)
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID
    assert outcome.authority_ids["red_state"] == "04"


def test_a_state_that_has_to_be_asked_for(desk):
    desk.control.settings(red_needs_refresh=True)
    red, bill = waiting(desk)
    desk.control.buyer(bill, True)
    assert desk.settled(red).authority_ids["red_state"] == "02"
    assert desk.settled(red).status is Status.VALID


def test_the_buyer_refuses(desk):
    red, bill = waiting(desk)
    desk.control.buyer(bill, False)
    outcome = desk.settled(red)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_05"]


def test_the_buyer_does_nothing(desk):
    red, _bill = waiting(desk)
    desk.later(hours=71)
    assert desk.query(red).status is Status.PENDING
    desk.later(hours=2)
    outcome = desk.query(red)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_07"]


def test_withdrawn(desk):
    red, _bill = waiting(desk)
    outcome = desk.own.red_letters().withdraw(red)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_request"] == "01"
    outcome = desk.settled(red)
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["red_08"]


def test_a_withdrawal_that_fails(desk):
    red, _bill = waiting(desk)
    desk.control.fault("red", "red_request_fails", times=1)
    desk.own.red_letters().withdraw(red)
    outcome = desk.settled(red)
    assert outcome.status is Status.PENDING
    assert codes(outcome.warnings) == ["red_request_failed"]


def test_the_bureau_does_not_take_it(desk):
    desk.control.fault("red", "red_fails", times=1, message="原因")
    red = reds(desk, desk.issued(EVERYTHING))
    desk.submit(red)
    outcome = desk.settled(red)
    assert codes(outcome.errors) == ["red_16"]
    assert "原因" in outcome.errors[0].text


def test_a_lost_answer_about_a_red_letter(desk):
    red = reds(desk, desk.issued(EVERYTHING))
    assert desk.query(red).status is Status.ABSENT
    desk.control.fault("saveInvoiceRedConfirm", "drop_after", times=1)
    with pytest.raises(AmbiguousError):
        desk.submit(red)
    assert desk.settled(red).status is Status.VALID
    assert len(desk.control.confirmations()) == 1


def test_what_a_buyer_asks_for(desk):
    blue = desk.issued(receipt(document_type="81"))
    bill = desk.control.buyer_applies(blue.uid, reason="1")
    desk.control.settle()
    letters = desk.own.red_letters()
    now = desk.now()
    found = list(letters.requests(now - timedelta(days=89), now, "03"))
    (request,) = found
    assert (request.bill_id, request.by_buyer) == (bill, True)
    letters.confirm(request, True, order_no="RED-1")
    desk.control.settle()
    (red,) = desk.control.invoices("RED-1")
    assert Decimal(red["incl"]) == Decimal("-226.00")


def test_an_automatic_one_that_was_not(desk):
    desk.control.settings(automatic_red=False)
    red = reds(desk, desk.issued(EVERYTHING))
    desk.submit(red)
    assert desk.settled(red).status is Status.PENDING
    assert desk.own.red_letters().issue(red).status is Status.ACCEPTED
    assert desk.settled(red).status is Status.VALID


# -- tokens, session, probe -----------------------------------------------------------


def test_one_token_for_all(desk):
    for _index in range(3):
        desk.issued()
    assert desk.control.token_calls("SIM00001") == 1


def test_a_token_that_ended(desk):
    desk.issued()
    desk.later(hours=25)
    desk.issued()
    assert desk.control.token_calls("SIM00001") == 2


def test_revoked_tokens(desk):
    desk.issued()
    desk.later(minutes=11)
    desk.control.revoke_tokens()
    desk.issued()
    assert desk.control.token_calls("SIM00001") == 2


def test_the_budget(desk):
    desk.control.settings(token_budget=1)
    desk.issued()
    desk.later(hours=25)
    with pytest.raises(AuthenticationError) as caught:
        desk.issued()
    assert caught.value.code == "token_budget"


@pytest.mark.parametrize(
    ("credentials", "code"),
    [
        ({"app_key": "SIM00002", "app_secret": "x"}, "070304"),
        ({"app_key": "SIM00001", "app_secret": "x"}, "070305"),
    ],
)
def test_wrong_credentials(desk, credentials, code):
    own = desk.authority(credentials=credentials, identity="wrong")
    assert codes(own.probe()) == [f"probe_token_{code}"]


def test_an_application_of_others(desk):
    desk.control.register(
        apps=[{"appkey": "ISV00001", "secret": "ISVSECRET", "kind": "isv"}]
    )
    isv = {
        "credentials": {"app_key": "ISV00001", "app_secret": "ISVSECRET"},
        "settings": {"application": "isv"},
        "identity": f"{desk.identity}-isv",
    }
    own = desk.authority(**isv)
    own.authorize(desk.control.authorize("ISV00001", SELLER), "https://x.example/")
    desk.own = own
    desk.issued()
    desk.later(hours=25)
    desk.issued()
    assert desk.control.token_calls("ISV00001") == 2


def test_the_probe(desk):
    assert codes(desk.own.probe()) == []
    desk.control.account(SELLER, logged_in=False)
    assert codes(desk.own.probe()) == ["probe_not_logged_in"]
    desk.control.register(
        companies=[
            {"tax_number": SELLER, "name": "测试销售有限公司", "credit_line": "0.00"}
        ]
    )
    desk.control.account(SELLER, logged_in=True)
    desk.own.session().refresh_credit_line()
    desk.later(seconds=2)
    assert codes(desk.own.probe()) == ["probe_credit_line"]


def test_logging_in(desk):
    desk.control.account(SELLER, logged_in=False)
    session = desk.own.session()
    assert not session.login().good
    session.refresh_qr("login")
    assert session.qr("login").progress == "running"
    desk.later(seconds=2)
    code = session.qr("login")
    assert (code.progress, bool(code.text)) == ("done", True)
    desk.control.scan(SELLER, "login")
    session.scanned()
    desk.later(seconds=2)
    assert session.scan_result().progress == "done"
    assert session.login().good


def test_logging_in_by_text_message(desk):
    desk.control.account(SELLER, logged_in=False)
    session = desk.own.session()
    session.send_message()
    desk.later(seconds=2)
    assert session.message_sent().progress == "done"
    session.submit_message(desk.control.sms(SELLER))
    desk.later(seconds=2)
    assert session.message_result().progress == "done"
    assert session.login().good


def test_the_credit_that_is_left(desk):
    desk.issued()
    session = desk.own.session()
    session.refresh_credit_line()
    desk.later(seconds=2)
    credit = session.credit_line()
    assert (credit.used, credit.total) == (Decimal("200.00"), Decimal("1000000.00"))


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


def test_what_is_taken_back_bit_by_bit(desk):
    """The lines are found by the kept documents, until nothing is left."""
    blue = desk.issued(EVERYTHING)
    kept = []
    for count in (2, 1, 3):
        start = sum(one.count(b'"nature"') for one in kept)
        lines = EVERYTHING.lines[start : start + count]
        values = {
            **{"kind": "return", "original": Original(blue.uid), "data": {}},
            **{"lines": lines, "total": sum(one.total for one in lines)},
        }
        named = desk.own.refer(replace(EVERYTHING, **values), blue.content, kept)
        red = desk.issued(named)
        kept.append(red.content)
    whole = desk.own.refer(
        replace(EVERYTHING, kind="return", original=Original(blue.uid), data={}),
        blue.content,
        kept,
    )
    assert not any(one.data.get("blue_line") for one in whole.lines)


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
