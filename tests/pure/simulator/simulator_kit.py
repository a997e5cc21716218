"""Receipts and calls for the simulator's tests."""

import copy
import hashlib
import json
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal

import requests

RIN = "674859545"
SERIAL = "SIM-POS-0001"
FORM = {
    "grant_type": "client_credentials",
    "client_id": "sim-pos-0001",
    "client_secret": "sim-secret-0001-a",
}
HEADERS = {"posserial": SERIAL, "pososversion": "linux"}


def now_text(**shift) -> str:
    moment = datetime.now(timezone.utc) + timedelta(**shift)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(quantity="2", price="100", rate="14", number=1, **more) -> dict:
    net = Decimal(quantity) * Decimal(price)
    tax = (net * Decimal(rate) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    row = {
        "internalCode": f"P-{number}",
        "description": f"قطعة {number}",
        "itemType": "EGS",
        "itemCode": f"EG-{RIN}-000{number}",
        "unitType": "EA",
        "quantity": Decimal(quantity),
        "unitPrice": Decimal(price),
        "netSale": net,
        "totalSale": net,
        "total": net + tax,
        "taxableItems": [
            {
                "taxType": "T1",
                "amount": tax,
                "subType": "V009",
                "rate": Decimal(rate),
            }
        ],
    }
    row.update(more)
    return row


def receipt(lines=None, number="S-0001", previous="", kind="S", serial=SERIAL) -> dict:
    """A receipt whose sums are right; its uuid is still empty."""
    lines = lines or [line()]
    document = {
        "header": {
            "dateTimeIssued": now_text(minutes=-1),
            "receiptNumber": number,
            "uuid": "",
            "previousUUID": previous,
            "currency": "EGP",
        },
        "documentType": {"receiptType": kind, "typeVersion": "1.2"},
        "seller": {
            "rin": RIN,
            "companyTradeName": "شركة تجربة",
            "branchCode": "0",
            "branchAddress": {
                "country": "EG",
                "governate": "Cairo",
                "regionCity": "Nasr City",
                "street": "16 Test Street",
                "buildingNumber": "14",
            },
            "deviceSerialNumber": serial,
            "activityCode": "4711",
        },
        "buyer": {"type": "P"},
        "itemData": lines,
        "paymentMethod": "C",
    }
    return sums(document)


def sums(document: dict) -> dict:
    lines = document["itemData"]
    taxes: dict[str, Decimal] = {}
    for row in lines:
        for item in row.get("taxableItems", ()):
            kind = item["taxType"]
            taxes[kind] = taxes.get(kind, Decimal(0)) + item["amount"]
    document["totalSales"] = sum(row["totalSale"] for row in lines)
    document["netAmount"] = sum(row["netSale"] for row in lines)
    document["totalAmount"] = sum(row["total"] for row in lines)
    document["taxTotals"] = [
        {"taxType": kind, "amount": amount} for kind, amount in taxes.items()
    ]
    return document


def text_of(value: object) -> str:
    """JSON with decimals as they are."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(key)}:{text_of(item)}" for key, item in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return json.dumps(value, ensure_ascii=False)


def canonical(value: object, name: str | None = None) -> str:
    """ETA's text of a parsed document, by recursion: a second way."""
    if isinstance(value, dict):
        return "".join(
            f'"{key.upper()}"{canonical(item, key)}' for key, item in value.items()
        )
    if isinstance(value, list):
        return "".join(f'"{name.upper()}"{canonical(item, name)}' for item in value)
    if isinstance(value, Decimal):
        return f'"{value:f}"'
    return json.dumps(value, ensure_ascii=False)


def sealed(document: dict) -> dict:
    """A copy with its uuid."""
    document = copy.deepcopy(document)
    document["header"]["uuid"] = ""
    text = canonical(document)
    document["header"]["uuid"] = hashlib.sha256(text.encode()).hexdigest()
    return document


def body_of(documents: list[dict]) -> bytes:
    return text_of({"receipts": documents}).encode()


def posted(caller, path: str, body: bytes, headers: dict) -> requests.Response:
    """A body of JSON, posted by a till or an ERP system."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return caller.session.post(
        f"{caller.url}/api/{path}",
        data=body,
        headers={**caller.bearer, **kind, **headers},
        timeout=caller.timeout,
    )


class Till:
    """A point of sale that talks to the simulator."""

    def __init__(self, url: str, number: int = 1, timeout: float = 20) -> None:
        self.url = url
        self.serial = f"SIM-POS-000{number}"
        self.timeout = timeout
        self.form = {
            "grant_type": "client_credentials",
            "client_id": f"sim-pos-000{number}",
            "client_secret": f"sim-secret-000{number}-a",
        }
        self.headers = {"posserial": self.serial, "pososversion": "linux"}
        self._token: str | None = None
        self.session = requests.Session()
        self.session.trust_env = False

    def login(self, headers=None, **form) -> requests.Response:
        return self.session.post(
            f"{self.url}/connect/token",
            data={**self.form, **form},
            headers=self.headers if headers is None else headers,
            timeout=self.timeout,
        )

    @property
    def bearer(self) -> dict[str, str]:
        if self._token is None:
            self._token = self.login().json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    def post(self, body: bytes, **headers) -> requests.Response:
        return posted(self, "v1/receiptsubmissions", body, headers)

    def submit(self, *documents: dict) -> dict:
        answer = self.post(body_of(list(documents)))
        assert answer.status_code == 202, answer.text
        return answer.json()

    def get(self, path: str, **arguments) -> requests.Response:
        return self.session.get(
            f"{self.url}/api/v1/{path}",
            params=arguments,
            headers=self.bearer,
            timeout=self.timeout,
        )

    def details(self, identity: str, **arguments) -> dict:
        path = f"receiptsubmissions/{identity}/details"
        answer = self.get(path, **arguments)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def verdicts(self, control, *documents: dict) -> list[dict]:
        """Submit, settle, and give the verdict on each."""
        answer = self.submit(*documents)
        control.settle()
        return self.details(answer["submissionId"], PageSize=100)["receipts"]


def codes(verdict: dict) -> set[str]:
    """Every error code in a verdict, wrappers left out."""
    found = set()
    for error in verdict["errors"]:
        inner = error["error"]["innerError"] or [error["error"]]
        found |= {item["errorCode"] for item in inner}
    return found
