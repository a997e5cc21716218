"""What the Croatian coffee house sells in a day, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .sale import Line, Return, Sale

DRINK = ("vat", "consumption")
CARD = {"hr_payment_means": "K"}


@dataclass(frozen=True)
class Change:
    """Something that CIS is told about a receipt that it has registered.

    :param of: the sale's reference
    :param told: for the table
    :param values: what is chosen in the dialog
    :param reported: where the authority lists it, and what of it says so
    """

    of: str
    told: str
    values: dict[str, Any]
    reported: tuple[str, dict[str, str]]

    def is_in(self, registered: dict[str, Any]) -> bool:
        """Tell whether the authority has it on a receipt."""
        where, what = self.reported
        return any(what.items() <= listed.items() for listed in registered[where])


OF_TILL_1 = (
    Sale("R-101", "till_1", "guest", (Line("coffee", 2), Line("cake", 1, ("vat_13",)))),
    Sale("R-102", "till_1", "ana", (Line("book", 1, ("vat_5",)),), values=CARD),
    Sale(
        "R-103",
        "till_1",
        "guest",
        (Line("wine", 3, DRINK), Line("juice", 1, DRINK, discount=10)),
    ),
    Sale("R-104", "till_1", "firm", (Line("hall"), Line("coffee", 12)), values=CARD),
    Sale(
        "R-105",
        "till_1",
        "guest",
        (Line("coffee", 1), Line("", 1, price=-0.4, text="Popust")),
    ),
    Sale(
        "R-106",
        "till_1",
        "ana",
        (Line("cake", 4, ("vat_13",)), Line("", 1, ("exempt",), 10, text="Tečaj")),
    ),
)

OF_TILL_2 = (
    Sale("R-201", "till_2", "guest", (Line("wine", 2, DRINK), Line("coffee", 2))),
    Sale("R-202", "till_2", "ana", (Line("juice", 2, DRINK),), values=CARD),
    Sale(
        "R-203",
        "till_2",
        "guest",
        (Line("coffee", 1), Line("cake", 1, ("vat_13",))),
        kind="out_receipt",
    ),
    Sale(
        "R-204",
        "till_2",
        "guest",
        (Line("coffee", 1),),
        values={"hr_paper_number": "17/A"},
    ),
)

GROUPS = (OF_TILL_1, OF_TILL_2)

RETURNS = (
    Return("R-202", "Pogrešan stol"),
    Return("R-106", "Vraćena dva kolača", quantity=2),
)

CHANGES = (
    Change(
        "R-101",
        "paid by card after all",
        {"purpose": "change", "means": "K"},
        ("changes", {"payment": "K"}),
    ),
    Change(
        "R-201",
        "tip",
        {"purpose": "tip", "tip": 2.0, "means": "G"},
        ("tips", {"amount": "2.00"}),
    ),
)

FOR_YOU = Sale("R-301", "till_1", "ana", (Line("coffee", 2), Line("wine", 1, DRINK)))
"""Left as a draft for who watches."""
