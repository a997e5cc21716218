"""A Chinese office with two desks that issues fapiao, in a database of its own, and the
simulator of Nuonuo."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from ereceipt_db import OdooDatabase
from ereceipt_premises import set_up_company, set_up_devices, set_up_goods
from ereceipt_shop import (
    LOST,
    PATIENCE,
    PLAIN_JOURNALS,
    TILL_JOURNALS,
    Held,
    Shop,
    Simulator,
    prepared,
    shop,
)

from simulator.cn_nuonuo.client import NuonuoControlClient

SELLER, NAME, CLERK = "91310000MA1FL0001R", "浦江设备有限公司", "李静"
APPKEY, SECRET = "SIM00001", "SIMSECRET0000001"
GOODS = "1090511030000000000"
LIMIT = "150.00"
"""Of one fapiao, tax-exclusive: what is sold for more is split."""


class NuonuoSimulator(Simulator):
    """Nuonuo's simulator as a process, which knows the office."""

    authority = "cn_nuonuo"
    control_class = NuonuoControlClient

    def reset(self) -> None:
        """Let it be as at its start, and know the office again."""
        self.control.reset()
        self.control.register(
            apps=[{"appkey": APPKEY, "secret": SECRET, "tax_numbers": [SELLER]}],
            companies=[
                {
                    "tax_number": SELLER,
                    "name": NAME,
                    "credit_line": "100000000.00",
                    "single_limit": LIMIT,
                    "accounts": [{"clerk": CLERK}],
                }
            ],
        )
        # how often a storm makes tokens useless is not the budget's matter
        self.control.settings(token_budget=1000)

    def receipts(self) -> dict[str, dict]:
        """Return the orders that it has taken, by number."""
        return {row["orderNo"]: row for row in self.control.orders()}

    def log_in(self) -> None:
        """Let the clerk be logged in, and have shown his face."""
        self.control.account(SELLER, logged_in=True, real_person="1", known="1")

    def forget_soon(self) -> None:
        """It remembers order numbers for ever, and forgets what was lost at once."""


class ChineseShop(Shop):
    """A shop whose fapiao the bureau issues, some of them split in two."""

    submit_endpoint = "requestBillingNew"
    misbehaviour: ClassVar[tuple[dict[str, Any], ...]] = (
        LOST,
        {"kind": "html_describe"},
        {"on": "reInvoice", "kind": "drop_after"},
        {"on": "issue", "kind": "logs_out"},
        {"on": "issue", "kind": "asks_person"},
    )
    simulator: NuonuoSimulator

    def draft(self, env: Any, count: int, journal: str, **values: Any) -> Any:
        """Return new drafts, of which every other one is more than one fapiao has."""
        drafts = super().draft(env, count, journal, **values)
        for move in drafts[1::2]:
            move.invoice_line_ids.price_unit = 2 * float(LIMIT)
        return drafts

    def let_time_pass(self, verdicts: bool = True) -> None:
        # the clerk sees that he is asked for
        self.simulator.log_in()
        super().let_time_pass(verdicts)

    def _wanted(self) -> dict[str, Held]:
        """Our fapiao by order number: the one that we show and the total."""
        rows = self.db.rows("SELECT authority_uid, content FROM ereceipt_document")
        wanted = {}
        for uid, content in rows:
            frozen = json.loads(content)
            cents = sum(
                _cents(line["net"]) + _cents(line["tax"]) for line in frozen["lines"]
            )
            wanted[frozen["order_no"]] = Held(uid, str(cents))
        return wanted

    def _held(self) -> dict[str, Held]:
        """The orders that were taken: the first of their numbers, and what all of their
        fapiao come to. One that is issued twice comes to twice as much."""
        totals: dict[str, int] = {}
        for row in self.simulator.control.invoices():
            order = row["order_no"]
            totals[order] = totals.get(order, 0) + _cents(row["incl"])
        return {
            row["orderNo"]: Held(
                min(row["numbers"], default=""),
                str(totals[row["orderNo"]]),
                "Valid" if set(row["statuses"]) == {"2"} else "Doubtful",
            )
            for row in self.simulator.control.orders()
        }

    def assert_chains(self) -> None:
        """Fapiao stand in no chain."""

    def rejections(self) -> list[dict]:
        return [
            row
            for row in self.simulator.control.refusals()
            if row["method"] == self.submit_endpoint
        ]

    def forget_files(self) -> None:
        """Let no files be fetched any more, which takes turns with sending."""
        self.db.rows("UPDATE ereceipt_document SET files_wanted = FALSE")

    def handed_over(self) -> int:
        """Return how often orders were handed over, refused repeats among them."""
        return sum(row["handed_over"] for row in self.simulator.control.orders())


def _cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


# ----------------------------------------------------------------------------------
# Setting up
# ----------------------------------------------------------------------------------


def _set_up(db: OdooDatabase, simulator: NuonuoSimulator) -> None:
    simulator.reset()
    with db.env("__system__") as env:
        _company(env)
    with db.env() as env:
        _goods(env)
        _registration(env, simulator.url)


def _company(env: Any) -> None:
    admin = set_up_company(
        env,
        "cn",
        name=NAME,
        vat=SELLER,
        country_id=env.ref("base.cn").id,
        street="张江路 88 号",
        city="上海",
        phone="021-50000000",
    )
    # an invoice of another day than China's would wait for a person
    admin.tz = "Asia/Shanghai"


def _goods(env: Any) -> None:
    vat = env["account.chart.template"].ref("l10n_cn_sales_excluded_13")
    tea = {"name": "茶叶", "taxes_id": [(6, 0, vat.ids)]}
    product = set_up_goods(env, tea, "王小明", (*TILL_JOURNALS, *PLAIN_JOURNALS))
    env["ereceipt.code.mapping"].sudo().create(
        {
            "authority": "cn_nuonuo",
            "kind": "item",
            "product_id": product.id,
            "code": GOODS,
        }
    )


def _registration(env: Any, url: str) -> None:
    registration = env["ereceipt.registration"].create(
        {
            "authority": "cn_nuonuo",
            "environment": "test",
            "cn_api_url": f"{url}/open/v1/services",
            "cn_token_url": f"{url}/accessToken",
            "client_id": APPKEY,
            "client_secret": SECRET,
            "ingestion_seconds": 1,
            **PATIENCE,
        }
    )
    set_up_devices(
        env,
        registration,
        TILL_JOURNALS,
        [
            {"name": f"Desk {number}", "cn_clerk": CLERK}
            for number, _journal in enumerate(TILL_JOURNALS, start=1)
        ],
    )


prepared_china = partial(prepared, set_up=_set_up)
"""Makes the database that Chinese shops are copied from."""
chinese_shop = partial(shop, kind=ChineseShop)
"""Opens a Chinese shop of its own."""
