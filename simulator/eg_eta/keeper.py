"""Writes the data file of a running simulator (``--data``)."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from . import persistence
from .invoices import persistence as documents

if TYPE_CHECKING:
    from .app import EtaApp

_EVERY = 5.0


class Keeper:
    """Loads ``path`` into ``app`` and keeps it up to date."""

    def __init__(self, app: EtaApp, path: Path) -> None:
        self.app = app
        self.path = path
        self._ending = threading.Event()
        self._seen = 0
        self._load()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write a last time."""
        self._ending.set()
        self._thread.join(timeout=10)
        self._write()

    def _load(self) -> None:
        data = persistence.read(self.path)
        if data is None:
            return
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
            self._seen = app.store.changes

    def _run(self) -> None:
        while not self._ending.wait(_EVERY):
            if self.app.store.changes != self._seen:
                self._write()

    def _write(self) -> None:
        app = self.app
        with app.store.lock:
            app.settle()
            self._seen = app.store.changes
            data = {
                "registry": app.registry.dump(),
                "settings": app.settings.as_dict(),
                "token_key": app.tokens.key.hex(),
                **persistence.dump(app.store),
                "documents": documents.dump(app.invoices.books),
            }
        persistence.write(self.path, data)
