"""What the platform tells a seller's address: forms without a signature."""

import pytest
from nuonuo_kit import BAD, GOOD, SELLER, Address, confirmation, done, order

FORGED_NUMBER = "26999999999999999999"


@pytest.fixture
def address():
    with Address() as made:
        yield made


def test_an_issued_invoice_is_told(nuonuo, seller, address):
    made = order(callBackUrl=address.url)
    row = seller.issued(nuonuo, made)
    (form,) = address.wait(1)
    assert set(form) == {"operater", "orderno", "content"}
    assert (form["operater"], form["orderno"]) == ("callback", made["orderNo"])
    content = form["content"]
    assert content["c_status"] == "1"
    assert content["c_fphm"] == content["c_fpdm"] == ""
    assert content["allElectronicInvoiceNumber"] == row["invoiceNo"]
    assert content["c_kprq"] == str(row["invoiceTime"])
    assert (content["c_bhsje"], content["c_hjse"]) == ("200.00", "26.00")
    assert (content["c_fpqqlsh"], content["c_orderno"]) == (
        row["serialNo"],
        made["orderNo"],
    )
    assert (content["c_url"], content["c_ofd_url"]) == (row["pdfUrl"], row["ofdUrl"])
    assert (content["c_invoice_line"], content["c_saletaxnum"]) == ("pc", SELLER)
    media_type, _data = address.bodies[0]
    assert media_type == "application/x-www-form-urlencoded"
    (notice,) = done(nuonuo)
    assert (notice["status"], len(notice["answers"])) == ("delivered", 1)


def test_nobody_asks_and_it_is_told_nevertheless(nuonuo, seller, address):
    nuonuo.settings(issue_seconds=0.1, sign_seconds=0.1)
    seller.send(order(callBackUrl=address.url))
    assert address.wait(1)[0]["content"]["c_status"] == "1"


@pytest.mark.parametrize(("told", "number"), [(True, 1), (False, 0)])
def test_failures_are_told_where_asked_for(nuonuo, seller, address, told, number):
    nuonuo.register(companies=[{"tax_number": SELLER, "tell_failures": told}])
    nuonuo.fault("issue", "issue_fails", message="原因", times=1)
    seller.send(order(callBackUrl=address.url))
    nuonuo.settle()
    seller.issued(nuonuo, order(callBackUrl=address.url))  # one that comes anyway
    forms = address.wait(number + 1)
    failed = [row["content"] for row in forms if row["content"]["c_status"] == "2"]
    assert [row["c_errorMessage"] for row in failed] == ["原因"] * number


def test_an_unsigned_one_is_told(nuonuo, seller, address):
    nuonuo.fault("issue", "sign_fails", times=1)
    seller.send(order(callBackUrl=address.url))
    nuonuo.settle()
    content = address.wait(1)[0]["content"]
    assert (content["c_status"], content["c_url"]) == ("3", "")
    assert len(content["allElectronicInvoiceNumber"]) == 20


# what the receiver answers: how the call-back ends, after how many attempts
ANSWERS = [
    ([(200, GOOD)], "delivered", 1),
    ([(200, BAD)], "refused", 1),
    ([(500, b"")], "failed", 4),
    ([(200, b"ok")], "failed", 4),
    ([(200, b'{"status": 0}')], "failed", 4),
    ([(302, b"")], "failed", 4),
    ([(500, b""), (200, GOOD)], "delivered", 2),
    ([(200, b""), (200, BAD)], "refused", 2),
]


@pytest.mark.parametrize(("answers", "status", "attempts"), ANSWERS)
def test_it_is_told_again_without_a_clear_answer(
    nuonuo, seller, address, answers, status, attempts
):
    nuonuo.settings(callback_retry_seconds=0)
    address.answers = answers
    seller.issued(nuonuo, order(callBackUrl=address.url))
    (notice,) = done(nuonuo)
    assert (notice["status"], len(notice["answers"])) == (status, attempts)
    assert len({body for _type, body in address.bodies}) == 1


def test_a_minute_lies_between_attempts(nuonuo, seller, address):
    orders = [order(callBackUrl=address.url) for _number in range(3)]
    address.answers = [(500, b""), (200, GOOD)]
    seller.issued(nuonuo, orders[0])
    address.wait(1)
    # what is due is told in its order: had the first been, it had come before these
    seller.issued(nuonuo, orders[1])
    address.wait(2)
    nuonuo.settings(clock_offset=40)
    seller.issued(nuonuo, orders[2])
    told = [form["orderno"] for form in address.wait(3)]
    assert told == [one["orderNo"] for one in orders]
    nuonuo.settings(clock_offset=62)
    assert address.wait(4)[3]["orderno"] == orders[0]["orderNo"]
    assert [row["status"] for row in done(nuonuo, 3)] == ["delivered"] * 3


def test_other_machines_are_not_called(nuonuo, seller):
    nuonuo.settings(callback_retries=0)
    seller.issued(nuonuo, order(callBackUrl="http://192.0.2.1/callback"))
    (notice,) = done(nuonuo)
    assert notice["status"] == "failed"
    assert "no loopback address" in notice["answers"][0]["text"]
    answer = nuonuo.send_form("http://192.0.2.1/callback", {})
    assert answer == {
        "status": 0,
        "body": "http://192.0.2.1/callback is no loopback address",
    }


def test_call_backs_switched_off(nuonuo, seller, address):
    nuonuo.settings(callbacks=False)
    seller.issued(nuonuo, order(callBackUrl=address.url))
    assert nuonuo.callbacks() == []


def test_a_lost_one(nuonuo, seller, address):
    nuonuo.fault("callback", "callback_lost", times=1)
    lost, other = order(callBackUrl=address.url), order(callBackUrl=address.url)
    seller.issued(nuonuo, lost)
    seller.issued(nuonuo, other)
    (form,) = address.wait(1)
    assert form["orderno"] == other["orderNo"]
    assert [row["status"] for row in done(nuonuo, 2)] == ["lost", "delivered"]


def test_a_doubled_one(nuonuo, seller, address):
    nuonuo.fault("callback", "callback_doubled", times=1)
    seller.issued(nuonuo, order(callBackUrl=address.url))
    first, second = address.wait(2)
    assert first == second


def test_a_late_one_and_so_another_order(nuonuo, seller, address):
    late, next_ = order(callBackUrl=address.url), order(callBackUrl=address.url)
    match = {"orderNo": late["orderNo"]}
    nuonuo.fault("callback", "callback_late", seconds=100, match=match)
    seller.issued(nuonuo, late)
    seller.issued(nuonuo, next_)
    assert address.wait(1)[0]["orderno"] == next_["orderNo"]
    nuonuo.settings(clock_offset=102)
    assert address.wait(2)[1]["orderno"] == late["orderNo"]


def test_a_forged_one(nuonuo, seller, address):
    nuonuo.fault("callback", "callback_forged", times=1)
    made = order(callBackUrl=address.url)
    seller.send(made)
    (form,) = address.wait(1)
    content = form["content"]
    assert (form["orderno"], content["c_status"]) == (made["orderNo"], "1")
    assert content["allElectronicInvoiceNumber"] == FORGED_NUMBER
    nuonuo.settle()
    true = address.wait(2)[1]["content"]
    assert (
        true["allElectronicInvoiceNumber"] == seller.one(made["orderNo"])["invoiceNo"]
    )


def test_an_early_one(nuonuo, seller, address):
    nuonuo.settings(issue_seconds=100)
    nuonuo.fault("callback", "callback_early", times=1)
    made = order(callBackUrl=address.url)
    seller.send(made)
    assert address.wait(1)[0]["content"]["c_status"] == "1"
    assert seller.one(made["orderNo"])["status"] == "20"


def test_one_of_the_tests_own(nuonuo, address):
    address.answers = [(200, BAD)]
    form = {"operater": "callback", "orderno": "x", "content": "{}"}
    answer = nuonuo.send_form(address.url, form)
    assert answer == {"status": 200, "body": BAD.decode()}
    assert address.got == [{**form, "content": {}}]


@pytest.mark.parametrize("form", ["json", "form", "none"])
def test_confirmations_are_told(nuonuo, seller, address, form):
    nuonuo.settings(red_confirm_callback=form)
    blue = seller.issued(nuonuo)
    body = confirmation(blue, callbackUrl=address.url, orderNo="R")
    assert seller.call("saveInvoiceRedConfirm", body).code == "E0000"
    nuonuo.settle()
    told = address.wait(1 if form == "none" else 2)
    bills = [row for row in told if row["operater"] == "redConfirmCallback"]
    assert [row["billStatus"] for row in bills] == ([] if form == "none" else ["01"])
    assert [row["billId"] for row in bills] == [body["billId"]] * len(bills)
    (red,) = [row for row in told if row["operater"] == "callback"]
    assert red["content"]["oldEleInvoiceNumber"] == blue["invoiceNo"]
    assert red["orderno"] == "R"
