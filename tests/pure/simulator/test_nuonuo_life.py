"""From acceptance to a number: delays, failures, credit, splitting, results."""

import re
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuonuo_kit import (
    BUYER,
    CLERK,
    SELLER,
    SERVICE,
    SUBSIDIARY,
    Erp,
    discounted,
    line,
    order,
)

from simulator.cn_nuonuo.split import split

GOOD = "E0000"


def limit(nuonuo, **values):
    nuonuo.register(companies=[{"tax_number": SELLER, **values}])


def test_one_line(nuonuo, seller):
    made = order(line(), remark="备注", bField1="S1", payee="李四")
    serial = seller.send(made).result["invoiceSerialNum"]
    assert re.fullmatch("[0-9]{20}", serial)
    row = seller.one(made["orderNo"])
    assert (row["serialNo"], row["status"], row["invoiceNo"]) == (serial, "20", "")
    assert row["invoiceTime"] is None
    nuonuo.settle()
    (row,) = seller.call("queryInvoiceResult", {"serialNos": [serial]}).result
    number = row["invoiceNo"]
    assert re.fullmatch(r"[0-9]{2}312[0-9]{15}", number)  # Shanghai, channel 2
    assert row["allElectronicInvoiceNumber"] == number
    assert (row["status"], row["failCause"], row["invoiceCode"]) == ("2", "", "")
    assert (row["exTaxAmount"], row["taxAmount"], row["orderAmount"]) == (
        "200.00",
        "26.00",
        "226.00",
    )
    assert row["invoiceKind"] == "电子发票(普通发票)"
    assert (row["bField1"], row["payee"], row["payerTaxNo"]) == ("S1", "李四", BUYER)
    assert abs(row["invoiceTime"] / 1000 - time.time()) < 60
    assert "invoiceItems" not in row
    assert re.fullmatch(
        rf"01,32,,{number},226\.00,[0-9]{{8}},,[0-9A-F]{{4}}", row["qrCode"]
    )


def test_many_rates_and_a_discount(nuonuo, seller):
    lines = [
        *discounted(),
        line("50.00", "0.06", goodsName="测试服务", goodsCode=SERVICE),
        line("50.00", "0.09", goodsCode="3010502020000000000"),
        line("10.00", "0", favouredPolicyFlag="03"),
    ]
    row = seller.issued(nuonuo, order(*lines, invoiceLine="bs"))
    assert (row["exTaxAmount"], row["taxAmount"]) == ("300.00", "32.20")
    assert row["qrCode"].startswith("01,31,,")
    items = row["invoiceItems"]
    assert [item["invoiceLineProperty"] for item in items] == ["2", "1", "0", "0", "0"]
    assert items[0]["itemPrice"] == "200.000000000000000000"
    assert items[1]["itemAmount"] == "-10.00"
    assert [item["itemCodeAbb"] for item in items[:3]] == [
        "计算机",
        "计算机",
        "信息技术服务",
    ]
    assert items[4]["favouredPolicyFlag"] == "03"


def test_states_take_their_time(nuonuo, seller):
    nuonuo.settings(issue_seconds=100, sign_seconds=50, timestamp_window_seconds=0)
    made = order()
    seller.send(made)
    seen = []
    for offset in (0, 99, 101, 149, 151):
        nuonuo.settings(clock_offset=offset)
        row = seller.one(made["orderNo"])
        seen.append((row["status"], bool(row["invoiceNo"]), bool(row["pdfUrl"])))
    issuing, signing, done = (
        ("20", False, False),
        ("21", True, False),
        ("2", True, True),
    )
    assert seen == [issuing, issuing, signing, signing, done]


def outcome(nuonuo, seller, kind, **options):
    """What becomes of an order that a rule strikes, and of another one."""
    made, other = order(), order()
    nuonuo.fault("issue", kind, match={"orderNo": made["orderNo"]}, **options)
    seller.send(made)
    seller.send(other)
    nuonuo.settle()
    rows = seller.one(made["orderNo"]), seller.one(other["orderNo"])
    return rows


def test_a_failure(nuonuo, seller):
    row, other = outcome(nuonuo, seller, "issue_fails", message="系统维护")
    assert (row["status"], row["failCause"], row["invoiceNo"]) == ("22", "系统维护", "")
    assert other["status"] == "2"


def test_a_failure_to_sign(nuonuo, seller):
    row, other = outcome(nuonuo, seller, "sign_fails")
    assert (row["status"], row["pdfUrl"]) == ("24", "")
    assert row["invoiceNo"]
    assert other["status"] == "2"


def test_one_that_never_ends(nuonuo, seller):
    row, other = outcome(nuonuo, seller, "stuck")
    assert (row["status"], other["status"]) == ("20", "2")


@pytest.mark.parametrize(
    ("kind", "states"), [("slow_issue", ("20", "20")), ("slow_sign", ("20", "21"))]
)
def test_slow_ones(nuonuo, seller, kind, states):
    nuonuo.settings(timestamp_window_seconds=0)
    made = order()
    nuonuo.fault("issue", kind, seconds=100, times=1)
    seller.send(made)
    assert seller.one(made["orderNo"])["status"] == states[0]
    nuonuo.settings(clock_offset=50)
    assert seller.one(made["orderNo"])["status"] == states[1]
    nuonuo.settings(clock_offset=110)
    assert seller.one(made["orderNo"])["status"] == "2"


def test_an_order_once(nuonuo, seller):
    made = order()
    assert seller.send(made).code == GOOD
    assert seller.send(made).code == "E9106"
    nuonuo.settle()
    assert seller.send(order(orderNo=made["orderNo"])).code == "E9106"
    (row,) = nuonuo.orders(made["orderNo"])
    assert (row["handed_over"], len(row["serials"])) == (3, 1)


def test_an_order_is_used_up_by_failure_but_not_by_refusal(nuonuo, seller):
    made = order()
    assert seller.send({**made, "clerk": ""}).code == "E4000"
    nuonuo.fault("issue", "issue_fails", times=1)
    assert seller.send(made).code == GOOD
    nuonuo.settle()
    assert seller.one(made["orderNo"])["status"] == "22"
    assert seller.send(made).code == "E9106"


def test_a_duplicates_serial_by_switch(nuonuo, seller):
    made = order()
    serial = seller.send(made).result["invoiceSerialNum"]
    assert "result" not in seller.send(made).json
    nuonuo.settings(duplicate_gives_serial=True)
    assert seller.send(made).json["result"] == {"invoiceSerialNum": serial}


def test_two_companies_may_use_one_number(nuonuo, nuonuo_url, seller):
    nuonuo.register(
        apps=[{"appkey": "B", "secret": "b", "tax_numbers": [SUBSIDIARY]}],
        companies=[{"tax_number": SUBSIDIARY, "name": "b"}],
    )
    other = Erp(nuonuo_url, "B", "b")
    other.user_tax = SUBSIDIARY
    made = order()
    assert seller.send(made).code == GOOD
    assert other.query(made["orderNo"]).code == "E9500"
    assert other.send({**made, "salerTaxNum": SUBSIDIARY}).code == GOOD
    serial = seller.one(made["orderNo"])["serialNo"]
    assert other.query(serialNos=[serial]).code == "E9500"


# --- what the bureau has against it ---------------------------------------------


def cause(nuonuo, seller, **changes):
    made = order(**changes)
    assert seller.send(made).code == GOOD
    nuonuo.settle()
    row = seller.one(made["orderNo"])
    assert (row["status"] == "22") == bool(row["failCause"])
    return row["failCause"]


def test_nobody_is_logged_in(nuonuo, seller):
    nuonuo.account(SELLER, logged_in=False)
    assert "未登录" in cause(nuonuo, seller)
    nuonuo.account(SELLER, logged_in=True)
    assert cause(nuonuo, seller) == ""


def test_the_login_ends_in_the_middle(nuonuo, seller):
    nuonuo.settings(issue_seconds=10, timestamp_window_seconds=0)
    nuonuo.account(SELLER, seconds=15)
    first, second = order(), order()
    seller.send(first)
    nuonuo.settings(clock_offset=8)
    seller.send(second)
    nuonuo.settings(clock_offset=30)
    assert seller.one(first["orderNo"])["status"] == "2"
    assert "未登录" in seller.one(second["orderNo"])["failCause"]


def test_a_real_person_is_asked_for(nuonuo, seller):
    nuonuo.fault("issue", "asks_person", times=1)
    assert "实人认证" in cause(nuonuo, seller)
    assert "实人认证" in cause(nuonuo, seller)
    nuonuo.account(SELLER, real_person="1")
    assert cause(nuonuo, seller) == ""


def test_an_ordered_logout(nuonuo, seller):
    nuonuo.fault("issue", "logs_out", times=1)
    assert "未登录" in cause(nuonuo, seller)
    assert "未登录" in cause(nuonuo, seller)


def test_the_clerk(nuonuo, seller):
    assert cause(nuonuo, seller, clerk=CLERK) == ""
    assert "开票员" in cause(nuonuo, seller, clerk="张三")
    nuonuo.settings(clerk_check="request")
    assert seller.send(order(clerk="张三")).code == "E4000"
    assert seller.send(order()).code == GOOD
    nuonuo.settings(clerk_check="ignored")
    assert cause(nuonuo, seller, clerk="张三") == ""


def test_accounts_by_extension(nuonuo, seller):
    accounts = [{"extension": "0"}, {"extension": "888", "clerk": "王五"}]
    limit(nuonuo, accounts=accounts)
    assert cause(nuonuo, seller, extensionNumber="888", clerk="王五") == ""
    assert "开票员" in cause(nuonuo, seller, extensionNumber="888")
    assert "分机号" in cause(nuonuo, seller, extensionNumber="9")


def test_the_buyers_number_is_checked_where_asked_for(nuonuo, seller):
    assert cause(nuonuo, seller, taxNumVerifyFlag="0") == ""
    assert "购方税号" in cause(nuonuo, seller, taxNumVerifyFlag="1")
    nuonuo.register(companies=[{"tax_number": BUYER, "name": "购买"}])
    assert cause(nuonuo, seller, taxNumVerifyFlag="1") == ""


def test_short_names_are_checked_where_asked_for(nuonuo, seller):
    short = {"buyerName": "张三李四", "naturalPersonVerifyFlag": "1"}
    assert "名称" in cause(nuonuo, seller, **short)
    assert cause(nuonuo, seller, **short, naturalPersonFlag="1") == ""
    assert cause(nuonuo, seller, **{**short, "buyerName": "张三李四王"}) == ""


def test_templates_are_at_the_bureau(nuonuo, seller):
    elements = {
        "additionalElementName": "模板",
        "additionalElementList": [{"elementName": "a", "elementValue": "b"}],
    }
    assert "模板" in cause(nuonuo, seller, **elements)
    limit(nuonuo, templates=["模板"])
    assert cause(nuonuo, seller, **elements) == ""


def test_the_credit_line(nuonuo, seller):
    limit(nuonuo, credit_line="400.00")
    assert [cause(nuonuo, seller) for _order in range(3)] == ["", "", "授信额度不足"]
    limit(nuonuo, credit_line="600.00")
    assert cause(nuonuo, seller) == ""


def test_credit_is_of_a_month(nuonuo, seller):
    limit(nuonuo, credit_line="200.00")
    nuonuo.settings(timestamp_window_seconds=0, token_seconds=1e9)
    assert cause(nuonuo, seller) == ""
    assert cause(nuonuo, seller) == "授信额度不足"
    nuonuo.settings(clock_offset=32 * 86400)
    assert cause(nuonuo, seller) == ""


# --- trying again ----------------------------------------------------------------


def retry(seller, **body):
    return seller.call("reInvoice", body)


def test_trying_again(nuonuo, seller):
    nuonuo.account(SELLER, logged_in=False)
    made = order()
    serial = seller.send(made).result["invoiceSerialNum"]
    assert retry(seller, fpqqlsh=serial).code == "E4000"  # it is being issued
    nuonuo.settle()
    nuonuo.account(SELLER, logged_in=True)
    assert retry(seller, orderno=made["orderNo"]).code == GOOD
    assert seller.one(made["orderNo"])["status"] == "20"
    nuonuo.settle()
    row = seller.one(made["orderNo"])
    assert (row["status"], row["serialNo"]) == ("2", serial)
    assert retry(seller, fpqqlsh=serial).code == "E4000"  # it is issued
    assert retry(seller).code == "E9611"
    assert retry(seller, fpqqlsh="x").code == "E9500"


@pytest.mark.parametrize(("period", "code"), [("ever", "E9613"), ("day", GOOD)])
def test_trying_too_often(nuonuo, seller, period, code):
    nuonuo.settings(retry_period=period, timestamp_window_seconds=0, token_seconds=1e9)
    nuonuo.fault("issue", "issue_fails")
    made = order()
    seller.send(made)
    nuonuo.settle()
    for _try in range(20):
        assert retry(seller, orderno=made["orderNo"]).code == GOOD
        nuonuo.settle()
    assert retry(seller, orderno=made["orderNo"]).code == "E9613"
    nuonuo.settings(clock_offset=86400)
    assert retry(seller, orderno=made["orderNo"]).code == code


# --- splitting ------------------------------------------------------------------


def test_an_order_becomes_several_invoices(nuonuo, seller):
    limit(nuonuo, single_limit="300.00")
    made = order(line(), line(), line("700.00", price="70", num="10"))
    serial = seller.send(made).result["invoiceSerialNum"]
    nuonuo.settle()
    rows = seller.query(made["orderNo"]).result
    assert len(rows) == 5
    assert len({row["invoiceNo"] for row in rows}) == 5
    assert all(Decimal(row["exTaxAmount"]) <= 300 for row in rows)
    assert sum(Decimal(row["exTaxAmount"]) for row in rows) == 1100
    assert sum(Decimal(row["taxAmount"]) for row in rows) == 143
    assert rows[0]["serialNo"] == serial
    (alone,) = seller.call("queryInvoiceResult", {"serialNos": [serial]}).result
    assert alone["invoiceNo"] == rows[0]["invoiceNo"]
    nuonuo.settings(split_query="all")
    assert len(seller.call("queryInvoiceResult", {"serialNos": [serial]}).result) == 5


def test_ten_invoices_at_most(nuonuo, seller):
    limit(nuonuo, single_limit="100.00")
    assert seller.send(order(line("1000.00"))).code == GOOD
    assert seller.send(order(line("1000.01"))).code == "E9154"


def test_serials_of_a_split_order_by_switch(nuonuo, seller):
    limit(nuonuo, single_limit="100.00")
    nuonuo.settings(split_answer="all")
    serials = seller.send(order()).result["invoiceSerialNum"].split(",")
    rows = seller.call("queryInvoiceResult", {"serialNos": serials}).result
    assert [row["serialNo"] for row in rows] == serials
    assert len(serials) == 2


def test_a_company_that_does_not_split(nuonuo, seller):
    limit(nuonuo, single_limit="199.99", splitting=False)
    assert "限额" in cause(nuonuo, seller)
    limit(nuonuo, single_limit="200.00")
    assert cause(nuonuo, seller) == ""


amounts_ = st.decimals("0.01", "99999.99", places=2)


@given(
    st.lists(
        st.tuples(amounts_, st.sampled_from(["0.13", "0.06", "0"]), st.booleans())
    ),
    st.decimals("50.00", "5000.00", places=2),
)
def test_splitting_keeps_every_cent(rows, most):
    lines = []
    for excl, rate, has_discount in rows or [(Decimal("1.00"), "0", False)]:
        pair = [kept(line(str(excl), rate, price="1", num=str(excl)))]
        if has_discount and excl > 1:
            pair[0]["property"] = "2"
            pair.append(kept(line(f"-{excl / 2:.2f}", rate)) | {"property": "1"})
        lines += pair
    groups = split(lines, most)
    together = [row for group in groups for row in group]
    for name in ("excl", "tax", "incl"):
        wanted = sum(Decimal(row[name]) for row in lines)
        assert sum(Decimal(row[name]) for row in together) == wanted
    for name in ("num",):
        wanted = sum(Decimal(row[name] or 0) for row in lines)
        assert sum(Decimal(row[name] or 0) for row in together) == wanted
    for group in groups:
        assert sum(Decimal(row["excl"]) for row in group) <= most
        assert [row["index"] for row in group] == list(range(1, len(group) + 1))
        for before, row in zip([None, *group], group, strict=False):
            assert Decimal(row["excl"]) + Decimal(row["tax"]) == Decimal(row["incl"])
            if row["property"] == "1":
                assert before is not None and before["property"] == "2"


def kept(row: dict) -> dict:
    """A line as the simulator keeps it, as far as splitting looks at it."""
    return {
        "property": row["invoiceLineProperty"],
        "num": row.get("num", ""),
        "excl": row["taxExcludedAmount"],
        "tax": row["tax"],
        "incl": row["taxIncludedAmount"],
    }


# --- asking, delivering, voiding ------------------------------------------------


def test_questions(nuonuo, seller):
    first, second = order(), order()
    for made in (first, second):
        seller.send(made)
    numbers = [first["orderNo"], second["orderNo"]]
    rows = seller.query(*numbers).result
    assert [row["orderNo"] for row in rows] == numbers
    assert seller.query().code == "E9611"
    assert seller.query("nobody").code == "E9500"
    assert len(seller.query(numbers[0], *["nobody"] * 49).result) == 1
    assert seller.query(numbers[0], *["nobody"] * 50).code == "E9601"
    assert seller.query(numbers[0], isOfferInvoiceDetail="2").code == "E9601"
    # serial numbers win
    body = {"serialNos": [rows[0]["serialNo"]], "orderNos": [numbers[1]]}
    (row,) = seller.call("queryInvoiceResult", body).result
    assert row["orderNo"] == numbers[0]
    nuonuo.settings(query_missing="refused")
    assert seller.query(numbers[0], "nobody").code == "E9500"
    assert len(seller.query(*numbers).result) == 2


def test_information_that_is_configured(nuonuo, seller):
    row = seller.issued(nuonuo)
    assert row["invoiceType"] == "1"
    limit(nuonuo, other_information=False)
    assert "invoiceType" not in seller.one(row["orderNo"])


def deliver(seller, row, **changes):
    body = {"taxnum": SELLER, "invoiceNum": row["invoiceNo"], **changes}
    return seller.call("deliveryInvoice", body).code


def test_delivering_again(nuonuo, seller):
    row = seller.issued(nuonuo)
    assert (row["emailNotifyStatus"], row["phoneNotifyStatus"]) == ("0", "0")
    assert deliver(seller, row) == "E4000"
    assert deliver(seller, row, mail="a@example.com") == GOOD
    row = seller.one(row["orderNo"])
    assert (row["emailNotifyStatus"], row["phoneNotifyStatus"]) == ("1", "0")
    assert deliver(seller, row, phone="13333333333") == GOOD
    assert deliver(seller, row, phone="133333333333") == "E4000"
    assert deliver(seller, row, phone="1", invoiceNum="26312000000000000000") == "E9999"
    assert deliver(seller, row, phone="1", taxnum=BUYER) == "E9302"


def cancel(seller, row, **changes):
    body = {
        "invoiceId": row["serialNo"],
        "invoiceCode": row["invoiceCode"],
        "invoiceNo": row["invoiceNo"],
        **changes,
    }
    return seller.call("invoiceCancellation", body).code


@pytest.mark.parametrize("kind", ["pc", "bs"])
def test_electronic_invoices_are_not_voided(nuonuo, seller, kind):
    row = seller.issued(nuonuo, order(invoiceLine=kind))
    assert cancel(seller, row) == "E4000"
    nuonuo.settle()
    assert seller.one(row["orderNo"])["status"] == "2"


def test_paper_is_voided(nuonuo, seller):
    limit(nuonuo, kinds=["pc", "es", "ec"])
    row = seller.issued(nuonuo, order(invoiceLine="es"))
    assert re.fullmatch("[0-9]{12}", row["invoiceCode"])
    assert re.fullmatch("[0-9]{8}", row["invoiceNo"])
    assert re.fullmatch("[0-9]{20}", row["allElectronicInvoiceNumber"])
    assert (row["pdfUrl"], bool(row["paperPdfUrl"])) == ("", True)
    assert cancel(seller, row, invoiceNo="00000000") == "E9102"
    assert cancel(seller, row, invalidReason="5") == "E4000"
    assert cancel(seller, row, invalidReason="4") == "E4000"
    assert cancel(seller, row, invoiceId="x") == "E9500"
    assert cancel(seller, row, invalidReason="4", specificReason="a") == GOOD
    assert seller.one(row["orderNo"])["status"] == "31"
    nuonuo.settle()
    row = seller.one(row["orderNo"])
    assert (row["status"], row["invalidReason"]) == ("3", "4")
    assert cancel(seller, row) == "E4000"
