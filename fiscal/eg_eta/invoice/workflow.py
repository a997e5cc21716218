"""What ETA says of each type of document: until when it may be sent, cancelled and
rejected (ETA SDK, /einvoicingapi/: get document types).

The windows are ETA's to set, by type, so they are read and never known beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from ...contract import nothing
from ..asking import moment_or_none, rows_of
from ..client import EtaClient
from ..wire import amount_or_none

_PATH = "/api/v1.0/documenttypes"
_WINDOWS = (("cancel", "cancel"), ("reject", "reject"), ("submi", "submit"))
_LONGEST = Decimal(24 * 366 * 10)


@dataclass(frozen=True, slots=True)
class TypeRules:
    """A type of document as ETA has it now.

    :ivar code: ``I``, ``C``, …; "" if ETA does not tell
    :ivar windows: how long after it was received a document may be cancelled
        (``cancel``) and rejected (``reject``), and how long after its issue it may be
        sent (``submit``), as far as ETA tells
    :ivar versions: those that are in force
    """

    id: str
    code: str
    name: str
    windows: Mapping[str, timedelta] = field(default_factory=nothing)
    versions: tuple[str, ...] = ()


def document_types(client: EtaClient, now: datetime) -> list[TypeRules]:
    """Return the types that are in force, with their windows.

    :raise TransientError, AuthenticationError, AuthorityError:
    """
    body = client.get("query", _PATH) or {}
    rows = rows_of(body, "result", "documentTypes")
    return [_rules(row, now) for row in rows if _in_force(row, now)]


def _rules(row: Mapping[str, Any], now: datetime) -> TypeRules:
    versions = [v for v in _rows(row, "documentTypeVersions") if _in_force(v, now)]
    return TypeRules(
        id=str(row.get("id", "")),
        code=_code(row),
        name=str(row.get("description") or row.get("name") or ""),
        windows=_windows(_rows(row, "workflowParameters"), now),
        versions=tuple(
            [str(v["name"]) for v in versions if isinstance(v.get("name"), str)]
        ),
    )


def _code(row: Mapping[str, Any]) -> str:
    for name in ("code", "documentTypeCodeName", "typeName", "name"):
        value = row.get(name)
        if isinstance(value, str) and 0 < len(value) <= 2:
            return value.upper()
    return ""


def _windows(rows: list[Mapping[str, Any]], now: datetime) -> dict[str, timedelta]:
    """Read the parameters: hours, unless their names say days."""
    found: dict[str, timedelta] = {}
    for row in rows:
        name = str(row.get("parameter") or "").casefold()
        value = amount_or_none(row.get("value"))
        if value is None or not 0 <= value <= _LONGEST or not _in_force(row, now):
            continue
        unit = timedelta(days=1) if "day" in name else timedelta(hours=1)
        for part, window in _WINDOWS:
            if part in name:
                found[window] = float(value) * unit
    return found


def _rows(row: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    value = row.get(name)
    return (
        [r for r in value if isinstance(r, Mapping)] if isinstance(value, list) else []
    )


def _in_force(row: Mapping[str, Any], now: datetime) -> bool:
    start, end = (moment_or_none(row.get(n)) for n in ("activeFrom", "activeTo"))
    return (start is None or start <= now) and (end is None or now < end)
