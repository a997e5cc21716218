"""CIS's rules for what is in a receipt, in euro (spec croatia 8.3).

Whether a rule refuses or is only reported is a matter of dates: see
:attr:`.settings.Settings.restrictive`. What "larger" and "smaller than the total" mean
is read by the total's sign: larger for a sale, smaller for a reversal.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal

from .certificates import is_oib
from .receipt import ZAGREB, Receipt, Tax

_RATES = (Decimal(25), Decimal(13), Decimal(5), Decimal(0))
_TAX_TOLERANCE = Decimal("0.10")
_SUM_TOLERANCE = Decimal("0.01")
_FEE_LIMIT = Decimal("135.00")
_LIMITS = {
    "T": ("167", Decimal("150000.00")),
    "O": ("167", Decimal("150000.00")),
    "G": ("168", Decimal("10000.00")),
    "K": ("168", Decimal("10000.00")),
}
_CASH_LIMIT = Decimal("10000.00")
_HOURS = timedelta(hours=6)


def broken(
    receipt: Receipt, sent: datetime, now: datetime, tolerance: timedelta
) -> list[str]:
    """The codes of all rules that a receipt breaks, in order.

    :param sent: when the message says it was sent
    :param now: time of processing
    :param tolerance: how far in the future it may be issued
    """
    found = [
        *_times(receipt, sent, now, tolerance),
        *_number(receipt),
        *_taxes(receipt),
        *_amounts(receipt),
        *_limits(receipt),
        *_parties(receipt),
    ]
    return sorted(dict.fromkeys(found), key=lambda code: (code.lstrip("v"), code))


def restrictive(codes: list[str], dates: dict[str, str], today: date) -> list[str]:
    """Those of ``codes`` that refuse a receipt ``today``."""
    return [
        code
        for code in codes
        if code in dates and date.fromisoformat(dates[code]) <= today
    ]


def _times(
    receipt: Receipt, sent: datetime, now: datetime, tolerance: timedelta
) -> Iterator[str]:
    if abs(sent - now) > _HOURS:
        yield "v101"
    if receipt.issued - now > _HOURS:
        yield "v103"
    if receipt.issued > sent:
        yield "v104"
    age = now - receipt.issued
    if age > timedelta(days=5):
        yield "v153"
    elif age > timedelta(days=2):
        yield "v152"
    today = now.astimezone(ZAGREB).date()
    if (today - receipt.issued.date()).days > 30:
        yield "176"
    if receipt.issued - now > tolerance:
        yield "177"


def _number(receipt: Receipt) -> Iterator[str]:
    if int(receipt.number) == 0:
        yield from ("v105", "178")
    if len(receipt.number) > 6:
        yield "v106"


def _taxes(receipt: Receipt) -> Iterator[str]:
    if any(row.rate not in _RATES for row in receipt.vat):
        yield "v110"
    if any(row.rate < 0 for row in receipt.consumption):
        yield "v117"
    if any(row.rate > 3 for row in receipt.consumption):
        yield "v118"
    if any(row.base or row.amount for row in receipt.other):
        yield "v125"
    yield from _computed(receipt.vat, "160", "161")
    yield from _computed(receipt.consumption, "162", "163")
    if not receipt.in_vat:
        if any(row.base or row.amount for row in receipt.vat):
            yield "v142"
        amounts = (receipt.exempt, receipt.margin, receipt.outside)
        for code, amount in zip(("v143", "v144", "v145"), amounts, strict=True):
            if amount:
                yield code


def _computed(rows: tuple[Tax, ...], below: str, above: str) -> Iterator[str]:
    for row in rows:
        difference = row.amount - row.base * row.rate / 100
        if difference < -_TAX_TOLERANCE:
            yield below
        elif difference > _TAX_TOLERANCE:
            yield above


def _amounts(receipt: Receipt) -> Iterator[str]:
    for fee in receipt.fees:
        if fee > _FEE_LIMIT:
            yield "164"
        elif fee < -_FEE_LIMIT:
            yield "165"
    vat_base = sum((row.base for row in receipt.vat), Decimal(0))
    consumption_base = sum((row.base for row in receipt.consumption), Decimal(0))
    if receipt.in_vat and abs(receipt.total - _sum(receipt)) > _SUM_TOLERANCE:
        yield "166"
        yield from _beside(vat_base, receipt.total, 112)
    yield from _beside(consumption_base, receipt.total, 120)
    yield from _beside(receipt.exempt, receipt.total, 126)
    yield from _beside(receipt.margin, receipt.total, 129)
    yield from _beside(receipt.outside, receipt.total, 132)


def _sum(receipt: Receipt) -> Decimal:
    parts = [
        *(row.base + row.amount for row in receipt.vat),
        *(row.amount for row in receipt.consumption),
        *receipt.fees,
        receipt.exempt or Decimal(0),
        receipt.outside or Decimal(0),
    ]
    return sum(parts, Decimal(0))


def _beside(amount: Decimal | None, total: Decimal, first: int) -> Iterator[str]:
    """An amount beside the total: larger, smaller, of the other sign."""
    if not amount:
        return
    if amount * total < 0:
        yield f"v{first + 2}"
    elif total >= 0 and amount > total:
        yield f"v{first}"
    elif total < 0 and amount < total:
        yield f"v{first + 1}"


def _limits(receipt: Receipt) -> Iterator[str]:
    code, limit = _LIMITS[receipt.payment]
    if abs(receipt.total) > limit:
        yield code
    # Its text was not found; what is known is a limit of 10 000 for a payment means.
    if receipt.payment == "G" and abs(receipt.total) > _CASH_LIMIT:
        yield "185"


def _parties(receipt: Receipt) -> Iterator[str]:
    if receipt.special:
        yield "v141"
    if not is_oib(receipt.operator):
        yield "179"
    if receipt.buyer and not is_oib(receipt.buyer):
        yield "180"
    if receipt.buyer and receipt.payment == "T":
        yield "181"
