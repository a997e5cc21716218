"""Egypt: a shop in Cairo with two tills that issue ETA e-receipts and a desk for
businesses that issues signed e-invoices.

An administrator sets it up and an accountant posts; both work through the server's
HTTP interface, as the web client does. Sending is left to the scheduled jobs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from . import egypt_desk
from .client import OdooClient
from .egypt_sales import GROUPS, RETURNS, WRONG, Return, Sale
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

AUTHORITY = "eg_eta"
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
    day = Day(_session(admin, ACCOUNTANT), shop)
    with Watch(_session(admin, AUDITOR)) as watch:
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


def _session(other: OdooClient, login: str) -> OdooClient:
    session = OdooClient(other.url, other.database)
    session.login(login, login)
    return session


class Day:
    """A day's work of the accountant."""

    def __init__(self, odoo: OdooClient, shop: Shop) -> None:
        self.odoo = odoo
        self.shop = shop
        self._by_reference: dict[str, int] = {}

    def draft(self, sales: Sequence[Sale]) -> list[int]:
        """Enter sales; return the ids of the drafts."""
        ids = self.odoo.call(
            "account.move", "create", [self._values(sale) for sale in sales]
        )
        self._by_reference.update(
            {sale.reference: move_id for sale, move_id in zip(sales, ids, strict=True)}
        )
        return ids

    def draft_returns(self, returns: Iterable[Return]) -> list[int]:
        """Make credit notes by the button of the invoice; return their ids."""
        return [self._draft_return(each) for each in returns]

    def post(self, move_ids: list[int]) -> dict[int, float]:
        """Confirm drafts together, as from the list.

        :return: for each, the moment (monotonic) of the click
        :raises OdooError: the authority would refuse one of them, and why
        """
        clicked = time.monotonic()
        self.odoo.call("account.move", "action_post", move_ids)
        return dict.fromkeys(move_ids, clicked)

    def _values(self, sale: Sale) -> dict[str, Any]:
        ids = self.shop.ids
        lines = [
            (
                0,
                0,
                {
                    "product_id": ids.get(line.product, False),
                    "quantity": line.quantity,
                    "discount": line.discount,
                    "tax_ids": [(6, 0, [ids[tax] for tax in line.taxes])],
                    **({"name": line.text} if line.text else {}),
                    **({} if line.price is None else {"price_unit": line.price}),
                },
            )
            for line in sale.lines
        ]
        return {
            "move_type": sale.kind,
            "ref": sale.reference,
            "journal_id": ids[sale.till],
            "partner_id": ids[sale.customer],
            "currency_id": ids[sale.currency],
            "delivery_date": str(date.today()) if sale.delivered else False,
            "invoice_line_ids": lines,
        }

    def _draft_return(self, back: Return) -> int:
        sold = self._by_reference[back.of]
        (sale,) = self.odoo.call(
            "account.move", "read", [sold], ["journal_id", "invoice_date"]
        )
        (wizard,) = self.odoo.call(
            "account.move.reversal",
            "create",
            [{"journal_id": sale["journal_id"][0], "reason": back.reason}],
            context={"active_model": "account.move", "active_ids": [sold]},
        )
        opened = self.odoo.call("account.move.reversal", "refund_moves", [wizard])
        move_id = opened["res_id"]
        if back.quantity is not None:
            self._keep_of_first_line(move_id, back.quantity)
        return move_id

    def _keep_of_first_line(self, move_id: int, quantity: float) -> None:
        """Take back some of the first line and nothing of the others."""
        lines = self.odoo.call(
            "account.move.line",
            "search",
            [("move_id", "=", move_id), ("display_type", "=", "product")],
            order="sequence, id",
        )
        orders = [(1, lines[0], {"quantity": quantity})]
        orders += [(2, line, 0) for line in lines[1:]]
        self.odoo.call("account.move", "write", [move_id], {"invoice_line_ids": orders})
