"""The title of a fapiao (发票抬头), as whoever asks for one gives it: what can be told
about it before anything is issued.

A company's number is its 统一社会信用代码, whose last sign follows from the others
(GB 32100-2015). A sole trader's may be that of his identity card (GB 11643-1999).
Numbers of other lengths have nothing that could be reckoned.
"""

from __future__ import annotations

import re
import unicodedata

from ..contract import Problem, Record
from ..messages import _
from .checks.parties import TAX_NUMBER
from .code_tables import SPECIAL_VAT
from .text import clean

COMPANY, PERSON, BODY = "company", "person", "body"
"""Who buys: an enterprise, a natural person, or a body that has no tax number."""

ASKED_HERE = frozenset(
    {
        "buyer_name",
        "buyer_number",
        "buyer_number_missing",
        "person_special",
        "person_number",
    }
)
"""Codes of the checks of a whole document that a title's own say already, and for
whoever fills it in."""

_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CARD = re.compile(r"[0-9]{17}[0-9X]")
_CARD_SIGNS = "10X98765432"
_SPACES = re.compile(r"[\s\-]+")


def number_of(text: str) -> str:
    """Return a number as it is meant: without blanks and hyphens, in capitals, figures
    of full width as usual ones."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", clean(text))).upper()


def is_credit_code(number: str) -> bool:
    """Tell whether 18 signs are a 统一社会信用代码."""
    if len(number) != 18 or any(sign not in _SIGNS for sign in number):
        return False
    places = (
        _SIGNS.index(sign) * pow(3, at, 31) for at, sign in enumerate(number[:17])
    )
    return _SIGNS[-sum(places) % 31] == number[17]


def is_card_number(number: str) -> bool:
    """Tell whether 18 signs are the number of an identity card."""
    if not _CARD.fullmatch(number):
        return False
    places = (int(sign) * pow(2, 17 - at, 11) for at, sign in enumerate(number[:17]))
    return _CARD_SIGNS[sum(places) % 11] == number[17]


def title_problems(
    buyer: str, name: str, number: str, kind: str, record: Record | None = None
) -> list[Problem]:
    """Return what is wrong with a title, in sentences for who fills it in.

    :param buyer: :data:`COMPANY`, :data:`PERSON` or :data:`BODY`
    :param kind: the kind of fapiao, "" for whichever is usual
    :param record: what to open to mend it
    """
    found = []

    def add(code: str, message: str, path: str) -> None:
        values = {"number": number} if "%(number)s" in message else {}
        found.append(Problem(code, message, path, record, values))

    if not clean(name):
        add("title_name", _("Enter the name for the invoice title."), "buyer.name")
    if kind == SPECIAL_VAT and buyer != COMPANY:
        add(
            "title_special",
            _(
                "Only a company with a tax number gets a special fapiao. Choose an"
                " ordinary one."
            ),
            "kind",
        )
    code, message = _number_problem(buyer, number)
    if message:
        add(code, message, "buyer.tax_number")
    return found


def _number_problem(buyer: str, number: str) -> tuple[str, str]:
    if buyer != COMPANY:
        if not number:
            return "", ""
        return "title_without_number", _(
            "A natural person, or a body without a tax number, has none: take"
            " “%(number)s” out, or choose a company."
        )
    if not number:
        return "title_number_missing", _(
            "A company's fapiao needs its tax number. Enter it, or choose what has"
            " none."
        )
    if not TAX_NUMBER.fullmatch(number):
        return "title_number", _(
            "“%(number)s” is no tax number: it has capital letters and digits, 6 to 20."
        )
    if len(number) == 18 and not is_credit_code(number) and not is_card_number(number):
        return "title_number_digit", _(
            "The tax number “%(number)s” cannot be right: its last sign does not fit"
            " the others. Compare it with the business licence."
        )
    return "", ""
