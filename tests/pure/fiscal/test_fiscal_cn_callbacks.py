"""Call-backs as the simulator makes them: hints, whatever they claim."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cn_kit import order_of, receipt
from cn_rig import SELLER, office

from fiscal.cn_nuonuo.callbacks import MOST_BYTES, NOT_TAKEN, TAKEN, read_hint
from fiscal.contract import Original, Status


@contextmanager
def listening():
    """An address that takes call-backs, and what came there."""
    bodies = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(body)
            try:
                read_hint(body)
                answer = TAKEN
            except ValueError:
                answer = NOT_TAKEN
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/callback", bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def desk():
    with office() as made, listening() as (url, bodies):
        made.own = made.authority(settings={"callback_url": url})
        made.bodies = bodies
        yield made


def wait_for(desk, count):
    done = threading.Event()
    for _index in range(100):
        if len(desk.bodies) >= count:
            return [read_hint(body) for body in desk.bodies]
        done.wait(0.05)
    raise AssertionError(f"{len(desk.bodies)} call-backs came")


def test_an_issued_fapiao_is_told(desk):
    document = desk.issued()
    (hint,) = wait_for(desk, 1)
    assert (hint.topic, hint.order_no) == ("fapiao", order_of(document))
    assert (hint.seller, hint.status) == (SELLER, "1")
    assert hint.serial == document.authority_ids["serial"]


def test_a_forged_one_is_not_believed(desk):
    desk.control.fault("callback", "callback_early", times=1)
    document = desk.issue()
    desk.submit(document)
    (hint, *_more) = wait_for(desk, 1)
    assert (hint.order_no, hint.status) == (order_of(document), "1")
    assert desk.query(document).status is Status.PENDING


@pytest.mark.parametrize("form", ["json", "form"])
def test_a_red_letters_request_is_told(desk, form):
    desk.control.settings(red_confirm_callback=form)
    base = receipt(document_type="81")
    blue = desk.issued(base)
    red = desk.issue(
        base,
        kind="return",
        original=Original(blue.uid),
        data={"scope": "full"},
    )
    outcome = desk.submit(red)
    desk.control.settle()
    hints = wait_for(desk, 2)
    (told,) = {hint.bill_id for hint in hints if hint.topic == "red"}
    assert told == outcome.authority_ids["bill_id"]


def test_call_backs_of_red_letters():
    body = {"operater": "redConfirmCallback", "billId": "RC1", "billStatus": "04"}
    hint = read_hint(json.dumps(body).encode())
    assert (hint.topic, hint.bill_id, hint.status) == ("red", "RC1", "04")


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"x" * (MOST_BYTES + 1), b"content=%7B", b'{"a":' * 9000],
)
def test_call_backs_that_make_no_sense(body):
    with pytest.raises(ValueError):
        read_hint(body)
