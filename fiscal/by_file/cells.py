"""Cells: figures, dates and texts as a file writes them.

A cell is a text. Where the file itself says what it is (a number or a date of a
workbook, a number in JSON), it is :class:`Typed`, and no stated format is needed to
read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from ..contract import FiscalError
from ..messages import Sentence, _

LONGEST_FIGURE = 40
"""Characters of a figure that is read; nobody has so much money."""

EXACT_DIGITS = 15
"""Figures of more digits are no number of a spreadsheet, which would round them."""

_FIGURE = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)*%?")
_DANGEROUS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""How a cell begins that a spreadsheet takes for a formula, the wide forms too."""

_DECIMAL_FORM = re.compile(r"(?P<places>0(?:\.0{1,12})?)?(?P<scale>%|/100)?")
_CODES = frozenset("YmdHMSy%")
_CODE = re.compile(r"%(.?)", re.DOTALL)
_ISO = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


class FileError(FiscalError):
    """A file, or how it is to be read or written, makes no sense; the sentence says
    why."""


class CellError(ValueError):
    """A cell is not what its column has; the sentence says what it should be."""


class Typed(str):
    """A cell of which the file says what it is.

    :ivar value: the figure or the moment (naive) that it stands for
    """

    value: Decimal | datetime

    def __new__(cls, text: str, value: Decimal | datetime) -> Typed:
        cell = super().__new__(cls, text)
        cell.value = value
        return cell


# ----------------------------------------------------------------------------------
# Texts
# ----------------------------------------------------------------------------------


def _is_formula(text: str) -> bool:
    bare = text.lstrip("'")
    return bool(bare) and bare[0] in _DANGEROUS and not _FIGURE.fullmatch(bare)


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula when it opens a CSV file:
    with an apostrophe before it where it would. A plain figure stays as it is.
    """
    return f"'{text}" if _is_formula(text) else text


def as_meant(text: str) -> str:
    """Return what :func:`harmless` made something of."""
    return text[1:] if text.startswith("'") and _is_formula(text) else text


# ----------------------------------------------------------------------------------
# Figures
# ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DecimalForm:
    """How figures are written.

    :ivar point: ``.`` or ``,``
    :ivar places: decimals that are always there, ``None``: as many as it has
    :ivar scale: ``""`` as it is, ``%`` with that sign behind it, ``/100`` a hundredth
        of it (a rate as a fraction)
    """

    point: str = "."
    places: int | None = None
    scale: str = ""

    def cell(self, value: Decimal) -> Typed | str:
        """Return a figure as a cell, with what it is where that is exact."""
        if self.scale == "/100":
            value = value / 100
        if self.places is not None:
            value = value.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)
        text = _plain(value, keep=self.places is not None)
        shown = text.replace(".", self.point)
        if self.scale == "%":
            return f"{shown}%"
        digits = len(text.lstrip("-0.").replace(".", ""))
        return Typed(shown, value) if digits <= EXACT_DIGITS else shown

    def figure(self, cell: str) -> Decimal:
        """Return the figure of a cell.

        :raise CellError: it is none, or not in this form
        """
        typed = getattr(cell, "value", None)
        if isinstance(typed, Decimal):
            # what a spreadsheet shows as 13 % it keeps as 0.13
            return typed * 100 if self.scale else typed
        text = cell.strip().replace("\u00a0", "").replace(" ", "")
        percent = text.endswith("%")
        value = _figure(text.rstrip("%"), self.point)
        if value is None:
            raise CellError(
                Sentence(
                    _("“%(text)s” is no figure with “%(point)s” before its decimals."),
                    text=cell[:LONGEST_FIGURE],
                    point=self.point,
                )
            )
        return value * 100 if self.scale == "/100" and not percent else value


def decimal_form(text: str, point: str) -> DecimalForm:
    """Return the form that a mapping row states: ``0.00`` two decimals, ``%`` with the
    sign, ``/100`` as a fraction, both together (``0.00/100``), or nothing.

    :raise FileError: it states no such form
    """
    found = _DECIMAL_FORM.fullmatch(text.strip())
    if not found:
        raise FileError(
            Sentence(
                _(
                    "“%(text)s” is no form of figures. Write 0.00 for two decimals, %%"
                    " or /100 behind it for rates, or nothing."
                ),
                text=text,
            )
        )
    places = found["places"]
    count = None if places is None else len(places.partition(".")[2])
    return DecimalForm(point, count, found["scale"] or "")


def _figure(text: str, point: str) -> Decimal | None:
    """Return what a text without blanks says, ``None`` where it is no figure. The other
    sign may divide thousands, where it does so rightly."""
    other = "," if point == "." else "."
    p, o = re.escape(point), re.escape(other)
    shape = rf"[+-]?(?:[0-9]+|[0-9]{{1,3}}(?:{o}[0-9]{{3}})+)(?:{p}[0-9]+)?"
    if len(text) > LONGEST_FIGURE or not re.fullmatch(shape, text):
        return None
    try:
        return Decimal(text.replace(other, "").replace(point, "."))
    except InvalidOperation:
        return None


def _plain(value: Decimal, keep: bool) -> str:
    text = f"{value:f}"
    if "." in text and not keep:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


# ----------------------------------------------------------------------------------
# Dates and moments
# ----------------------------------------------------------------------------------


def moment_form(text: str) -> str:
    """Return a stated form of dates or moments, if it is one: ``%Y %m %d %H %M %S %y``
    and whatever stands between them.

    :raise FileError: it has another code, or names no year, month and day
    """
    codes = _CODE.findall(text)
    known = set(codes) <= _CODES
    if not known or not {"m", "d"} <= set(codes) or not {"Y", "y"} & set(codes):
        raise FileError(
            Sentence(
                _(
                    "“%(text)s” is no form of dates. Write %%Y, %%m, %%d, and for the"
                    " time %%H, %%M, %%S, where the file has them."
                ),
                text=text,
            )
        )
    return text


def write_moment(value: datetime, form: str, zone: str) -> str:
    """Return an aware moment as the clocks of a zone show it."""
    return value.astimezone(ZoneInfo(zone)).strftime(form)


def write_date(value: date, form: str) -> str:
    """Return a date in a form."""
    return value.strftime(form)


def read_moment(cell: str, form: str, zone: str) -> datetime:
    """Return the moment (UTC, whole seconds) that a cell shows by the clocks of a zone.

    :raise CellError: it is none in this form
    """
    naive = getattr(cell, "value", None)
    if not isinstance(naive, datetime):
        naive = _parsed(cell, form, typed=isinstance(cell, Typed))
    aware = naive.replace(microsecond=0, tzinfo=ZoneInfo(zone))
    try:
        return aware.astimezone(timezone.utc)
    except OverflowError:
        raise _no_date(cell, form) from None


def _parsed(cell: str, form: str, typed: bool) -> datetime:
    for one in (form, *(_ISO if typed else ())):
        try:
            return datetime.strptime(cell.strip(), one)
        except ValueError:
            continue
    raise _no_date(cell, form)


def _no_date(cell: str, form: str) -> CellError:
    return CellError(
        Sentence(
            _("“%(text)s” is no date in the form %(form)s."),
            text=cell[:LONGEST_FIGURE],
            form=form,
        )
    )
