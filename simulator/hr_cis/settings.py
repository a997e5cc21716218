"""What a test may change while the simulator of CIS runs.

Defaults are what the authority's papers say; where they are silent (spec croatia 13)
the switch says what else is possible.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ..settings import SettingsBase

_ENVIRONMENTS = {"test", "production"}


def _are_dates(value: dict[str, Any]) -> bool:
    try:
        for text in value.values():
            date.fromisoformat(text)
    except (TypeError, ValueError):
        return False
    return True


def _are_limits(value: dict[str, Any]) -> bool:
    return value.keys() == _ENVIRONMENTS and _are_dates(value)


def _restrictive() -> dict[str, str]:
    # 180 was seen to be refused in December 2025 (official sample 9.37)
    rows = dict.fromkeys(("176", "177", "178", "179", "185"), "2026-01-01")
    return {**rows, "180": "2025-12-01"}


@dataclass
class Settings(SettingsBase):
    """Every switch with its default."""

    CHOICES = {
        "repeat_jir": ("same", "new"),
        "change_basis": ("either", "original", "current"),
        "echo": ("plain", "wrapped"),
        "soap_action": ("checked", "ignored"),
    }
    CHECKS = {"restrictive": _are_dates, "sha1_until": _are_limits}

    # The JIR that a receipt gets which was registered before.
    repeat_jir: str = "same"
    # Payment means and recipient that a second change repeats: as registered at
    # first, or as changed by the first change.
    change_basis: str = "either"
    # Rules that refuse a receipt by s013, each from its date (ISO) on; the others
    # are reported by provjera and kept as warnings.
    restrictive: dict = field(default_factory=_restrictive)
    # The first day on which SHA-1 is refused (s004).
    sha1_until: dict = field(
        default_factory=lambda: {"test": "2026-07-01", "production": "2027-01-01"}
    )
    # How far in the future a receipt may be issued.
    future_tolerance_seconds: float = 0.0
    # HTTP status of an answer of provjera, whose Greske are no refusal.
    check_status: int = 200
    # wrapped: "Request: 'text'. Response: 'moment'", as the schema's comment has it.
    echo: str = "plain"
    soap_action: str = "checked"
    # The test environment's hours of rest: HTTP 503 on working days from 16 to 17
    # and on Sundays from 8 to 12.
    service_windows: bool = False
    # Hours can be reported for registered premises only (s101).
    premises_must_be_registered: bool = True
    # How the authority's own answers break its schema.
    upper_case_p001: bool = True
    empty_special_purpose: bool = True
    schema_location: bool = True
