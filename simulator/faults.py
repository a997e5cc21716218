"""Ways for a simulated authority to misbehave, ordered as a list of rules.

A rule is a JSON object. ``on`` names the endpoint (or several, or ``any``),
``kind`` says what happens; all else is optional:

===============  ==============================================================
``times``        how often the rule fires; null (default): always
``after``        matching calls that pass before it fires for the first time
``probability``  0 to 1, default 1
``serial``       only calls of this device
``client``       only calls with a token of this client id
``seconds``      for ``slow``, ``slow_after``, ``deaf``, and ``Retry-After``;
                 default 1
``status``       for ``status``
``processed``    true: the call is carried out before its answer is replaced
===============  ==============================================================

Kinds that every simulator knows:

=====================  ========================================================
``slow``               waits before the call is carried out
``slow_after``         carries it out, then waits
``deaf``               takes the request and says nothing until ``seconds``
``drop_before``        closes the connection, nothing was done
``drop_after``         carries the call out and closes without an answer
``status``             an HTTP status with the authority's error body
``rate_limit``         429 with ``Retry-After``
``unauthorized``       401 although the credentials are good (also under its
                       longer name ``unauthorized_midway``)
``waf_html``           200 with a firewall's HTML page
``bad_json``           the answer is no JSON (or no XML)
``truncated``          the connection ends in the middle of the answer
``empty``              200 without a body
``wrong_shape``        JSON (or XML) of another shape
``huge``               a body of ``size`` bytes (default 64 MiB)
``wrong_content_type`` the right body under ``text/plain``
=====================  ========================================================

The last six carry the call out unless ``processed`` is false; those before
them do not unless it is true.
"""

import contextlib
import itertools
import random
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from werkzeug.wrappers import Response

BEFORE = ("slow", "deaf", "drop_before")
AFTER = ("slow_after", "drop_after")
REPLACED = ("status", "rate_limit", "unauthorized", "unauthorized_midway", "waf_html")
SPOILED = (
    "bad_json",
    "truncated",
    "empty",
    "wrong_shape",
    "huge",
    "wrong_content_type",
)
COMMON = BEFORE + AFTER + REPLACED + SPOILED

_WAF = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL "
    "was rejected. Please consult with your administrator.<br><br>Your support "
    "ID is: 9213476019482776542</body></html>"
)


class Format(NamedTuple):
    """What an authority's answers are written in, and how they are spoiled."""

    content_type: str
    blank: bytes
    broken_end: bytes
    other_shape: bytes
    filler: tuple[bytes, bytes]  # stands around the ``x`` of ``huge``


JSON = Format(
    "application/json",
    b"{}",
    b',"',
    b'[{"answer": 42}, null, "what you asked for"]',
    (b'{"filler": "', b'"}'),
)
XML = Format(
    "text/xml; charset=utf-8",
    b"<empty/>",
    b"<",
    b"<answer><is>42</is><of>what you asked for</of></answer>",
    (b"<filler>", b"</filler>"),
)


class FaultError(ValueError):
    """A rule that is not well-formed."""


class Call(NamedTuple):
    """A call, as far as rules look at it."""

    endpoint: str
    serial: str | None = None
    client: str | None = None


@dataclass
class Rule:
    """One rule and how often it was seen and fired."""

    kind: str
    on: str | list[str] = "any"
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    serial: str | None = None
    client: str | None = None
    seconds: float = 1.0
    status: int = 500
    processed: bool | None = None
    size: int = 64 * 1024 * 1024
    code: str = "InternalServerError"
    message: str = "Ordered by a fault rule."
    path: str = ""
    # property name -> regular expression; for kinds about single documents
    match: dict[str, str] = field(default_factory=dict)
    id: int = 0
    seen: int = 0
    fired: int = 0

    def fits(self, call: "Call") -> bool:
        """Whether the rule is about this call."""
        names = [self.on] if isinstance(self.on, str) else self.on
        if "any" not in names and call.endpoint not in names:
            return False
        return self.serial in (None, call.serial) and self.client in (None, call.client)

    def fits_document(self, values: dict[str, Any]) -> bool:
        """Whether every expression of ``match`` is found in its value."""
        return all(
            re.search(pattern, str(values.get(name, "")))
            for name, pattern in self.match.items()
        )

    def fire(self, chance: random.Random) -> bool:
        """Count one occasion; true when the rule strikes."""
        self.seen += 1
        if self.seen <= self.after:
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        if self.probability < 1 and chance.random() >= self.probability:
            return False
        self.fired += 1
        return True

    @property
    def replaces(self) -> bool:
        """The call is answered without being carried out."""
        if self.kind in REPLACED:
            return not self.processed
        return self.kind in SPOILED and self.processed is False


class FaultBook:
    """The rules in force; safe for threads.

    :param kinds: kinds that the simulated authority adds to the common ones
    """

    def __init__(self, kinds: Iterable[str] = ()) -> None:
        self._kinds = set(COMMON) | set(kinds)
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._ids = itertools.count(1)
        self._chance = random.Random(0)

    def add(self, rows: list[dict[str, Any]]) -> list[int]:
        """Put rules in force; returns their ids.

        :raises FaultError: for an unknown kind or property
        """
        rules = [self._made(row) for row in rows]
        with self._lock:
            self._rules += rules
        return [rule.id for rule in rules]

    def clear(self, identity: int | None = None, seed: int = 0) -> None:
        """Drop one rule, or all; the random choices start anew from ``seed``."""
        with self._lock:
            if identity is None:
                self._chance = random.Random(seed)
            self._rules = [
                rule
                for rule in self._rules
                if identity is not None and rule.id != identity
            ]

    def rows(self) -> list[dict[str, Any]]:
        """The rules with their counts."""
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def strike(self, call: Call, kinds: Iterable[str]) -> list[Rule]:
        """The rules of these kinds that strike this call."""
        with self._lock:
            return [
                rule
                for rule in self._rules
                if rule.kind in kinds and rule.fits(call) and rule.fire(self._chance)
            ]

    def strike_document(
        self, call: Call, kind: str, values: dict[str, Any]
    ) -> Rule | None:
        """The first rule of this kind that strikes one document."""
        with self._lock:
            for rule in self._rules:
                if (
                    rule.kind == kind
                    and rule.fits(call)
                    and rule.fits_document(values)
                    and rule.fire(self._chance)
                ):
                    return rule
        return None

    def _made(self, row: dict[str, Any]) -> Rule:
        if not isinstance(row, dict) or {"id", "seen", "fired"} & row.keys():
            raise FaultError("A rule is an object without id, seen and fired.")
        try:
            rule = Rule(**row)
        except TypeError as error:
            raise FaultError(str(error).replace("Rule.__init__() ", "")) from None
        if rule.kind not in self._kinds:
            kinds = ", ".join(sorted(self._kinds))
            raise FaultError(f"There is no kind {rule.kind!r}; known: {kinds}.")
        _check(rule)
        rule.id = next(self._ids)
        return rule


def _check(rule: Rule) -> None:
    numbers = ("after", "probability", "seconds", "status", "size")
    wrong = [
        name
        for name in numbers
        if type(getattr(rule, name)) not in (int, float) or getattr(rule, name) < 0
    ]
    if rule.times is not None and type(rule.times) is not int:
        wrong.append("times")
    if wrong:
        raise FaultError(f"Not a number, or negative: {', '.join(wrong)}.")
    try:
        for pattern in rule.match.values():
            re.compile(pattern)
    except (AttributeError, TypeError, re.error) as error:
        raise FaultError(f"match maps names to expressions: {error}.") from None


def apply(
    rules: list[Rule],
    environ: dict,
    stopping: threading.Event,
    carry_out: Callable[[], Response],
    error: Callable[[int, Rule], Response],
    form: Format = JSON,
) -> Response:
    """Carry a call out under ``rules``.

    :param error: makes the authority's error answer for a status
    :raises ConnectionAbortedError: when the connection is to end
    """
    by_kind: dict[str, Rule] = {rule.kind: rule for rule in reversed(rules)}
    for kind in BEFORE:
        rule = by_kind.get(kind)
        if rule is None:
            continue
        if kind != "drop_before":
            stopping.wait(rule.seconds)
        if kind != "slow":
            _drop(environ)
    rest = [rule for rule in rules if rule.kind in REPLACED + SPOILED]
    for rule in rest:
        if rule.replaces:
            blank = Response(form.blank, content_type=form.content_type)
            return _changed(rule, blank, environ, error, form)
    response = carry_out()
    if "slow_after" in by_kind:
        stopping.wait(by_kind["slow_after"].seconds)
    if "drop_after" in by_kind:
        _drop(environ)
    for rule in rest:
        response = _changed(rule, response, environ, error, form)
    return response


def html_page(status: int) -> Response:
    """An error from before the service: HTML, as proxies and firewalls give it."""
    heading = "Service Unavailable" if status == 503 else status
    text = f"<html><body><h1>{heading}</h1></body></html>"
    return Response(text, status, content_type="text/html; charset=utf-8")


def html_error(status: int, rule: Rule) -> Response:
    """The same because of a rule, which says when to come again."""
    response = html_page(status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(max(1, round(rule.seconds)))
    return response


def _changed(
    rule: Rule,
    response: Response,
    environ: dict,
    error: Callable[[int, Rule], Response],
    form: Format,
) -> Response:
    if rule.kind == "waf_html":
        return Response(_WAF, 200, content_type="text/html; charset=utf-8")
    if rule.kind == "rate_limit":
        return error(429, rule)
    if rule.kind.startswith("unauthorized"):
        return error(401, rule)
    if rule.kind == "status":
        return error(rule.status, rule)
    if rule.kind == "truncated":
        return _truncated(response, environ)
    if rule.kind == "bad_json":
        response.set_data(response.get_data()[:-1] + form.broken_end)
    elif rule.kind == "empty":
        response.set_data(b"")
    elif rule.kind == "wrong_shape":
        response.set_data(form.other_shape)
    elif rule.kind == "huge":
        start, end = form.filler
        response.set_data(start + b"x" * rule.size + end)
    else:
        response.content_type = "text/plain; charset=utf-8"
    return response


def _truncated(response: Response, environ: dict) -> Response:
    body = response.get_data()

    def halves() -> Iterator[bytes]:
        yield body[: len(body) // 2]
        _drop(environ)

    cut = Response(halves(), response.status_code, response.headers)
    cut.headers["Content-Length"] = str(len(body))
    return cut


def _drop(environ: dict) -> None:
    connection: socket.socket = environ["werkzeug.socket"]
    with contextlib.suppress(OSError):  # the client was faster
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("ended by a fault rule")
