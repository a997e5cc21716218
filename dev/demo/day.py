"""A day's work: entering sales, taking goods back, confirming."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from .client import OdooClient
from .sale import Return, Sale
from .shop import ShopBase


def session(other: OdooClient, login: str) -> OdooClient:
    """Open a session of another user, whose password is his login."""
    client = OdooClient(other.url, other.database)
    client.login(login, login)
    return client


class Day:
    """A day's work of an accountant."""

    def __init__(self, odoo: OdooClient, shop: ShopBase) -> None:
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

    def entry(self, reference: str) -> int:
        """Return the id of what was entered of a sale."""
        return self._by_reference[reference]

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
            "delivery_date": str(date.today()) if sale.delivered else False,
            "invoice_line_ids": lines,
            **({"currency_id": ids[sale.currency]} if sale.currency else {}),
            **sale.values,
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
