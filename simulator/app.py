"""What the WSGI application of every authority has: switches, faults, a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from .clock import Clock
from .faults import FaultBook
from .keeper import KeeperBase
from .settings import SettingsBase
from .traffic import Traffic

# Parts of a configuration that are not about who is registered.
_ORDERS = ("settings", "faults")


class AppBase:
    """An authority's services. ``stopping`` ends waits when the server stops.

    An authority's application makes the parts that are declared here, and says what
    it has to forget (:meth:`forget`).
    """

    settings: SettingsBase
    registry: Any
    store: Any
    keeper: KeeperBase | None = None

    def __init__(
        self, config: dict[str, Any] | None, fault_kinds: Iterable[str]
    ) -> None:
        self.config = config or {}
        self.stopping = threading.Event()
        self.clock = Clock()
        self.traffic = Traffic()
        self.faults = FaultBook(fault_kinds)

    @property
    def lock(self) -> threading.RLock:
        """The store's lock: whoever holds it sees nothing half done."""
        return self.store.lock

    def reset(self) -> None:
        """Back to the configuration it was started with."""
        with self.lock:
            self.forget()
            self.registry.load(
                {key: rows for key, rows in self.config.items() if key not in _ORDERS}
            )
            self.settings.reset()
            self.change_settings(self.config.get("settings", {}))
        self.faults.clear()
        self.faults.add(self.config.get("faults", []))
        self.traffic.clear()

    def forget(self) -> None:
        """Empty the books and the registry; the lock is held."""
        raise NotImplementedError

    def close(self) -> None:
        """End waits, and write the data file, if there is one."""
        self.stopping.set()
        if self.keeper:
            self.keeper.close()

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change settings, and the clock with them."""
        self.settings.update(changes)
        self.clock.offset = self.settings.clock_offset

    def logged(
        self,
        request: Request,
        answer: Callable[[dict[str, Any]], Response],
        refused: Callable[[HTTPException], Response],
        **more: Any,
    ) -> Response:
        """Answer a call and log it, also one that gets no answer.

        :param answer: gets the row of the log, to say in it what it finds out
        :param refused: makes the response to a call that HTTP's rules refuse
        :param more: what else is in the row from the beginning
        """
        started = time.monotonic()
        response: Response | None = None
        row: dict[str, Any] = {
            "time": self.clock.now().isoformat(),
            "method": request.method,
            "path": request.path,
            "endpoint": "none",
            "status": 0,
            "client": None,
            "serial": None,
            "faults": [],
            **more,
        }
        try:
            response = answer(row)
        except HTTPException as error:
            response = refused(error)
        finally:
            row["seconds"] = round(time.monotonic() - started, 4)
            if response is not None:
                row["status"] = response.status_code
            self.traffic.add(row)
        return response
