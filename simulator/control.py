"""``/_control/``: the part of the control API that every simulator has.

====================================  =========================================
``POST /_control/reset``              back to the start
``GET|POST /_control/settings``       read; change some
``GET|POST|DELETE /_control/faults``  rules: list, add, clear (or ``/<id>``)
``GET  /_control/requests``           counts, most at once, ``?last=100`` calls
====================================  =========================================
"""

from __future__ import annotations

import ipaddress
import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Protocol

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .faults import FaultBook, FaultError
from .settings import SettingError, SettingsBase
from .traffic import Traffic

_PREFIX = "/_control"


class OrderError(ValueError):
    """An order that is not well-formed; the text says why."""


class Controlled(Protocol):
    """What a simulator's application has that the common part needs."""

    faults: FaultBook
    traffic: Traffic

    @property
    def settings(self) -> SettingsBase:
        """The switches."""
        ...

    @property
    def lock(self) -> threading.RLock:
        """Held while an order is carried out."""
        ...

    def reset(self) -> None:
        """Back to the configuration it was started with."""
        ...

    def change_settings(self, changes: dict[str, Any]) -> None:
        """Change settings, and the clock with them."""
        ...


def urls(*rows: tuple[str, ...]) -> Map:
    """The common addresses, and an authority's own.

    :param rows: path, name of the method without its underscore, HTTP methods
    """
    common = (
        ("/reset", "reset", "POST"),
        ("/settings", "settings", "GET", "POST"),
        ("/faults", "faults", "GET", "POST", "DELETE"),
        ("/faults/<int:identity>", "fault", "DELETE"),
        ("/requests", "requests"),
    )
    return Map(
        [
            Rule(_PREFIX + path, endpoint=endpoint, methods=methods or ["GET"])
            for path, endpoint, *methods in (*common, *rows)
        ],
        strict_slashes=False,
    )


def needed(body: object, name: str) -> Any:
    """A value that an order must have.

    :raises OrderError: when it has not
    """
    if not isinstance(body, dict) or name not in body:
        raise OrderError(f"{name!r} is missing.")
    return body[name]


class ControlBase:
    """Answers control calls.

    :cvar URLS: made by :func:`urls`
    :cvar MISTAKES: exceptions that are answered by 400 with their text
    """

    URLS: ClassVar[Map] = urls()
    MISTAKES: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, app: Controlled) -> None:
        self.common = app

    def answer(self, request: Request) -> Response:
        """Answer a call; mistakes in it are 400 with a sentence."""
        if not ipaddress.ip_address(request.remote_addr or "127.0.0.1").is_loopback:
            return self.shown({"error": "loopback only"}, 403)
        try:
            endpoint, values = self.URLS.bind_to_environ(request.environ).match()
            return self.shown(self.call(endpoint, request, _body(request), values))
        except (OrderError, SettingError, FaultError) + self.MISTAKES as error:
            return self.shown({"error": str(error)}, 400)
        except HTTPException as error:
            return self.shown({"error": error.description}, error.code or 500)

    def call(
        self, endpoint: str, request: Request, body: object, values: Mapping[str, Any]
    ) -> object:
        """Carry an order out; what is shown of it."""
        method: Callable[..., object] = getattr(self, f"_{endpoint}")
        with self.common.lock:
            return method(request, body, **values)

    def shown(self, body: object, status: int = 200) -> Response:
        """An answer in JSON."""
        text = json.dumps(body, ensure_ascii=False)
        return Response(text, status, content_type="application/json; charset=utf-8")

    def _reset(self, request: Request, body: dict) -> dict:
        self.common.reset()
        return {}

    def _settings(self, request: Request, body: dict) -> dict:
        if request.method == "POST":
            self.common.change_settings(body)
        return self.common.settings.as_dict()

    def _faults(self, request: Request, body: Any) -> object:
        book = self.common.faults
        if request.method == "POST":
            return {"ids": book.add(body if isinstance(body, list) else [body])}
        if request.method == "DELETE":
            book.clear(seed=request.args.get("seed", 0, type=int))
        return book.rows()

    def _fault(self, request: Request, body: dict, identity: int) -> dict:
        self.common.faults.clear(identity)
        return {}

    def _requests(self, request: Request, body: dict) -> dict:
        summary = self.common.traffic.summary()
        last = request.args.get("last", 100, type=int)
        return {**summary, "rows": self.common.traffic.rows(last)}


def _body(request: Request) -> object:
    data = request.get_data()
    if not data:
        return {}
    try:
        return json.loads(data)
    except ValueError as error:
        raise OrderError(f"no JSON: {error}") from error
