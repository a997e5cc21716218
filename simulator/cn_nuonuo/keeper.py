"""What the platform's simulator keeps in its data file (``--data``)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..keeper import KeeperBase
from .callbacks import Notice
from .store import Bill, Invoice
from .tokens import Token

if TYPE_CHECKING:
    from .app import NuonuoApp


class Keeper(KeeperBase):
    """Orders, invoices, confirmations, tokens, who is registered, settings."""

    def __init__(self, app: NuonuoApp, path: Path) -> None:
        self.app = app
        super().__init__(path)

    def changes(self) -> int:
        """What was taken, given, and who was registered."""
        app = self.app
        return app.store.changes + app.registry.changes + app.tokens.changes

    def load(self, data: dict[str, Any]) -> None:
        """Take over what :meth:`dump` gave."""
        app, store, tokens = self.app, self.app.store, self.app.tokens
        with app.lock:
            app.registry.clear()
            app.registry.load(data["registry"])
            app.change_settings(data["settings"])
            for row in data["invoices"]:
                store.add(Invoice(**row))
            for row in data["bills"]:
                store.add_bill(Bill(**row))
            store.handed_over = Counter(
                {(seller, order): count for seller, order, count in data["orders"]}
            )
            store.warnings = {(a, b): rows for a, b, rows in data["warnings"]}
            store.credit_used = {
                (seller, month): Decimal(used) for seller, month, used in data["credit"]
            }
            store.refusals = data["refusals"]
            store.restore(data["count"])
            tokens.rows = {row["value"]: Token(**row) for row in data["tokens"]}
            tokens.calls = data["token_calls"]
            app.callbacks.restore([Notice(**row) for row in data["callbacks"]])

    def dump(self) -> dict[str, Any]:
        """All that is to be kept."""
        app, store = self.app, self.app.store
        with app.lock:
            return {
                "registry": app.registry.dump(),
                "settings": app.settings.as_dict(),
                "invoices": [asdict(row) for row in store.invoices.values()],
                "bills": [asdict(row) for row in store.bills.values()],
                "orders": [[*key, count] for key, count in store.handed_over.items()],
                "warnings": [[*key, rows] for key, rows in store.warnings.items()],
                "credit": [
                    [*key, str(used)] for key, used in store.credit_used.items()
                ],
                "refusals": store.refusals,
                "count": store.count,
                "tokens": [asdict(row) for row in app.tokens.rows.values()],
                "token_calls": app.tokens.calls,
                "callbacks": [asdict(row) for row in app.callbacks.notices],
            }
