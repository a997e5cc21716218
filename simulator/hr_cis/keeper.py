"""What CIS's simulator keeps in its data file (``--data``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..keeper import KeeperBase
from .authority import Authority
from .receipt import restored
from .store import Registered

if TYPE_CHECKING:
    from .app import CisApp

_PLAIN = (
    "environment",
    "jirs",
    "deliveries",
    "warnings",
    "payment",
    "buyer",
    "changes",
    "tips",
    "zki_hash",
)


class Keeper(KeeperBase):
    """Receipts, refusals, hours, who is believed, settings, the authority's keys."""

    def __init__(self, app: CisApp, path: Path) -> None:
        self.app = app
        super().__init__(path)

    def changes(self) -> int:
        """What was taken, and who was registered."""
        return self.app.store.changes + self.app.registry.changes

    def load(self, data: dict[str, Any]) -> None:
        """Take over what :meth:`dump` gave."""
        app, store = self.app, self.app.store
        with app.lock:
            app.authority = Authority.load(data["authority"])
            app.registry.clear()
            app.registry.load(data["registry"])
            app.change_settings(data["settings"])
            for row in data["receipts"]:
                values = {name: row[name] for name in _PLAIN}
                store.add(Registered(receipt=restored(row["content"]), **values))
            store.refusals = data["refusals"]
            store.message_ids = set(data["message_ids"])
            store.hours = {tuple(key): kept for key, kept in data["hours"]}

    def dump(self) -> dict[str, Any]:
        """All that is to be kept."""
        app, store = self.app, self.app.store
        with app.lock:
            return {
                "authority": app.authority.dump(),
                "registry": app.registry.dump(),
                "settings": app.settings.as_dict(),
                "receipts": [_row(registered) for registered in store.order],
                "refusals": store.refusals,
                "message_ids": sorted(store.message_ids),
                "hours": [[list(key), kept] for key, kept in store.hours.items()],
            }


def _row(registered: Registered) -> dict[str, Any]:
    row = {name: getattr(registered, name) for name in _PLAIN}
    return {**row, "content": registered.receipt.content}
