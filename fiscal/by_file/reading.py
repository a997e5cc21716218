"""Reads CSV, XLSX, JSON and XML into rows of texts. What comes from outside is hostile
until it is read: sizes are bounded, archives and XML looked at before they are opened.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import openpyxl

from .. import xmltext
from ..messages import Sentence, _
from .cells import FileError, Typed, as_meant

KINDS = ("csv", "xlsx", "json", "xml")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "cp1256", "cp1252")
"""What text files may be written in; a mark at the beginning is understood anyway."""
USUAL_ENCODINGS = ("utf-8-sig", "cp1256")
"""UTF-8, or the Arabic code page of Windows, which spreadsheets there still write."""
DELIMITERS = (",", ";", "\t", "|")

ZIP_START = b"PK\x03\x04"
OLE_START = b"\xd0\xcf\x11\xe0"
MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
MOST_UNPACKED = 60 * 1024 * 1024
_MOST_PARTS = 500
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be: bytes, rows below the heading, columns, and characters
    of a cell, which are refused or ``cut`` where there are more."""

    size: int = 5 * 1024 * 1024
    rows: int = 20_000
    columns: int = 100
    text: int = 2000
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is.

    :ivar kind: one of :data:`KINDS`
    :ivar encoding: of CSV, one of :data:`ENCODINGS`, "" to try the ``guesses``; JSON
        and XML are in UTF-8
    :ivar delimiter: of CSV, "" to find out by the first line
    :ivar heading: number of the row that names the columns, 0: none does, and they are
        named by their places, from 1
    :ivar path: where the rows are: in JSON the members that lead to the list, in XML
        the names of the root and of a row, ``/`` between them; "": the whole, and any
    """

    kind: str = "csv"
    encoding: str = "utf-8"
    delimiter: str = ","
    heading: int = 1
    path: str = ""
    guesses: tuple[str, ...] = USUAL_ENCODINGS


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read.

    :ivar heading: names of the columns
    :ivar rows: number of the row in the file (from 1) and its cells
    """

    heading: tuple[str, ...] = ()
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(default=())


def read(content: bytes, form: Form, bounds: Bounds | None = None) -> Table:
    """Return the table that a file has.

    :raise FileError: it is no such file, or too large
    """
    bounds = bounds or Bounds()
    check_size(content, bounds)
    if form.kind in ("csv", "xlsx"):
        return _headed(_lines(content, form, bounds), form.heading)
    records = _json(content, form) if form.kind == "json" else _xml(content, form)
    return _aligned(records, bounds)


def read_any_table(
    content: bytes, bounds: Bounds, encodings: Sequence[str] = USUAL_ENCODINGS
) -> list[tuple[int, list[str]]]:
    """Return the rows of a file that may be a workbook or CSV of any kind, with their
    numbers: what it is follows from its bytes.

    :param encodings: of CSV, in the order in which they are tried

    :raise FileError: it is neither, or too large
    """
    check_size(content, bounds)
    kind = "xlsx" if content.startswith(ZIP_START) else "csv"
    form = Form(kind, encoding="", delimiter="", heading=0, guesses=tuple(encodings))
    lines = _lines(content, form, bounds)
    return [(number, [str(cell) for cell in cells]) for number, cells in lines]


def check_size(content: bytes, bounds: Bounds) -> None:
    """Refuse a file that is too large.

    :raise FileError: it is
    """
    if len(content) > bounds.size:
        raise FileError(
            Sentence(
                _("The file has more than %(most)s MB."),
                most=bounds.size // (1024 * 1024),
            )
        )


# ----------------------------------------------------------------------------------
# Rows of cells: CSV and XLSX
# ----------------------------------------------------------------------------------


def _lines(
    content: bytes, form: Form, bounds: Bounds
) -> Iterator[tuple[int, tuple[str, ...]]]:
    if content.startswith(OLE_START):
        raise FileError(
            Sentence(
                _("Workbooks of old Excel (.xls) cannot be read. Save it as .xlsx.")
            )
        )
    rows: Iterable[Sequence[Any]]
    if form.kind == "xlsx":
        rows = _workbook_rows(content, bounds)
    else:
        rows = _csv_rows(content, form, bounds)
    for number, cells in enumerate(rows, 1):
        if number > bounds.rows + max(form.heading, 1):
            raise FileError(
                Sentence(
                    _("The file has more than %(most)s rows. Split it."),
                    most=bounds.rows,
                )
            )
        texts = tuple(_text(cell, number, bounds) for cell in cells)
        if any(texts):
            yield number, texts


def _headed(lines: Iterable[tuple[int, tuple[str, ...]]], heading: int) -> Table:
    names: tuple[str, ...] = ()
    rows = []
    for number, cells in lines:
        if number == heading:
            names = cells
        elif number > heading:
            rows.append((number, cells))
    if not heading:
        most = max((len(cells) for _number, cells in rows), default=0)
        names = tuple(str(place) for place in range(1, most + 1))
    width = len(names)
    return Table(
        names, tuple((n, cells + ("",) * (width - len(cells))) for n, cells in rows)
    )


def _text(cell: Any, number: int, bounds: Bounds) -> str:
    """Return a cell as text; a whole number without the decimals that a spreadsheet
    gives it."""
    if cell is None:
        return ""
    text = _typed(cell)
    if len(text) > bounds.text and bounds.cut:
        return text[: bounds.text]
    if len(text) > bounds.text:
        raise FileError(
            Sentence(
                _("A cell in row %(row)s has more than %(most)s characters."),
                row=number,
                most=bounds.text,
            )
        )
    return text


def _typed(cell: Any) -> str:
    if isinstance(cell, bool | Typed):
        return cell if isinstance(cell, Typed) else str(cell)
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        cell = int(cell)
    if isinstance(cell, int | float):
        return _number(str(cell))
    if isinstance(cell, datetime):
        return Typed(cell.isoformat(" "), cell)
    if isinstance(cell, date):
        return Typed(cell.isoformat(), datetime.combine(cell, time()))
    return str(cell).strip()


def _number(text: str) -> str:
    try:
        value = Decimal(text)
    except InvalidOperation:
        return text
    return Typed(text, value) if value.is_finite() else text


def _workbook_rows(content: bytes, bounds: Bounds) -> list[Sequence[Any]]:
    try:
        _check_parts(content)
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = book.worksheets[0]
        # what the file says of its size need not be true
        sheet.reset_dimensions()
        rows = sheet.iter_rows(
            max_row=bounds.rows + 2, max_col=bounds.columns, values_only=True
        )
        # it gives each row as many cells as there may be columns
        return [_without_end(row) for row in rows]
    except FileError:
        raise
    except Exception as error:
        # the library has no error class of its own: a broken file raises anything
        raise FileError(Sentence(_("The file cannot be read as a workbook."))) from (
            error
        )


def _without_end(row: Sequence[Any]) -> Sequence[Any]:
    last = max((n for n, cell in enumerate(row, 1) if cell is not None), default=0)
    return row[:last]


def _check_parts(content: bytes) -> None:
    """Refuse archives that unpack to too much, and XML that declares entities."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        size = sum(part.file_size for part in parts)
        if len(parts) > _MOST_PARTS or size > MOST_UNPACKED:
            raise FileError(Sentence(_("The workbook is too large.")))
        for part in parts:
            if not part.filename.endswith((".xml", ".rels", ".vml")):
                continue
            data = archive.read(part)
            if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
                raise FileError(
                    Sentence(_("The workbook contains what a spreadsheet never has."))
                )


def _csv_rows(content: bytes, form: Form, bounds: Bounds) -> list[list[str]]:
    text = _decoded(content, form)
    delimiter = form.delimiter or _guessed_delimiter(text)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append([as_meant(cell.strip()) for cell in row[: bounds.columns]])
            if len(rows) > bounds.rows + max(form.heading, 1):
                break
    except csv.Error as error:
        raise FileError(
            Sentence(_("The file cannot be read as CSV: %(error)s"), error=str(error))
        ) from error
    return rows


def _guessed_delimiter(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t|", key=first.count)


def _decoded(content: bytes, form: Form) -> str:
    """Return the text of a CSV file, which a mark at its beginning tells of first."""
    encoding = form.encoding
    marked = [name for mark, name in MARKS.items() if content.startswith(mark)]
    for one in marked[:1] or ([encoding] if encoding else form.guesses):
        try:
            text = content.decode(one)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    if not encoding:
        raise FileError(
            Sentence(_("The file is neither a workbook nor a text in UTF-8."))
        )
    raise FileError(
        Sentence(
            _(
                "The file is no text in the encoding %(encoding)s. Save it so, or state"
                " another encoding."
            ),
            encoding=encoding,
        )
    )


# ----------------------------------------------------------------------------------
# Records: JSON and XML
# ----------------------------------------------------------------------------------


def _aligned(records: Iterable[dict[str, str]], bounds: Bounds) -> Table:
    """Return records as a table; a column for each name that any of them has."""
    kept = []
    names: dict[str, None] = {}
    for number, record in enumerate(records, 1):
        if number > bounds.rows:
            raise FileError(
                Sentence(
                    _("The file has more than %(most)s rows. Split it."),
                    most=bounds.rows,
                )
            )
        names.update(dict.fromkeys(record))
        if len(names) > bounds.columns:
            raise FileError(
                Sentence(
                    _("The file has more than %(most)s columns."), most=bounds.columns
                )
            )
        kept.append({name: _text(c, number, bounds) for name, c in record.items()})
    rows = (tuple(record.get(name, "") for name in names) for record in kept)
    return Table(tuple(names), tuple(enumerate(rows, 1)))


def _json(content: bytes, form: Form) -> list[dict[str, str]]:
    try:
        # figures stay as they are written: neither rounded nor reckoned with
        root = json.loads(
            content.decode("utf-8-sig"), parse_float=_number, parse_int=_number
        )
    except (ValueError, RecursionError) as error:
        raise FileError(
            Sentence(_("The file cannot be read as JSON in UTF-8."))
        ) from error
    for name in filter(None, form.path.split("/")):
        root = root.get(name) if isinstance(root, dict) else None
    if not isinstance(root, list):
        raise FileError(
            Sentence(
                _("The file has no list of rows at “%(path)s”."), path=form.path or "/"
            )
        )
    return [dict(_members(record, "", 0)) for record in root]


def _members(node: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the texts of a record with the names that lead to them."""
    if isinstance(node, dict) and depth < _DEEPEST:
        for name, member in node.items():
            yield from _members(member, f"{path}/{name}" if path else name, depth + 1)
    elif isinstance(node, str | bool) and path:
        yield path, node if isinstance(node, str) else str(node)


def _xml(content: bytes, form: Form) -> list[dict[str, str]]:
    try:
        root = xmltext.parse(content, Bounds().size)
    except ValueError as error:
        raise FileError(
            Sentence(_("The file cannot be read as XML: %(error)s"), error=str(error))
        ) from error
    own, wanted = [*filter(None, form.path.split("/")), "", ""][:2]
    if own and _name(root) != own:
        raise FileError(
            Sentence(_("The file has no list of rows at “%(path)s”."), path=form.path)
        )
    return [
        dict(_elements(element, ""))
        for element in root
        if isinstance(element.tag, str) and wanted in ("", _name(element))
    ]


def _elements(element: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield the texts below an element: those of elements and of ``@attributes``."""
    prefix = f"{path}/" if path else ""
    for name, value in element.attrib.items():
        yield f"{prefix}@{_local(name)}", value.strip()
    children = [child for child in element if isinstance(child.tag, str)]
    for child in children:
        yield from _elements(child, f"{prefix}{_name(child)}")
    if not children and path:
        yield path, (element.text or "").strip()


def _name(element: Any) -> str:
    return _local(element.tag)


def _local(name: str) -> str:
    """Return a name without its namespace."""
    return name.rpartition("}")[2]
