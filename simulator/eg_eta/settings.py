"""What a test may change while the simulator runs (``/_control/settings``)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from ..settings import SettingsBase
from .codes import DOCUMENT_TYPES

CHAIN_MODES = ("off", "warn", "fork", "known", "strict")
CORRECTED_HEADS = ("either", "refused", "correction")
_CHOICES = {
    "chain": CHAIN_MODES,
    "corrected_head": CORRECTED_HEADS,
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


@dataclass
class Settings(SettingsBase):
    """Every switch with its default. Times in seconds where not said."""

    CHOICES = _CHOICES
    CHECKS = _CHECKS

    # Time from the 202 to the verdict.
    validation_seconds: float = 0.3
    token_lifetime: int = 3600
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
    # What strict lets a receipt name whose predecessor was corrected before it
    # was issued; ETA's pages do not say. refused: the receipt that was replaced;
    # correction: what replaced it.
    corrected_head: str = "either"
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

    def window(self, kind: str, name: str) -> float:
        """Hours of one of the ``document_windows`` for a type of document."""
        return float(self.document_windows.get(kind, {}).get(name, _WEEK))
