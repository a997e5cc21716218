"""The receipt's header: kind, number, time, currency, payment, paper book."""

from __future__ import annotations

from datetime import timedelta

from ...findings import CLOCK_SLACK, whether
from ...messages import _
from ..code_tables import table
from ..moments import local_day
from ..numbering import NUMBER, PREMISES, fits_text
from .findings import Findings

_OLDEST = timedelta(days=30)
_LONGEST_PAPER_NUMBER = 100


def check_document(found: Findings) -> None:
    """Check everything that is neither a person nor an amount."""
    receipt = found.receipt
    if receipt.currency != "EUR":
        found.add(
            "currency",
            _(
                "The receipt is in %(currency)s; the authority takes euros only. Issue"
                " it in EUR."
            ),
            "IznosUkupno",
            receipt.record,
            currency=receipt.currency,
        )
    _check_number(found)
    _check_time(found)
    _check_payment(found)
    if len(found.facts.paper_number) > _LONGEST_PAPER_NUMBER:
        found.add(
            "paper_number_too_long",
            _(
                "The number in the paper book has %(length)s characters; the authority"
                " takes at most %(most)s. Shorten it."
            ),
            "ParagonBrRac",
            receipt.record,
            length=len(found.facts.paper_number),
            most=_LONGEST_PAPER_NUMBER,
        )


def _check_number(found: Findings) -> None:
    receipt, number = found.receipt, found.facts.number
    device = receipt.device.record
    fits = True
    if not NUMBER.fullmatch(number.number):
        fits = False
        found.add(
            "number",
            _(
                "The receipt's number “%(number)s” does not begin with a count: digits,"
                " at least 1, at most 20 of them. Mend the numbering of the journal."
            ),
            "BrRac.BrOznRac",
            receipt.record,
            number=receipt.number,
        )
    fits = _check_place(found) and fits
    if found.facts.order not in ("P", "N"):
        found.add(
            "numbering",
            _(
                "“%(order)s” is no way of numbering: P per business premises, N per"
                " charging device. Choose one on the device."
            ),
            "OznSlijed",
            device,
            order=found.facts.order,
        )
    if fits and not fits_text(receipt, number):
        found.add(
            "number_differs",
            _(
                "The receipt is called “%(printed)s”, but its number at the authority"
                " is %(number)s. Mend the numbering of the journal, or premises and"
                " number on the device."
            ),
            "BrRac",
            receipt.record,
            printed=receipt.number,
            number=str(number),
        )


def _check_place(found: Findings) -> bool:
    """Check premises and number of the device; tell whether both can be used."""
    number, device = found.facts.number, found.receipt.device.record
    before = len(found.problems)
    if not PREMISES.fullmatch(number.premises):
        found.add(
            "premises",
            whether(
                number.premises,
                _(
                    "“%(premises)s” is no mark of business premises: 1 to 20 letters (a"
                    " to z) and digits. Enter it on the device as it is registered with"
                    " the tax administration."
                ),
                _(
                    "The device has no mark of business premises: 1 to 20 letters (a to"
                    " z) and digits. Enter it as it is registered with the tax"
                    " administration."
                ),
            ),
            "BrRac.OznPosPr",
            device,
            premises=number.premises,
        )
    if not NUMBER.fullmatch(number.device):
        found.add(
            "device_number",
            whether(
                number.device,
                _(
                    "“%(number)s” is no number of a charging device: digits without"
                    " leading zeros, at most 20. Correct it on the device."
                ),
                _(
                    "The device has no number of a charging device: digits without"
                    " leading zeros, at most 20. Enter it on the device."
                ),
            ),
            "BrRac.OznNapUr",
            device,
            number=number.device,
        )
    return len(found.problems) == before


def _check_time(found: Findings) -> None:
    receipt, moment = found.receipt, found.facts.issued_at
    if moment is None:
        found.add(
            "time_unusable",
            _("The time of issue is unknown or has no time zone. Issue it anew."),
            "DatVrijeme",
            receipt.record,
        )
    elif moment > found.now + CLOCK_SLACK:
        found.add(
            "177",
            _(
                "The receipt's time of issue, %(time)s, lies in the future. Set the"
                " clock of this server right and issue it anew."
            ),
            "DatVrijeme",
            receipt.record,
            time=moment,
        )
    elif local_day(found.now) - local_day(moment) > _OLDEST:
        found.add(
            "176",
            _(
                "The receipt was issued at %(time)s, and the authority takes receipts"
                " for %(days)s days only. Ask the tax administration how to report it."
            ),
            "DatVrijeme",
            receipt.record,
            time=moment,
            days=_OLDEST.days,
        )


def _check_payment(found: Findings) -> None:
    receipt, means = found.receipt, found.facts.means
    record = receipt.payments[0].record if receipt.payments else None
    if not means:
        found.add(
            "payment_method_missing",
            _(
                "The receipt has no payment means. Set one for the payment or a"
                " default one for the device."
            ),
            "NacinPlac",
            record,
        )
    elif means not in table("payment_method"):
        found.add(
            "payment_method_unknown",
            _(
                "“%(means)s” is no payment means of the authority. Choose G (cash), K"
                " (card), T (bank transfer) or O (other)."
            ),
            "NacinPlac",
            record,
            means=means,
        )
