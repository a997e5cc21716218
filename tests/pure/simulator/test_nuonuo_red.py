"""Red letters: who applies, who agrees, what is issued, and all that is refused."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from nuonuo_kit import (
    BUYER,
    BUYER_NAME,
    SELLER,
    Erp,
    applied,
    confirmation,
    line,
    order,
    red_line,
    save,
)

GOOD = "E0000"
PRICED = {"price": "100", "num": "2", "unit": "台"}


@pytest.fixture
def blue(nuonuo, seller):
    """An issued invoice of 200.00 and 26.00."""
    return seller.issued(nuonuo, order(line(**PRICED)))


def withdraw(seller, bill, identity="0", **changes):
    body = {"identity": identity, "billId": bill["billId"], **changes}
    return seller.call("confirmInfoCancel", body).code


def issue(seller, bill, **changes):
    body = {
        "orderNo": "R1",
        "taxNum": SELLER,
        "billNo": bill["billNo"],
        "billUuid": bill["billUuid"],
        **changes,
    }
    return seller.call("fastInvoiceRed", body)


@pytest.fixture
def buyer(nuonuo, nuonuo_url):
    """The buyer, who is at the platform as well."""
    nuonuo.register(
        apps=[{"appkey": "BUYER", "secret": "b", "tax_numbers": [BUYER]}],
        companies=[{"tax_number": BUYER, "name": BUYER_NAME}],
    )
    erp = Erp(nuonuo_url, "BUYER", "b")
    erp.user_tax = BUYER
    return erp


# --- the ways that it goes -------------------------------------------------------


def test_an_unused_invoice_becomes_red_by_itself(nuonuo, seller, blue):
    identity = save(seller, blue, billId="RC1", orderNo="R-1").result
    assert identity == "RC1"
    bill = seller.bill(billId="RC1")
    assert (bill["billStatus"], bill["billNo"], bill["openStatus"]) == ("15", "", "0")
    nuonuo.settle()
    bill = seller.bill(billId="RC1")
    assert (bill["billStatus"], bill["openStatus"]) == ("01", "1")
    assert (len(bill["billNo"]), len(bill["billUuid"])) == (20, 32)
    red = seller.one("R-1")
    assert red["serialNo"] == bill["invoiceSerialNum"]
    assert (red["status"], red["invoiceType"], red["redReason"]) == ("2", "2", "2")
    assert (red["exTaxAmount"], red["taxAmount"]) == ("-200.00", "-26.00")
    assert red["oldEleInvoiceNumber"] == red["oldInvoiceNo"] == blue["invoiceNo"]
    assert red["invoiceNo"] != blue["invoiceNo"]
    (item,) = red["invoiceItems"]
    assert (Decimal(item["itemNum"]), Decimal(item["itemPrice"])) == (-2, 100)
    page = seller.get(red["xmlUrl"]).text
    assert f"被冲红蓝字数电票号码：{blue['invoiceNo']}" in page
    assert f"红字发票信息确认单编号：{bill['billNo']}" in page


@pytest.mark.parametrize(
    ("agree", "state", "opened"), [(True, "04", "1"), (False, "05", "0")]
)
@pytest.mark.parametrize("use", ["deducted", "booked"])
def test_a_used_invoice_waits_for_the_buyer(
    nuonuo, seller, blue, use, agree, state, opened
):
    nuonuo.use(blue["invoiceNo"], use)
    bill = applied(nuonuo, seller, blue)
    assert (bill["billStatus"], bill["openStatus"]) == ("02", "0")
    nuonuo.buyer(bill["billId"], agree)
    nuonuo.settle()
    bill = seller.bill(billId=bill["billId"])
    assert (bill["billStatus"], bill["openStatus"]) == (state, opened)


def test_seventy_two_hours(nuonuo, seller, blue):
    nuonuo.settings(timestamp_window_seconds=0, token_seconds=1e9)
    seller.token = ""  # one that lives that long
    nuonuo.use(blue["invoiceNo"])
    bill = applied(nuonuo, seller, blue)
    nuonuo.settings(clock_offset=71.9 * 3600)
    assert seller.bill(billId=bill["billId"])["billStatus"] == "02"
    nuonuo.settings(clock_offset=72.1 * 3600)
    assert seller.bill(billId=bill["billId"])["billStatus"] == "07"
    again = applied(nuonuo, seller, blue)  # it is free for another
    assert again["billStatus"] == "02"


def test_the_buyer_agrees_through_the_platform(nuonuo, seller, buyer, blue):
    nuonuo.use(blue["invoiceNo"])
    bill = applied(nuonuo, seller, blue)
    answer = {"billId": bill["billId"], "confirmAgreement": "1"}
    assert seller.call("confirm", {**answer, "identity": "0"}).code == "E4000"
    assert seller.call("confirm", {**answer, "identity": "1"}).code == "E9500"
    assert buyer.call("confirm", {**answer, "identity": "1"}).code == GOOD
    assert buyer.bill("1", billId=bill["billId"])["requestStatus"] == "03"
    assert buyer.call("confirm", {**answer, "identity": "1"}).code == "E4000"
    nuonuo.settle()
    bill = seller.bill(billId=bill["billId"])
    assert (bill["billStatus"], bill["openStatus"], bill["requestStatus"]) == (
        "04",
        "1",
        "",
    )


@pytest.mark.parametrize(("answer", "state"), [("1", "04"), ("0", "06")])
def test_the_buyer_applies(nuonuo, seller, blue, answer, state):
    identity = nuonuo.buyer_applies(blue["invoiceNo"], reason="1")
    nuonuo.settle()
    bill = seller.bill(billId=identity)
    assert (bill["billStatus"], bill["applySource"]) == ("03", "1")
    body = {"billId": identity, "identity": "0"}
    assert seller.call("confirm", body).code == "E4000"
    long = {**body, "confirmAgreement": answer, "confirmReason": "a" * 201}
    assert seller.call("confirm", long).code == "E4000"
    done = {**body, "confirmAgreement": answer, "orderNo": "R-2"}
    assert seller.call("confirm", done).code == GOOD
    nuonuo.settle()
    assert seller.bill(billId=identity)["billStatus"] == state
    assert (seller.query("R-2").code == GOOD) == (state == "04")


def test_the_buyer_applies_through_the_platform(nuonuo, seller, buyer, blue):
    body = confirmation(blue, applySource="1")
    assert seller.call("saveInvoiceRedConfirm", body).code == "E9302"
    assert buyer.call("saveInvoiceRedConfirm", body).code == GOOD
    nuonuo.settle()
    bill = buyer.bill("1", billId=body["billId"])
    assert bill["billStatus"] == "03"
    assert withdraw(seller, bill) == "E4000"  # the other party applied
    assert withdraw(buyer, bill, "1") == GOOD
    nuonuo.settle()
    assert seller.bill(billId=body["billId"])["billStatus"] == "08"


def test_withdrawing(nuonuo, seller, blue):
    nuonuo.use(blue["invoiceNo"])
    bill = applied(nuonuo, seller, blue)
    assert withdraw(seller, bill) == GOOD
    assert seller.bill(billId=bill["billId"])["requestStatus"] == "01"
    nuonuo.settle()
    assert seller.bill(billId=bill["billId"])["billStatus"] == "08"
    assert withdraw(seller, bill) == "E4000"


def test_withdrawing_after_agreement(nuonuo, seller, blue):
    nuonuo.settings(automatic_red=False)
    bill = applied(nuonuo, seller, blue)
    assert (bill["billStatus"], bill["openStatus"]) == ("01", "0")
    assert withdraw(seller, bill) == GOOD
    nuonuo.settle()
    assert seller.bill(billId=bill["billId"])["billStatus"] == "09"
    assert issue(seller, bill).code == "E4000"


def test_withdrawing_too_late(nuonuo, seller, blue):
    bill = applied(nuonuo, seller, blue)
    assert bill["openStatus"] == "1"
    assert withdraw(seller, bill) == "E4000"


def test_requests_that_the_bureau_fails(nuonuo, seller, blue):
    nuonuo.use(blue["invoiceNo"])
    bill = applied(nuonuo, seller, blue)
    nuonuo.fault("red", "red_request_fails", times=1)
    assert withdraw(seller, bill) == GOOD
    nuonuo.settle()
    row = seller.bill(billId=bill["billId"])
    assert (row["billStatus"], row["requestStatus"]) == ("02", "02")
    assert withdraw(seller, bill) == GOOD


def test_an_application_that_fails(nuonuo, seller, blue):
    nuonuo.fault("red", "red_fails", message="发票状态异常", times=1)
    bill = applied(nuonuo, seller, blue)
    assert (bill["billStatus"], bill["billMessage"]) == ("16", "发票状态异常")
    assert applied(nuonuo, seller, blue)["billStatus"] == "01"


def test_what_the_buyer_did_is_seen_after_a_refresh_by_switch(nuonuo, seller, blue):
    nuonuo.settings(red_needs_refresh=True)
    nuonuo.use(blue["invoiceNo"])
    bill = applied(nuonuo, seller, blue)
    nuonuo.buyer(bill["billId"], False)
    assert seller.bill(billId=bill["billId"])["billStatus"] == "02"
    refresh = {"identity": "0", "billUuid": bill["billUuid"]}
    assert seller.call("refreshInvoiceRedConfirm", refresh).code == GOOD
    assert seller.bill(billId=bill["billId"])["billStatus"] == "05"
    wrong = (
        {"identity": "0"},
        {**refresh, "billUuid": "x"},
        {**refresh, "identity": "2"},
    )
    codes = [seller.call("refreshInvoiceRedConfirm", body).code for body in wrong]
    assert codes == ["E4000", "E9500", "E4000"]


# --- applying: what is refused ---------------------------------------------------

REFUSED = [
    ({"blueElecInvoiceNumber": None}, "E9102"),
    ({"blueElecInvoiceNumber": "26312999999999999999"}, "E9500"),
    ({"blueInvoiceLine": None}, "E4000"),
    ({"blueInvoiceLine": "bs"}, "E4000"),
    ({"applySource": None}, "E4000"),
    ({"applySource": "2"}, "E4000"),
    ({"sellerTaxNo": None}, "E4000"),
    ({"sellerTaxNo": BUYER}, "E9302"),
    ({"sellerName": "别人"}, "E4000"),
    ({"buyerName": None}, "E4000"),
    ({"buyerName": "别人"}, "E9113"),
    ({"buyerTaxNo": "91310000TEST000003"}, "E9115"),
    ({"redReason": None}, "E4000"),
    ({"redReason": "5"}, "E4000"),
    ({"billId": "a" * 33}, "E4000"),
    ({"billTime": "2026-01-01"}, "E4000"),
    ({"detail": [red_line("50.00")]}, "E4000"),
    ({"nothing": "known"}, "E4000"),
]


@pytest.mark.parametrize(("change", "code"), REFUSED)
def test_applications(seller, blue, change, code):
    assert save(seller, blue, **change).code == code
    assert save(seller, blue, billTime="2026-01-01 10:00:00").code == GOOD


def test_ids_and_order_numbers_once(nuonuo, seller, blue):
    other = seller.issued(nuonuo)
    assert save(seller, blue, billId="RC1", orderNo="R-1").code == GOOD
    assert save(seller, other, billId="RC1").code == "E9106"
    assert save(seller, other, orderNo="R-1").code == "E9106"
    assert save(seller, other, orderNo=blue["orderNo"]).code == "E9106"
    assert save(seller, other, billId=None, orderNo="R-2").code == GOOD


def test_only_finished_blue_ones(nuonuo, seller, blue):
    applied(nuonuo, seller, blue, orderNo="R-1")
    assert save(seller, blue).code == "E9103"
    red = seller.one("R-1")
    assert save(seller, red).code == "E4000"
    nuonuo.fault("issue", "sign_fails", times=1)
    made = order()
    seller.send(made)
    nuonuo.settle()
    assert save(seller, seller.one(made["orderNo"])).code == "E4000"


def test_one_confirmation_at_a_time(nuonuo, seller, blue):
    nuonuo.use(blue["invoiceNo"])
    half = [red_line("-100.00", unit="台")]
    bill = applied(nuonuo, seller, blue, detail=half)
    assert save(seller, blue, detail=half).code == "E4000"
    nuonuo.settings(one_open_confirmation=False)
    assert save(seller, blue, detail=half).code == GOOD
    assert save(seller, blue, detail=half).code == "E9103"
    withdraw(seller, bill)
    nuonuo.settle()
    assert save(seller, blue, detail=half).code == GOOD


# --- issuing ---------------------------------------------------------------------


def test_issuing_by_hand(nuonuo, seller, blue):
    nuonuo.settings(automatic_red=False)
    bill = applied(nuonuo, seller, blue)
    for name in ("orderNo", "taxNum", "billNo", "billUuid"):
        assert issue(seller, bill, **{name: ""}).code == "E4000"
    assert issue(seller, bill, billUuid="x").code == "E9500"
    assert issue(seller, bill, taxNum=BUYER).code == "E9302"
    assert issue(seller, bill, elecInvoiceNumber="1").code == "E9102"
    assert issue(seller, bill, orderNo=blue["orderNo"]).code == "E9106"
    assert issue(seller, bill, orderNo="R" * 21).code == "E4000"
    serial = issue(seller, bill).result["invoiceSerialNum"]
    nuonuo.settle()
    assert seller.one("R1")["serialNo"] == serial
    assert issue(seller, bill, orderNo="R2").code == "E9103"
    assert len(nuonuo.invoices()) == 2


def test_issuing_before_the_buyer_agreed(nuonuo, seller, blue):
    nuonuo.use(blue["invoiceNo"])
    bill = applied(nuonuo, seller, blue)
    assert issue(seller, bill).code == "E4000"
    nuonuo.buyer(bill["billId"], True)
    assert issue(seller, bill).code == GOOD


def test_the_order_number_of_an_automatic_one_is_replaced_once(nuonuo, seller, blue):
    bill = applied(nuonuo, seller, blue)
    given = bill["orderNo"]
    assert given.startswith("HZ")
    assert issue(seller, bill).result["invoiceSerialNum"] == bill["invoiceSerialNum"]
    assert seller.one("R1")["serialNo"] == bill["invoiceSerialNum"]
    assert seller.query(given).code == "E9500"
    assert issue(seller, bill, orderNo="R2").code == "E9103"


def test_an_own_order_number_is_not_replaced(nuonuo, seller, blue):
    bill = applied(nuonuo, seller, blue, orderNo="R0")
    assert issue(seller, bill).code == "E9103"


def test_paper_is_never_issued_by_itself(nuonuo, seller):
    nuonuo.register(companies=[{"tax_number": SELLER, "kinds": ["ec"]}])
    blue = seller.issued(nuonuo, order(invoiceLine="ec"))
    bill = applied(nuonuo, seller, blue, blueInvoiceLine="ec")
    assert (bill["billStatus"], bill["openStatus"]) == ("01", "0")
    assert issue(seller, bill).code == GOOD


def test_a_red_letter_that_fails_is_tried_again(nuonuo, seller, blue):
    nuonuo.fault("issue", "issue_fails", times=1, match={"red": "1"})
    bill = applied(nuonuo, seller, blue, orderNo="R-1")
    assert (bill["billStatus"], bill["openStatus"]) == ("01", "0")
    assert seller.one("R-1")["status"] == "22"
    assert seller.call("reInvoice", {"orderno": "R-1"}).code == GOOD
    nuonuo.settle()
    assert seller.bill(billId=bill["billId"])["openStatus"] == "1"


def test_a_withdrawn_red_letter_is_not_tried_again(nuonuo, seller, blue):
    nuonuo.fault("issue", "issue_fails", times=1, match={"red": "1"})
    bill = applied(nuonuo, seller, blue, orderNo="R-1")
    assert withdraw(seller, bill) == GOOD
    nuonuo.settle()
    assert seller.call("reInvoice", {"orderno": "R-1"}).code == "E4000"


@pytest.mark.parametrize(
    ("rule", "days", "good"),
    [
        ("same_month", 0, True),
        ("same_month", 32, False),
        ("always", 32, True),
        ("never", 0, False),
    ],
)
def test_credit_that_comes_back(nuonuo, seller, rule, days, good):
    nuonuo.settings(red_gives_back=rule, timestamp_window_seconds=0, token_seconds=1e9)
    nuonuo.register(companies=[{"tax_number": SELLER, "credit_line": "200.00"}])
    blue = seller.issued(nuonuo)
    nuonuo.settings(clock_offset=days * 86400)
    assert applied(nuonuo, seller, blue)["openStatus"] == "1"
    # two more fit where the red letter gave back to a month that had used nothing
    made = [order() for _order in range(2 if days else 1)]
    for row in made:
        seller.send(row)
    nuonuo.settle()
    # which of two orders of one moment comes first is nobody's promise
    states = sorted(seller.one(row["orderNo"])["status"] for row in made)
    assert states == (["2"] * len(made) if good else ["2", "22"][-len(made) :])


# --- asking ----------------------------------------------------------------------


def ask(seller, **changes):
    return seller.call("queryInvoiceRedConfirm", {"identity": "0", **changes})


def test_questions(nuonuo, seller):
    for _invoice in range(3):
        applied(nuonuo, seller, seller.issued(nuonuo))
    now = datetime.now(timezone(timedelta(hours=8)))
    today = dict.fromkeys(("billTimeStart", "billTimeEnd"), f"{now:%Y-%m-%d}")
    everything = ask(seller, **today).result
    assert (everything["total"], len(everything["list"])) == (3, 3)
    page = ask(seller, **today, pageSize="2", pageNo="2").result
    assert (page["total"], page["list"]) == (3, everything["list"][2:])
    assert ask(seller, **today, billStatus="02").result["total"] == 0
    assert ask(seller, **today, billStatus="01").result["total"] == 3
    for size, code in (("50", GOOD), ("51", "E4000"), ("0", "E4000"), ("x", "E4000")):
        assert ask(seller, **today, pageSize=size).code == code
    assert ask(seller, **today, pageNo="0").code == "E4000"
    assert ask(seller, **today, billStatus="99").code == "E4000"
    assert ask(seller, **today, identity="2").code == "E4000"
    assert ask(seller).code == "E4000"
    for days, code in ((90, GOOD), (91, "E4000")):
        start = now - timedelta(days=days - 1)
        period = {**today, "billTimeStart": f"{start:%Y-%m-%d}"}
        assert ask(seller, **period).code == code


def test_ids_of_one_confirmation(nuonuo, seller, blue):
    bill = applied(nuonuo, seller, blue)
    for name in ("billId", "billNo", "billUuid"):
        assert ask(seller, **{name: bill[name]}).result["list"] == [bill]
        assert ask(seller, **{name: "x"}).result == {"total": 0, "list": []}
    assert seller.call("confirmInfoCancel", {"identity": "0"}).code == "E4000"
