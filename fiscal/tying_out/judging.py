"""Which reason a difference has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from .. import lifecycle as our
from .kinds import Kind, Side

COUNTED = frozenset({our.VALID, our.CANCELLING})
"""States in which the authority holds a document: what is being cancelled counts until
that is decided."""

_UNDONE = frozenset({our.CANCELLED, our.REJECTED, our.WITHDRAWN, our.SUPERSEDED})
_REFUSED = frozenset({our.INVALID, our.LATE, our.FAILED})
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Share:
    """What one tax comes to, by the authority's document and by the invoices."""

    there_net: Decimal
    there_tax: Decimal
    here_net: Decimal
    here_tax: Decimal

    @property
    def net(self) -> Decimal:
        """What the authority has more."""
        return self.there_net - self.here_net

    @property
    def tax(self) -> Decimal:
        """What the authority has more."""
        return self.there_tax - self.here_tax


@dataclass(frozen=True, slots=True)
class Case:
    """A document with the invoices that it stands for, or an invoice without one.

    :ivar state: the document's, "" where there is none
    :ivar counted: the authority counts it in the period
    :ivar booked: one of its invoices is booked in the period
    :ivar booked_elsewhen: one of its invoices is booked in another period
    :ivar elsewhere: its journal says that it is reported in another way, or another
        authority has it
    :ivar unit: what the smallest unit of its currency is worth in the books', 0 where
        it is the same currency
    :ivar lines: how many amounts were converted and rounded
    :ivar shares: the taxes that differ
    """

    state: str
    counted: bool
    booked: bool
    booked_elsewhen: bool
    shares: Sequence[Share]
    elsewhere: bool = False
    unit: Decimal = Decimal(0)
    lines: int = 1


def judge(case: Case) -> Kind:
    """Return why the authority's figures of a document differ from its invoices'."""
    if case.counted and case.booked:
        return _judge_amounts(case)
    if case.counted:
        return Kind.BOOKED_ELSEWHEN if case.booked_elsewhen else Kind.NOT_BOOKED
    if not case.state:
        return Kind.ELSEWHERE if case.elsewhere else Kind.NOT_REPORTED
    if case.state in COUNTED:
        return Kind.COUNTED_ELSEWHEN
    if case.state in _UNDONE:
        return Kind.UNDONE
    return Kind.REFUSED if case.state in _REFUSED else Kind.UNDECIDED


def _judge_amounts(case: Case) -> Kind:
    if case.booked_elsewhen:
        # one of several invoices that stand on one document
        return Kind.BOOKED_ELSEWHEN
    net = sum((share.net for share in case.shares), Decimal(0))
    tax = sum((share.tax for share in case.shares), Decimal(0))
    if len(case.shares) > 1 and not net and not tax:
        return Kind.CODE
    most = max(case.unit, _CENT) * max(case.lines, 1)
    if case.unit and all(
        abs(share.net) <= most and abs(share.tax) <= most for share in case.shares
    ):
        return Kind.ROUNDING
    return Kind.AMOUNT


def judge_entry(side: Side, *, is_sale: bool, on_payment: bool) -> Kind:
    """Return why the tax grids or accounts say something else of a journal entry than
    the invoices do.

    :param is_sale: it is an invoice itself
    :param on_payment: one of its taxes falls due with the payment, or it is the entry
        that such a payment makes
    """
    if on_payment:
        return Kind.ON_PAYMENT
    if not is_sale:
        return Kind.ENTRY
    return Kind.GRID if side is Side.GRIDS else Kind.ACCOUNT
