"""Collects what is wrong with a document, and the checks that many parts share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from ...contract import Party, Problem, Receipt, Record
from ...findings import Collector
from ...messages import Money, _
from ..amounts import Figures, round5, smallest_unit
from ..jsontext import clean, utf16_length
from ..settings import EtaSettings
from .form import Form
from .words import in_words

HEX64 = re.compile(r"[0-9a-f]{64}")
RIN = re.compile(r"[0-9]{9}")
NATIONAL_ID = re.compile(r"[0-9]{14}")

LARGEST = Decimal(10) ** 15
"""No amount or quantity reaches it; ETA names no bound, its decimals have 28 digits."""

_CAIRO_STANDARD = timezone(timedelta(hours=2))
"""Only the day matters, for thresholds that change at midnight."""


@dataclass(slots=True)
class Findings(Collector):
    """The problems found so far, and what the checks need to know.

    :ivar form: where the document has its parts
    :ivar now: the present moment in UTC
    :ivar issued_at: the document's time in UTC, ``None`` when it has none that can be
        used
    :ivar figures: its amounts in its currency, ``None`` when they cannot be computed
    :ivar price_step: what the authority's decimals of a converted unit price leave
        unexplained of a line, per unit
    """

    receipt: Receipt
    settings: EtaSettings
    form: Form
    now: datetime
    seller_id: str = ""
    issued_at: datetime | None = None
    figures: Figures | None = None
    price_step: Decimal = Decimal(0)
    problems: list[Problem] = field(default_factory=list)

    def money(self, amount: Any) -> Any:
        """Return an amount of the receipt for a sentence; what is none, as it is."""
        if is_number(amount):
            return Money(round5(amount), self.receipt.currency)
        return amount

    @property
    def amount_tolerance(self) -> Decimal:
        """How far amounts may be apart that rounding alone sets apart."""
        unit = smallest_unit(self.receipt.currency)
        return max(self.settings.amount_tolerance, unit / 2)

    @property
    def issue_day(self) -> date | None:
        """The day of issue in Egypt, as far as it matters for dated amounts."""
        if self.issued_at is None:
            return None
        return self.issued_at.astimezone(_CAIRO_STANDARD).date()


def identity_of(party: Party) -> tuple[str, str, str]:
    """Return what makes two buyers the same to the authority."""
    return party.kind, clean(party.id), clean(party.name)


def named(party: Party) -> str:
    """Return a buyer for a sentence."""
    return " ".join(filter(None, (clean(party.name), clean(party.id)))) or party.kind


def utc(moment: datetime | None) -> datetime | None:
    """Return an aware time in UTC, ``None`` for one that is naive or out of range."""
    if moment is None or moment.tzinfo is None:
        return None
    try:
        return moment.astimezone(timezone.utc)
    except OverflowError:
        return None


def exceeds(text: str, limit: int) -> bool:
    """Tell whether a text, once cleaned, is longer than ETA takes."""
    return len(text) * 2 > limit and utf16_length(clean(text)) > limit


def is_number(value: Any) -> bool:
    """Tell whether a value is a finite decimal of a size that can be sent."""
    return (
        isinstance(value, Decimal) and value.is_finite() and -LARGEST < value < LARGEST
    )


def fits_decimals(value: Decimal) -> bool:
    """Tell whether a finite value has at most the five decimals that ETA takes."""
    exponent = value.as_tuple().exponent
    return (
        isinstance(exponent, int)
        and exponent >= -5
        or value == value.quantize(Decimal("0.00001"))
    )


def is_amount(value: Any) -> bool:
    """Tell whether a value is a number of at least 0 that ETA takes."""
    return is_number(value) and value >= 0 and fits_decimals(value)


TOO_LONG = {
    "document": _(
        "%(field)s has %(length)s characters and the authority takes at most"
        " %(limit)s. Shorten it on the document: %(text)s"
    ),
    "customer": _(
        "%(field)s of the customer has %(length)s characters and the authority takes"
        " at most %(limit)s. Shorten it on the customer: %(text)s"
    ),
    "device": _(
        "%(field)s of the device has %(length)s characters and the authority takes at"
        " most %(limit)s. Shorten it on the device or its branch: %(text)s"
    ),
    "line": _(
        "%(field)s has %(length)s characters and the authority takes at most"
        " %(limit)s. Shorten it on the line or its product: %(text)s"
    ),
}


def check_text(
    found: Findings,
    text: str,
    path: str,
    limit: int,
    place: str,
    record: Record | None,
) -> None:
    """Note a text that is longer than ETA takes.

    :param place: whose text it is: ``document``, ``customer``, ``device``, ``line``
    """
    if exceeds(text, limit):
        found.add(
            "text_too_long",
            TOO_LONG[place],
            path,
            record,
            field=in_words(path),
            length=utf16_length(clean(text)),
            limit=limit,
            text=clean(text)[:60],
        )
