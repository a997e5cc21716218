"""Tries a connection to ETA, step by step, and says what a person must mend."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from ..contract import Connection, FiscalError, Problem
from ..messages import _, source_of
from .client import EtaClient
from .listing import Listing

_MOST_OFFSET = 60.0

_RIN_CLAIMS = ("rin", "taxprofrin", "taxpayerrin", "issuerrin")
_SERIAL_CLAIMS = ("posserial", "posserialnumber", "deviceserialnumber")
_TAG_CLAIMS = ("taxproftags",)


def probe(client: EtaClient, connection: Connection) -> list[Problem]:
    """Return what is wrong with reach, TLS, credentials, their claims and the clock.

    A new token is fetched, so that credentials changed at ETA are noticed.
    """
    device = connection.device
    record = device.record if device else None
    try:
        token = client.new_token()
    except FiscalError as exc:
        return [_failure("probe_token", exc, record), *_clock(client)]
    problems = _claims(token, connection)
    serial = device.serial if device else ""
    try:
        Listing(client, serial, 0.0).last_uid()
    except FiscalError as exc:
        problems.append(_failure("probe_api", exc, record))
    return problems + _clock(client)


def _failure(code: str, exc: FiscalError, record: Any) -> Problem:
    """Return an error as a problem; its text is a sentence already, maybe with ETA's
    own words in it."""
    specific = getattr(exc, "code", "") or exc.outcome
    message, values = source_of(exc)
    return Problem(f"{code}_{specific}", message, "", record, values)


def _clock(client: EtaClient) -> list[Problem]:
    offset = client.http.clock_offset
    seconds = offset.total_seconds() if offset is not None else 0.0
    if abs(seconds) <= _MOST_OFFSET:
        return []
    return [
        Problem(
            "probe_clock",
            _(
                "This server's clock is %(seconds)s seconds behind the authority's."
                " Set it right (NTP): receipts with a wrong time are refused."
            )
            if seconds > 0
            else _(
                "This server's clock is %(seconds)s seconds ahead of the authority's."
                " Set it right (NTP): receipts from the future are refused."
            ),
            values={"seconds": round(abs(seconds))},
        )
    ]


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


def _claims(token: str, connection: Connection) -> list[Problem]:
    claims = read_claims(token)
    device = connection.device
    problems = []
    rin = _first(claims, _RIN_CLAIMS)
    if rin and connection.seller_id and rin != connection.seller_id:
        problems.append(
            Problem(
                "probe_other_company",
                _(
                    "The credentials are those of the company with the tax registration"
                    " number %(theirs)s, not %(ours)s. Enter this company's."
                ),
                values={"theirs": rin, "ours": connection.seller_id},
            )
        )
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


def _first(claims: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = claims.get(name)
        if isinstance(value, str | int) and value:
            return str(value)
    return ""
