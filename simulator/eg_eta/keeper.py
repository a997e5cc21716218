"""What ETA's simulator keeps in its data file (``--data``)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..keeper import KeeperBase
from . import persistence
from .invoices import persistence as documents

if TYPE_CHECKING:
    from .app import EtaApp


class Keeper(KeeperBase):
    """Receipts, documents, who is registered, settings, the key of tokens."""

    def __init__(self, app: EtaApp, path: Path) -> None:
        self.app = app
        super().__init__(path)

    def changes(self) -> int:
        """The store's own count."""
        return self.app.store.changes

    def load(self, data: dict[str, Any]) -> None:
        """Take over what :meth:`dump` gave."""
        app = self.app
        with app.store.lock:
            app.registry.clear()
            app.registry.load(data["registry"])
            app.change_settings(data["settings"])
            app.tokens.key = bytes.fromhex(data["token_key"])
            persistence.load(app.store, data)
            # a file of the time before documents has none
            if "documents" in data:
                documents.load(app.invoices.intake, data["documents"])

    def dump(self) -> dict[str, Any]:
        """All that is to be kept, verdicts that are due included."""
        app = self.app
        with app.store.lock:
            app.settle()
            return {
                "registry": app.registry.dump(),
                "settings": app.settings.as_dict(),
                "token_key": app.tokens.key.hex(),
                **persistence.dump(app.store),
                "documents": documents.dump(app.invoices.books),
            }
