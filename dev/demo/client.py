"""A user of a running Odoo: a script that makes the web client's requests."""

from __future__ import annotations

import http.cookiejar
import itertools
import json
import urllib.request
from typing import Any

SECONDS = 120


class OdooError(Exception):
    """Odoo refused a call; the message is the one its user would read."""


class OdooClient:
    """A logged-in session with an Odoo server.

    :param url: the server's address, e.g. ``http://127.0.0.1:8069``
    :ivar context: what every call has as its context
    """

    def __init__(self, url: str, database: str) -> None:
        self.url = url
        self.database = database
        self.context: dict[str, Any] = {}
        self._numbers = itertools.count(1)
        cookies = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(cookies),
        )

    def login(self, login: str, password: str) -> None:
        """Open a session.

        :raises OdooError: the login or password is wrong
        """
        self._request(
            "/web/session/authenticate",
            {"db": self.database, "login": login, "password": password},
        )

    def call(self, model: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a public method of a model and return its answer.

        :raises OdooError: the method raised an exception
        """
        options["context"] = {**self.context, **options.get("context", {})}
        return self._request(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": arguments, "kwargs": options},
        )

    def _request(self, path: str, parameters: dict[str, Any]) -> Any:
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": next(self._numbers),
            "params": parameters,
        }
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=SECONDS) as response:
            answer = json.load(response)
        if error := answer.get("error"):
            raise OdooError(f"{path}: {error['data'].get('message') or error}")
        return answer.get("result")
