"""The authority calls its clients: ``PUT {base}/ping``, ``/notifications/...``.

ETA SDK, /api/08-erp-ping/ and the pages of notifications. Known of the bodies
are ``deliveryId``, ``type`` and what stands in one message; that messages come
in a list ``message`` with a ``count`` is a guess, and clients should take every
call as a hint to ask.

Only loopback addresses are called, and redirections are not followed. What was
not answered with 2xx is tried again, with the same ``deliveryId``.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .. import outgoing
from ..clock import Clock
from .agenda import Agenda
from .registry import Callback, Registry
from .settings import Settings

DOCUMENTS, PACKAGES = "/notifications/documents", "/notifications/documentpackages"
RECEIPTS, DEVICES = "/notifications/receipts", "/notifications"
_PENDING, _DELIVERED, _FAILED = "pending", "delivered", "error"
_TIMEOUT = 10
_MOST_MESSAGES = 100
_IDLE = 0.05


@dataclass
class Attempt:
    """One call; ``details`` is the status, or why there was none."""

    time: datetime
    status: str
    details: str


@dataclass
class Notice:
    """One notification: ``pending``, then ``delivered`` or ``error``.

    A taxpayer who registered no address gets it by e-mail, which is always
    delivered.
    """

    id: str
    rin: str
    path: str
    kind: str
    body: dict[str, Any]
    created: datetime
    channel: str
    address: str
    status: str = _PENDING
    delivered: datetime | None = None
    attempts: list[Attempt] = field(default_factory=list)


class Callbacks:
    """Collects what is to be told, and tells it from a thread of its own."""

    def __init__(
        self,
        registry: Registry,
        settings: Settings,
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.stopping = stopping
        self._lock = threading.Lock()
        self._news: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self._agenda: Agenda[Notice] = Agenda()
        self._thread: threading.Thread | None = None
        self.notices: list[Notice] = []
        # called again and again, so that verdicts are told that nobody asks for
        self.tick: Callable[[], None] = lambda: None

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._news.clear()
            self._agenda.clear()
            self.notices = []

    def tell(self, rin: str, path: str, message: dict[str, Any]) -> None:
        """Have a taxpayer told, together with other news of this moment."""
        if rin in self.registry.taxpayers:
            with self._lock:
                self._news.setdefault((rin, path), []).append(message)

    def flush(self) -> None:
        """Make notifications of what was collected."""
        with self._lock:
            news, self._news = self._news, {}
        for (rin, path), messages in news.items():
            for start in range(0, len(messages), _MOST_MESSAGES):
                self._notify(rin, path, messages[start : start + _MOST_MESSAGES])

    def ping(self, rin: str) -> dict[str, Any]:
        """Ask a client whether it is there; it echoes the ``rin``."""
        callback = self.registry.callbacks[rin]
        status, text = _call(callback, "/ping", {"rin": rin})
        try:
            echoed = json.loads(text).get("rin") == rin
        except (ValueError, AttributeError):
            echoed = False
        return {"status": status, "body": text, "echoed": echoed}

    def send(
        self, rin: str, path: str, body: dict[str, Any], api_key: str | None
    ) -> dict[str, Any]:
        """Call a client once with any body, for tests of what it does with it.

        :param api_key: another key than the registered one
        """
        known = self.registry.callbacks[rin]
        key = known.api_key if api_key is None else api_key
        status, text = _call(Callback(rin, known.base_url, key, known.ca), path, body)
        return {"status": status, "body": text}

    def _notify(self, rin: str, path: str, messages: list[dict[str, Any]]) -> None:
        callback = self.registry.callbacks.get(rin)
        identity = uuid.uuid4().hex
        kind = messages[0]["type"]
        body = {
            "deliveryId": identity,
            "type": kind,
            "count": len(messages),
            "message": messages,
        }
        notice = Notice(
            id=identity,
            rin=rin,
            path=path,
            kind=kind,
            body=body,
            created=self.clock.now(),
            channel="ERP" if callback else "Email",
            address=callback.base_url if callback else "",
        )
        if callback is None:
            notice.status, notice.delivered = _DELIVERED, notice.created
        with self._lock:
            self.notices.append(notice)
            if callback and self.settings.callbacks:
                self._agenda.add(time.monotonic(), notice)

    def start(self) -> None:
        """Begin calling, where somebody wants to be called."""
        if not self.registry.callbacks:
            return
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self.stopping.wait(_IDLE):
            self.tick()
            with self._lock:
                due = [item for _due, item in self._agenda.ripe(time.monotonic())]
            for notice in due:
                self._deliver(notice)

    def _deliver(self, notice: Notice) -> None:
        callback = self.registry.callbacks.get(notice.rin)
        if callback is None:
            notice.status = _FAILED
            return
        status, text = _call(callback, notice.path, notice.body)
        good = 200 <= status < 300
        now = self.clock.now()
        details = str(status) if status else text
        notice.attempts.append(
            Attempt(now, _DELIVERED if good else _FAILED, details[:200])
        )
        if good:
            notice.status, notice.delivered = _DELIVERED, now
        elif len(notice.attempts) > self.settings.callback_retries:
            notice.status = _FAILED
        else:
            again = time.monotonic() + self.settings.callback_retry_seconds
            with self._lock:
                self._agenda.add(again, notice)


def _call(callback: Callback, path: str, body: dict[str, Any]) -> tuple[int, str]:
    """Status and text of the answer; status 0 when there was none."""
    return outgoing.send(
        callback.base_url.rstrip("/") + path,
        json.dumps(body, ensure_ascii=False).encode(),
        {
            "Authorization": f"ApiKey {callback.api_key}",
            "Accept-Language": "en",
            "Content-Type": "application/json; charset=utf-8",
        },
        method="PUT",
        timeout=_TIMEOUT,
        ca=callback.ca or "",
    )
