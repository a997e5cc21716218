"""Orders, signed calls and a seller's address for the tests of Nuonuo's simulator.

Nothing here is the add-on's.
"""

import base64
import hmac
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import requests

APPKEY, SECRET = "SIM00001", "SIMSECRET0000001"
SELLER, BUYER = "339902999999789113", "91310000TEST000002"
SELLER_NAME, BUYER_NAME = "测试销售有限公司", "测试购买有限公司"
CLERK = "测试"
FAMILY = "nuonuo.OpeMplatform."
GOODS, SERVICE = "1090511030000000000", "3040201010000000000"
SUBSIDIARY = "91310000TEST000009"


def cents(value) -> str:
    return str(Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP))


def line(excl="200.00", rate="0.13", **changes) -> dict:
    """A line whose amounts are right; None takes a field away."""
    tax = changes.pop("tax", None) or cents(Decimal(excl) * Decimal(rate))
    values = {
        "goodsName": "测试设备",
        "goodsCode": GOODS,
        "withTaxFlag": "0",
        "taxRate": rate,
        "taxExcludedAmount": excl,
        "tax": tax,
        "taxIncludedAmount": cents(Decimal(excl) + Decimal(tax)),
        "invoiceLineProperty": "0",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def discounted(excl="200.00", off="10.00", **changes) -> list[dict]:
    """A line and its discount; ``changes`` are to the discount."""
    return [
        line(excl, invoiceLineProperty="2", price=excl, num="1"),
        line(f"-{off}", invoiceLineProperty="1", **changes),
    ]


_numbers = iter(range(1, 10**6))


def order(*lines, **changes) -> dict:
    """An order that is right; None takes a field away."""
    values = {
        "orderNo": f"S{next(_numbers):06}",
        "invoiceDate": "2026-10-01 09:30:00",
        "invoiceType": "1",
        "invoiceLine": "pc",
        "buyerName": BUYER_NAME,
        "buyerTaxNum": BUYER,
        "salerTaxNum": SELLER,
        "salerTel": "021-00000000",
        "salerAddress": "上海市测试区测试路1号",
        "clerk": CLERK,
        "pushMode": "-1",
        "invoiceDetail": list(lines) or [line()],
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def sign(secret, appkey, senid, nonce, timestamp, body: bytes) -> str:
    text = f"a=services&l=v1&p=open&k={appkey}&i={senid}&n={nonce}&t={timestamp}&f="
    digest = hmac.digest(secret.encode(), text.encode() + body, "sha1")
    return base64.b64encode(digest).decode()


@dataclass
class Reply:
    """An answer of the platform."""

    status: int
    data: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.data)

    @property
    def code(self) -> str:
        return self.json["code"]

    @property
    def describe(self) -> str:
        return self.json["describe"]

    @property
    def result(self):
        assert self.code == "E0000", self.json
        return self.json["result"]


class Erp:
    """A seller's program that talks to the platform."""

    def __init__(self, url: str, appkey=APPKEY, secret=SECRET) -> None:
        self.url = url
        self.appkey, self.secret = appkey, secret
        self.offset = 0.0
        self.user_tax: str | None = SELLER
        self.timeout = 30.0
        self.session = requests.Session()
        self.session.trust_env = False
        self._token = ""

    def token_call(self, **changes) -> dict:
        form = {
            "client_id": self.appkey,
            "client_secret": self.secret,
            "grant_type": "client_credentials",
            **changes,
        }
        answer = self.session.post(f"{self.url}/accessToken", data=form, timeout=30)
        return answer.json()

    @property
    def token(self) -> str:
        if not self._token:
            self._token = self.token_call()["access_token"]
        return self._token

    @token.setter
    def token(self, value: str) -> None:
        self._token = value

    def call(self, method: str, body: object, **changes) -> Reply:
        """One signed call; ``changes`` are to what goes over the wire."""
        data = changes.pop("data", None)
        if data is None:
            data = json.dumps(body, ensure_ascii=False).encode()
        query = {
            "senid": secrets.token_hex(16),
            "nonce": str(10**7 + secrets.randbelow(9 * 10**7)),
            "timestamp": str(int(time.time() + self.offset)),
            "appkey": self.appkey,
        }
        query |= {name: changes.pop(name) for name in query.keys() & changes.keys()}
        signed = changes.pop("signed", data)
        key = [query[name] for name in ("appkey", "senid", "nonce", "timestamp")]
        headers = {
            "Content-Type": "application/json",
            "X-Nuonuo-Sign": sign(self.secret, *key, signed),
            "accessToken": changes.pop("token", None) or self.token,
            "userTax": self.user_tax,
            "method": changes.pop("full_method", FAMILY + method),
            **changes,
        }
        kept = {name: value for name, value in headers.items() if value is not None}
        url = f"{self.url}/open/v1/services"
        answer = self.session.post(
            url, params=query, data=data, headers=kept, timeout=self.timeout
        )
        return Reply(answer.status_code, answer.content)

    def send(self, order_: dict) -> Reply:
        return self.call("requestBillingNew", {"order": order_})

    def query(self, *orders: str, **body) -> Reply:
        values = {"orderNos": list(orders), "isOfferInvoiceDetail": "1", **body}
        return self.call("queryInvoiceResult", values)

    def one(self, order_no: str) -> dict:
        """The only result of an order."""
        (row,) = self.query(order_no).result
        return row

    def get(self, url: str) -> requests.Response:
        return self.session.get(url, timeout=30)

    def issued(self, control, order_: dict | None = None) -> dict:
        """Issue an order and wait for its end."""
        made = order_ or order()
        assert self.send(made).code == "E0000", made
        control.settle()
        row = self.one(made["orderNo"])
        assert row["status"] == "2", row
        return row

    def bill(self, identity="0", **query) -> dict:
        """The only confirmation of a query."""
        body = {"identity": identity, **query}
        (row,) = self.call("queryInvoiceRedConfirm", body).result["list"]
        return row


def confirmation(blue: dict, **changes) -> dict:
    """What applies for a red letter; None takes a field away."""
    values = {
        "billId": secrets.token_hex(16),
        "blueInvoiceLine": "bs" if "专用" in blue["invoiceKind"] else "pc",
        "applySource": "0",
        "blueElecInvoiceNumber": blue["allElectronicInvoiceNumber"],
        "sellerTaxNo": SELLER,
        "sellerName": SELLER_NAME,
        "buyerTaxNo": BUYER,
        "buyerName": BUYER_NAME,
        "redReason": "2",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def save(seller, blue, **changes):
    return seller.call("saveInvoiceRedConfirm", confirmation(blue, **changes))


def applied(nuonuo, seller, blue, **changes):
    """Apply and wait; the confirmation as the seller sees it."""
    identity = save(seller, blue, **changes).result
    nuonuo.settle()
    return seller.bill(billId=identity)


def red_line(excl="-50.00", rate="0.13", **changes) -> dict:
    values = {
        "blueDetailIndex": "1",
        "goodsName": "测试设备",
        "taxExcludedAmount": excl,
        "taxAmount": cents(Decimal(excl) * Decimal(rate)),
        "taxRate": rate,
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


@dataclass
class Address:
    """A seller's address for call-backs, on this machine.

    ``answers`` are given in turn, the last one again and again: a status and a body.
    """

    answers: list = field(default_factory=lambda: [(200, GOOD)])
    got: list = field(default_factory=list)
    bodies: list = field(default_factory=list)

    def __enter__(self) -> "Address":
        address = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["Content-Length"])).decode()
                media_type = self.headers["Content-Type"].partition(";")[0]
                place = min(len(address.bodies), len(address.answers) - 1)
                status, body = address.answers[place]
                if media_type == "application/json":
                    address.got.append(json.loads(data))
                else:
                    form = dict(parse_qsl(data, keep_blank_values=True))
                    form["content"] = json.loads(form.get("content", "{}"))
                    address.got.append(form)
                address.bodies.append((media_type, data))
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/callback"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, number: int, seconds: float = 10) -> list:
        """Wait for so many call-backs; all that came."""
        end = time.monotonic() + seconds
        while len(self.got) < number and time.monotonic() < end:
            time.sleep(0.02)
        assert len(self.got) >= number, self.got
        return self.got


GOOD = '{"status":"0000","message":"同步成功"}'.encode()
BAD = '{"status":"9999","message":"失败"}'.encode()


def done(nuonuo, number: int = 1, seconds: float = 10) -> list:
    """Wait until so many call-backs have come to their end; all of them."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        rows = nuonuo.callbacks()
        if len(rows) >= number and not any(row["status"] == "pending" for row in rows):
            return rows
        time.sleep(0.02)
    raise AssertionError(nuonuo.callbacks())
