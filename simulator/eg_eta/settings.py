"""What a test may change while the simulator runs (``/_control/settings``)."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from .codes import DOCUMENT_TYPES

CHAIN_MODES = ("off", "warn", "fork", "known", "strict")
_CHOICES = {
    "chain": CHAIN_MODES,
    "id_spelling": ("submissionId", "submissionUUID", "both"),
    "structure_faults": ("call", "receipt"),
    "empty_arrays": ("refuse", "accept"),
    "type_fields": ("refuse", "ignore"),
    "share_precision": ("full", "minute", "both"),
    "document_structure_faults": ("call", "document"),
    "finality": ("delayed", "immediate"),
}

_WINDOWS = ("cancel_hours", "reject_hours", "finality_hours")
_WEEK = 168.0


class SettingError(ValueError):
    """An unknown setting, or a value of the wrong kind."""


@dataclass
class Settings:
    """Every switch with its default. Times in seconds where not said."""

    # Time from the 202 to the verdict.
    validation_seconds: float = 0.3
    token_lifetime: int = 3600
    # Added to the machine's clock for everything but real waiting.
    clock_offset: float = 0.0
    # How far in the future a receipt may be issued.
    clock_tolerance_seconds: float = 0.0
    # Name of the id in the answer to a submission. ETA's documentation says
    # submissionUUID, its service answers submissionId.
    id_spelling: str = "submissionId"
    # A structural fault refuses the whole call, or only its receipt.
    structure_faults: str = "call"
    # The canonical text of an empty array is not documented.
    empty_arrays: str = "refuse"
    # Fields that the receipt's type does not know.
    type_fields: str = "refuse"
    # off; warn (recorded, not refused); fork (two receipts claim the same
    # predecessor); known (also: predecessor never seen); strict (also: not
    # the one received last).
    chain: str = "fork"
    # True: sums and line identities to sum_tolerance, taxes to tax_tolerance.
    # False: everything to loose_tolerance, as ETA is said to do.
    exact_sums: bool = True
    sum_tolerance: Decimal = Decimal("0.00001")
    tax_tolerance: Decimal = Decimal("0.01")
    loose_tolerance: Decimal = Decimal("0.5")
    return_tolerance: Decimal = Decimal("0.01")
    # EGS codes must be in the store of registered codes; GS1 codes too.
    codes_must_be_registered: bool = False
    gs1_must_be_registered: bool = False
    business_buyers: bool = False
    erp_may_submit: bool = True
    window_hours: float = 24.0
    correction_hours: float = 96.0
    return_days: float = 540.0
    # Amount in EGP from which a person must be named, by date of issue (text).
    identification_thresholds: list = field(
        default_factory=lambda: [{"from": "2000-01-01", "amount": "150000"}]
    )
    duplicate_seconds: float = 600.0
    max_receipts: int = 500
    max_bytes: int = 1_500_000
    default_page_size: int = 10
    max_page_size: int = 100
    search_days: float = 31.0
    search_results: int = 3000
    recent_days: float = 31.0
    share_precision: str = "full"
    # {"submit": {"requests": 10, "seconds": 60}}, per client and endpoint. ETA
    # is said to allow document_search once in 2 seconds.
    rate_limits: dict = field(default_factory=dict)
    # --- e-Invoice; what is not here is shared with receipts
    max_documents: int = 100
    max_document_bytes: int = 1_500_000
    # A structural fault refuses its document, or the whole call.
    document_structure_faults: str = "document"
    # Days after the day of issue (in Cairo) on which a document is taken
    # without a late-submission request; -1: always.
    document_days: int = 0
    # As identification_thresholds, for receivers of type P.
    receiver_thresholds: list = field(
        default_factory=lambda: [{"from": "2000-01-01", "amount": "150000"}]
    )
    # Receivers of type B must be registered taxpayers.
    receivers_must_be_registered: bool = False
    # Until when after receipt a valid document can be cancelled and rejected,
    # and how long a request can be declined: {"I": {"cancel_hours": 72,
    # "reject_hours": 72, "finality_hours": 72}}. What is not here is a week.
    document_windows: dict = field(default_factory=dict)
    # delayed: a request takes effect when it can no longer be declined.
    finality: str = "delayed"
    document_search_days: float = 30.0
    package_seconds: float = 0.5
    package_documents: int = 1000
    # Seconds after which a code request is approved by itself; -1: never.
    code_approval_seconds: float = -1.0
    # Whether the authority calls its clients back, and how stubbornly.
    callbacks: bool = True
    callback_retries: int = 3
    callback_retry_seconds: float = 1.0

    def reset(self) -> None:
        """Back to the defaults."""
        fresh = Settings()
        for item in fields(self):
            setattr(self, item.name, getattr(fresh, item.name))

    def update(self, changes: dict[str, Any]) -> None:
        """Set several at once, or none.

        :raises SettingError: for an unknown name or a value of another kind
        """
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise SettingError(f"There is no setting {name!r}.")
            known[name] = _converted(name, value, known[name])
        for name, value in known.items():
            setattr(self, name, value)

    def window(self, kind: str, name: str) -> float:
        """Hours of one of the ``document_windows`` for a type of document."""
        return float(self.document_windows.get(kind, {}).get(name, _WEEK))

    def as_dict(self) -> dict[str, Any]:
        """For JSON; decimals as text."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {
            name: str(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
        }


def _are_limits(value: dict) -> bool:
    return all(
        isinstance(row, dict)
        and row.keys() == {"requests", "seconds"}
        and all(type(number) in (int, float) and number > 0 for number in row.values())
        for row in value.values()
    )


def _are_thresholds(value: list) -> bool:
    try:
        for row in value:
            date.fromisoformat(row["from"])
            Decimal(row["amount"])
    except (TypeError, KeyError, ValueError, InvalidOperation):
        return False
    return True


def _are_windows(value: dict) -> bool:
    return value.keys() <= DOCUMENT_TYPES.keys() and all(
        isinstance(row, dict)
        and row.keys() <= set(_WINDOWS)
        and all(type(number) in (int, float) for number in row.values())
        for row in value.values()
    )


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "rate_limits": _are_limits,
    "identification_thresholds": _are_thresholds,
    "receiver_thresholds": _are_thresholds,
    "document_windows": _are_windows,
}


def _converted(name: str, value: object, current: object) -> object:
    wanted = type(current)
    if wanted is Decimal:
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise SettingError(f"{name} must be a number.") from None
    if wanted is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise SettingError(f"{name} must be of type {wanted.__name__}.")
    if name in _CHECKS and not _CHECKS[name](value):
        raise SettingError(f"{name} has not the form described in the settings.")
    allowed = _CHOICES.get(name)
    if allowed and value not in allowed:
        raise SettingError(f"{name} must be one of {', '.join(allowed)}.")
    return value
