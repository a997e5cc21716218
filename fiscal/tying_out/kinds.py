"""Why figures differ."""

from __future__ import annotations

from enum import Enum


class Side(str, Enum):
    """What the invoices are compared with."""

    AUTHORITY = "authority"
    GRIDS = "grids"
    ACCOUNTS = "accounts"


class Kind(str, Enum):
    """Why a figure differs from that of the invoices."""

    # --- the authority's documents and the invoices ---
    BOOKED_ELSEWHEN = "booked_elsewhen"
    """Counted there in the period, booked in another."""
    COUNTED_ELSEWHEN = "counted_elsewhen"
    """Booked in the period, counted there in another."""
    UNDECIDED = "undecided"
    """On its way: the authority has not decided, or has not got it."""
    REFUSED = "refused"
    """Refused, late or given up: a person has to do something."""
    UNDONE = "undone"
    """Cancelled, rejected or withdrawn there, still in the books."""
    NOT_BOOKED = "not_booked"
    """Valid there, and no posted invoice goes with it."""
    ELSEWHERE = "elsewhere"
    """Reported in another way."""
    NOT_REPORTED = "not_reported"
    """No document was ever made of it."""
    CODE = "code"
    """The same amounts under another tax."""
    ROUNDING = "rounding"
    """Another currency's amounts, converted line by line."""
    AMOUNT = "amount"

    # --- tax report and accounts ---
    ON_PAYMENT = "on_payment"
    """The tax falls due with the payment."""
    GRID = "grid"
    """An invoice says something else in the tax grids."""
    ACCOUNT = "account"
    """An invoice has its tax on another account."""
    ENTRY = "entry"
    """A journal entry with the tax that is no invoice."""
    MANUAL = "manual"
    """A journal item on a tax account, or in a grid, that belongs to no tax."""


EXPLAINED = frozenset(
    {
        Kind.BOOKED_ELSEWHEN,
        Kind.COUNTED_ELSEWHEN,
        Kind.UNDECIDED,
        Kind.ELSEWHERE,
        Kind.ROUNDING,
        Kind.ON_PAYMENT,
    }
)
"""Reasons that ask for nothing: they are as they should be, or pass by themselves."""
