"""``/_control/``: the part of the control API that every simulator has.

====================================  =========================================
``GET  /_control/``                   counts, settings, registry without secrets
``GET|POST /_control/registry``       read; add or change who is registered
``POST /_control/reset``              back to the start
``GET|POST /_control/settings``       read; change some
``GET|POST|DELETE /_control/faults``  rules: list, add, clear (or ``/<id>``)
``GET  /_control/requests``           counts, most at once, ``?last=100`` calls
====================================  =========================================
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from .clock import to_text
from .faults import FaultError
from .settings import SettingError

if TYPE_CHECKING:
    from .app import AppBase

_PREFIX = "/_control"


class OrderError(ValueError):
    """An order that is not well-formed; the text says why."""


def urls(*rows: tuple[str, ...]) -> Map:
    """The common addresses, and an authority's own.

    :param rows: path, name of the method without its underscore, HTTP methods
    """
    common = (
        ("/", "overview"),
        ("/registry", "registry", "GET", "POST"),
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

    An authority's control says what it counts and who is registered (:meth:`counts`,
    :meth:`registered`).

    :cvar NAME: the authority's code
    :cvar URLS: made by :func:`urls`
    :cvar MISTAKES: exceptions that are answered by 400 with their text
    """

    NAME: ClassVar[str]
    URLS: ClassVar[Map] = urls()
    MISTAKES: ClassVar[tuple[type[Exception], ...]] = ()

    def __init__(self, app: AppBase) -> None:
        self.common = app

    def counts(self) -> dict[str, Any]:
        """How much was taken."""
        raise NotImplementedError

    def registered(self) -> dict[str, Any]:
        """The registry without secrets."""
        return self.common.registry.dump()

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

    def _overview(self, request: Request, body: dict) -> dict[str, Any]:
        return {
            "simulator": self.NAME,
            "time": to_text(self.common.clock.now()),
            **self.counts(),
            "settings": self.common.settings.as_dict(),
            "registry": self.registered(),
        }

    def _registry(self, request: Request, body: dict) -> dict[str, Any]:
        if request.method == "POST":
            self.common.registry.load(body)
        return self.registered()

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
