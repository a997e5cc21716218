"""What a test may change while the simulator runs (``/_control/settings``)."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

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
}


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
    # {"submit": {"requests": 10, "seconds": 60}}, per client and endpoint.
    rate_limits: dict = field(default_factory=dict)

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


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "rate_limits": _are_limits,
    "identification_thresholds": _are_thresholds,
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
