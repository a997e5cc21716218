"""Tries a connection to ETA, step by step, and says what a person must mend."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Any

from ..contract import Connection, Device, FiscalError, Problem, Record
from ..messages import _
from ..probing import clock_problems, failure
from .client import EtaClient

_RIN_CLAIMS = ("rin", "taxprofrin", "taxpayerrin", "issuerrin")
_SERIAL_CLAIMS = ("posserial", "posserialnumber", "deviceserialnumber")
_TAG_CLAIMS = ("taxproftags",)


Claims = Mapping[str, Any]


def probe(
    client: EtaClient,
    record: Record | None,
    check_claims: Callable[[Claims], list[Problem]],
    try_api: Callable[[], object],
) -> list[Problem]:
    """Return what is wrong with reach, TLS, credentials, their claims and the clock.

    A new token is fetched, so that credentials changed at ETA are noticed.

    :param record: what to open to mend credentials
    :param try_api: makes one reading call
    """
    try:
        token = client.new_token()
    except FiscalError as exc:
        return [failure("probe_token", exc, record), *clock_problems(client.http)]
    problems = check_claims(read_claims(token))
    try:
        try_api()
    except FiscalError as exc:
        problems.append(failure("probe_api", exc, record))
    return problems + clock_problems(client.http)


def read_claims(token: str) -> dict[str, Any]:
    """Return what an access token says, by lower-case name, without trusting it: its
    signature is the authority's business. Empty when it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    if not isinstance(claims, Mapping):
        return {}
    return {str(name).lower(): value for name, value in claims.items()}


def company_claim(claims: Claims, connection: Connection) -> list[Problem]:
    """Check that the token is for the connection's company."""
    rin = _first(claims, _RIN_CLAIMS)
    if not rin or not connection.seller_id or rin == connection.seller_id:
        return []
    return [
        Problem(
            "probe_other_company",
            _(
                "The credentials are those of the company with the tax registration"
                " number %(theirs)s, not %(ours)s. Enter this company's."
            ),
            values={"theirs": rin, "ours": connection.seller_id},
        )
    ]


def device_claims(claims: Claims, device: Device | None) -> list[Problem]:
    """Check that the token is for the device, and of a company that issues receipts."""
    problems = []
    serial = _first(claims, _SERIAL_CLAIMS)
    if serial and device is not None and serial != device.serial:
        problems.append(
            Problem(
                "probe_other_device",
                _(
                    "The credentials are those of the device with the serial number"
                    " %(theirs)s, not %(ours)s. Enter this device's."
                ),
                record=device.record,
                values={"theirs": serial, "ours": device.serial},
            )
        )
    tags = next((claims[name] for name in _TAG_CLAIMS if name in claims), None)
    if tags is not None and "b2c" not in json.dumps(tags).lower():
        problems.append(
            Problem(
                "probe_not_b2c",
                _(
                    "The company is not enrolled for receipts at the authority: its"
                    " profile (%(tags)s) lacks B2C. Enrol on the authority's portal."
                ),
                values={"tags": tags if isinstance(tags, str) else json.dumps(tags)},
            )
        )
    return problems


def _first(claims: Claims, names: tuple[str, ...]) -> str:
    for name in names:
        value = claims.get(name)
        if isinstance(value, str | int) and value:
            return str(value)
    return ""
