"""Egypt: a shop in Cairo with two tills that issue ETA e-receipts and a desk for
businesses that issues signed e-invoices.

An administrator sets it up and an accountant posts; both work through the server's
HTTP interface, as the web client does. Sending is left to the scheduled jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import egypt_desk
from .day import Day, session
from .egypt_sales import GROUPS, RETURNS, WRONG
from .egypt_shop import (
    ACCOUNTANT,
    ACCOUNTANT_IN_ARABIC,
    AUDITOR,
    CATALOGUE,
    CODE_TO_ENTER,
    RIN,
    TILLS,
    Shop,
)
from .watch import Watch

if TYPE_CHECKING:
    from .demonstration import Demonstration
    from .row import Row

NAME = "Egypt"
AUTHORITY = "eg_eta"
UID = "Authority's UID"
MINUTES_TO_DECLINE = 2

SIMULATOR_CONFIG: dict[str, Any] = {
    "taxpayers": [{"rin": RIN, "name": "مكتبة النيل", "branches": {"0": "وسط البلد"}}],
    "devices": [
        {
            "serial": till.serial,
            "rin": RIN,
            "client_id": till.client_id,
            "secrets": [till.secret],
        }
        for till in TILLS
    ],
    "item_codes": CATALOGUE.item_codes(),
    **egypt_desk.SIMULATOR_CONFIG,
    "settings": {
        "business_buyers": True,
        "codes_must_be_registered": True,
        "chain": "strict",
        # the buyer's time to decline a cancellation, so that it ends while you look
        "document_windows": {
            kind: {"finality_hours": MINUTES_TO_DECLINE / 60}
            for kind in ("I", "C", "D", "EI", "EC", "ED")
        },
    },
}

PATIENCE = 90
"""Seconds to wait for the authority after the last document was posted."""


def run(demonstration: Demonstration) -> list[Row]:
    """Set the shop up and issue its receipts; return what became of each."""
    admin, say = demonstration.odoo, demonstration.say
    shop = Shop(admin)
    shop.set_up(demonstration.simulator_url)
    egypt_desk.set_up(shop, demonstration.simulator_url)
    users = ", ".join((ACCOUNTANT, ACCOUNTANT_IN_ARABIC, AUDITOR))
    say(f"the shop is set up; its users, each with the login as password: {users}")
    day = Day(session(admin, ACCOUNTANT), shop)
    with Watch(session(admin, AUDITOR)) as watch:
        for group in GROUPS:
            watch.begin(day.post(day.draft(group)))
        watch.begin(day.post(day.draft(egypt_desk.INVOICES)))
        returns = (*RETURNS, *egypt_desk.RETURNS)
        watch.begin(day.post(day.draft_returns(returns)))
        say(f"{len(watch)} documents are posted; the scheduled jobs send them")
        watch.wait(PATIENCE)
    day.draft([WRONG])
    say("a draft invoice with two mistakes is left for you to confirm and to mend:")
    say(f"the clock's code (EGS) is {CODE_TO_ENTER}, the buyer's number any 14 digits")
    return watch.rows()
