"""The real simulator of Nuonuo over real HTTP, and documents on their way to it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count
from typing import Any

from cn_kit import SERVICE, authority, line, receipt

from fiscal.cn_nuonuo import CnNuonuo
from fiscal.contract import Document, Exchange, Outcome, Party, Receipt
from fiscal.transport import TOKENS, MemoryTokenStore
from simulator.cn_nuonuo import App
from simulator.cn_nuonuo.client import NuonuoControlClient
from simulator.server import running

APPKEY, SECRET = "SIM00001", "SIMSECRET0000001"
SELLER = "339902999999789113"
COMPANY = Party("business", SELLER, "测试销售有限公司", record=("res.company", 1))

EVERYTHING = receipt(
    line(
        "190.00",
        discount="10.00",
        quantity=Decimal(2),
        unit_name="台",
        data={"spec": "T-1"},
    ),
    line("50.00", "6", description="测试服务", item_code=SERVICE),
    line("33.33", "9", tax="3.05", quantity=Decimal("3.7"), unit_name="kg"),
    line("100.00", "0", policy="03"),
    line("88.50", data={"tax_included": True}, quantity=Decimal(3)),
    line("12.00", data={"amount_only": True}),
    data={
        "remark": "测试数据",
        "buyer_account": "测试银行 0001",
        "agent": {"name": "张三", "card_type": "201", "card_number": "1101"},
    },
)
"""Every kind of line that one fapiao may have, and most that it says besides."""

_identities = count()


class Office:
    """A company's authority, and the provider that it calls.

    :ivar control: orders to the simulator
    :ivar exchanges: what the client recorded
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.control = NuonuoControlClient(url)
        self.exchanges: list[Exchange] = []
        self.store = MemoryTokenStore()
        self.offset = timedelta(0)
        self._keys = count(1)
        self.identity = f"office-{next(_identities)}"
        self.own = self.authority()

    def now(self) -> datetime:
        return datetime.now(timezone.utc) + self.offset

    def authority(self, **changes: Any) -> CnNuonuo:
        values: dict[str, Any] = {
            "endpoints": {
                "api": f"{self.url}/open/v1/services",
                "token": f"{self.url}/accessToken",
            },
            "credentials": {"app_key": APPKEY, "app_secret": SECRET},
            "seller_id": SELLER,
            "identity": self.identity,
            "recorder": self.exchanges.append,
            "tokens": self.store,
            "call_timeout": 60.0,
            "connect_timeout": 20.0,
            "now": self.now,
        }
        return authority(self.url, **{**values, **changes})

    def later(self, **span: float) -> None:
        """Let time pass, here and there."""
        self.offset += timedelta(**span)
        self.control.settings(clock_offset=self.offset.total_seconds())
        TOKENS.clear()

    def issue(self, base: Receipt | None = None, **changes: Any) -> Document:
        """Build a receipt now."""
        now = self.now().replace(microsecond=0)
        key = next(self._keys)
        made = replace(
            base or receipt(),
            **{"issued_at": now, "number": f"S-{key}", "seller": COMPANY, **changes},
        )
        problems = self.own.check(made)
        assert problems == [], [problem.text for problem in problems]
        return Document(key, "", made.number, self.own.build(made).content, now)

    def submit(self, document: Document) -> Outcome:
        (outcome,) = self.own.submit(self.own.envelope([document]))
        return outcome

    def query(self, document: Document) -> Outcome:
        (outcome,) = self.own.query([document])
        return outcome

    def settled(self, document: Document) -> Outcome:
        """What is said once all that was to happen has happened."""
        self.control.settle()
        return self.query(document)

    def issued(self, base: Receipt | None = None, **changes: Any) -> Document:
        """Issue a document for good."""
        document = self.issue(base, **changes)
        outcome = self.submit(document)
        assert outcome.status.value == "accepted", [e.text for e in outcome.errors]
        outcome = self.settled(document)
        assert outcome.status.value == "valid", [e.text for e in outcome.errors]
        assert outcome.warnings == ()
        return replace(
            document, uid=outcome.uid, authority_ids=dict(outcome.authority_ids)
        )

    def why(self) -> list[Any]:
        """Why the provider refused what it refused."""
        return [row["problems"] for row in self.control.refusals()]


@contextlib.contextmanager
def office(**settings: Any) -> Iterator[Office]:
    """Run a simulator with the given settings."""
    with running(App()) as url:
        made = Office(url)
        made.control.settings(**settings)
        yield made
