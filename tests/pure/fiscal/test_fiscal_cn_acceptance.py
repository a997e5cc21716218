"""The acceptance list of spec china 5.3, as far as it is about issuing: for each point
a test with its name, from the receipt through the client over HTTP to the simulator,
which was written from the same papers by itself.

==============================  ====================================================
signature vector                ``test_signature_vector``; the public vectors on both
                                sides: ``test_fiscal_cn_known_answers`` and
                                ``simulator/test_nuonuo_gateway``
issue                           ``test_issue_one_line``, ``_several_rates``,
                                ``_discount_pair``, ``_natural_person``,
                                ``_construction``, ``_lease``; all other kinds:
                                ``test_fiscal_cn_against_simulator::test_issued``
duplicates                      ``test_duplicate``; of lost answers:
                                ``test_fiscal_cn_against_simulator``; with killed
                                processes: ``tests/faults/test_china.py``
tolerance edges 0.06 and 0.07   ``test_tolerance``
asynchronous success, failure,  ``test_asynchronous_success``,
failure to sign                 ``test_asynchronous_failure``, ``test_failure_to_sign``
red letter, whole and in part   ``test_whole_red_letter``, ``test_red_letter_in_part``;
                                bit by bit: ``test_fiscal_cn_against_simulator``
72 hours, refusal               ``test_red_letter_after_72_hours``,
                                ``test_red_letter_refused``
call-back forged, doubled       ``test_forged_call_back``, ``test_doubled_call_back``:
                                what they lead to; what Odoo makes of them:
                                ``tests/test_cn_callback.py``
budget of tokens                ``test_token_budget``; processes that share it:
                                ``tests/test_cn_tokens.py``
==============================  ====================================================

Received fapiao (verification, import of files, booking) are none of this list's.
"""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from cn_kit import SERVICE, codes, line, order_of, person, receipt, wrong
from cn_rig import APPKEY, SELLER, office
from test_fiscal_cn_callbacks import listening, wait_for
from test_fiscal_cn_check import CONSTRUCTION, LEASE, special
from test_fiscal_cn_red_simulator import reds

from fiscal.contract import AuthenticationError, Status

SPECIAL_SALE = receipt(line("200.00", quantity=Decimal(2)), document_type="81")


@pytest.fixture
def desk():
    with office() as made:
        yield made


@pytest.fixture
def called():
    """A desk whose orders say where to call back, and what came there."""
    with office(callback_retry_seconds=0) as made, listening() as (url, bodies):
        made.own = made.authority(settings={"callback_url": url})
        made.address, made.bodies = url, bodies
        yield made


def taken(desk, document):
    """Return the fapiao as the provider has it."""
    (theirs,) = desk.control.invoices(order_of(document))
    return theirs


# -- signature ------------------------------------------------------------------------


def test_signature_vector(desk):
    """The right secret opens the gateway; another one is refused by its code."""
    desk.issued()
    # the token is there already, so that only the signature is wrong
    credentials = {"app_key": APPKEY, "app_secret": "SIMSECRET0000002"}
    other = desk.authority(credentials=credentials, identity="wrong-secret")
    with pytest.raises(AuthenticationError) as caught:
        other.query([desk.issue()])
    assert caught.value.code == "070601"


# -- issue ----------------------------------------------------------------------------


def test_issue_one_line(desk):
    document = desk.issued(receipt(line("200.00", quantity=Decimal(2), unit_name="台")))
    theirs = taken(desk, document)
    assert theirs["number"] == document.uid and len(document.uid) == 20
    (sold,) = theirs["lines"]
    assert (sold["num"], sold["price"], sold["unit"]) == ("2", "100", "台")
    assert (theirs["excl"], theirs["tax"], theirs["incl"]) == (
        *("200.00", "26.00", "226.00"),
    )


def test_issue_several_rates(desk):
    base = receipt(
        line("200.00"),
        line("50.00", "6", item_code=SERVICE),
        line("9.99", "9"),
        line("100.00", "0", policy="03"),
    )
    lines = taken(desk, desk.issued(base))["lines"]
    assert [one["rate"] for one in lines] == ["0.13", "0.06", "0.09", "0"]
    assert [one["tax"] for one in lines] == ["26.00", "3.00", "0.90", "0.00"]
    assert lines[3]["policy"] == "03"


def test_issue_discount_pair(desk):
    sold, off = taken(desk, desk.issued(receipt(line("190.00", discount="10.00"))))[
        "lines"
    ]
    assert (sold["property"], sold["excl"], sold["tax"]) == ("2", "200.00", "26.00")
    assert (off["property"], off["excl"], off["tax"]) == ("1", "-10.00", "-1.30")
    assert (sold["name"], sold["rate"]) == (off["name"], off["rate"])
    assert (off["num"], off["price"]) == ("", "")


def test_issue_natural_person(desk):
    base = receipt(buyer=person("张三", "110101199003070000"))
    order = taken(desk, desk.issued(base))["order"]
    assert (order["naturalPersonFlag"], order["invoiceLine"]) == ("1", "pc")
    assert order["buyerTaxNum"] == "110101199003070000"


def test_issue_construction(desk):
    base = special(
        "03", CONSTRUCTION, line("100.00", "9", item_code="3050100000000000000")
    )
    theirs = taken(desk, desk.issued(base))
    assert theirs["order"]["specificFactor"] == "3"
    assert theirs["order"]["invoiceBuildingInfo"]["itemName"]
    (sold,) = theirs["lines"]
    assert [sold[name] for name in ("spec", "unit", "num", "price")] == [""] * 4


def test_issue_lease(desk):
    base = special("06", LEASE, line("100.00", "9", item_code="3040502020200000000"))
    order = taken(desk, desk.issued(base))["order"]
    assert order["specificFactor"] == "6"
    rent = order["realPropertyRentInfo"]
    assert rent["rentStartDate"] <= rent["rentEndDate"]


# -- duplicates and tolerances --------------------------------------------------------


def test_duplicate(desk):
    """An order number is taken once, whatever the second order says, even after a
    failure."""
    desk.control.fault("issue", "issue_fails", times=1, message="购方税号有误")
    document = desk.issue()
    assert desk.submit(document).status is Status.ACCEPTED
    assert desk.submit(document).status is Status.DUPLICATE
    assert desk.settled(document).status is Status.INVALID
    assert desk.submit(document).status is Status.DUPLICATE
    (order,) = desk.control.orders()
    assert (order["handed_over"], order["numbers"]) == (3, [])


@pytest.mark.parametrize(
    ("tax", "good"),
    [("25.93", False), ("25.94", True), ("26.06", True), ("26.07", False)],
)
def test_tolerance(desk, tax, good):
    """Both sides draw the line between 0.06 and 0.07."""
    base = receipt(line("200.00", tax=tax))
    assert wrong(base) == ([] if good else ["E9131"])
    # let pass here, it is up to the provider
    desk.own = desk.authority(settings={"tax_tolerance": "1"})
    outcome = desk.submit(desk.issue(base))
    assert outcome.status is (Status.ACCEPTED if good else Status.INVALID)
    assert codes(outcome.errors) == ([] if good else ["E9131"])


# -- asynchronous ---------------------------------------------------------------------


def test_asynchronous_success(desk):
    desk.control.settings(issue_seconds=100, sign_seconds=100)
    document = desk.issue()
    outcome = desk.submit(document)
    assert (outcome.status, outcome.uid) == (Status.ACCEPTED, "")
    for seconds, status in ((50, "20"), (100, "21")):
        desk.later(seconds=seconds)
        outcome = desk.query(document)
        assert outcome.status is Status.PENDING
        assert outcome.authority_ids["status"] == status
    desk.later(seconds=100)
    outcome = desk.query(document)
    assert (outcome.status, outcome.authority_ids["status"]) == (Status.VALID, "2")
    assert outcome.uid == taken(desk, document)["number"]


def test_asynchronous_failure(desk):
    desk.control.account(SELLER, logged_in=False)
    document = desk.issue()
    assert desk.submit(document).status is Status.ACCEPTED
    outcome = desk.settled(document)
    assert (outcome.status, outcome.uid) == (Status.INVALID, "")
    assert codes(outcome.errors) == ["not_logged_in"]
    desk.control.account(SELLER, logged_in=True)
    assert desk.own.re_invoice(document).status is Status.ACCEPTED
    assert desk.settled(document).status is Status.VALID
    assert len(desk.control.invoices()) == 1


def test_failure_to_sign(desk):
    """It has its number, so it counts; only its files are missing."""
    desk.control.fault("issue", "sign_fails", times=1)
    document = desk.issue()
    desk.submit(document)
    outcome = desk.settled(document)
    assert (outcome.status, outcome.authority_ids["status"]) == (Status.VALID, "24")
    assert outcome.uid == taken(desk, document)["number"]
    assert codes(outcome.warnings) == ["layout_failed"]


# -- red letters ----------------------------------------------------------------------


def test_whole_red_letter(desk):
    blue = desk.issued(SPECIAL_SALE)
    red = reds(desk, blue, base=SPECIAL_SALE)
    desk.submit(red)
    outcome = desk.settled(red)
    assert outcome.status is Status.VALID
    theirs = taken(desk, red)
    assert theirs["red"]["blue"] == blue.uid
    assert Decimal(theirs["incl"]) == -SPECIAL_SALE.total


def test_red_letter_in_part(desk):
    blue = desk.issued(SPECIAL_SALE)
    part = line("100.00", quantity=Decimal(1), data={"blue_line": 1})
    red = reds(desk, blue, part, base=SPECIAL_SALE, reason="04")
    desk.submit(red)
    assert desk.settled(red).status is Status.VALID
    theirs = taken(desk, red)
    assert theirs["incl"] == "-113.00"
    assert theirs["red"]["reason"] == "4"
    # as much is left as was not taken back; the code for that has no paper
    desk.own = desk.authority(settings={"failed_call": "refused"})
    more = line("200.00", quantity=Decimal(2), data={"blue_line": 1})
    over = reds(desk, blue, more, base=SPECIAL_SALE, reason="04")
    assert desk.submit(over).status is Status.INVALID


def waiting(desk):
    """Return a red letter of a fapiao that its buyer has deducted."""
    blue = desk.issued(SPECIAL_SALE)
    desk.control.use(blue.uid, "deducted")
    red = reds(desk, blue, base=SPECIAL_SALE)
    desk.submit(red)
    outcome = desk.settled(red)
    assert outcome.status is Status.PENDING
    assert outcome.authority_ids["red_state"] == "02"
    return red, outcome.authority_ids["bill_id"]


def test_red_letter_after_72_hours(desk):
    red, _bill = waiting(desk)
    desk.later(hours=71, minutes=59)
    assert desk.query(red).status is Status.PENDING
    desk.later(minutes=2)
    assert codes(desk.query(red).errors) == ["red_07"]
    assert len(desk.control.invoices()) == 1


def test_red_letter_refused(desk):
    red, bill = waiting(desk)
    desk.control.buyer(bill, False)
    assert codes(desk.settled(red).errors) == ["red_05"]
    assert len(desk.control.invoices()) == 1


# -- call-backs and tokens ------------------------------------------------------------


def test_forged_call_back(called):
    """Whatever it says, what is asked for counts."""
    called.control.fault("callback", "callback_forged", times=1)
    document = called.issue()
    called.submit(document)
    (hint, *_more) = wait_for(called, 1)
    assert hint.order == order_of(document)
    outcome = called.query(document)
    assert (outcome.status, outcome.uid) == (Status.PENDING, "")
    outcome = called.settled(document)
    assert outcome.uid == taken(called, document)["number"]
    content = {"c_orderno": order_of(document), "c_saletaxnum": "1", "c_status": "2"}
    form = {"operater": "callback", "content": json.dumps(content)}
    called.control.send_form(called.address, form)
    assert called.bodies[-1] == urlencode(form).encode()
    assert called.query(document).status is Status.VALID


def test_doubled_call_back(called):
    called.control.fault("callback", "callback_doubled", times=1)
    document = called.issued()
    first, second = wait_for(called, 2)[:2]
    assert first == second and first.order == order_of(document)
    assert called.bodies[0] == called.bodies[1], "the same words are the same news"
    assert called.query(document).uid == document.uid
    assert len(called.control.invoices()) == 1


def test_token_budget(desk):
    """Fifty tokens in thirty days: all that was asked for counts, the fifty-first is
    not asked for, and there is one again when the first is thirty days old."""
    desk.control.settings(token_seconds=60)
    for _token in range(50):
        desk.own.session().login()
        desk.later(minutes=2)
    with pytest.raises(AuthenticationError) as caught:
        desk.own.session().login()
    assert caught.value.code == "token_budget"
    assert desk.control.token_calls(APPKEY) == 50
    desk.later(days=30)
    assert desk.own.session().login().good
