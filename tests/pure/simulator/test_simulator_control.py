import threading
import time

import pytest
import requests
from simulator_kit import RIN, SERIAL, Till, receipt, sealed

from simulator.client import ControlClient, ControlError
from simulator.eg_eta import App
from simulator.eg_eta.registry import RegistryError
from simulator.faults import FaultError
from simulator.server import NotLoopbackError, SimulatorServer, check_loopback, running
from simulator.settings import SettingError


def test_overview(control):
    body = control.overview()
    assert body["simulator"] == "eg_eta"
    assert body["receipts"] == 0
    (taxpayer,) = body["registry"]["taxpayers"]
    assert (taxpayer["rin"], taxpayer["name"]) == (RIN, "شركة تجربة")
    assert list(taxpayer["branches"]) == ["0", "1"]
    serials = [row["serial"] for row in body["registry"]["devices"]]
    assert serials == ["SIM-POS-0001", "SIM-POS-0002"]


def test_everything_taken(till, control):
    one = sealed(receipt())
    two = sealed(receipt(number="2", previous=one["header"]["uuid"]))
    till.submit(one, two)
    rows = control.receipts()
    assert [row["uuid"] for row in rows] == [
        one["header"]["uuid"],
        two["header"]["uuid"],
    ]
    assert rows[1]["previousUUID"] == rows[0]["uuid"]
    assert {row["status"] for row in rows} == {"InProgress"}
    control.settle()
    assert len(control.receipts(status="Valid", serial=SERIAL)) == 2
    assert control.receipts(status="Invalid") == []
    assert control.receipts(serial="SIM-POS-0002") == []
    (submission,) = control.submissions()
    assert submission["receipts"] == [row["uuid"] for row in rows]
    overview = control.overview()
    assert overview["statuses"] == {"Valid": 2}
    assert overview["document_statuses"] == {}


def test_a_receipt_is_shown_otherwise_and_lost(till, control):
    one = sealed(receipt())
    uuid = one["header"]["uuid"]
    till.submit(one)
    control.settle()
    shown = control.alter(uuid, total="7.5", number="X", issued="2026-01-02T03:04:05Z")
    assert (shown["totalAmount"], shown["receiptNumber"]) == ("7.5", "X")
    (row,) = till.get("receipts/recent").json()["receipts"]
    assert (row["totalAmount"], row["receiptNumber"]) == (7.5, "X")
    assert row["dateTimeIssued"] == "2026-01-02T03:04:05Z"
    control.forget(uuid)
    assert control.receipts() == []
    assert till.get("receipts/recent").json()["receipts"] == []
    with pytest.raises(ControlError):
        control.forget(uuid)


def test_requests_are_counted(till, control):
    till.submit(sealed(receipt()))
    till.get("receipts/recent")
    till.get("receipts/nothing/details")
    found = control.requests()
    assert found["counts"] == {"token": 1, "submit": 1, "recent": 1, "receipt": 1}
    assert found["statuses"]["receipt"] == {"404": 1}
    row = found["rows"][1]
    assert (row["endpoint"], row["method"], row["status"]) == ("submit", "POST", 202)
    assert (row["client"], row["serial"]) == ("sim-pos-0001", SERIAL)
    assert len(control.requests(last=1)["rows"]) == 1
    (token,) = control.tokens()
    assert token["serial"] == SERIAL


def test_reset_keeps_tokens_good(till, control):
    till.submit(sealed(receipt()))
    control.settings(chain="off", clock_offset=100)
    control.device(SERIAL, status="retired")
    control.fault("search", "status")
    control.reset()
    assert control.receipts() == control.faults() == control.submissions() == []
    assert control.settings()["chain"] == "fork"
    assert control.settings()["clock_offset"] == 0
    assert till.get("receipts/search").status_code == 200
    till.submit(sealed(receipt()))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda control: control.settings(nonsense=1), "no setting 'nonsense'"),
        (lambda control: control.settings(chain="x"), "one of off, warn"),
        (lambda control: control.settings(token_lifetime="x"), "of type int"),
        (lambda control: control.settings(exact_sums=1), "of type bool"),
        (lambda control: control.settings(tax_tolerance="x"), "a number"),
        (lambda control: control.settings(rate_limits={"x": 1}), "the form"),
        (
            lambda control: control.settings(identification_thresholds=[{}]),
            "the form",
        ),
        (lambda control: control.fault("submit", "nonsense"), "no kind 'nonsense'"),
        (lambda control: control.fault("submit", "slow", often=1), "often"),
        (lambda control: control.fault("submit", "slow", seconds="1"), "seconds"),
        (lambda control: control.fault("submit", "slow", times="1"), "times"),
        (
            lambda control: control.fault("submit", "invalid", match={"uuid": "("}),
            "match",
        ),
        (lambda control: control.register(device=[]), "Nobody reads device"),
        (lambda control: control.register(devices=["x"]), "list of objects"),
        (lambda control: control.grant_late("nobody", 1), "no device"),
        (lambda control: control.device("new"), "Device"),
        (lambda control: control.device(SERIAL, status="asleep"), "status"),
        (lambda control: control.device(SERIAL, secrets=[]), "secrets"),
        (lambda control: control.cancel("nothing"), "no receipt"),
        (lambda control: control.call("POST", "cancel", {}), "missing"),
        (lambda control: control.call("POST", "nonsense", {}), "not found"),
    ],
)
def test_mistakes_are_sentences(control, call, words):
    with pytest.raises(ControlError, match=words):
        call(control)


def test_settings_change_together_or_not_at_all(control):
    with pytest.raises(ControlError):
        control.settings(window_hours=1, nonsense=1)
    assert control.settings()["window_hours"] == 24


def test_an_invalid_receipt_cannot_be_cancelled(till, control):
    document = receipt()
    document["paymentMethod"] = "X"
    document = sealed(document)
    till.verdicts(control, document)
    with pytest.raises(ControlError, match="Only a valid receipt"):
        control.cancel(document["header"]["uuid"])


def test_configuration():
    config = {
        "taxpayers": [{"rin": "100000001", "name": "Other", "branches": {"9": "x"}}],
        "devices": [
            {
                "serial": "T-1",
                "rin": "100000001",
                "client_id": "t-1",
                "secrets": ["s-1"],
            }
        ],
        "settings": {"validation_seconds": 0},
        "faults": [{"on": "search", "kind": "status", "status": 500}],
    }
    with running(App(config)) as url:
        control = ControlClient(url)
        control.reset()
        registry = control.overview()["registry"]
        assert [row["rin"] for row in registry["taxpayers"]] == ["100000001"]
        assert control.settings()["validation_seconds"] == 0
        assert len(control.faults()) == 1


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"taxpayers": [{"rin": "1"}]}, RegistryError),
        ({"settings": {"x": 1}}, SettingError),
        ({"faults": [{"kind": "x"}]}, FaultError),
    ],
)
def test_a_bad_configuration(config, error):
    with pytest.raises(error):
        App(config)


def test_the_date_header_follows_the_clock(url, control):
    control.settings(clock_offset=365 * 86400)
    answer = requests.get(f"{url}/api/v1/receipts/recent", timeout=10)
    assert len(answer.raw.headers.getlist("Date")) == 1
    assert int(answer.headers["Date"].split()[3]) >= 2027


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "example.com", "::"])
def test_only_loopback(host):
    with pytest.raises(NotLoopbackError):
        SimulatorServer(App(), host)


def test_loopback_addresses():
    assert check_loopback("localhost") == "127.0.0.1"
    assert check_loopback("127.0.0.2") == "127.0.0.2"
    assert check_loopback("::1") == "::1"


def test_a_stopped_server_is_gone():
    server = SimulatorServer(App()).start()
    till = Till(server.url)
    assert till.login().status_code == 200
    server.stop()
    with pytest.raises(requests.ConnectionError):
        till.login()


def test_stop_ends_deaf_calls():
    server = SimulatorServer(App()).start()
    control = ControlClient(server.url)
    control.fault("token", "deaf", seconds=600)
    till = Till(server.url)
    failures = []

    def call() -> None:
        try:
            till.login()
        except requests.ConnectionError as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    while control.requests()["most_at_once"].get("token") != 1:
        time.sleep(0.01)
    server.stop()
    thread.join(timeout=5)
    assert len(failures) == 1
