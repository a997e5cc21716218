"""What may still be said of a registered receipt: its payment means, its recipient, a
tip (spec croatia 4.5 to 4.7). Each change carries the receipt as it was registered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from ..contract import AuthorityError, Document, Problem
from ..messages import Sentence, _
from .amounts import amount_text, is_amount
from .builder import member
from .code_tables import table
from .moments import local_day
from .oib import clean_oib, is_oib

_TIP_DAYS = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    :ivar action: CIS' method
    :ivar days: calendar days after that of issue in which it is taken
    :ivar means: G, K, T or O: the receipt's from now on, or the tip's
    :ivar recipient: OIB from now on, "" to delete it, ``None`` where it is no matter
    :ivar tip: EUR
    """

    action: Literal["promijeniNacPlac", "promijeniPodatkeRacuna", "napojnica"]
    means: str
    days: int = 0
    recipient: str | None = None
    tip: Decimal | None = None

    def members(self) -> list[Any]:
        """Return what it adds to the receipt, in the schema's order."""
        if self.tip is not None:
            children = {
                "iznosNapojnice": amount_text(self.tip),
                "nacinPlacanjaNapojnice": self.means,
            }
            return [member("Napojnica", children=children)]
        members = [member("PromijenjeniNacinPlac", self.means)]
        if self.recipient is not None:
            members.append(member("PromijenjeniOibPrimateljaRacuna", self.recipient))
        return members

    def ids(self) -> dict[str, str]:
        """Return what is kept of it beside the authority's identifiers."""
        if self.tip is not None:
            return {"tip": amount_text(self.tip), "tip_payment": self.means}
        changed = {"payment": self.means}
        if self.recipient is not None:
            changed["recipient"] = self.recipient
        return changed


def new_payment(means: str) -> Change:
    """Return the change to another payment means."""
    return Change("promijeniNacPlac", means)


def new_data(means: str, recipient: str) -> Change:
    """Return the change of payment means and recipient; what stays is repeated.

    :param recipient: OIB, "" for none any more
    """
    return Change("promijeniPodatkeRacuna", means, recipient=clean_oib(recipient))


def tip(amount: Decimal, means: str) -> Change:
    """Return the report of a tip; of several for one receipt the last counts.

    :param amount: EUR, at least 0
    """
    return Change("napojnica", means, days=_TIP_DAYS, tip=amount)


def refuse_hopeless(change: Change, document: Document, now: datetime) -> None:
    """Do not send what CIS would refuse.

    :raise AuthorityError: says everything that is wrong
    """
    problems = [*_time_problems(change, document, now), *_problems(change)]
    if not document.uid:
        problems.append(
            Problem(
                "not_registered",
                _(
                    "The receipt has no JIR yet. Wait until the authority has"
                    " registered it."
                ),
            )
        )
    if problems:
        first = problems[0]
        raise AuthorityError(
            first.code, Sentence(first.message, **first.values), errors=problems
        )


def _time_problems(
    change: Change, document: Document, now: datetime
) -> Iterator[Problem]:
    day = local_day(document.issued_at)
    if local_day(now) > day + timedelta(days=change.days):
        yield Problem(
            "too_late",
            _(
                "The receipt was issued on %(day)s, and a tip is reported within"
                " %(days)s days."
            )
            if change.tip is not None
            else _(
                "The receipt was issued on %(day)s, and it can be changed on that day"
                " only. Reverse it and issue a new one."
            ),
            values={"day": day, "days": change.days},
        )


def _problems(change: Change) -> Iterator[Problem]:
    if change.means not in table("payment_method"):
        yield Problem(
            "payment_method_unknown",
            _(
                "“%(means)s” is no payment means of the authority. Choose G (cash), K"
                " (card), T (bank transfer) or O (other)."
            ),
            values={"means": change.means},
        )
    if change.recipient and not is_oib(change.recipient):
        yield Problem(
            "180",
            _(
                "The customer's OIB “%(oib)s” is wrong: it has eleven digits, and the"
                " last one checks the others. Correct the customer's Tax ID."
            ),
            values={"oib": change.recipient},
        )
    if change.tip is not None and not (is_amount(change.tip) and change.tip >= 0):
        yield Problem(
            "tip_unusable",
            _("%(value)s is no tip: it is at least 0, in whole cents."),
            values={"value": str(change.tip)},
        )
