"""Watches what becomes of posted documents, as somebody who only reads."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from .client import OdooClient, OdooError
from .row import Row

UNDECIDED = (
    "waiting",
    "to_sign",
    "queued",
    "sending",
    "unknown",
    "submitted",
    "cancelling",
)
POLLING = 0.25
SHOWN = ("name", "ereceipt_authority_number", "ereceipt_uuid", "ereceipt_state")


class Watch:
    """Looks at documents, while inside, until the authority has decided about them.

    :param odoo: a session of a user who may read invoices; used by nobody else
    """

    def __init__(self, odoo: OdooClient) -> None:
        self.odoo = odoo
        self._began: dict[int, float] = {}
        self._ended: dict[int, float] = {}
        self._seen: dict[int, dict[str, Any]] = {}
        self._failure: OdooError | OSError | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_often, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def __len__(self) -> int:
        return len(self._began)

    def begin(self, moments: Mapping[int, float]) -> None:
        """Watch invoices, each from a moment (monotonic) on."""
        self._began = {**self._began, **moments}

    def wait(self, seconds: float) -> None:
        """Return when all are decided, or the time is over.

        :raises OdooError: the watching user may not look
        :raises OSError: the server does not answer
        """
        end = time.monotonic() + seconds
        while len(self._ended) < len(self._began) and time.monotonic() < end:
            if self._failure:
                raise self._failure
            time.sleep(POLLING)

    def rows(self) -> list[Row]:
        """Return the table's rows in the order of posting."""
        now = time.monotonic()
        return [
            Row(
                number=self._seen[move_id]["ereceipt_authority_number"]
                or self._seen[move_id]["name"],
                uid=self._seen[move_id]["ereceipt_uuid"] or "",
                state=self._seen[move_id]["ereceipt_state"] or "",
                seconds=self._ended.get(move_id, now) - began,
            )
            for move_id, began in self._began.items()
        ]

    def _look_often(self) -> None:
        while not self._stop.wait(POLLING):
            try:
                self._look()
            except (OdooError, OSError) as error:
                # Raised where somebody waits for it, in the thread that asked.
                self._failure = error
                return

    def _look(self) -> None:
        open_ids = list(self._began.keys() - self._ended.keys())
        rows = self.odoo.call("account.move", "read", open_ids, SHOWN)
        now = time.monotonic()
        for row in rows:
            self._seen[row["id"]] = row
            if row["ereceipt_state"] not in UNDECIDED:
                self._ended[row["id"]] = now
