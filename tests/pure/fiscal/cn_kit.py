"""Receipts for China's fapiao, and a provider that answers as it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

from crooked_server import crooked, response

from fiscal.cn_nuonuo import CnNuonuo
from fiscal.contract import (
    Address,
    Connection,
    Device,
    Discount,
    Document,
    Line,
    Original,
    Party,
    Receipt,
    TaxAmount,
)
from fiscal.transport import KEPT_TOKENS, TOKENS, MemoryTokenStore

VECTORS = Path(__file__).parent / "vectors" / "china"
NOW = datetime(2026, 10, 1, 1, 30, 5, tzinfo=timezone.utc)
ISSUED = datetime(2026, 10, 1, 1, 30, 0, tzinfo=timezone.utc)
SELLER, BUYER = "91310000TEST000001", "91310000TEST000002"
BLUE, RED = "26312000000000000101", "26312000000000000202"
GOODS, SERVICE = "1090511030000000000", "3040201010000000000"
KEY, SECRET = "app-key-1", "app-secret-1"
MOVE, COMPANY, CONTACT = ("account.move", 7), ("res.company", 1), ("res.partner", 9)
ITEM, TAX, DESK = ("account.move.line", 3), ("account.tax", 5), ("ereceipt.device", 4)


def samples(name):
    return json.loads((VECTORS / "nuonuo_samples.json").read_text("utf-8"))[name]


def xml(name):
    return (VECTORS / "einvoice_xml" / f"{name}.xml").read_bytes()


def vat(rate, amount, policy="", **options):
    values = {"name": f"VAT {rate}", "record": TAX, **options}
    return TaxAmount("VAT", policy, Decimal(rate), Decimal(amount), **values)


def line(net, rate="13", tax=None, *, discount="0", policy="", taxes=None, **options):
    """A line whose tax is right unless it is told."""
    amount, off = Decimal(net), Decimal(discount)
    if tax is None:
        tax = (amount * Decimal(rate) / 100).quantize(Decimal("0.01"))
    values = {
        "description": "测试设备",
        "quantity": Decimal(1),
        "item_code": GOODS,
        "discounts": (Discount(off, "off"),) if off else (),
        "taxes": (vat(rate, tax, policy),) if taxes is None else taxes,
        "record": ITEM,
    }
    return Line(gross=amount + off, net=amount, **{**values, **options})


DEVICE = Device(
    "",
    data={
        "clerk": "测试",
        "seller_address": "上海市测试区测试路1号",
        "seller_phone": "021-00000000",
    },
    record=DESK,
)


def receipt(*lines, **changes):
    lines = lines or (line("200.00"),)
    values = {
        "kind": "sale",
        "number": "S00042-1",
        "issued_at": ISSUED,
        "currency": "CNY",
        "seller": Party("business", SELLER, "测试销售有限公司", record=COMPANY),
        "buyer": Party("business", BUYER, "测试购买有限公司", record=CONTACT),
        "device": DEVICE,
        "lines": lines,
        "total": sum((one.total for one in lines), Decimal(0)),
        "record": MOVE,
    }
    return Receipt(**{**values, **changes})


def person(name="", number=""):
    return Party("person", number, name, Address(), record=CONTACT)


def back(*lines, data=None, **changes):
    """A receipt that takes back: all of its fapiao, or by lines that name theirs."""
    named = all("blue_line" in one.data for one in lines) and lines
    values = {
        "kind": "return",
        "number": "R00042-1",
        "original": Original(BLUE, "S00042-1"),
        "data": data if data is not None else {} if named else {"scope": "full"},
    }
    return receipt(*lines, **{**values, **changes})


def on_device(base=None, **data):
    base = base or receipt()
    return replace(base, device=replace(DEVICE, data={**DEVICE.data, **data}))


def authority(url="", *, now=NOW, **changes):
    values = {
        "environment": "test",
        "endpoints": {"api": f"{url}/open", "token": f"{url}/accessToken"},
        "credentials": {"app_key": KEY, "app_secret": SECRET},
        "settings": {},
        "device": DEVICE,
        "seller_id": SELLER,
        "identity": "nuonuo",
        "call_timeout": 5.0,
        "connect_timeout": 2.0,
        "wall_clock": now if callable(now) else lambda: now,
    }
    if not url:
        del values["endpoints"]
    return CnNuonuo(Connection(**{**values, **changes}))


def document(base=None, key=5, **changes):
    built = authority().build(base or receipt())
    values = {
        "key": key,
        "uid": "",
        "number": (base or receipt()).number,
        "content": built.content,
        "issued_at": ISSUED,
    }
    return Document(**{**values, **changes})


def codes(problems):
    return [problem.code for problem in problems]


def wrong(base, **settings):
    return codes(authority(settings=settings).check(base))


class Provider:
    """Answers each method as told: an answer, or a list of them, the last for good."""

    def __init__(self):
        self.token = {"access_token": "token-1", "expires_in": 86400}
        self.token_status = "200 OK"
        self.answers = {}
        self.files = {}
        self.calls = []
        self.forms = []
        self.heads = []
        self.now = NOW
        self.exchanges = []
        self.store = MemoryTokenStore()
        self._manager = crooked(self._serve)

    def __enter__(self):
        self.server = self._manager.__enter__()
        TOKENS.clear()
        KEPT_TOKENS.clear()
        return self

    def __exit__(self, *exc_info):
        self._manager.__exit__(*exc_info)

    @property
    def url(self):
        return self.server.url

    def authority(self, **changes):
        values = {
            "now": lambda: self.now,
            "recorder": self.exchanges.append,
            "tokens": self.store,
        }
        return authority(self.url, **{**values, **changes})

    def later(self, **span):
        self.now += timedelta(**span)
        # the process' own cache goes by the machine's clock
        TOKENS.clear()

    def _serve(self, peer):
        while request := self.server.read_request(peer):
            head, _end, body = request.partition(b"\r\n\r\n")
            lines = head.decode().split("\r\n")
            path = lines[0].split(" ")[1]
            named = dict(line.split(": ", 1) for line in lines[1:])
            if path.startswith("/accessToken"):
                self.forms.append(body.decode())
                content = json.dumps(self.token).encode()
                peer.sendall(response(content, self.token_status))
            elif path.startswith("/files/"):
                found = self.files.get(path)
                peer.sendall(
                    response(found, media_type="application/octet-stream")
                    if found is not None
                    else response(b"{}", "404 Not Found")
                )
            else:
                peer.sendall(self._answer(path, named, body))

    def _answer(self, path, named, body):
        method = named["method"].rpartition(".")[2]
        self.calls.append((method, json.loads(body)))
        self.heads.append((path, named, body))
        told = self.answers.get(method, {"code": "E9999", "describe": "?"})
        if isinstance(told, list):
            told = told.pop(0) if len(told) > 1 else told[0]
        if isinstance(told, bytes):
            return told
        return response(json.dumps(told).encode())

    def told(self, method, result=None, code="E0000", words=""):
        self.answers[method] = {"code": code, "describe": words, "result": result}


def row(order, status="2", **more):
    values = {
        "serialNo": "26100109300001000001",
        "orderNo": order,
        "status": status,
        "invoiceTime": 1790818205000,
        "invoiceNo": BLUE,
        "allElectronicInvoiceNumber": BLUE,
        "exTaxAmount": "200.00",
        "taxAmount": "26.00",
        "orderAmount": "226.00",
        "qrCode": f"01,32,,{BLUE},226.00,20261001,,0000",
    }
    if status in ("20", "22"):
        for name in ("invoiceNo", "allElectronicInvoiceNumber", "qrCode"):
            values[name] = ""
    return {**values, **more}


def order_of(made):
    return json.loads(made.content)["order_no"]


def submit(provider, made=None):
    own = provider.authority()
    (outcome,) = own.submit(own.envelope([made or document()]))
    return outcome


def query(provider, *documents):
    return provider.authority().query(documents or [document()])
