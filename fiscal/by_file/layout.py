"""Which column of a file is which field, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made_by
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ..messages import Sentence, _
from ..values import NOTHING, Problem, nothing
from . import cells
from .catalogue import Field
from .cells import CellError, DecimalForm, FileError
from .reading import Table

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Column:
    """One mapping row.

    :ivar heading: name of the column, in JSON and XML the path to it; where a file has
        no row of headings its place, from 1
    :ivar field: a name of the catalogue, "" for a constant
    :ivar constant: the text that is always there; with a field of a file that comes
        in: what the field is where the file does not say
    :ivar form: of figures or dates, "" as the layout has it
    :ivar words: what the file says for what is ours: of a state, a kind, a unit
    """

    heading: str
    field: str = ""
    constant: str = ""
    form: str = ""
    required: bool = False
    words: Mapping[str, str] = made_by(default_factory=nothing)


@dataclass(frozen=True, slots=True)
class Given:
    """What a row of a file says.

    :ivar number: of the row in the file
    :ivar cells: as they were read
    :ivar values: by fields; figures as ``Decimal``, moments as aware ``datetime``
    """

    number: int
    cells: tuple[str, ...]
    values: Mapping[str, Any] = made_by(default_factory=lambda: NOTHING)
    problems: tuple[Problem, ...] = ()


class Layout:
    """Mapping rows that go together, with how figures and dates are written.

    :raise FileError: a form makes no sense, or a field is none of the catalogue
    """

    def __init__(
        self,
        columns: Sequence[Column],
        catalogue: Mapping[str, Field],
        *,
        point: str = ".",
        date_form: str = "%Y-%m-%d",
        moment_form: str = "%Y-%m-%d %H:%M:%S",
        zone: str = "UTC",
    ) -> None:
        self.columns = tuple(columns)
        self._zone = zone
        self._fields: list[Field] = []
        self._forms: list[Any] = []
        usual = {
            "date": cells.moment_form(date_form),
            "moment": cells.moment_form(moment_form),
        }
        for column in self.columns:
            known = catalogue.get(column.field) if column.field else Field("")
            if known is None:
                raise FileError(
                    Sentence(
                        _("The column %(column)s has the unknown field %(field)s."),
                        column=column.heading,
                        field=column.field,
                    )
                )
            self._fields.append(known)
            self._forms.append(_form(known, column.form, point, usual))

    @property
    def heading(self) -> list[str]:
        """The names of the columns."""
        return [column.heading for column in self.columns]

    @property
    def by_line(self) -> bool:
        """Whether there is a row for each line of a document, not for the whole."""
        return any(known.of_line for known in self._fields)

    # -- out --------------------------------------------------------------------------

    def render(self, values: Mapping[str, Any]) -> tuple[list[str], list[Problem]]:
        """Return the cells of a row, and what is missing in it."""
        row, problems = [], []
        for column, known, form in self._all():
            value = values.get(column.field) if column.field else column.constant
            cell = self._written(value, known, form) if value is not None else ""
            cell = column.words.get(cell, cell)
            if column.required and not cell:
                problems.append(_missing(column))
            row.append(cell)
        return row, problems

    def _written(self, value: Any, known: Field, form: Any) -> str:
        if isinstance(value, bool):
            return YES if value else NO
        if isinstance(value, Decimal) and isinstance(form, DecimalForm):
            return form.cell(value)
        if isinstance(value, datetime) and isinstance(form, str) and form:
            return cells.write_moment(value, form, self._zone)
        if isinstance(value, date) and isinstance(form, str) and form:
            return cells.write_date(value, form)
        return str(value)

    # -- in ---------------------------------------------------------------------------

    def givens(self, table: Table) -> Iterator[Given]:
        """Yield what each row of a file says.

        :raise FileError: a column that has to be there is not
        """
        places = self._places(table.heading)
        for number, row in table.rows:
            values: dict[str, Any] = {}
            problems = []
            for column, known, form in self._all():
                if not column.field:
                    continue
                place = places.get(column.heading)
                cell = row[place] if place is not None and place < len(row) else ""
                try:
                    self._take(values, column, known, form, cell)
                except CellError as error:
                    problems.append(_cell_problem(column, error))
                if column.required and not cell:
                    problems.append(_missing(column))
            yield Given(number, row, values, tuple(problems))

    def _places(self, heading: Sequence[str]) -> dict[str, int]:
        """Return the place of each column that is there."""
        found: dict[str, int] = {}
        for place, name in enumerate(heading):
            found.setdefault(name.strip().casefold(), place)
        places = {
            column.heading: found[column.heading.strip().casefold()]
            for column in self.columns
            if column.heading.strip().casefold() in found
        }
        missing = [
            column.heading
            for column in self.columns
            if column.required and column.field and column.heading not in places
        ]
        if missing:
            raise FileError(
                Sentence(
                    _("The file has no column %(columns)s. Its columns are: %(found)s"),
                    columns=", ".join(missing),
                    found=", ".join(filter(None, heading)) or "-",
                )
            )
        return places

    def _take(
        self,
        values: dict[str, Any],
        column: Column,
        known: Field,
        form: Any,
        cell: str,
    ) -> None:
        """Put what a cell says under its field, unless an earlier column said it."""
        if not cell:
            cell = column.constant
        elif column.words:
            cell = _ours(column.words, cell)
        if cell and not values.get(column.field):
            values[column.field] = self._read(cell, known, form)

    def _read(self, cell: str, known: Field, form: Any) -> Any:
        if known.what == "decimal":
            return form.figure(cell)
        if known.what == "moment":
            return cells.read_moment(cell, form, self._zone)
        if known.what == "date":
            return cells.read_moment(cell, form, "UTC").date()
        return str(cell)

    def _all(self) -> Iterator[tuple[Column, Field, Any]]:
        return zip(self.columns, self._fields, self._forms, strict=True)


def _form(known: Field, stated: str, point: str, usual: Mapping[str, str]) -> Any:
    if known.what == "decimal":
        return cells.decimal_form(stated, point)
    if known.what in usual:
        return cells.moment_form(stated or usual[known.what])
    return ""


def _ours(words: Mapping[str, str], cell: str) -> str:
    """Return what is ours for a word of a file."""
    for own, theirs in words.items():
        if theirs.casefold() == cell.casefold():
            return own
    return cell


def _missing(column: Column) -> Problem:
    return Problem(
        "missing",
        _("The column %(column)s has to be filled, and is empty."),
        values={"column": column.heading},
    )


def _cell_problem(column: Column, error: CellError) -> Problem:
    return Problem(
        "cell",
        _("Column %(column)s: %(reason)s"),
        values={"column": column.heading, "reason": error.args[0]},
    )
