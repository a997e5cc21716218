"""The authority calls its clients: what, how often, with which key."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from invoice_kit import BUYER, RIN, invoice, signed, unsigned
from simulator_kit import SERIAL, now_text, receipt, sealed

from simulator.client import ControlError

KEY = "the key of the client"


class Client:
    """An ERP system that is called; ``answers`` are given one after another,
    then 200.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict]] = []
        self.answers: list[int] = []
        client = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                size = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(size))
                key = self.headers["Authorization"]
                client.calls.append((self.path, key, body))
                status = client.answers.pop(0) if client.answers else 200
                text = json.dumps({"rin": body.get("rin")}).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_arguments: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/eta/abc"

    def wait(self, count: int) -> list[tuple[str, str, dict]]:
        deadline = time.monotonic() + 10
        while len(self.calls) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.calls) == count, self.calls
        return self.calls


@pytest.fixture
def client():
    client = Client()
    yield client
    client.server.shutdown()
    client.server.server_close()


@pytest.fixture
def called(control, client):
    control.settings(callback_retry_seconds=0.05, validation_seconds=0)
    row = {"rin": RIN, "base_url": client.url, "api_key": KEY}
    control.register(callbacks=[row])
    return control


def settled(control) -> list[dict]:
    """Notifications, when none is on its way any more."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        notices = control.callbacks()
        if notices and all(row["status"] != "pending" for row in notices):
            return notices
        time.sleep(0.01)
    raise AssertionError(notices)


def test_ping(called, client):
    answer = called.ping(RIN)
    assert (answer["status"], answer["echoed"]) == (200, True)
    assert client.calls == [("/eta/abc/ping", f"ApiKey {KEY}", {"rin": RIN})]
    with pytest.raises(ControlError, match="registered no address"):
        called.ping(BUYER)


def test_the_verdict_is_told_though_nobody_asks(erp, called, client, pki):
    called.register(trusted_cas=[{"pem": pki.ca.pem}])
    answer = erp.submit(signed(invoice(), pki.seal))
    ((path, key, body),) = client.wait(1)
    assert (path, key) == ("/eta/abc/notifications/documents", f"ApiKey {KEY}")
    (message,) = body["message"]
    assert (body["type"], body["count"]) == ("document-validated", 1)
    assert message["uuid"] == answer["acceptedDocuments"][0]["uuid"]
    assert message["submissionUUID"] == answer["submissionId"]
    assert (message["internalId"], message["status"]) == ("INV-0001", "Valid")
    (notice,) = settled(called)
    assert (notice["deliveryId"], notice["status"]) == (body["deliveryId"], "delivered")


def test_news_of_one_moment_come_together(erp, called, client):
    erp.submit(*(unsigned(invoice(number=str(number))) for number in range(3)))
    ((_path, _key, body),) = client.wait(1)
    assert [row["internalId"] for row in body["message"]] == ["0", "1", "2"]


def test_what_is_not_taken_is_tried_again(erp, called, client):
    client.answers = [500, 302]
    erp.submit(unsigned(invoice()))
    calls = client.wait(3)
    assert len({body["deliveryId"] for _path, _key, body in calls}) == 1
    assert {path for path, _key, _body in calls} == {"/eta/abc/notifications/documents"}
    (notice,) = settled(called)
    time.sleep(0.2)
    assert len(client.calls) == 3
    assert [row["details"] for row in notice["attempts"]] == ["500", "302", "200"]


def test_giving_up(erp, called, client):
    called.settings(callback_retries=1)
    client.server.shutdown()
    client.server.server_close()
    erp.submit(unsigned(invoice()))
    (notice,) = settled(called)
    assert notice["status"] == "error"
    assert len(notice["attempts"]) == 2
    assert "refused" in notice["attempts"][0]["details"]


def test_calls_can_be_switched_off(erp, called, client):
    called.settings(callbacks=False)
    erp.valid(called, unsigned(invoice()))
    time.sleep(0.2)
    assert client.calls == []
    assert called.callbacks()[0]["status"] == "pending"


def test_the_buyer_rejects_and_we_are_called(erp, called, client):
    (uuid,) = erp.valid(called, unsigned(invoice()))
    client.wait(1)
    called.document_state(uuid, "reject", "Not ours")
    _first, (_path, _key, body) = client.wait(2)
    (message,) = body["message"]
    assert (message["type"], message["uuid"]) == ("document-rejected", uuid)
    assert message["status"] == "Valid"  # until it takes effect
    called.settings(clock_offset=8 * 86400)
    *_others, (_path, _key, body) = client.wait(3)
    assert body["message"][0]["status"] == "Rejected"


def test_a_document_that_another_taxpayer_issues(called, client):
    row = called.receive(RIN, internalID="S-1")
    ((_path, _key, body),) = client.wait(1)
    (message,) = body["message"]
    assert (message["type"], message["uuid"]) == ("document-received", row["uuid"])


def test_packages_and_receipts(erp, till, called, client):
    period = {"dateFrom": now_text(days=-1), "dateTo": now_text(days=1)}
    called.settings(package_seconds=0)
    body = {"type": "Full", "format": "JSON", "queryParameters": period}
    answer = erp.call("POST", "v1.0/documentpackages/requests", body)
    ((path, _key, body),) = client.wait(1)
    assert path == "/eta/abc/notifications/documentpackages"
    assert body["message"][0]["packageId"] == answer.json()["requestId"]
    document = sealed(receipt())
    till.submit(document)
    _first, (path, _key, body) = client.wait(2)
    assert path == "/eta/abc/notifications/receipts"
    (message,) = body["message"]
    assert message["uuid"] == document["header"]["uuid"]
    assert (message["type"], message["status"]) == ("receipt-validated", "Valid")
    called.cancel(message["uuid"])
    *_others, (_path, _key, body) = client.wait(3)
    assert body["message"][0]["type"] == "receipt-cancelled"


def test_any_call_for_tests_of_a_client(called, client):
    body = {"deliveryId": "1", "Id": SERIAL, "Type": "POS Device Unused"}
    for key in (None, "wrong"):
        answer = called.send_callback(RIN, "/notifications", body, key)
        assert answer["status"] == 200
    assert [call[1] for call in client.calls] == [f"ApiKey {KEY}", "ApiKey wrong"]
    assert client.calls[0][2] == client.calls[1][2] == body


def test_a_client_may_ask_while_it_is_called(url, erp, called, client):
    """The call to a client holds nobody back."""
    answers = []

    class Asking(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answer = requests.get(f"{url}/_control/faults", timeout=5)
            answers.append(answer.status_code)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    called.register(callbacks=[{"rin": RIN, "base_url": address, "api_key": KEY}])
    assert called.ping(RIN)["status"] == 200
    assert answers == [200]
    server.shutdown()
    server.server_close()


def test_notifications_are_listed(erp, buyer, called, client):
    erp.valid(called, unsigned(invoice()))
    settled(called)
    (row,) = buyer.get("notifications/taxpayer").json()["result"]
    assert (row["typeName"], row["channel"]) == ("document-received", "Email")
    assert row["deliveredDateTime"]
    body = erp.call("GET", "v1/notifications/taxpayer", channel="ERP").json()
    (row,) = body["result"]
    assert (row["status"], row["address"]) == ("delivered", client.url)
    assert row["deliveryAttempts"][0]["statusDetails"] == "200"
    assert "INV-0001" in row["finalMessage"]
    for query in (
        {"type": "document-received"},
        {"status": "error"},
        {"dateTo": now_text(days=-1)},
    ):
        assert erp.get("notifications/taxpayer", **query).json()["result"] == []
    assert erp.get("notifications/taxpayer", pageSize=0).status_code == 400
