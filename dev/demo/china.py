"""China: an office in Shanghai that issues 数电发票 through the Nuonuo open platform.

An administrator sets it up and an accountant, who is the clerk at the tax bureau,
posts; both work through the server's HTTP interface, as the web client does. Sending
is left to the scheduled jobs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from .china_sales import AWAITED, FOR_YOU, GROUPS, RETURNS, WHILE_LOGGED_OUT
from .china_shop import ACCOUNTANT, SIMULATOR_CONFIG, TAX_NUMBER, Shop
from .control import ask
from .day import Day, session
from .watch import POLLING, Watch

if TYPE_CHECKING:
    from .client import OdooClient
    from .demonstration import Demonstration
    from .row import Row

__all__ = ["AUTHORITY", "NAME", "SIMULATOR_CONFIG", "UID", "run"]

NAME = "China"
AUTHORITY = "cn_nuonuo"
UID = "Number of the fapiao"

SESSION = "ereceipt.cn.session"
PATIENCE = 90
"""Seconds to wait for the tax bureau after the last document was posted."""


def run(demonstration: Demonstration) -> list[Row]:
    """Set the office up and issue its fapiao; return what became of each."""
    admin, say = demonstration.odoo, demonstration.say
    simulator = demonstration.simulator_url
    shop = Shop(admin)
    shop.set_up(simulator)
    say(f"the office is set up; its clerk, the login as password: {ACCOUNTANT}")
    day = Day(session(admin, ACCOUNTANT), shop)
    with Watch(session(admin, ACCOUNTANT)) as watch:
        for group in GROUPS:
            watch.begin(day.post(day.draft(group)))
        watch.wait(PATIENCE)
        watch.begin(day.post(day.draft_returns(RETURNS)))
        watch.begin(_confirmed_by_the_buyer(day, simulator))
        watch.wait(PATIENCE)
        watch.begin(_while_logged_out(day, shop, simulator))
        say(f"{len(watch)} documents are posted; the scheduled jobs send them")
        watch.wait(PATIENCE)
        rows = watch.rows()
    day.draft([FOR_YOU])
    say(f"a draft is left for you to confirm as {ACCOUNTANT}")
    return rows


def _confirmed_by_the_buyer(day: Day, simulator: str) -> dict[int, float]:
    """Take a fapiao back that its buyer has deducted, and let him agree."""
    number = _number(day.odoo, day.entry(AWAITED.of))
    ask(simulator, "use", {"number": number, "use": "deducted"})
    began = day.post(day.draft_returns([AWAITED]))
    waiting = _until(lambda: _waits_for_buyer(simulator, number))
    if waiting:
        ask(simulator, "buyer", {"bill_id": waiting, "agree": True})
    return began


def _waits_for_buyer(simulator: str, number: str) -> str:
    bills = ask(simulator, "confirmations")
    found = (b["bill_id"] for b in bills if b["blue"] == number and b["state"] == "02")
    return next(found, "")


def _while_logged_out(day: Day, shop: Shop, simulator: str) -> dict[int, float]:
    """Post an invoice while the clerk is logged out, then log in by scanning a code."""
    account = {"tax_number": TAX_NUMBER, "extension": ""}
    ask(simulator, "account", {**account, "logged_in": False})
    began = day.post(day.draft([WHILE_LOGGED_OUT]))
    (move,) = began
    _until(lambda: _is_held(day.odoo, move))
    values = {"device_id": shop.ids["device"]}
    (wizard,) = day.odoo.call(SESSION, "create", [values])
    day.odoo.call(SESSION, "action_get_code", [wizard])
    _until(lambda: _pressed(day.odoo, wizard, "action_show_code", "qr_text"))
    ask(simulator, "scan", {**account, "purpose": "login"})
    day.odoo.call(SESSION, "action_scanned", [wizard])
    _until(lambda: _pressed(day.odoo, wizard, "action_check", "is_good"))
    return began


def _pressed(odoo: OdooClient, wizard: int, button: str, field: str) -> str:
    """Press a button of the session's dialog; return what a field has afterwards."""
    odoo.call(SESSION, button, [wizard])
    (row,) = odoo.call(SESSION, "read", [wizard], [field])
    return row[field]


def _is_held(odoo: OdooClient, move: int) -> str:
    (row,) = odoo.call("account.move", "read", [move], ["ereceipt_document_id"])
    document = row["ereceipt_document_id"] or [0]
    found = odoo.call("ereceipt.document", "read", document[:1], ["held_code"])
    return found[0]["held_code"] or ""


def _number(odoo: OdooClient, move: int) -> str:
    (row,) = odoo.call("account.move", "read", [move], ["ereceipt_uuid"])
    return row["ereceipt_uuid"] or ""


def _until(look: Callable[[], str]) -> str:
    """Return what a look finds, "" if it finds nothing in time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(POLLING)
    return ""
