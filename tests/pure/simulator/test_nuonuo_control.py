"""Misbehaviour, the control API, the command line and the data file."""

import json
import threading

import pytest
import requests
from nuonuo_kit import (
    APPKEY,
    SECRET,
    SELLER,
    Address,
    Erp,
    confirmation,
    done,
    order,
)
from test_simulator_process import failed, process, stop

from simulator.client import ControlError
from simulator.cn_nuonuo import App
from simulator.cn_nuonuo.client import NuonuoControlClient
from simulator.cn_nuonuo.registry import RegistryError
from simulator.server import running

GOOD = "E0000"


# --- misbehaviour ----------------------------------------------------------------


def test_silence_after_accepting(nuonuo, seller):
    """The order was taken; sending it again is no second invoice."""
    nuonuo.fault("requestBillingNew", "drop_after", times=1)
    made = order()
    with pytest.raises(requests.ConnectionError):
        seller.send(made)
    assert seller.send(made).code == "E9106"
    nuonuo.settle()
    assert seller.one(made["orderNo"])["status"] == "2"
    (row,) = nuonuo.orders(made["orderNo"])
    assert (row["handed_over"], len(row["serials"]), len(row["numbers"])) == (2, 1, 1)


def test_silence_before_accepting(nuonuo, seller):
    nuonuo.fault("requestBillingNew", "drop_before", times=1)
    made = order()
    with pytest.raises(requests.ConnectionError):
        seller.send(made)
    assert nuonuo.orders() == []
    assert seller.send(made).code == GOOD


def test_deafness_and_slowness(nuonuo, seller):
    seller.timeout = 0.3
    assert seller.token
    nuonuo.fault("queryInvoiceResult", "deaf", times=1, seconds=2)
    with pytest.raises(requests.exceptions.RequestException):
        seller.query("x")
    nuonuo.fault("requestBillingNew", "slow_after", times=1, seconds=1)
    made = order()
    with pytest.raises(requests.Timeout):
        seller.send(made)
    assert len(nuonuo.orders(made["orderNo"])) == 1


def test_accepted_and_forgotten(nuonuo, seller):
    made = order()
    nuonuo.fault(
        "requestBillingNew", "lost", match={"orderNo": made["orderNo"]}, times=1
    )
    serial = seller.send(made).result["invoiceSerialNum"]
    assert seller.query(made["orderNo"]).code == "E9500"
    assert seller.query(serialNos=[serial]).code == "E9500"
    assert nuonuo.orders() == []
    assert seller.send(made).code == GOOD


@pytest.mark.parametrize(
    ("kind", "options", "status"),
    [
        ("rate_limit", {"seconds": 7}, 429),
        ("status", {"status": 502}, 502),
        ("unauthorized", {}, 401),
        ("waf_html", {}, 200),
    ],
)
def test_answers_from_before_the_platform(nuonuo, seller, kind, options, status):
    nuonuo.fault("requestBillingNew", kind, times=1, **options)
    made = order()
    reply = seller.send(made)
    assert reply.status == status
    assert b"<html>" in reply.data
    assert nuonuo.orders() == []
    assert seller.send(made).code == GOOD


@pytest.mark.parametrize("kind", ["bad_json", "empty", "wrong_shape"])
def test_answers_that_cannot_be_read(nuonuo, seller, kind):
    nuonuo.fault("requestBillingNew", kind, times=1)
    made = order()
    reply = seller.send(made)
    try:
        assert "code" not in reply.json
    except ValueError:
        assert kind != "wrong_shape"
    assert len(nuonuo.orders(made["orderNo"])) == 1


def test_an_error_in_html(nuonuo, seller):
    nuonuo.fault("requestBillingNew", "html_describe", times=1)
    reply = seller.send(order())
    assert reply.code == "E4000"
    assert "<script>" in reply.describe
    assert nuonuo.orders() == []


def test_an_ordered_error(nuonuo, seller):
    nuonuo.fault("any", "refuse", code="E9601", message="稍后再试", times=1)
    reply = seller.query("x")
    assert (reply.code, reply.describe) == ("E9601", "稍后再试")


def test_wrong_results(nuonuo, seller):
    row = seller.issued(nuonuo)
    nuonuo.fault("queryInvoiceResult", "wrong_total", times=1)
    assert seller.one(row["orderNo"])["orderAmount"] == "1.00"
    nuonuo.fault("queryInvoiceResult", "wrong_order", times=1)
    assert seller.one(row["orderNo"])["orderNo"] != row["orderNo"]
    assert seller.one(row["orderNo"]) == row


def test_misbehaviour_of_files_and_tokens(nuonuo, seller):
    row = seller.issued(nuonuo)
    nuonuo.fault("files", "truncated", times=1)
    with pytest.raises(requests.exceptions.RequestException):
        _ = seller.get(row["pdfUrl"]).content
    assert seller.get(row["pdfUrl"]).content.startswith(b"%PDF")
    nuonuo.fault("accessToken", "status", status=503, times=1)
    with pytest.raises(ValueError):
        seller.token_call()
    assert "access_token" in seller.token_call()


def test_rules_for_one_company(nuonuo, seller):
    nuonuo.fault("queryInvoiceResult", "status", client="OTHER")
    assert seller.query("x").status == 200
    nuonuo.fault("queryInvoiceResult", "status", client=SELLER)
    assert seller.query("x").status == 500


def test_one_order_sent_at_once_by_many(nuonuo, seller, nuonuo_url):
    made, codes = order(), []

    def send():
        other = Erp(nuonuo_url)
        other.token = seller.token
        codes.append(other.send(made).code)

    assert seller.token
    threads = [threading.Thread(target=send) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(codes) == [GOOD] + ["E9106"] * 7
    (row,) = nuonuo.orders(made["orderNo"])
    assert (row["handed_over"], len(row["serials"])) == (8, 1)


# --- the control API -------------------------------------------------------------


def test_the_log_of_calls(nuonuo, seller):
    seller.send(order())
    seller.send(order(clerk=""))
    seller.call("nothing", {})
    seen = nuonuo.requests()
    assert seen["counts"] == {"accessToken": 1, "requestBillingNew": 2, "none": 1}
    codes = [row["code"] for row in seen["rows"]]
    assert codes == ["", GOOD, "E4000", "070102"]
    assert seen["rows"][1]["client"] == SELLER


def test_overview_and_reset(nuonuo, seller):
    row = seller.issued(nuonuo)
    seller.send(order(clerk=""))
    seller.call("saveInvoiceRedConfirm", confirmation(row))
    seen = nuonuo.overview()
    assert seen["simulator"] == "cn_nuonuo"
    counts = [
        seen[name] for name in ("orders", "invoices", "confirmations", "refusals")
    ]
    assert counts == [1, 1, 1, 1]
    nuonuo.settings(issue_seconds=9)
    nuonuo.reset()
    seen = nuonuo.overview()
    counts = [
        seen[name] for name in ("orders", "invoices", "confirmations", "refusals")
    ]
    assert counts == [0, 0, 0, 0]
    assert seen["settings"]["issue_seconds"] == 1
    assert seller.query(row["orderNo"]).code == "E9500"  # its token is still good


def test_what_was_taken(nuonuo, seller):
    row = seller.issued(nuonuo)
    (invoice,) = nuonuo.invoices(number=row["invoiceNo"])
    assert (invoice["excl"], invoice["tax"], invoice["incl"]) == (
        "200.00",
        "26.00",
        "226.00",
    )
    assert nuonuo.invoices("x") == []
    assert nuonuo.orders(seller="x") == []
    (problem,) = refusal(nuonuo, seller)
    assert problem[:2] == ["E4000", "clerk"]


def refusal(nuonuo, seller):
    made = order(clerk="")
    seller.send(made)
    row = nuonuo.refusals()[-1]
    assert (row["method"], row["orderNo"]) == ("requestBillingNew", made["orderNo"])
    return row["problems"]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda nuonuo: nuonuo.settings(x=1), "no setting"),
        (lambda nuonuo: nuonuo.settings(replay="maybe"), "one of refused, ignored"),
        (lambda nuonuo: nuonuo.settings(gateway_codes={}), "form"),
        (lambda nuonuo: nuonuo.settings(rates=["x"]), "form"),
        (lambda nuonuo: nuonuo.fault("issue", "late_verdict"), "no kind"),
        (lambda nuonuo: nuonuo.register(devices=[]), "Nobody reads"),
        (lambda nuonuo: nuonuo.register(apps=[{}]), "appkey is missing"),
        (lambda nuonuo: nuonuo.register(apps=[{"appkey": "a"}]), "secret"),
        (
            lambda nuonuo: nuonuo.register(apps=[{"appkey": "a", "secret": "b"}]),
            "tax_numbers",
        ),
        (
            lambda nuonuo: nuonuo.register(
                apps=[{"appkey": "a", "secret": "b", "kind": "c"}]
            ),
            "own or isv",
        ),
        (
            lambda nuonuo: nuonuo.register(
                companies=[{"tax_number": SELLER, "accounts": []}]
            ),
            "accounts",
        ),
        (lambda nuonuo: nuonuo.account("x"), "no such company"),
        (lambda nuonuo: nuonuo.account(SELLER, "9"), "no such company or ext"),
        (lambda nuonuo: nuonuo.account(SELLER, colour="red"), "colour"),
        (lambda nuonuo: nuonuo.scan(SELLER), "no good QR code"),
        (lambda nuonuo: nuonuo.sms(SELLER), "No SMS"),
        (lambda nuonuo: nuonuo.use("1"), "no invoice"),
        (lambda nuonuo: nuonuo.buyer("1", True), "waits for the buyer"),
        (lambda nuonuo: nuonuo.buyer_applies("1"), "no invoice"),
        (lambda nuonuo: nuonuo.authorize(APPKEY, SELLER), "no ISV"),
        (lambda nuonuo: nuonuo.call("POST", "callbacks/send", {}), "missing"),
    ],
)
def test_orders_with_a_mistake(nuonuo, act, words):
    with pytest.raises(ControlError, match=words):
        act(nuonuo)


def test_a_buyers_mistake_is_told(nuonuo, seller):
    row = seller.issued(nuonuo)
    with pytest.raises(ControlError, match="deducted or booked"):
        nuonuo.use(row["invoiceNo"], "eaten")
    with pytest.raises(ControlError, match="has no lines"):
        nuonuo.buyer_applies(row["invoiceNo"], detail=[{}][1:] or "x")


def test_a_configuration():
    config = {
        "apps": [{"appkey": "A", "secret": "b", "tax_numbers": [SELLER]}],
        "companies": [{"tax_number": SELLER, "name": "a", "single_limit": "1.00"}],
        "settings": {"replay": "ignored"},
        "faults": [{"on": "files", "kind": "status"}],
    }
    with running(App(config)) as url:
        control = NuonuoControlClient(url)
        control.reset()
        seen = control.overview()
        assert seen["settings"]["replay"] == "ignored"
        assert [row["appkey"] for row in seen["registry"]["apps"]] == ["A"]
        assert seen["registry"]["companies"][0]["single_limit"] == "1.00"
        assert [rule["kind"] for rule in control.faults()] == ["status"]
    with pytest.raises(RegistryError):
        App({"devices": []})


# --- the process -----------------------------------------------------------------


def everything(control):
    """What a data file has to keep."""
    return [
        control.orders(),
        control.invoices(),
        control.confirmations(),
        control.refusals(),
        control.callbacks(),
        control.token_calls(APPKEY),
    ]


def test_a_process_and_its_data_file(tmp_path):
    file = tmp_path / "data.json"
    arguments = ("cn_nuonuo", "--data", str(file))
    with Address() as address, process(*arguments) as (child, url):
        control, seller = NuonuoControlClient(url), Erp(url)
        first = order(callBackUrl=address.url)
        blue = seller.issued(control, first)
        address.wait(1)
        control.use(blue["invoiceNo"])
        body = confirmation(blue)
        seller.call("saveInvoiceRedConfirm", body)
        control.settle()
        control.settings(issue_seconds=1e6)
        waiting = order()
        seller.send(waiting)
        seller.send(order(clerk=""))
        token = seller.token
        done(control)
        before = everything(control)
        assert stop(child) == 0
    with process(*arguments) as (child, url):
        control, seller = NuonuoControlClient(url), Erp(url)
        seller.token = token
        assert everything(control) == before
        assert seller.send(first).code == "E9106"
        control.buyer(body["billId"], True)
        control.settle()
        assert seller.one(waiting["orderNo"])["status"] == "2"
        assert seller.bill(billId=body["billId"])["openStatus"] == "1"
        numbers = [row["number"] for row in control.invoices()]
        assert len(set(numbers)) == len(numbers) == 3
        assert stop(child) == 0


def test_a_configuration_with_a_mistake(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"settings": {"x": 1}}))
    done = failed("cn_nuonuo", "--config", str(file))
    assert done.returncode == 2
    assert "no setting 'x'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_default_credentials_are_those_of_the_kit():
    with running(App()) as url:
        assert "access_token" in Erp(url, APPKEY, SECRET).token_call()
