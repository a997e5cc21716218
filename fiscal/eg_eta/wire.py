"""How ETA writes moments, amounts and addresses."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal, InvalidOperation

ADDRESS = {
    "governorate": "governate",
    "city": "regionCity",
    "street": "street",
    "building": "buildingNumber",
    "postal_code": "postalCode",
    "floor": "floor",
    "room": "room",
    "landmark": "landmark",
    "additional": "additionalInformation",
}
"""ETA's names for the parts of an address, in its order."""

_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2})"
    r"(?::([0-9]{2})(?:\.[0-9]+)?)?(?:Z|\+00:00)?"
)


def moment_text(moment: datetime) -> str:
    """Return an aware time as ``yyyy-MM-ddTHH:mm:ssZ``, in UTC and whole seconds."""
    utc = moment.astimezone(timezone.utc)
    return utc.replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_moment(text: object) -> datetime:
    """Return the UTC time in whole seconds that ETA wrote, with or without seconds,
    fractions and zone.

    :raise ValueError: it is not such a time
    """
    found = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"{text!r} is no time in UTC")
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)


def amount_or_none(value: object) -> Decimal | None:
    """Return an amount that was read as JSON; floats by their shortest text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
