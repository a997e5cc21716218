"""What a registration may set for ETA, in its types and with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from .thresholds import RECEIPT_BUYER_ID, Thresholds, parse_thresholds


@dataclass(frozen=True, slots=True)
class Settings:
    """The switches and numbers of a connection to ETA.

    :ivar os_version: header ``pososversion`` of the token call
    :ivar model_framework: header ``posmodelframework``, not sent when empty
    :ivar channel: ``pos`` sends the device's headers with the token call; ``erp`` asks
        for a token with client id and secret alone (not confirmed for receipts)
    :ivar business_buyers: the taxpayer may issue receipts to businesses
    :ivar qr_precision: the time in the QR code: ``full``, or cut to the ``minute``
    :ivar receipt_type_case: how the type's code is written: ``upper`` or ``lower``
    :ivar thresholds: totals from which a person must be named (:mod:`.thresholds`)
    :ivar empty_signatures: send ``signatures`` with an empty value
    :ivar extra_ca: PEM certificates to trust besides the usual ones (pre-production)
    :ivar clock_safety_seconds: a receipt is held back until the authority's clock is
        that much past its time of issue, so that it never seems to be in the future
    :ivar submission_hours: hours after issue in which a receipt may be submitted
    :ivar amount_tolerance: how far gross less discounts may be from net, and a return
        above what is left, in the document's currency
    :ivar tax_tolerance: how far a booked tax may be from ETA's formula
    :ivar payment_method: the code for a receipt without payments
    :ivar order_delivery_mode: the code where the type wants one and none is given
    :ivar rounding_text: what the discount is called that takes a rounding difference
    :ivar read_pause: seconds between two reading calls of one question
    """

    os_version: str = "os"
    model_framework: str = ""
    channel: Literal["pos", "erp"] = "pos"
    business_buyers: bool = False
    qr_precision: Literal["full", "minute"] = "full"
    receipt_type_case: Literal["upper", "lower"] = "upper"
    thresholds: Thresholds = RECEIPT_BUYER_ID
    empty_signatures: bool = False
    extra_ca: str = ""
    clock_safety_seconds: Decimal = Decimal(0)
    submission_hours: Decimal = Decimal(24)
    amount_tolerance: Decimal = Decimal("0.05")
    tax_tolerance: Decimal = Decimal("0.05")
    payment_method: str = ""
    order_delivery_mode: str = "FC"
    rounding_text: str = "Rounding"
    read_pause: Decimal = Decimal("0.25")


_CHOICES = {
    "channel": ("pos", "erp"),
    "qr_precision": ("full", "minute"),
    "receipt_type_case": ("upper", "lower"),
}
_TEXTS = (
    "os_version",
    "model_framework",
    "extra_ca",
    "payment_method",
    "order_delivery_mode",
    "rounding_text",
)
_SWITCHES = ("business_buyers", "empty_signatures")
_NAMES = frozenset(field.name for field in fields(Settings))


def parse_settings(values: Mapping[str, Any]) -> Settings:
    """Read a connection's settings; ``None`` stands for the default, and names that
    are not ours are somebody else's.

    :raise ValueError: a value that makes no sense, named in the sentence
    """
    given = {n: v for n, v in values.items() if n in _NAMES and v is not None}
    if not given:
        return _DEFAULTS
    return Settings(**{name: _parse(name, value) for name, value in given.items()})


def _parse(name: str, value: Any) -> Any:
    if name == "thresholds":
        return parse_thresholds(value)
    if name in _CHOICES:
        if value not in _CHOICES[name]:
            choices = " or ".join(_CHOICES[name])
            raise ValueError(f"Setting {name} is {value!r}, not {choices}")
        return value
    if name in _TEXTS or name in _SWITCHES:
        wanted = str if name in _TEXTS else bool
        if not isinstance(value, wanted):
            raise ValueError(f"Setting {name} must be {wanted.__name__}, not {value!r}")
        return value
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0:
        raise ValueError(f"Setting {name} is {value!r}, not a number of at least 0")
    return number


_DEFAULTS = Settings()
