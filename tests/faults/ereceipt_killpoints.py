"""Points at which a worker is killed.

A kill point is a place in the engine's way where the process sends itself SIGKILL. It
is put there from outside, by wrapping a method in the worker alone: the engine knows
nothing of it.
"""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ereceipt_workers import Gate

SUBMIT_PATHS = (
    "/receiptsubmissions",
    "/documentsubmissions",
    "/FiskalizacijaServiceTest",
)
SUBMIT_METHODS = ("requestBillingNew", "saveInvoiceRedConfirm")
ASK_METHODS = ("queryInvoiceResult", "queryInvoiceRedConfirm")
RESUME_METHODS = ("reInvoice",)
"""Nuonuo's calls, which all go to one address and are told apart by a header."""
BEFORE_CLAIM = "before the claim's commit"
BEFORE_CALL = "before the call"
IN_CALL = "in the call"
BEFORE_WRITE = "before the write"
BEFORE_COMMIT = "before the outcome's commit"
AFTER_COMMIT = "after the outcome's commit"
IN_REQUEST = "in the request"
"""A place that questions have not: they have no body."""
IN_SIGNING = "in the signing"
"""A place that signing alone has, which calls nobody."""


def die() -> None:
    """End this process as if its power failed."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class KillPoint:
    """Where a child ends, and at which passage.

    :ivar place: a key of :data:`PLACES`
    :ivar purpose: ``send``, ``ask``, ``sign`` or ``resume``: of which units passages
        count
    :ivar passage: 1 for the first
    """

    place: str
    purpose: str = "send"
    passage: int = 1
    _passed: int = field(default=0, init=False)

    def install(self, registry: Any) -> None:
        """Put it into this process. Only for a child."""
        PLACES[self.place](self, registry)

    def passing(self, purpose: str | None = None) -> None:
        """Count a passage; at the last one this does not return."""
        if purpose not in (None, self.purpose):
            return
        self._passed += 1
        if self._passed == self.passage:
            die()

    def __str__(self) -> str:
        return f"{self.place} ({self.purpose})"


def _wrap(owner: Any, name: str, around: Callable) -> None:
    """Replace a method of a class by ``around(original, self, *args)``."""
    original = getattr(owner, name)

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        return around(original, self, *args, **kwargs)

    setattr(owner, name, wrapped)


def stop_before_calls(gate: Gate) -> None:
    """Let this process stand at a gate between each claim and its sending. Only for a
    child."""

    def run(original: Callable, self: Any) -> Any:
        if self.purpose == "send":
            gate.pass_through()
        return original(self)

    _wrap(_unit_class(), "run", run)


def _unit_class() -> Any:
    from odoo.addons.account_ereceipt.models.ereceipt_unit import Unit

    return Unit


def _before_claim_commit(point: KillPoint, registry: Any) -> None:
    """The claim is in the database and not committed."""
    claimed: list[str] = []

    def claim(original: Callable, self: Any, *args: Any) -> Any:
        units = original(self, *args)
        claimed[:] = [unit.purpose for unit in units]
        return units

    def commit(original: Callable, self: Any, *args: Any, **kwargs: Any) -> Any:
        for purpose in claimed:
            point.passing(purpose)
        claimed.clear()
        return original(self, *args, **kwargs)

    _wrap(registry["ereceipt.work"], "_claim_units", claim)
    _wrap(registry["ereceipt.outbox"], "_commit", commit)


def _before_call(point: KillPoint, registry: Any) -> None:
    """The claim is committed, no byte has left."""

    def run(original: Callable, self: Any) -> Any:
        point.passing(self.purpose)
        return original(self)

    _wrap(_unit_class(), "run", run)


def _in_request(point: KillPoint, registry: Any) -> None:
    """Half of the request's body has left."""

    def send(original: Callable, self: Any, data: Any) -> Any:
        if not _is_wire(self, point.purpose) or bytes(data[:5]) == b"POST ":
            return original(self, data)
        half = len(data) // 2
        original(self, data[:half])
        point.passing()
        return original(self, data[half:])

    _note_requests()
    _wrap(http.client.HTTPConnection, "send", send)


def _in_call(point: KillPoint, registry: Any) -> None:
    """The whole request has left, the answer is awaited."""

    def getresponse(original: Callable, self: Any) -> Any:
        if _is_wire(self, point.purpose):
            point.passing()
        return original(self)

    _note_requests()
    _wrap(http.client.HTTPConnection, "getresponse", getresponse)


def _in_signing(point: KillPoint, registry: Any) -> None:
    """The key has signed, and the signature is in memory alone."""
    from odoo.addons.account_ereceipt.fiscal.signing.software import SoftwareKey

    def sign(original: Callable, self: Any, *args: Any) -> bytes:
        signature = original(self, *args)
        point.passing()
        return signature

    _wrap(SoftwareKey, "sign", sign)


def _before_write(point: KillPoint, registry: Any) -> None:
    """The answer is known, nothing of it is written."""

    def settle(original: Callable, self: Any, landed: Any) -> Any:
        for unit, _report in landed:
            point.passing(unit.purpose)
        return original(self, landed)

    _wrap(registry["ereceipt.work"], "_settle", settle)


def _before_outcome_commit(point: KillPoint, registry: Any) -> None:
    """The outcome is in the database and not committed."""
    _around_outcome_commit(point, registry, before=True)


def _after_outcome_commit(point: KillPoint, registry: Any) -> None:
    """The outcome is committed; nothing that follows it is done."""
    _around_outcome_commit(point, registry, before=False)


def _around_outcome_commit(point: KillPoint, registry: Any, before: bool) -> None:
    settled: list[str] = []

    def settle(original: Callable, self: Any, landed: Any) -> Any:
        original(self, landed)
        settled[:] = [unit.purpose for unit, _report in landed]

    def commit(original: Callable, self: Any, *args: Any, **kwargs: Any) -> Any:
        result = None if before else original(self, *args, **kwargs)
        for purpose in settled:
            point.passing(purpose)
        settled.clear()
        return original(self, *args, **kwargs) if before else result

    _wrap(registry["ereceipt.work"], "_settle", settle)
    _wrap(registry["ereceipt.outbox"], "_commit", commit)


def _note_requests() -> None:
    """Let each connection remember which request it is carrying."""

    def putrequest(
        original: Callable, self: Any, method: str, url: str, *args: Any, **kwargs: Any
    ) -> Any:
        self.ereceipt_request = (method, url)
        self.ereceipt_call = ""
        return original(self, method, url, *args, **kwargs)

    def putheader(original: Callable, self: Any, header: Any, *values: Any) -> Any:
        if header == "method":
            self.ereceipt_call = str(values[0]).rpartition(".")[2]
        return original(self, header, *values)

    _wrap(http.client.HTTPConnection, "putrequest", putrequest)
    _wrap(http.client.HTTPConnection, "putheader", putheader)


def _is_wire(connection: Any, purpose: str) -> bool:
    method, url = getattr(connection, "ereceipt_request", ("", ""))
    called = getattr(connection, "ereceipt_call", "")
    if called:
        return called in _METHODS.get(purpose, ())
    if purpose == "send":
        return method == "POST" and any(path in url for path in SUBMIT_PATHS)
    return method == "GET"


_METHODS = {"send": SUBMIT_METHODS, "ask": ASK_METHODS, "resume": RESUME_METHODS}


PLACES: dict[str, Callable[[KillPoint, Any], None]] = {
    BEFORE_CLAIM: _before_claim_commit,
    BEFORE_CALL: _before_call,
    IN_REQUEST: _in_request,
    IN_CALL: _in_call,
    IN_SIGNING: _in_signing,
    BEFORE_WRITE: _before_write,
    BEFORE_COMMIT: _before_outcome_commit,
    AFTER_COMMIT: _after_outcome_commit,
}


def places_of(purpose: str) -> list[str]:
    """Return the places that units of a purpose pass, in their order."""
    missing = {
        "send": {IN_SIGNING},
        "ask": {IN_SIGNING, IN_REQUEST},
        "resume": {IN_SIGNING, IN_REQUEST},
        "sign": {IN_REQUEST, IN_CALL},
    }
    return [place for place in PLACES if place not in missing[purpose]]
