"""Croatia: a coffee house in Zagreb with two tills that issue fiscalised receipts.

An administrator sets it up and an accountant posts; both work through the server's
HTTP interface, as the web client does. Sending is left to the scheduled jobs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .control import ask
from .croatia_sales import CHANGES, FOR_YOU, GROUPS, RETURNS, Change
from .croatia_shop import ACCOUNTANT, Shop
from .day import Day, session
from .row import Row
from .watch import POLLING, Watch

if TYPE_CHECKING:
    from .demonstration import Demonstration

NAME = "Croatia"
AUTHORITY = "hr_cis"
UID = "JIR"
SIMULATOR_CONFIG: dict[str, Any] = {}

PATIENCE = 60
"""Seconds to wait for the authority after the last document was posted."""


def run(demonstration: Demonstration) -> list[Row]:
    """Set the coffee house up and issue its receipts; return what became of each."""
    admin, say = demonstration.odoo, demonstration.say
    shop = Shop(admin)
    shop.set_up(demonstration.simulator_url)
    say(f"the coffee house is set up; its user, the login as password: {ACCOUNTANT}")
    day = Day(session(admin, ACCOUNTANT), shop)
    with Watch(session(admin, ACCOUNTANT)) as watch:
        for group in GROUPS:
            watch.begin(day.post(day.draft(group)))
        watch.begin(day.post(day.draft_returns(RETURNS)))
        say(f"{len(watch)} receipts are posted; the scheduled jobs send them")
        watch.wait(PATIENCE)
    rows = watch.rows()
    rows += _changed(day, CHANGES, demonstration.simulator_url)
    day.draft([FOR_YOU])
    say(f"a draft is left for you to confirm as {ACCOUNTANT}")
    return rows


def _changed(day: Day, changes: Sequence[Change], simulator_url: str) -> list[Row]:
    """Have CIS told about registered receipts; return a row for each change."""
    began = time.monotonic()
    moves = [day.entry(change.of) for change in changes]
    for move, change in zip(moves, changes, strict=True):
        (wizard,) = day.odoo.call(
            "ereceipt.hr.change", "create", [{"move_id": move, **change.values}]
        )
        day.odoo.call("ereceipt.hr.change", "action_apply", [wizard])
    rows = day.odoo.call(
        "account.move", "read", moves, ["ereceipt_authority_number", "ereceipt_uuid"]
    )
    return [
        _followed(row, change, began, simulator_url)
        for row, change in zip(rows, changes, strict=True)
    ]


def _followed(
    row: dict[str, Any], change: Change, began: float, simulator_url: str
) -> Row:
    """Wait until the authority has a change; return the table's row."""
    jir = row["ereceipt_uuid"]
    while not (arrived := _arrived(change, jir, simulator_url)):
        if time.monotonic() > began + PATIENCE:
            break
        time.sleep(POLLING)
    return Row(
        number=f"{row['ereceipt_authority_number']} {change.told}",
        uid=jir or "",
        state="valid" if arrived else "not reported",
        seconds=time.monotonic() - began,
    )


def _arrived(change: Change, jir: str, simulator_url: str) -> bool:
    """Tell whether the authority holds what it was to be told."""
    found = ask(simulator_url, f"receipts?jir={jir}") if jir else []
    return any(change.is_in(receipt) for receipt in found)
